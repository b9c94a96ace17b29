"""Momentum of segments and groups, its exact rate, and its derivatives.

Momentum is linear in ten parameters of each segment: its mass, its first moments and its inertia
about the *body origin*. Draws of uncertain body segment parameters thus reduce to one matrix
product. Source: Atkeson CG, An CH, Hollerbach JM (1986) Int J Robotics Res 5(3):101-119.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from aqbio.multibody.jacobians import (
    TENSOR_ENTRIES,
    TENSOR_INDICES,
    momenta,
    segment_parts,
    velocity_fields,
)
from aqbio.multibody.kinematics import SegmentKinematics, SegmentMotion
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


def centre_of_mass(motion: SegmentMotion) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Position, velocity and acceleration (T, 3) of the whole body's centre of mass, ground."""
    share = (motion.mass / motion.mass.sum(axis=-1, keepdims=True))[..., None]
    return (
        (share * motion.com).sum(axis=1),
        (share * motion.velocity).sum(axis=1),
        (share * motion.acceleration).sum(axis=1),
    )


def angular_momentum(
    motion: SegmentMotion, about: FloatArray, about_velocity: FloatArray
) -> FloatArray:
    """(T, B, 3) kg m²/s, ground: angular momentum of each segment about a moving point (T, 3).

    ``H_i = (c_i − p) × m_i (v_i − v_p) + I_i ω_i``. Always relative to the point's velocity: for
    the whole body about its centre of mass this makes no difference, for a part of it it does.
    """
    arm = motion.com - about[:, None]
    relative = motion.velocity - about_velocity[:, None]
    momentum: FloatArray = motion.spin + cross(arm, motion.mass[..., None] * relative)
    return momentum


def angular_momentum_rate(
    motion: SegmentMotion, about: FloatArray, about_acceleration: FloatArray
) -> FloatArray:
    """(T, B, 3) N m, ground: rate of each segment's angular momentum about a moving point (T, 3).

    ``dH_i/dt = (c_i − p) × m_i (a_i − a_p) + I_i α_i + ω_i × I_i ω_i``; the term with both
    velocities vanishes, ``(v_i − v_p) × m_i (v_i − v_p) = 0``. Exact, without numerical
    differentiation.
    """
    arm = motion.com - about[:, None]
    relative = motion.acceleration - about_acceleration[:, None]
    rate: FloatArray = motion.spin_rate + cross(arm, motion.mass[..., None] * relative)
    return rate


@dataclass(frozen=True, eq=False)
class MomentumJacobians:
    """Derivatives of the body's momentum P and angular momentum H about its centre of mass."""

    by_speed: FloatArray
    """(T, 6, N) array. A: by the speeds of N coordinates; rows P x, y, z, then H x,
    y, z."""
    by_coordinate: FloatArray
    """(T, 6, N) array. B: by the coordinates, at constant speeds."""


def momentum_jacobians(
    skeleton: Skeleton, kinematics: SegmentKinematics, coordinates: IntArray
) -> MomentumJacobians:
    """Derivatives of the whole body's momentum by N independent coordinates and their speeds.

    For all that lies beyond an axis, with mass m, first moment f and inertia J about c, momentum
    ``P' = Σ m v`` and ``L' = Σ (p − c) × m v + I ω``: ``∂P/∂θ' = m s + t × f``, ``∂H/∂θ' = f × s +
    J t``, ``∂P/∂θ = t × P' + m z + w × f`` and ``∂H/∂θ = t × L' + s × P' + f × z + J w − ∂c/∂θ ×
    P``, with w the rate of turning of the axis due to its carriers. An axis moves by θ(q): A gets
    θ_q, B gets θ_q and, times the speed, θ_qq of A. The rate of the momentum has the derivatives A
    by the accelerations, A' + B by the speeds and B' by the coordinates (primes: along the motion).
    Source: Orin DE, Goswami A, Lee SH (2013), Autonomous Robots 35, 161-176 (the matrix A).
    """
    axes = np.flatnonzero((coordinates[:, None] == skeleton.driver).any(axis=0))
    body = skeleton.axes.body[axes]
    parts, com, total = _parts(skeleton, kinematics)
    beyond = of_parts(combined(skeleton.lineage.T.astype(float), parts), body)
    mass, first = beyond[..., :1], beyond[..., 1:4]
    tensor = beyond[..., TENSOR_INDICES].reshape(*beyond.shape[:2], 3, 3)
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
    """Segments about the centre of mass (T, B, 16); that centre; total momentum."""
    rotation, omega = kinematics.rotation, kinematics.angular_velocity
    reach = rotate(rotation, skeleton.com)
    point = kinematics.origin + reach
    momentum = skeleton.mass[:, None] * (kinematics.velocity + cross(omega, reach))
    com = (skeleton.mass[:, None] * point).sum(axis=1) / skeleton.mass.sum()
    arm = np.asfortranarray(point - com[:, None])
    tensor = compose(compose(rotation, skeleton.inertia), transpose(rotation))
    parts = np.empty((*arm.shape[:2], 16), order="F")
    parts[..., :10] = segment_parts(skeleton, kinematics, com)
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
    speed = kinematics.axis_gradient * kinematics.u[:, skeleton.driver]
    carriers = (skeleton.precedes[:, axes] & skeleton.axes.is_rotation[:, None]).T.astype(float)
    swing = cross(combined(carriers, kinematics.axis_direction * speed[..., None]), direction)
    t, w = direction * turns, swing * turns
    shift = com[:, None] - of_parts(kinematics.joint_centre, body)
    s = direction - t + cross(t, shift)
    z = swing - w - cross(t, of_parts(velocity, body)) + cross(w, shift)
    return t, s, w, z


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
    momentum = momenta(fields.select(axis), parts)
    matrix = np.zeros((len(about), len(groups) * count, 6), order="F")
    matrix.T[:, column] = sums_of_runs(momentum.T, first, 1)
    return matrix.reshape(len(about), len(groups), count, 6).swapaxes(2, 3)


