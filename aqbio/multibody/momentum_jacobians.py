"""How the body's linear and angular momentum change with each speed and each coordinate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.multibody.inertia import momenta, point_masses, segment_parts
from aqbio.multibody.jacobians import velocity_fields
from aqbio.multibody.kinematics import SegmentKinematics
from aqbio.multibody.poses import SegmentPoses
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import (
    FloatArray,
    IntArray,
    combined,
    compose,
    cross,
    of_parts,
    rotate,
    sums_of_runs,
    transpose,
)

_TENSOR = [4, 7, 8, 7, 5, 9, 8, 9, 6]
"""Rows of the inertia tensor among ten inertial parameters."""


@dataclass(frozen=True, eq=False)
class MomentumJacobians:
    """Derivatives of the body's momentum P and angular momentum H about its centre of mass."""

    by_speed: FloatArray
    """(T, 6, N) array. A: by the speeds of N coordinates, all else equal; rows P x, y, z, then H x,
    y, z."""
    by_coordinate: FloatArray
    """(T, 6, N) array. B: by the coordinates themselves, all speeds equal."""


def momentum_jacobians(
    skeleton: Skeleton, kinematics: SegmentKinematics, coordinates: IntArray
) -> MomentumJacobians:
    """Derivatives of the whole body's momentum by N independent coordinates and their speeds.

    For all that lies beyond an axis, with mass m, first moment f and inertia J about c, momentum
    ``P' = Σ m v`` and ``L' = Σ (p − c) × m v + I ω``:
    ``∂P/∂θ' = m s + t × f``, ``∂H/∂θ' = f × s + J t``,
    ``∂P/∂θ = t × P' + m z + w × f`` and
    ``∂H/∂θ = t × L' + s × P' + f × z + J w − ∂c/∂θ × P``, with w the turning of the axis by what
    carries it. An axis moves by θ(q): A gets θ_q, B gets θ_q and, times the speed, θ_qq of A.
    The rate of the momentum has the derivatives A by the accelerations, A' + B by the speeds and
    B' by the coordinates (primes: along the motion).
    Source: Orin DE, Goswami A, Lee SH (2013), Autonomous Robots 35, 161-176 (the matrix A).
    """
    axes = np.flatnonzero((coordinates[:, None] == skeleton.driver).any(axis=0))
    body = skeleton.axes.body[axes]
    parts, com, total = _parts(skeleton, kinematics)
    beyond = of_parts(combined(skeleton.lineage.T.astype(float), parts), body)
    mass, first = beyond[..., :1], beyond[..., 1:4]
    tensor = beyond[..., _TENSOR].reshape(*beyond.shape[:2], 3, 3)
    linear, angular = beyond[..., 10:13], beyond[..., 13:16]
    t, s, w, z = _fields(skeleton, kinematics, axes, com)

    by_rate = np.empty((*beyond.shape[:2], 6), order="F")
    by_amount = np.empty_like(by_rate)
    by_rate[..., :3] = mass * s + cross(t, first)
    by_rate[..., 3:] = cross(first, s) + rotate(tensor, t)
    by_amount[..., :3] = cross(t, linear) + mass * z + cross(w, first)
    by_amount[..., 3:] = cross(t, angular) + cross(s, linear)
    by_amount[..., 3:] += cross(first, z) + rotate(tensor, w)
    by_amount[..., 3:] -= cross(by_rate[..., :3], total[:, None] / skeleton.mass.sum())

    driver = skeleton.driver[axes]
    slope = kinematics.axis_gradient[:, axes, None]
    bend = kinematics.axis_curvature[:, axes] * kinematics.u[:, driver]
    drives = (coordinates[:, None] == driver).astype(float)
    by_speed = combined(drives, slope * by_rate)
    by_coordinate = combined(drives, slope * by_amount + bend[..., None] * by_rate)
    return MomentumJacobians(
        *(np.ascontiguousarray(transpose(by)) for by in (by_speed, by_coordinate))
    )


