"""Athletes' own numbers against NumPy, statsmodels and simulation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from pandas import Categorical, DataFrame, Series

from aqbio.stats.within import (
    centred,
    consecutive,
    longest_runs,
    means_by,
    slopes,
    with_speeds,
)


def test_slopes_within_groups_are_those_of_statsmodels():
    random = np.random.default_rng(1)
    group = random.integers(4, size=90)
    x, y = random.standard_normal((2, 90))
    y[7] = np.nan
    who = Series(Categorical.from_codes(group, list("abcde")))
    found = slopes(Series(x), Series(y), who)
    for one, name in enumerate("abcd"):
        own = (group == one) & np.isfinite(y)
        oracle = sm.OLS(y[own], sm.add_constant(x[own])).fit().params[1]
        assert found[name] == pytest.approx(oracle, rel=1e-10)
    assert np.isnan(found["e"])


def test_slopes_do_not_see_differences_between_groups():
    group = Series(np.repeat([0, 1], 5))
    x = np.tile(np.arange(5.0), 2) + 100.0 * group
    np.testing.assert_allclose(slopes(x, 0.5 * x - 60.0 * group, group), 0.5)


def test_no_slope_without_spread_of_speed():
    group, number = Series(np.zeros(5, dtype=int)), Series(np.arange(5.0))
    assert np.isnan(slopes(8.0 + 1e-9 * number, number, group)).all()
    assert with_speeds(8.0 + 0.01 * number, group).isna().all()
    assert with_speeds(8.0 + 0.1 * number, group).notna().all()


def test_cells_and_centring():
    athlete, level = Series([0, 0, 1, 1, 1]), Series([0, 2, 0, 0, 2])
    away = centred(Series([1.0, 5.0, 2.0, 4.0, 7.0]), [athlete, level])
    np.testing.assert_allclose(away, [0.0, 0.0, -1.0, 1.0, 0.0])
    assert means_by(Series([np.nan]), Series([0])).isna().all()


def test_pairs_do_not_cross_gaps_nor_trials():
    steps = DataFrame({"trial": [1, 0, 0, 0, 1], "step": [4, 3, 2, 5, 5]})
    before, after = consecutive(steps, ["trial"])
    assert sorted(zip(before.tolist(), after.tolist(), strict=True)) == [(0, 4), (2, 1)]
    before, after = consecutive(steps, ["trial"], apart=2)
    assert list(zip(before.tolist(), after.tolist(), strict=True)) == []


def test_longest_runs_by_hand():
    steps = DataFrame({"trial": [0, 0, 0, 0, 2, 2], "step": [5, 1, 2, 3, 9, 8]})
    assert longest_runs(steps, ["trial"]).to_dict() == {0: 3, 2: 2}
    assert not len(longest_runs(steps[:0], ["trial"]))
