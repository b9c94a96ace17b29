"""Studies of drawn features: tables as a laboratory would have them, and what is true of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from aqbio.names import NORMAL, RESTRICTED, ROLE_GROUPS, SIDES
from aqbio.vectors import BoolArray, FloatArray, IntArray
from validation.features import (
    INJURED_GAP,
    INJURED_HABIT,
    INJURED_SPEED,
    SMALLEST,
    Features,
    Random,
)

# people -------------------------------------------------------------------------------------------

SPEED_MEAN, SPEED_SD, SLOWEST = 8.8, 0.6, 5.0
"""Highest speeds, and the lowest speed that is recorded, m/s."""
STRENGTH_CORRELATION, DRIVE_CORRELATION = 0.5, 0.4
"""Of both sides' strengths, and of both sides' joint moments at equal speed."""
LATERAL, LATERAL_SD = 0.10, 0.15
"""Lateral share of the impulse at 8 m/s, and how athletes differ in its logarithm."""
CONTACT_SD, FORCE_SD, DRIVE_SD = 0.08, 0.04, 0.10
"""How athletes differ at equal speed, logarithms: contact time, mean vertical force in contact,
joint moments."""


@dataclass(frozen=True, eq=False)
class People:
    """True numbers of A athletes, (A,) arrays."""

    fastest: FloatArray
    """m/s."""
    push: FloatArray
    swing: FloatArray
    """push, swing: Strengths, standard deviations."""
    lateral: FloatArray
    force: FloatArray
    drive: FloatArray
    """lateral, force, drive: At equal speed, logarithms: lateral share, vertical force, moments
    that swing a leg."""
    other_drive: FloatArray
    contact: FloatArray
    """other_drive, contact: The same of the push leg's moments and of contact time."""
    member: BoolArray
    """(3, A): sex, laboratory and footwear."""


def drawn_people(features: Features, count: int, random: Random) -> People:
    """Athletes whose highest speed is made of strengths, habits, groups and chance."""
    shared, of_sides = random.standard_normal(count), random.standard_normal((2, count))
    mix = STRENGTH_CORRELATION
    push, swing = np.sqrt(mix) * shared + np.sqrt(1.0 - mix) * of_sides
    habits = _tails(features, (5, count), random)
    lateral, force, drive, contact = LATERAL_SD, FORCE_SD, DRIVE_SD, CONTACT_SD
    member = random.random((3, count)) < np.array([[group.share] for group in features.groups])
    gains = (features.lateral_gain, features.flight_gain, features.drive_gain)
    of_groups = {
        name: np.array([getattr(group, name) for group in features.groups]) @ member
        for name in ("speed", "gap", "lateral", "flight", "drive")
    }
    injured = np.arange(count) < features.injured
    habits[0] += INJURED_HABIT * injured
    habits[2] -= INJURED_HABIT * injured
    unequal = of_groups["gap"] * random.standard_normal(count)
    push, swing = push + unequal, swing - unequal - INJURED_GAP * injured
    benefit = np.sqrt(features.explained / (0.5 + 0.5 * mix))
    strength = (push + swing - features.imbalance_cost * np.abs(push - swing)) / 2.0
    rest = np.sqrt(max(1.0 - features.explained - float(np.square(gains).sum()), 0.0))
    z = benefit * strength + np.array(gains) @ habits[:3] + rest * random.standard_normal(count)
    fastest = SPEED_MEAN + SPEED_SD * z + of_groups["speed"] - INJURED_SPEED * injured
    other_joint = DRIVE_CORRELATION * habits[2] + np.sqrt(1.0 - DRIVE_CORRELATION**2) * habits[3]
    return People(
        fastest=np.maximum(fastest, 6.0),
        push=push,
        swing=swing,
        lateral=lateral * habits[0] + of_groups["lateral"],
        force=force * habits[1] + of_groups["flight"],
        drive=drive * habits[2] + of_groups["drive"],
        other_drive=drive * other_joint,
        contact=contact * habits[4],
        member=member,
    )


