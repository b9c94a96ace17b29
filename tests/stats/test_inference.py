"""Intervals, skewness, regression, Holm, Fieller and power against statsmodels and SciPy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from aqbio.stats.inference import (
    Estimate,
    Ratio,
    detectable_effect,
    holm,
    mean_estimate,
    power_of_equivalence,
    power_of_rule,
    regression,
)

VALUES = np.random.default_rng(4).normal(0.3, 0.5, 14)


def test_intervals_and_p_are_those_of_statsmodels():
    estimate, oracle = mean_estimate(VALUES, errors="plain"), DescrStatsW(VALUES)
    for level in (0.90, 0.95):
        assert estimate.interval(level) == pytest.approx(
            oracle.tconfint_mean(1.0 - level), rel=1e-12
        )
    assert estimate.p("greater") == pytest.approx(oracle.ttest_mean()[1], rel=1e-12)
    assert estimate.p("less") == 1.0
    below = oracle.ttest_mean(0.4, "smaller")[1]
    assert estimate.p_against("greater", 0.4) == pytest.approx(below, rel=1e-12)


@pytest.mark.parametrize("skew", [-1.0, 1.0])
def test_intervals_without_skewness_are_where_p_is_a_half_of_a_tenth(skew):
    """The interval's ends have a one-sided p of 2.5 %, and are never inside those of t."""
    values = skew * np.random.default_rng(2).exponential(size=10)
    skewed, plain = mean_estimate(values), mean_estimate(values, errors="plain")
    low, high = skewed.interval(0.95)
    assert skewed.p_against("less", -low) == pytest.approx(0.025, rel=1e-6)
    assert skewed.p_against("greater", high) == pytest.approx(0.025, rel=1e-6)
    assert low <= plain.interval(0.95)[0]
    assert high >= plain.interval(0.95)[1]


@pytest.mark.parametrize(
    ("draw", "min_coverage"),
    [
        (lambda random, size: random.standard_normal(size), 0.945),
        (lambda random, size: random.exponential(size=size) - 1.0, 0.93),
        (lambda random, size: random.lognormal(size=size) - np.exp(0.5), 0.90),
    ],
)
def test_skewed_athletes_are_covered(draw, min_coverage):
    """1000 studies of 12: two standard errors are 0.015; t covers 95, 90 and 85 %."""
    samples = draw(np.random.default_rng(9), (1000, 12))
    ends = [mean_estimate(values).interval(0.95) for values in samples]
    assert np.mean([low <= 0.0 <= high for low, high in ends]) >= min_coverage - 0.015


def test_two_groups_of_unequal_scatter_are_welchs():
    """HC2 errors and Bell and McCaffrey's degrees of freedom: for two groups those of Welch's test
    with the groups' true variances replaced by equal ones."""
    random = np.random.default_rng(5)
    wide, narrow = random.normal(0, 3, 5), random.normal(0, 1, 9)
    y = pd.Series(np.concatenate([wide, narrow]))
    table = pd.DataFrame({"constant": 1.0, "group": np.repeat([1.0, 0.0], [5, 9])})
    robust = regression(y, table).estimate("group")
    assert robust.value == pytest.approx(wide.mean() - narrow.mean())
    assert robust.se == pytest.approx(np.hypot(stats.sem(wide), stats.sem(narrow)), rel=1e-9)
    equal = (1 / 5 + 1 / 9) ** 2 / (1 / 5**2 / 4 + 1 / 9**2 / 8)
    assert robust.df == pytest.approx(equal, rel=1e-9)
    plain = regression(y, table, "plain").estimate("group")
    oracle = OLS(y, table).fit()
    assert (plain.se, plain.df) == pytest.approx((oracle.bse["group"], 12), rel=1e-9)


def test_regression_is_that_of_statsmodels():
    """Coefficients, plain covariance and HC2 errors, over sizes and numbers of columns."""
    random = np.random.default_rng(16)
    for count, terms in ((8, 2), (20, 3), (60, 5)):
        names = [f"x{n}" for n in range(terms)]
        table = pd.DataFrame(random.standard_normal((count, terms)), columns=names)
        y = table.sum(axis=1) + random.standard_normal(count) * (1.0 + table["x0"] ** 2)
        oracle = OLS(y, table).fit()
        robust, plain = regression(y, table), regression(y, table, "plain")
        np.testing.assert_allclose(robust.coefficients, oracle.params, rtol=1e-9)
        np.testing.assert_allclose(np.sqrt(np.diag(robust.covariance)), oracle.HC2_se, rtol=1e-9)
        np.testing.assert_allclose(plain.covariance, oracle.cov_params(), rtol=1e-9)


