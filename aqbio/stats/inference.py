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
    ("half_cosine_difference", (-2.0, 2.0)),
    ("(opposition|odd_one_out).*_(difference|minus)", (-1.0, 1.0)),
    ("cosine|correlation", (-1.0, 1.0)),
    ("^(opposition|coherence|odd_one_out)|^longest_opposed|^continuously_opposed", (0.0, 1.0)),
    ("_with_ankle_line_share$", (0.0, 1.0)),
)
"""Names of statistics, and the values that they can have; the first that fits counts."""


def t_tail(t: float, df: float) -> float:
    """Probability of a larger value of Student's t.

    Examples
    --------
    >>> round(t_tail(2.262, 9), 4)
    0.025
    """
    return float(special.stdtr(df, -t))


def t_above(share: float, df: float) -> float:
    """The value of Student's t that such a share, neither 0 nor 1, lies above.

    Examples
    --------
    >>> round(t_above(0.025, 9), 3)
    2.262
    """
    return -float(special.stdtrit(df, share))


def possible_values(statistic: str) -> Interval:
    """The range that a statistic cannot leave, whatever the data are.

    Examples
    --------
    >>> possible_values("arms_push_cosine"), possible_values("lag_slope")
    ((-1.0, 1.0), (-inf, inf))
    """
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
        """The two-sided interval of that level, without the values that are impossible.

        They are never true, so that the interval covers the truth as often without them.

        Examples
        --------
        >>> low, high = Estimate(1.0, 0.5, 9).interval(0.95)
        >>> round(low, 3), round(high, 3)
        (-0.131, 2.131)
        """
        half = t_above(0.5 - level / 2.0, self.df) * self.se
        lowest, highest = self.within
        low, high = np.clip([self.value - half, self.value + half], lowest, highest)
        return float(low), float(high)

    def p(self, predicted: Predicted, delta: float) -> float:
        """The p value for what a claim predicts.

        Parameters
        ----------
        predicted : {"greater", "less", "equivalent"}
        delta : float
            Margin of equivalence; not used otherwise.

        Notes
        -----
        For a direction, the two-sided p value where the estimate lies in that direction, otherwise
        more than 1/2: twice the one-sided value, at most 1. For equivalence the larger one of both
        one-sided values (TOST).
        """
        if predicted == "equivalent":
            return max(self._upper(self.value + delta), self._upper(delta - self.value))
        return min(1.0, 2.0 * self._upper(SIGNS[predicted] * self.value))

    def p_against(self, predicted: Predicted, delta: float) -> float:
        """The p value against an effect of interest.

        Parameters
        ----------
        predicted : {"greater", "less", "equivalent"}
        delta : float
            Smallest effect of interest, or margin of equivalence.

        Notes
        -----
        For a direction, one-sided, of the null hypothesis that the effect is delta or beyond: small
        where it is absent, smaller than delta or of the other sign. For equivalence, two-sided,
        that it lies within the margin.
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
    """Mean over athletes, its standard error and degrees of freedom.

    Parameters
    ----------
    values : (A,) array or Series
        One number per athlete; NaN is left out.
    model : str
        How it was inferred, in words.
    """
    every = np.asarray(values, dtype=float)
    known = every[np.isfinite(every)]
    count = len(known)
    if count < 2:
        mean = float(known.mean()) if count else np.nan
        return Estimate(mean, np.nan, np.nan, model=model)
    error = float(known.std(ddof=1) / np.sqrt(count))
    return Estimate(float(known.mean()), error, count - 1.0, model=model)


def holm(p_values: Sequence[float]) -> FloatArray:
    """Adjust p values for their number by Holm's method.

    References
    ----------
    Holm S (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
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
        """Fieller's interval: every ratio that the data do not refuse.

        Returns
        -------
        tuple of float
            ``(-inf, inf)`` where the denominator is not known to differ from 0.

        Notes
        -----
        All r with ``(a − r b)² ≤ t² (V_aa − 2 r V_ab + r² V_bb)``.

        References
        ----------
        Fieller EC (1954), Journal of the Royal Statistical Society B 16, 175-185.

        Examples
        --------
        With a denominator that is known exactly it is the usual interval:

        >>> low, high = Ratio(1.0, 2.0, 0.04, 0.0, 0.0, 20).interval(0.95)
        >>> round(low, 4), round(high, 4)
        (0.2914, 0.7086)
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

    Parameters
    ----------
    estimate : Estimate
        Its standard error and degrees of freedom.
    delta : float
        Smallest effect of interest.
    alpha : float
        Two-sided level: the family's over the number of hypotheses tested, Holm's strictest step.

    Notes
    -----
    The larger one of what the noncentral t distribution asks for p < alpha and of what takes the
    point estimate above delta.
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
    """Smallest margin within which a true zero is called equivalent with that power.

    Parameters
    ----------
    alpha : float
        Level of each one-sided test.
    """
    if not (np.isfinite(estimate.se) and estimate.df > 0):
        return np.nan
    within = t_above(alpha, estimate.df) + t_above((1.0 - power) / 2.0, estimate.df)
    return within * estimate.se