def differences(features: Features, count: int, random: Random) -> FloatArray:
    """Differences of athletes in an effect, (A,): mean 0, SD `Features.differences`."""
    return features.differences * _tails(features, (count,), random)


def _tails(features: Features, shape: tuple[int, ...], random: Random) -> FloatArray:
    """Numbers of mean 0 and standard deviation 1 with the tails of `Features.tails`."""
    if features.tails == "heavy":
        heavy: FloatArray = random.standard_t(3, shape) / np.sqrt(3.0)
        return heavy
    if features.tails == "skewed":
        return random.standard_exponential(shape) - 1.0
    return random.standard_normal(shape)


# steps --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Plan:
    """Steps that are taken, (S,) arrays; trials count over all athletes, steps within one."""

    athlete: IntArray
    level: IntArray
    trial: IntArray
    number: IntArray
    speed: FloatArray
    """m/s."""
    slow: FloatArray
    """1 at the lowest speed of the plan, 0 at the highest."""

    def shared(self, bearer: IntArray, sd: float, random: Random) -> FloatArray:
        """An error that the steps of a trial or of an athlete share."""
        error: FloatArray = sd * random.standard_normal(int(bearer.max()) + 1)[bearer]
        return error


def planned(features: Features, people: People, random: Random) -> Plan:
    """Trials of all athletes at speeds from 5 m/s to each one's highest."""
    rows, count = [], 0
    levels = max(features.levels - 1, 1)
    trials_of_level = np.linspace(*features.trials, features.levels).round().astype(int)
    for athlete, fastest in enumerate(people.fastest):
        for level, trials in enumerate(trials_of_level):
            nominal = SLOWEST + (fastest - SLOWEST) * level / levels
            nominal += 0.1 * random.standard_normal() * (0 < level < levels)
            for _ in range(int(trials)):
                speed = nominal * (1.0 + 0.003 * random.standard_normal())
                rows.append((athlete, level, count, speed, 1.0 - level / levels))
                count += 1
    table = np.repeat(np.array(rows), features.steps, axis=0)
    number = np.tile(np.arange(features.steps), count)
    athlete, level, trial = table[:, :3].T.astype(np.int64)
    speed = table[:, 3] * (1.0 + 0.004 * random.standard_normal(len(table)))
    return Plan(athlete, level, trial, number, speed, table[:, 4])


CONTACT_M, CONTACT_GROWTH = 0.83, 0.28
"""Speed times contact time at 3.5 m/s, m, and its relative growth up to 9.5 m/s."""
FORCE_SLOW, FORCE_GROWTH = 1.55, 0.35
"""Mean vertical force in contact over body weight at 5 m/s, and its power of speed."""
DRIVES = {"push_index": (0.06, 0.45), "swing_index": (0.03, 1.1)}
"""Joint moments of both sides at 9.5 m/s, shares of weight times stature, and powers of speed."""


def _between(
    features: Features, plan: Plan, people: People, random: Random
) -> dict[str, FloatArray]:
    """Times, joint moments and lateral shares, measured."""
    athlete, size, count = plan.athlete, features.errors, len(plan.athlete)
    relative_limit = (SPEED_MEAN / people.fastest) ** features.own_limit
    pace = plan.speed * relative_limit[athlete]
    contact = CONTACT_M / pace * (1.0 + CONTACT_GROWTH * (pace - 3.5) / 6.0)
    contact = contact * np.exp(people.contact[athlete] + 0.03 * random.standard_normal(count))
    force = FORCE_SLOW * (pace / SLOWEST) ** FORCE_GROWTH * np.exp(people.force[athlete])
    flight = contact * (np.maximum(force, 1.05) - 1.0) + 0.005 * random.standard_normal(count)
    events = 0.001 * size * random.standard_normal((2, count))
    body = plan.shared(athlete, 0.04 * size, random)
    measured = {"contact_s": contact + events[0], "flight_s": np.maximum(flight - events[0], 0.02)}
    for (name, (scale, power)), habit in zip(
        DRIVES.items(), (people.other_drive, people.drive), strict=True
    ):
        noise = plan.shared(plan.trial, 0.02 * size, random) + 0.06 * random.standard_normal(count)
        measured[name] = scale * (pace / 9.5) ** power * np.exp(habit[athlete] + body + noise)
    powers = features.lateral_power + features.lateral_power_sd * differences(
        features, len(people.fastest), random
    )
    axis = plan.shared(athlete, 0.02 * size, random)
    lateral = LATERAL * np.exp(
        people.lateral[athlete] + powers[athlete] * np.log(plan.speed / 8.0) + axis
    )
    measured["lateral_ratio"] = lateral * np.exp(0.06 * random.standard_normal(count))
    return measured


