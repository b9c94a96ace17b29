"""Markers that inverse kinematics follows, the motion of coordinates, and equivalent angles.

A hip at (flexion, adduction, rotation) = (10°, 5°, 0°) is also at (190°, 175°, 180°). Inverse
kinematics may find either; the angles that are meant are near a given pose and do not jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.multibody.skeleton import FIXED, Skeleton
from aqbio.signals import quintic_spline
from aqbio.vectors import BoolArray, FloatArray

TURN = 2.0 * np.pi


def periodic(skeleton: Skeleton) -> BoolArray:
    """(C,) bool: coordinates that a whole turn brings back to the same pose."""
    axes, functions = skeleton.axes, skeleton.axes.functions
    slope = functions.coefficients[:, 0, 1]
    plain = axes.is_rotation & ~functions.curved & (np.abs(slope) == 1.0)
    whole = np.zeros(len(skeleton.coordinates), dtype=bool)
    whole[axes.coordinate[axes.coordinate != FIXED]] = True
    whole[axes.coordinate[~plain & (axes.coordinate != FIXED)]] = False
    whole[skeleton.couplers.dependent] = False
    whole[skeleton.couplers.independent] = False
    return whole


def triples(skeleton: Skeleton) -> list[tuple[int, int, int]]:
    """Coordinates of joints that turn about three axes, each perpendicular to the others."""
    whole, axes = periodic(skeleton), skeleton.axes
    euler_triples = []
    for rotations in skeleton.rotations:
        own = axes.coordinate[list(rotations)]
        if len(own) != 3 or len(set(own)) != 3 or FIXED in own or not whole[own].all():
            continue
        directions = axes.direction[list(rotations)]
        independent = all((axes.coordinate == coordinate).sum() == 1 for coordinate in own)
        if independent and np.allclose(directions @ directions.T, np.eye(3), atol=1e-9):
            euler_triples.append((int(own[0]), int(own[1]), int(own[2])))
    return euler_triples


def flipped(skeleton: Skeleton, q: FloatArray, triple: tuple[int, int, int]) -> FloatArray:
    """(T, 3) rad: the other Euler angles of the same pose, ``R₁(α + π) R₂(π − β) R₃(γ + π)``."""
    axis = int(np.flatnonzero(skeleton.axes.coordinate == triple[1])[0])
    intercept, slope = skeleton.axes.functions.coefficients[axis, 0, :2]
    shift = skeleton.axes.functions.origins[axis, 0]
    # β = intercept + slope (q − shift) with a slope of ±1, and β' = π − β
    mirrored = slope * (np.pi - 2.0 * intercept) + 2.0 * shift - q[:, triple[1]]
    return np.stack([q[:, triple[0]] + np.pi, mirrored, q[:, triple[2]] + np.pi], axis=1)


def near(skeleton: Skeleton, q: FloatArray, pose: FloatArray) -> FloatArray:
    """Poses (T, C) in the angles nearest to those of a given pose (C,)."""
    nearest = q.copy()
    for triple in triples(skeleton):
        columns, other = list(triple), flipped(skeleton, q, triple)
        there, here = _away(other - pose[columns]), _away(q[:, columns] - pose[columns])
        nearest[:, columns] = np.where((there < here)[:, None], other, q[:, columns])
    whole = periodic(skeleton)
    nearest[:, whole] -= TURN * np.round((nearest - pose)[:, whole] / TURN)
    return nearest


def continuous(skeleton: Skeleton, q: FloatArray, pose: FloatArray) -> FloatArray:
    """Poses (T, C) in angles that do not jump, the first ones near a given pose."""
    if not len(q):
        return q
    smooth = q.copy()
    smooth[:1] = near(skeleton, q[:1], pose)
    for triple in triples(skeleton):
        columns = list(triple)
        before = q[:-1][:, columns].copy()
        before[:1] = smooth[0, columns]
        after, other = q[1:][:, columns], flipped(skeleton, q[1:], triple)
        # a flip keeps distances: whether to flip a frame adds up along the frames
        crossed = _away(other - before) < _away(after - before)
        flip = np.cumsum(crossed) % 2 == 1
        smooth[1:, columns] = np.where(flip[:, None], other, after)
    return without_turns(skeleton, smooth, pose)


def without_turns(skeleton: Skeleton, q: FloatArray, pose: FloatArray) -> FloatArray:
    """Angles (T, C) without jumps of a turn, over a trial within half a turn of a pose.

    Where a joint passes the angles at which two of its axes fall together, it may come out of them
    a whole turn away (-374 degrees for -14). Coordinates that are NaN in any frame stay as they
    are.
    """
    unwrapped, columns = q.copy(), np.flatnonzero(periodic(skeleton) & np.isfinite(q).all(axis=0))
    angles = np.unwrap(q[:, columns], axis=0)
    turns = np.round((np.median(angles, axis=0) - pose[columns]) / TURN)
    unwrapped[:, columns] = angles - TURN * turns
    return unwrapped


def _away(angles: FloatArray) -> FloatArray:
    """Sum of squares of angles without their whole turns, (T,)."""
    total: FloatArray = ((angles - TURN * np.round(angles / TURN)) ** 2).sum(axis=1)
    return total


@dataclass(frozen=True, slots=True)
class TrackedMarkers:
    """Markers that inverse kinematics follows."""

    time: FloatArray
    """(T,) array, s."""
    names: tuple[str, ...]
    """tuple of K names. Names of the markers on the model."""
    positions: FloatArray
    """(T, K, 3) array, m. Ground frame; NaN where a marker is missing."""
    weights: FloatArray
    """(K,) array."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same frames and markers."""
        expected = (len(self.time), len(self.names), 3)
        if self.positions.shape != expected:
            raise ValueError(f"positions have shape {self.positions.shape}, expected {expected}.")
        if self.weights.shape != expected[1:2]:
            raise ValueError(f"weights have shape {self.weights.shape}, expected {expected[1:2]}.")

    def instant(self, frame: int) -> str:
        """A frame as the capture software counts it, and its time: ``frame 128, 0.508 s``."""
        time = float(self.time[frame])
        number = round(time / float(self.time[1] - self.time[0])) + 1 if len(self.time) > 1 else 1
        return f"frame {number}, {time:.3f} s"


