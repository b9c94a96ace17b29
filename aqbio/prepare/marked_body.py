"""Centre of mass and angular momentum of the body as its markers show them, before any model fit.

Segments are taken to be where the mean of their markers is. That displaces the centre of mass by
centimetres which hardly change while the body moves, so that its path is known far better than its
place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.config import MarkerSet
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray, cross

MIN_BODY_MASS_SHARE = 0.85
"""Share of the body's mass whose segments must be visible."""

MIN_GROUP_MASS_SHARE = 0.6
"""Share of the mass of every group of segments that must carry markers: an arm marked on upper arm
and hand does (65 %), one that is bare beyond the elbow (53 %) or a trunk without its own does not.
What is not marked may swing up while the rest falls."""

MIN_VISIBLE_SHARE = 0.8
"""A marker must be seen in this share of the frames; between them its path is interpolated."""

MAX_INTERPOLATED_S = 0.1
"""Longest gap of a marker over which a straight path is good for the whole body, s: a shank of 6 %
of the mass that swings at 50 m/s² leaves it by 60 mm, the centre of mass by 4. A leg that is hidden
for 0.4 s moved the centre of mass by 30 mm, as a flipped sign of the force does."""


@dataclass(frozen=True, slots=True)
class MarkedBody:
    """Motion of the whole body."""

    time: FloatArray
    """(T,) array, s."""
    com: FloatArray
    """(T, 3) array, m. Centre of mass."""
    spin: FloatArray
    """(T, 3) array, m²/s. Angular momentum about the centre of mass over the mass of the body: of
    the model's segments, whose shares of it are the person's, whatever the person weighs."""
    is_followed: BoolArray
    """(T,) array. False in gaps of a marker that are longer than `MAX_INTERPOLATED_S`."""


@dataclass(frozen=True, slots=True)
class SegmentMasses:
    """Mass of every segment of a model, and the groups that partition them."""

    mass: Mapping[str, float]
    """kg by segment."""
    groups: Mapping[str, Sequence[str]]
    body_kg: float = float("nan")
    """Mass of the person, kg, as sheet or model say; NaN where none does."""
    is_weighed: bool = True
    """False of the mass of a model, which may be another person's."""

    def carriers(self, labels: Sequence[str], marker_set: MarkerSet) -> IntArray:
        """Index (M,) of the segment that carries each marker; -1 for none."""
        index_of = {body: index for index, body in enumerate(self.mass)}
        body_of = {label: marker.body for label, marker in marker_set.markers.items()}
        indices = [index_of.get(body_of.get(label, ""), -1) for label in labels]
        return np.array(indices, dtype=np.int64)

    def are_sufficient(self, carriers: IntArray) -> bool:
        """Tell whether markers on segments (M,) represent enough of every group and of the body."""
        mass = np.array(list(self.mass.values()))
        marked = np.isin(np.arange(len(mass)), carriers)
        for members in self.groups.values():
            of_group = np.isin(list(self.mass), members)
            if (mass * of_group * marked).sum() < MIN_GROUP_MASS_SHARE * (mass * of_group).sum():
                return False
        return bool((mass * marked).sum() >= MIN_BODY_MASS_SHARE * mass.sum())

    def represented(self, segments: IntArray) -> FloatArray:
        """Mass (S,), kg, that each marked segment stands for: its own, and its share of its group.

        A shank without markers moves as its thigh and its foot do, not as the whole body does.
        """
        mass = np.array(list(self.mass.values()))
        marked = np.isin(np.arange(len(mass)), segments)
        total = mass.copy()
        for members in self.groups.values():
            of_group = np.isin(list(self.mass), members)
            if (of_group & marked).any():
                total[of_group] *= mass[of_group].sum() / mass[of_group & marked].sum()
        standing_for = total[segments]
        return np.asarray(standing_for * mass.sum() / standing_for.sum())


def marked_body(
    labels: Sequence[str],
    markers: FloatArray,
    rate: float,
    marker_set: MarkerSet,
    masses: SegmentMasses,
) -> MarkedBody | None:
    """Motion of the body by its markers (T, M, 3), m; None where they do not show all of it."""
    carriers = masses.carriers(labels, marker_set)
    visible = np.asarray(np.isfinite(markers).all(axis=2))
    seen = _seen_frames(visible)
    carriers = np.where(visible[seen].mean(axis=0) >= MIN_VISIBLE_SHARE, carriers, -1)
    if len(markers) < 3 or not masses.are_sufficient(carriers):
        return None
    mass = np.array(list(masses.mass.values()))
    is_followed = np.ones(len(markers), dtype=np.bool_)
    for column in np.flatnonzero(carriers >= 0):
        for start, stop in runs(~visible[:, column]):
            inside = start > 0 and stop < len(visible)
            is_followed[start:stop] &= inside and stop - start <= MAX_INTERPOLATED_S * rate
    segments = np.unique(carriers[carriers >= 0])
    frames = np.arange(len(markers))
    centres = np.empty((len(markers), len(segments), 3))
    for index, segment in enumerate(segments):
        paths = [
            np.stack(
                [np.interp(frames, frames[is_visible], path[is_visible]) for path in marker.T],
                axis=1,
            )
            for marker, is_visible in (
                (markers[:, column], visible[:, column])
                for column in np.flatnonzero(carriers == segment)
            )
        ]
        centres[:, index] = np.mean(paths, axis=0)
    share = masses.represented(segments)
    com = np.einsum("s,tsk->tk", share, centres) / mass.sum()
    offsets = centres - com[:, None]
    velocity = np.gradient(offsets, 1.0 / rate, axis=0)
    spin = np.einsum("s,tsk->tk", share, cross(offsets, velocity)) / mass.sum()
    return MarkedBody(frames / rate, com, spin, is_followed & ~_leaps(com, rate))


def _seen_frames(visible: BoolArray) -> slice:
    """Frames from the first to the last in which half of the markers (T, M) are seen that ever are.

    A body that enters and leaves the cameras' volume is not hidden before and after.
    """
    used = visible[:, visible.any(axis=0)]
    frames = np.flatnonzero(used.mean(axis=1) >= 0.5) if used.size else np.zeros(0, dtype=np.int64)
    return slice(int(frames[0]), int(frames[-1]) + 1) if len(frames) else slice(0, len(visible))


MAX_BODY_ACCELERATION_M_S2 = 150.0
"""Faster changes of the centre of mass are leaps of labels, m/s²: 15 body weights."""


def _leaps(com: FloatArray, rate: float) -> BoolArray:
    """Frames (T,) beside a leap of the centre of mass."""
    change = np.diff(com, n=2, axis=0) * rate**2
    leaps = np.linalg.norm(change, axis=1) > MAX_BODY_ACCELERATION_M_S2
    beside = np.zeros(len(com), dtype=np.bool_)
    for shift in range(3):
        beside[shift : shift + len(leaps)] |= leaps
    return beside
