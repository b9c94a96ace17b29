"""Swings of unseen coordinates: as wide as what is known of them, as fast as strides."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.intervals.trial_draws import STRIDES, unobserved_roots, unobserved_swings

TIME = np.linspace(0.3, 0.8, 51)


def test_spread_and_speed_are_those_of_a_stride():
    roots = np.broadcast_to(np.diag([0.5, 0.0, 2.0]), (51, 3, 3))
    swings = unobserved_swings(TIME, roots, 4000, np.random.default_rng(3))
    np.testing.assert_allclose(swings.std(axis=0)[:, [0, 2]], [[0.5, 2.0]] * 51, rtol=0.05)
    assert (swings[..., 1] == 0.0).all()
    speed = np.gradient(swings[..., 2], TIME, axis=1)[:, 1:-1].std()
    assert speed == pytest.approx(2.0 * np.pi * STRIDES * 2.0, rel=0.05)


def test_what_was_measured_answers_what_was_not():
    """A sum of two angles is known to 0.1: as one swings by 2, the other swings back."""
    know = np.array([[1.0, 1.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 4.0]]) / [[0.1], [1.0], [1.0]]
    covariance = np.linalg.inv(know.T @ know)[None].repeat(51, axis=0)
    roots = unobserved_roots(covariance, np.array([False, True, False]))
    swings = unobserved_swings(TIME, roots, 4000, np.random.default_rng(3))
    sd = np.sqrt(covariance[0, 1, 1])
    np.testing.assert_allclose(swings[..., 1].std(axis=0), sd, rtol=0.05)
    slope = covariance[0, 0, 1] / sd**2
    np.testing.assert_allclose(swings[..., 0], slope * swings[..., 1], atol=1e-12)
    assert slope < -0.9
    assert (swings[..., 2] == 0.0).all()
