"""Momentum of groups of segments as a linear function of the segments' inertia.

With ten parameters for each segment, its mass, its first moments and its inertia about the *body
origin*, momenta and generalised forces are linear: draws of uncertain body segment parameters are
one matrix product.

References
----------
Atkeson CG, An CH, Hollerbach JM (1986) Int J Robotics Res 5(3):101-119.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from aqbio.multibody.kinematics import SegmentKinematics, SegmentMotion
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, cross, rotate, transpose

PARAMETERS = ("m", "mx", "my", "mz", "xx", "yy", "zz", "xy", "xz", "yz")
"""Mass (kg), first moments (kg m) and inertia about the body origin (kg m²), in body axes."""

ENTRIES = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""Entries of the inertia tensor, as in `PARAMETERS`."""


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
    the reference point, as if it stood still."""

    def parts(self, chosen: slice) -> GroupMomenta:
        """The same for some of the groups (views)."""
        return GroupMomenta(
            *(
                value[:, chosen] if value.ndim == 2 else value[:, :, chosen]
                for value in (getattr(self, field.name) for field in fields(self))
            )
        )


def inertial_parameters(skeleton: Skeleton) -> FloatArray:
    """(B, 10): inertial parameters of every segment in the order of ``PARAMETERS``.

    Inertia about the body origin: ``I + m (c² 1 − c cᵀ)``, as tensor entries (``xy`` is the
    entry, not the positive product of inertia).
    """
    com, mass = skeleton.com, skeleton.mass
    square = (com**2).sum(axis=1)[:, None, None] * np.eye(3)
    shifted = mass[:, None, None] * (square - com[:, :, None] * com[:, None, :])
    tensor = skeleton.inertia + shifted
    entries = np.stack([tensor[:, row, column] for row, column in ENTRIES], axis=1)
    return np.concatenate([mass[:, None], mass[:, None] * com, entries], axis=1)


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
    for place, (row, column) in enumerate(ENTRIES):
        unit = np.zeros((3, 3))
        unit[row, column] = unit[column, row] = 1.0
        spin = rotate(unit, own_omega)
        turning = rotate(unit, own_alpha) + cross(own_omega, spin)
        table[..., 2, :, 4 + place] = rotate(rotation, spin)
        table[..., 4, :, 4 + place] = rotate(rotation, turning)
    for momentum, moment in ((1, 2), (3, 4)):
        for column in range(4):
            table[..., moment, :, column] += cross(arm, table[..., momentum, :, column])
    return table


def motion_momenta(motion: SegmentMotion, about: FloatArray, groups: FloatArray) -> GroupMomenta:
    """Momenta of groups (G, B) about a point (T, 3), from the motion of one draw."""
    mass, arm = motion.mass[..., None], motion.com - about[:, None]
    push, pull = mass * motion.velocity, mass * motion.acceleration
    every = (
        mass * arm, push, cross(arm, push) + motion.spin,
        pull, cross(arm, pull) + motion.spin_rate,
    )  # fmt: skip
    first, linear, angular, linear_rate, angular_rate = ((groups @ one.T).T[None] for one in every)
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
        own = parameters[:, body] @ by_body[body].T
        for group in np.flatnonzero(groups[:, body]):
            total[group] += groups[group, body] * own
    split = total.reshape(len(groups), draws, frames, 5, 3).transpose(3, 1, 2, 0, 4)
    first, linear, angular, linear_rate, angular_rate = split
    mass: FloatArray = parameters[..., 0] @ groups.T
    return GroupMomenta(mass, first, linear, angular, linear_rate, angular_rate)