LAG, FORCE_PEAK = 0.06, 0.18
"""Peak of the swing leg's momentum after that of the force, and that of the force, share of a
step."""
LAG_SD, LAG_SLOPE_SD, SPREAD_SLOPE_SD = 0.012, 0.004, 0.05
WRONG_PEAK = 0.12
"""How far off another peak is, share of a step."""
TRIAL_LAG, BODY_LAG, STEP_LAG = 0.0045, 0.003, 0.004
TRIAL_CAUSED, BODY_CAUSED = 0.0055, 0.005
GROUP_BODY, GROUP_STEP = 0.05, 0.01
"""Errors of the lag, of caused shares and of momenta of groups (relative), as found in whole runs
of virtual sprinters: of a trial, of a body, of a step."""


def _lags(features: Features, plan: Plan, step_s: FloatArray, random: Random) -> FloatArray:
    """Instant of the swing leg's peak, share of the step."""
    count, athletes = len(plan.athlete), int(plan.athlete.max()) + 1
    faster, size = plan.speed - 7.5, features.errors
    slope = features.lag_slope + LAG_SLOPE_SD * differences(features, athletes, random)
    tighter = features.spread_slope + SPREAD_SLOPE_SD * differences(features, athletes, random)
    athlete_sd = LAG_SD * np.exp(features.uneven * random.standard_normal(athletes))
    spread = athlete_sd[plan.athlete] * np.exp(np.clip(tighter[plan.athlete] * faster, -3.0, 3.0))
    lag = LAG + slope[plan.athlete] * faster + spread * random.standard_normal(count)
    lag += plan.shared(plan.trial, TRIAL_LAG * size, random)
    lag += plan.shared(plan.athlete, BODY_LAG * size, random)
    lag += STEP_LAG * size * random.standard_normal(count)
    lag += features.shared * SMALLEST["lag_slope"] * faster
    lag += features.drift * plan.slow * (plan.number / max(features.steps - 1, 1) - 0.5)
    slow, fast = features.wrong_peaks
    wrong = random.random(count) < fast + (slow - fast) * plan.slow
    lag += wrong * WRONG_PEAK * random.choice([-1.0, 1.0], count)
    peak: FloatArray = FORCE_PEAK + lag + features.clock_s / step_s
    return peak


CAUSED_SD, CAUSED_STEP_SD = 0.02, 0.03
PASSIVE = (0.015, 0.161)
"""Share of the impulse relative to the pelvis that limbs without moments take, 5 and 9.5 m/s."""


def _caused(features: Features, plan: Plan, effect: FloatArray, random: Random) -> FloatArray:
    """Caused shares under the contact models, and the one relative to the pelvis, (4, S)."""
    size, count = features.errors, len(plan.athlete)
    scatter = np.exp(features.uneven * random.standard_normal(len(effect)))[plan.athlete]
    share = effect[plan.athlete] + CAUSED_STEP_SD * scatter * random.standard_normal(count)
    share += plan.shared(plan.trial, TRIAL_CAUSED * size, random)
    share += plan.shared(plan.athlete, BODY_CAUSED * size, random)
    share += features.shared * SMALLEST["caused"]
    passive = np.interp(plan.speed, (SLOWEST, 9.5), PASSIVE)
    return np.stack(
        [*(share + model_bias for model_bias in features.contact_models), share + passive]
    )


