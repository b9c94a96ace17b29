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
from aqbio.prepare.axes import (
    LaboratoryToGround,
    label_mean,
    laboratory_axes,
    mean_vector,
    pelvis_paths,
)
from aqbio.prepare.exchanges import restore_exchanged_stretches
from aqbio.prepare.handedness import (
    LABELS_SWAPPED,
    BodyLabels,
    Limbs,
    OtherRecordings,
    with_resolved_sides,
)
from aqbio.prepare.notes import Notes
from aqbio.vectors import BoolArray, FloatArray

MILLIMETRES = 1e3

MAX_LISTED_LABELS = 4
"""Labels of a limb that a message lists at most."""


@dataclass(frozen=True, eq=False)
class StaticReference:
    """Marker positions of a participant standing still."""

    positions: Mapping[str, FloatArray] = field(default_factory=dict)
    """mapping of (3,) arrays, m. Median position by label, laboratory axes; empty without a static
    trial."""
    limbs: Limbs = field(default_factory=dict)
    """mapping of (left, right). Bodies of legs and arms from the trunk outwards, by limb."""
    axes: LaboratoryToGround | None = None
    """Axes of the laboratory from upright standing; None if undetermined."""


def static_reference(study: Study, participant_id: str) -> StaticReference:
    """Read a participant's marker positions in the static trial, if there is one."""
    static, limbs = study.static_of(participant_id), limbs_of(study.model_map)
    if static is None:
        return StaticReference({}, limbs)
    try:
        unit = study.settings.laboratory.marker_unit
        notes = Notes(static.trial_id, participant_id, static.source, static.source)
        recording = read_recording(study.recording(static), unit=unit)
        recording = standing_recording(recording, static.source)
        labels = BodyLabels.of_marker_set(study.marker_set, limbs)
        company = other_recordings_of(study, static)
        recording = with_resolved_sides(recording, static, labels, company, notes)
    except AqbioError:
        return StaticReference({}, limbs)  # reported where the static trial itself is prepared
    try:
        axes = laboratory_axes(recording, study.marker_set, study.settings.laboratory.axes, notes)
    except AqbioError:
        axes = None
    return StaticReference(median_positions(recording), limbs, axes)


def limbs_of(model_map: ModelMap) -> Limbs:
    """Bodies of legs and arms of a model, left and right, from the trunk outwards."""
    groups = model_map.groups
    return {
        limb: (groups.get(f"{limb}_left", ()), groups.get(f"{limb}_right", ()))
        for limb in ("leg", "arm")
    }


def other_recordings_of(study: Study, trial: Trial) -> OtherRecordings:
    """Reader of the other readable recordings of a trial's participant."""

    def readable_recordings() -> Iterator[Recording]:
        for other in study.trials:
            is_other_trial = (
                other.participant_id == trial.participant_id and other.trial_id != trial.trial_id
            )
            if not is_other_trial or other.include != "yes" or other.coordinates_file:
                continue
            try:
                files = study.recording(other), study.forces(other)
                yield read_recording(*files, study.settings.laboratory.marker_unit)
            except (AqbioError, OSError):
                continue  # reported where that trial is prepared

    return readable_recordings


def with_numbered_unknowns(recording: Recording, marker_set: MarkerSet, notes: Notes) -> Recording:
    """Replace unknown labels by numbers: they may be names of persons."""
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
    findings = tuple(
        _without_unknown_labels(finding, marker_set, numbered) for finding in recording.findings
    )
    return replace(recording, labels=labels, findings=findings)


def _without_unknown_labels(
    finding: Finding, marker_set: MarkerSet, numbered: Mapping[str, str]
) -> Finding:
    """Replace labels that are not in the marker set in a reader's finding likewise."""
    names = filter(None, finding.label.split(", "))
    unknown = sorted(
        {name for name in names if name not in marker_set.markers}, key=len, reverse=True
    )
    text, label = finding.what, finding.label
    for name in unknown:
        replacement = numbered.get(name, "another point")
        pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
        text, label = (re.sub(pattern, replacement, text) for text in (text, label))
    return replace(finding, what=text, label=label)


