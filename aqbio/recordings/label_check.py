"""Labels of a moving trial checked against the static trial: exchanged labels and sides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, compress

import numpy as np

from aqbio.config import MarkerSet, ModelMap, Trial
from aqbio.errors import AqbioError, Finding, listed
from aqbio.io.recording import Recording
from aqbio.io.study import Study
from aqbio.io.trial_files import read_recording, standing_recording
from aqbio.labels.assign import placed_labels
from aqbio.labels.by_name import landmark_table, named_labels, video_landmarks
from aqbio.labels.geometry import distance_spreads
from aqbio.recordings.axes import (
    LaboratoryToGround,
    label_mean,
    laboratory_axes,
    mean_vector,
    pelvis_paths,
)
from aqbio.recordings.exchanges import with_stretches_restored
from aqbio.recordings.handedness import SWAPPED, BodyLabels, Company, Limbs, with_known_sides
from aqbio.recordings.notes import Notes
from aqbio.vectors import BoolArray, FloatArray

MILLIMETRES = 1e3

MOST_LISTED = 4
"""Labels of a limb that a message lists at most."""


@dataclass(frozen=True, eq=False)
class StaticReference:
    """Marker positions of a participant standing still."""

    places: Mapping[str, FloatArray] = field(default_factory=dict)
    """mapping of (3,) arrays, m. Median place by label, laboratory axes; empty without a static
    trial."""
    limbs: Limbs = field(default_factory=dict)
    """mapping of (left, right). Bodies of legs and arms from the trunk outwards, by limb."""
    axes: LaboratoryToGround | None = None
    """Of the laboratory, as upright standing shows them; None where it does not."""


def static_reference(study: Study, participant_id: str) -> StaticReference:
    """Read where a participant's markers are in the static trial, if there is one."""
    static, limbs = study.static_of(participant_id), limbs_of(study.model_map)
    if static is None:
        return StaticReference({}, limbs)
    try:
        unit = study.settings.laboratory.marker_unit
        notes = Notes(static.trial_id, participant_id, static.source, static.source)
        recording = read_recording(study.recording(static), unit=unit)
        recording = standing_recording(recording, static.source)
        labels = BodyLabels.of_marker_set(study.marker_set, limbs)
        company = company_of(study, static)
        recording = with_known_sides(recording, static, labels, company, notes)
    except AqbioError:
        return StaticReference({}, limbs)  # reported where the static trial itself is prepared
    try:
        axes = laboratory_axes(recording, study.marker_set, study.settings.laboratory.axes, notes)
    except AqbioError:
        axes = None
    return StaticReference(median_places(recording), limbs, axes)


def limbs_of(model_map: ModelMap) -> Limbs:
    """Bodies of legs and arms of a model, left and right, from the trunk outwards."""
    groups = model_map.groups
    return {
        limb: (groups.get(f"{limb}_left", ()), groups.get(f"{limb}_right", ()))
        for limb in ("leg", "arm")
    }


def company_of(study: Study, trial: Trial) -> Company:
    """Reads the other recordings of a trial's participant, those that can be read."""

    def others() -> Iterator[Recording]:
        for one in study.trials:
            same = one.participant_id == trial.participant_id and one.trial_id != trial.trial_id
            if not same or one.include != "yes" or one.coordinates_file:
                continue
            try:
                files = study.recording(one), study.forces(one)
                yield read_recording(*files, study.settings.laboratory.marker_unit)
            except (AqbioError, OSError):
                continue  # reported where that trial is prepared

    return others


def with_numbered_unknowns(recording: Recording, marker_set: MarkerSet, notes: Notes) -> Recording:
    """The recording with unknown labels replaced by numbers: they may be names of persons."""
    labels = tuple(
        label if label in marker_set.markers else f"unused point {number}"
        for number, label in enumerate(recording.labels, 1)
    )
    if unknown := [label for label in labels if label not in marker_set.markers]:
        notes.add(
            "labels-unknown",
            "info",
            f"{listed(unknown)}: their labels are not in the marker set, so that nothing is "
            "computed of them. Labels may be names of persons: they are numbered instead.",
            number=len(unknown),
            fix="add those to the marker set that are to be used.",
            label=", ".join(unknown),
        )
    numbered = dict(zip(recording.labels, labels, strict=True))
    findings = tuple(_with_known_labels(one, marker_set, numbered) for one in recording.findings)
    return replace(recording, labels=labels, findings=findings)


