"""Who makes the ground reaction force: shares of the groups of segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.contributions.level_a import Closure, LevelA, closure
from aqbio.gait.groups import group_sum
from aqbio.multibody.kinematics import SegmentMotion
from aqbio.vectors import FloatArray


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
    carried: FloatArray
    """(T, 3) array, N. ``m (a_hub − g)``: what the whole body would need if it moved as the hub
    does."""


def force_shares(
    motion: SegmentMotion, groups: FloatArray, hub_acceleration: FloatArray, gravity: FloatArray
) -> ForceShares:
    """Shares of the ground reaction force by group.

    Parameters
    ----------
    groups : (G, B) array
        Sums segments into groups: from `aqbio.gait.groups.membership`.
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
    own = motion.mass[:, None] * motion.acceleration
    weight = motion.mass[:, None] * gravity
    borne = motion.mass[:, None] * hub_acceleration[:, None]
    return ForceShares(
        inertial=group_sum(own - weight, groups),
        relative=group_sum(own - borne, groups),
        carried=motion.mass.sum() * (hub_acceleration - gravity),
    )


def share_closures(shares: ForceShares, balance: LevelA, tolerance: float) -> list[Closure]:
    """Closures S1 and S2: both sums over groups are the force on the runner.

    Parameters
    ----------
    balance : LevelA
        Its residual force is a term of its own.
    """
    whole = balance.force.sum(axis=1) + balance.residual_force
    relative = np.concatenate([shares.relative, shares.carried[:, None]], axis=1)
    return [
        closure(name, identity, terms.sum(axis=1) - whole, terms, tolerance)
        for name, identity, terms in (
            ("S1", "sum of the groups' inertial shares = ground force + residual", shares.inertial),
            ("S2", "force at the hub's acceleration + relative shares = the same", relative),
        )
    ]


def stance_share(
    part: FloatArray, whole: FloatArray, weights: FloatArray | None = None
) -> FloatArray:
    """Part of an impulse: integral of one signal over that of another.

    Parameters
    ----------
    part : (N, ..., 3) array
        Over one phase.
    whole : (N, 3) array
    weights : (N,) array, optional
        Of the samples in the integral; by default the trapezoidal rule's.

    Returns
    -------
    (..., 3) array
        Along each axis. Along an axis in which the whole changes sign the ratio means little.

    Examples
    --------
    >>> stance_share(np.full((5, 3), 2.0), np.full((5, 3), 8.0))
    array([0.25, 0.25, 0.25])
    """
    if weights is None:
        weights = np.ones(len(whole))
        weights[[0, -1]] = 0.5
    ratio: FloatArray = np.tensordot(weights, part, axes=1) / np.tensordot(weights, whole, axes=1)
    return ratio