def _parts(
    skeleton: Skeleton, kinematics: SegmentKinematics
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Segments about the centre of mass (T, B, 16); that centre, and the total momentum."""
    rotation, omega = kinematics.rotation, kinematics.angular_velocity
    reach = rotate(rotation, skeleton.com)
    point = kinematics.origin + reach
    momentum = skeleton.mass[:, None] * (kinematics.velocity + cross(omega, reach))
    com = (skeleton.mass[:, None] * point).sum(axis=1) / skeleton.mass.sum()
    arm = np.asfortranarray(point - com[:, None])
    tensor = compose(compose(rotation, skeleton.inertia), transpose(rotation))
    parts = np.empty((*arm.shape[:2], 16), order="F")
    parts[..., :10] = point_masses(np.broadcast_to(skeleton.mass, arm.shape[:2]), arm)
    for place, (row, column) in enumerate(((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))):
        parts[..., 4 + place] += tensor[..., row, column]
    parts[..., 10:13] = momentum
    parts[..., 13:16] = cross(arm, momentum) + rotate(tensor, omega)
    return parts, com, momentum.sum(axis=1)


def _fields(
    skeleton: Skeleton, kinematics: SegmentKinematics, axes: IntArray, com: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Rigid fields t, s, w, z about the centre of mass c when one axis moves at the unit rate.

    Points move by ``s + t × (p − c)``, velocities by ``t × v + z + w × (p − c)``.
    """
    body = skeleton.axes.body[axes]
    turns = skeleton.axes.is_rotation[axes][:, None]
    direction = of_parts(kinematics.axis_direction, axes)
    arm = kinematics.origin - kinematics.joint_centre
    velocity = kinematics.velocity - cross(kinematics.angular_velocity, arm)  # of joint centres
    swing = cross(_carrying(skeleton, kinematics, axes), direction)
    t, w = direction * turns, swing * turns
    shift = com[:, None] - of_parts(kinematics.joint_centre, body)
    s = direction - t + cross(t, shift)
    z = swing - w - cross(t, of_parts(velocity, body)) + cross(w, shift)
    return t, s, w, z


def _carrying(skeleton: Skeleton, kinematics: SegmentKinematics, axes: IntArray) -> FloatArray:
    """Angular velocity of the frame that carries each axis, (T, N, 3)."""
    speed = kinematics.axis_gradient * kinematics.u[:, skeleton.driver]
    carriers = skeleton.precedes[:, axes] & skeleton.axes.is_rotation[:, None]
    return combined(carriers.T.astype(float), kinematics.axis_direction * speed[..., None])


def momentum_matrix(
    skeleton: Skeleton, poses: SegmentPoses, groups: FloatArray, about: FloatArray
) -> FloatArray:
    """(T, G, 6, C): derivative of each group's angular and linear momentum by the speeds.

    A coordinate's field ``v(p) = s + t × (p − o)`` gives the segments of group G beyond its joint
    the momentum ``P = m s + t × f`` and ``L = f × s + J t``, with their mass m, first moment f and
    inertia J about o. Groups (G, B) sum segments; zero columns for dependent coordinates.
    Source: Orin DE, Goswami A, Lee SH (2013), Autonomous Robots 35, 161-176.
    """
    fields = velocity_fields(skeleton, poses, about)
    beyond = (groups[:, None] * skeleton.lineage[:, fields.body].T).reshape(-1, groups.shape[1])
    moved = np.flatnonzero(beyond.any(axis=1))
    group, axis = np.divmod(moved, len(fields.axis))
    parts = combined(beyond[moved], segment_parts(skeleton, poses, about))
    count = len(skeleton.coordinates)
    column, first = np.unique(group * count + fields.coordinate[axis], return_index=True)
    momentum = momenta(fields.some(axis), parts)
    matrix = np.zeros((len(about), len(groups) * count, 6), order="F")
    matrix.T[:, column] = sums_of_runs(momentum.T, first, 1)
    return matrix.reshape(len(about), len(groups), count, 6).swapaxes(2, 3)
