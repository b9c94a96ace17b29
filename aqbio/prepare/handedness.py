"""Mirrored (left-handed) coordinates, distinguished from labels with left and right exchanged.

A mirror is an isometry: no distance within a body shows it. Right follows from up and ahead;
a recording in which every sided label is on the other side is either mirrored, or all its labels
are exchanged. Force columns named by foot, recordings with correct labels, and the number of
body parts that would have to be labelled wrongly at once decide between the two.
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
from aqbio.prepare.axes import CLEAR_RATIO, displacement, label_mean, mean_vector
from aqbio.prepare.mirrored_plates import (
    LEFT_HANDED,
    MAX_FOOT_DISTANCE_M,
    PLATE_SIGNS,
    PlateFit,
    centres_of_pressure,
    mirrored_forces,
    plate_fits,
)
from aqbio.prepare.notes import Notes
from aqbio.vectors import FloatArray

COORDINATES_MIRRORED = "coordinates-mirrored"
"""Rule of a recording whose coordinates are left-handed."""

MIRRORED_OR_EXCHANGED = "mirrored-or-exchanged"
"""Rule of a recording that may be mirrored or may have all its labels exchanged."""

LABELS_SWAPPED = "labels-swapped"
"""Rule of two labels on each other's markers; a warning until the sheet accepts it."""

Limbs = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""Bodies of the left and the right limb from the trunk outwards, by limb."""

MIN_OTHER_SIDE_SHARE = 0.9
"""Share of the sided labels that must be on the other side, each part of the body as a whole too:
0 in JA1, Rajagopal's and Hamner's recordings, 0.98 to 1 in their mirrored copies."""

MIN_SIDE_M = 0.01
"""Smallest distance between the left and the right of a part that shows its side, m: the feet of
sprinters are at least 3 cm apart, on average over a run."""

MIN_TRAVEL_M = 1.0
"""Displacement of the pelvis that shows the direction ahead, m."""

MIN_AHEAD_M = 0.03
"""Distance of toes ahead of heels, of the front of the pelvis ahead of its back, and of bent knees
ahead of the line from hips to ankles, that shows the direction ahead, m."""

MIN_OFFSET_M = 0.03
"""Smallest sideways distance from its partner of a label on its correct side, m: the first
metatarsals of JA1's sprint are 2 cm on the wrong side of each other, as feet cross."""

UPPER_PARTS = ("pelvis", "torso", "head", "arm", "upper_arm", "forearm")
"""Legs alone are often exchanged; with one of these on the other side as well, a whole body is."""

MAX_RESIDUAL_RATIO = 0.5
"""Ratio of residual distances below which one of two explanations is better than the other."""


@dataclass(frozen=True, slots=True)
class SidedLabel:
    """Body part that exists on both sides, and the side that a label is on."""

    part: str
    side: str


@dataclass(frozen=True, slots=True)
class BodyLabels:
    """Sides that labels name, and the labels that show up and ahead regardless of sides."""

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
    def of_landmarks(cls, landmark_of_label: Mapping[str, SidedLandmark]) -> BodyLabels:
        """Assign body parts by the landmarks of labels."""
        table = landmark_table()

        def at(*landmarks: str, side: str = "left right ") -> tuple[str, ...]:
            return tuple(
                label
                for label, landmark in landmark_of_label.items()
                if landmark.landmark in landmarks and landmark.side in side
            )

        return cls(
            sided={
                label: SidedLabel(segment_of(landmark, table)[0], landmark.side)
                for label, landmark in landmark_of_label.items()
                if landmark.side
            },
            front=at("asis"),
            back=at("psis", "sacrum"),
            heels=(at("heel", side="left"), at("heel", side="right")),
            toes=(at(*FOREFOOT_LANDMARKS, side="left"), at(*FOREFOOT_LANDMARKS, side="right")),
            hips=at("hip_centre"),
            knees=at("knee_lateral", "knee_medial", "knee_centre"),
            ankles=at("ankle_lateral", "ankle_medial", "ankle_centre"),
        )

    @classmethod
    def of_marker_set(cls, marker_set: MarkerSet, limbs: Limbs) -> BodyLabels:
        """Assign body parts by the bodies of a marker set's limbs, elsewhere by its names."""
        table = landmark_table()
        model_names = {label: marker.model or label for label, marker in marker_set.markers.items()}
        landmark_of_name = named_labels(model_names.values(), table).sites
        landmark_of_label = {
            label: landmark_of_name[name]
            for label, name in model_names.items()
            if name in landmark_of_name
        }
        by_name = cls.of_landmarks(landmark_of_label | video_landmarks(model_names, table))
        of_limbs = {
            label: SidedLabel(f"{limb} {bodies.index(marker.body)}", side)
            for limb, limb_sides in limbs.items()
            for side, bodies in zip(SIDES, limb_sides, strict=True)
            for label, marker in marker_set.markers.items()
            if marker.body in bodies
        }
        pelvis, feet = marker_set.pelvis, [getattr(marker_set.feet, side) for side in SIDES]
        return replace(
            by_name,
            sided={**by_name.sided, **of_limbs},
            front=tuple(pelvis.front),
            back=tuple(pelvis.back),
            heels=((feet[0].heel,), (feet[1].heel,)),
            toes=(tuple(feet[0].toe), tuple(feet[1].toe)),
            hips=tuple(pelvis.hips),
        )