@dataclass(frozen=True, slots=True)
class Motion:
    """Motion of all coordinates of a model."""

    q: FloatArray
    u: FloatArray
    udot: FloatArray
    """q, u, udot: (T, C) arrays, rad or m, per s, per s²."""

    def __post_init__(self) -> None:
        """Refuse arrays of different shapes."""
        if not self.q.shape == self.u.shape == self.udot.shape:
            raise ValueError(
                f"q, u and udot have shapes {self.q.shape}, {self.u.shape} and {self.udot.shape}."
            )


def spline_motion(skeleton: Skeleton, time: FloatArray, q: FloatArray) -> Motion:
    """Speeds and accelerations from one quintic spline through the coordinates.

    Dependent coordinates follow from their couplers by the chain rule, not from a spline of their
    own, so that they obey the coupler exactly at every sample.

    Parameters
    ----------
    time : (T,) array, s
    q : (T, C) array, rad or m
    """
    spline = quintic_spline(time, q)
    return with_dependent(
        skeleton, Motion(q, spline.derivative(1)(time), spline.derivative(2)(time))
    )


def with_dependent(skeleton: Skeleton, motion: Motion) -> Motion:
    """A motion with dependent coordinates: ``y = f(x)``, ``ẏ = f' ẋ`` and ``ÿ = f' ẍ + f'' ẋ²``."""
    couplers = skeleton.couplers
    if not len(couplers.dependent):
        return motion
    q, u, udot = motion.q.copy(), motion.u.copy(), motion.udot.copy()
    x, independent = couplers.dependent, couplers.independent
    q[:, x], slope, curvature = couplers.functions.values(q[:, independent])
    speed = u[:, independent]
    u[:, x] = slope * speed
    udot[:, x] = slope * udot[:, independent] + curvature * speed**2
    return Motion(q, u, udot)


def folded_forces(skeleton: Skeleton, q: FloatArray, forces: FloatArray) -> FloatArray:
    """(T, C): forces with those of dependent coordinates added to the independent ones.

    Virtual work: a coordinate ``y = f(x)`` adds ``f' τ_y`` to ``τ_x``. Zero for dependent ones.
    """
    folded = forces.copy()
    couplers = skeleton.couplers
    if len(couplers.dependent):
        slope = couplers.functions.values(q[:, couplers.independent])[1]
        work = slope * forces[:, couplers.dependent]
        for column, independent in enumerate(couplers.independent):
            folded[:, independent] += work[:, column]
        folded[:, couplers.dependent] = 0.0
    return folded
