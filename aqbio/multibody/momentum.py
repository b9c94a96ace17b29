"""Level A: linear and angular momentum of the segments, and their exact rates."""

from __future__ import annotations

from aqbio.multibody.kinematics import SegmentMotion
from aqbio.vectors import FloatArray, cross


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
    velocities vanishes, ``(v_i − v_p) × m_i (v_i − v_p) = 0``. Exact: nothing is differentiated
    numerically.
    """
    arm = motion.com - about[:, None]
    relative = motion.acceleration - about_acceleration[:, None]
    rate: FloatArray = motion.spin_rate + cross(arm, motion.mass[..., None] * relative)
    return rate