def median_positions(recording: Recording) -> dict[str, FloatArray]:
    """Median position (3,), m, of every visible marker."""
    visible = np.asarray(np.isfinite(recording.positions).all(axis=2))
    return {
        label: np.median(recording.positions[visible[:, index], index], axis=0)
        for index, label in enumerate(recording.labels)
        if visible[:, index].any()
    }


def standing_positions(recording: Recording, file: str) -> dict[str, FloatArray]:
    """Median position (3,), m, of every marker of a static trial while the person stands."""
    return median_positions(standing_recording(recording, file))


def note_misplaced_labels(recording: Recording, marker_set: MarkerSet, notes: Notes) -> None:
    """Warn of labels of a static trial that are not where the marker set has them."""
    table = landmark_table()
    model_names = {label: marker.model or label for label, marker in marker_set.markers.items()}
    landmark_of_name = named_labels(model_names.values(), table).sites
    video = video_landmarks(model_names, table)
    landmark_of_label = {
        label: landmark_of_name[name]
        for label, name in model_names.items()
        if name in landmark_of_name
    } | video
    static = {
        label: at for label, at in median_positions(recording).items() if label in landmark_of_label
    }
    _, doubts = placed_labels(static, landmark_of_label, table)
    if doubts:
        notes.add(
            "labels-elsewhere",
            "warning",
            "labels of the static trial are not where the marker set has them: "
            f"{'; '.join(f'{label}: {doubt.why}' for label, doubt in doubts.items())}.",
            number=len(doubts),
            fix="look at them in the capture software; correct their landmarks in markers.yaml, or "
            "make them `tracking: true`.",
            label=", ".join(doubts),
        )


def with_checked_labels(
    recording: Recording, trial: Trial, static: StaticReference, marker_set: MarkerSet, notes: Notes
) -> Recording:
    """Check labels against the static trial; correct them where the row says ``fix: swap``."""
    accepted = "swap" in trial.fixes
    recording = restore_exchanged_stretches(
        recording, marker_set, static.limbs, static.positions, notes
    )
    recording = with_checked_sides(recording, marker_set, static.limbs, notes, accepted=accepted)
    segments = _segments(marker_set)
    labels, positions = recording.labels, static.positions
    distances = SegmentDistances.of(labels, recording.positions, positions, segments)
    if trial.task == "static" or not distances.labels:
        return recording
    swaps = swapped_labels(distances)
    for swap in swaps:
        _note_swap(swap, notes, accepted=accepted)
    exchanged = any(finding.rule == LABELS_SWAPPED for finding in notes.findings)
    if accepted and not (swaps or exchanged):
        notes.add(
            "labels-not-swapped",
            "warning",
            "the sheet says fix: swap, but no exchanged labels are found.",
            fix="take swap out of the column fix of this trial.",
        )
    if accepted:
        right = exchanged_positions(labels, recording.positions, swaps)
        return replace(recording, positions=right)
    return _without_swapped(recording, swaps, marker_set)


def _without_swapped(
    recording: Recording, swaps: Sequence[LabelSwap], marker_set: MarkerSet
) -> Recording:
    """Mask labels that sit on each other's markers, in those frames.

    They would show events and sides of other sites. Labels of the pelvis stay: an exchange within
    it does not move its centre.
    """
    positions = recording.positions.copy()
    for swap in swaps:
        for label in {swap.first, swap.second} - {*marker_set.pelvis.labels}:
            positions[swap.frames, recording.labels.index(label)] = np.nan
    return replace(recording, positions=positions)


