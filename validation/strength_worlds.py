"""``python -m validation.strength_worlds``: what is found of strengths of legs in made-up studies.

Athletes have a true difference between their legs, a tested one, and a difference in running; the
worlds differ in what links them. Scatter of running is that of ten real runners (Hamner and Delp
2013: right over left, standard deviation over athletes of the logarithm: peak vertical force .045,
speed of the free thigh .057, contact time .025).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.io.dictionary import Columns
from aqbio.io.tables import write_table
from aqbio.stats.evidence import Evidence
from aqbio.stats.leg_strength import is_loss
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import read_registry
from aqbio.stats.step_statistics import formula_outcome
from aqbio.stats.units import ERROR, FREEDOM, OF_A_DAY

FOLDER = Path(__file__).parents[1] / "docs" / "validation"
SEED, STUDIES, ATHLETES = 68_043, 1000, (8, 12, 20)
GAIN, GAIN_SD = 0.06, 0.05
"""Gain of both legs in the mean, and its scatter over athletes."""
HYPOTHESIS = read_registry()["H3i"]
DELTA = HYPOTHESIS.delta
"""Smallest slope of interest: a leg that is 10 % stronger carries 2.5 % more."""


@dataclass(frozen=True, slots=True)
class World:
    """True effects in athletes; numbers are natural logarithms of right over left."""

    slope: float = 0.0
    strength_sd: float = 0.10
    running_sd: float = 0.05
    attempt_sd: float = 0.06
    """Of one attempt of one leg, within a session."""
    attempts: int = 3
    injured: float = 0.0
    """Share of athletes with an injured leg, weaker by a quarter and carrying less for the pain."""
    noted: float = 1.0
    """Share of injuries that are noted in the sheet."""
    preferred: float = 0.0
    """Strength of the preferred leg; running differs by as much for the preference alone."""
    left_preferring: float = 0.2
    leg_on_sheet: bool = True
    """Preferred legs are stated in participants.tsv, and held."""
    first_right: float = 0.0
    """How much stronger the right leg tests for being tested second, in all athletes."""
    heavy_tails: bool = False


INJURED_STRENGTH, INJURED_RUNNING = np.log(0.75), np.log(0.93)

WORLDS = {
    "no effect": World(),
    "no effect, tested once": World(attempts=1),
    "no effect, heavy tails": World(heavy_tails=True),
    "planted, slope 0.5": World(slope=0.5),
    "planted, slope 0.5, tested once": World(slope=0.5, attempts=1),
    "planted, slope 1": World(slope=1.0),
    "smallest slope": World(slope=DELTA),
    "injury, noted": World(injured=0.25),
    "injury, half of them noted": World(injured=0.25, noted=0.5),
    "injury, none noted": World(injured=0.25, noted=0.0),
    "preferred leg, stated": World(preferred=0.06),
    "preferred leg, not stated": World(preferred=0.06, leg_on_sheet=False),
    "right leg always second": World(first_right=0.05),
}


def drawn_slope(world: World, count: int, random: np.random.Generator) -> Outcome:
    """Draw a study of a world and estimate its slope as the product does."""
    true = world.strength_sd * random.standard_normal(count)
    rest = (
        random.standard_t(3, count) / np.sqrt(3.0)
        if world.heavy_tails
        else random.standard_normal(count)
    )
    running = world.slope * true + world.running_sd * rest
    side = np.where(random.random(count) < world.left_preferring, -1.0, 1.0)
    true, running = true + world.preferred * side, running + world.preferred * side
    hurt = random.random(count) < world.injured
    leg = np.where(random.random(count) < 0.5, 1.0, -1.0)
    true = true + hurt * leg * INJURED_STRENGTH
    running = running + hurt * leg * INJURED_RUNNING
    tests = random.standard_normal((world.attempts, 2, count)) * world.attempt_sd
    tested = true + tests[:, 0].mean(axis=0) - tests[:, 1].mean(axis=0) + world.first_right
    error, df = np.full(count, np.nan), 0
    if world.attempts > 1:
        df = 2 * count * (world.attempts - 1)
        pooled = tests.var(axis=0, ddof=1).mean()
        error = np.full(count, np.sqrt(2.0 * pooled / world.attempts))
    of_both = GAIN + GAIN_SD * random.standard_normal(count) + 0.5 * INJURED_STRENGTH * hurt
    of_legs = of_both + 0.5 * np.array([tested, -tested])
    athletes = pd.DataFrame(
        {
            "push_ratio_gain": tested,
            f"push_ratio_gain{ERROR}": error,
            f"push_ratio_gain{FREEDOM}": float(df),
            f"push_ratio_gain{OF_A_DAY}": np.sqrt(2.0),
            "push_index_ratio_gain": running,
            "preferred": side if world.leg_on_sheet else np.nan,
            "leg_lost_strength": 1.0 * is_loss(of_legs, error / np.sqrt(2.0), 1).any(axis=0),
            "ever_hurt": (hurt & (random.random(count) < world.noted)).astype(float),
        },
        index=[f"athlete-{number:02d}" for number in range(count)],
    )
    return formula_outcome(people_evidence(athletes), HYPOTHESIS)


def people_evidence(athletes: pd.DataFrame) -> Evidence:
    """Numbers of athletes without steps."""
    keys = {"participant_id": pd.Categorical([], athletes.index), "trial_id": [], "step": []}
    return Evidence(pd.DataFrame(keys), pd.DataFrame(), athletes, pd.DataFrame(), _no_curves)


def _no_curves(name: str) -> xr.Dataset:
    raise LookupError(f"{name} has no curves: numbers are drawn as tables.")


def supported(outcome: Outcome) -> bool:
    """Apply the rule of support: p, size, and what is stated."""
    result, entry = outcome.result, read_registry()[outcome.hypothesis]
    return bool(
        result.p < entry.alpha
        and result.error.value >= entry.delta
        and result.condition is not False
    )


def rows(studies: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield one row per world and number of athletes."""
    for number, (name, world) in enumerate(WORLDS.items()):
        for count in ATHLETES:
            random = np.random.default_rng([seed, number, count])
            outcomes = [drawn_slope(world, count, random) for _ in range(studies)]
            estimated = [outcome for outcome in outcomes if np.isfinite(outcome.error.se)]
            if not estimated:
                continue
            ends = np.array([outcome.result.ci95 for outcome in estimated])
            inside = (ends[:, 0] <= world.slope) & (world.slope <= ends[:, 1])
            yield {
                "world": name,
                "athletes": count,
                "studies": studies,
                "estimated": len(estimated),
                "slope": world.slope,
                "median": float(np.median([outcome.estimate for outcome in estimated])),
                "supported": sum(map(supported, estimated)) / studies,
                "refused": sum(outcome.result.p_against < 0.05 for outcome in estimated) / studies,
                "covered": float(inside.mean()),
                "half_width": float(np.median(np.ptp(ends, axis=1)) / 2.0),
            }


