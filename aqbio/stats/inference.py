"""From athletes' numbers to intervals and p values: t, mixed models, Holm, Fieller, power."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from aqbio.stats.registry import Predicted
from aqbio.stats.within import centred, means_by, slopes
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd


Interval = tuple[float, float]

SIGNS = {"greater": 1.0, "less": -1.0}
"""Directions that a claim predicts."""


ANYTHING: Interval = (-np.inf, np.inf)

POSSIBLE: dict[str, Interval] = {
    "opposition_difference": (-1.0, 1.0),
    "arms_push_cosine": (-1.0, 1.0),
    "cosine": (-1.0, 1.0),
    "opposition": (0.0, 1.0),
}
"""Statistics that cannot leave a range, whatever the data are."""


def t_tail(t: float, df: float) -> float:
    """Probability of a larger value of Student's t."""
    return float(special.stdtr(df, -t))


def t_above(share: float, df: float) -> float:
    """The value of Student's t that a share strictly between 0 and 1 lies above."""
    return -float(special.stdtrit(df, share))


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


# mixed models -------------------------------------------------------------------------------------


FEWEST = 20
"""Athletes from which on a mixed model is the primary inference."""


def common_mean(values: pd.Series[float], athlete: pd.Series[Any]) -> Estimate:
    """Mean over athletes of a number that every step has.

    Below 20 athletes a t interval over athletes' means; from 20 on a mixed model with an intercept
    per athlete and athletes − 1 degrees of freedom (conservative, near Satterthwaite's). A model
    that does not converge falls back to the t interval.
    """
    means = means_by(values, athlete)
    if means.notna().sum() >= FEWEST:
        known = values.notna()
        table = np.ones((known.sum(), 1))
        found = _mixed(table, values[known], athlete[known], 0, slope=None)
        if found is not None:
            return found
    return mean_estimate(means, "t over athletes' means")


def common_slope(x: pd.Series[float], y: pd.Series[float], athlete: pd.Series[Any]) -> Estimate:
    """Slope within athletes of y on x.

    Below 20 athletes a t interval over athletes' own slopes. From 20 on a mixed model with the
    athlete's mean of x next to the deviation from it (Mundlak 1978, Econometrica 46), so that
    differences between athletes do not enter the slope within them; random intercept and slope,
    without the slope where that does not converge, then the t interval.
    """
    own = slopes(x, y, athlete)
    if own.notna().sum() >= FEWEST:
        known = x.notna() & y.notna()
        who, within = athlete[known], centred(x[known], athlete[known])
        table = np.column_stack((np.ones(known.sum()), within, x[known] - within))
        for slope in (within, None):
            found = _mixed(table, y[known], who, 1, slope=slope)
            if found is not None:
                return found
    return mean_estimate(own, "t over athletes' slopes")


def _mixed(
    table: FloatArray,
    response: pd.Series[float],
    athlete: pd.Series[Any],
    wanted: int,
    *,
    slope: pd.Series[float] | None,
) -> Estimate | None:
    """One coefficient of a mixed model; None where the fit did not converge."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    random = np.ones((len(response), 1))
    words = "mixed model, intercept by athlete"
    if slope is not None:
        random = np.column_stack((random, slope / slope.std(ddof=0)))
        words += " and slope"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether it converged is read from the result
        try:
            groups = athlete.factorize()[0]
            model = MixedLM(response.to_numpy(), table, groups=groups, exog_re=random)
            result = model.fit(reml=True, method=["bfgs", "powell"])
        except np.linalg.LinAlgError:
            return None
        error = float(result.bse_fe[wanted])  # computed here, and NaN without a covariance
    if not (result.converged and np.isfinite(error) and error > 0):
        return None
    value, degrees = float(result.fe_params[wanted]), athlete.nunique() - 1.0
    return Estimate(value, error, degrees, model=words)
