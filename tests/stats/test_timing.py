"""Circular statistics against closed forms and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from pandas import Series
from scipy import stats

from aqbio.stats.step_numbers import direction, lag, time_deviation


def test_direction_around_the_end_of_the_cycle():
    """A normal spread of 0.05 cycles: R = exp(-(2π 0.05)²/2), SD 0.05."""
    shares = (0.98 + 0.05 * stats.norm.ppf((np.arange(4000) + 0.5) / 4000)) % 1.0
    found = direction(shares)
    assert found.mean == pytest.approx(-0.02, abs=1e-6)
    assert found.sd == pytest.approx(0.05, abs=1e-4)
    assert found.length == pytest.approx(np.exp(-0.5 * (2 * np.pi * 0.05) ** 2), abs=1e-4)
    assert found.p == 0.0


@pytest.mark.parametrize("count", [8, 40])
def test_rayleigh_is_uniform_without_a_direction(count):
    """4000 draws: three standard errors of a rate of 0.05 are 0.010."""
    random = np.random.default_rng(count)
    p = np.array([direction(random.random(count)).p for _ in range(4000)])
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.012)


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
