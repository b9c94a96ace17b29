"""Level A: linear and angular momentum of the segments, and their exact rates."""

from __future__ import annotations

from aqbio.multibody.kinematics import SegmentMotion
from aqbio.vectors import FloatArray, cross


def centre_of_mass(motion: SegmentMotion) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Position, velocity and acceleration of the whole body's centre of mass.

    Returns
    -------
    com, velocity, acceleration : (T, 3) arrays, m, m/s and m/s², ground
    """
    share = (motion.mass / motion.mass.sum(axis=-1, keepdims=True))[..., None]
    return (
        (share * motion.com).sum(axis=1),
        (share * motion.velocity).sum(axis=1),
        (share * motion.acceleration).sum(axis=1),
    )


def angular_momentum(
    motion: SegmentMotion, about: FloatArray, about_velocity: FloatArray
) -> FloatArray:
    """Angular momentum of each segment about a moving point.

    Parameters
    ----------
    about, about_velocity : (T, 3) arrays, m and m/s, ground
        The point; for the whole-body balance its centre of mass.

    Returns
    -------
    (T, B, 3) array, kg m²/s, ground
        Summed over segments, the whole body's.

    Notes
    -----
    ``H_i = (c_i − p) × m_i (v_i − v_p) + I_i ω_i``. Always relative to the point's velocity: for
    the whole body about its centre of mass this makes no difference, for a part of it it does.

    Examples
    --------
    A 2 kg point mass, 3 m in front of the origin, rising at 1 m/s:

    >>> import numpy as np
    >>> from aqbio.multibody.kinematics import SegmentMotion
    >>> still = np.zeros((1, 1, 3))
    >>> ball = SegmentMotion(("ball",), np.array([2.0]), np.array([[[3.0, 0.0, 0.0]]]),
    ...                      np.array([[[0.0, 1.0, 0.0]]]), still, still, still)
    >>> angular_momentum(ball, np.zeros((1, 3)), np.zeros((1, 3)))[0, 0]
    array([0., 0., 6.])
    """
    arm = motion.com - about[:, None]
    relative = motion.velocity - about_velocity[:, None]
    momentum: FloatArray = motion.spin + cross(arm, motion.mass[..., None] * relative)
    return momentum


def angular_momentum_rate(
    motion: SegmentMotion, about: FloatArray, about_acceleration: FloatArray
) -> FloatArray:
    """Time derivative of each segment's angular momentum about a moving point.

    Parameters
    ----------
    about, about_acceleration : (T, 3) arrays, m and m/s², ground

    Returns
    -------
    (T, B, 3) array, N m, ground

    Notes
    -----
    ``dH_i/dt = (c_i − p) × m_i (a_i − a_p) + I_i α_i + ω_i × I_i ω_i``; the term with both
    velocities vanishes, ``(v_i − v_p) × m_i (v_i − v_p) = 0``. Exact: nothing is differentiated
    numerically.
    """
    arm = motion.com - about[:, None]
    relative = motion.acceleration - about_acceleration[:, None]
    rate: FloatArray = motion.spin_rate + cross(arm, motion.mass[..., None] * relative)
    return rate
