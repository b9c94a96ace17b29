"""W7: the analysis sees whether the swing leg takes away what the push leg has too much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from aqbio.stats.balance import limb_compensation
from aqbio.stats.inference import mean_estimate
from validation.matrix import SEED
from validation.wave_evidence import wave_evidence
from validation.waves.studies import wave_athletes, wave_study
from validation.worlds import World

STEPPERS, LEVELS, STEPS = 12, 4, 10
"""Athletes, their speeds, and steps at each speed."""
HOLDS_SHARE, FALSE_SHARE = 0.80, 0.05
"""Share of studies that must find what is there, and that may find what is not."""

WORLDS = {"W7_regulated": "negative", "W7_free": "not negative"}
"""What the 95 % interval of the log compensation of both legs must be."""


@dataclass(frozen=True, slots=True)
class Regulated:
    """How often a regulated or free world looked regulated.

    Attributes
    ----------
    world, expected : str
    studies, negative : int
        Studies, and those whose 95 % interval lies below 0.
    mean : float
        Mean estimate over studies.
    holds : bool
    """

    world: str
    expected: str
    studies: int
    negative: int
    mean: float
    holds: bool


def regulations(worlds: dict[str, World], studies: int) -> list[Regulated]:
    """Compensation of both legs in the regulated and in the free world."""
    rows = []
    for place, (name, expected) in enumerate(WORLDS.items()):
        found = [_study_estimate(worlds[name], (SEED + 2, place, n)) for n in range(studies)]
        negative = sum(high < 0 for _, high in found)
        if expected == "negative":
            holds = negative / studies >= HOLDS_SHARE
        else:
            holds = least_rate(negative, studies) <= FALSE_SHARE
        mean = float(np.mean([value for value, _ in found]))
        rows.append(Regulated(name, expected, studies, negative, mean, holds))
    return rows


def least_rate(found: int, studies: int) -> float:
    """95 % lower bound of a rate (Clopper and Pearson, one-sided).

    Examples
    --------
    >>> round(least_rate(16, 200), 4), round(least_rate(15, 200), 4)
    (0.0508, 0.0468)
    """
    return float(stats.beta.ppf(0.05, found, studies - found + 1)) if found else 0.0


def _study_estimate(world: World, seed: tuple[int, ...]) -> tuple[float, float]:
    """Mean over athletes and upper end of its 95 % interval."""
    random = np.random.default_rng(list(seed))
    athletes = wave_athletes(world, STEPPERS, random)
    study = wave_study(world, random, athletes=athletes, levels=LEVELS, steps=STEPS)
    values, _ = limb_compensation(wave_evidence(study, athletes), draws=1, seed=0)
    found = mean_estimate(values)
    return found.value, found.interval(0.95)[1]
