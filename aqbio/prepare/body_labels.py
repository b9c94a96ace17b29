"""Sides that labels name, parts of the body, and labels of the same site on both sides."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product, takewhile

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
from aqbio.vectors import FloatArray

Limbs = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""Bodies of the left and the right limb from the trunk outwards, by limb."""

Pair = tuple[int, int]
"""Columns of two labels that may be exchanged."""

MIN_AHEAD_M = 0.03
"""Distance of toes ahead of heels, of the front of the pelvis ahead of its back, and of bent knees
ahead of the line from hips to ankles, that shows the direction ahead, m."""

MIN_ALIKE_PAIRS = 2
"""Pairs of labels of a set whose names differ alike: one pair may differ by chance."""

FOREFOOT_LANDMARKS = ("toe", "mt1", "mt2", "mt5")


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


def has_size_of_people(recording: Recording, labels: BodyLabels) -> bool:
    """Tell whether the markers of a recording may be on a person: not in another unit."""
    hips = label_mean(recording, (*labels.front, *labels.back) or labels.hips)
    feet = [
        label_mean(recording, (*heels, *toes))
        for heels, toes in zip(labels.heels, labels.toes, strict=True)
    ]
    return is_of_people(mean_vector(hips - 0.5 * (feet[0] + feet[1])))


def partners(worn: Sequence[str], labels: BodyLabels) -> dict[str, str]:
    """Map labels to those of the same site on the other side; unclear names are left out.

    Two labels of a part are partners if they differ in what labels of the two sides usually differ
    in: ``Left`` and ``Right``, ``L`` and ``R``.
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


@dataclass(frozen=True, slots=True)
class Part:
    """Part of the body and its columns on both sides."""

    name: str
    """Limb or part of the trunk; of a limb with the number of the part from the trunk outwards."""
    left: tuple[int, ...]
    right: tuple[int, ...]
    pairs: tuple[Pair, ...] = ()
    """Columns of the same site, left and right."""

    @property
    def limb(self) -> str:
        """Name of the limb, or of the part of the trunk."""
        return self.name.partition(" ")[0]

    @property
    def is_beside_trunk(self) -> bool:
        """Tell whether it belongs to the trunk or is the first of a limb."""
        return self.name.partition(" ")[2] in ("", "0")

    @property
    def columns(self) -> frozenset[int]:
        """Columns of both sides."""
        return frozenset((*self.left, *self.right))


def parts_of(recording: Recording, marker_set: MarkerSet, body: BodyLabels) -> list[Part]:
    """Parts of the body that labels show, those of a limb from the trunk outwards.

    Toes belong to their foot.
    """
    worn = [x for x in recording.labels if x in body.sided and x in marker_set.markers]
    part_of = {label: body.sided[label].part for label in worn}
    for side in SIDES:
        foot = getattr(marker_set.feet, side)
        toe_parts = {part_of[toe] for toe in foot.toe if toe in part_of and foot.heel in part_of}
        part_of |= {x: part_of[foot.heel] for x in worn if part_of[x] in toe_parts}
    column_of = {label: recording.labels.index(label) for label in worn}
    partner_of = partners(worn, body)
    parts = []
    for name in sorted({*part_of.values()}):
        labels = [
            [x for x in worn if part_of[x] == name and body.sided[x].side == side] for side in SIDES
        ]
        pairs = [(column_of[x], column_of[partner_of[x]]) for x in labels[0] if x in partner_of]
        left, right = (tuple(column_of[x] for x in of_side) for of_side in labels)
        parts.append(Part(name, left, right, tuple(pairs)))
    return parts


def chains_of(parts: Sequence[Part], limbs: Collection[str]) -> dict[str, list[Part]]:
    """Parts of some limbs and of parts of the trunk that have labels on both sides."""
    chains: dict[str, list[Part]] = {}
    for part in parts:
        if part.left and part.right and part.limb in limbs:
            chains.setdefault(part.limb, []).append(part)
    return chains


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
