"""Curves of G-wave: angular momentum by group over a step, and the external moment it takes."""

from __future__ import annotations

import numpy as np

from aqbio.names import ROLE_GROUPS
from aqbio.vectors import FloatArray, IntArray
from validation.worlds import World

POINTS = 101
"""Points of each phase."""
REFERENCE_SPEED = 9.5

CLASSICAL = {"push_leg": -3.0, "swing_leg": -2.3, "arms": 4.6, "torso": 0.6, "pelvis": 0.0}
"""Amplitudes about the vertical at 9.5 m/s, as G-phys runs, kg m²/s."""
ALONE = {"push_leg": 2.2, "arms": 2.4, "torso": 0.9, "pelvis": 0.1, "swing_leg": 0.0}
"""Push leg, arms and torso on one side; the swing leg takes up the rest."""
ROLLING = {"push_leg": 1.0, "swing_leg": -0.6, "arms": -0.3, "torso": 0.2, "pelvis": 0.0}
PITCHING = {"push_leg": -12.0, "swing_leg": 10.5, "arms": 0.3, "torso": 0.8, "pelvis": 0.2}
"""Amplitudes about the forward and the sideways axis."""
SPEED_POWER = 1.2
"""Amplitudes grow with this power of speed, on both sides."""

STEP_SD, PHASE_SD = 0.06, 0.02
SURPLUS = 0.3
"""What push and swing leg differ by from step to step at mid-contact, kg m²/s."""
TOTAL = 0.8
"""Total at mid-contact about the vertical, kg m²/s."""
LAG = 0.06
"""Peak of the swing leg's momentum after that of the force, share of a step."""
MIDDLE = 0.18
"""Peak of the vertical force, share of a step."""


def group_curves(
    world: World,
    random: np.random.Generator,
    timing: tuple[FloatArray, FloatArray, FloatArray],
    lag: FloatArray,
    personal: FloatArray,
    seeds: IntArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Momentum, its rate and the external moment; one group takes up what the total demands."""
    speed, contact, flight = timing
    duration = contact + flight
    grid = np.linspace(0.0, 1.0, POINTS)
    stance = grid * (contact / duration)[:, None]
    airborne = (contact / duration)[:, None] + grid * (flight / duration)[:, None]
    share = np.stack((stance, airborne), axis=1)
    shape = (*share.shape, len(ROLE_GROUPS), 3)
    momentum, rate = np.zeros(shape), np.zeros(shape)
    growth = (speed / REFERENCE_SPEED) ** SPEED_POWER
    noise = STEP_SD * random.standard_normal((len(speed), len(ROLE_GROUPS)))
    peaks = _peaks(world, random, lag, seeds)
    amplitudes = ALONE if world.pattern == "swing_leg_alone" else CLASSICAL
    for axis, table in enumerate((ROLLING, amplitudes, PITCHING)):
        size = growth[:, None] * personal * (1.0 + noise) * [table[one] for one in ROLE_GROUPS]
        # about the vertical and the forward axis steps alternate, about the third they repeat
        turn = np.pi if axis < 2 else 2.0 * np.pi
        angle = turn * (share[..., None] - peaks[:, None, None])
        momentum[..., axis] = size[:, None, None] * np.cos(angle)
        slope = -turn * size / duration[:, None]
        rate[..., axis] = slope[:, None, None] * np.sin(angle)
    total, moment = _total(random, contact, growth)
    taker = ROLE_GROUPS.index("swing_leg" if world.pattern == "swing_leg_alone" else "torso")
    momentum[..., taker, :] -= momentum.sum(axis=3) - total
    rate[..., taker, :] -= rate.sum(axis=3) - moment
    moment += _surplus(random, growth, contact, momentum, rate)
    return momentum, rate, moment


def _surplus(
    random: np.random.Generator,
    growth: FloatArray,
    contact: FloatArray,
    momentum: FloatArray,
    rate: FloatArray,
) -> FloatArray:
    """Add what steps differ by in contact to push and swing leg; give the moment it takes."""
    push, swing = ROLE_GROUPS.index("push_leg"), ROLE_GROUPS.index("swing_leg")
    drawn = SURPLUS * growth[:, None] * random.standard_normal((len(growth), 2))
    parts = {push: drawn[:, 0], swing: drawn[:, 1]}
    s = np.linspace(0.0, 1.0, POINTS)
    hump = 16.0 * s**2 * (1.0 - s) ** 2
    slope = 32.0 * s * (1.0 - s) * (1.0 - 2.0 * s)
    extra = np.zeros((*momentum.shape[:3], 3))
    for group, size in parts.items():
        momentum[:, 0, :, group, 1] += size[:, None] * hump
        steep = (size / contact)[:, None] * slope
        rate[:, 0, :, group, 1] += steep
        extra[:, 0, :, 1] += steep
    return extra


def _peaks(
    world: World, random: np.random.Generator, lag: FloatArray, seeds: IntArray
) -> FloatArray:
    """Instants of the groups' peaks, share of a step, (S, G)."""
    count, groups = len(lag), len(ROLE_GROUPS)
    spread = PHASE_SD * random.standard_normal((count, groups))
    peaks = MIDDLE + LAG + spread
    if world.pattern == "swing_leg_alone":
        return np.repeat((MIDDLE + lag)[:, None], groups, axis=1)
    if world.pattern == "random_phases":
        drawn = {
            int(seed): np.random.default_rng(int(seed)).uniform(0.0, 2.0, groups)
            for seed in np.unique(seeds)
        }
        peaks = np.array([drawn[int(seed)] for seed in seeds]) + spread
    peaks[:, ROLE_GROUPS.index("swing_leg")] += lag - LAG
    return peaks


def _total(
    random: np.random.Generator, contact: FloatArray, growth: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Total momentum (S, 2, 101, 3) and the external moment that makes it.

    In contact the total goes from minus its value in flight (the mirrored flight before) to plus
    that value, about the vertical and the forward axis; about the third axis it returns to where
    it was. Both begin and end with zero slope.
    """
    count = len(contact)
    s = np.linspace(0.0, 1.0, POINTS)
    ramp, ramp_rate = 2.0 * s**2 * (3.0 - 2.0 * s) - 1.0, 12.0 * s * (1.0 - s)
    hump = 16.0 * s**2 * (1.0 - s) ** 2
    hump_rate = 32.0 * s * (1.0 - s) * (1.0 - 2.0 * s)
    level = growth[:, None] * (0.3 + 0.1 * random.standard_normal((count, 3)))
    height = growth[:, None] * TOTAL * (1.0 + 0.2 * random.standard_normal((count, 3)))
    total, moment = np.zeros((count, 2, POINTS, 3)), np.zeros((count, 2, POINTS, 3))
    for axis in range(3):
        up, up_rate = (ramp, ramp_rate) if axis < 2 else (np.ones_like(s), np.zeros_like(s))
        total[:, 0, :, axis] = level[:, axis, None] * up + height[:, axis, None] * hump
        total[:, 1, :, axis] = level[:, axis, None]
        slope = level[:, axis, None] * up_rate + height[:, axis, None] * hump_rate
        moment[:, 0, :, axis] = slope / contact[:, None]
    return total, moment
