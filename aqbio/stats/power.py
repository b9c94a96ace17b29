"""Power of the rule: units are drawn from those found, and the same function applied to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from aqbio.stats.evidence import MOST_ATHLETES, Evidence
from aqbio.stats.gates import FEWEST_ATHLETES
from aqbio.stats.inference import DENIED_SIGNS, MOST_DF, coefficients, without_skewness
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import athlete_intervals
from aqbio.stats.registry import Hypothesis
from aqbio.stats.units import Rows
from aqbio.vectors import BoolArray, FloatArray, IntArray

AIM = 0.80
"""Power aimed at."""

STUDIES, SEED = 400, 55_308
"""Studies that are drawn, always with the same random numbers."""

EFFECTS = 30
"""Bisections of the smallest effect that is found."""


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


@dataclass(frozen=True, eq=False)
class DrawnStudies:
    """Estimates of no effect in drawn studies, (B,) each: the effect is added to the value."""

    error: FloatArray
    se: FloatArray
    df: FloatArray
    skewness: FloatArray

    def beyond(self, effect: float, bound: float, sign: float) -> FloatArray:
        """P values against a bound, as `aqbio.stats.inference.Estimate` has them."""
        t = (self.error + effect - bound) / self.se
        tails = [
            special.stdtr(self.df, -sign * statistic)
            for statistic in (t, without_skewness(t, self.skewness))
        ]
        larger: FloatArray = np.maximum(*tails)
        return larger


def power_row(counted: Evidence, hypothesis: Hypothesis, outcome: Outcome, family: int) -> PowerRow:
    """Power of one hypothesis, from the evidence that counted for its outcome.

    ``family`` is the number of tested hypotheses of its family.
    """
    estimate, count = outcome.error, outcome.n_athletes
    alpha = hypothesis.alpha / max(family, 1)
    readings = outcome.result.rows

    def rule(number: int, share: float) -> float:
        effect = outcome.result.scaled(share * hypothesis.sign * hypothesis.delta)
        return supported_share(hypothesis, drawn(readings, number), effect, alpha, outcome)

    shares = (0.5, 0.0, np.nan) if hypothesis.denies else (0.5, 1.0, 2.0)
    aimed = 0.0 if hypothesis.denies else 2.0
    min_athletes = max(hypothesis.minimum.athletes, FEWEST_ATHLETES)
    is_estimable = bool(np.isfinite(estimate.se) and estimate.df > 0 and readings)
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
        mde=detectable(hypothesis, outcome, family),
        smallest_effect=hypothesis.sign * hypothesis.delta,
        power_half=chances[0],
        power=chances[1],
        power_twice=chances[2],
        athletes_needed=smallest_count(lambda n: rule(n, aimed) >= AIM, min_athletes)
        if is_estimable
        else np.nan,
    )


def drawn(readings: Sequence[Rows], number: int) -> list[DrawnStudies]:
    """Studies of so many units, each drawn from those found, without an effect.

    Units keep the design that was found, its groups, orders and predictors in turn, and draw their
    residuals; fewer units, and those of clusters, are drawn with both. Residuals are as large as
    those of units that the fit has not seen. What all units share is drawn once a study.
    """
    random = np.random.default_rng(SEED)
    chosen = random.random((STUDIES, number))
    shared = random.standard_normal(STUDIES)
    studies = []
    for rows in readings:
        index, clusters = drawn_units(rows.clusters, chosen)
        count = len(rows.clusters)
        keeps_design = number >= count == len(np.unique(rows.clusters))
        studies.append(
            estimated(
                rows.residuals[index],
                rows.columns[np.arange(number) % count if keeps_design else index],
                rows.number,
                rows.shared_sd * shared,
                clusters,
            )
        )
    return studies


def drawn_units(codes: IntArray, chosen: FloatArray) -> tuple[IntArray, IntArray]:
    """Units (B, A) by random numbers, those of a cluster together, and the cluster of every place.

    Clusters of the sizes that were found follow each other until there are enough units.
    """
    members = [np.flatnonzero(codes == code) for code in np.unique(codes)]
    sizes = np.array([len(index) for index in members])
    number = chosen.shape[1]
    repeats = -(-number // len(codes))
    clusters = np.repeat(np.arange(len(sizes) * repeats), np.tile(sizes, repeats))[:number]
    first = np.flatnonzero(np.diff(clusters, prepend=-1))
    turn = np.arange(number) - first[clusters]
    which = (chosen[:, first] * len(members)).astype(int)[:, clusters]
    padded = np.array([np.resize(index, sizes.max()) for index in members])
    start = (np.modf(chosen[:, first] * len(members))[0])[:, clusters] * sizes[which]
    place = (start.astype(int) + turn) % sizes[which]
    return padded[which, place], np.asarray(clusters, dtype=np.int64)


def estimated(
    responses: FloatArray,
    columns: FloatArray,
    number: int,
    shared: FloatArray | float = 0.0,
    clusters: IntArray | None = None,
) -> DrawnStudies:
    """The coefficients of drawn responses (B, A) on columns (B, A, P), by the rule's function."""
    fitted = coefficients(responses, columns, number, clusters=clusters)
    sd = np.asarray(shared).std()
    own = np.maximum(fitted.se, 1e-12 * (1.0 + np.abs(responses).max()))
    se = np.hypot(own, sd)
    df = np.minimum(fitted.df * np.minimum(se / own, 1e3) ** 4, MOST_DF)
    return DrawnStudies(fitted.value + shared, se, df, fitted.skewness * (own / se) ** 3)


