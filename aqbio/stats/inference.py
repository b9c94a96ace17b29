"""Intervals and p values from athletes' numbers: t without skewness, regression, Holm, power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special
from scipy.optimize import brentq

from aqbio.names import MEDIAN_OF_NORMAL
from aqbio.stats.registry import Predicted
from aqbio.vectors import BoolArray, FloatArray

Interval = tuple[float, float]

Errors = Literal["robust", "plain"]
"""Error model. robust: t without the skewness of athletes, and regression with errors good for
unequal scatter; plain: the usual t, and equal scatter."""

SIGNS = {"greater": 1.0, "less": -1.0}
"""Directions that a claim predicts."""

DENIED_SIGNS = {"none": (1.0, -1.0), "not_greater": (1.0,)}
"""Directions in which a claim denies an effect."""


ANYTHING: Interval = (-np.inf, np.inf)

POSSIBLE: dict[str, Interval] = {"cosine": (-1.0, 1.0), "opposition": (0.0, 1.0)}
"""Range of bounded statistics."""


def t_tail(t: float, df: float) -> float:
    """Probability of a larger value of Student's t."""
    return float(special.stdtr(df, -t))


def t_above(share: float, df: float) -> float:
    """The value of Student's t that a share strictly between 0 and 1 lies above."""
    return -float(special.stdtrit(df, share))


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimate whose error approximately follows a t distribution."""

    value: float
    se: float
    df: float
    """Degrees of freedom."""
    within: Interval = ANYTHING
    """pair of float. Range of possible values."""
    model: str = ""
    """Method of inference, in words."""
    skewness: float = 0.0
    """Of the mean: that of athletes over the root of their number."""

    def interval(self, level: float) -> Interval:
        """The two-sided interval of that level, cut to possible values."""
        t = t_above(0.5 - level / 2.0, self.df)
        ends = [
            self.value - quantile * self.se for quantile in (t, -t, *map(self._skewed, (t, -t)))
        ]
        low, high = np.clip([min(ends), max(ends)], *self.within)
        return float(low), float(high)

    def p(self, predicted: Predicted) -> float:
        """Twice the one-sided p value for the predicted direction, at most 1."""
        return min(1.0, 2.0 * self._beyond(0.0, SIGNS[predicted]))

    def p_against(self, predicted: Predicted, delta: float) -> float:
        """One-sided p value against an effect of delta or beyond in the predicted direction."""
        sign = SIGNS[predicted]
        return self._beyond(sign * delta, -sign)

    def p_within(self, predicted: Predicted, delta: float) -> float:
        """One-sided p value against effects of delta or beyond: the largest of all that are denied.

        Two one-sided tests (Schuirmann 1987, J Pharmacokinet Biopharm 15:657-680) where both
        directions are denied.
        """
        return max(self._beyond(sign * delta, -sign) for sign in DENIED_SIGNS[predicted])

    def p_outside(self, predicted: Predicted) -> float:
        """P value against no effect at all, in the denied directions together."""
        signs = DENIED_SIGNS[predicted]
        return min(1.0, len(signs) * min(self._beyond(0.0, sign) for sign in signs))

    def _beyond(self, bound: float, sign: float) -> float:
        """Probability of an estimate as far above a bound (sign −1: below it), were it the truth.

        The larger one of Student's t and of t without skewness (Hall 1992, J R Stat Soc B
        54:221-228).
        """
        distance = self.value - bound
        if self.se == 0.0:
            return 0.0 if sign * distance > 0 else 1.0
        t = distance / self.se
        skewed = float(without_skewness(np.asarray(t), self.skewness))
        return max(t_tail(sign * statistic, self.df) for statistic in (t, skewed))

    def _skewed(self, t: float) -> float:
        """Inverse of `without_skewness`."""
        a = self.skewness
        if abs(a) < 1e-9:
            return t
        return float(3.0 / a * (np.cbrt(1.0 + a * (t - a / 6.0)) - 1.0))


def with_shared_error(estimate: Estimate, sd: float) -> Estimate:
    """Add an error that all athletes share, of known standard deviation, to that of their mean.

    What athletes share is not in the scatter between them: variances of independent errors add up.
    Degrees of freedom by Satterthwaite (1946).
    """
    if not (np.isfinite(estimate.se) and sd > 0.0):
        return estimate
    se = float(np.hypot(estimate.se, sd))
    df = estimate.df * (se / estimate.se) ** 4 if estimate.se > 0.0 else MOST_DF
    own_share = estimate.se / se
    model = f"{estimate.model}, with the error that athletes share"
    return replace(
        estimate, se=se, df=min(df, MOST_DF), skewness=estimate.skewness * own_share**3, model=model
    )


MOST_DF = 1e6
"""Degrees of freedom of an error whose size is known."""


def without_skewness(t: FloatArray, a: FloatArray | float) -> FloatArray:
    """Hall's transformation of t values whose mean has skewness a: t + a/6 + a t²/3 + a² t³/27."""
    return np.asarray(t + a / 6.0 + a * t**2 / 3.0 + a**2 * t**3 / 27.0)