def entries_judged(*names: str) -> dict[str, object]:
    """Entries of the registry that a table judges, and the hash of a registry of these alone."""
    registry = read_registry()
    chosen = tuple(entry for entry in registry.hypotheses if entry.id in names)
    alone = registry.model_copy(
        update={"hypotheses": chosen, "contrasts": {}, "claims": {}, "untested": ()}
    )
    return {"entries": ", ".join(names), "registry_hash": alone.hash}


COLUMNS: Columns = {
    "world": {"description": "What links strength and running."},
    "athletes": {"description": "Athletes of a study."},
    "studies": {"description": "Studies that were drawn."},
    "estimated": {"description": "Studies with an estimate."},
    "slope": {"description": "True slope, log ratio in running per log ratio of strength."},
    "median": {"description": "Median estimate."},
    "supported": {"description": "Share of studies that support the sentence."},
    "refused": {"description": "Share of studies that rule out the smallest slope of interest."},
    "covered": {"description": "Share of 95 % intervals that hold the true slope."},
    "half_width": {"description": "Median half of the interval."},
}


def main() -> None:
    """Write docs/validation/strength.tsv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--output", type=Path, default=FOLDER / "strength.tsv")
    options = parser.parse_args()
    table = pd.DataFrame(rows(options.studies, options.seed))
    origin = entries_judged("H3i", "H3j")
    write_table(table, options.output, COLUMNS, origin)


if __name__ == "__main__":
    main()