def supported_share(
    hypothesis: Hypothesis,
    readings: Sequence[DrawnStudies],
    effect: float,
    alpha: float,
    outcome: Outcome | None = None,
) -> float:
    """Share of drawn studies in which every reading supports a hypothesis at a true effect."""
    if np.isnan(effect):
        return np.nan
    smallest = hypothesis.sign * hypothesis.delta
    delta = smallest if outcome is None else outcome.result.scaled(smallest)
    is_supported: BoolArray = np.ones(len(readings[0].error), dtype=bool)
    for studies in readings:
        if hypothesis.denies:
            signs = DENIED_SIGNS[hypothesis.predicted]
            p = np.max([studies.beyond(effect, sign * delta, -sign) for sign in signs], axis=0)
            is_supported &= p < alpha
        else:
            sign = hypothesis.sign
            is_supported &= 2.0 * studies.beyond(effect, 0.0, sign) < alpha
            is_supported &= sign * (studies.error + effect) >= abs(delta)
    return float(is_supported.mean())


def detectable(hypothesis: Hypothesis, outcome: Outcome, family: int) -> float:
    """Smallest effect that studies like this one call supported with a power of 80 %."""
    readings = outcome.result.rows
    if hypothesis.denies or not readings or not np.isfinite(outcome.error.se):
        return np.nan
    alpha, studies = hypothesis.alpha / max(family, 1), drawn(readings, outcome.n_athletes)

    def power(size: float) -> float:
        effect = hypothesis.sign * size
        return supported_share(hypothesis, studies, effect, alpha, outcome)

    low, high = 0.0, abs(outcome.result.scaled(hypothesis.sign * hypothesis.delta))
    while power(high) < AIM:
        low, high = high, 2.0 * high
        if high > 1e12:
            return np.nan
    for _ in range(EFFECTS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if power(middle) >= AIM else (middle, high)
    return outcome.result.unscaled(hypothesis.sign * high)


def smallest_count(suffices: Callable[[int], bool], minimum: int) -> float:
    """Smallest sufficient number of athletes by bisection, NaN beyond `MOST_ATHLETES`."""
    if suffices(minimum):
        return float(minimum)
    low, high = minimum, 2 * minimum
    while not suffices(high):
        if high >= MOST_ATHLETES:
            return np.nan
        low, high = high, min(2 * high, MOST_ATHLETES)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return float(high)


def step_error(counted: Evidence, hypothesis: Hypothesis) -> float:
    """RMS over athletes of the error of their number over few steps; NaN without any."""
    errors = np.array([interval.se for interval in athlete_intervals(counted, hypothesis)])
    finite = np.isfinite(errors)
    return float(np.sqrt(np.mean(errors[finite] ** 2))) if finite.any() else np.nan
