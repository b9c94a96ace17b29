"""Levels A and B for many draws of body and plates at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.multibody.dynamics import ExternalLoad
from aqbio.mechanics.multibody.momentum_regressor import GroupMomenta
from aqbio.mechanics.vectors import FloatArray, cross


@dataclass(frozen=True, slots=True)
class LoadSpread:
    """How far a force plate may be from what it says: standard deviations.

    Attributes
    ----------
    place : float
        Of its position along x and along z, m.
    gain : float
        Of its force, relative.
    """

    place: float = 0.003
    gain: float = 0.005

    def __post_init__(self) -> None:
        """Refuse spreads that are none."""
        if min(self.place, self.gain) < 0:
            raise ValueError(f"standard deviations are not negative: {self}.")


@dataclass(frozen=True, slots=True)
class DrawnLoads:
    """Loads on the segments, with errors that are constant over a trial.

    Attributes
    ----------
    bodies : tuple of F names
    force, moment : (K, T, F, 3) arrays, N and N m
        Moment about the reference point.
    """

    bodies: tuple[str, ...]
    force: FloatArray
    moment: FloatArray

    def frames(self, chosen: slice) -> DrawnLoads:
        """Give the same for some of the frames (views)."""
        return DrawnLoads(self.bodies, self.force[:, chosen], self.moment[:, chosen])


def drawn_loads(
    loads: Sequence[ExternalLoad],
    about: FloatArray,
    spread: LoadSpread,
    count: int,
    generator: np.random.Generator,
) -> DrawnLoads:
    """Draw the loads on the feet.

    Parameters
    ----------
    loads : sequence of F ExternalLoad
    about : (T, 3) array, m, ground
        Reference point of the moments.
    spread : LoadSpread
        Each foot's plate has errors of its own.
    count : int
    generator : numpy.random.Generator

    Notes
    -----
    ``F' = (1 + γ) F`` and ``M' = (1 + γ) (M + δ × F)`` with the error of gain γ and of place δ.
    """
    gain = 1.0 + spread.gain * generator.standard_normal((count, len(loads)))
    shift = spread.place * generator.standard_normal((count, len(loads), 3)) * [1.0, 0.0, 1.0]
    force = np.stack([load.force for load in loads], axis=1)
    moment = np.stack([load.moment + cross(load.point - about, load.force) for load in loads], 1)
    moved = moment + cross(shift[:, None], np.broadcast_to(force, (count, *force.shape)))
    scale = gain[:, None, :, None]
    return DrawnLoads(tuple(load.body for load in loads), scale * force, scale * moved)


def drawn_momentum(momenta: GroupMomenta, whole: GroupMomenta) -> tuple[FloatArray, FloatArray]:
    """Angular momentum of groups about the whole body's centre of mass, and its rate.

    Parameters
    ----------
    momenta : GroupMomenta
    whole : GroupMomenta
        Of the whole body, one group.

    Returns
    -------
    momentum, rate : (K, T, G, 3) arrays, kg m²/s and N m

    Notes
    -----
    From moments about the reference point o: ``H = L − c × P − Q × v + m c × v`` with the whole
    body's centre of mass c (from o) and velocity v; likewise the rate with accelerations.
    """
    mass = whole.mass[:, None, :, None]
    com = whole.first / mass

    def about_com(linear: FloatArray, angular: FloatArray, carried: FloatArray) -> FloatArray:
        velocity = carried / mass
        own = momenta.mass[:, None, :, None] * cross(com, velocity)
        result: FloatArray = angular - cross(com, linear) - cross(momenta.first, velocity) + own
        return result

    return (
        about_com(momenta.linear, momenta.angular, whole.linear),
        about_com(momenta.linear_rate, momenta.angular_rate, whole.linear_rate),
    )


def drawn_wrenches(
    momenta: GroupMomenta,
    loads: DrawnLoads,
    members: Sequence[Sequence[str]],
    points: FloatArray,
    gravity: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Force and moment that parts of the body exert at given points on the rest of it.

    Parameters
    ----------
    momenta : GroupMomenta
        Of G parts, each with all that hangs on it.
    loads : DrawnLoads
    members : sequence of G sequences of names
        Segments of each part.
    points : (T, G, 3) or (K, T, G, 3) array, m
        From the reference point: joint centres, or the hub's centre of mass.
    gravity : (3,) array, m/s²

    Returns
    -------
    force, moment : (K, T, G, 3) arrays, N and N m
        Their opposites are what the rest of the body exerts on the part: joint moments.

    Notes
    -----
    ``f = F_ext − P' + m g`` and ``W = M_ext − L' + Q × g − p × f``.
    """
    belongs = np.array([[float(body in part) for body in loads.bodies] for part in members])
    force = np.einsum("gf,ktfi->ktgi", belongs, loads.force) - momenta.linear_rate
    force = force + momenta.mass[:, None, :, None] * gravity
    moment = np.einsum("gf,ktfi->ktgi", belongs, loads.moment) - momenta.angular_rate
    moment = moment + cross(momenta.first, gravity) - cross(points, force)
    return force, moment
