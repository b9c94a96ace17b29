"""Athletes' own numbers against NumPy, statsmodels and simulation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from aqbio.stats.athletes import (
    cells,
    centred,
    consecutive_pairs,
    group_means,
    group_slopes,
    log_spread,
    longest_runs,
)


def test_slopes_within_groups_are_those_of_statsmodels():
    random = np.random.default_rng(1)
    group = random.integers(4, size=90)
    x, y = random.standard_normal((2, 90))
    y[7] = np.nan
    slopes = group_slopes(x, y, group, 5)
    for one in range(4):
        own = (group == one) & np.isfinite(y)
        oracle = sm.OLS(y[own], sm.add_constant(x[own])).fit().params[1]
        assert slopes[one] == pytest.approx(oracle, rel=1e-10)
    assert np.isnan(slopes[4])


def test_slopes_do_not_see_differences_between_groups():
    group = np.repeat([0, 1], 5)
    x = np.tile(np.arange(5.0), 2) + 100.0 * group
    np.testing.assert_allclose(group_slopes(x, 0.5 * x - 60.0 * group, group, 2), 0.5)


def test_no_slope_without_spread_of_speed():
    group = np.zeros(5, dtype=int)
    x = 8.0 + 1e-9 * np.arange(5.0)
    assert np.isnan(group_slopes(x, np.arange(5.0), group, 1)).all()


@pytest.mark.parametrize("size", [3, 5, 10])
def test_log_spread_has_no_bias(size):
    """20 000 cells: the standard error of the mean log SD of 3 values is 0.64/141 = 0.0046."""
    random = np.random.default_rng(size)
    group = np.repeat(np.arange(20_000), size)
    spread = log_spread(2.0 * random.standard_normal(len(group)), group, 20_000)
    assert spread.mean() == pytest.approx(np.log(2.0), abs=4 * 0.0046)


def test_log_spread_of_too_few_is_missing():
    values = np.array([1.0, 2.0, 1.0, 1.0, 1.0])
    assert np.isnan(log_spread(values, np.array([0, 0, 1, 1, 1]), 2)).all()


def test_cells_and_centring():
    athlete, level = np.array([0, 0, 1, 1, 1]), np.array([0, 2, 0, 0, 2])
    cell, owner = cells(athlete, level)
    assert (cell[2] == cell[3], cell[0] == cell[2]) == (True, False)
    assert owner[cell].tolist() == athlete.tolist()
    away = centred(np.array([1.0, 5.0, 2.0, 4.0, 7.0]), cell)
    np.testing.assert_allclose(away, [0.0, 0.0, -1.0, 1.0, 0.0])
    assert np.isnan(group_means(np.array([np.nan]), np.array([0]), 1)).all()


def test_pairs_do_not_cross_gaps_nor_trials():
    trial = np.array([1, 0, 0, 0, 1])
    number = np.array([4, 3, 2, 5, 5])
    before, after = consecutive_pairs(trial, number)
    assert sorted(zip(before.tolist(), after.tolist(), strict=True)) == [(0, 4), (2, 1)]


def test_longest_runs_by_hand():
    trial = np.array([0, 0, 0, 0, 2, 2])
    number = np.array([5, 1, 2, 3, 9, 8])
    assert longest_runs(trial, number).tolist() == [3, 0, 2]
    assert len(longest_runs(trial[:0], number[:0])) == 0
