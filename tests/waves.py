"""Studies without bodies for tests: group waveforms and outcomes, in milliseconds, without errors.

Curves obey what every runner obeys: groups add up to a total that is constant in flight and whose
rate in contact is the external moment. Right contacts; the next step is the mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.names import AXES, NORMAL, RESTRICTED, ROLE_GROUPS, SIDES
from aqbio.stats.evidence import TRIAL, Evidence, Presence
from aqbio.stats.measurement import ERRORS
from aqbio.stats.step_numbers import lag, momentum_numbers


@dataclass(frozen=True)
class World:
    """What is true; the default is the classical world."""

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
CLASSICAL = {"push_leg": -3.0, "swing_leg": -2.3, "arms": 4.6, "torso": 0.6, "pelvis": 0.0}
ALONE = {"push_leg": 2.2, "arms": 2.4, "torso": 0.9, "pelvis": 0.1, "swing_leg": 0.0}
ROLLING = {"push_leg": 1.0, "swing_leg": -0.6, "arms": -0.3, "torso": 0.2, "pelvis": 0.0}
PITCHING = {"push_leg": -12.0, "swing_leg": 10.5, "arms": 0.3, "torso": 0.8, "pelvis": 0.2}
"""Amplitudes about the vertical, the forward and the sideways axis at 9.5 m/s, kg m²/s."""
SPEED_POWER, STEP_SD, PHASE_SD, PERSON_SD = 1.2, 0.06, 0.02, 0.10
SURPLUS, TOTAL = 0.3, 0.8
"""What legs differ by from step to step, and the total, at mid-contact, kg m²/s."""
LAG, MIDDLE, LAG_SD = 0.06, 0.18, 0.025
CORRELATION, RELIABILITY, EXPLAINED = 0.5, 0.9, 0.75
WEAK_SD, WEAK_GROWTH, CONTACT_SD, SHARE_SD = 1.5, -1.0, 0.08, 0.02


class WaveAthletes(NamedTuple):
    """(A,) arrays, and (A, R) speeds of R sprints in each condition."""

    fastest: np.ndarray
    push_capacity: np.ndarray
    swing_capacity: np.ndarray
    weak: np.ndarray
    lateral_ratio: np.ndarray
    contact_excess: np.ndarray
    normal: np.ndarray
    restricted: np.ndarray


class WaveStudy(NamedTuple):
    """(S,) arrays by step; momentum and its rate (S, 2, 101, G, 3), contact and flight."""

    participant: np.ndarray
    level: np.ndarray
    step: np.ndarray
    speed: np.ndarray
    contact: np.ndarray
    flight: np.ndarray
    momentum: np.ndarray
    momentum_rate: np.ndarray
    force_peak: np.ndarray
    swing_peak: np.ndarray
    hub_share: np.ndarray
    push_index: np.ndarray
    swing_index: np.ndarray
    yaw_impulse: np.ndarray
    time_deviation: np.ndarray
    lateral_ratio: np.ndarray


def wave_athletes(name: str, athletes: int, random, sprints: int = 3) -> WaveAthletes:
    """Draw athletes whose highest speed follows the mean or the smaller of both strengths."""
    world = WORLDS[name]
    shared = random.standard_normal((athletes, 1))
    own = random.standard_normal((athletes, 2))
    mix = np.sqrt(CORRELATION)
    true = mix * shared + np.sqrt(1.0 - mix**2) * own
    weak = random.random(athletes) < world.weak_share
    true[weak, 1] -= WEAK_SD
    law = true.min(axis=1) if world.weaker_side_limits else true.mean(axis=1)
    law = (law - law.mean()) / law.std()
    lateral = random.standard_normal(athletes)
    chance = np.sqrt(1.0 / EXPLAINED - 1.0 - world.lateral_leak**2)
    chance = chance * random.standard_normal(athletes)
    fastest = 8.8 + 0.6 * np.sqrt(EXPLAINED) * (law + chance + world.lateral_leak * lateral)
    seen = np.sqrt(RELIABILITY) * true
    seen += np.sqrt(1.0 - RELIABILITY) * random.standard_normal((athletes, 2))
    effect = world.restricted + world.restricted_sd * random.standard_normal(athletes)
    day = 0.006 * random.standard_normal((2, athletes, sprints))
    excess = CONTACT_SD * random.standard_normal(athletes)
    normal = fastest[:, None] * (1.0 + day[0])
    restricted = fastest[:, None] * (1.0 + effect[:, None] + day[1])
    ratio = 0.10 + 0.015 * lateral
    return WaveAthletes(fastest, *seen.T, weak, ratio, excess, normal, restricted)


def wave_study(
    name: str, random, *, athletes: WaveAthletes, levels: int = 4, steps: int = 10
) -> WaveStudy:
    """Draw the steps of a study."""
    world, count = WORLDS[name], len(athletes.fastest)
    grid = np.meshgrid(*map(np.arange, (count, levels, steps)), indexing="ij")
    who, level, number = (part.ravel() for part in grid)
    size = len(who)
    nominal = 5.0 + (athletes.fastest[who] - 5.0) * level / max(levels - 1, 1)
    speed = nominal * (1.0 + 0.005 * random.standard_normal(size))
    contact = 0.83 / speed * (1.0 + 0.28 * (speed - 3.5) / 6.0)
    contact = contact * np.exp(athletes.contact_excess[who])
    flight = 0.13 - 0.003 * (speed - 3.5)
    faster = speed - 7.5
    spread = LAG_SD * np.exp(world.lag_sd_slope * faster)
    late = LAG + world.lag_slope * faster + spread * random.standard_normal(size)
    personal = (1.0 + PERSON_SD * random.standard_normal((count, len(ROLE_GROUPS))))[who]
    seeds = random.integers(2**31, size=count)[who]
    timing = (speed, contact, flight)
    momentum, rate, external = _curves(world, random, timing, late, personal, seeds)
    impulse = np.abs(np.trapezoid(external[:, 0, :, 1], axis=1)) * contact / 100.0
    powers = SPEED_POWER + world.growth_sd * random.standard_normal((count, 2))
    powers[athletes.weak, 1] += WEAK_GROWTH
    share = world.amplification + (SHARE_SD * random.standard_normal(count))[who]
    share = share + 0.03 * random.standard_normal(size)
    push, swing = 1.0 + STEP_SD * random.standard_normal((2, size))
    deviation = _deviations(world, random, number, impulse / speed**SPEED_POWER)
    return WaveStudy(
        participant=who,
        level=level,
        step=number,
        speed=speed,
        contact=contact,
        flight=flight,
        momentum=momentum,
        momentum_rate=rate,
        force_peak=np.full(size, MIDDLE),
        swing_peak=MIDDLE + late,
        hub_share=share,
        push_index=0.06 * (speed / FASTEST) ** powers[who, 0] * push,
        swing_index=0.03 * (speed / FASTEST) ** powers[who, 1] * swing,
        yaw_impulse=impulse,
        time_deviation=deviation,
        lateral_ratio=athletes.lateral_ratio[who] * (1.0 + STEP_SD * random.standard_normal(size)),
    )


def _deviations(world: World, random, number: np.ndarray, impulse: np.ndarray) -> np.ndarray:
    """Absolute deviation of each step's time, raised by the yaw impulse of the step before."""
    standard = (impulse - impulse.mean()) / impulse.std()
    before = np.where(number > 0, np.roll(standard, 1), 0.0)
    rest = np.sqrt(1.0 - world.next_step_slope**2) * random.standard_normal(len(number))
    return 0.004 + 0.0008 * (world.next_step_slope * before + rest)