def mean_estimate(values: ArrayLike, model: str = "", errors: Errors = "robust") -> Estimate:
    """Mean over athletes without NaN: every athlete has equal weight, whatever the number of steps.

    With skewed numbers of athletes Student's t is overconfident on one side: its skewness is
    removed where that makes p larger or the interval longer. With 12 athletes of lognormal numbers
    (sd 1 of the logarithm) the 95 % interval then holds the mean in 93 % of samples instead of
    85 %.
    """
    numbers = np.asarray(values, dtype=float)
    finite = pd.Series(numbers[np.isfinite(numbers)])
    count = len(finite)
    if count < 2:
        return Estimate(float(finite.mean()) if count else np.nan, np.nan, np.nan, model=model)
    standard_error = float(finite.std() / np.sqrt(count))
    estimate = Estimate(float(finite.mean()), standard_error, count - 1.0, model=model)
    if errors == "plain" or count < 3 or estimate.se <= 1e-9 * abs(estimate.value):
        return estimate
    skewness = float(finite.skew() / np.sqrt(count))
    return replace(estimate, skewness=skewness, model=model and f"{model}, without skewness")


def holm(p_values: Sequence[float]) -> FloatArray:
    """Adjust p values by Holm's method (Holm 1979, Scand J Stat 6:65-70)."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    steps = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps * p[order]), 1.0)
    return adjusted


# regression between athletes ----------------------------------------------------------------------


MOST_LEVERAGE = 0.9
"""Largest leverage of an athlete for HC2 errors: beyond it the error cannot be distinguished from
the fit, and equal scatter is assumed."""


@dataclass(frozen=True, eq=False)
class Regression:
    """Least squares over athletes."""

    coefficients: pd.Series[float]
    covariance: pd.DataFrame
    """By names of columns."""
    df: pd.Series[float]
    """Degrees of freedom of each coefficient."""
    shifts: pd.DataFrame
    """By athlete and name of column: how much higher the coefficient is for this athlete (Belsley,
    Kuh and Welsch 1980, Regression diagnostics, section 2.1)."""
    model: str

    def estimate(self, name: str) -> Estimate:
        """One coefficient."""
        error = float(np.sqrt(self._variance(name, name)))
        return Estimate(
            float(self.coefficients[name]), error, float(self.df[name]), model=self.model
        )

    def _variance(self, first: str, second: str) -> float:
        return float(self.covariance[first][second])

    def ratio(self, above: str, below: str) -> Ratio:
        """One coefficient over another."""
        b, v = self.coefficients, self._variance
        return Ratio(
            float(b[above]), float(b[below]), v(above, above), v(below, below), v(above, below),
            float(self.df[above]),
        )  # fmt: skip


def regression(
    response: pd.Series[float], table: pd.DataFrame, errors: Errors = "robust"
) -> Regression | None:
    """Least squares of a response on the columns of a table; None below two degrees of freedom.

    robust: HC2 errors (MacKinnon and White 1985) with the degrees of freedom of Bell and McCaffrey
    (2002, Surv Methodol 28:169-181), for which one athlete with much leverage counts.
    """
    names, x = list(table), table.to_numpy(dtype=float)
    count, terms = x.shape
    if count - terms < 2 or np.linalg.matrix_rank(x) < terms:
        return None
    y = response.to_numpy(dtype=float)
    inverse = np.linalg.pinv(x)
    coefficients = inverse @ y
    residuals = y - x @ coefficients
    scale = float(residuals @ residuals) / (count - terms)
    leverage = np.einsum("ij,ji->i", x, inverse)
    if errors == "plain" or leverage.max() > MOST_LEVERAGE:
        covariance, df = scale * inverse @ inverse.T, np.full(terms, float(count - terms))
        words = "least squares between athletes"
    else:
        covariance = (inverse * (residuals**2 / (1.0 - leverage))) @ inverse.T
        df = _degrees_of_freedom(x, leverage)
        words = "least squares between athletes, HC2"
    unexplained = np.maximum(1.0 - leverage, 1e-9)
    return Regression(
        pd.Series(coefficients, names),
        pd.DataFrame(covariance, names, names),
        pd.Series(df, names),
        pd.DataFrame((inverse * residuals / unexplained).T, table.index, names),
        words,
    )


def _degrees_of_freedom(x: FloatArray, leverage: FloatArray) -> FloatArray:
    """Of every coefficient's HC2 error: Satterthwaite's, of normal errors of equal scatter."""
    rows = np.linalg.pinv(x)
    rest = np.eye(len(x)) - x @ rows
    degrees = []
    for row in rows:
        form = (row / np.sqrt(1.0 - leverage))[:, None] * rest
        square = form @ form.T
        degrees.append(np.trace(square) ** 2 / np.sum(square**2))
    return np.array(degrees)


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
        distance = ratio * self.below - self.above
        variance = self.variance_above - 2.0 * ratio * self.covariance
        variance += ratio**2 * self.variance_below
        return t_tail(distance / float(np.sqrt(variance)), self.df)

    @property
    def standard_error(self) -> float:
        """First-order standard error of the ratio (delta method), for power only."""
        r = self.above / self.below
        variance = self.variance_above - 2.0 * r * self.covariance + r**2 * self.variance_below
        return float(np.sqrt(max(variance, 0.0))) / abs(self.below)


# outliers -----------------------------------------------------------------------------------------


TRIMMED_SHARE = 0.75
"""Share of athletes with the smallest residuals that the robust fit is of."""

STARTS, CONCENTRATIONS = 300, 12
"""Random starts of the robust fit, and steps of concentration from each."""

OUTLIER_SDS = 2.5
"""Robust standard deviations of a residual or a predictor beyond which an athlete is an outlier
(Rousseeuw and Leroy 1987, Robust regression and outlier detection)."""


def regression_outliers(
    response: pd.Series[float], table: pd.DataFrame, measured: Sequence[str]
) -> BoolArray:
    """Mark athletes far from a fit to most of them, or far from the others in what was measured.

    The fit is by least trimmed squares: random starts of one athlete more than there are terms,
    each concentrated on the three quarters with the smallest residuals (Rousseeuw and Van Driessen
    2006, Data Min Knowl Discov 12:29-45); always the same starts. Leaving out the most influential
    athlete one by one does not find several alike, who hide each other; and a few athletes with one
    cause of both a predictor and the response make a line of their own, which no residual shows:
    ``measured`` names the predictors in which no athlete may be far. None below twice as many
    athletes as terms. Returns (A,).
    """
    x: FloatArray = table.to_numpy(dtype=float)
    y: FloatArray = np.asarray(response, dtype=float)
    order = np.lexsort([*x.T, y])  # the order of the sheets does not count
    x, y = x[order], y[order]
    count, terms = x.shape
    if count < 2 * terms + 2:
        return np.zeros(count, dtype=bool)
    kept_count = max(int(TRIMMED_SHARE * count), terms + 1)
    keys = np.random.default_rng(0).random((STARTS, count))
    weights: FloatArray = np.asarray(keys.argsort(axis=1).argsort(axis=1) <= terms, dtype=float)
    for _ in range(CONCENTRATIONS):
        squares = _squared_residuals(x, y, weights)
        nearest = np.argpartition(squares, kept_count - 1, axis=1)[:, :kept_count]
        weights = np.zeros_like(weights)
        np.put_along_axis(weights, nearest, 1.0, axis=1)
    squares = _squared_residuals(x, y, weights)
    best = squares[(weights * squares).sum(axis=1).argmin()]
    scale = float(np.median(np.sqrt(best))) / MEDIAN_OF_NORMAL * (1.0 + 5.0 / (count - terms))
    values = table[[*measured]].to_numpy(dtype=float)[order]
    distances = np.abs(values - np.median(values, axis=0))
    spreads = np.median(distances, axis=0) / MEDIAN_OF_NORMAL
    is_remote = (distances > OUTLIER_SDS * np.where(spreads > 0.0, spreads, np.inf)).any(axis=1)
    is_outlier = np.zeros(count, dtype=bool)
    is_outlier[order] = is_remote | (np.sqrt(best) > OUTLIER_SDS * scale)
    return is_outlier


def _squared_residuals(x: FloatArray, y: FloatArray, weights: FloatArray) -> FloatArray:
    """Squared residuals (K, A) of weighted least squares, for weights (K, A)."""
    square = np.einsum("ka,ai,aj->kij", weights, x, x, optimize=True)
    coefficients = np.linalg.pinv(square, hermitian=True) @ (weights @ (x * y[:, None]))[..., None]
    return np.asarray((y - coefficients[..., 0] @ x.T) ** 2)


# power --------------------------------------------------------------------------------------------


POWER_POINTS = 400
"""Quantiles of the standard error over which power is integrated."""


def _standard_errors(estimate: Estimate) -> FloatArray:
    """Standard errors that studies like one of this estimate would find, equally probable."""
    shares = (np.arange(POWER_POINTS) + 0.5) / POWER_POINTS
    errors: FloatArray = estimate.se * np.sqrt(special.chdtri(estimate.df, shares) / estimate.df)
    return errors


def power_of_rule(estimate: Estimate, effect: float, delta: float, alpha: float) -> float:
    """Probability that a true effect is called supported: p below alpha, and an estimate of delta.

    The estimate is normal about the effect, its error that of chi-squared; p is two-sided.
    """
    if estimate.se <= 0.0:
        return float(effect >= delta)
    bounds = np.maximum(delta, t_above(alpha / 2.0, estimate.df) * _standard_errors(estimate))
    return float(special.ndtr((effect - bounds) / estimate.se).mean())


def power_of_equivalence(
    estimate: Estimate, effect: float, delta: float, alpha: float, *, both: bool = True
) -> float:
    """Probability that effects of delta and beyond are excluded, in both directions or upwards."""
    if estimate.se <= 0.0:
        return float((abs(effect) if both else effect) < delta)
    room = delta - t_above(alpha, estimate.df) * _standard_errors(estimate)
    below = special.ndtr((room - effect) / estimate.se)
    beyond = special.ndtr((-room - effect) / estimate.se) if both else 0.0
    return float(np.maximum(below - beyond, 0.0).mean())


def detectable_effect(
    estimate: Estimate, delta: float, *, alpha: float, power: float = 0.8
) -> float:
    """Smallest true effect that a study of this precision calls supported with that power."""
    if not (np.isfinite(estimate.se) and estimate.df > 0):
        return np.nan
    if estimate.se <= np.finfo(float).eps * delta:
        return delta

    standardised, smallest_effect = replace(estimate, se=1.0), delta / estimate.se
    # with one degree of freedom the error's tail is so heavy that only a multiple is enough
    upper = smallest_effect + 4.0 * t_above(alpha / 2.0, estimate.df) + 10.0
    return estimate.se * float(
        brentq(lambda d: power_of_rule(standardised, d, smallest_effect, alpha) - power, 0.0, upper)
    )