def _with_known_labels(
    finding: Finding, marker_set: MarkerSet, numbered: Mapping[str, str]
) -> Finding:
    """A reader's finding with the labels that are not in the marker set replaced likewise."""
    names = filter(None, finding.label.split(", "))
    unknown = sorted({one for one in names if one not in marker_set.markers}, key=len, reverse=True)
    what, label = finding.what, finding.label
    for name in unknown:
        shown = numbered.get(name, "another point")
        whole = rf"(?<!\w){re.escape(name)}(?!\w)"
        what, label = (re.sub(whole, shown, text) for text in (what, label))
    return replace(finding, what=what, label=label)


def median_places(recording: Recording) -> dict[str, FloatArray]:
    """The median place of every marker that is seen."""
    seen = np.asarray(np.isfinite(recording.positions).all(axis=2))
    return {
        label: np.median(recording.positions[seen[:, index], index], axis=0)
        for index, label in enumerate(recording.labels)
        if seen[:, index].any()
    }


def standing_places(recording: Recording, file: str) -> dict[str, FloatArray]:
    """Median position (3,), m, of every marker of a static trial while the person stands."""
    return median_places(standing_recording(recording, file))


def note_labels_elsewhere(recording: Recording, marker_set: MarkerSet, notes: Notes) -> None:
    """Warn of labels of a static trial that are not where the marker set has them."""
    table = landmark_table()
    own = {label: one.model or label for label, one in marker_set.markers.items()}
    named = named_labels(own.values(), table).sites
    video = video_landmarks(own, table)
    places = {label: named[name] for label, name in own.items() if name in named} | video
    static = {label: at for label, at in median_places(recording).items() if label in places}
    _, doubts = placed_labels(static, places, table)
    if doubts:
        notes.add(
            "labels-elsewhere",
            "warning",
            "labels of the static trial are not where the marker set has them: "
            f"{'; '.join(f'{label}: {one.why}' for label, one in doubts.items())}.",
            number=len(doubts),
            fix="look at them in the capture software; correct their landmarks in markers.yaml, or "
            "make them `tracking: true`.",
            label=", ".join(doubts),
        )


def with_checked_labels(
    recording: Recording, trial: Trial, static: StaticReference, marker_set: MarkerSet, notes: Notes
) -> Recording:
    """Check labels against the static trial; correct them where the row says ``fix: swap``."""
    accepted = trial.fix == "swap"
    recording = with_stretches_restored(recording, marker_set, static.limbs, static.places, notes)
    recording = with_checked_sides(recording, marker_set, static.limbs, notes, accepted=accepted)
    segments = _segments(marker_set)
    labels, places = recording.labels, static.places
    distances = SegmentDistances.of(labels, recording.positions, places, segments)
    if trial.task == "static" or not distances.labels:
        return recording
    swaps = swapped_labels(distances)
    for swap in swaps:
        _note_swap(swap, notes, accepted=accepted)
    exchanged = any(one.rule == SWAPPED for one in notes.findings)
    if accepted and not (swaps or exchanged):
        notes.add(
            "labels-not-swapped",
            "warning",
            "the sheet says fix: swap, but no exchanged labels are found.",
            fix="clear the column fix of this trial.",
        )
    if accepted:
        right = exchanged_positions(labels, recording.positions, swaps)
        return replace(recording, positions=right)
    return _without_swapped(recording, swaps, marker_set)


def _without_swapped(
    recording: Recording, swaps: Sequence[LabelSwap], marker_set: MarkerSet
) -> Recording:
    """The recording without labels that sit on each other's markers, in those frames.

    They would show events and sides of other places. Labels of the pelvis stay: what is exchanged
    within it keeps its middle.
    """
    positions = recording.positions.copy()
    for swap in swaps:
        for label in {swap.first, swap.second} - {*marker_set.pelvis.labels}:
            positions[swap.frames, recording.labels.index(label)] = np.nan
    return replace(recording, positions=positions)


