"""Intervals and p values from athletes' numbers: t without skewness, regression, Holm, power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from aqbio.stats.registry import Predicted
from aqbio.vectors import FloatArray, IntArray

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


def mean_estimate(values: ArrayLike, errors: Errors = "robust") -> Estimate:
    """Mean over athletes without NaN: every athlete has equal weight, whatever the number of steps.

    With skewed numbers of athletes Student's t is overconfident on one side: its skewness is
    removed where that makes p larger or the interval longer. With 12 athletes of lognormal numbers
    (sd 1 of the logarithm) the 95 % interval then holds the mean in 93 % of samples instead of
    85 %.
    """
    numbers = np.asarray(values, dtype=float)
    finite = numbers[np.isfinite(numbers)]
    if len(finite) < 2:
        return Estimate(float(finite.mean()) if len(finite) else np.nan, np.nan, np.nan)
    return coefficient(finite, np.ones((len(finite), 1)), 0, errors=errors)


def holm(p_values: Sequence[float]) -> FloatArray:
    """Adjust p values by Holm's method (Holm 1979, Scand J Stat 6:65-70)."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    steps = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps * p[order]), 1.0)
    return adjusted


# coefficients over units --------------------------------------------------------------------------


MOST_LEVERAGE = 0.9
"""Largest leverage of a unit for HC2 errors: beyond it the error cannot be distinguished from the
fit, and equal scatter is assumed."""


@dataclass(frozen=True, slots=True)
class Coefficients:
    """One coefficient of many fits, (...,) each."""

    value: FloatArray
    se: FloatArray
    df: FloatArray
    skewness: FloatArray


def coefficients(
    y: FloatArray,
    x: FloatArray,
    number: int,
    *,
    errors: Errors = "robust",
    clusters: IntArray | None = None,
) -> Coefficients:
    """Coefficient ``number`` of least squares of (..., A) on (..., A, P); NaN where none is left.

    robust: HC2 errors (MacKinnon and White 1985) with the degrees of freedom of Bell and McCaffrey
    (2002, Surv Methodol 28:169-181), for which one unit with much leverage counts; of a mean they
    are those of Student's t, and its skewness is that of the sum of what units add to it: a slope,
    to which units add on both sides, has none. Units of one of the ``clusters`` (A,) are not
    independent: errors are then CR2, whose degrees of freedom follow the number of clusters.
    """
    count, terms = x.shape[-2:]
    shape = np.broadcast_shapes(y.shape[:-1], x.shape[:-2])
    if count - terms < 1:
        unknown = np.full(shape, np.nan)
        alone = y[..., 0] / x[..., 0, 0] if count == terms == 1 else unknown
        return Coefficients(alone, unknown, unknown, unknown * 0.0)
    inverse = np.asarray(np.linalg.pinv(x) if x.ndim == 2 else _inverse(x), dtype=np.float64)
    slopes = inverse @ y[..., None]
    if clusters is not None and len(np.unique(clusters)) < count:
        return _clustered(y, x, inverse, number, clusters)
    rest = y - (x @ slopes)[..., 0]
    row = inverse[..., number, :]
    leverage = np.einsum("...ip,...pi->...i", x, inverse)
    free = np.asarray(np.maximum(1.0 - leverage, 1e-9), dtype=np.float64)
    added = row * rest
    equal = (rest**2).sum(axis=-1) / (count - terms) * (row**2).sum(axis=-1)
    unequal = (added**2 / free).sum(axis=-1)
    plain = (leverage.max(axis=-1) > MOST_LEVERAGE) | (errors == "plain")
    variance = np.where(plain, equal, unequal)
    df = np.where(plain, float(count - terms), _degrees_of_freedom(x, row, leverage, free))
    skewness = np.where(plain | (terms > 1), 0.0, _skewness_of_sum(added))
    return Coefficients(slopes[..., number, 0], np.sqrt(variance), df, skewness)


def _clustered(
    y: FloatArray, x: FloatArray, inverse: FloatArray, number: int, clusters: IntArray
) -> Coefficients:
    """One coefficient with the CR2 error of Bell and McCaffrey, and its degrees of freedom."""
    value = (inverse @ y[..., None])[..., number, 0]
    members = [np.flatnonzero(clusters == code) for code in np.unique(clusters)]
    if len(members) <= x.shape[-1]:
        unknown = value * np.nan
        return Coefficients(value, unknown, unknown, value * 0.0)
    makes_rest = np.eye(x.shape[-2]) - x @ inverse
    rest = (makes_rest @ y[..., None])[..., 0]
    added, parts = [], []
    for index in members:
        scaled = cluster_scale(makes_rest, index) @ inverse[..., number, index, None]
        added.append((scaled[..., 0] * rest[..., index]).sum(axis=-1))
        parts.append((makes_rest[..., index] @ scaled)[..., 0])
    sums, loads = np.stack(added, axis=-1), np.stack(parts, axis=-2)
    products = loads @ np.swapaxes(loads, -1, -2)
    whole = np.trace(products, axis1=-2, axis2=-1) ** 2
    df = whole / np.maximum((products**2).sum(axis=(-2, -1)), whole / MOST_DF)
    skewness = _skewness_of_sum(sums) if x.shape[-1] == 1 else value * 0.0
    return Coefficients(value, np.sqrt((sums**2).sum(axis=-1)), df, skewness)