# momenta ------------------------------------------------------------------------------------------

POINTS = 21
"""Instants of a contact."""
AMPLITUDES = {
    "arms_against_legs": (-3.0, -2.3, 4.6, 0.6, 0.0),
    "swing_leg_alone": (2.2, 0.0, 2.4, 0.9, 0.1),
}
"""Of the angular momenta about the vertical of push leg, swing leg, arms, torso and pelvis at
9.5 m/s, kg m²/s. The group that takes up what the total leaves: the torso, or the swing leg."""
PITCHING = (-12.0, 10.5, 0.3, 0.8, 0.2)
"""The same about the sideways axis, of which a tilted vertical shows a part."""
GROWTH, TOTAL = 1.2, 0.8
"""Power of speed of all momenta; total at mid-contact, kg m²/s."""
SHARED_PATTERN = 0.1
"""Relative error of the swing leg's momentum that `Features.shared` of 1 makes in all athletes."""


def drawn_momenta(
    features: Features, plan: Plan, step_s: FloatArray, contact_s: FloatArray, random: Random
) -> FloatArray:
    """Measured momenta of the groups in contact, (S, 21, 5), kg m²/s."""
    count, athletes, groups = len(plan.athlete), int(plan.athlete.max()) + 1, len(ROLE_GROUPS)
    share = np.linspace(0.0, 1.0, POINTS) * (contact_s / step_s)[:, None]
    spread = np.stack([differences(features, athletes, random) for _ in range(groups)], axis=-1)
    powers = (GROWTH + features.growth_sd * spread)[plan.athlete]
    growth = (plan.speed / 9.5)[:, None] ** powers
    personal = np.exp(0.1 * random.standard_normal((athletes, groups)))[plan.athlete]
    scale = growth * personal * (1.0 + 0.06 * random.standard_normal((count, groups)))
    swing_alone = random.random(athletes) < features.alone_share
    swing_alone = (swing_alone | (features.pattern == "swing_leg_alone"))[plan.athlete]
    turns = random.uniform(0.0, 2.0, (athletes, groups)) * (features.pattern == "random_phases")
    peaks = FORCE_PEAK + LAG + turns[plan.athlete] + 0.02 * random.standard_normal((count, groups))
    ramp, hump = (
        2.0 * t**2 * (3.0 - 2.0 * t) - 1.0 if shape == "ramp" else 16.0 * t**2 * (1.0 - t) ** 2
        for shape in ("ramp", "hump")
        for t in [np.linspace(0.0, 1.0, POINTS)]
    )
    level, height = random.standard_normal((2, count, 1))
    total = growth[:, :1] * ((0.3 + 0.1 * level) * ramp + TOTAL * (1.0 + 0.2 * height) * hump)
    true = np.empty((count, POINTS, groups))
    for name, chosen, taker in (
        ("arms_against_legs", ~swing_alone, "torso"),
        ("swing_leg_alone", swing_alone, "swing_leg"),
    ):
        phase = np.where(swing_alone[:, None], FORCE_PEAK + LAG, peaks)[chosen]
        curve = np.cos(np.pi * (share[chosen, :, None] - phase[:, None]))
        true[chosen] = (scale[chosen] * AMPLITUDES[name])[:, None] * curve
        rest = true[chosen].sum(axis=-1) - total[chosen]
        true[chosen, :, ROLE_GROUPS.index(taker)] -= rest
    size = features.errors
    wrong = GROUP_STEP * size * random.standard_normal((count, groups))
    for bearer, sd in ((plan.athlete, GROUP_BODY * size), (plan.trial, GROUP_STEP * size)):
        wrong += sd * random.standard_normal((int(bearer.max()) + 1, groups))[bearer]
    wrong[:, ROLE_GROUPS.index("swing_leg")] += SHARED_PATTERN * features.shared
    tilt = np.deg2rad(features.tilt_deg)
    twice = np.cos(2.0 * np.pi * (share - FORCE_PEAK - LAG))[..., None]
    pitching = (growth * PITCHING)[:, None] * twice
    measured: FloatArray = np.cos(tilt) * true * (1.0 + wrong[:, None]) + np.sin(tilt) * pitching
    return measured