def _segments(marker_set: MarkerSet) -> dict[str, str]:
    """Segment of every recorded label: its body; toes count with their foot."""
    bodies = {label: marker.body for label, marker in marker_set.markers.items()}
    for side in ("left", "right"):
        foot = getattr(marker_set.feet, side)
        whole = bodies.get(foot.heel, "")
        toes = {bodies[label] for label in foot.toe if label in bodies}
        bodies |= {label: whole for label, body in bodies.items() if body in toes and whole}
    return bodies


def with_checked_sides(
    recording: Recording,
    marker_set: MarkerSet,
    limbs: Limbs,
    notes: Notes,
    *,
    accepted: bool = False,
) -> Recording:
    """Refuse limbs whose left and right labels are exchanged; ``accepted`` exchanges them."""
    path, facing = pelvis_paths(recording, marker_set)
    feet = marker_set.feet
    heels = [label_mean(recording, (foot.heel,)) for foot in (feet.left, feet.right)]
    to_the_right = np.cross(facing, path - 0.5 * (heels[0] + heels[1]))
    size = float(np.linalg.norm(mean_vector(to_the_right))) or np.nan
    for limb, parts in _sided_labels(recording, marker_set, limbs).items():
        means = [[label_mean(recording, labels) for labels in both] for both in parts]
        across = [mean_vector((right - left) * to_the_right).sum() for left, right in means]
        sideways = [float(one) / size for one in across]
        paths = [(_paths(recording, left), _paths(recording, right)) for left, right in parts]
        wrong = [number for number, one in enumerate(exchanged_parts(paths, sideways)) if one]
        if not wrong:
            continue
        left, right = ([one for at in wrong for one in parts[at][side]] for side in (0, 1))
        if accepted and (pairs := _same_but_for_side(left, right)):
            order = [recording.labels.index(pairs.get(one, one)) for one in recording.labels]
            recording = replace(recording, positions=recording.positions[:, order])
            what = f"left and right of {', '.join(pairs)} are exchanged, as the sheet accepts."
            notes.add(SWAPPED, "info", what, number=len(pairs))
            continue
        end = "" if len(wrong) == len(parts) else "end of the "
        ours, theirs = (", ".join(labels[:MOST_LISTED]) for labels in (right, left))
        away = sideways[wrong[0]]
        raise AqbioError(
            f"the {end}{limb} labelled right ({ours}) is {-away:.2f} m to the left of the one "
            f"labelled left ({theirs}), as the pelvis faces."
            if away < 0.0
            else f"the {end}{limb} labelled right ({ours}) moves with the rest of the left {limb}, "
            f"and the one labelled left ({theirs}) with the right.",
            file=notes.file,
            fix="write swap into the column fix of this trial in trials.tsv to exchange them, or "
            "correct them in the capture software or, if it is so in all trials, in markers.yaml "
            "(left and right, or front and back of the pelvis).",
            rule="sides-exchanged",
        )
    return recording


def _paths(recording: Recording, labels: Sequence[str]) -> FloatArray:
    return recording.positions[:, [recording.labels.index(label) for label in labels]]


def _same_but_for_side(left: Sequence[str], right: Sequence[str]) -> dict[str, str]:
    """Partner of every label, both ways; empty where names leave one without or with two."""
    ours, theirs = (
        {re.sub("left|right|[lr]", "", one.lower()): one for one in side} for side in (left, right)
    )
    if ours.keys() != theirs.keys() or not len(ours) == len(left) == len(right):
        return {}
    pairs = {one: theirs[name] for name, one in ours.items()}
    return pairs | {other: one for one, other in pairs.items()}


def _sided_labels(
    recording: Recording, marker_set: MarkerSet, limbs: Limbs
) -> dict[str, list[tuple[list[str], list[str]]]]:
    """Labels of both sides by limb and part, of the parts that are marked on both."""
    worn = [label for label in recording.labels if label in marker_set.markers]
    found: dict[str, list[tuple[list[str], list[str]]]] = {}
    for limb, bodies in limbs.items():
        for both in zip(*bodies, strict=False):
            left, right = ([one for one in worn if marker_set.markers[one].body == b] for b in both)
            if left and right:
                found.setdefault(limb, []).append((left, right))
    left, right = (
        [foot.heel] if foot.heel in recording.labels else []
        for foot in (marker_set.feet.left, marker_set.feet.right)
    )
    return {"heel": [(left, right)], **found} if left and right and "leg" not in found else found


