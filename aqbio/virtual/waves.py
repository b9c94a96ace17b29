"""G-wave: group waveforms and outcomes of whole studies, without bodies, in milliseconds.

The curves obey what every runner obeys: the groups add up to a total that is constant in flight
and whose rate in contact is the external moment. Everything else is what a world says. Canonical
frame: right contact; the step after is its mirror image, so that momenta about the vertical change
sign from step to step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.names import ROLE_GROUPS
from aqbio.virtual.worlds import World

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

PERSON_SD, STEP_SD, PHASE_SD = 0.10, 0.06, 0.02
SURPLUS = 0.3
"""What push and swing leg differ by from step to step at mid-contact, kg m²/s."""
TOTAL = 0.8
"""Total at mid-contact about the vertical, kg m²/s."""
LAG, LAG_SD = 0.06, 0.025
"""Peak of the swing leg's momentum after that of the force, share of a step; its variation."""
MIDDLE = 0.18
"""Peak of the vertical force, share of a step."""
CAPACITY_CORRELATION, RELIABILITY, EXPLAINED = 0.5, 0.9, 0.75


@dataclass(frozen=True, eq=False)
class WaveStudy:
    """Made-up results of a study: S steps of A athletes.

    Attributes
    ----------
    world : World
    participant, level, step : (S,) int arrays
        Who, which speed, and number of the step within it.
    speed, contact, flight : (S,) arrays, m/s and s
    momentum : (S, 2, 101, G, 3) array, kg m²/s
        Contact and flight; groups as in ``aqbio.names.ROLE_GROUPS``.
    momentum_rate : (S, 2, 101, G, 3) array, N m
    external_moment : (S, 2, 101, 3) array, N m
    force_peak, swing_peak : (S,) arrays
        Instants of the peaks of vertical force and of the swing leg's |H_y|, share of the step.
    hub_share : (S,) array
        Share of the vertical impulse from swing leg, arms and torso.
    push_index, swing_index : (S,) arrays
        Joint-moment indices of both sides.
    yaw_impulse : (S,) array, N m s
        Net external moment about the vertical over the step, absolute.
    time_deviation : (S,) array, s
        Step time against the athlete's mean of that side, absolute.
    lateral_ratio : (S,) array
        Lateral over total impulse.
    """

    world: World
    participant: IntArray
    level: IntArray
    step: IntArray
    speed: FloatArray
    contact: FloatArray
    flight: FloatArray
    momentum: FloatArray
    momentum_rate: FloatArray
    external_moment: FloatArray
    force_peak: FloatArray
    swing_peak: FloatArray
    hub_share: FloatArray
    push_index: FloatArray
    swing_index: FloatArray
    yaw_impulse: FloatArray
    time_deviation: FloatArray
    lateral_ratio: FloatArray


@dataclass(frozen=True, eq=False)
class WaveAthletes:
    """Outcomes of athletes, one number each, or one per sprint.

    Attributes
    ----------
    fastest : (A,) array, m/s
    push_capacity, swing_capacity : (A,) arrays
        Measured strength of both sides, standardised.
    lateral_ratio : (A,) array
    normal, restricted : (A, R) arrays, m/s
        Speeds of R sprints in each condition.
    """

    fastest: FloatArray
    push_capacity: FloatArray
    swing_capacity: FloatArray
    lateral_ratio: FloatArray
    normal: FloatArray
    restricted: FloatArray


def wave_athletes(
    world: World, athletes: int, random: np.random.Generator, sprints: int = 3
) -> WaveAthletes:
    """Draw athletes whose highest speed follows the world's law.

    Notes
    -----
    Capacities P and S correlate by 0.5 and are measured with a reliability of 0.9; speed is
    ``8.8 + 0.6 z`` with z the standardised mean or minimum of the true capacities, which explains
    75 % of it.
    """
    shared = random.standard_normal((athletes, 1))
    own = random.standard_normal((athletes, 2))
    mix = np.sqrt(CAPACITY_CORRELATION)
    true = mix * shared + np.sqrt(1.0 - mix**2) * own
    weak = random.random(athletes) < world.weak_share
    true[weak, 1] -= world.weak_sd
    law = true.mean(axis=1) if world.speed_law == "additive" else true.min(axis=1)
    law = (law - law.mean()) / law.std()
    lateral = random.standard_normal(athletes)
    chance = np.sqrt(1.0 / EXPLAINED - 1.0) * random.standard_normal(athletes)
    fastest = 8.8 + 0.6 * np.sqrt(EXPLAINED) * (law + chance + world.lateral_leak * lateral)
    seen = np.sqrt(RELIABILITY) * true
    seen += np.sqrt(1.0 - RELIABILITY) * random.standard_normal((athletes, 2))
    effect = world.restricted + world.restricted_sd * random.standard_normal(athletes)
    day = 0.006 * random.standard_normal((2, athletes, sprints))
    return WaveAthletes(
        fastest=fastest,
        push_capacity=seen[:, 0],
        swing_capacity=seen[:, 1],
        lateral_ratio=0.10 + 0.015 * lateral,
        normal=fastest[:, None] * (1.0 + day[0]),
        restricted=fastest[:, None] * (1.0 + effect[:, None] + day[1]),
    )


