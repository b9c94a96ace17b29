"""Mirrored (left-handed) coordinates told from labels whose left and right are exchanged.

A mirror is an isometry: no distance within a body shows it. Right is where up and ahead say it is;
a recording in which every sided label is on the other side is either mirrored, or all its labels
are exchanged. Force columns named by foot, recordings whose labels are where they should be, and
how many parts of the body would have to be labelled wrongly at once decide between the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from aqbio.config import MarkerSet, Trial
from aqbio.errors import AqbioError
from aqbio.io.recording import Recording
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels, video_landmarks
from aqbio.labels.motion import segment_of
from aqbio.names import SIDES
from aqbio.recordings.axes import CLEAR_RATIO, displacement, label_mean, mean_vector
from aqbio.recordings.mirrored_plates import (
    LEFT_HANDED,
    PLATE_SIGNS,
    UNDER_M,
    PlateFit,
    centres_of_pressure,
    mirrored_forces,
    plate_fits,
)
from aqbio.recordings.notes import Notes
from aqbio.vectors import FloatArray

MIRRORED, UNDECIDED = "coordinates-mirrored", "mirrored-or-exchanged"

SWAPPED = "labels-swapped"
"""Rule of two labels on each other's markers; a warning until the sheet accepts it."""

Limbs = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""Bodies of the left and the right limb from the trunk outwards, by limb."""

OTHER_SIDE_SHARE = 0.9
"""Share of the sided labels that must be on the other side, each part of the body as a whole too:
0 in JA1, Rajagopal's and Hamner's recordings, 0.98 to 1 in their mirrored copies."""

MIN_SIDE_M = 0.01
"""A part of the body shows a side from this distance between its left and its right on, m: the
feet of sprinters are 3 cm apart at least, on average over a run."""

MIN_TRAVEL_M, MIN_AHEAD_M = 1.0, 0.03
"""The way of the pelvis, and the distance of toes before heels, of the front of the pelvis before
its back, and of bent knees before the line from hips to ankles, that show where ahead is, m."""

OWN_SIDE_M = 0.03
"""A label is on its own side from this distance to its partner on: the first metatarsals of JA1's
sprint are 2 cm on the wrong side of each other, as feet cross."""

UPPER_PARTS = ("pelvis", "torso", "head", "arm", "upper_arm", "forearm")
"""Legs alone are often exchanged; with one of these on the other side as well, a whole body is."""

LEFT_OVER = 0.5
"""Of two explanations of the same distances the better one leaves less than this share."""


@dataclass(frozen=True, slots=True)
class SidedLabel:
    """What a label is on: a part of the body that is there twice, and its side."""

    part: str
    side: str


@dataclass(frozen=True, slots=True)
class BodyLabels:
    """What labels say of sides, and which of them show up and ahead whatever their sides are."""

    sided: Mapping[str, SidedLabel]
    front: tuple[str, ...]
    back: tuple[str, ...]
    """front, back: Of the pelvis."""
    heels: tuple[tuple[str, ...], tuple[str, ...]]
    toes: tuple[tuple[str, ...], tuple[str, ...]]
    """heels, toes: Of the left and the right foot."""
    hips: tuple[str, ...] = ()
    knees: tuple[str, ...] = ()
    ankles: tuple[str, ...] = ()

    @classmethod
    def of_places(cls, places: Mapping[str, SidedLandmark]) -> BodyLabels:
        """What the places say that labels name."""
        table = landmark_table()

        def at(*landmarks: str, side: str = "left right ") -> tuple[str, ...]:
            return tuple(a for a, o in places.items() if o.landmark in landmarks and o.side in side)

        return cls(
            sided={
                label: SidedLabel(segment_of(place, table)[0], place.side)
                for label, place in places.items()
                if place.side
            },
            front=at("asis"),
            back=at("psis", "sacrum"),
            heels=(at("heel", side="left"), at("heel", side="right")),
            toes=(at(*FOREFOOT, side="left"), at(*FOREFOOT, side="right")),
            hips=at("hip_centre"),
            knees=at("knee_lateral", "knee_medial", "knee_centre"),
            ankles=at("ankle_lateral", "ankle_medial", "ankle_centre"),
        )

    @classmethod
    def of_marker_set(cls, marker_set: MarkerSet, limbs: Limbs) -> BodyLabels:
        """What a marker set says: by the bodies of its limbs, elsewhere by its names."""
        table = landmark_table()
        own = {label: one.model or label for label, one in marker_set.markers.items()}
        names = named_labels(own.values(), table).sites
        places = {label: names[name] for label, name in own.items() if name in names}
        named = cls.of_places(places | video_landmarks(own, table))
        of_limbs = {
            label: SidedLabel(f"{limb} {bodies.index(marker.body)}", side)
            for limb, both in limbs.items()
            for side, bodies in zip(SIDES, both, strict=True)
            for label, marker in marker_set.markers.items()
            if marker.body in bodies
        }
        pelvis, feet = marker_set.pelvis, [getattr(marker_set.feet, side) for side in SIDES]
        return replace(
            named,
            sided={**named.sided, **of_limbs},
            front=tuple(pelvis.front),
            back=tuple(pelvis.back),
            heels=((feet[0].heel,), (feet[1].heel,)),
            toes=(tuple(feet[0].toe), tuple(feet[1].toe)),
            hips=tuple(pelvis.hips),
        )


FOREFOOT = ("toe", "mt1", "mt2", "mt5")


@dataclass(frozen=True, eq=False)
class BodySides:
    """Sides of the labels of a recording, as up and ahead show them."""

    axes: FloatArray
    """(3, 3) array. Rows: ahead, up and right in laboratory axes, each along one of them."""
    sided: int
    """Labels with a side that are seen."""
    wrong: int
    """Those of them on the other side of the body."""
    parts: Mapping[str, float]
    """How far right of its left the right of each part is, m."""

    @property
    def other_side(self) -> bool:
        """Whether every part of the body is on the other side of where its labels say."""
        shown = [gap for gap in self.parts.values() if abs(gap) > MIN_SIDE_M]
        many = self.wrong >= OTHER_SIDE_SHARE * self.sided
        return len(shown) > 1 and max(shown) < 0.0 and many

    @property
    def whole_body(self) -> bool:
        """Whether more than legs have sides."""
        return any(part.startswith(UPPER_PARTS) for part in self.parts)


def body_sides(recording: Recording, labels: BodyLabels) -> BodySides | None:
    """Where the labels of a recording are; None where it does not show up and ahead."""
    axes = _axes(recording, labels)
    if axes is None:
        return None
    across = recording.positions @ axes[2]
    columns: dict[str, dict[str, list[int]]] = {}
    for column, label in enumerate(recording.labels):
        if label in labels.sided and np.isfinite(across[:, column]).any():
            own = labels.sided[label]
            columns.setdefault(own.part, {}).setdefault(own.side, []).append(column)
    partner = partners([one for one in recording.labels if one in labels.sided], labels)
    parts, offsets = {}, list[float]()
    for part, sides in columns.items():
        if len(sides) < len(SIDES):
            continue
        left, right = (_mean_of_seen(across[:, sides[side]]) for side in SIDES)
        middle = 0.5 * (left + right)
        if not np.isfinite(middle).any():
            continue
        parts[part] = float(np.nanmedian(right - left))
        for side, sign in zip(SIDES, (-1.0, 1.0), strict=True):
            for column in sides[side]:
                other = partner.get(recording.labels[column])
                beside = middle if other is None else across[:, recording.labels.index(other)]
                offset = sign * (across[:, column] - beside)
                offsets += [float(np.nanmedian(offset))] if np.isfinite(offset).any() else []
    wrong, sided = sum(one < OWN_SIDE_M for one in offsets), len(offsets)
    return BodySides(axes, sided, wrong, parts) if parts else None


def _mean_of_seen(values: FloatArray) -> FloatArray:
    """Mean over the second axis of the numbers that are known; NaN where none is."""
    seen = np.isfinite(values)
    count = seen.sum(axis=1)
    total = np.where(seen, values, 0.0).sum(axis=1)
    return np.asarray(np.where(count > 0, total, np.nan) / np.maximum(count, 1))


def _axes(recording: Recording, labels: BodyLabels) -> FloatArray | None:
    """Ahead, up and right (3, 3), whatever the labels say of sides; None where it is not shown."""
    front, back = label_mean(recording, labels.front), label_mean(recording, labels.back)
    pelvis = 0.5 * (front + back)
    if np.isnan(pelvis).all():
        pelvis = label_mean(recording, labels.hips or labels.front or labels.back)
    heels, toes, knees, ankles = (
        label_mean(recording, own)
        for own in (sum(labels.heels, ()), sum(labels.toes, ()), labels.knees, labels.ankles)
    )
    up = mean_vector(pelvis - heels)
    if np.isnan(up).any() or not np.linalg.norm(up) > 0.0:
        return None
    size = np.sort(np.abs(up))
    if size[2] < CLEAR_RATIO * size[1]:
        return None  # somebody who lies, kneels or bends down
    above = np.asarray(np.where(np.abs(up) == size[2], np.sign(up), 0.0))
    signs = [
        (mean_vector(front - back), MIN_AHEAD_M),
        (mean_vector(toes - heels), MIN_AHEAD_M),
        (mean_vector(knees - 0.5 * (pelvis + ankles)), MIN_AHEAD_M),
        (displacement(pelvis), MIN_TRAVEL_M),
    ]
    level = [(one * (1.0 - np.abs(above)), abs(one @ above), least) for one, least in signs]
    ahead = [
        one / np.linalg.norm(one)
        for one, climb, least in level
        if np.linalg.norm(one) > max(least, climb)
    ]
    return _voted_axes(ahead, above)


def _voted_axes(ahead: Sequence[FloatArray], above: FloatArray) -> FloatArray | None:
    """Axes in which most signs of where ahead is agree; None where as many say the opposite."""
    if not ahead:
        return None
    along = int(np.argmax(np.abs(np.sum([np.abs(one) for one in ahead], axis=0))))
    balance = sum(float(np.sign(one[along])) for one in ahead)
    if not balance:
        return None
    forward = np.zeros(3)
    forward[along] = np.sign(balance)
    return np.array([forward, above, np.cross(forward, above)])


def feet_of_labels(recording: Recording, labels: BodyLabels) -> FloatArray:
    """Heel and forefoot of both feet (T, 2, 2, 3), left first; NaN where absent."""
    ends = [
        [label_mean(recording, own[foot]) for own in (labels.heels, labels.toes)] for foot in (0, 1)
    ]
    return np.array(ends).transpose(2, 0, 1, 3)


Verdict = Literal["sound", "mirrored", "exchanged", "undecided"]

Company = Callable[[], Iterable[Recording]]
"""Reads the other recordings of a person."""


def verdict_on_sides(
    recording: Recording, labels: BodyLabels, company: Company
) -> tuple[Verdict, BodySides | None]:
    """Whether a recording is mirrored, or all its labels exchanged; ``company`` is the person's.

    The other recordings are asked only where every part of this one is on the other side. Sound
    ones show by the distances between their labels which of the two it is: a mirror keeps them, an
    exchange gives each label those of its partner. Where all are on the other side, force columns
    that name the other foot than the labels under them speak for exchanged labels; without them the
    axes of an export are wrong more easily than every single label.
    """
    own = body_sides(recording, labels)
    if own is None or not own.other_side:
        return "sound", own
    kept, gone, columns = 0, 0, [_columns_agree(recording, own, labels)]
    for other in company():
        theirs = body_sides(other, labels)
        if theirs is None:
            continue
        if theirs.other_side:
            columns.append(_columns_agree(other, theirs, labels))
            continue
        same, exchanged = label_distances(recording, other, labels)
        kept += same < LEFT_OVER * exchanged
        gone += exchanged < LEFT_OVER * same
        if not (kept or gone):
            return "undecided", own
    if kept or gone:
        return ("undecided" if kept and gone else "mirrored" if kept else "exchanged"), own
    if False in columns:
        return ("undecided" if True in columns else "exchanged"), own
    return ("mirrored" if own.whole_body or True in columns else "undecided"), own


def _columns_agree(recording: Recording, sides: BodySides, labels: BodyLabels) -> bool | None:
    """Whether the columns of forces name the feet as labels do; None where they do not say."""
    forces = recording.forces
    if forces is None or not any(forces.feet):
        return None
    fits = plate_fits(forces, recording, sides.axes, feet_of_labels(recording, labels))
    known = [one for one in fits if np.isfinite(one.distance)]
    return min(known, key=lambda one: one.distance).columns_agree if known else None


def label_distances(one: Recording, other: Recording, labels: BodyLabels) -> tuple[float, float]:
    """How far distances between labels of a part differ between two recordings, m.

    As labelled, and with left and right exchanged in the one; the median over pairs of labels.
    """
    partner = partners([label for label in one.labels if label in labels.sided], labels)
    both = [a for a in one.labels if a in partner and {a, partner[a]} <= {*other.labels}]
    same, exchanged = [], []
    for number, first in enumerate(both):
        for second in both[:number]:
            if labels.sided[first] != labels.sided[second]:
                continue
            here = _distance(one, first, second)
            same.append(abs(here - _distance(other, first, second)))
            exchanged.append(abs(here - _distance(other, partner[first], partner[second])))
    known = np.isfinite(same) & np.isfinite(exchanged)
    if not known.any():
        return float("nan"), float("nan")
    return float(np.median(np.array(same)[known])), float(np.median(np.array(exchanged)[known]))


def _distance(recording: Recording, first: str, second: str) -> float:
    """Median distance between two labels, m; NaN where they are never seen together."""
    a, b = (recording.positions[:, recording.labels.index(label)] for label in (first, second))
    apart = np.linalg.norm(a - b, axis=1)
    return float(np.nanmedian(apart)) if np.isfinite(apart).any() else float("nan")


def partners(worn: Sequence[str], labels: BodyLabels) -> dict[str, str]:
    """Label of the same place on the other side, by label; none where names do not tell."""
    found: dict[str, str] = {}
    for part in dict.fromkeys(labels.sided[label].part for label in worn):
        own = [label for label in worn if labels.sided[label].part == part]
        left, right = (
            {_stem(one): one for one in own if labels.sided[one].side == side} for side in SIDES
        )
        for stem in left.keys() & right.keys():
            found |= {left[stem]: right[stem], right[stem]: left[stem]}
    return found


def _stem(label: str) -> str:
    """A label without the letters and words that may name its side."""
    return re.sub("left|right|[lr]", "", label.lower())


def turned_back(recording: Recording, sides: BodySides, plates: FloatArray) -> Recording:
    """The recording mirrored across the sagittal plane, and its forces by the signs ``plates``."""
    mirror = sides.axes.T @ np.diag(LEFT_HANDED) @ sides.axes
    forces = recording.forces
    if forces is not None:
        forces = mirrored_forces(forces, sides.axes.T @ np.diag(LEFT_HANDED * plates) @ sides.axes)
    return replace(recording, positions=recording.positions @ mirror, forces=forces)


def plate_signs(
    recording: Recording, sides: BodySides, labels: BodyLabels
) -> tuple[FloatArray, list[PlateFit]]:
    """Signs (3,) that bring the plates beneath the feet as they are recorded, and every fit.

    Plates that pull down while their horizontal forces point from the feet to the pelvis differ
    from the markers by the sign of the vertical.
    """
    forces = recording.forces
    if forces is None:
        return np.ones(3), []
    fits = plate_fits(forces, recording, sides.axes, feet_of_labels(recording, labels))
    apart = [np.inf if np.isnan(one.distance) else one.distance for one in fits]
    best = int(np.argmin(apart))
    if apart[0] <= UNDER_M or not apart[best] < min(UNDER_M, CLEAR_FIT * apart[0]):
        best = 0
    signs = PLATE_SIGNS[best].copy()
    if _vertical_negated(recording, sides, labels):
        signs[1] = -1.0
    return signs, fits


CLEAR_FIT = 0.7
"""Mirrored plates are nearer to the feet by this factor, at least: 0.02 to 0.5 in mirrored copies
of 54 runs and walks."""


TO_THE_PELVIS = 0.3
"""Correlation of horizontal forces with the way from the centre of pressure to the pelvis: 0.64 to
0.95 in 53 of 54 walks and runs, -0.3 where a file holds the forces on the plates."""


def _vertical_negated(recording: Recording, sides: BodySides, labels: BodyLabels) -> bool:
    """Whether plates pull a body down whose other forces point to its pelvis."""
    forces = recording.forces
    pelvis = label_mean(recording, (*labels.front, *labels.back) or labels.hips) @ sides.axes.T
    if forces is None:
        return False
    force, cop = forces.wrench.force @ sides.axes.T, centres_of_pressure(forces, sides.axes)
    time = np.arange(len(pelvis)) / recording.rate
    sample = np.rint((time - forces.start) * forces.rate).astype(int)
    inside = (sample >= 0) & (sample < len(cop))
    arm = pelvis[inside, None] - cop[sample[inside]]
    known = np.isfinite(arm).all(axis=2)
    loads, arm = force[sample[inside]][known], arm[known]
    if not loads[:, 1].sum() < 0.0:
        return False
    loads, arm = loads[:, [0, 2]], arm[:, [0, 2]]
    size = float(np.sqrt((loads**2).sum() * (arm**2).sum()))
    return bool((loads * arm).sum() > TO_THE_PELVIS * size)


def with_known_sides(
    recording: Recording, trial: Trial, labels: BodyLabels, company: Company, notes: Notes
) -> Recording:
    """The recording in right-handed coordinates; refuses one of which that is not decided."""
    verdict, sides = verdict_on_sides(recording, labels, company)
    if sides is None:
        return recording
    if verdict == "sound":
        return _with_plates_beside(recording, sides, labels, notes) if _moves(trial) else recording
    if trial.fix == "swap":
        what = f"left and right of all {sides.sided} sided labels are exchanged, as the sheet says."
        notes.add(SWAPPED, "info", what, number=sides.sided)
        return all_exchanged(recording, labels)
    if verdict in ("undecided", "exchanged") and trial.fix != "mirror":
        raise _not_decided(sides, verdict, notes)
    signs = np.ones(3)
    if _moves(trial):
        signs, _ = plate_signs(recording, sides, labels)
    what = f"{_on_the_other_side(sides)}: the coordinates are mirrored (left-handed export)"
    notes.add(
        MIRRORED,
        "warning",
        f"{what}. They are turned back across the sagittal plane"
        + ("." if recording.forces is None else ", markers and forces.")
        if (signs == 1.0).all()
        else f"{what}, those of the forces are not. The markers are turned back.",
        number=sides.wrong,
        fix="export in right-handed axes; if instead somebody exchanged left and right of all "
        "labels, write swap into the column fix of this trial in trials.tsv.",
    )
    return turned_back(recording, sides, signs)


def _moves(trial: Trial) -> bool:
    return trial.task != "static"


def _on_the_other_side(sides: BodySides) -> str:
    whole = sides.wrong == sides.sided
    count = f"all {sides.sided}" if whole else f"{sides.wrong} of {sides.sided}"
    return f"{count} sided labels are on the other side"


def _not_decided(sides: BodySides, verdict: Verdict, notes: Notes) -> AqbioError:
    """Refusal that names both possibilities."""
    why = (
        "the force columns, or the distances between the labels in another trial, speak for "
        "exchanged labels"
        if verdict == "exchanged"
        else "the recordings do not decide which"
    )
    return AqbioError(
        f"{_on_the_other_side(sides)} of the body: either the coordinates are mirrored "
        f"(left-handed export), or left and right of all labels are exchanged; {why}.",
        file=notes.file,
        fix="write mirror (turns the coordinates back) or swap (exchanges the labels) into the "
        "column fix of this trial in trials.tsv.",
        rule=UNDECIDED,
    )


def _with_plates_beside(
    recording: Recording, sides: BodySides, labels: BodyLabels, notes: Notes
) -> Recording:
    """The recording with plates that are mirrored beside sound markers turned back."""
    signs, fits = plate_signs(recording, sides, labels)
    forces = recording.forces
    if forces is None or (signs == 1.0).all():
        return recording
    far, near = fits[0].distance, min(one.distance for one in fits)
    way = "across" if signs[2] < 0.0 else "along"
    notes.add(
        MIRRORED,
        "warning",
        (
            "the plates pull down while their horizontal forces point from the feet to the pelvis"
            if signs[1] < 0.0
            else f"the centres of pressure are {far:.2f} m from the nearest foot, and {near:.2f} m "
            f"with the coordinates of the plates mirrored {way} the run"
        )
        + f", and {sides.sided - sides.wrong} of {sides.sided} sided labels are on their side: the "
        "forces are mirrored (left-handed export), the markers are not. The forces are turned "
        "back.",
        number=far,
        limit=UNDER_M,
        unit="m",
        fix="export markers and forces in the same right-handed axes.",
        forces=True,
    )
    mirror = sides.axes.T @ np.diag(signs) @ sides.axes
    return replace(recording, forces=mirrored_forces(forces, mirror))


def all_exchanged(recording: Recording, labels: BodyLabels) -> Recording:
    """The recording with left and right of all labels exchanged, as the sheet says.

    A sided label without a partner has no other name: it is not used.
    """
    worn = [label for label in recording.labels if label in labels.sided]
    partner = partners(worn, labels)
    order = [recording.labels.index(partner.get(one, one)) for one in recording.labels]
    alone = np.array([one in labels.sided and one not in partner for one in recording.labels])
    positions = np.where(alone[:, None], np.nan, recording.positions[:, order])
    return replace(recording, positions=positions)
