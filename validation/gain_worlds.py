"""``python -m validation.gain_worlds``: what is found of changes of strength in made-up studies.

Two sessions of the same athletes. Of unequal gains (H3d): changes of both sides' strengths, per
cent, and of speed, whose scatter between sessions is 1.5 %. Of legs (H3i, H3j): changes of right
over left, drawn as in `validation.strength_worlds` with the errors of two sessions.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from aqbio.io.dictionary import Columns
from aqbio.io.tables import write_table
from aqbio.stats.leg_strength import is_loss
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import read_registry
from aqbio.stats.step_statistics import formula_outcome
from aqbio.stats.units import ERROR, FREEDOM, OF_A_DAY
from validation.strength_worlds import World as LegWorld
from validation.strength_worlds import drawn_slope, entries_judged, people_evidence, supported

FOLDER = Path(__file__).parents[1] / "docs" / "validation"
SEED, STUDIES = 68_047, 1_000
ATHLETES, LEG_ATHLETES = (48, 96), (12, 20)
HYPOTHESIS = read_registry()["H3d"]


@dataclass(frozen=True, slots=True)
class World:
    """True changes between two sessions, per cent."""

    cost: float = 0.0
    """Of speed, per per cent by which the gains of both sides differ."""
    benefit: float = 0.15
    """Of speed, per per cent of the mean gain."""
    one_sided: bool = False
    """Half of the athletes train the pushing side alone."""
    form: float = 0.0
    """Scatter of the day's form, which both strengths and a quarter of it the speed follow."""
    heavy_tails: bool = False
    injured: int = 0
    """Athletes who were hurt before the second session."""
    injured_strength: float = 25.0
    injured_speed: float = 4.0
    """injured_strength, injured_speed: What that costs one side, and speed."""
    noted: bool = True
    """Their injuries are noted."""
    attempts: int = 3


GAIN, GAIN_SD, GAIN_CORRELATION = 6.0, 7.0, 0.4
SPEED_SD, ATTEMPT_SD = 1.5, 6.0

WORLDS = {
    "gains add up": World(),
    "gains add up, heavy tails": World(heavy_tails=True),
    "gains add up, half train one side": World(one_sided=True),
    "gains add up, form of the day": World(form=5.0),
    "gains add up, injuries noted": World(injured=6),
    "gains add up, tested once": World(attempts=1),
    "gains add up, injuries not noted": World(injured=6, noted=False),
    "gains add up, injuries of 15 % not noted": World(
        injured=6, noted=False, injured_strength=15.0
    ),
    "gains add up, injuries of 10 % not noted": World(
        injured=6, noted=False, injured_strength=10.0
    ),
    "gains add up, injuries not noted, tested once": World(injured=6, noted=False, attempts=1),
    "gains add up, 12 injuries not noted": World(injured=12, noted=False),
    "smallest cost": World(cost=0.05),
    "twice the smallest cost": World(cost=0.10),
    "three times the smallest cost": World(cost=0.15),
}

LEG_WORLDS = {
    "legs, no effect": LegWorld(strength_sd=0.08, attempt_sd=0.085),
    "legs, no effect, heavy tails": LegWorld(strength_sd=0.08, attempt_sd=0.085, heavy_tails=True),
    "legs, slope 0.5": LegWorld(slope=0.5, strength_sd=0.08, attempt_sd=0.085),
    "legs, slope 1": LegWorld(slope=1.0, strength_sd=0.08, attempt_sd=0.085),
}
"""Gains of legs differ by 8 %; an attempt of 6 % in each of two sessions, and legs' differences in
running change by 5 % from session to session."""


def drawn_outcome(world: World, count: int, random: np.random.Generator) -> Outcome:
    """Draw a study and estimate its cost as the product does."""
    return formula_outcome(people_evidence(drawn_athletes(world, count, random)), HYPOTHESIS)