def wave_study(
    world: World,
    random: np.random.Generator,
    *,
    athletes: WaveAthletes,
    levels: int = 4,
    steps: int = 10,
) -> WaveStudy:
    """Draw the steps of a study.

    Parameters
    ----------
    world : World
    random : numpy Generator
    athletes : WaveAthletes
    levels, steps : int
        Speeds from 5 m/s to each athlete's highest, and steps at each of them.
    """
    count = len(athletes.fastest)
    who, level, number = (
        part.ravel() for part in np.meshgrid(*map(np.arange, (count, levels, steps)), indexing="ij")
    )
    nominal = 5.0 + (athletes.fastest[who] - 5.0) * level / max(levels - 1, 1)
    speed = nominal * (1.0 + 0.005 * random.standard_normal(len(who)))
    contact = 0.83 / speed * (1.0 + 0.28 * (speed - 3.5) / 6.0)
    flight = 0.13 - 0.003 * (speed - 3.5)
    lag = _lags(world, random, speed)
    personal = 1.0 + PERSON_SD * random.standard_normal((count, len(ROLE_GROUPS)))[who]
    momentum, rate, external = _curves(
        world,
        random,
        (speed, contact, flight),
        lag,
        personal,
        random.integers(2**31, size=count)[who],
    )
    impulse, deviation = _next_steps(world, random, number)
    return WaveStudy(
        world=world,
        participant=who,
        level=level,
        step=number,
        speed=speed,
        contact=contact,
        flight=flight,
        momentum=momentum,
        momentum_rate=rate,
        external_moment=external,
        force_peak=np.full(len(who), MIDDLE),
        swing_peak=MIDDLE + lag,
        hub_share=world.amplification + 0.03 * random.standard_normal(len(who)),
        push_index=0.06 * (speed / 9.5) ** SPEED_POWER * _spread(random, len(who)),
        swing_index=0.03 * (speed / 9.5) ** SPEED_POWER * _spread(random, len(who)),
        yaw_impulse=impulse,
        time_deviation=deviation,
        lateral_ratio=athletes.lateral_ratio[who] * _spread(random, len(who)),
    )


def _spread(random: np.random.Generator, count: int) -> FloatArray:
    spread: FloatArray = 1.0 + STEP_SD * random.standard_normal(count)
    return spread


def _lags(world: World, random: np.random.Generator, speed: FloatArray) -> FloatArray:
    """Peak of the swing leg after the peak of the force, share of a step."""
    faster = speed - 7.5
    spread = LAG_SD * np.exp(world.lag_sd_slope * faster)
    lag: FloatArray = LAG + world.lag_slope * faster + spread * random.standard_normal(len(speed))
    return lag


def _next_steps(
    world: World, random: np.random.Generator, number: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Net yaw impulse of each step, and what it does to the timing of the next one."""
    surplus = np.abs(random.standard_normal(len(number)))
    before = np.where(number > 0, np.roll(surplus, 1), surplus.mean())
    standard = (before - surplus.mean()) / surplus.std()
    rest = np.sqrt(1.0 - world.next_step_slope**2)
    size = world.next_step_slope * standard + rest * random.standard_normal(len(number))
    return 0.5 * surplus, 0.004 + 0.0008 * size


def _curves(
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
    moment += _surplus(world, random, growth, contact, momentum, rate)
    return momentum, rate, moment


def _surplus(
    world: World,
    random: np.random.Generator,
    growth: FloatArray,
    contact: FloatArray,
    momentum: FloatArray,
    rate: FloatArray,
) -> FloatArray:
    """Add what steps differ by in contact to push and swing leg; give the moment it takes.

    A regulated world takes part of the push leg's surplus away with the swing leg.
    """
    push, swing = ROLE_GROUPS.index("push_leg"), ROLE_GROUPS.index("swing_leg")
    drawn = SURPLUS * growth[:, None] * random.standard_normal((len(growth), 2))
    follow = world.regulation
    parts = {
        push: drawn[:, 0],
        swing: np.sqrt(1.0 - follow**2) * drawn[:, 1] - follow * drawn[:, 0],
    }
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