# sprints and strengths ----------------------------------------------------------------------------

ARMS_SD, ARMS_LATERAL_SD, DAY_SD = 0.010, 0.05, 0.006
"""How athletes differ in what restricted arms do, and how one's sprints differ, shares."""


def _sprints(features: Features, people: People, names: list[str], random: Random) -> pd.DataFrame:
    """Sprints with free and with restricted arms, each slower by its place."""
    count = len(names)
    orders = _sprint_orders(features, count, random)
    condition, athlete, _ = np.indices(orders.shape)
    cost = features.arms_cost + ARMS_SD * differences(features, count, random)
    side = features.arms_lateral + ARMS_LATERAL_SD * differences(features, count, random)
    chance = random.standard_normal((2, *orders.shape))
    speed = people.fastest[athlete] * (1.0 - cost[athlete] * condition)
    speed = speed * (1.0 - features.fatigue * orders) * (1.0 + DAY_SD * chance[0])
    powers = features.lateral_power + features.lateral_power_sd * random.standard_normal(count)
    lateral = LATERAL * np.exp(people.lateral[athlete] + powers[athlete] * np.log(speed / 8.0))
    lateral = lateral * (1.0 + side[athlete] * condition) * np.exp(0.04 * chance[1])
    return pd.DataFrame(
        {
            "participant_id": np.array(names, dtype=object)[athlete.ravel()],
            "athlete": np.array(names, dtype=object)[athlete.ravel()],
            "condition": np.array([NORMAL, RESTRICTED], dtype=object)[condition.ravel()],
            "effort": "maximal",
            "order": orders.ravel() + 1.0,
            "speed_mps": speed.ravel(),
            "lateral_ratio": lateral.ravel(),
        }
    )


def _sprint_orders(features: Features, count: int, random: Random) -> FloatArray:
    """Place of every sprint in its athlete's order, (2, A, R): free arms and restricted ones."""
    sprints = features.sprints
    condition, athlete, number = np.indices((2, count, sprints)).astype(float)
    if features.order == "random":
        permuted = random.permuted(np.tile(np.arange(2.0 * sprints), (count, 1)), axis=1)
        return np.moveaxis(permuted.reshape(count, 2, sprints), 1, 0)
    orders: FloatArray = 2.0 * number + (athlete + condition) % 2.0
    if features.order != "alternating":
        first = (athlete == 0) & (features.order == "one_first")
        orders = number + sprints * np.abs(condition - first)
    return orders


def _strengths(features: Features, people: People, random: Random) -> FloatArray:
    """Tests of both sides' strengths, (2, tests, A), N m."""
    true = np.stack([people.push, people.swing])[:, None]
    noise = np.sqrt(1.0 / features.reliability - 1.0) ** 2
    for group, member in zip(features.groups, people.member, strict=True):
        noise = noise + group.test_error**2 * member
    shape = (2, features.tests, len(people.fastest))
    tests: FloatArray = 300.0 + 30.0 * (true + np.sqrt(noise) * random.standard_normal(shape))
    return tests


# the study ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class DrawnStudy:
    """Tables of a study."""

    steps: pd.DataFrame
    """By step: who, which trial, speed, times, instants of both peaks (shares of the step), net
    impulse about the vertical, joint moments, lateral share, ``caused_C1`` to ``caused_C3`` and
    ``hub_share``."""
    momenta: FloatArray
    """(S, 21, 5) array, kg m²/s: of the groups of segments in contact."""
    trials: pd.DataFrame
    """By athlete and trial: ``recorded`` steps, and errors as they are reported."""
    sprints: pd.DataFrame
    strengths: FloatArray
    """(2, tests, A) array, N m: of push and swing side."""
    sheet: pd.DataFrame
    """By athlete: ``sex``, ``laboratory``, ``footwear``; None where it is not stated."""
    features: Features
    """What it was drawn of."""


