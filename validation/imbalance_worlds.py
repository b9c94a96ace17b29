"""``python -m validation.imbalance_worlds``: what is found of an imbalance's consequences.

Made-up runners, consecutive steps of two trials at each of two speeds. A world says what links the
impulse about the vertical of a step with the next one, and what laboratories do to both.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import binomtest

from aqbio.io.dictionary import Columns
from aqbio.io.tables import write_table
from aqbio.stats.evidence import SIDED, Evidence
from aqbio.stats.registry import Registry, read_registry
from aqbio.stats.step_numbers import CONTRIBUTORS, with_deviations
from aqbio.stats.verdict import Verdict, verdicts
from aqbio.vectors import FloatArray
from validation.strength_worlds import entries_judged

FOLDER = Path(__file__).parents[1] / "docs" / "validation"
SEED, STUDIES, ATHLETES = 68_147, 100, (12,)
LEVELS, TRIALS, STEPS = 2, 2, 16

SIGNED = {"step_time_s": ("H3e_frequency", 1.0, 0.24, 0.004)}
"""Number of a step: hypothesis, sign of what is predicted, usual size and scatter."""

BURST_CHANCE = 0.06
"""Of a burst to begin at a step."""

MEAN_SIZE, SD_SIZE = 0.798, 0.603
"""Mean and standard deviation of the absolute value of a standard normal number."""


@dataclass(frozen=True, slots=True)
class World:
    """True effects in steps, in standard deviations."""

    slope: float = 0.0
    """Of the next step's number on the size of the imbalance, in the predicted direction."""
    heavy_tails: bool = False
    uneven_trials: float = 0.0
    """Standard deviation of the logarithm of a trial's scatter."""
    growing: float = 0.0
    """Growth of scatter over a trial, as logarithm."""
    wander: float = 0.0
    """Share of the variance of every number that a slow wander of all numbers makes."""
    shared_event: float = 0.0
    """Standard deviation of an error of the event between two steps, which both share."""
    bursts: float = 0.0
    """Growth of the scatter of all numbers in bursts of four steps, as logarithm."""
    slopes_sd: float = 0.05
    """How much athletes differ in the slope."""


WORLDS = {
    "nothing is so": World(),
    "heavy tails": World(heavy_tails=True),
    "trials that are unequally steady": World(uneven_trials=0.5),
    "scatter that doubles within trials": World(growing=0.7),
    "all numbers wander slowly": World(wander=0.3),
    "steps share errors of events": World(shared_event=0.5),
    "bursts of unsteady steps": World(bursts=0.9),
    "smallest effect": World(slope=0.1),
    "twice the smallest effect": World(slope=0.2),
    "three times the smallest effect": World(slope=0.3),
}


def drawn_evidence(world: World, count: int, random: np.random.Generator) -> Evidence:
    """Draw steps of a study."""
    rows = [
        _trial(world, f"athlete-{athlete:02d}", level, f"{level}-{trial}", slope, random)
        for athlete in range(count)
        for slope in [world.slope + world.slopes_sd * random.standard_normal()]
        for level in range(LEVELS)
        for trial in range(TRIALS)
    ]
    steps = pd.concat(rows, ignore_index=True)
    steps["participant_id"] = pd.Categorical(steps["participant_id"])
    steps = with_deviations(steps, SIDED)
    trials = (
        steps.groupby(["participant_id", "trial_id"], observed=True).size().to_frame("recorded")
    )
    trials.index = trials.index.map(lambda key: (str(key[0]), str(key[1])))
    trials = trials.assign(
        invalidated="", consistent=True, closures_pass=True, residual_moment=0.0,
        error_step_yaw_impulse=0.0,
    )  # fmt: skip
    names = list(steps["participant_id"].cat.categories)
    return Evidence(steps, trials, pd.DataFrame(index=names), pd.DataFrame(), _no_curves)


def _no_curves(name: str) -> xr.Dataset:
    raise LookupError(f"{name} has no curves: steps are drawn as tables.")