def _note_swap(swap: LabelSwap, notes: Notes, *, accepted: bool) -> None:
    share = float(swap.frames.mean())
    span = np.flatnonzero(swap.frames)
    where = "" if share > 0.95 else f"frames {span[0] + 1} to {span[-1] + 1}"
    notes.add(
        SWAPPED,
        "info" if accepted else "warning",
        f"labels {swap.first} and {swap.second} sit on each other's markers in {share:.0%} of the "
        f"frames: their distances from other markers differ by {MILLIMETRES * swap.before:.0f} mm "
        f"from those of the static trial, exchanged by {MILLIMETRES * swap.after:.0f} mm"
        + ("; they are exchanged, as the sheet accepts." if accepted else "; they are not used."),
        number=MILLIMETRES * swap.before,
        limit=MILLIMETRES * swap.after,
        unit="mm",
        where=where,
        label=f"{swap.first}, {swap.second}",
        fix=""
        if accepted
        else "write swap into the column fix of this trial in trials.tsv to exchange them, or "
        "correct the labels in the capture software.",
    )


MISFIT = 0.020
"""A label whose distances differ from the static trial's by less is where it belongs, m."""

REPAIRED = 0.5
"""An exchange is proposed where it brings the misfit below this share of what it was."""

FITS = 0.015
"""... and below this, m: skin moves by less."""

FEWEST_DISTANCES = 2
FEWEST_ACROSS = 3
"""Distances that must agree on an exchange within a segment, and between two segments."""

SHARE = 0.05
"""Exchanges in fewer frames than this share of the trial are noise."""

MOST = 10
"""Exchanges of one trial that are looked for."""


@dataclass(frozen=True, eq=False)
class LabelSwap:
    """Two labels that sit on each other's markers."""

    first: str
    second: str
    frames: BoolArray
    """(T,) bool array. Where they do."""
    before: float
    after: float
    """before, after: Root mean square difference between their distances in these frames and those
    of the static trial, as labelled and exchanged, m."""


@dataclass(frozen=True, eq=False)
class SegmentDistances:
    """Markers of every segment in a trial, and how far apart they are in the static trial."""

    labels: tuple[str, ...]
    """tuple of K str. Labels that both trials have."""
    positions: FloatArray
    """(T, K, 3) array, m."""
    static: FloatArray
    """(K, K) array, m."""
    peers: BoolArray
    """(K, K) bool array. Whether two labels are on one segment."""

    @classmethod
    def of(
        cls,
        labels: Sequence[str],
        positions: FloatArray,
        reference: Mapping[str, FloatArray],
        segments: Mapping[str, str],
    ) -> SegmentDistances:
        """Keep the labels that have a segment and a place (3,) in the static trial, in any axes."""
        placed = [np.isfinite(reference.get(label, np.nan)).all() for label in labels]
        known = np.array(placed, dtype=bool) & np.isin(labels, list(segments))
        names = tuple(compress(labels, known))
        places = np.array([reference[name] for name in names]).reshape(-1, 3)
        own = np.array([segments[name] for name in names])
        peers = (own[:, None] == own) & ~np.eye(len(names), dtype=bool)
        static = np.linalg.norm(places[:, None] - places, axis=2)
        return cls(names, positions[:, known], static, peers)

    def off(self, marker: int, label: int, among: BoolArray) -> FloatArray:
        """Distances of a marker from others, less those of a label in the static trial, (T, P)."""
        gap = self.positions[:, marker, None] - self.positions[:, among]
        return np.asarray(np.linalg.norm(gap, axis=2) - self.static[label, among])


def swapped_labels(distances: SegmentDistances) -> list[LabelSwap]:
    """Pairs of labels whose exchange restores their distances, the largest repair first."""
    found: list[LabelSwap] = []
    for _ in range(MOST):
        doubtful = [one for one in range(len(distances.labels)) if _misfits(distances, one)]
        swaps = (_swap(distances, one, two) for one, two in combinations(doubtful, 2))
        best = max(
            (swap for swap in swaps if swap is not None),
            key=lambda one: float(np.count_nonzero(one.frames)) * (one.before - one.after),
            default=None,
        )
        if best is None:
            return found
        found.append(best)
        fixed = exchanged_positions(distances.labels, distances.positions, [best])
        distances = replace(distances, positions=fixed)
    return found


