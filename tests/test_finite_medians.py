"""Medians of the numbers along the first axis."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.vectors import finite_median, finite_medians


@pytest.mark.parametrize("count", [1, 2, 7, 8])
def test_medians_are_those_of_numpy_whatever_is_missing(count):
    rng = np.random.default_rng(count)
    values = rng.normal(size=(count, 5, 6))
    values[rng.random(values.shape) < 0.4] = np.nan
    values[:, 0, 0] = np.nan
    known = np.isfinite(values).any(axis=0)
    medians = finite_medians(values)
    np.testing.assert_array_equal(medians[known], np.nanmedian(values[:, known], axis=0))
    assert np.isnan(medians[~known]).all()


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8])
def test_the_median_of_few_numbers_is_that_of_numpy(count):
    values = np.random.default_rng(count).normal(size=count)
    missing = np.insert(values, [0, count // 2, count], np.nan)
    if not count:
        assert np.isnan(finite_median(missing))
        assert np.isnan(finite_median(values))
        assert np.isnan(finite_medians(np.zeros((0, 3)))).all()
    else:
        assert finite_median(missing) == finite_median(values) == np.median(values)