def _trial(
    world: World, name: str, level: int, trial: str, slope: float, random: np.random.Generator
) -> pd.DataFrame:
    scale = np.exp(world.uneven_trials * random.standard_normal())
    scale = scale * np.exp(world.growing * np.linspace(-0.5, 0.5, STEPS))
    is_burst = np.convolve(random.random(STEPS + 3) < BURST_CHANCE, np.ones(4), "valid") > 0.5
    scale = scale * np.exp(world.bursts * is_burst)
    wander = np.convolve(random.standard_normal(STEPS + 4), np.ones(5) / np.sqrt(5.0), "valid")
    events = world.shared_event * random.standard_normal(STEPS + 1)

    def noise() -> FloatArray:
        white = random.standard_normal(STEPS)
        if world.heavy_tails:
            white = random.standard_t(3, STEPS) / np.sqrt(3.0)
        white_share = np.sqrt(1.0 - world.wander)
        return np.asarray(scale * (white_share * white + np.sqrt(world.wander) * wander))

    turn = noise()
    size = (np.abs(turn) - MEAN_SIZE) / SD_SIZE
    before = np.r_[0.0, size[:-1]] * scale
    rest = np.sqrt(1.0 - slope**2)
    columns: dict[str, Any] = {}
    for column, (_, sign, usual, scatter) in SIGNED.items():
        number = noise()
        if column == "step_time_s":  # its distance from the usual too
            distance = MEAN_SIZE + rest * (np.abs(number) / scale - MEAN_SIZE)
            distance = np.maximum(distance + SD_SIZE * slope * before / scale, 0.0)
            number = scale * distance * np.sign(number)
        columns[column] = usual + scatter * (sign * slope * before + rest * number)
    departure = np.maximum(1.0 + 0.5 * slope * before + 0.5 * rest * noise(), 0.0)
    side = random.choice([-1.0, 1.0], STEPS)
    for group in CONTRIBUTORS:
        columns[f"momentum_{group}"] = 3.0 + 0.3 * noise() * (1.0 + 0.37 * slope * before)
    step_time = columns.pop("step_time_s") + 0.004 * np.diff(events)
    return pd.DataFrame(
        {
            "participant_id": name, "trial_id": trial, "level": level,
            "side": np.where(np.arange(STEPS) % 2, "left", "right"), "step": np.arange(STEPS),
            "speed_mps": 6.0 + level, "yaw_impulse": turn + np.diff(events),
            "contact_s": 0.11, "flight_s": step_time - 0.11,
            "heading_change_deg": 0.4 * side * departure, **columns,
        }
    )  # fmt: skip


def imbalance_registry() -> Registry:
    """The registry's family of the consequences of an imbalance."""
    registry = read_registry()
    chosen = tuple(entry for entry in registry.hypotheses if entry.family == "imbalance")
    return registry.model_copy(update={"hypotheses": chosen, "contrasts": {}})


def judged(world: World, count: int, random: np.random.Generator) -> dict[str, Verdict]:
    """Verdicts of one drawn study, by hypothesis."""
    rows = verdicts(drawn_evidence(world, count, random), imbalance_registry())
    return {verdict.hypothesis: verdict for verdict in rows}


def rows(studies: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield one row per world, number of athletes and hypothesis, and one of the family."""
    for number, (name, world) in enumerate(WORLDS.items()):
        for count in ATHLETES:
            random = np.random.default_rng([seed, number, count])
            judged_studies = [judged(world, count, random) for _ in range(studies)]
            yield from summary_rows(name, count, judged_studies)


def summary_rows(
    name: str, count: int, studies: Sequence[dict[str, Verdict]]
) -> Iterator[dict[str, object]]:
    """Yield what studies of a world and number of athletes found, by hypothesis and of any."""
    world = WORLDS[name]
    supported = pd.DataFrame(
        [{key: row.verdict == "supported" for key, row in study.items()} for study in studies]
    )
    estimates = pd.DataFrame(
        [{key: row.estimate for key, row in study.items()} for study in studies]
    )
    around_zero = pd.DataFrame(
        [{key: row.ci_low <= 0.0 <= row.ci_high for key, row in study.items()} for study in studies]
    )
    shared = {"world": name, "athletes": count, "studies": len(studies), "slope": world.slope}
    for key in supported:
        yield {
            **shared, "hypothesis": key, **_share(supported[key]),
            "median": float(estimates[key].median()),
            "covered": np.nan if world.slope else float(around_zero[key].mean()),
        }  # fmt: skip
    yield {
        **shared, "hypothesis": "any", **_share(supported.any(axis=1)),
        "median": np.nan, "covered": np.nan,
    }  # fmt: skip


def _share(is_supported: pd.Series[bool]) -> dict[str, float]:
    """Share of studies, and the upper end of its 95 % interval (Clopper and Pearson)."""
    count = int(is_supported.sum())
    high = binomtest(count, len(is_supported)).proportion_ci(method="exact").high
    return {"supported": count / len(is_supported), "supported_high": float(high)}


COLUMNS: Columns = {
    "world": {"description": "What links a step and the next."},
    "athletes": {"description": "Athletes of a study, of 64 steps each."},
    "studies": {"description": "Studies that were drawn."},
    "slope": {"description": "True slope, in the predicted direction."},
    "hypothesis": {"description": "Hypothesis of the registry; any: at least one of both."},
    "supported": {"description": "Share of studies that support it, adjusted over both."},
    "supported_high": {"description": "Upper end of its 95 % interval (Clopper and Pearson)."},
    "median": {"description": "Median estimate."},
    "covered": {"description": "Share of 95 % intervals that hold 0, where nothing is so."},
}


def main() -> None:
    """Write docs/validation/imbalance.tsv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--output", type=Path, default=FOLDER / "imbalance.tsv")
    options = parser.parse_args()
    origin = entries_judged(*(entry.id for entry in imbalance_registry().hypotheses))
    write_table(pd.DataFrame(rows(options.studies, options.seed)), options.output, COLUMNS, origin)


if __name__ == "__main__":
    main()
