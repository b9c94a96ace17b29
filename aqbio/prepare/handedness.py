"""Sides of a body: which labels belong left and right, and on which side of it they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product, takewhile

import numpy as np

from aqbio.config import MarkerSet
from aqbio.io.recording import Recording
from aqbio.labels.by_name import SidedLandmark, landmark_table
from aqbio.labels.marker_set import landmarks_of
from aqbio.labels.motion import segment_of
from aqbio.names import SIDES
from aqbio.prepare.axes import (
    CLEAR_RATIO,
    MIN_TRAVEL_M,
    displacement,
    is_of_people,
    label_mean,
    mean_vector,
)
from aqbio.vectors import FloatArray, finite_means, finite_median

Limbs = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""Bodies of the left and the right limb from the trunk outwards, by limb."""

MIN_OTHER_SIDE_SHARE = 0.9
"""Share of the sided labels that must be on the other side, each part of the body as a whole too:
0 in JA1, Rajagopal's and Hamner's recordings, 0.98 to 1 in their mirrored copies."""

MIN_SIDE_M = 0.01
"""Smallest distance between the left and the right of a part that shows its side, m: the feet of
sprinters are at least 3 cm apart, on average over a run."""

MIN_AHEAD_M = 0.03
"""Distance of toes ahead of heels, of the front of the pelvis ahead of its back, and of bent knees
ahead of the line from hips to ankles, that shows the direction ahead, m."""

MIN_OFFSET_M = 0.03
"""Smallest sideways distance from its partner of a label on its correct side, m: the first
metatarsals of JA1's sprint are 2 cm on the wrong side of each other, as feet cross."""

UPPER_PARTS = ("pelvis", "torso", "head", "arm", "upper_arm", "forearm")
"""Legs alone are often exchanged; with one of these on the other side as well, a whole body is."""


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
        by_name = cls.of_landmarks(landmarks_of(marker_set))
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


def has_size_of_people(recording: Recording, labels: BodyLabels) -> bool:
    """Tell whether the markers of a recording may be on a person: not in another unit."""
    hips = label_mean(recording, (*labels.front, *labels.back) or labels.hips)
    feet = [
        label_mean(recording, (*heels, *toes))
        for heels, toes in zip(labels.heels, labels.toes, strict=True)
    ]
    return is_of_people(mean_vector(hips - 0.5 * (feet[0] + feet[1])))


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
    axes = body_axes(recording, labels)
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
        left, right = (finite_means(across[:, sides[side]], 1) for side in SIDES)
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
    wrong_count, sided_count = sum(offset < MIN_OFFSET_M for offset in offsets), len(offsets)
    return BodySides(axes, sided_count, wrong_count, parts) if parts else None


def body_axes(recording: Recording, labels: BodyLabels) -> FloatArray | None:
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


OtherRecordings = Callable[[], Iterable[Recording]]
"""Function that reads the other recordings of a person."""


def label_distances(recording: Recording, other: Recording, labels: BodyLabels) -> float:
    """Median difference, m, of distances between labels of a part between two recordings.

    NaN where both share none.
    """
    partner = partners([label for label in recording.labels if label in labels.sided], labels)
    worn = [
        label
        for label in recording.labels
        if label in partner and {label, partner[label]} <= {*other.labels}
    ]
    differences = [
        abs(_distance(recording, first, second) - _distance(other, first, second))
        for first, second in combinations(worn, 2)
        if labels.sided[first] == labels.sided[second]
    ]
    return finite_median(np.array(differences))


def _distance(recording: Recording, first: str, second: str) -> float:
    """Median distance between two labels, m; NaN where they are never visible together."""
    a, b = (recording.positions[:, recording.labels.index(label)] for label in (first, second))
    return finite_median(np.linalg.norm(a - b, axis=1))


def partners(worn: Sequence[str], labels: BodyLabels) -> dict[str, str]:
    """Map labels to those of the same site on the other side; unclear names are left out.

    Two labels of a part are partners if they differ in what labels of the two sides usually differ
    in, in whatever language: ``links`` and ``rechts``, ``G`` and ``D``.
    """
    by_site: dict[SidedLabel, list[str]] = {}
    for label in worn:
        by_site.setdefault(labels.sided[label], []).append(label)
    by_words: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for part in {site.part: None for site in by_site}:
        both = (by_site.get(SidedLabel(part, side), []) for side in SIDES)
        for left, right in product(*both):
            by_words.setdefault(_difference(left, right), []).append((left, right))
    partner_of: dict[str, str] = {}
    for pairs in sorted(by_words.values(), key=len, reverse=True):
        unpaired = [pair for pair in pairs if not {*pair} & partner_of.keys()]
        if len(unpaired) >= MIN_ALIKE_PAIRS:
            partner_of |= {a: b for pair in unpaired for a, b in (pair, pair[::-1])}
    return partner_of


MIN_ALIKE_PAIRS = 2
"""Pairs of labels of a set whose names differ alike: one pair may differ by chance."""


def _difference(first: str, second: str) -> tuple[str, str]:
    """Parts of two labels between their common beginning and their common end."""
    first, second = first.casefold(), second.casefold()
    start = _alike(first, second)
    end = _alike(first[start:][::-1], second[start:][::-1])
    return first[start : len(first) - end], second[start : len(second) - end]


def _alike(first: str, second: str) -> int:
    """Number of letters with which both begin."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    )


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