def drawn_study(features: Features, random: Random) -> DrawnStudy:
    """Draw a study."""
    people = drawn_people(features, features.athletes, random)
    names = [f"athlete-{number + 1:03d}" for number in range(features.athletes)]
    plan = planned(features, people, random)
    columns = _between(features, plan, people, random)
    step_s = columns["contact_s"] + columns["flight_s"]
    effect = features.caused + CAUSED_SD * differences(features, features.athletes, random)
    caused = _caused(features, plan, effect, random)
    momenta = drawn_momenta(features, plan, step_s, columns["contact_s"], random)
    impulse_error = 0.4 * features.errors * float(np.mean((plan.speed / 9.5) ** GROWTH))
    impulse = (plan.speed / 9.5) ** GROWTH * (3.0 + random.standard_normal(len(step_s)))
    impulse += impulse_error * random.standard_normal(len(step_s))
    steps = pd.DataFrame(
        {
            "participant_id": pd.Categorical.from_codes(plan.athlete, pd.Index(names)),
            "trial_id": np.char.add("trial-", plan.trial.astype(str)).astype(object),
            "level": plan.level,
            "step": plan.number,
            "side": np.array(SIDES, dtype=object)[plan.number % 2],
            "speed_mps": plan.speed
            * (1.0 + plan.shared(plan.trial, 0.002 * features.errors, random)),
            **columns,
            "force_peak": FORCE_PEAK,
            "swing_peak": _lags(features, plan, step_s, random),
            "yaw_impulse": impulse,
            **dict(zip(("caused_C1", "caused_C2", "caused_C3", "hub_share"), caused, strict=True)),
        }
    )
    recorded = _recorded_steps(features, plan, effect)
    included = recorded & (random.random(len(recorded)) >= features.missing)
    return DrawnStudy(
        steps=steps[included].reset_index(drop=True),
        momenta=momenta[included],
        trials=_trials(features, steps[recorded], impulse_error, random),
        sprints=_sprints(features, people, names, random),
        strengths=_strengths(features, people, random),
        sheet=_sheet(features, people, names),
        features=features,
    )


def _recorded_steps(features: Features, plan: Plan, effect: FloatArray) -> BoolArray:
    """Steps that are recorded, (S,): fewer of athletes with smaller effects."""
    rank = effect.argsort().argsort() / max(len(effect) - 1, 1)
    last = np.ceil(features.steps * (1.0 - features.follow * (1.0 - rank)))
    recorded: BoolArray = plan.number < last[plan.athlete]
    return recorded


def _trials(
    features: Features, steps: pd.DataFrame, impulse_error: float, random: Random
) -> pd.DataFrame:
    """Reports of trials: errors as large as they are, times their misstatement."""
    keys = ["participant_id", "trial_id"]
    recorded = steps.groupby(keys, observed=True, sort=False).size()
    errors = {"step_yaw_impulse": impulse_error}
    misstatement = features.misstated * np.exp(0.1 * random.standard_normal(len(recorded)))
    return pd.DataFrame(
        {
            "recorded": recorded,
            **{f"error_{name}": misstatement * error for name, error in errors.items()},
        }
    )


KINDS = {
    "sex": ("male", "female"),
    "laboratory": ("first", "second"),
    "footwear": ("spikes", "flats"),
}
"""Columns of the participants' sheet, and what others and members of `Features.groups` are."""


def _sheet(features: Features, people: People, names: list[str]) -> pd.DataFrame:
    table = {}
    for (name, words), group, member in zip(
        KINDS.items(), features.groups, people.member, strict=True
    ):
        column = [words[int(is_member)] for is_member in member]
        table[name] = column if group.on_sheet else [None] * len(names)
    return pd.DataFrame(table, index=names, dtype=object)


# truths -------------------------------------------------------------------------------------------

