"""Tables of steps and trials, as a laboratory with errors of measurement would have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aqbio.names import SIDES
from aqbio.stats.evidence import CAUSED, SIDED, TRIAL
from aqbio.stats.step_numbers import momentum_numbers, time_deviation
from aqbio.vectors import BoolArray, FloatArray, IntArray
from validation.drawn.people import Athletes, differences, effects
from validation.drawn.stances import drawn_stances
from validation.waves.curves import LAG, MIDDLE, SPEED_POWER
from validation.waves.studies import phase_times
from validation.worlds import World

SLOWEST = 5.0
"""The lowest of all speeds, m/s."""
TIME_SD = 0.005
"""Natural standard deviation of a step's duration, s."""
PER_SIZE = 1.5
"""Growth of the logarithm of that deviation per standard deviation of the imbalance before, over
the effect of the world."""
CAUSED_STEP_SD = 0.03
PASSIVE = (0.015, 0.161)
"""Share of the impulse that limbs without moments take at 5 and 9.5 m/s."""
INDEX_SD, LATERAL_STEP_SD = 0.06, 0.06
PUSH_POWER, SWING_POWER = 0.45, 1.1
"""Powers of speed of both sides' joint moments."""
FORCE_SLOW, FORCE_GROWTH = 1.55, 0.35
"""Mean vertical force in contact over body weight at 5 m/s, and its power of speed."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Which steps are taken: S steps of T trials."""

    who: IntArray
    level: IntArray
    trial: IntArray
    number: IntArray
    """who, level, trial, number: (S,) arrays; trials count over all athletes, steps within one."""
    speed: FloatArray
    """(S,) array, m/s."""

    @property
    def side(self) -> IntArray:
        """0 for a right, 1 for a left contact."""
        return self.number % 2

    def of_trials(self, sd: FloatArray | float, random: np.random.Generator) -> FloatArray:
        """An error that the steps of a trial share."""
        found: FloatArray = sd * random.standard_normal(int(self.trial.max()) + 1)[self.trial]
        return found

    def of_athletes(self, sd: float, random: np.random.Generator) -> FloatArray:
        """An error that all trials of an athlete share."""
        found: FloatArray = sd * random.standard_normal(int(self.who.max()) + 1)[self.who]
        return found


def planned(world: World, athletes: Athletes, random: np.random.Generator, steps: int) -> Plan:
    """Steps of all athletes at speeds from 5 m/s to each one's highest."""
    design, count = world.design, len(athletes.fastest)
    grid = np.meshgrid(*map(np.arange, (count, design.levels, design.trials, steps)), indexing="ij")
    who, level, repeat, number = (part.ravel() for part in grid)
    place = np.arange(design.levels) / max(design.levels - 1, 1)
    slowest = np.full((count, 1), SLOWEST)
    slowest[: design.one_speed] = 0.985 * athletes.fastest[: design.one_speed, None]
    nominal = slowest + (athletes.fastest[:, None] - slowest) * place
    away = design.speed_sd * random.standard_normal((count, design.levels))
    away[: design.one_speed], away[:, -1] = 0.0, 0.0
    trial = (who * design.levels + level) * design.trials + repeat
    plan = Plan(who, level, trial, number, (nominal + away)[who, level])
    speed = plan.speed * (1.0 + 0.004 * random.standard_normal(len(who)))
    return Plan(who, level, trial, number, speed * (1.0 + plan.of_trials(0.003, random)))


def survey_steps(
    world: World, athletes: Athletes, random: np.random.Generator, steps: int
) -> pd.DataFrame:
    """Steps with what differs between athletes: times, joint moments, direction of force."""
    plan = planned(world, athletes, random, steps)
    contact, flight = true_times(plan, athletes)
    contact *= 1.0 + 0.03 * random.standard_normal(len(contact))
    return _framed(world, plan, _between(world, plan, athletes, (contact, flight), random), random)