def cluster_scale(makes_rest: FloatArray, index: IntArray) -> FloatArray:
    """Matrix that makes a cluster's residuals as large as those of one the fit has not seen."""
    inside = makes_rest[..., index[:, None], index]
    values, vectors = np.linalg.eigh(inside)
    is_free = values > 1e-9
    roots = np.where(is_free, 1.0 / np.sqrt(np.where(is_free, values, 1.0)), 0.0)
    scale: FloatArray = (vectors * roots[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    return scale


def _inverse(x: FloatArray) -> FloatArray:
    """Pseudo-inverses of many (..., A, P), fast by their normal equations."""
    turned = np.swapaxes(x, -1, -2)
    inverse: FloatArray = np.linalg.pinv(turned @ x, hermitian=True) @ turned
    return inverse


def _degrees_of_freedom(
    x: FloatArray, row: FloatArray, leverage: FloatArray, free: FloatArray
) -> FloatArray:
    """Satterthwaite's, of the HC2 error of normal residuals of equal scatter."""
    weight = row**2 / free
    product = np.linalg.pinv(np.swapaxes(x, -1, -2) @ x) @ (
        np.swapaxes(x, -1, -2) @ (x * weight[..., None])
    )
    crossed = np.trace(product @ product, axis1=-2, axis2=-1)
    squares = (weight**2 * (1.0 - 2.0 * leverage)).sum(axis=-1) + crossed
    whole = (row**2).sum(axis=-1) ** 2
    least = np.where(whole > 0.0, whole / MOST_DF, 1.0)
    df: FloatArray = whole / np.maximum(squares, least)
    return df


def _skewness_of_sum(added: FloatArray) -> FloatArray:
    """Skewness of a sum of (..., A) independent parts of mean 0."""
    count = added.shape[-1]
    if count < 3:
        return np.zeros(added.shape[:-1])
    size = (added**2).sum(axis=-1)
    cubes = (added**3).sum(axis=-1)
    unbiased = np.sqrt(count * (count - 1.0)) / (count - 2.0)
    scale = np.where(size > 0.0, size, 1.0) ** 1.5
    skewness: FloatArray = np.where(scale > 0.0, unbiased * cubes / np.maximum(scale, 1e-300), 0.0)
    return skewness


def coefficient(
    y: FloatArray,
    x: FloatArray,
    number: int,
    *,
    errors: Errors = "robust",
    clusters: IntArray | None = None,
) -> Estimate:
    """One coefficient of one fit, with its error."""
    if np.linalg.matrix_rank(x) < x.shape[1]:
        return Estimate(np.nan, np.nan, np.nan)
    fitted = coefficients(y, x, number, errors=errors, clusters=clusters)
    value, se, df, skewness = (
        float(number_of) for number_of in (fitted.value, fitted.se, fitted.df, fitted.skewness)
    )
    if se <= 1e-9 * abs(value):
        skewness = 0.0
    alone = x.shape[1] == 1
    words = "t over athletes" if alone else "least squares between athletes"
    robust = ", without skewness" if alone else ", HC2"
    if clusters is not None and len(np.unique(clusters)) < len(y):
        robust, errors = ", CR2 over clusters", "robust"
    return Estimate(value, se, df, model=words + robust * (errors == "robust"), skewness=skewness)


TAIL_FREEDOM, TAIL_ITERATIONS = 4.0, 40
"""Degrees of freedom of the heavy-tailed fit, and its iterations."""


def tail_weights(y: FloatArray, x: FloatArray) -> FloatArray:
    """Weights (A,) of a fit whose residuals have the tails of Student's t.

    Lange, Little and Taylor 1989, J Am Stat Assoc 84:881-896.
    """
    weights = np.ones(len(y))
    if len(y) - x.shape[1] < 2:
        return weights
    for _ in range(TAIL_ITERATIONS):
        root = np.sqrt(weights)
        rest = y - x @ (np.linalg.pinv(x * root[:, None]) @ (y * root))
        variance = float((weights * rest**2).mean())
        if variance <= 1e-18 * float((y**2).mean()):
            break
        weights = (TAIL_FREEDOM + 1.0) / (TAIL_FREEDOM + rest**2 / variance)
    return weights
