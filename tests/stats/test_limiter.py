"""Limiter models against statsmodels, and what they say in worlds where one law is true."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from aqbio.stats.limiter import (
    calibrated_table,
    corrected_criterion,
    imbalance_cost,
    linear_fit,
    minimum_fit,
    model_criteria,
    nested_table,
)


def _capacities(random, count, weak=0.0):
    shared = random.standard_normal(count)
    push, swing = (
        np.sqrt(0.5) * shared + np.sqrt(0.5) * random.standard_normal(count) for _ in range(2)
    )
    return push, swing - 1.5 * (random.random(count) < weak)


def test_least_squares_are_those_of_statsmodels():
    random = np.random.default_rng(3)
    push, swing = _capacities(random, 40)
    speed = 8.0 + push + 0.5 * random.standard_normal(40)
    found = linear_fit(nested_table(push, swing), speed)
    oracle = sm.OLS(speed, nested_table(push, swing)).fit()
    np.testing.assert_allclose(found.coefficients, oracle.params, rtol=1e-9)
    np.testing.assert_allclose(found.covariance, oracle.cov_params(), rtol=1e-9)
    assert found.df == oracle.df_resid


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.0), (0.4, 0.4), (1.0, 1.0)])
def test_ratio_of_a_law_without_noise(share, expected):
    push, swing = _capacities(np.random.default_rng(5), 60)
    law = (push + swing) / 2.0 - share * np.abs(push - swing) / 2.0 + 0.2 * (push - swing)
    ratio = imbalance_cost(push, swing, 8.0 + 0.7 * law)
    assert ratio.above / ratio.below == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("count", [24, 48, 96])
def test_the_interval_of_the_ratio_holds_the_truth(count):
    """2000 studies: three standard errors of a coverage of 0.95 are 0.015, of 0.025 each 0.011."""
    random = np.random.default_rng(6)
    bounds = []
    for _ in range(2000):
        push, swing = _capacities(random, count)
        law = (push + swing) / 2.0 - np.abs(push - swing) / 2.0
        ratio = imbalance_cost(push, swing, law + 0.6 * random.standard_normal(count))
        bounds.append(ratio.interval(0.95))
    low, high = np.array(bounds).T
    assert np.mean((low <= 1.0) & (high >= 1.0)) == pytest.approx(0.95, abs=0.015)
    assert np.mean(low > 1.0) == pytest.approx(0.025, abs=0.011)
    assert np.mean(high < 1.0) == pytest.approx(0.025, abs=0.011)


@pytest.mark.parametrize("law", ["push", "swing", "additive"])
def test_no_cost_of_imbalance_where_there_is_none(law):
    """1000 studies of 96, three in ten with a weak swing side; two-sided 5 %, upwards 2.5 %.

    Without its last term the model takes a law of one side for a cost of imbalance.
    """
    random = np.random.default_rng(7)
    found = naive = 0
    for _ in range(1000):
        push, swing = _capacities(random, 96, weak=0.3)
        truth = {"push": push, "swing": swing, "additive": (push + swing) / 2.0}[law]
        speed = truth + 0.5 * random.standard_normal(96)
        ratio = imbalance_cost(push, swing, speed)
        found += ratio.above / np.sqrt(ratio.variance_above) > stats.t.ppf(0.975, ratio.df)
        fit = linear_fit(nested_table(push, swing)[:, :3], speed)
        t = fit.coefficients[2] / np.sqrt(fit.covariance[2, 2])
        naive += t > stats.t.ppf(0.975, fit.df)
    assert found / 1000 < 0.025 + 3 * np.sqrt(0.025 * 0.975 / 1000)
    if law == "swing":
        assert naive / 1000 > 0.5


def test_criterion_is_that_of_the_normal_likelihood():
    """AICc of statsmodels counts the constant of the likelihood; differences are the same."""
    random = np.random.default_rng(8)
    push, swing = _capacities(random, 30)
    speed = push + random.standard_normal(30)
    one = np.ones(30)
    tables = (np.column_stack((one, push)), np.column_stack((one, push, swing)))
    own, oracle = [], []
    for table in tables:
        fit = sm.OLS(speed, table).fit()
        k = table.shape[1] + 1
        own.append(corrected_criterion(float(fit.ssr), 30, k))
        oracle.append(-2 * fit.llf + 2 * k + 2 * k * (k + 1) / (30 - k - 1))
    assert own[1] - own[0] == pytest.approx(oracle[1] - oracle[0], rel=1e-10)


def test_the_minimum_model_finds_its_own_law():
    push, swing = _capacities(np.random.default_rng(9), 80)
    speed = 8.0 + 0.6 * np.minimum(push, 0.3 + 1.4 * swing)
    spread = float(((speed - speed.mean()) ** 2).sum())
    found = minimum_fit(push, swing, speed)
    assert found.residual_square < 1e-4 * spread
    told = (found.constant, found.slope, found.offset, found.scale)
    assert told == pytest.approx((8.0, 0.6, 0.3, 1.4), abs=0.03)


@pytest.mark.parametrize("law", ["minimum", "additive", "nested", "push"])
def test_criteria_choose_the_true_law(law):
    random = np.random.default_rng(10)
    push, swing = _capacities(random, 192)
    truth = {
        "minimum": np.minimum(push, 0.3 + 1.4 * swing),
        "additive": push + 0.4 * swing,
        "nested": push + swing - 0.5 * np.abs(push - swing),
        "push": push,
    }[law]
    criteria = model_criteria(push, swing, truth + 0.3 * random.standard_normal(192))
    assert min(criteria, key=lambda name: criteria[name]) == law


def test_calibration_without_errors_changes_nothing():
    push, swing = _capacities(np.random.default_rng(8), 50)
    np.testing.assert_allclose(
        calibrated_table(push, swing, np.zeros(2)), nested_table(push, swing), atol=1e-9
    )


def test_calibrated_columns_are_what_true_capacities_have_on_average():
    """A million true and measured pairs; the means of the true columns in bins of the measured."""
    random = np.random.default_rng(9)
    true = random.multivariate_normal([0.0, 0.3], [[1.0, 0.5], [0.5, 1.0]], size=1_000_000)
    noise = np.array([0.25, 0.5])
    measured = true + np.sqrt(noise) * random.standard_normal(true.shape)
    expected, table = nested_table(*true.T), calibrated_table(*measured.T, noise)
    places = np.digitize(measured[:, 0] - measured[:, 1], [-2.0, -1.0, 0.0, 1.0, 2.0])
    for place in range(6):
        inside = places == place
        np.testing.assert_allclose(
            table[inside].mean(axis=0), expected[inside].mean(axis=0), atol=0.02
        )
    wrong = nested_table(*measured.T)
    assert abs(wrong[places == 5].mean(axis=0) - expected[places == 5].mean(axis=0)).max() > 0.2