def whole_steps(
    world: World, athletes: Athletes, random: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Steps with all numbers that statistics read, and their trials."""
    plan = planned(world, athletes, random, world.design.steps)
    contact, flight = true_times(plan, athletes)
    duty = contact / (contact + flight)
    true, seen = drawn_stances(world, random, plan.who, plan.trial, plan.speed, duty)
    numbers = momentum_numbers(seen)
    impulse, deviation = _impulses(world, plan, random)
    lag, true_lag = _lags(world, plan, contact + flight, random)
    columns = _between(world, plan, athletes, (contact, flight + deviation), random)
    columns |= {
        "lag": lag,
        "yaw_impulse": impulse["seen"],
        **_caused(world, plan, random),
        **numbers,
    }
    table = _framed(world, plan, columns, random)
    duration = table["contact_s"] + table["flight_s"]
    cell = [table[name] for name in SIDED]
    table["time_deviation_s"] = time_deviation(duration, cell)
    trials = _trials(world, plan, table, random, impulse["error"], numbers, momentum_numbers(true))
    return table[_kept(world, plan, true_lag, columns[f"{CAUSED}C1"], random)].reset_index(
        drop=True
    ), trials


def true_times(plan: Plan, athletes: Athletes) -> tuple[FloatArray, FloatArray]:
    """Contact and flight time, s: flight is what contact and mean vertical force leave."""
    contact, _ = phase_times(plan.speed, athletes.contact[plan.who])
    force = FORCE_SLOW * (plan.speed / SLOWEST) ** FORCE_GROWTH * np.exp(athletes.force[plan.who])
    return contact, contact * (force - 1.0)


def _between(
    world: World,
    plan: Plan,
    athletes: Athletes,
    times: tuple[FloatArray, FloatArray],
    random: np.random.Generator,
) -> dict[str, FloatArray]:
    """Columns with measured times, joint moments and direction of force."""
    errors, who, count = world.errors, plan.who, len(plan.who)
    contact, flight = times
    landing, leaving = errors.event_s * random.standard_normal((2, count))
    following = np.append(landing[1:], 0.0)
    fatness = plan.of_athletes(errors.body_moments, random)
    push, swing = (
        scale
        * (plan.speed / 9.5) ** power
        * np.exp(
            own[who]
            + fatness
            + plan.of_trials(errors.trial_moments, random)
            + INDEX_SD * random.standard_normal(count)
        )
        for scale, power, own in (
            (0.06, PUSH_POWER, athletes.push_drive),
            (0.03, SWING_POWER, athletes.swing_drive),
        )
    )
    axis = 1.0 + plan.of_athletes(errors.lateral, random)
    lateral = athletes.lateral[who] * axis + errors.laboratory_lateral * athletes.second[who]
    return {
        "contact_s": contact + leaving - landing,
        "flight_s": flight + following - leaving,
        "push_index": push,
        "swing_index": swing,
        "log_ratio_moments": np.log(push / swing),
        "lateral_ratio": lateral * (1.0 + LATERAL_STEP_SD * random.standard_normal(count)),
    }


def _framed(
    world: World, plan: Plan, columns: dict[str, FloatArray], random: np.random.Generator
) -> pd.DataFrame:
    """Table of all steps in the layout of evidence."""
    names = [f"athlete-{number + 1:03d}" for number in range(int(plan.who.max()) + 1)]
    speed = plan.speed * (1.0 + plan.of_trials(world.errors.speed, random))
    return pd.DataFrame(
        {
            "participant_id": pd.Categorical.from_codes(plan.who, pd.Index(names)),
            "trial_id": np.char.add("trial-", plan.trial.astype(str)).astype(object),
            "row": plan.number,
            "level": plan.level,
            "step": plan.number,
            "side": np.array(SIDES, dtype=object)[plan.side],
            "speed_mps": speed,
            "relative_speed": speed / speed.max(),
            **columns,
        }
    )


def _impulses(
    world: World, plan: Plan, random: np.random.Generator
) -> tuple[dict[str, FloatArray], FloatArray]:
    """Net impulse about the vertical, signed, with its error; deviation of step durations, s.

    A step that turns the body more or less than usual, whichever way, makes the next one irregular.
    """
    people, count = world.people, len(plan.who)
    left = plan.side == 1
    growth = (plan.speed / 9.5) ** SPEED_POWER
    scale = growth * np.where(left, 1.0 / people.side_impulse, 1.0)
    unusual = random.standard_normal(count)
    error = world.errors.step_impulse * growth.mean()
    seen = scale * (people.impulse_mean + unusual) + error * random.standard_normal(count)
    before = np.where(plan.number > 0, np.abs(np.roll(unusual, 1)), np.sqrt(2.0 / np.pi))
    own = effects(people, int(plan.who.max()) + 1, random)[plan.who]
    gain = PER_SIZE * world.next_step_slope * own
    size = TIME_SD * np.where(left, 1.0 / people.side_time, 1.0)
    size = size * np.exp(gain * (before - np.sqrt(2.0 / np.pi)))
    return {"seen": seen, "error": np.full(count, error)}, size * random.standard_normal(count)


def _lags(
    world: World, plan: Plan, duration: FloatArray, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Lag of the swing leg's peak after the force's, share of the step: measured and true.

    From the instants of both peaks, in seconds.
    """
    people, errors, athletes = world.people, world.errors, int(plan.who.max()) + 1
    shows = effects(people, athletes, random)
    faster = plan.speed - 7.5
    slope = world.lag_slope * shows + people.lag_slope_sd * differences(people, athletes, random)
    tighter = world.lag_sd_slope * shows
    tighter = tighter + people.lag_sd_slope_sd * differences(people, athletes, random)
    spread = people.lag_sd * np.exp(np.clip(tighter[plan.who] * faster, -3.0, 3.0))
    usual = LAG + slope[plan.who] * faster
    away = spread * random.standard_normal(len(faster))
    force_peak = MIDDLE * duration
    swing_peak = force_peak + (usual + (1.0 - errors.lag_shrink) * away) * duration
    noise = lag_error(world, plan.speed) * random.standard_normal(len(faster))
    noise += plan.of_trials(errors.trial_lag, random) + plan.of_athletes(errors.body_lag, random)
    swing_peak += noise * duration + errors.clock_s
    return (swing_peak - force_peak) / duration, usual + away


def lag_error(world: World, speed: FloatArray) -> FloatArray:
    """Standard deviation of a step's error of the lag, share of the step."""
    own: FloatArray = world.errors.step_lag * (speed / 7.5) ** world.errors.step_lag_growth
    return own


def _caused(world: World, plan: Plan, random: np.random.Generator) -> dict[str, FloatArray]:
    """Shares of the vertical impulse that moments cause, and that relative to the pelvis.

    Moments cause a force under every contact model; limbs that swing without any take a share
    relative to the pelvis that grows with speed.
    """
    people, errors, count = world.people, world.errors, len(plan.who)
    athletes = int(plan.who.max()) + 1
    own = world.amplification * effects(people, athletes, random)
    own = own + people.caused_sd * differences(people, athletes, random)
    force = own[plan.who] + CAUSED_STEP_SD * random.standard_normal(count)
    wrong = plan.of_trials(errors.trial_caused, random)
    wrong += plan.of_athletes(errors.body_caused, random)
    slow, fast = PASSIVE
    passive = slow + (fast - slow) * (plan.speed - SLOWEST) / (9.5 - SLOWEST)
    return {"hub_share": passive + force + wrong} | {
        f"{CAUSED}C{number + 1}": force + more + wrong
        for number, more in enumerate(world.contact_models)
    }


def _trials(
    world: World,
    plan: Plan,
    steps: pd.DataFrame,
    random: np.random.Generator,
    impulse_error: FloatArray,
    seen: dict[str, FloatArray],
    true: dict[str, FloatArray],
) -> pd.DataFrame:
    """What gates read of the trials: errors as large as they are, but for how they are told."""
    errors = world.errors
    trials = steps.groupby(TRIAL, observed=True, sort=False)
    place = trials.ngroup().to_numpy()
    own = {
        "step_lag": lag_error(world, plan.speed),
        "step_yaw_impulse": impulse_error,
        "lag": np.full(len(plan.who), np.hypot(errors.trial_lag, errors.body_lag)),
        "caused_share": np.full(len(plan.who), np.hypot(errors.trial_caused, errors.body_caused)),
    }
    for name, column in (
        ("opposition", "opposition_difference"),
        ("arms_push_cosine", "arms_push_cosine"),
    ):
        away = np.bincount(place, seen[column] - true[column]) / np.bincount(place)
        own[name] = np.full(len(plan.who), np.std(away))  # what is wrong alike nobody knows
    told = errors.misstated * np.exp(0.1 * random.standard_normal(int(place.max()) + 1))
    first = np.unique(place, return_index=True)[1]
    return pd.DataFrame(
        {
            "recorded": trials.size(),
            "marker_rate": 250.0,
            "consistent": True,
            "suspect": False,
            "residual_ratio": np.inf,
            "residual_moment": 0.0,
            "closures_pass": True,
            **{f"error_{name}": told * values[first] for name, values in own.items()},
        }
    )


def _kept(
    world: World,
    plan: Plan,
    lag: FloatArray,
    caused: FloatArray,
    random: np.random.Generator,
) -> BoolArray:
    """Steps that were not lost: at random, the latest at the highest speeds, or by athlete."""
    design = world.design
    chance = random.random(len(lag))
    if design.missing == "random":
        return chance >= design.missing_share
    if design.missing == "by_athlete":
        means = np.bincount(plan.who, caused) / np.bincount(plan.who)
        rank = means.argsort().argsort() / max(len(means) - 1, 1)
        return chance >= 2.0 * design.missing_share * rank[plan.who]
    keep = np.ones(len(lag), dtype=bool)
    tops = {"none": 0, "late_at_top": 1, "late_at_two_tops": 2}[design.missing]
    for trial in np.unique(plan.trial[plan.level >= design.levels - tops]):
        own = np.flatnonzero(plan.trial == trial)
        lost = round(design.missing_share * len(own))
        keep[own[np.argsort(lag[own])[len(own) - lost :]]] = False
    return keep