WRONG_SIDE = 0.03
"""Limbs this far on the wrong side of each other are labelled the wrong way round, m: in 72 real
and virtual runs and static trials toes are 3 cm on their own side at least, thighs 18, arms 25.
Without a measurement across the body no limb is on a wrong side."""

LINKED, CLEARLY = 0.04, 0.5
"""Two parts of one limb keep their distance, parts of two limbs do not: it varies by 1 to 15 mm
between foot and shank of one side, by 86 to 317 mm between those of two. Sides are read off where
the larger one is above this, m, and the other below this share of it."""


def exchanged_parts(
    parts: Sequence[tuple[FloatArray, FloatArray]], sideways: Sequence[float]
) -> list[bool]:
    """Whether left and right labels are exchanged on each part of a limb, from the trunk outwards.

    By the distances from the part before, where it moves enough; otherwise by ``sideways``: how far
    right of left it is, m.
    """
    found: list[bool] = []
    for number, (left, right) in enumerate(parts):
        wrong = sideways[number] < -WRONG_SIDE
        if found:
            before = parts[number - 1]
            own = np.maximum(_link(before[0], left), _link(before[1], right))
            other = np.maximum(_link(before[0], right), _link(before[1], left))
            larger, smaller = np.maximum(own, other), np.minimum(own, other)
            if larger > LINKED and smaller < CLEARLY * larger:
                wrong = found[-1] != bool(other < own)
        found.append(wrong)
    return found


def _link(inner: FloatArray, outer: FloatArray) -> float:
    """How much the distance between two parts varies at their nearest markers, m; NaN if unseen."""
    found = [distance_spreads(outer[:, one], {0: inner}) for one in range(outer.shape[1])]
    return min((one[0] for one in found if one), default=np.nan)


def exchanged_positions(
    labels: Sequence[str], positions: FloatArray, swaps: Sequence[LabelSwap]
) -> FloatArray:
    """Exchange the positions (T, M, 3) of swapped labels in the frames where they are."""
    fixed = positions.copy()
    for swap in swaps:
        one, two = labels.index(swap.first), labels.index(swap.second)
        rows = np.flatnonzero(swap.frames)
        fixed[rows[:, None], [one, two]] = fixed[rows[:, None], [two, one]]
    return fixed


def _misfits(distances: SegmentDistances, index: int) -> bool:
    """Whether a distance of a label differs from the static trial's in some frames."""
    off = np.abs(distances.off(index, index, distances.peers[index])) > MISFIT
    return bool(off.mean(axis=0).max(initial=0.0) >= SHARE)


def _swap(distances: SegmentDistances, one: int, two: int) -> LabelSwap | None:
    """The exchange of two labels, if it brings their distances back in enough frames."""
    others = ~np.isin(np.arange(len(distances.labels)), (one, two))
    mine, theirs = distances.peers[one] & others, distances.peers[two] & others
    fewest = FEWEST_DISTANCES if distances.peers[one, two] else FEWEST_ACROSS
    if np.count_nonzero(mine) + np.count_nonzero(theirs) < fewest:
        return None
    before, after = (
        _root_mean_square(np.hstack((distances.off(a, one, mine), distances.off(b, two, theirs))))
        for a, b in ((one, two), (two, one))
    )
    clear = (before > MISFIT) & (after < FITS) & (after < REPAIRED * before)
    if clear.mean() < SHARE:
        return None
    decided = np.flatnonzero(np.isfinite(before + after))
    middles = 0.5 * (decided[1:] + decided[:-1])  # other frames take that of the nearest one
    nearest = decided[np.searchsorted(middles, np.arange(len(before)))]
    frames = np.asarray(after < before)[nearest]
    sizes = (float(np.sqrt(np.nanmean(off[frames] ** 2))) for off in (before, after))
    return LabelSwap(distances.labels[one], distances.labels[two], frames, *sizes)


def _root_mean_square(off: FloatArray) -> FloatArray:
    """Of the distances that are seen, (T,), m; NaN of fewer than two."""
    seen = np.isfinite(off)
    count, total = seen.sum(axis=1), np.where(seen, off**2, 0.0).sum(axis=1)
    return np.asarray(np.sqrt(np.where(count > 1, total, np.nan) / np.maximum(count, 1)))
