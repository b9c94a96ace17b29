"""Angular momentum of the groups about the vertical in contact, true and measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.names import ROLE_GROUPS
from aqbio.vectors import FloatArray, IntArray
from validation.drawn.people import differences
from validation.waves.curves import (
    ALONE,
    CLASSICAL,
    LAG,
    MIDDLE,
    PHASE_SD,
    PITCHING,
    REFERENCE_SPEED,
    SPEED_POWER,
    STEP_SD,
    TOTAL,
)
from validation.waves.studies import PERSON_SD
from validation.worlds import World

POINTS = 26
"""Instants of a contact."""
TAKERS = {"arms_against_legs": "torso", "random_phases": "torso", "swing_leg_alone": "swing_leg"}
LEGS = ("push_leg", "swing_leg")


def drawn_stances(
    world: World,
    random: np.random.Generator,
    who: IntArray,
    trial: IntArray,
    speed: FloatArray,
    duty: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """True and measured momenta, (S, 26, G), kg m²/s.

    Every group swings with the stride; one takes up what the small total leaves.
    """
    share = np.linspace(0.0, 1.0, POINTS) * duty[:, None]
    true, growth = _true(world, random, who, speed, share)
    if world.aq_share:
        other = replace(world, pattern="swing_leg_alone", taker="")
        alone = random.random(int(who.max()) + 1) < world.aq_share
        true = np.where(alone[who][:, None, None], _true(other, random, who, speed, share)[0], true)
    return true, _measured(world, random, who, trial, true, growth, share)


def _true(
    world: World,
    random: np.random.Generator,
    who: IntArray,
    speed: FloatArray,
    share: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """True momenta, and how much every group's has grown with speed, (S, G)."""
    count, groups = len(who), len(ROLE_GROUPS)
    athletes = int(who.max()) + 1
    powers = np.full(groups, SPEED_POWER)
    powers[ROLE_GROUPS.index("arms")] = world.arms_power
    powers[ROLE_GROUPS.index("torso")] = world.torso_power
    own = [differences(world.people, athletes, random) for _ in ROLE_GROUPS]
    powers = powers + world.people.power_sd * np.stack(own, axis=-1)
    growth = (speed / REFERENCE_SPEED)[:, None] ** powers[who]
    personal = 1.0 + PERSON_SD * random.standard_normal((athletes, groups))
    noise = 1.0 + STEP_SD * random.standard_normal((count, groups))
    table = ALONE if world.pattern == "swing_leg_alone" else CLASSICAL
    size = growth * personal[who] * noise * [table[one] for one in ROLE_GROUPS]
    angle = np.pi * (share[..., None] - _peaks(world, random, who, athletes)[:, None])
    true = size[:, None] * np.cos(angle)
    taker = ROLE_GROUPS.index(world.taker or TAKERS[world.pattern])
    total = _total(random, growth[:, ROLE_GROUPS.index("push_leg")])
    true[..., taker] -= true.sum(axis=-1) - total
    return true, growth


def _peaks(world: World, random: np.random.Generator, who: IntArray, athletes: int) -> FloatArray:
    """Instants of the groups' peaks, share of a step, (S, G)."""
    groups = len(ROLE_GROUPS)
    if world.pattern == "swing_leg_alone":
        return np.full((len(who), groups), MIDDLE + LAG)
    peaks = MIDDLE + LAG + PHASE_SD * random.standard_normal((len(who), groups))
    if world.pattern == "random_phases":
        peaks += random.uniform(0.0, 2.0, (athletes, groups))[who]
    return peaks


def _total(random: np.random.Generator, growth: FloatArray) -> FloatArray:
    """Total momentum (S, 26): from minus its value in flight to plus that value."""
    s = np.linspace(0.0, 1.0, POINTS)
    ramp, hump = 2.0 * s**2 * (3.0 - 2.0 * s) - 1.0, 16.0 * s**2 * (1.0 - s) ** 2
    level, height = random.standard_normal((2, len(growth), 1))
    size = (0.3 + 0.1 * level) * ramp + TOTAL * (1.0 + 0.2 * height) * hump
    total: FloatArray = growth[:, None] * size
    return total


def _measured(
    world: World,
    random: np.random.Generator,
    who: IntArray,
    trial: IntArray,
    true: FloatArray,
    growth: FloatArray,
    share: FloatArray,
) -> FloatArray:
    errors, groups = world.errors, true.shape[-1]
    wrong = np.zeros((len(who), groups))
    sizes = (errors.body_momentum, errors.trial_momentum, errors.step_momentum)
    for sd, place in zip(sizes, (who, trial, np.arange(len(who))), strict=True):
        wrong += sd * random.standard_normal((int(place.max()) + 1, groups))[place]
    legs = [ROLE_GROUPS.index(one) for one in LEGS]
    mass = errors.legs_mass * random.standard_normal(int(who.max()) + 1)
    wrong[:, legs] += mass[who][:, None]
    seen = true * (1.0 + wrong[:, None])
    if errors.tilt_deg:
        tilt = np.deg2rad(errors.tilt_deg)
        size = growth * [PITCHING[one] for one in ROLE_GROUPS]
        pitching = size[:, None] * np.cos(2.0 * np.pi * (share[..., None] - MIDDLE - LAG))
        seen = np.cos(tilt) * seen + np.sin(tilt) * pitching
    return seen