def _segments(marker_set: MarkerSet) -> dict[str, str]:
    """Map labels to segments: their bodies, toes merged with their foot."""
    bodies = {label: marker.body for label, marker in marker_set.markers.items()}
    for side in ("left", "right"):
        foot = getattr(marker_set.feet, side)
        foot_body = bodies.get(foot.heel, "")
        toes = {bodies[label] for label in foot.toe if label in bodies}
        bodies |= {label: foot_body for label, body in bodies.items() if body in toes and foot_body}
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
        means = [[label_mean(recording, labels) for labels in pair] for pair in parts]
        across = [mean_vector((right - left) * to_the_right).sum() for left, right in means]
        sideways = [float(distance) / size for distance in across]
        paths = [(_paths(recording, left), _paths(recording, right)) for left, right in parts]
        wrong = [
            number for number, is_wrong in enumerate(exchanged_parts(paths, sideways)) if is_wrong
        ]
        if not wrong:
            continue
        left, right = ([label for at in wrong for label in parts[at][side]] for side in (0, 1))
        if accepted and (pairs := _mirrored_names(left, right)):
            order = [recording.labels.index(pairs.get(label, label)) for label in recording.labels]
            recording = replace(recording, positions=recording.positions[:, order])
            text = f"left and right of {', '.join(pairs)} are exchanged, as the sheet accepts."
            notes.add(LABELS_SWAPPED, "info", text, number=len(pairs))
            continue
        end = "" if len(wrong) == len(parts) else "end of the "
        rights, lefts = (", ".join(labels[:MAX_LISTED_LABELS]) for labels in (right, left))
        away = sideways[wrong[0]]
        raise AqbioError(
            f"the {end}{limb} labelled right ({rights}) is {-away:.2f} m to the left of the one "
            f"labelled left ({lefts}), as the pelvis faces."
            if away < 0.0
            else f"the {end}{limb} labelled right ({rights}) moves with the rest of the left "
            f"{limb}, and the one labelled left ({lefts}) with the right.",
            file=notes.file,
            fix="write swap into the column fix of this trial in trials.tsv to exchange them, or "
            "correct them in the capture software or, if it is so in all trials, in markers.yaml "
            "(left and right, or front and back of the pelvis).",
            rule="sides-exchanged",
        )
    return recording


def _paths(recording: Recording, labels: Sequence[str]) -> FloatArray:
    return recording.positions[:, [recording.labels.index(label) for label in labels]]


def _mirrored_names(left: Sequence[str], right: Sequence[str]) -> dict[str, str]:
    """Map labels to their partners, both ways; empty unless every label has exactly one."""
    left_labels, right_labels = (
        {re.sub("left|right|[lr]", "", label.lower()): label for label in side}
        for side in (left, right)
    )
    if left_labels.keys() != right_labels.keys() or not len(left_labels) == len(left) == len(right):
        return {}
    pairs = {label: right_labels[name] for name, label in left_labels.items()}
    return pairs | {partner: label for label, partner in pairs.items()}


def _sided_labels(
    recording: Recording, marker_set: MarkerSet, limbs: Limbs
) -> dict[str, list[tuple[list[str], list[str]]]]:
    """Labels of both sides by limb and part, for parts with markers on both sides."""
    worn = [label for label in recording.labels if label in marker_set.markers]
    parts_of_limb: dict[str, list[tuple[list[str], list[str]]]] = {}
    for limb, bodies in limbs.items():
        for pair in zip(*bodies, strict=False):
            left, right = (
                [label for label in worn if marker_set.markers[label].body == b] for b in pair
            )
            if left and right:
                parts_of_limb.setdefault(limb, []).append((left, right))
    left, right = (
        [foot.heel] if foot.heel in recording.labels else []
        for foot in (marker_set.feet.left, marker_set.feet.right)
    )
    return (
        {"heel": [(left, right)], **parts_of_limb}
        if left and right and "leg" not in parts_of_limb
        else parts_of_limb
    )


def _note_swap(swap: LabelSwap, notes: Notes, *, accepted: bool) -> None:
    share = float(swap.frames.mean())
    span = np.flatnonzero(swap.frames)
    frame_span = "" if share > 0.95 else f"frames {span[0] + 1} to {span[-1] + 1}"
    notes.add(
        LABELS_SWAPPED,
        "info" if accepted else "warning",
        f"labels {swap.first} and {swap.second} sit on each other's markers in {share:.0%} of the "
        f"frames: their distances from other markers differ by {MILLIMETRES * swap.before:.0f} mm "
        f"from those of the static trial, exchanged by {MILLIMETRES * swap.after:.0f} mm"
        + ("; they are exchanged, as the sheet accepts." if accepted else "; they are not used."),
        number=MILLIMETRES * swap.before,
        limit=MILLIMETRES * swap.after,
        unit="mm",
        where=frame_span,
        label=f"{swap.first}, {swap.second}",
        fix=""
        if accepted
        else "write swap into the column fix of this trial in trials.tsv to exchange them, or "
        "correct the labels in the capture software.",
    )


