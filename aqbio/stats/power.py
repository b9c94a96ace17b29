"""Power: smallest detectable effect of a study, and the number of athletes needed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aqbio.stats.evidence import MOST_ATHLETES, Evidence
from aqbio.stats.gates import FEWEST_ATHLETES
from aqbio.stats.inference import Estimate, detectable_effect, power_of_equivalence, power_of_rule
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import athlete_intervals
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
    power_half: float
    power: float
    power_twice: float
    """power_half, power, power_twice: Of the rule, at half of the smallest effect, at it and at
    twice of it; 0 with fewer athletes than a verdict takes. Of an effect that is denied the chance
    that it is excluded, at these shares of it and none: half, 0 and NaN."""
    athletes_needed: float
    """For a power of 80 % at twice the smallest effect, of one that is denied at no effect; at
    least the number that a verdict takes."""


def power_row(counted: Evidence, hypothesis: Hypothesis, outcome: Outcome, family: int) -> PowerRow:
    """Power of one hypothesis, from the evidence that counted for its outcome.

    ``family`` is the number of tested hypotheses of its family.

    With more athletes like these the standard error falls with the root of their number, and each
    adds a degree of freedom.
    """
    estimate, count = outcome.error, outcome.n_athletes
    alpha = hypothesis.alpha / max(family, 1)
    detectable = detectable_effect(estimate, hypothesis.delta, alpha=alpha, power=AIM)

    def rule(number: int, share: float) -> float:
        precision = with_athletes(estimate, count, number)
        return power_at(hypothesis, precision, share * hypothesis.delta, alpha)

    shares = (0.5, 0.0, np.nan) if hypothesis.denies else (0.5, 1.0, 2.0)
    aimed = 0.0 if hypothesis.denies else 2.0
    min_athletes = max(hypothesis.minimum.athletes, FEWEST_ATHLETES)
    is_estimable = bool(np.isfinite(estimate.se) and estimate.df > 0) and not outcome.diluted
    has_enough = count >= min_athletes
    chances = [rule(count, share) if has_enough else 0.0 for share in shares]
    chances = chances if is_estimable else [np.nan] * len(shares)
    return PowerRow(
        hypothesis=hypothesis.id,
        n_athletes=count,
        n_steps=outcome.n_steps,
        se=estimate.se,
        df=estimate.df,
        sd_athletes=estimate.se * math.sqrt(count),
        sd_steps=step_error(counted, hypothesis),
        alpha=alpha,
        mde=np.nan if outcome.diluted or hypothesis.denies else hypothesis.sign * detectable,
        smallest_effect=hypothesis.sign * hypothesis.delta,
        power_half=chances[0],
        power=chances[1],
        power_twice=chances[2],
        athletes_needed=smallest_count(lambda n: rule(n, aimed) >= AIM, min_athletes)
        if is_estimable
        else np.nan,
    )


def power_at(hypothesis: Hypothesis, precision: Estimate, effect: float, alpha: float) -> float:
    """Probability that a hypothesis is supported at an effect in its direction; NaN without one."""
    if np.isnan(effect):
        return np.nan
    if hypothesis.denies:
        both = hypothesis.predicted == "none"
        return power_of_equivalence(precision, effect, hypothesis.delta, alpha, both=both)
    return power_of_rule(precision, effect, hypothesis.delta, alpha)


def with_athletes(estimate: Estimate, count: int, number: int) -> Estimate:
    """Precision with another number of athletes, each like those of this study."""
    return Estimate(
        estimate.value, estimate.se * math.sqrt(count / number), estimate.df + number - count
    )


def smallest_count(suffices: Callable[[int], bool], minimum: int) -> float:
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


def step_error(counted: Evidence, hypothesis: Hypothesis) -> float:
    """RMS over athletes of the error of their number over few steps; NaN without any."""
    errors = np.array([interval.se for interval in athlete_intervals(counted, hypothesis)])
    finite = np.isfinite(errors)
    return float(np.sqrt(np.mean(errors[finite] ** 2))) if finite.any() else np.nan