FOREFOOT_LANDMARKS = ("toe", "mt1", "mt2", "mt5")


@dataclass(frozen=True, eq=False)
class BodySides:
    """Sides of the labels of a recording, derived from up and ahead."""

    axes: FloatArray
    """(3, 3) array. Rows: ahead, up and right in laboratory axes, each along one of them."""
    sided: int
    """Visible labels with a side."""
    wrong: int
    """Those of them on the other side of the body."""
    parts: Mapping[str, float]
    """Distance, m, by which the right of each part is to the right of its left."""

    @property
    def other_side(self) -> bool:
        """True if every part of the body is on the side opposite to its labels."""
        gaps = [gap for gap in self.parts.values() if abs(gap) > MIN_SIDE_M]
        mostly_wrong = self.wrong >= MIN_OTHER_SIDE_SHARE * self.sided
        return len(gaps) > 1 and max(gaps) < 0.0 and mostly_wrong

    @property
    def whole_body(self) -> bool:
        """True if parts other than the legs have sides."""
        return any(part.startswith(UPPER_PARTS) for part in self.parts)


def body_sides(recording: Recording, labels: BodyLabels) -> BodySides | None:
    """Measure the sides of a recording's labels; None if up and ahead cannot be determined."""
    axes = _axes(recording, labels)
    if axes is None:
        return None
    across = recording.positions @ axes[2]
    columns: dict[str, dict[str, list[int]]] = {}
    for column, label in enumerate(recording.labels):
        if label in labels.sided and np.isfinite(across[:, column]).any():
            sided_label = labels.sided[label]
            columns.setdefault(sided_label.part, {}).setdefault(sided_label.side, []).append(column)
    partner = partners([label for label in recording.labels if label in labels.sided], labels)
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
                partner_label = partner.get(recording.labels[column])
                reference = (
                    middle
                    if partner_label is None
                    else across[:, recording.labels.index(partner_label)]
                )
                offset = sign * (across[:, column] - reference)
                offsets += [float(np.nanmedian(offset))] if np.isfinite(offset).any() else []
    wrong_count, sided_count = sum(offset < MIN_OFFSET_M for offset in offsets), len(offsets)
    return BodySides(axes, sided_count, wrong_count, parts) if parts else None


def _mean_of_seen(values: FloatArray) -> FloatArray:
    """Mean over the second axis of the finite numbers; NaN where none is."""
    finite = np.isfinite(values)
    count = finite.sum(axis=1)
    total = np.where(finite, values, 0.0).sum(axis=1)
    return np.asarray(np.where(count > 0, total, np.nan) / np.maximum(count, 1))


def _axes(recording: Recording, labels: BodyLabels) -> FloatArray | None:
    """Ahead, up and right (3, 3), regardless of labelled sides; None if undetermined."""
    front, back = label_mean(recording, labels.front), label_mean(recording, labels.back)
    pelvis = 0.5 * (front + back)
    if np.isnan(pelvis).all():
        pelvis = label_mean(recording, labels.hips or labels.front or labels.back)
    heels, toes, knees, ankles = (
        label_mean(recording, group)
        for group in (sum(labels.heels, ()), sum(labels.toes, ()), labels.knees, labels.ankles)
    )
    up = mean_vector(pelvis - heels)
    if np.isnan(up).any() or not np.linalg.norm(up) > 0.0:
        return None
    size = np.sort(np.abs(up))
    if size[2] < CLEAR_RATIO * size[1]:
        return None  # a person lying, kneeling or bending down
    above = np.asarray(np.where(np.abs(up) == size[2], np.sign(up), 0.0))
    signs = [
        (mean_vector(front - back), MIN_AHEAD_M),
        (mean_vector(toes - heels), MIN_AHEAD_M),
        (mean_vector(knees - 0.5 * (pelvis + ankles)), MIN_AHEAD_M),
        (displacement(pelvis), MIN_TRAVEL_M),
    ]
    level = [
        (vector * (1.0 - np.abs(above)), abs(vector @ above), minimum) for vector, minimum in signs
    ]
    ahead = [
        vector / np.linalg.norm(vector)
        for vector, rise, minimum in level
        if np.linalg.norm(vector) > max(minimum, rise)
    ]
    return _axes_by_majority(ahead, above)


