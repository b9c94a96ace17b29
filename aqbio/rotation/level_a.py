"""Level A: angular momentum of the segments about the centre of mass, and its causes.

Also the shares of the groups of segments in the ground reaction force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.gait.roles import group_sum
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import SegmentMotion
from aqbio.multibody.momentum import angular_momentum, angular_momentum_rate, centre_of_mass
from aqbio.vectors import FloatArray, cross

MIN_FREE_MOMENT_FORCE_N = 20.0
"""Vertical force below which no centre of pressure is defined, N."""


@dataclass(frozen=True, slots=True)
class LevelA:
    """Balance of angular and linear momentum about the whole body's centre of mass."""

    com: FloatArray
    com_velocity: FloatArray
    com_acceleration: FloatArray
    """com, com_velocity, com_acceleration: (T, 3) arrays, m, m/s, m/s²."""
    momentum: FloatArray
    """(T, S, 3) array, kg m²/s. Angular momentum of each segment about the centre of mass."""
    rate: FloatArray
    """(T, S, 3) array, N m. Its time derivative, analytic."""
    force: FloatArray
    """(T, F, 3) array, N. Ground reaction force of each foot."""
    moment_of_force: FloatArray
    """(T, F, 3) array, N m. ``(p - c) × F`` of each foot, with the centre of pressure ``p``."""
    free_moment: FloatArray
    """(T, F, 3) array, N m. About the centre of pressure; vertical."""
    residual_moment: FloatArray
    """(T, 3) array, N m. What the measured forces do not explain of the rate, about the centre of
    mass."""
    residual_force: FloatArray
    """(T, 3) array, N."""


def level_a(
    motion: SegmentMotion,
    loads: Sequence[ExternalLoad],
    *,
    gravity: FloatArray,
    surface_height: float = 0.0,
) -> LevelA:
    """Momentum of every segment and the wrench that changes the whole body's.

    Parameters
    ----------
    loads : sequence of F ExternalLoad
        Ground reaction force of each foot.
    gravity : (3,) array, m/s²
    surface_height : float
        Height of the ground surface, m.

    Notes
    -----
    ``Σ dH_i/dt = Σ_f [(p_f - c) × F_f + n_f] + M_res`` and ``m (a - g) = Σ F_f + f_res``. The
    residual is what remains when both measured sides are taken as they are.

    References
    ----------
    Hinrichs RN (1987), International Journal of Sport Biomechanics 3, 242-263.
    """
    com, velocity, acceleration = centre_of_mass(motion)
    momentum = angular_momentum(motion, com, velocity)
    rate = angular_momentum_rate(motion, com, acceleration)
    force = np.stack([load.force for load in loads], axis=1)
    moment = np.stack([load.moment + cross(load.point - com, load.force) for load in loads], axis=1)
    free = np.stack([free_moment(load, surface_height) for load in loads], axis=1)
    mass = motion.mass.sum()
    return LevelA(
        com=com,
        com_velocity=velocity,
        com_acceleration=acceleration,
        momentum=momentum,
        rate=rate,
        force=force,
        moment_of_force=moment - free,
        free_moment=free,
        residual_moment=rate.sum(axis=1) - moment.sum(axis=1),
        residual_force=mass * (acceleration - gravity) - force.sum(axis=1),
    )


def free_moment(load: ExternalLoad, surface_height: float) -> FloatArray:
    """Vertical moment (T, 3), N m, of a ground reaction about its centre of pressure; 0 below 20 N.

    About the origin ``n = p × F + T ŷ`` with ``p_y`` known, the height of the surface, m: ``p_x =
    (n_z + p_y F_x) / F_y``, ``p_z = (p_y F_z - n_x) / F_y`` and ``T = n_y - (p_z F_x - p_x F_z)``.
    """
    moment = load.moment + cross(np.broadcast_to(load.point, load.force.shape), load.force)
    loaded = load.force[:, 1] > MIN_FREE_MOMENT_FORCE_N
    f = load.force[loaded]
    x = (moment[loaded, 2] + surface_height * f[:, 0]) / f[:, 1]
    z = (surface_height * f[:, 2] - moment[loaded, 0]) / f[:, 1]
    vertical = np.zeros_like(load.force)
    vertical[loaded, 1] = moment[loaded, 1] - (z * f[:, 0] - x * f[:, 2])
    return vertical


@dataclass(frozen=True, slots=True)
class ForceShares:
    """The ground reaction force as a sum over groups, in two ways.

    ``force + residual = Σ inertial`` and ``force + residual = carried + Σ relative``.
    """

    inertial: FloatArray
    """(T, G, 3) array, N. ``Σ m_i (a_i − g)``: what each group needs, the carrying by its base
    included."""
    relative: FloatArray
    """(T, G, 3) array, N. ``Σ m_i (a_i − a_hub)``: what each group's motion relative to the hub
    adds."""
    as_the_hub: FloatArray
    """(T, 3) array, N. ``m (a_hub − g)``: what the whole body would need if it moved as the hub
    does."""


def force_shares(
    motion: SegmentMotion, groups: FloatArray, hub_acceleration: FloatArray, gravity: FloatArray
) -> ForceShares:
    """Shares of the ground reaction force by group.

    Parameters
    ----------
    groups : (G, B) array
        Sums segments into groups: from `aqbio.gait.roles.membership`.
    hub_acceleration : (T, 3) array, m/s²
        Acceleration of the hub: mostly the pelvis's centre of mass.
    gravity : (3,) array, m/s²

    Notes
    -----
    Over a stride of steady running every segment returns to where it was relative to the hub, so
    that the impulse of each anatomical group's relative share is zero: what a limb adds in stance
    it takes back in flight, and no limb can raise the mean force, which is body weight.

    References
    ----------
    Hinrichs RN, Cavanagh PR, Williams KR (1987), International Journal of Sport Biomechanics 3,
    222-241.
    """
    inertial_force = motion.mass[:, None] * motion.acceleration
    weight = motion.mass[:, None] * gravity
    hub_force = motion.mass[:, None] * hub_acceleration[:, None]
    return ForceShares(
        inertial=group_sum(inertial_force - weight, groups),
        relative=group_sum(inertial_force - hub_force, groups),
        as_the_hub=motion.mass.sum() * (hub_acceleration - gravity),
    )


def stance_share(
    part: FloatArray, total: FloatArray, weights: FloatArray | None = None
) -> FloatArray:
    """Part of an impulse: integral of one signal over that of another.

    Parameters
    ----------
    part : (N, ..., 3) array
        Over one phase.
    total : (N, 3) array
    weights : (N,) array, optional
        Of the samples in the integral; by default the trapezoidal rule's.

    Returns
    -------
    (..., 3) array
        Along each axis; NaN where the total is zero (a plate that measures one axis only). Along an
        axis in which the total changes sign the ratio means little.

    Examples
    --------
    >>> stance_share(np.full((5, 3), 2.0), np.full((5, 3), 8.0))
    array([0.25, 0.25, 0.25])
    >>> stance_share(np.ones((5, 3)), np.full((5, 3), [2.0, 0.0, 4.0]))
    array([0.5 ,  nan, 0.25])
    """
    if weights is None:
        weights = np.ones(len(total))
        weights[[0, -1]] = 0.5
    impulse = np.tensordot(weights, total, axes=1)
    impulse[impulse == 0.0] = np.nan
    return np.asarray(np.tensordot(weights, part, axes=1) / impulse)
