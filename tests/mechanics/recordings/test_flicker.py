"""Markers that jump away for a moment, and fast feet that do not."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.recordings.lost_frames import flickers
from tests.stages import made_run


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("size", [0.15, 0.5])
def test_exactly_the_frames_that_are_elsewhere(length, size):
    path = made_run.markers()
    truth = np.zeros(path.shape[:2], dtype=bool)
    for marker, first in ((0, 40), (5, 110), (8, 200), (8, 230)):
        truth[first : first + length, marker] = True
    path[truth] += [0.0, size, 0.0]
    np.testing.assert_array_equal(flickers(path, made_run.FRAME_RATE), truth)


@pytest.mark.parametrize("rate", [50.0, 100.0, 250.0, 1000.0])
def test_a_foot_that_swings_and_lands_hard_does_not_flicker(rate):
    """20 m/s in swing, stopped within 15 ms at touchdown: 1300 m/s²."""
    time = np.arange(0.0, 0.4, 1.0 / rate)
    speed = np.clip(20.0 * (0.2 - time) / 0.015, 0.0, 20.0)
    path = np.zeros((len(time), 1, 3))
    path[:, 0, 0] = np.cumsum(speed) / rate
    assert not flickers(path, rate).any()


def test_gaps_are_no_flicker_and_hide_what_is_beside_them():
    path = np.zeros((12, 1, 3))
    path[4] = np.nan
    path[8, 0, 0] = 0.4
    assert np.flatnonzero(flickers(path, 250.0)).tolist() == [8]
    assert not flickers(path[:2], 250.0).any()