PARAMETERS = ("m", "mx", "my", "mz", "xx", "yy", "zz", "xy", "xz", "yz")
"""Mass (kg), first moments (kg m) and inertia about the body origin (kg m²), in body axes."""


@dataclass(frozen=True, slots=True)
class GroupMomenta:
    """Mass moments and momenta of parts of the body, for every draw of its inertia."""

    mass: FloatArray
    """(K, G) array, kg."""
    first: FloatArray
    """(K, T, G, 3) array, kg m: ``Σ m (c − o)`` with the reference point o."""
    linear: FloatArray
    angular: FloatArray
    linear_rate: FloatArray
    angular_rate: FloatArray
    """(K, T, G, 3) arrays each, kg m/s and kg m²/s, and their rates, N and N m; angular ones about
    the reference point, taken as fixed."""

    def parts(self, chosen: slice) -> GroupMomenta:
        """Select groups (views)."""
        return GroupMomenta(
            *(
                value[:, chosen] if value.ndim == 2 else value[:, :, chosen]
                for value in (getattr(self, field.name) for field in fields(self))
            )
        )


def momentum_regressor(kinematics: SegmentKinematics, about: FloatArray) -> FloatArray:
    """(T, B, 5, 3, 10): derivative of every segment's momenta about a point o by its `PARAMETERS`.

    Rows: first moment, linear momentum, angular momentum, and the rates of the last two.
    With the body origin at d from o, its velocity v and acceleration a, the first moment h and the
    inertia I about the body origin: ``Q = m d + h``, ``P = m v + ω × h``,
    ``L = d × P + h × v + I ω``, ``P' = m a + α × h + ω × (ω × h)`` and
    ``L' = d × P' + h × a + I α + ω × I ω``.
    """
    rotation, omega = kinematics.rotation, kinematics.angular_velocity
    alpha, velocity = kinematics.angular_acceleration, kinematics.velocity
    pull, arm = kinematics.acceleration, kinematics.origin - about[:, None]
    table = np.zeros((*omega.shape[:2], 5, 3, 10))
    table[..., 0, :, 0], table[..., 1, :, 0], table[..., 3, :, 0] = arm, velocity, pull
    for axis in range(3):
        column, h = 1 + axis, rotation[..., axis]
        swirl = cross(omega, h)
        table[..., 0, :, column], table[..., 1, :, column] = h, swirl
        table[..., 2, :, column] = cross(h, velocity)
        table[..., 3, :, column] = cross(alpha, h) + cross(omega, swirl)
        table[..., 4, :, column] = cross(h, pull)
    own_omega, own_alpha = rotate(transpose(rotation), omega), rotate(transpose(rotation), alpha)
    for entry, (row, column) in enumerate(TENSOR_ENTRIES):
        unit = np.zeros((3, 3))
        unit[row, column] = unit[column, row] = 1.0
        spin = rotate(unit, own_omega)
        turning = rotate(unit, own_alpha) + cross(own_omega, spin)
        table[..., 2, :, 4 + entry] = rotate(rotation, spin)
        table[..., 4, :, 4 + entry] = rotate(rotation, turning)
    for momentum, moment in ((1, 2), (3, 4)):
        for column in range(4):
            table[..., moment, :, column] += cross(arm, table[..., momentum, :, column])
    return table


def motion_momenta(motion: SegmentMotion, about: FloatArray, groups: FloatArray) -> GroupMomenta:
    """Momenta of groups (G, B) about a point (T, 3), from the motion of one draw."""
    mass, arm = motion.mass[..., None], motion.com - about[:, None]
    push, pull = mass * motion.velocity, mass * motion.acceleration
    segment_momenta = (
        mass * arm, push, cross(arm, push) + motion.spin,
        pull, cross(arm, pull) + motion.spin_rate,
    )  # fmt: skip
    first, linear, angular, linear_rate, angular_rate = (
        (groups @ values.T).T[None] for values in segment_momenta
    )
    total = np.atleast_2d(motion.mass) @ groups.T
    return GroupMomenta(total, first, linear, angular, linear_rate, angular_rate)


def group_momenta(
    regressor: FloatArray, parameters: FloatArray, groups: FloatArray
) -> GroupMomenta:
    """Momenta of groups (G, B), which may overlap, for K draws (K, B, 10) of inertia."""
    frames, bodies = regressor.shape[:2]
    draws = len(parameters)
    by_body = regressor.transpose(1, 0, 2, 3, 4).reshape(bodies, -1, 10)
    total = np.zeros((len(groups), draws, frames * 15))
    for body in range(bodies):
        body_momenta = parameters[:, body] @ by_body[body].T
        for group in np.flatnonzero(groups[:, body]):
            total[group] += groups[group, body] * body_momenta
    split = total.reshape(len(groups), draws, frames, 5, 3).transpose(3, 1, 2, 0, 4)
    first, linear, angular, linear_rate, angular_rate = split
    mass: FloatArray = parameters[..., 0] @ groups.T
    return GroupMomenta(mass, first, linear, angular, linear_rate, angular_rate)