MIN_MISFIT_M = 0.020
"""Difference from the static trial's distances below which a label is correct, m."""

MAX_REPAIRED_RATIO = 0.5
"""An exchange is proposed where it reduces the misfit below this share of its former size."""

MAX_REPAIRED_MISFIT_M = 0.015
"""... and below this, m: skin moves by less."""

MIN_DISTANCES_WITHIN = 2
"""Distances that must agree on an exchange within a segment."""

MIN_DISTANCES_ACROSS = 3
"""Distances that must agree on an exchange between two segments."""

MIN_FRAME_SHARE = 0.05
"""Exchanges in fewer frames than this share of the trial are noise."""

MAX_SWAPS = 10
"""Exchanges that one trial is searched for."""


@dataclass(frozen=True, eq=False)
class LabelSwap:
    """Two labels that sit on each other's markers."""

    first: str
    second: str
    frames: BoolArray
    """(T,) bool array. Frames in which they do."""
    before: float
    after: float
    """before, after: Root mean square difference between their distances in these frames and those
    of the static trial, as labelled and exchanged, m."""


@dataclass(frozen=True, eq=False)
class SegmentDistances:
    """Markers of every segment in a trial, and their distances in the static trial."""

    labels: tuple[str, ...]
    """tuple of K str. Labels that both trials have."""
    positions: FloatArray
    """(T, K, 3) array, m."""
    static: FloatArray
    """(K, K) array, m."""
    peers: BoolArray
    """(K, K) bool array. True for two labels on one segment."""

    @classmethod
    def of(
        cls,
        labels: Sequence[str],
        positions: FloatArray,
        reference: Mapping[str, FloatArray],
        segments: Mapping[str, str],
    ) -> SegmentDistances:
        """Keep labels with a segment and a static position (3,), in any axes."""
        placed = [np.isfinite(reference.get(label, np.nan)).all() for label in labels]
        usable = np.array(placed, dtype=bool) & np.isin(labels, list(segments))
        names = tuple(compress(labels, usable))
        static_positions = np.array([reference[name] for name in names]).reshape(-1, 3)
        segment_of_label = np.array([segments[name] for name in names])
        peers = (segment_of_label[:, None] == segment_of_label) & ~np.eye(len(names), dtype=bool)
        static = np.linalg.norm(static_positions[:, None] - static_positions, axis=2)
        return cls(names, positions[:, usable], static, peers)

    def off(self, marker: int, label: int, among: BoolArray) -> FloatArray:
        """Distances of a marker from others, less those of a label in the static trial, (T, P)."""
        gap = self.positions[:, marker, None] - self.positions[:, among]
        return np.asarray(np.linalg.norm(gap, axis=2) - self.static[label, among])


def swapped_labels(distances: SegmentDistances) -> list[LabelSwap]:
    """Pairs of labels whose exchange restores their distances, the largest repair first."""
    accepted_swaps: list[LabelSwap] = []
    for _ in range(MAX_SWAPS):
        doubtful = [
            index for index in range(len(distances.labels)) if _has_misfit(distances, index)
        ]
        swaps = (_swap(distances, first, second) for first, second in combinations(doubtful, 2))
        best = max(
            (swap for swap in swaps if swap is not None),
            key=lambda swap: float(np.count_nonzero(swap.frames)) * (swap.before - swap.after),
            default=None,
        )
        if best is None:
            return accepted_swaps
        accepted_swaps.append(best)
        fixed = exchanged_positions(distances.labels, distances.positions, [best])
        distances = replace(distances, positions=fixed)
    return accepted_swaps


MIN_WRONG_SIDE_M = 0.03
"""Limbs this far on the wrong side of each other have exchanged labels, m: in 72 real
and virtual runs and static trials toes are 3 cm on their own side at least, thighs 18, arms 25.
Without a measurement across the body no limb is on a wrong side."""

MIN_LINK_VARIATION_M = 0.04
"""Variation of the distance between parts of two limbs above which sides can be determined, m: it
varies by 86 to 317 mm between foot and shank of two sides, by 1 to 15 mm between those of one."""

MAX_LINK_RATIO = 0.5
"""Ratio of the smaller to the larger variation below which sides can be determined."""