def _curves(world: World, random, timing, late, personal, seeds):
    """Momentum, its rate and the external moment; one group takes up what the total demands."""
    speed, contact, flight = timing
    duration, grid = contact + flight, np.linspace(0.0, 1.0, POINTS)
    duty = (contact / duration)[:, None]
    share = np.stack((grid * duty, duty + grid * (1.0 - duty)), axis=1)
    momentum = np.zeros((*share.shape, len(ROLE_GROUPS), 3))
    rate = np.zeros_like(momentum)
    growth = (speed / FASTEST) ** SPEED_POWER
    noise = STEP_SD * random.standard_normal((len(speed), len(ROLE_GROUPS)))
    peaks = _peaks(world, random, late, seeds)
    alone = world.pattern == "swing_leg_alone"
    for axis, table in enumerate((ROLLING, ALONE if alone else CLASSICAL, PITCHING)):
        size = growth[:, None] * personal * (1.0 + noise) * [table[one] for one in ROLE_GROUPS]
        # about the vertical and the forward axis steps alternate, about the third they repeat
        turn = np.pi if axis < 2 else 2.0 * np.pi
        angle = turn * (share[..., None] - peaks[:, None, None])
        momentum[..., axis] = size[:, None, None] * np.cos(angle)
        rate[..., axis] = (-turn * size / duration[:, None])[:, None, None] * np.sin(angle)
    total, moment = _total(random, contact, growth)
    taker = ROLE_GROUPS.index("swing_leg" if alone else "torso")
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
    peaks = MIDDLE + LAG + spread
    if world.pattern == "swing_leg_alone":
        return np.repeat((MIDDLE + late)[:, None], groups, axis=1)
    if world.pattern == "random_phases":
        own = [np.random.default_rng(one).uniform(0.0, 2.0, groups) for one in seeds]
        peaks = np.array(own) + spread
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
    for axis in range(3):
        up, up_rate = (
            (2.0 * s**2 * (3.0 - 2.0 * s) - 1.0, 12.0 * s * (1.0 - s))
            if axis < 2
            else (np.ones(POINTS), np.zeros(POINTS))
        )
        total[:, 0, :, axis] = level[:, axis, None] * up + height[:, axis, None] * hump
        total[:, 1, :, axis] = level[:, axis, None]
        slope = level[:, axis, None] * up_rate + height[:, axis, None] * hump_rate
        moment[:, 0, :, axis] = slope / contact[:, None]
    return total, moment


