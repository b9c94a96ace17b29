"""Intervals, skewness, coefficients and Holm against statsmodels and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.weightstats import DescrStatsW

from aqbio.stats.inference import coefficient, coefficients, holm, mean_estimate, tail_weights

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
    y = np.concatenate([wide, narrow])
    x = np.column_stack([np.ones(14), np.repeat([1.0, 0.0], [5, 9])])
    robust = coefficient(y, x, 1)
    assert robust.value == pytest.approx(wide.mean() - narrow.mean())
    assert robust.se == pytest.approx(np.hypot(stats.sem(wide), stats.sem(narrow)), rel=1e-9)
    equal = (1 / 5 + 1 / 9) ** 2 / (1 / 5**2 / 4 + 1 / 9**2 / 8)
    assert robust.df == pytest.approx(equal, rel=1e-9)
    plain = coefficient(y, x, 1, errors="plain")
    oracle = OLS(y, x).fit()
    assert (plain.se, plain.df) == pytest.approx((oracle.bse[1], 12), rel=1e-9)


def test_coefficients_are_those_of_statsmodels():
    """Values, plain errors and HC2 errors, over sizes and numbers of columns; of many at once."""
    random = np.random.default_rng(16)
    for count, terms in ((8, 2), (20, 3), (60, 5)):
        x = random.standard_normal((count, terms))
        y = x.sum(axis=1) + random.standard_normal(count) * (1.0 + x[:, 0] ** 2)
        oracle = OLS(y, x).fit()
        for number in range(terms):
            robust, plain = (coefficient(y, x, number, errors=e) for e in ("robust", "plain"))
            assert robust.value == pytest.approx(oracle.params[number], rel=1e-9)
            assert robust.se == pytest.approx(oracle.HC2_se[number], rel=1e-9)
            assert plain.se == pytest.approx(oracle.bse[number], rel=1e-9)
            many = coefficients(np.stack([y, -y]), np.stack([x, x]), number)
            np.testing.assert_allclose(many.value, [robust.value, -robust.value], rtol=1e-8)
            np.testing.assert_allclose(many.df, robust.df, rtol=1e-7)
            assert (many.skewness == 0.0).all()


def test_tails_weigh_less_in_the_heavy_tailed_fit():
    """Two of 30 who are far: the slope is that of the others, and theirs are the least weights."""
    random = np.random.default_rng(6)
    x = np.column_stack([random.standard_normal(30), np.ones(30)])
    y = x[:, 0] + 0.2 * random.standard_normal(30)
    y[:2] += 20.0
    weights = tail_weights(y, x)
    assert weights[:2].max() < 0.1 * np.median(weights)
    root = np.sqrt(weights)
    slope = coefficient(y * root, x * root[:, None], 0).value
    assert slope == pytest.approx(coefficient(y[2:], x[2:], 0).value, abs=0.05)


def test_holm_steps_down():
    """By hand: the k-th smallest of m times m - k + 1, never falling, at most 1."""
    random = np.random.default_rng(1)
    for count in (1, 3, 11):
        p = random.random(count) ** 3
        order = np.argsort(p)
        stepped = np.maximum.accumulate([value * (count - k) for k, value in enumerate(p[order])])
        assert holm(p)[order] == pytest.approx(np.minimum(stepped, 1.0), rel=1e-12)
    assert len(holm([])) == 0
