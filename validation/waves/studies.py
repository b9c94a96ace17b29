"""G-wave: group waveforms and outcomes of whole studies, without bodies, in milliseconds.

The curves obey what every runner obeys: the groups add up to a total that is constant in flight
and whose rate in contact is the external moment. Everything else is what a world says. Canonical
frame: right contact; the step after is its mirror image, so that momenta about the vertical change
sign from step to step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.names import ROLE_GROUPS
from aqbio.vectors import BoolArray, FloatArray, IntArray
from validation.waves.curves import LAG, MIDDLE, SPEED_POWER, STEP_SD, group_curves
from validation.worlds import World

PERSON_SD = 0.10
"""How much persons differ in the groups' amplitudes, relative."""
LAG_SD = 0.025
"""Variation of the swing leg's lag at 7.5 m/s, share of a step."""
CAPACITY_CORRELATION, RELIABILITY, EXPLAINED = 0.5, 0.9, 0.75
CONTACT_SD = 0.08
"""How much persons differ in contact time at the same speed, logarithm."""
SHARE_SD = 0.02
"""How much persons differ in the share of the impulse that swing leg, arms and torso add."""


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
        Impulse of the external moment about the vertical over the step, absolute.
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
    weak : (A,) bool array
        Whose swing side is weaker.
    lateral_ratio : (A,) array
    contact_excess : (A,) array
        Contact time against the others at the same speed, logarithm.
    normal, restricted : (A, R) arrays, m/s
        Speeds of R sprints in each condition.
    """

    fastest: FloatArray
    push_capacity: FloatArray
    swing_capacity: FloatArray
    weak: BoolArray
    lateral_ratio: FloatArray
    contact_excess: FloatArray
    normal: FloatArray
    restricted: FloatArray


def wave_athletes(
    world: World, athletes: int, random: np.random.Generator, sprints: int = 3
) -> WaveAthletes:
    """Draw athletes whose highest speed follows the world's law.

    Capacities P and S correlate by 0.5 and are measured with a reliability of 0.9; speed is ``8.8 +
    0.6 z`` with z the standardised mean or minimum of the true capacities, which explains 75 % of
    it; where lateral force costs speed, it does so within the other 25 %.
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
    chance = np.sqrt(1.0 / EXPLAINED - 1.0 - world.lateral_leak**2)
    chance = chance * random.standard_normal(athletes)
    fastest = 8.8 + 0.6 * np.sqrt(EXPLAINED) * (law + chance + world.lateral_leak * lateral)
    seen = np.sqrt(RELIABILITY) * true
    seen += np.sqrt(1.0 - RELIABILITY) * random.standard_normal((athletes, 2))
    effect = world.restricted + world.restricted_sd * random.standard_normal(athletes)
    day = 0.006 * random.standard_normal((2, athletes, sprints))
    return WaveAthletes(
        fastest=fastest,
        push_capacity=seen[:, 0],
        swing_capacity=seen[:, 1],
        weak=weak,
        lateral_ratio=0.10 + 0.015 * lateral,
        contact_excess=CONTACT_SD * random.standard_normal(athletes),
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
    """Draw the steps of a study."""
    count = len(athletes.fastest)
    who, level, number = (
        part.ravel() for part in np.meshgrid(*map(np.arange, (count, levels, steps)), indexing="ij")
    )
    nominal = 5.0 + (athletes.fastest[who] - 5.0) * level / max(levels - 1, 1)
    speed = nominal * (1.0 + 0.005 * random.standard_normal(len(who)))
    contact, flight = phase_times(speed, athletes.contact_excess[who])
    lag = _lags(world, random, speed)
    personal = 1.0 + PERSON_SD * random.standard_normal((count, len(ROLE_GROUPS)))[who]
    momentum, rate, external = group_curves(
        world,
        random,
        (speed, contact, flight),
        lag,
        personal,
        random.integers(2**31, size=count)[who],
    )
    impulse = np.abs(np.trapezoid(external[:, 0, :, 1], axis=1)) * contact / 100.0
    growth = _growths(world, random, athletes)[who]
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
        hub_share=world.amplification
        + SHARE_SD * random.standard_normal(count)[who]
        + 0.03 * random.standard_normal(len(who)),
        push_index=0.06 * (speed / 9.5) ** growth[:, 0] * _spread(random, len(who)),
        swing_index=0.03 * (speed / 9.5) ** growth[:, 1] * _spread(random, len(who)),
        yaw_impulse=impulse,
        time_deviation=_deviations(world, random, number, impulse / speed**SPEED_POWER),
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


def _growths(world: World, random: np.random.Generator, athletes: WaveAthletes) -> FloatArray:
    """Powers of speed with which push and swing side's joint moments grow, (A, 2)."""
    powers = SPEED_POWER + world.growth_sd * random.standard_normal((len(athletes.fastest), 2))
    powers[athletes.weak, 1] += world.weak_growth
    return powers


def _deviations(
    world: World, random: np.random.Generator, number: IntArray, impulse: FloatArray
) -> FloatArray:
    """Absolute deviation of each step's time, raised by the yaw impulse of the step before."""
    standard = (impulse - impulse.mean()) / impulse.std()
    before = np.where(number > 0, np.roll(standard, 1), 0.0)
    rest = np.sqrt(1.0 - world.next_step_slope**2)
    size = world.next_step_slope * before + rest * random.standard_normal(len(number))
    deviation: FloatArray = 0.004 + 0.0008 * size
    return deviation


def phase_times(speed: FloatArray, excess: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Contact and flight time at a speed."""
    contact = 0.83 / speed * (1.0 + 0.28 * (speed - 3.5) / 6.0) * np.exp(excess)
    flight = 0.13 - 0.003 * (speed - 3.5)
    return contact, flight
