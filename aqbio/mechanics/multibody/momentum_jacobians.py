"""How the body's linear and angular momentum change with each speed and each coordinate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.multibody.inertia import momenta, point_masses, segment_parts
from aqbio.mechanics.multibody.jacobians import velocity_fields
from aqbio.mechanics.multibody.kinematics import SegmentKinematics
from aqbio.mechanics.multibody.poses import SegmentPoses
from aqbio.mechanics.multibody.skeleton import GROUND, Skeleton
from aqbio.mechanics.vectors import FloatArray, IntArray, compose, cross, rotate, transpose

_TENSOR = [4, 7, 8, 7, 5, 9, 8, 9, 6]
"""Rows of the inertia tensor among ten inertial parameters."""


@dataclass(frozen=True, eq=False)
class MomentumJacobians:
    """Derivatives of the momentum (P, H) of the whole body.

    P is the linear momentum, H the angular one about the body's own centre of mass.
    """

    by_speed: FloatArray
    """(T, 6, N) array. A: by the speeds of N coordinates, all else equal; rows P x, y, z, then H x,
    y, z."""
    by_coordinate: FloatArray
    """(T, 6, N) array. B: by the coordinates themselves, all speeds equal."""


def momentum_jacobians(
    skeleton: Skeleton, kinematics: SegmentKinematics, coordinates: IntArray
) -> MomentumJacobians:
    """Derivatives of the whole body's momentum by speeds and coordinates.

    Parameters
    ----------
    coordinates : (N,) int array
        Independent coordinates, ascending; what hangs on them by couplers is included.

    Notes
    -----
    For all that lies beyond an axis, with mass m, first moment f and inertia J about c, momentum
    ``P' = Σ m v`` and ``L' = Σ (p − c) × m v + I ω``:
    ``∂P/∂θ' = m s + t × f``, ``∂H/∂θ' = f × s + J t``,
    ``∂P/∂θ = t × P' + m z + w × f`` and
    ``∂H/∂θ = t × L' + s × P' + f × z + J w − ∂c/∂θ × P``, with w the turning of the axis by what
    carries it. An axis moves by θ(q): A gets θ_q, B gets θ_q and, times the speed, θ_qq of A.
    The rate of the momentum has the derivatives A by the accelerations, A' + B by the speeds and
    B' by the coordinates (primes: along the motion).

    References
    ----------
    Orin DE, Goswami A, Lee SH (2013), Autonomous Robots 35, 161-176 (the matrix A).
    """
    axes = np.flatnonzero(np.isin(skeleton.driver, coordinates))
    body = skeleton.axes.body[axes]
    parts, com, total = _parts(skeleton, kinematics)
    beyond_body = skeleton.lineage[:, body].astype(float)
    beyond = (beyond_body.T @ parts.T).T
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

    slope = kinematics.axis_gradient[:, axes, None]
    bend = kinematics.axis_curvature[:, axes] * kinematics.u[:, skeleton.driver[axes]]
    place = np.searchsorted(coordinates, skeleton.driver[axes])
    return MomentumJacobians(
        _by_coordinate(slope * by_rate, place, len(coordinates)),
        _by_coordinate(slope * by_amount + bend[..., None] * by_rate, place, len(coordinates)),
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
    direction = kinematics.axis_direction[:, axes]
    centre = kinematics.joint_centre[:, body]
    arm = kinematics.origin[:, body] - centre
    velocity = kinematics.velocity[:, body] - cross(kinematics.angular_velocity[:, body], arm)
    swing = cross(_carrying(skeleton, kinematics, axes), direction)
    t, w = direction * turns, swing * turns
    shift = com[:, None] - centre
    s = direction * ~turns + cross(t, shift)
    z = swing * ~turns - cross(t, velocity) + cross(w, shift)
    return t, s, w, z


def _carrying(skeleton: Skeleton, kinematics: SegmentKinematics, axes: IntArray) -> FloatArray:
    """Angular velocity of the frame that carries each axis, (T, N, 3)."""
    speed = kinematics.axis_gradient * kinematics.u[:, skeleton.driver]
    sweep = kinematics.axis_direction * speed[..., None]
    before = skeleton.axes.carriers[axes].astype(float)
    within: FloatArray = (before @ sweep.transpose(2, 1, 0)).transpose(2, 1, 0)
    parent = skeleton.parent[skeleton.axes.body[axes]]
    outside = kinematics.angular_velocity[:, parent] * (parent != GROUND)[:, None]
    carrying: FloatArray = outside + within
    return carrying


def _by_coordinate(values: FloatArray, place: IntArray, count: int) -> FloatArray:
    """Add up axes of the same coordinate: (T, N, 6) to (T, 6, count)."""
    summed = np.zeros((len(values), 6, count))
    for axis, column in enumerate(place):
        summed[:, :, column] += values[:, axis]
    return summed


def momentum_matrix(
    skeleton: Skeleton, poses: SegmentPoses, groups: FloatArray, about: FloatArray
) -> FloatArray:
    """Derivative of each group's momentum by the speeds.

    Parameters
    ----------
    groups : (G, B) array
        Sums segments into groups.
    about : (T, 3) array, m, ground
        Point of the angular momentum.

    Returns
    -------
    (T, G, 6, C) array
        Rows: angular momentum about the point x, y, z (kg m²/s per unit of speed), then linear
        momentum x, y, z. Zero columns for dependent coordinates.

    Notes
    -----
    A coordinate's field ``v(p) = s + t × (p − o)`` gives the segments of group G beyond its joint
    the momentum ``P = m s + t × f`` and ``L = f × s + J t``, with their mass m, first moment f and
    inertia J about o.

    References
    ----------
    Orin DE, Goswami A, Lee SH (2013), Autonomous Robots 35, 161-176.
    """
    fields = velocity_fields(skeleton, poses, about)
    parts = segment_parts(skeleton, poses, about)
    matrix = np.zeros((len(about), len(groups), 6, len(skeleton.coordinates)), order="F")
    for group, own in enumerate(groups):
        beyond = skeleton.lineage[:, fields.body].T * own
        moved = np.flatnonzero(beyond.any(axis=1))
        momentum = momenta(fields.some(moved), (beyond[moved] @ parts.T).T)
        for place, coordinate in enumerate(fields.coordinate[moved]):
            matrix[:, group, :, coordinate] += momentum[:, place]
    return matrix
