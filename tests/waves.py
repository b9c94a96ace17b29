"""Studies without bodies for tests: group waveforms and outcomes, in milliseconds, without errors.

Curves obey what every runner obeys: groups add up to a total that is constant in flight and whose
rate in contact is the external moment. Right contacts; the next step is the mirror image.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.names import AXES, NORMAL, RESTRICTED, ROLE_GROUPS, SIDES
from aqbio.stats.evidence import SIDED, TRIAL, Evidence, Presence
from aqbio.stats.measurement import STEP_ERRORS
from aqbio.stats.step_numbers import lag, momentum_numbers, with_deviations
from tests.drawn_errors import with_draws


@dataclass(frozen=True)
class World:
    """True parameters of a simulated population; the default is the classical world."""

    pattern: str = "arms_against_legs"
    weaker_side_limits: bool = False
    weak_share: float = 0.0
    growth_sd: float = 0.05
    restricted: float = -0.016
    restricted_sd: float = 0.010
    amplification: float = 0.0
    lag_slope: float = 0.0
    lag_sd_slope: float = 0.0
    next_step_slope: float = 0.0
    lateral_leak: float = 0.0


WORLDS = {
    "W0": World(),
    "W1": World(
        pattern="swing_leg_alone", weaker_side_limits=True, amplification=0.10, lag_slope=-0.02,
        lag_sd_slope=-0.20, next_step_slope=0.3, lateral_leak=-0.4,
    ),
    "W2": World(pattern="random_phases", growth_sd=0.7, restricted=0.0, restricted_sd=0.002),
    "W3": World(weaker_side_limits=True, weak_share=0.3),
    "W4_none": World(restricted=0.0, restricted_sd=0.002),
    "W4_large": World(restricted=-0.04),
}  # fmt: skip
"""W0 the classical account, W1 the articles', W2 phases at random, W3 a weak side that limits, W4
restricted arms."""

POINTS, FASTEST = 101, 9.5
AMPLITUDES = {
    "rolling": {"push_leg": 1.0, "swing_leg": -0.6, "arms": -0.3, "torso": 0.2, "pelvis": 0.0},
    "classical": {"push_leg": -3.0, "swing_leg": -2.3, "arms": 4.6, "torso": 0.6, "pelvis": 0.0},
    "alone": {"push_leg": 2.2, "arms": 2.4, "torso": 0.9, "pelvis": 0.1, "swing_leg": 0.0},
    "pitching": {"push_leg": -12.0, "swing_leg": 10.5, "arms": 0.3, "torso": 0.8, "pelvis": 0.2},
}
"""About the forward, the vertical (two patterns) and the sideways axis at 9.5 m/s, kg m²/s."""
SPEED_POWER, STEP_SD, PHASE_SD, PERSON_SD = 1.2, 0.06, 0.02, 0.10
SURPLUS, TOTAL = 0.3, 0.8
"""What legs differ by from step to step, and the total, at mid-contact, kg m²/s."""
LAG, MIDDLE, LAG_SD = 0.06, 0.18, 0.025
CORRELATION, RELIABILITY, EXPLAINED = 0.5, 0.9, 0.75
WEAK_SD, WEAK_GROWTH, CONTACT_SD, SHARE_SD = 1.5, -1.0, 0.08, 0.02

WaveAthletes = namedtuple(
    "WaveAthletes",
    "fastest push_capacity swing_capacity weak lateral_ratio contact_excess normal restricted",
)
"""(A,) arrays, and (A, R) speeds of R sprints in each condition."""

WaveStudy = namedtuple(
    "WaveStudy",
    "participant level step speed contact flight momentum momentum_rate force_peak swing_peak "
    "hub_share push_index swing_index yaw_impulse time_deviation lateral_ratio",
)
"""(S,) arrays by step; momentum and its rate (S, 2, 101, G, 3), contact and flight."""


def wave_athletes(name: str, athletes: int, random, sprints: int = 3) -> WaveAthletes:
    """Draw athletes whose highest speed follows the mean or the smaller of both strengths."""
    world, normal = WORLDS[name], random.standard_normal
    shared, of_side = normal((athletes, 1)), normal((athletes, 2))
    true = np.sqrt(CORRELATION) * shared + np.sqrt(1.0 - np.sqrt(CORRELATION) ** 2) * of_side
    weak = random.random(athletes) < world.weak_share
    true[weak, 1] -= WEAK_SD
    law = true.min(axis=1) if world.weaker_side_limits else true.mean(axis=1)
    law = (law - law.mean()) / law.std()
    lateral = normal(athletes)
    chance = np.sqrt(1.0 / EXPLAINED - 1.0 - world.lateral_leak**2) * normal(athletes)
    fastest = 8.8 + 0.6 * np.sqrt(EXPLAINED) * (law + chance + world.lateral_leak * lateral)
    measured = np.sqrt(RELIABILITY) * true + np.sqrt(1.0 - RELIABILITY) * normal((athletes, 2))
    effect = world.restricted + world.restricted_sd * normal(athletes)
    day = 0.006 * normal((2, athletes, sprints))
    excess = CONTACT_SD * normal(athletes)
    speeds = (
        fastest[:, None] * (1.0 + day[0]),
        fastest[:, None] * (1.0 + effect[:, None] + day[1]),
    )
    return WaveAthletes(fastest, *measured.T, weak, 0.10 + 0.015 * lateral, excess, *speeds)


def wave_study(
    name: str, random, *, athletes: WaveAthletes, levels: int = 4, steps: int = 10
) -> WaveStudy:
    """Draw the steps of a study."""
    world, count, normal = WORLDS[name], len(athletes.fastest), random.standard_normal
    athlete, level, number = (part.ravel() for part in np.indices((count, levels, steps)))
    size = len(athlete)
    nominal = 5.0 + (athletes.fastest[athlete] - 5.0) * level / max(levels - 1, 1)
    speed = nominal * (1.0 + 0.005 * normal(size))
    contact = 0.83 / speed * (1.0 + 0.28 * (speed - 3.5) / 6.0)
    contact = contact * np.exp(athletes.contact_excess[athlete])
    flight = 0.13 - 0.003 * (speed - 3.5)
    faster = speed - 7.5
    late = LAG + world.lag_slope * faster
    late += LAG_SD * np.exp(world.lag_sd_slope * faster) * normal(size)
    personal = (1.0 + PERSON_SD * normal((count, len(ROLE_GROUPS))))[athlete]
    seeds = random.integers(2**31, size=count)[athlete]
    timing = (speed, contact, flight)
    momentum, rate, external = _curves(world, random, timing, late, personal, seeds)
    impulse = np.abs(np.trapezoid(external[:, 0, :, 1], axis=1)) * contact / 100.0
    powers = SPEED_POWER + world.growth_sd * normal((count, 2))
    powers[athletes.weak, 1] += WEAK_GROWTH
    share = world.amplification + (SHARE_SD * normal(count))[athlete] + 0.03 * normal(size)
    push, swing = 1.0 + STEP_SD * normal((2, size))
    yaw = impulse / speed**SPEED_POWER  # raises the next step's absolute deviation of time
    before = np.where(number > 0, np.roll((yaw - yaw.mean()) / yaw.std(), 1), 0.0)
    rest = np.sqrt(1.0 - world.next_step_slope**2) * normal(size)
    return WaveStudy(
        athlete, level, number, *timing, momentum, rate,
        force_peak=np.full(size, MIDDLE),
        swing_peak=MIDDLE + late,
        hub_share=share,
        push_index=0.06 * (speed / FASTEST) ** powers[athlete, 0] * push,
        swing_index=0.03 * (speed / FASTEST) ** powers[athlete, 1] * swing,
        yaw_impulse=impulse,
        time_deviation=0.004 + 0.0008 * (world.next_step_slope * before + rest),
        lateral_ratio=athletes.lateral_ratio[athlete] * (1.0 + STEP_SD * normal(size)),
    )  # fmt: skip


def _curves(world: World, random, timing, late, personal, seeds):
    """Momentum, its rate and the external moment; one group takes up the rest of the total."""
    speed, contact, flight = timing
    duration, grid = contact + flight, np.linspace(0.0, 1.0, POINTS)
    duty = (contact / duration)[:, None]
    share = np.stack((grid * duty, duty + grid * (1.0 - duty)), axis=1)
    momentum, rate = np.zeros((2, *share.shape, len(ROLE_GROUPS), 3))
    growth = (speed / FASTEST) ** SPEED_POWER
    noise = STEP_SD * random.standard_normal((len(speed), len(ROLE_GROUPS)))
    peaks = _peaks(world, random, late, seeds)
    swing_leg_alone = world.pattern == "swing_leg_alone"
    for axis, table in enumerate(
        ("rolling", "alone" if swing_leg_alone else "classical", "pitching")
    ):
        amplitudes = [AMPLITUDES[table][group] for group in ROLE_GROUPS]
        size = growth[:, None] * personal * (1.0 + noise) * amplitudes
        # about the vertical and the forward axis steps alternate, about the third they repeat
        turn = np.pi if axis < 2 else 2.0 * np.pi
        angle = turn * (share[..., None] - peaks[:, None, None])
        momentum[..., axis] = size[:, None, None] * np.cos(angle)
        rate[..., axis] = (-turn * size / duration[:, None])[:, None, None] * np.sin(angle)
    total, moment = _total(random, contact, growth)
    taker = ROLE_GROUPS.index("swing_leg" if swing_leg_alone else "torso")
    momentum[..., taker, :] -= momentum.sum(axis=3) - total
    rate[..., taker, :] -= rate.sum(axis=3) - moment
    hump, slope = _hump(grid)
    surplus = SURPLUS * growth[:, None] * random.standard_normal((len(growth), 2))
    for group, size in zip(("push_leg", "swing_leg"), surplus.T, strict=True):
        steep = (size / contact)[:, None] * slope
        momentum[:, 0, :, ROLE_GROUPS.index(group), 1] += size[:, None] * hump
        rate[:, 0, :, ROLE_GROUPS.index(group), 1] += steep
        moment[:, 0, :, 1] += steep
    return momentum, rate, moment


def _hump(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return 16.0 * s**2 * (1.0 - s) ** 2, 32.0 * s * (1.0 - s) * (1.0 - 2.0 * s)


def _peaks(world: World, random, late: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Instants of the groups' peaks, share of a step, (S, G)."""
    groups = len(ROLE_GROUPS)
    spread = PHASE_SD * random.standard_normal((len(late), groups))
    if world.pattern == "swing_leg_alone":
        return np.repeat((MIDDLE + late)[:, None], groups, axis=1)
    peaks = MIDDLE + LAG + spread
    if world.pattern == "random_phases":
        random_phases = [np.random.default_rng(seed).uniform(0.0, 2.0, groups) for seed in seeds]
        peaks = np.array(random_phases) + spread
    peaks[:, ROLE_GROUPS.index("swing_leg")] += late - LAG
    return peaks


