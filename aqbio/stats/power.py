"""Power: what a study like this one can find, and how many athletes it would take."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aqbio.stats.evidence import MOST_ATHLETES, Evidence, counted, usable
from aqbio.stats.gates import FEWEST_ATHLETES
from aqbio.stats.inference import Estimate, detectable_effect, power_of_test
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import athlete_intervals
from aqbio.stats.registry import Hypothesis

AIM = 0.80
"""Power that is asked for."""


@dataclass(frozen=True, slots=True)
class PowerRow:
    """What this study can find of one hypothesis; NaN where it is not known."""

    hypothesis: str
    n_athletes: int
    n_steps: int
    se: float
    df: float
    """se, df: Standard error and degrees of freedom of the estimate."""
    sd_athletes: float
    """Standard deviation of athletes' numbers that this error belongs to."""
    sd_steps: float
    """What of it the error of an athlete's number from few steps makes."""
    alpha: float
    """Level of Holm's strictest step."""
    mde: float
    """Smallest effect that the rule finds with a power of 80 %."""
    smallest_effect: float
    power: float
    """Of the test alone, at the smallest effect of interest; 0 with fewer athletes than a verdict
    takes."""
    athletes_needed: float
    """For a power of 80 % of the test alone there; at least what a verdict takes anyhow."""


def power_row(
    evidence: Evidence, hypothesis: Hypothesis, outcome: Outcome, family: int
) -> PowerRow:
    """Power of one hypothesis; ``family`` counts what was tested of its family.

    With more athletes like these the standard error falls with the root of their number, and each
    adds a degree of freedom.
    """
    now, count = outcome.error, outcome.n_athletes
    alpha = hypothesis.alpha / max(family, 1)
    detectable = detectable_effect(now, hypothesis.delta, alpha=alpha, power=AIM)

    def test(number: int) -> float:
        return power_of_test(with_athletes(now, count, number), hypothesis.delta, alpha)

    least = max(hypothesis.minimum.athletes, FEWEST_ATHLETES)
    known = bool(np.isfinite(now.se) and now.df > 0) and not outcome.diluted
    return PowerRow(
        hypothesis=hypothesis.id,
        n_athletes=count,
        n_steps=outcome.n_steps,
        se=now.se,
        df=now.df,
        sd_athletes=now.se * math.sqrt(count),
        sd_steps=step_error(evidence, hypothesis),
        alpha=alpha,
        mde=hypothesis.sign * detectable if not outcome.diluted else np.nan,
        smallest_effect=hypothesis.sign * hypothesis.delta,
        power=(test(count) if count >= least else 0.0) if known else np.nan,
        athletes_needed=_fewest(lambda n: test(n) >= AIM, least) if known else np.nan,
    )


def with_athletes(now: Estimate, count: int, number: int) -> Estimate:
    """The precision with another number of athletes, each like those of this study."""
    return Estimate(now.value, now.se * math.sqrt(count / number), now.df + number - count)


def _fewest(enough: Callable[[int], bool], least: int) -> float:
    """Smallest number of athletes that is enough, NaN beyond `MOST_ATHLETES`."""
    if enough(least):
        return float(least)
    low, high = least, 2 * least
    while not enough(high):
        if high > MOST_ATHLETES:
            return np.nan
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return float(high)


def step_error(evidence: Evidence, hypothesis: Hypothesis) -> float:
    """RMS over athletes of the error of their number from few steps; NaN: not one."""
    own = athlete_intervals(counted(usable(evidence), hypothesis), hypothesis)
    errors = np.array([one.se for one in own])
    known = np.isfinite(errors)
    return float(np.sqrt(np.mean(errors[known] ** 2))) if known.any() else np.nan
