"""Level A: who carries the angular momentum about the centre of mass, and what changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.kinematics import (
    SegmentMotion,
    segment_kinematics,
    segment_motion,
)
from aqbio.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)
from aqbio.multibody.motion import Motion, motion_between
from aqbio.multibody.skeleton import Skeleton
from aqbio.signals.gaps import quintic_spline
from aqbio.vectors import FloatArray, cross

DERIVATIVE_RATE = 200.0
"""Closure A3 takes the derivative of momentum at this rate at least, Hz: from the frames of a
60 Hz camera it is a fifth off."""

FREE_MOMENT_FORCE = 20.0
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
    """Vertical moment of a ground reaction about its centre of pressure.

    Parameters
    ----------
    load : ExternalLoad
        Force and moment about any point.
    surface_height : float
        Height of the surface that holds the centre of pressure, m.

    Returns
    -------
    (T, 3) array, N m
        Zero where the vertical force is below 20 N.

    Notes
    -----
    About the origin ``n = p × F + T ŷ`` with ``p_y`` known: ``p_x = (n_z + p_y F_x) / F_y``,
    ``p_z = (p_y F_z - n_x) / F_y`` and ``T = n_y - (p_z F_x - p_x F_z)``.

    Examples
    --------
    A force of 800 N at x = 0.2 m, z = 0.1 m with a free moment of 5 N m:

    >>> force, place = np.array([[100.0, 800.0, 50.0]]), np.array([0.2, 0.0, 0.1])
    >>> about_origin = np.cross(place, force) + np.array([0.0, 5.0, 0.0])
    >>> load = ExternalLoad("foot", force, about_origin, np.zeros(3))
    >>> free_moment(load, 0.0).round(9)
    array([[0., 5., 0.]])
    """
    moment = load.moment + cross(np.broadcast_to(load.point, load.force.shape), load.force)
    loaded = load.force[:, 1] > FREE_MOMENT_FORCE
    f = load.force[loaded]
    x = (moment[loaded, 2] + surface_height * f[:, 0]) / f[:, 1]
    z = (surface_height * f[:, 2] - moment[loaded, 0]) / f[:, 1]
    vertical = np.zeros_like(load.force)
    vertical[loaded, 1] = moment[loaded, 1] - (z * f[:, 0] - x * f[:, 2])
    return vertical


@dataclass(frozen=True, slots=True)
class Closure:
    """How well an identity holds."""

    name: str
    identity: str
    """The equation, in words."""
    value: float
    rms: float
    """value, rms: Largest and root-mean-square difference, relative to the largest sum of absolute
    terms."""
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether the largest difference is within the tolerance."""
        return bool(self.value <= self.tolerance)


def closure(
    name: str, identity: str, difference: FloatArray, terms: FloatArray, tolerance: float
) -> Closure:
    """Compare both sides of an identity.

    Parameters
    ----------
    difference : (T, 3) array
        Left minus right side.
    terms : (T, K, 3) array
        The terms of one side; their absolute sum is the scale. Where all of them are zero the
        difference is taken as it is.
    """
    scale = np.abs(terms).sum(axis=1).max()
    relative = np.abs(difference) / (scale if scale > 0 else 1.0)
    return Closure(
        name, identity, float(relative.max()), float(np.sqrt((relative**2).mean())), tolerance
    )


def momentum_between(
    skeleton: Skeleton, time: FloatArray, motion: Motion
) -> tuple[FloatArray, FloatArray]:
    """Whole body's momentum about its centre of mass, at the frames and between those of low rates.

    Returns
    -------
    time : (N,) array, s
    momentum : (N, 3) array, kg m²/s
    """
    times, fine = motion_between(time, motion, DERIVATIVE_RATE)
    segments = segment_motion(skeleton, segment_kinematics(skeleton, fine.q, fine.u, fine.udot))
    com, velocity, _ = centre_of_mass(segments)
    return times, angular_momentum(segments, com, velocity).sum(axis=1)


def closures(
    balance: LevelA,
    time: FloatArray,
    groups: FloatArray,
    root: tuple[FloatArray, FloatArray],
    tolerances: Mapping[str, float],
    between: tuple[FloatArray, FloatArray] | None = None,
) -> list[Closure]:
    """Closures A1 to A3 of level A.

    Parameters
    ----------
    time : (T,) array, s
    groups : (T, G, 3) array, kg m²/s
        Momentum summed over groups.
    root : (moment, force), (T, 3) arrays each, N m and N
        The wrench that inverse dynamics leaves at the root, moved to the centre of mass.
    tolerances : mapping
        By name of the closure.
    between : (time, momentum), optional
        The whole body's momentum in finer steps than the frames, which are among them: at low
        rates it changes faster than its derivative can be taken from the frames.
    """
    whole = balance.momentum.sum(axis=1)
    rate = balance.rate.sum(axis=1)
    numerical = quintic_spline(*(between or (time, whole))).derivative(1)(time)
    inner = slice(5, -5)
    return [
        closure(
            "A1",
            "sum over groups = whole body",
            groups.sum(axis=1) - whole,
            balance.momentum,
            tolerances["A1"],
        ),
        closure(
            "A2",
            "rate of H = external moment + residual moment of inverse dynamics",
            balance.residual_moment - root[0],
            balance.rate,
            tolerances["A2"],
        ),
        closure(
            "A2f",
            "m (a - g) = ground reaction force + residual force of inverse dynamics",
            balance.residual_force - root[1],
            balance.force,
            tolerances["A2"],
        ),
        closure(
            "A3",
            "analytic rate of H = numerical derivative of H",
            (rate - numerical)[inner],
            balance.rate[inner],
            tolerances["A3"],
        ),
    ]