def drawn_athletes(world: World, count: int, random: np.random.Generator) -> pd.DataFrame:
    """Draw what is noted of the athletes of a study."""
    shared, of_sides = random.standard_normal(count), random.standard_normal((2, count))
    gains = GAIN + GAIN_SD * (
        np.sqrt(GAIN_CORRELATION) * shared + np.sqrt(1.0 - GAIN_CORRELATION) * of_sides
    )
    if world.one_sided:
        gains[0] += 10.0 * (np.arange(count) % 2)
    hurt = np.arange(count) < world.injured
    gains[0] -= world.injured_strength * hurt
    noise = random.standard_normal(count)
    if world.heavy_tails:
        noise = random.standard_t(3, count) / np.sqrt(3.0)
    speed = world.benefit * gains.mean(axis=0) - world.cost * np.abs(gains[0] - gains[1])
    speed = speed + SPEED_SD * noise - world.injured_speed * hurt
    form = world.form * random.standard_normal(count)
    error = ATTEMPT_SD * np.sqrt(2.0 / (2.0 * world.attempts))  # two sessions, two legs
    tested = gains + form + error * random.standard_normal((2, count))
    stated_error = np.nan if world.attempts == 1 else error / 100.0
    athletes = pd.DataFrame(
        {
            "push_gain": tested[0] / 100.0,
            "swing_gain": tested[1] / 100.0,
            "gained_speed": (speed + 0.25 * form) / 100.0,
            "ever_hurt": (hurt & world.noted).astype(float),
        },
        index=[f"athlete-{number:02d}" for number in range(count)],
    )
    for name in ("push_gain", "swing_gain"):
        athletes[f"{name}{ERROR}"] = stated_error
        athletes[f"{name}{FREEDOM}"] = 4.0 * count * (world.attempts - 1)
        athletes[f"{name}{OF_A_DAY}"] = 1.0
    lost = is_loss(tested / 100.0, np.full((2, count), stated_error), 2).any(axis=0)
    return athletes.assign(lost_strength=1.0 * lost)


def rows(studies: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield one row per world and number of athletes."""
    for number, (name, world) in enumerate(WORLDS.items()):
        for count in ATHLETES:
            random = np.random.default_rng([seed, number, count])
            outcomes = [drawn_outcome(world, count, random) for _ in range(studies)]
            ends = np.array([outcome.result.ci95 for outcome in outcomes])
            yield {
                "world": name, "athletes": count, "studies": studies, "truth": world.cost,
                "median": float(np.nanmedian([outcome.estimate for outcome in outcomes])),
                **_share(sum(map(supported, outcomes)), studies),
                "covered": float(((ends[:, 0] <= world.cost) & (ends[:, 1] >= world.cost)).mean()),
            }  # fmt: skip
    for number, (name, leg_world) in enumerate(LEG_WORLDS.items()):
        for count in LEG_ATHLETES:
            random = np.random.default_rng([seed, 100 + number, count])
            outcomes = [drawn_slope(leg_world, count, random) for _ in range(studies)]
            inside = [
                outcome.result.ci95[0] <= leg_world.slope <= outcome.result.ci95[1]
                for outcome in outcomes
            ]
            estimates = [outcome.estimate for outcome in outcomes]
            yield {
                "world": name, "athletes": count, "studies": studies, "truth": leg_world.slope,
                "median": float(np.median(estimates)),
                **_share(sum(map(supported, outcomes)), studies),
                "covered": float(np.mean(inside)),
            }  # fmt: skip


def _share(count: int, studies: int) -> dict[str, float]:
    """Share of studies, and the upper end of its 95 % interval (Clopper and Pearson)."""
    high = binomtest(count, studies).proportion_ci(method="exact").high
    return {"supported": count / studies, "supported_high": float(high)}


COLUMNS: Columns = {
    "world": {"description": "What is true of the changes."},
    "athletes": {"description": "Athletes of a study."},
    "studies": {"description": "Studies that were drawn."},
    "truth": {"description": "True cost (per cent of speed per per cent), or slope."},
    "median": {"description": "Median estimate."},
    "supported": {"description": "Share of studies that support the sentence, not adjusted."},
    "supported_high": {"description": "Upper end of its 95 % interval (Clopper and Pearson)."},
    "covered": {"description": "Share of 95 % intervals that hold the truth."},
}


def main() -> None:
    """Write docs/validation/gains.tsv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--output", type=Path, default=FOLDER / "gains.tsv")
    options = parser.parse_args()
    origin = entries_judged("H3d", "H3i", "H3j")
    write_table(pd.DataFrame(rows(options.studies, options.seed)), options.output, COLUMNS, origin)


if __name__ == "__main__":
    main()