def _axes_by_majority(ahead: Sequence[FloatArray], above: FloatArray) -> FloatArray | None:
    """Axes on which most signs of the direction ahead agree; None if they are balanced."""
    if not ahead:
        return None
    axis = int(np.argmax(np.abs(np.sum([np.abs(vector) for vector in ahead], axis=0))))
    balance = sum(float(np.sign(vector[axis])) for vector in ahead)
    if not balance:
        return None
    forward = np.zeros(3)
    forward[axis] = np.sign(balance)
    return np.array([forward, above, np.cross(forward, above)])


def feet_of_labels(recording: Recording, labels: BodyLabels) -> FloatArray:
    """Heel and forefoot of both feet (T, 2, 2, 3), left first; NaN where absent."""
    ends = [
        [label_mean(recording, by_foot[foot]) for by_foot in (labels.heels, labels.toes)]
        for foot in (0, 1)
    ]
    return np.array(ends).transpose(2, 0, 1, 3)


Verdict = Literal["sound", "mirrored", "exchanged", "undecided"]

OtherRecordings = Callable[[], Iterable[Recording]]
"""Function that reads the other recordings of a person."""


def verdict_on_sides(
    recording: Recording, labels: BodyLabels, other_recordings: OtherRecordings
) -> tuple[Verdict, BodySides | None]:
    """Decide whether a recording is mirrored or all its labels are exchanged.

    The person's other recordings are read only if every part of this one is on the other side.
    Correct ones decide by the distances between their labels: a mirror preserves them, an exchange
    gives each label those of its partner. If all are on the other side, force columns that name
    the other foot than the labels above them indicate exchanged labels; without force columns,
    wrong axes of an export are more probable than every single label being wrong.
    """
    sides = body_sides(recording, labels)
    if sides is None or not sides.other_side:
        return "sound", sides
    fits_mirror, fits_exchange, columns = 0, 0, [_force_columns_agree(recording, sides, labels)]
    for other in other_recordings():
        other_sides = body_sides(other, labels)
        if other_sides is None:
            continue
        if other_sides.other_side:
            columns.append(_force_columns_agree(other, other_sides, labels))
            continue
        labelled, exchanged = label_distances(recording, other, labels)
        fits_mirror += labelled < MAX_RESIDUAL_RATIO * exchanged
        fits_exchange += exchanged < MAX_RESIDUAL_RATIO * labelled
        if not (fits_mirror or fits_exchange):
            return "undecided", sides
    if fits_mirror or fits_exchange:
        return (
            "undecided"
            if fits_mirror and fits_exchange
            else "mirrored"
            if fits_mirror
            else "exchanged"
        ), sides
    if False in columns:
        return ("undecided" if True in columns else "exchanged"), sides
    return ("mirrored" if sides.whole_body or True in columns else "undecided"), sides


def _force_columns_agree(recording: Recording, sides: BodySides, labels: BodyLabels) -> bool | None:
    """Tell whether force columns name the feet as labels do; None if they name none."""
    forces = recording.forces
    if forces is None or not any(forces.feet):
        return None
    fits = plate_fits(forces, recording, sides.axes, feet_of_labels(recording, labels))
    nearby = [fit for fit in fits if np.isfinite(fit.distance)]
    return min(nearby, key=lambda fit: fit.distance).columns_agree if nearby else None


def label_distances(
    recording: Recording, reference: Recording, labels: BodyLabels
) -> tuple[float, float]:
    """Differences, m, of distances between labels of a part between two recordings.

    As labelled, and with left and right exchanged in ``recording``; medians over pairs of labels.
    """
    partner = partners([label for label in recording.labels if label in labels.sided], labels)
    paired = [
        label
        for label in recording.labels
        if label in partner and {label, partner[label]} <= {*reference.labels}
    ]
    labelled, exchanged = [], []
    for number, first in enumerate(paired):
        for second in paired[:number]:
            if labels.sided[first] != labels.sided[second]:
                continue
            distance = _distance(recording, first, second)
            labelled.append(abs(distance - _distance(reference, first, second)))
            exchanged.append(abs(distance - _distance(reference, partner[first], partner[second])))
    finite = np.isfinite(labelled) & np.isfinite(exchanged)
    if not finite.any():
        return float("nan"), float("nan")
    return float(np.median(np.array(labelled)[finite])), float(
        np.median(np.array(exchanged)[finite])
    )