def test_shifts_are_those_of_leaving_an_athlete_out():
    """Of every coefficient, by fitting again: with this athlete less without."""
    random = np.random.default_rng(6)
    table = pd.DataFrame({"constant": 1.0, "x": random.standard_normal(30)})
    y = table["x"] + random.standard_normal(30)
    fitted = regression(y, table)
    for athlete in table.index:
        rest = OLS(y.drop(index=athlete), table.drop(index=athlete)).fit().params
        expected = fitted.coefficients - rest
        np.testing.assert_allclose(fitted.shifts.loc[athlete], expected, rtol=1e-8)


def test_holm_steps_down():
    """By hand: the k-th smallest of m times m - k + 1, never falling, at most 1."""
    random = np.random.default_rng(1)
    for count in (1, 3, 11):
        p = random.random(count) ** 3
        order = np.argsort(p)
        stepped = np.maximum.accumulate([value * (count - k) for k, value in enumerate(p[order])])
        assert holm(p)[order] == pytest.approx(np.minimum(stepped, 1.0), rel=1e-12)
    assert len(holm([])) == 0


def test_fieller_holds_the_true_ratio_as_often_as_it_says():
    """4000 draws: three standard errors of a coverage of 0.95 are 0.010."""
    random = np.random.default_rng(8)
    covariance = np.array([[0.04, 0.01], [0.01, 0.02]])
    pairs = random.multivariate_normal([0.6, 1.0], covariance, 4000)
    scale = random.chisquare(30, 4000) / 30.0
    inside = 0
    for (above, below), factor in zip(pairs, scale, strict=True):
        v = covariance * factor
        low, high = Ratio(above, below, v[0, 0], v[1, 1], v[0, 1], 30).interval(0.95)
        inside += low <= 0.6 <= high
    assert inside / 4000 == pytest.approx(0.95, abs=0.010)


def test_fieller_knows_when_the_denominator_may_be_zero():
    assert Ratio(1.0, 0.1, 0.01, 0.01, 0.0, 20).interval(0.95) == (-np.inf, np.inf)


@pytest.mark.parametrize("df", [1, 2, 3, 11])
@pytest.mark.parametrize("family", [1, 3, 12])
def test_detectable_effect_has_its_power_however_few_and_strict(df, family):
    """Two athletes among many hypotheses: the power of the detectable effect, by SciPy's nct."""
    alpha = 0.05 / family
    effect = detectable_effect(Estimate(0.0, 1.0, df), 1e-9, alpha=alpha)
    power = stats.nct.sf(stats.t.isf(alpha / 2.0, df), df, effect)
    assert power == pytest.approx(0.8, abs=5e-3)


@pytest.mark.parametrize("count", [8, 12, 40])
@pytest.mark.parametrize("size", [0.2, 0.6, 1.5])
def test_the_rule_without_a_size_has_the_power_that_statsmodels_says(count, size):
    """One-sided at half of the level: the direction is predicted, the level is two-sided."""
    alpha = 0.05 / 7
    expected = TTestPower().power(size, count, alpha / 2.0, alternative="larger")
    power = power_of_rule(Estimate(0.0, 1.0 / np.sqrt(count), count - 1.0), size, -9.0, alpha)
    assert power == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("effect", "delta", "count"), [(1.0, 0.5, 8), (0.5, 0.5, 30), (0.8, 0.6, 12)]
)
def test_power_of_the_rule_is_that_of_drawn_studies(effect, delta, count):
    """Support, and equivalence in both directions, of 20 000 samples of normal athletes."""
    random = np.random.default_rng(count)
    samples = random.normal(effect, 1.0, (20_000, count))
    mean, se = samples.mean(axis=1), stats.sem(samples, axis=1)
    precision = Estimate(0.0, 1.0 / np.sqrt(count), count - 1.0)
    supported = (mean >= delta) & (2.0 * stats.t.sf(mean / se, count - 1) < 0.05)
    assert power_of_rule(precision, effect, delta, 0.05) == pytest.approx(
        supported.mean(), abs=0.012
    )
    bound = 2.0 * effect
    within = stats.t.sf(-(np.abs(mean) - bound) / se, count - 1) < 0.05
    assert power_of_equivalence(precision, effect, bound, 0.05) == pytest.approx(
        within.mean(), abs=0.012
    )
