"""Levels A and B for many draws of body and plates at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.momentum import GroupMomenta
from aqbio.vectors import FloatArray, cross


@dataclass(frozen=True, slots=True)
class LoadSpread:
    """How far a force plate may be from what it says: standard deviations."""

    position: float = 0.003
    """Of its position along x and along z, m."""
    gain: float = 0.005
    """Of its force, relative."""

    def __post_init__(self) -> None:
        """Refuse spreads that are none."""
        if min(self.position, self.gain) < 0:
            raise ValueError(f"standard deviations are not negative: {self}.")


@dataclass(frozen=True, slots=True)
class DrawnLoads:
    """Loads on the segments, with errors that are constant over a trial."""

    bodies: tuple[str, ...]
    toes: tuple[str, ...]
    """bodies, toes: Tuples of F names. Of toes none where the body bears all."""
    share: FloatArray
    """(T, F) array. What the toes bear of each."""
    force: FloatArray
    moment: FloatArray
    """force, moment: (K, T, F, 3) arrays, N and N m. Moment about the reference point."""

    def frames(self, chosen: slice) -> DrawnLoads:
        """The same for some of the frames (views)."""
        return replace(
            self,
            share=self.share[chosen],
            force=self.force[:, chosen],
            moment=self.moment[:, chosen],
        )

    def on(self, members: Sequence[Sequence[str]]) -> FloatArray:
        """(T, G, F) share of each load that acts on parts of the body, by their segments."""
        foot, toes = (
            np.array([[float(body in part) for body in names] for part in members])
            for names in (self.bodies, self.toes)
        )
        share = self.share[:, None]
        on: FloatArray = foot * (1.0 - share) + toes * share
        return on


def load_errors(
    spread: LoadSpread, feet: int, count: int, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Random errors of the feet's plates, each with its own.

    Returns
    -------
    gain : (K, F) array
        Relative error of the force.
    shift : (K, F, 3) array, m
        Error of the position.
    """
    gain = spread.gain * generator.standard_normal((count, feet))
    shift = spread.position * generator.standard_normal((count, feet, 3)) * [1.0, 0.0, 1.0]
    return gain, shift


def load_error_points(spread: LoadSpread, feet: int) -> tuple[FloatArray, FloatArray]:
    """One error of one plate at a time, whose mean squares are the variances.

    Returns
    -------
    gain, shift : (3 F, F) and (3 F, F, 3) arrays
        As of :func:`load_errors`, with K = 3 F.

    Notes
    -----
    Loads enter levels A and B linearly: each of n errors, √n times its standard deviation, gives
    as mean square over the n states the variance without sampling error.
    """
    count = 3 * feet
    every = np.sqrt(count) * np.eye(count).reshape(count, feet, 3)
    shift = np.zeros((count, feet, 3))
    shift[..., [0, 2]] = spread.position * every[..., 1:]
    return spread.gain * every[..., 0], shift


def drawn_loads(
    loads: Sequence[ExternalLoad], about: FloatArray, gain: FloatArray, shift: FloatArray
) -> DrawnLoads:
    """Loads on the feet as plates with errors would have measured them.

    Parameters
    ----------
    loads : sequence of F ExternalLoad
    about : (T, 3) array, m, ground
        Reference point of the moments.
    gain, shift : (K, F) array and (K, F, 3) array, m
        From :func:`load_errors`.

    Notes
    -----
    ``F' = (1 + γ) F`` and ``M' = (1 + γ) (M + δ × F)`` with the error of gain γ and of position δ.
    """
    force = np.stack([load.force for load in loads], axis=1)
    moment = np.stack([load.moment + cross(load.point - about, load.force) for load in loads], 1)
    moved = moment + cross(shift[:, None], np.broadcast_to(force, (len(gain), *force.shape)))
    scale = 1.0 + gain[:, None, :, None]
    share = [np.zeros(len(about)) if load.share is None else load.share for load in loads]
    return DrawnLoads(
        bodies=tuple(load.body for load in loads),
        toes=tuple(load.toes for load in loads),
        share=np.stack(share, axis=1),
        force=scale * force,
        moment=scale * moved,
    )


def drawn_momentum(momenta: GroupMomenta, whole: GroupMomenta) -> tuple[FloatArray, FloatArray]:
    """Angular momentum of groups about the whole body's centre of mass, and its rate.

    Parameters
    ----------
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
    belongs = loads.on(members)
    force = belongs @ loads.force - momenta.linear_rate
    force = force + momenta.mass[:, None, :, None] * gravity
    moment = belongs @ loads.moment - momenta.angular_rate
    moment = moment + cross(momenta.first, gravity) - cross(points, force)
    return force, moment
