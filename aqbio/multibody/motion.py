"""Tracked markers, the motion of coordinates, and equivalent Euler angles.

A hip at (flexion, adduction, rotation) = (10°, 5°, 0°) is also at (190°, 175°, 180°). Inverse
kinematics may find either; the desired angles are near a given pose and do not jump.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.multibody.skeleton import FIXED, Skeleton
from aqbio.signals import quintic_spline
from aqbio.vectors import BoolArray, FloatArray

FULL_TURN = 2.0 * np.pi
"""One revolution, rad."""


def periodic(skeleton: Skeleton) -> BoolArray:
    """(C,) bool: coordinates for which a full turn gives the same pose."""
    axes, functions = skeleton.axes, skeleton.axes.functions
    slope = functions.coefficients[:, 0, 1]
    plain = axes.is_rotation & ~functions.curved & (np.abs(slope) == 1.0)
    is_periodic = np.zeros(len(skeleton.coordinates), dtype=bool)
    is_periodic[axes.coordinate[axes.coordinate != FIXED]] = True
    is_periodic[axes.coordinate[~plain & (axes.coordinate != FIXED)]] = False
    is_periodic[skeleton.couplers.dependent] = False
    is_periodic[skeleton.couplers.independent] = False
    return is_periodic


def triples(skeleton: Skeleton) -> list[tuple[int, int, int]]:
    """Coordinates of joints with three mutually perpendicular rotation axes."""
    is_periodic, axes = periodic(skeleton), skeleton.axes
    euler_triples = []
    for rotations in skeleton.rotations:
        coordinates = axes.coordinate[list(rotations)]
        if (
            len(coordinates) != 3
            or len(set(coordinates)) != 3
            or FIXED in coordinates
            or not is_periodic[coordinates].all()
        ):
            continue
        directions = axes.direction[list(rotations)]
        independent = all((axes.coordinate == coordinate).sum() == 1 for coordinate in coordinates)
        if independent and np.allclose(directions @ directions.T, np.eye(3), atol=1e-9):
            euler_triples.append((int(coordinates[0]), int(coordinates[1]), int(coordinates[2])))
    return euler_triples


def alternative_angles(
    skeleton: Skeleton, q: FloatArray, triple: tuple[int, int, int]
) -> FloatArray:
    """(T, 3) rad: alternative Euler angles of the same pose, ``R₁(α + π) R₂(π − β) R₃(γ + π)``."""
    axis = int(np.flatnonzero(skeleton.axes.coordinate == triple[1])[0])
    intercept, slope = skeleton.axes.functions.coefficients[axis, 0, :2]
    shift = skeleton.axes.functions.origins[axis, 0]
    # β = intercept + slope (q − shift) with a slope of ±1, and β' = π − β
    mirrored = slope * (np.pi - 2.0 * intercept) + 2.0 * shift - q[:, triple[1]]
    return np.stack([q[:, triple[0]] + np.pi, mirrored, q[:, triple[2]] + np.pi], axis=1)


def nearest_angles(skeleton: Skeleton, q: FloatArray, pose: FloatArray) -> FloatArray:
    """Convert poses (T, C) to the equivalent angles nearest to a given pose (C,)."""
    nearest = q.copy()
    for triple in triples(skeleton):
        columns, alternative = list(triple), alternative_angles(skeleton, q, triple)
        distance_alternative, distance = (
            _squared_distance(alternative - pose[columns]),
            _squared_distance(q[:, columns] - pose[columns]),
        )
        nearest[:, columns] = np.where(
            (distance_alternative < distance)[:, None], alternative, q[:, columns]
        )
    is_periodic = periodic(skeleton)
    nearest[:, is_periodic] -= FULL_TURN * np.round((nearest - pose)[:, is_periodic] / FULL_TURN)
    return nearest


def continuous(skeleton: Skeleton, q: FloatArray, pose: FloatArray) -> FloatArray:
    """Convert poses (T, C) to angles without jumps, the first ones nearest to a given pose."""
    if not len(q):
        return q
    smooth = q.copy()
    smooth[:1] = nearest_angles(skeleton, q[:1], pose)
    for triple in triples(skeleton):
        columns = list(triple)
        before = q[:-1][:, columns].copy()
        before[:1] = smooth[0, columns]
        after, alternative = q[1:][:, columns], alternative_angles(skeleton, q[1:], triple)
        # distances are the same after a flip, so flips accumulate along the frames
        crossed = _squared_distance(alternative - before) < _squared_distance(after - before)
        flip = np.cumsum(crossed) % 2 == 1
        smooth[1:, columns] = np.where(flip[:, None], alternative, after)
    return without_turns(skeleton, smooth, pose)


def without_turns(skeleton: Skeleton, q: FloatArray, pose: FloatArray) -> FloatArray:
    """Remove jumps of full turns from angles (T, C) and bring the trial near a pose.

    After passing through gimbal lock, a joint's angles may be off by a full turn (-374 degrees for
    -14). Coordinates that are NaN in any frame stay unchanged.
    """
    unwrapped, columns = q.copy(), np.flatnonzero(periodic(skeleton) & np.isfinite(q).all(axis=0))
    angles = np.unwrap(q[:, columns], axis=0)
    turns = np.round((np.median(angles, axis=0) - pose[columns]) / FULL_TURN)
    unwrapped[:, columns] = angles - FULL_TURN * turns
    return unwrapped


def _squared_distance(angles: FloatArray) -> FloatArray:
    """Sum of squares of angles modulo full turns, (T,)."""
    total: FloatArray = ((angles - FULL_TURN * np.round(angles / FULL_TURN)) ** 2).sum(axis=1)
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
        """Frame number as in the capture software, and its time: ``frame 128, 0.508 s``."""
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
    """Fill in dependent ones: ``y = f(x)``, ``ẏ = f' ẋ`` and ``ÿ = f' ẍ + f'' ẋ²``."""
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
    """(T, C): add forces of dependent coordinates to those of the independent ones.

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