def _distance(recording: Recording, first: str, second: str) -> float:
    """Median distance between two labels, m; NaN where they are never visible together."""
    a, b = (recording.positions[:, recording.labels.index(label)] for label in (first, second))
    distances = np.linalg.norm(a - b, axis=1)
    return float(np.nanmedian(distances)) if np.isfinite(distances).any() else float("nan")


def partners(worn: Sequence[str], labels: BodyLabels) -> dict[str, str]:
    """Map labels to those of the same site on the other side; unclear names are left out."""
    partner_of: dict[str, str] = {}
    for part in dict.fromkeys(labels.sided[label].part for label in worn):
        of_part = [label for label in worn if labels.sided[label].part == part]
        left, right = (
            {_stem(label): label for label in of_part if labels.sided[label].side == side}
            for side in SIDES
        )
        for stem in left.keys() & right.keys():
            partner_of |= {left[stem]: right[stem], right[stem]: left[stem]}
    return partner_of


def _stem(label: str) -> str:
    """Label without the letters and words that may name its side."""
    return re.sub("left|right|[lr]", "", label.lower())


def without_mirroring(recording: Recording, sides: BodySides, plates: FloatArray) -> Recording:
    """Mirror a recording across the sagittal plane, and its forces by the signs ``plates``."""
    mirror = sides.axes.T @ np.diag(LEFT_HANDED) @ sides.axes
    forces = recording.forces
    if forces is not None:
        forces = mirrored_forces(forces, sides.axes.T @ np.diag(LEFT_HANDED * plates) @ sides.axes)
    return replace(recording, positions=recording.positions @ mirror, forces=forces)


def plate_signs(
    recording: Recording, sides: BodySides, labels: BodyLabels
) -> tuple[FloatArray, list[PlateFit]]:
    """Signs (3,) that bring the plates beneath the feet as recorded, and all fits.

    Plates that pull down while their horizontal forces point from the feet to the pelvis differ
    from the markers by the sign of the vertical.
    """
    forces = recording.forces
    if forces is None:
        return np.ones(3), []
    fits = plate_fits(forces, recording, sides.axes, feet_of_labels(recording, labels))
    distances = [np.inf if np.isnan(fit.distance) else fit.distance for fit in fits]
    best = int(np.argmin(distances))
    if distances[0] <= MAX_FOOT_DISTANCE_M or not distances[best] < min(
        MAX_FOOT_DISTANCE_M, MAX_FIT_RATIO * distances[0]
    ):
        best = 0
    signs = PLATE_SIGNS[best].copy()
    if _vertical_negated(recording, sides, labels):
        signs[1] = -1.0
    return signs, fits


MAX_FIT_RATIO = 0.7
"""Ratio of distances from the feet below which mirrored plates fit better: 0.02 to 0.5 in mirrored
copies of 54 runs and walks."""


MIN_PELVIS_CORRELATION = 0.3
"""Correlation of horizontal forces with the vector from centre of pressure to pelvis: 0.64 to
0.95 in 53 of 54 walks and runs, -0.3 where a file holds the forces on the plates."""


def _vertical_negated(recording: Recording, sides: BodySides, labels: BodyLabels) -> bool:
    """Tell whether plates pull a body down while their other forces point to its pelvis."""
    forces = recording.forces
    pelvis = label_mean(recording, (*labels.front, *labels.back) or labels.hips) @ sides.axes.T
    if forces is None:
        return False
    force, cop = forces.wrench.force @ sides.axes.T, centres_of_pressure(forces, sides.axes)
    time = np.arange(len(pelvis)) / recording.rate
    sample = np.rint((time - forces.start) * forces.rate).astype(int)
    inside = (sample >= 0) & (sample < len(cop))
    arm = pelvis[inside, None] - cop[sample[inside]]
    finite = np.isfinite(arm).all(axis=2)
    loads, arm = force[sample[inside]][finite], arm[finite]
    if not loads[:, 1].sum() < 0.0:
        return False
    loads, arm = loads[:, [0, 2]], arm[:, [0, 2]]
    size = float(np.sqrt((loads**2).sum() * (arm**2).sum()))
    return bool((loads * arm).sum() > MIN_PELVIS_CORRELATION * size)


