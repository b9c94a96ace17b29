"""From athletes' numbers to intervals and p values: t, equivalence, Holm, Fieller, power."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from aqbio.stats.registry import Predicted
from aqbio.vectors import FloatArray

Interval = tuple[float, float]

SIGNS = {"greater": 1.0, "less": -1.0}
"""Directions that a claim predicts."""


ANYTHING: Interval = (-np.inf, np.inf)

_POSSIBLE: tuple[tuple[str, Interval], ...] = (
    ("opposition_difference", (-1.0, 1.0)),
    ("cosine", (-1.0, 1.0)),
    ("^opposition", (0.0, 1.0)),
)
"""Names of statistics, and the values that they can have; the first that fits counts."""


def t_tail(t: float, df: float) -> float:
    """Probability of a larger value of Student's t."""
    return float(special.stdtr(df, -t))


def t_above(share: float, df: float) -> float:
    """The value of Student's t that a share strictly between 0 and 1 lies above."""
    return -float(special.stdtrit(df, share))


def possible_values(statistic: str) -> Interval:
    """The range that a statistic cannot leave, whatever the data are."""
    fitting = (within for name, within in _POSSIBLE if re.search(name, statistic))
    return next(fitting, ANYTHING)


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate whose error follows a t distribution."""

    value: float
    se: float
    df: float
    """Degrees of freedom."""
    within: Interval = ANYTHING
    """pair of float. Values that are possible at all."""
    model: str = ""
    """How it was inferred, in words."""

    def interval(self, level: float) -> Interval:
        """The two-sided interval of that level, cut to possible values."""
        half = t_above(0.5 - level / 2.0, self.df) * self.se
        lowest, highest = self.within
        low, high = np.clip([self.value - half, self.value + half], lowest, highest)
        return float(low), float(high)

    def p(self, predicted: Predicted, delta: float) -> float:
        """The p value for what a claim predicts.

        For a direction twice the one-sided value, at most 1. For equivalence within ±delta the
        larger of both one-sided values (TOST).
        """
        if predicted == "equivalent":
            return max(self._upper(self.value + delta), self._upper(delta - self.value))
        return min(1.0, 2.0 * self._upper(SIGNS[predicted] * self.value))

    def p_against(self, predicted: Predicted, delta: float) -> float:
        """The p value against an effect of interest.

        For a direction, one-sided, of the null hypothesis that the effect is delta or beyond. For
        equivalence, two-sided, that it lies within the margin.
        """
        if predicted == "equivalent":
            return min(1.0, 2.0 * self._upper(abs(self.value) - delta))
        return self._upper(delta - SIGNS[predicted] * self.value)

    def _upper(self, distance: float) -> float:
        """Probability of a t value above that of a distance from the bound."""
        if self.se == 0.0:
            return 0.0 if distance > 0 else 1.0
        return t_tail(distance / self.se, self.df)


def mean_estimate(values: ArrayLike, model: str = "") -> Estimate:
    """Mean over athletes, NaN left out, with standard error and degrees of freedom."""
    every = np.asarray(values, dtype=float)
    known = every[np.isfinite(every)]
    count = len(known)
    if count < 2:
        mean = float(known.mean()) if count else np.nan
        return Estimate(mean, np.nan, np.nan, model=model)
    error = float(known.std(ddof=1) / np.sqrt(count))
    return Estimate(float(known.mean()), error, count - 1.0, model=model)


def holm(p_values: Sequence[float]) -> FloatArray:
    """Adjust p values by Holm's method (Holm 1979, Scand J Stat 6:65-70)."""
    # statsmodels collects garbage on every call, which costs more than all else of a study's arms
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    steps = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps * p[order]), 1.0)
    return adjusted


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two estimates with a common covariance."""

    above: float
    below: float
    variance_above: float
    variance_below: float
    covariance: float
    df: float

    def interval(self, level: float) -> Interval:
        """Fieller's interval: all r with ``(a − r b)² ≤ t² (V_aa − 2 r V_ab + r² V_bb)``.

        ``(-inf, inf)`` where the denominator does not differ from 0. Fieller (1954), J R Stat Soc B
        16.
        """
        t2 = t_above(0.5 - level / 2.0, self.df) ** 2
        square = self.below**2 - t2 * self.variance_below
        linear = self.above * self.below - t2 * self.covariance
        constant = self.above**2 - t2 * self.variance_above
        inside = linear**2 - square * constant
        if square <= 0.0 or inside < 0.0:
            return -np.inf, np.inf
        root = float(np.sqrt(inside))
        return (linear - root) / square, (linear + root) / square

    def p_below(self, ratio: float) -> float:
        """One-sided p value against a ratio of that size or more, for a denominator above 0."""
        away = ratio * self.below - self.above
        variance = self.variance_above - 2.0 * ratio * self.covariance
        variance += ratio**2 * self.variance_below
        return t_tail(away / float(np.sqrt(variance)), self.df)

    @property
    def standard_error(self) -> float:
        """First-order standard error of the ratio (delta method), for power only."""
        r = self.above / self.below
        variance = self.variance_above - 2.0 * r * self.covariance + r**2 * self.variance_below
        return float(np.sqrt(max(variance, 0.0))) / abs(self.below)


def detectable_effect(
    estimate: Estimate, delta: float, *, alpha: float, power: float = 0.8
) -> float:
    """Smallest true effect that a study of this precision calls supported with that power.

    The larger one of what the noncentral t distribution asks for p < alpha (two-sided; Holm's
    strictest step) and of what takes the point estimate above delta.
    """
    if not (np.isfinite(estimate.se) and estimate.df > 0):
        return np.nan
    from scipy.optimize import brentq

    critical = t_above(alpha / 2.0, estimate.df)

    def missing(effect: float) -> float:
        return float(special.nctdtr(estimate.df, effect, critical)) - (1.0 - power)

    # with one degree of freedom the error's tail is so heavy that only a multiple is enough
    found = float(brentq(missing, 0.0, 2.0 * critical + 10.0))
    beyond = delta / max(estimate.se, 1e-300) + float(special.ndtri(power))
    return max(found, beyond) * estimate.se


def detectable_margin(estimate: Estimate, *, alpha: float, power: float = 0.8) -> float:
    """Smallest margin within which a true zero is called equivalent with that power."""
    if not (np.isfinite(estimate.se) and estimate.df > 0):
        return np.nan
    within = t_above(alpha, estimate.df) + t_above((1.0 - power) / 2.0, estimate.df)
    return within * estimate.se