def exchanged_parts(
    parts: Sequence[tuple[FloatArray, FloatArray]], sideways: Sequence[float]
) -> list[bool]:
    """Detect exchanged left and right labels on each part of a limb, from the trunk outwards.

    By the distances from the preceding part, if it moves enough; otherwise by ``sideways``, m: the
    distance by which the right is to the right of the left.
    """
    exchanged: list[bool] = []
    for number, (left, right) in enumerate(parts):
        wrong = sideways[number] < -MIN_WRONG_SIDE_M
        if exchanged:
            before = parts[number - 1]
            same_side = np.maximum(
                _link_variation(before[0], left), _link_variation(before[1], right)
            )
            opposite_side = np.maximum(
                _link_variation(before[0], right), _link_variation(before[1], left)
            )
            larger, smaller = (
                np.maximum(same_side, opposite_side),
                np.minimum(same_side, opposite_side),
            )
            if larger > MIN_LINK_VARIATION_M and smaller < MAX_LINK_RATIO * larger:
                wrong = exchanged[-1] != bool(opposite_side < same_side)
        exchanged.append(wrong)
    return exchanged


def _link_variation(inner: FloatArray, outer: FloatArray) -> float:
    """Smallest variation, m, of distances between markers of two parts; NaN if not visible."""
    spreads = [distance_spreads(outer[:, column], {0: inner}) for column in range(outer.shape[1])]
    return min((spread[0] for spread in spreads if spread), default=np.nan)


def exchanged_positions(
    labels: Sequence[str], positions: FloatArray, swaps: Sequence[LabelSwap]
) -> FloatArray:
    """Exchange the positions (T, M, 3) of swapped labels in the frames where they are."""
    fixed = positions.copy()
    for swap in swaps:
        first, second = labels.index(swap.first), labels.index(swap.second)
        rows = np.flatnonzero(swap.frames)
        fixed[rows[:, None], [first, second]] = fixed[rows[:, None], [second, first]]
    return fixed


def _has_misfit(distances: SegmentDistances, index: int) -> bool:
    """Tell whether a distance of a label differs from the static trial's in some frames."""
    off = np.abs(distances.off(index, index, distances.peers[index])) > MIN_MISFIT_M
    return bool(off.mean(axis=0).max(initial=0.0) >= MIN_FRAME_SHARE)


def _swap(distances: SegmentDistances, first: int, second: int) -> LabelSwap | None:
    """Exchange of two labels, if it restores their distances in enough frames."""
    is_other = ~np.isin(np.arange(len(distances.labels)), (first, second))
    first_peers, second_peers = (
        distances.peers[first] & is_other,
        distances.peers[second] & is_other,
    )
    fewest = MIN_DISTANCES_WITHIN if distances.peers[first, second] else MIN_DISTANCES_ACROSS
    if np.count_nonzero(first_peers) + np.count_nonzero(second_peers) < fewest:
        return None
    before, after = (
        _root_mean_square(
            np.hstack(
                (distances.off(a, first, first_peers), distances.off(b, second, second_peers))
            )
        )
        for a, b in ((first, second), (second, first))
    )
    clear = (
        (before > MIN_MISFIT_M)
        & (after < MAX_REPAIRED_MISFIT_M)
        & (after < MAX_REPAIRED_RATIO * before)
    )
    if clear.mean() < MIN_FRAME_SHARE:
        return None
    decided = np.flatnonzero(np.isfinite(before + after))
    middles = 0.5 * (decided[1:] + decided[:-1])  # other frames take that of the nearest one
    nearest = decided[np.searchsorted(middles, np.arange(len(before)))]
    frames = np.asarray(after < before)[nearest]
    sizes = (float(np.sqrt(np.nanmean(off[frames] ** 2))) for off in (before, after))
    return LabelSwap(distances.labels[first], distances.labels[second], frames, *sizes)


def _root_mean_square(deviations: FloatArray) -> FloatArray:
    """Root mean square (T,) of finite deviations (T, K), m; NaN of fewer than two."""
    finite = np.isfinite(deviations)
    count, total = finite.sum(axis=1), np.where(finite, deviations**2, 0.0).sum(axis=1)
    return np.asarray(np.sqrt(np.where(count > 1, total, np.nan) / np.maximum(count, 1)))
