"""Power: smallest detectable effect of a study, and the number of athletes needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aqbio.stats.evidence import MOST_ATHLETES, Evidence
from aqbio.stats.gates import FEWEST_ATHLETES
from aqbio.stats.inference import Estimate, detectable_effect, power_of_test
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import athlete_intervals, examined_evidence
from aqbio.stats.registry import Hypothesis

AIM = 0.80
"""Power aimed at."""


@dataclass(frozen=True, slots=True)
class PowerRow:
    """Power of this study for one hypothesis; NaN where it is not known."""

    hypothesis: str
    n_athletes: int
    n_steps: int
    se: float
    df: float
    """se, df: Standard error and degrees of freedom of the estimate."""
    sd_athletes: float
    """Standard deviation of athletes' numbers that this error belongs to."""
    sd_steps: float
    """Part of it from the error of an athlete's number over few steps."""
    alpha: float
    """Level of Holm's strictest step."""
    mde: float
    """Smallest effect that the rule finds with a power of 80 %."""
    smallest_effect: float
    power: float
    """Of the test alone, at the smallest effect of interest; 0 with fewer athletes than a verdict
    takes."""
    athletes_needed: float
    """For a power of 80 % of the test alone there; at least the number that a verdict takes."""


def power_row(
    evidence: Evidence, hypothesis: Hypothesis, outcome: Outcome, family: int
) -> PowerRow:
    """Power of one hypothesis; ``family`` counts what was tested of its family.

    With more athletes like these the standard error falls with the root of their number, and each
    adds a degree of freedom.
    """
    estimate, count = outcome.error, outcome.n_athletes
    alpha = hypothesis.alpha / max(family, 1)
    detectable = detectable_effect(estimate, hypothesis.delta, alpha=alpha, power=AIM)

    def test(number: int) -> float:
        return power_of_test(with_athletes(estimate, count, number), hypothesis.delta, alpha)

    min_athletes = max(hypothesis.minimum.athletes, FEWEST_ATHLETES)
    is_estimable = bool(np.isfinite(estimate.se) and estimate.df > 0) and not outcome.diluted
    return PowerRow(
        hypothesis=hypothesis.id,
        n_athletes=count,
        n_steps=outcome.n_steps,
        se=estimate.se,
        df=estimate.df,
        sd_athletes=estimate.se * math.sqrt(count),
        sd_steps=step_error(evidence, hypothesis),
        alpha=alpha,
        mde=hypothesis.sign * detectable if not outcome.diluted else np.nan,
        smallest_effect=hypothesis.sign * hypothesis.delta,
        power=(test(count) if count >= min_athletes else 0.0) if is_estimable else np.nan,
        athletes_needed=_smallest_count(lambda n: test(n) >= AIM, min_athletes)
        if is_estimable
        else np.nan,
    )


def with_athletes(estimate: Estimate, count: int, number: int) -> Estimate:
    """Precision with another number of athletes, each like those of this study."""
    return Estimate(
        estimate.value, estimate.se * math.sqrt(count / number), estimate.df + number - count
    )


def _smallest_count(suffices: Callable[[int], bool], minimum: int) -> float:
    """Smallest sufficient number of athletes by bisection, NaN beyond `MOST_ATHLETES`."""
    if suffices(minimum):
        return float(minimum)
    low, high = minimum, 2 * minimum
    while not suffices(high):
        if high > MOST_ATHLETES:
            return np.nan
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return float(high)


def step_error(evidence: Evidence, hypothesis: Hypothesis) -> float:
    """RMS over athletes of the error of their number over few steps; NaN without any."""
    intervals = athlete_intervals(examined_evidence(evidence, hypothesis), hypothesis)
    errors = np.array([interval.se for interval in intervals])
    finite = np.isfinite(errors)
    return float(np.sqrt(np.mean(errors[finite] ** 2))) if finite.any() else np.nan