CURVE_ATHLETES, SPEED_ATHLETES = 5000, 200_000
"""Athletes whose curves, and whose highest speeds, stand for all."""
MAX_ABSENT, MIN_PRESENT = 0.1, 0.95
"""Effects up to a tenth of the smallest of interest are none; from 95 % on it is there."""
CONTRAST = "contrast"
"""The lateral share with restricted arms, as a contrast."""
OFFSET_SMALLEST = 0.1


@dataclass(frozen=True, slots=True)
class Truth:
    """The true value of what a sentence is about."""

    value: float
    smallest: float
    """The smallest effect of interest; its sign is the direction of the sentence."""
    weakest: float = np.nan
    """Where every one of several numbers must show it: the one that shows it least."""

    @property
    def size(self) -> float:
        """In smallest effects, in the direction of the sentence."""
        return self.value / self.smallest

    @property
    def claim(self) -> str:
        """State of the sentence: true, false, or on the border."""
        relative_size = self.size if np.isnan(self.weakest) else self.weakest / self.smallest
        if relative_size >= MIN_PRESENT:
            return "true"
        return "false" if self.size <= MAX_ABSENT else "border"


def speed_cost(features: Features) -> float:
    """Per cent of speed per measured standard deviation by which sides differ."""
    benefit = np.sqrt(features.explained / (0.5 + 0.5 * STRENGTH_CORRELATION))
    cost = 100.0 * SPEED_SD / SPEED_MEAN * benefit * features.imbalance_cost / 2.0
    error = (1.0 / features.reliability - 1.0) / features.tests
    return float(cost * np.sqrt(1.0 + error))


def truths(features: Features) -> dict[str, Truth]:
    """Truth of every hypothesis, from the features alone.

    No drawn step knows of the one before: of consequences of an imbalance there are
    `validation.imbalance_worlds`.
    """
    effects = {
        "H3b": ("imbalance_cost", speed_cost(features), 1.0),
        "H4": ("caused", features.caused + max(features.contact_models), 1.0),
        "H5a": ("lag_slope", features.lag_slope, 1.0),
        "H7": ("arms_cost", features.arms_cost, -100.0),
        CONTRAST: ("arms_lateral", features.arms_lateral, 100.0),
    }
    by_hypothesis = {
        name: Truth(unit * value, unit * SMALLEST[key])
        for name, (key, value, unit) in effects.items()
    }
    smallest_caused = features.caused + min(features.contact_models)
    by_hypothesis["H4"] = replace(by_hypothesis["H4"], weakest=smallest_caused)
    return by_hypothesis | _between_truths(features) | _pattern_truths(features)


def _between_truths(features: Features) -> dict[str, Truth]:
    """Slopes of highest speed, in standard deviations over very many athletes."""
    people = drawn_people(replace(features, injured=0), SPEED_ATHLETES, np.random.default_rng(1))
    habits = {
        "H8a": ("lateral_gain", people.lateral, LATERAL_SD),
        "H9": ("drive_gain", people.drive, DRIVE_SD),
    }
    spread = people.fastest.std()
    return {
        name: Truth(
            getattr(features, key) * SPEED_SD / unit * habit.std() / spread, SMALLEST[key]
        )
        for name, (key, habit, unit) in habits.items()
    }  # fmt: skip


def _pattern_truths(features: Features) -> dict[str, Truth]:
    """Share that the push leg offsets in the curves themselves, of very many athletes."""
    exact = replace(
        features, athletes=CURVE_ATHLETES, steps=1, trials=(1, 1), errors=0.0, shared=0.0,
        tilt_deg=0.0,
    )  # fmt: skip
    random = np.random.default_rng(2)
    people = drawn_people(exact, CURVE_ATHLETES, random)
    plan = planned(exact, people, random)
    columns = _between(exact, plan, people, random)
    step_s = columns["contact_s"] + columns["flight_s"]
    push, swing, *_ = np.moveaxis(
        drawn_momenta(exact, plan, step_s, columns["contact_s"], random), -1, 0
    )
    offset = -(push * swing).mean(axis=1) / (swing**2).mean(axis=1)
    return {"H1": Truth(float(offset.mean()), OFFSET_SMALLEST)}
