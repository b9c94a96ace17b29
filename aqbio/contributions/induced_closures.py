"""Closures of level C: the causes add up, and each one obeys Newton and Euler by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aqbio.contributions.induced import GRAVITY_SOURCE, InducedAccelerations
from aqbio.contributions.level_a import Closure, LevelA, closure
from aqbio.multibody.dynamics import RESIDUAL
from aqbio.vectors import FloatArray

ACCELERATION = 1e-8
"""Tolerance of sums of accelerations and momentum rates."""

REACTION = 1e-6
"""Tolerance of sums of ground reactions: differences of large numbers where the foot is light."""


def induced_closures(
    induced: Sequence[InducedAccelerations],
    udot: FloatArray,
    balance: LevelA,
    group_rate: FloatArray,
    weight: tuple[float, FloatArray],
) -> list[Closure]:
    """Closures C-1 to C-5, each the worst over the contact models.

    Parameters
    ----------
    induced : sequence of InducedAccelerations
        One per contact model.
    udot : (T, N) array
        Measured accelerations of the free coordinates.
    group_rate : (T, G, 3) array, N m
        Rates of the groups' angular momentum: level A.
    weight : (mass, gravity)
        Of the whole body, kg; (3,) array, m/s².

    Notes
    -----
    C-1 to C-4 compare sums over sources with the measured motion and wrench. C-5 takes every
    source by itself: what it does to the momentum of the whole body is what it makes the ground do
    (for gravity its weight besides, for the residual its own wrench); a joint moment that moved the
    body without the ground would be a mistake.
    """
    measured = (balance.force, balance.moment_of_force + balance.free_moment)
    checks = [
        [
            _joints(one, udot),
            _reactions(one, measured),
            _centre(one, balance),
            _groups(one, group_rate),
            _each_source(one, balance, weight),
        ]
        for one in induced
    ]
    return [max(same, key=lambda check: check.value) for same in zip(*checks, strict=True)]


def _joints(induced: InducedAccelerations, udot: FloatArray) -> Closure:
    scale = np.abs(induced.udot).sum(axis=1).max(axis=0)
    moved = scale > 0
    relative = (np.abs(induced.udot.sum(axis=1) - udot)[:, moved]) / scale[moved]
    identity = "accelerations of the coordinates, summed over sources = measured"
    return _closure("C-1", identity, relative, ACCELERATION)


def _reactions(induced: InducedAccelerations, measured: tuple[FloatArray, FloatArray]) -> Closure:
    parts = []
    for caused, whole in zip((induced.force, induced.moment), measured, strict=True):
        scale = max(float(np.abs(caused).sum(axis=1).max()), 1.0)
        parts.append(np.abs(caused.sum(axis=1) - whole) / scale)
    identity = "ground reaction forces and moments, summed over sources = measured"
    return _closure("C-2", identity, np.stack(parts), REACTION)


def _centre(induced: InducedAccelerations, balance: LevelA) -> Closure:
    difference = induced.com_acceleration.sum(axis=1) - balance.com_acceleration
    identity = "acceleration of the centre of mass, summed over sources = (force + residual)/m + g"
    return closure("C-3", identity, difference, induced.com_acceleration, ACCELERATION)


def _groups(induced: InducedAccelerations, group_rate: FloatArray) -> Closure:
    difference = induced.group_rate.sum(axis=1) - group_rate
    checks = [
        closure("C-4", "", difference[:, g], induced.group_rate[:, :, g], ACCELERATION)
        for g in range(group_rate.shape[1])
    ]
    worst = max(checks, key=lambda check: check.value)
    identity = "rate of each group's angular momentum, summed over sources = level A"
    return Closure("C-4", identity, worst.value, worst.rms, ACCELERATION)


def _each_source(
    induced: InducedAccelerations, balance: LevelA, weight: tuple[float, FloatArray]
) -> Closure:
    mass, gravity = weight
    force, moment = induced.force.sum(axis=2), induced.moment.sum(axis=2)
    force[:, induced.sources.index(GRAVITY_SOURCE)] += mass * gravity
    if RESIDUAL in induced.sources:
        residual = induced.sources.index(RESIDUAL)
        force[:, residual] += balance.residual_force
        moment[:, residual] += balance.residual_moment
    checks = [
        closure("C-5", "", (done - caused).reshape(-1, 3), done, REACTION)
        for done, caused in (
            (mass * induced.com_acceleration, force),
            (induced.momentum_rate, moment),
        )
    ]
    worst = max(checks, key=lambda check: check.value)
    identity = "each source changes momentum by the ground reaction that it brings about"
    return Closure("C-5", identity, worst.value, worst.rms, REACTION)


def _closure(name: str, identity: str, relative: FloatArray, tolerance: float) -> Closure:
    rms = float(np.sqrt((relative**2).mean()))
    return Closure(name, identity, float(relative.max()), rms, tolerance)
