"""Intervals, equivalence, Holm, Fieller and power against statsmodels, SciPy and simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import DescrStatsW

from aqbio.stats.inference import (
    POSSIBLE,
    Estimate,
    Ratio,
    detectable_effect,
    detectable_margin,
    holm,
    mean_estimate,
)

VALUES = np.random.default_rng(4).normal(0.3, 0.5, 14)


def test_intervals_and_p_are_those_of_statsmodels():
    found, oracle = mean_estimate(VALUES), DescrStatsW(VALUES)
    for level in (0.90, 0.95):
        assert found.interval(level) == pytest.approx(oracle.tconfint_mean(1.0 - level), rel=1e-12)
    assert found.p("greater", 0.1) == pytest.approx(oracle.ttest_mean()[1], rel=1e-12)
    assert found.p("less", 0.1) == 1.0
    both = oracle.ttost_mean(-0.4, 0.4)[0]
    assert found.p("equivalent", 0.4) == pytest.approx(both, rel=1e-10)


def test_numbers_without_any_spread_are_certain():
    found = Estimate(0.4, 0.0, 7.0)
    assert (found.p("greater", 0.1), found.p("less", 0.1)) == (0.0, 1.0)
    assert (found.p("equivalent", 0.5), found.p("equivalent", 0.3)) == (0.0, 1.0)


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
    drawn = random.multivariate_normal([0.6, 1.0], covariance, 4000)
    scale = random.chisquare(30, 4000) / 30.0
    inside = 0
    for (above, below), factor in zip(drawn, scale, strict=True):
        v = covariance * factor
        low, high = Ratio(above, below, v[0, 0], v[1, 1], v[0, 1], 30).interval(0.95)
        inside += low <= 0.6 <= high
    assert inside / 4000 == pytest.approx(0.95, abs=0.010)


def test_fieller_knows_when_the_denominator_may_be_zero():
    assert Ratio(1.0, 0.1, 0.01, 0.01, 0.0, 20).interval(0.95) == (-np.inf, np.inf)


def test_delta_method_is_the_slope_of_the_ratio():
    ratio = Ratio(0.6, 1.2, 0.04, 0.02, 0.01, 30)
    slope = np.array([1.0 / 1.2, -0.6 / 1.2**2])
    covariance = np.array([[0.04, 0.01], [0.01, 0.02]])
    assert ratio.standard_error == pytest.approx(float(np.sqrt(slope @ covariance @ slope)))


def test_detectable_effect_is_that_of_statsmodels():
    """One-sample t power at n = 12; statsmodels counts both tails, the other one is below 1e-6."""
    effect = TTestPower().solve_power(nobs=12, alpha=0.05, power=0.8) / np.sqrt(1.0)
    estimate = Estimate(0.0, 1.0 / np.sqrt(12.0), 11.0)
    assert detectable_effect(estimate, 1e-9, alpha=0.05) == pytest.approx(effect, rel=1e-4)


def test_detectable_effect_respects_the_smallest_effect_of_interest():
    estimate = Estimate(0.0, 0.01, 200.0)
    expected = 0.2 + 0.01 * stats.norm.ppf(0.8)
    assert detectable_effect(estimate, 0.2, alpha=0.05) == pytest.approx(expected, rel=1e-12)
    assert np.isnan(detectable_effect(Estimate(0.0, np.nan, np.nan), 0.2, alpha=0.05))


@pytest.mark.parametrize("df", [1, 2, 3, 11])
@pytest.mark.parametrize("family", [1, 3, 12])
def test_detectable_effect_has_its_power_however_few_and_strict(df, family):
    """Two athletes among many hypotheses: the power of the effect that is told, by SciPy's nct."""
    alpha = 0.05 / family
    effect = detectable_effect(Estimate(0.0, 1.0, df), 1e-9, alpha=alpha)
    power = stats.nct.sf(stats.t.isf(alpha / 2.0, df), df, effect)
    assert power == pytest.approx(0.8, abs=1e-3)


def test_detectable_margin_gives_its_power():
    """20 000 draws at the margin: 80 % within four standard errors (0.011), conservative side."""
    random = np.random.default_rng(3)
    n, sd = 12, 1.0
    draws = random.normal(0.0, sd, (20_000, n))
    margin = detectable_margin(Estimate(0.0, sd / np.sqrt(n), n - 1.0), alpha=0.05)
    se = draws.std(axis=1, ddof=1) / np.sqrt(n)
    half = stats.t.ppf(0.95, n - 1) * se
    share = np.mean(np.abs(draws.mean(axis=1)) + half < margin)
    assert share == pytest.approx(0.8, abs=0.03)


def test_an_interval_of_a_cosine_stays_a_cosine_and_covers_as_often():
    """Six athletes near -1, as recorded once: -1.034 to -0.921 without the bound."""
    random = np.random.default_rng(3)
    drawn = -np.exp(-random.exponential(0.04, (2000, 6)))
    truth = -1.0 / 1.04
    covered = [[], []]
    for values in drawn:
        free = mean_estimate(values)
        bound = replace(free, within=POSSIBLE["arms_push_cosine"])
        for one, told in zip((free, bound), covered, strict=True):
            low, high = one.interval(0.95)
            told.append(low <= truth <= high)
        assert bound.interval(0.95)[0] >= -1.0
        assert bound.interval(0.95)[1] == free.interval(0.95)[1]
    assert min(mean_estimate(values).interval(0.95)[0] for values in drawn) < -1.0
    assert covered[0] == covered[1]