def with_resolved_sides(
    recording: Recording,
    trial: Trial,
    labels: BodyLabels,
    other_recordings: OtherRecordings,
    notes: Notes,
) -> Recording:
    """Convert a recording to right-handed coordinates; raise if its sides are undecided."""
    verdict, sides = verdict_on_sides(recording, labels, other_recordings)
    if sides is None:
        return recording
    if verdict == "sound":
        return (
            _with_plates_unmirrored(recording, sides, labels, notes)
            if _is_moving(trial)
            else recording
        )
    if "swap" in trial.fixes:
        text = f"left and right of all {sides.sided} sided labels are exchanged, as the sheet says."
        notes.add(LABELS_SWAPPED, "info", text, number=sides.sided)
        return with_all_exchanged(recording, labels)
    if verdict in ("undecided", "exchanged") and "mirror" not in trial.fixes:
        raise _undecided_error(sides, verdict, notes)
    signs = np.ones(3)
    if _is_moving(trial):
        signs, _ = plate_signs(recording, sides, labels)
    text = f"{_other_side_count(sides)}: the coordinates are mirrored (left-handed export)"
    notes.add(
        COORDINATES_MIRRORED,
        "warning",
        f"{text}. They are mirrored back across the sagittal plane"
        + ("." if recording.forces is None else ", markers and forces.")
        if (signs == 1.0).all()
        else f"{text}, those of the forces are not. The markers are mirrored back.",
        number=sides.wrong,
        fix="export in right-handed axes; if instead somebody exchanged left and right of all "
        "labels, write swap into the column fix of this trial in trials.tsv.",
    )
    return without_mirroring(recording, sides, signs)


def _is_moving(trial: Trial) -> bool:
    return trial.task != "static"


def _other_side_count(sides: BodySides) -> str:
    all_wrong = sides.wrong == sides.sided
    count = f"all {sides.sided}" if all_wrong else f"{sides.wrong} of {sides.sided}"
    return f"{count} sided labels are on the other side"


def _undecided_error(sides: BodySides, verdict: Verdict, notes: Notes) -> AqbioError:
    """Error that names both possibilities."""
    why = (
        "the force columns, or the distances between the labels in another trial, speak for "
        "exchanged labels"
        if verdict == "exchanged"
        else "the recordings do not decide which"
    )
    return AqbioError(
        f"{_other_side_count(sides)} of the body: either the coordinates are mirrored "
        f"(left-handed export), or left and right of all labels are exchanged; {why}.",
        file=notes.file,
        fix="write mirror (turns the coordinates back) or swap (exchanges the labels) into the "
        "column fix of this trial in trials.tsv.",
        rule=MIRRORED_OR_EXCHANGED,
    )


def _with_plates_unmirrored(
    recording: Recording, sides: BodySides, labels: BodyLabels, notes: Notes
) -> Recording:
    """Unmirror plates that are mirrored while the markers are correct."""
    signs, fits = plate_signs(recording, sides, labels)
    forces = recording.forces
    if forces is None or (signs == 1.0).all():
        return recording
    far, near = fits[0].distance, min(fit.distance for fit in fits)
    way = "across" if signs[2] < 0.0 else "along"
    notes.add(
        COORDINATES_MIRRORED,
        "warning",
        (
            "the plates pull down while their horizontal forces point from the feet to the pelvis"
            if signs[1] < 0.0
            else f"the centres of pressure are {far:.2f} m from the nearest foot, and {near:.2f} m "
            f"with the coordinates of the plates mirrored {way} the run"
        )
        + f", and {sides.sided - sides.wrong} of {sides.sided} sided labels are on their side: the "
        "forces are mirrored (left-handed export), the markers are not. The forces are mirrored "
        "back.",
        number=far,
        limit=MAX_FOOT_DISTANCE_M,
        unit="m",
        fix="export markers and forces in the same right-handed axes.",
        forces=True,
    )
    mirror = sides.axes.T @ np.diag(signs) @ sides.axes
    return replace(recording, forces=mirrored_forces(forces, mirror))


def with_all_exchanged(recording: Recording, labels: BodyLabels) -> Recording:
    """Exchange left and right of all labels, as the sheet of trials requests.

    A sided label without a partner cannot be renamed: it is not used.
    """
    worn = [label for label in recording.labels if label in labels.sided]
    partner = partners(worn, labels)
    order = [recording.labels.index(partner.get(label, label)) for label in recording.labels]
    unpaired = np.array(
        [label in labels.sided and label not in partner for label in recording.labels]
    )
    positions = np.where(unpaired[:, None], np.nan, recording.positions[:, order])
    return replace(recording, positions=positions)
