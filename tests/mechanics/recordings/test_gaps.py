"""Filling of short gaps."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.recordings.gaps import fill_gaps

NONE = np.array([])


@pytest.fixture
def cubic():
    """Two markers on cubic paths: a spline through them is exact."""
    time = np.linspace(-1.0, 1.0, 60)
    first = np.column_stack((time**3 - time, 2 * time**2, 3 - time))
    second = np.column_stack((time, -(time**3), time**2 + 1))
    return np.stack((first, second), axis=1)


@pytest.mark.parametrize("length", [1, 4, 10])
def test_cubic_path_is_restored(cubic, length):
    holed = cubic.copy()
    holed[25 : 25 + length, 1] = np.nan
    complete, filled = fill_gaps(holed, 10, NONE)
    np.testing.assert_allclose(complete, cubic, atol=1e-12)
    assert filled.sum() == length
    assert filled[25 : 25 + length, 1].all()


def test_known_positions_are_untouched(cubic):
    holed = cubic.copy()
    holed[30:33, 0] = np.nan
    complete, _ = fill_gaps(holed, 10, NONE)
    known = np.isfinite(holed)
    np.testing.assert_array_equal(complete[known], holed[known])


def test_one_missing_coordinate_is_a_missing_marker(cubic):
    holed = cubic.copy()
    holed[30, 0, 2] = np.nan
    complete, filled = fill_gaps(holed, 10, NONE)
    assert filled[30, 0]
    np.testing.assert_allclose(complete, cubic, atol=1e-12)


@pytest.mark.parametrize(
    ("gap", "barriers"),
    [
        (slice(20, 31), NONE),  # eleven frames
        (slice(0, 3), NONE),  # at the start
        (slice(57, 60), NONE),  # at the end
        (slice(1, 4), NONE),  # one frame before it
        (slice(20, 24), np.array([21.6])),  # a touchdown inside
        (slice(20, 24), np.array([19.5])),  # between the last known frame and the gap
        (slice(20, 24), np.array([23.5])),  # between the gap and the next known frame
    ],
)
def test_gap_that_must_stay_open(cubic, gap, barriers):
    holed = cubic.copy()
    holed[gap, 1] = np.nan
    complete, filled = fill_gaps(holed, 10, barriers)
    assert not filled.any()
    assert np.isnan(complete[gap, 1]).all()


def test_barrier_beside_a_gap_does_not_matter(cubic):
    holed = cubic.copy()
    holed[20:24, 1] = np.nan
    _, filled = fill_gaps(holed, 10, np.array([18.9, 24.0]))
    assert filled.sum() == 4