# evidence -----------------------------------------------------------------------------------------


def wave_evidence(study: WaveStudy, athletes: WaveAthletes) -> Evidence:
    """Evidence of a drawn study: what a laboratory without any error would hand on."""
    names = [f"athlete-{number + 1:02d}" for number in range(len(athletes.fastest))]
    steps = _steps(study, names, athletes.fastest)
    trials = pd.DataFrame(
        {
            "recorded": steps.groupby(TRIAL, observed=True, sort=False).size(),
            "marker_rate": 250.0,
            "consistent": True,
            "suspect": False,
            "residual_ratio": np.inf,
            "residual_moment": 0.0,
            "closures_pass": True,
            **{f"error_{name}": 0.0 for name in ERRORS},
        }
    )
    random = np.random.default_rng(len(names))
    both = np.stack([athletes.normal, athletes.restricted])
    late, who, number = np.indices(both.shape)
    sprints = pd.DataFrame(
        {
            "participant_id": np.array(names, dtype=object)[who.ravel()],
            "condition": np.array([NORMAL, RESTRICTED], dtype=object)[late.ravel()],
            "order": (2.0 * number + (who + late) % 2).ravel(),
            "speed_mps": both.ravel(),
            "lateral_ratio": (
                athletes.lateral_ratio[who] * random.normal(1.0, 0.02, both.shape)
            ).ravel(),
        }
    )
    places = {name: np.flatnonzero(steps["participant_id"] == name) for name in names}
    return Evidence(
        steps=steps,
        trials=trials,
        athletes=_known(athletes, names),
        sprints=sprints.assign(effort="maximal", athlete=sprints["participant_id"]),
        curves=lambda name: _steps_curves(study, places[name]),
        presence=Presence(capacities=True),
    )


def _steps(study: WaveStudy, names: list[str], fastest: np.ndarray) -> pd.DataFrame:
    place = pd.Series(study.participant)
    return pd.DataFrame(
        {
            "participant_id": pd.Categorical.from_codes(study.participant, pd.Index(names)),
            "trial_id": [f"trial-{level + 1}" for level in study.level],
            "row": place.groupby(place).cumcount(),
            "level": study.level,
            "step": study.step,
            "side": [SIDES[one] for one in study.step % 2],
            "speed_mps": study.speed,
            "relative_speed": study.speed / fastest[study.participant],
            "contact_s": study.contact,
            "flight_s": study.flight,
            "lag": lag(study.swing_peak, study.force_peak),
            "hub_share": study.hub_share,
            **{f"caused_share_{model}": study.hub_share for model in ("C1", "C2", "C3")},
            "push_index": study.push_index,
            "swing_index": study.swing_index,
            "log_ratio_moments": np.log(study.push_index / study.swing_index),
            "yaw_impulse": study.yaw_impulse,
            "time_deviation_s": study.time_deviation,
            "lateral_ratio": study.lateral_ratio,
            **momentum_numbers(study.momentum[:, 0, :, :, AXES.index("y")]),
        }
    )


def _steps_curves(study: WaveStudy, place: np.ndarray) -> xr.Dataset:
    dimensions = ("step", "phase", "percent", "group", "axis")
    return xr.Dataset(
        {
            "angular_momentum": (dimensions, study.momentum[place]),
            "angular_momentum_rate": (dimensions, study.momentum_rate[place]),
        },
        coords={"phase": ["stance", "flight"], "group": list(ROLE_GROUPS), "axis": list(AXES)},
    )


def _known(athletes: WaveAthletes, names: list[str]) -> pd.DataFrame:
    drives = np.random.default_rng(len(names)).normal(0.0, 0.1, (2, len(names)))
    columns = {
        "fastest": athletes.fastest,
        "push_capacity": athletes.push_capacity,
        "swing_capacity": athletes.swing_capacity,
        "lateral_ratio": athletes.lateral_ratio,
        **{
            f"{name}{ending}": values
            for ending in ("", "_relative")
            for name, values in (
                ("lateral", np.log(athletes.lateral_ratio)),
                ("contact", athletes.contact_excess),
                ("flight", -0.5 * athletes.contact_excess),
                ("swing_drive", drives[0]),
                ("push_drive", drives[1]),
            )
        },
        "push_noise": np.nan,
        "swing_noise": np.nan,
        "sex": "female",
        "laboratory": "here",
        "footwear": None,
    }
    return pd.DataFrame(columns, index=names)
