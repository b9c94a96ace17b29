"""Lags and deviations in time against closed forms."""

from __future__ import annotations

import numpy as np
from pandas import Series

from aqbio.stats.step_numbers import lag, time_deviation


def test_lag_takes_the_nearer_peak():
    np.testing.assert_allclose(lag(np.array([0.9, 0.3]), np.array([0.1, 0.2])), [-0.2, 0.1])


def test_deviation_in_time_is_within_athlete_speed_and_side():
    """Left and right differ by 0.02 s: that is asymmetry, not deviation."""
    side = np.tile([0, 1], 6)
    level = np.repeat([0, 1], 6)
    duration = 0.22 + 0.02 * side - 0.03 * level
    duration[0] += 0.003
    cell = [Series(one) for one in (np.zeros(12), level, side)]
    found = time_deviation(Series(duration), cell)
    np.testing.assert_allclose(found[[0, 2, 4]], [0.002, 0.001, 0.001], atol=1e-12)
    np.testing.assert_allclose(found[6:], 0.0, atol=1e-12)
    few = time_deviation(Series(duration[:2]), [one[:2] for one in cell])
    assert np.isnan(few).all()