def _total(random, contact: np.ndarray, growth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Total momentum (S, 2, 101, 3) and the external moment that makes it.

    In contact from minus its value in flight to plus that value, about the vertical and the forward
    axis; about the third axis it returns to where it was. Zero slope at both ends.
    """
    s = np.linspace(0.0, 1.0, POINTS)
    hump, hump_rate = _hump(s)
    level, height = random.standard_normal((2, len(growth), 3))
    level = growth[:, None] * (0.3 + 0.1 * level)
    height = growth[:, None] * TOTAL * (1.0 + 0.2 * height)
    total, moment = np.zeros((2, len(growth), 2, POINTS, 3))
    turning = (2.0 * s**2 * (3.0 - 2.0 * s) - 1.0, 12.0 * s * (1.0 - s))
    for axis, (up, up_rate) in enumerate((turning, turning, (np.ones(POINTS), np.zeros(POINTS)))):
        total[:, 0, :, axis] = level[:, axis, None] * up + height[:, axis, None] * hump
        total[:, 1, :, axis] = level[:, axis, None]
        slope = level[:, axis, None] * up_rate + height[:, axis, None] * hump_rate
        moment[:, 0, :, axis] = slope / contact[:, None]
    return total, moment


def wave_evidence(study: WaveStudy, athletes: WaveAthletes) -> Evidence:
    """Evidence of a drawn study, as of a laboratory without any error."""
    names = [f"athlete-{number + 1:02d}" for number in range(len(athletes.fastest))]
    steps = _steps(study, names, athletes.fastest)
    plain = {"marker_rate": 250.0, "consistent": True, "invalidated": "",
             "residual_moment": 0.0, "closures_pass": True}  # fmt: skip
    recorded = steps.groupby(TRIAL, observed=True, sort=False).size()
    errors = {f"error_{name}": 0.0 for name in STEP_ERRORS}
    random = np.random.default_rng(len(names))
    speeds = np.stack([athletes.normal, athletes.restricted])
    late, athlete, number = (index.ravel() for index in np.indices(speeds.shape))
    ratio = athletes.lateral_ratio[athlete] * random.normal(1.0, 0.02, speeds.size)
    sprints = {
        "participant_id": np.array(names, dtype=object)[athlete],
        "condition": np.array([NORMAL, RESTRICTED], dtype=object)[late],
        "order": 2.0 * number + (athlete + late) % 2,
        "speed_mps": speeds.ravel(),
        "lateral_ratio": ratio,
        "effort": "maximal",
        "athlete": np.array(names, dtype=object)[athlete],
    }
    rows_of_athlete = {name: np.flatnonzero(steps["participant_id"] == name) for name in names}
    evidence = Evidence(
        steps=steps,
        trials=pd.DataFrame({"recorded": recorded, **plain, **errors}),
        athletes=_athlete_table(athletes, names),
        sprints=pd.DataFrame(sprints),
        curves=lambda name: _steps_curves(study, rows_of_athlete[name]),
        presence=Presence(capacities=True),
    )
    return with_draws(evidence)


def _steps(study: WaveStudy, names: list[str], fastest: np.ndarray) -> pd.DataFrame:
    athlete, share = pd.Series(study.participant), study.hub_share
    steps = pd.DataFrame(
        {
            "participant_id": pd.Categorical.from_codes(study.participant, pd.Index(names)),
            "trial_id": [f"trial-{level + 1}" for level in study.level],
            "row": athlete.groupby(athlete).cumcount(),
            "level": study.level,
            "step": study.step,
            "side": [SIDES[parity] for parity in study.step % 2],
            "speed_mps": study.speed,
            "relative_speed": study.speed / fastest[study.participant],
            "contact_s": study.contact,
            "flight_s": study.flight,
            "lag": lag(study.swing_peak, study.force_peak),
            **dict.fromkeys(("hub_share", *(f"caused_share_C{k}" for k in (1, 2, 3))), share),
            "push_index": study.push_index,
            "swing_index": study.swing_index,
            "log_ratio_moments": np.log(study.push_index / study.swing_index),
            "yaw_impulse": study.yaw_impulse,
            "lateral_ratio": study.lateral_ratio,
            **momentum_numbers(study.momentum[:, 0, :, :, AXES.index("y")]),
        }
    )
    return with_deviations(steps, SIDED).assign(time_deviation_s=study.time_deviation)


def _steps_curves(study: WaveStudy, rows: np.ndarray) -> xr.Dataset:
    curves = {"angular_momentum": study.momentum, "angular_momentum_rate": study.momentum_rate}
    dimensions = ("step", "phase", "percent", "group", "axis")
    return xr.Dataset(
        {name: (dimensions, values[rows]) for name, values in curves.items()},
        coords={"phase": ["stance", "flight"], "group": list(ROLE_GROUPS), "axis": list(AXES)},
    )


def _athlete_table(athletes: WaveAthletes, names: list[str]) -> pd.DataFrame:
    drives = np.random.default_rng(len(names)).normal(0.0, 0.1, (2, len(names)))
    covariates = {
        "lateral": np.log(athletes.lateral_ratio),
        "contact": athletes.contact_excess,
        "flight": -0.5 * athletes.contact_excess,
        "swing_drive": drives[0],
        "push_drive": drives[1],
    }
    copied = ("fastest", "push_capacity", "swing_capacity", "lateral_ratio")
    columns = {name: getattr(athletes, name) for name in copied} | covariates
    columns |= {f"{name}_relative": values for name, values in covariates.items()}
    for side in ("push", "swing"):
        columns |= {f"{side}_capacity_error": np.nan, f"{side}_capacity_per_day": 8.0}
    columns |= {"hurt": 0.0, "sex": "female", "laboratory": "here"}
    return pd.DataFrame(columns | {"footwear": None}, index=names)
