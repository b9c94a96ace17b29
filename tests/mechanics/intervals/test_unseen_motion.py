"""Swings of unseen coordinates: as wide as what is known of them, as fast as strides."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.intervals.unseen_motion import STRIDES, unseen_swings

TIME = np.linspace(0.3, 0.8, 51)


def test_spread_and_speed_are_those_of_a_stride():
    swings = unseen_swings(TIME, np.array([0.5, 0.0, 2.0]), 4000, np.random.default_rng(3))
    np.testing.assert_allclose(swings.std(axis=0)[:, [0, 2]], [[0.5, 2.0]] * 51, rtol=0.05)
    speed = np.gradient(swings[..., 2], TIME, axis=1)[:, 1:-1].std()
    assert speed == pytest.approx(2.0 * np.pi * STRIDES * 2.0, rel=0.05)


def test_what_was_measured_does_not_move():
    assert (unseen_swings(TIME, np.zeros(3), 5, np.random.default_rng(3)) == 0.0).all()
