"""Splines over a trial."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline

from aqbio.consistency.normal_equations import DERIVATIVES, SplineBasis


@pytest.mark.parametrize(("frames", "rate", "spacing"), [(100, 130.0, 0.02), (11, 50.0, 0.013)])
def test_values_and_derivatives_are_those_of_scipys_splines(frames, rate, spacing):
    """An independent way: every basis function as a spline of its own on the whole of the knots."""
    time = 7.0 + np.arange(frames) / rate
    basis = SplineBasis.over(time, spacing)
    step = (time[-1] - time[0]) / (basis.count - 5)
    knots = time[0] + step * np.arange(-5, basis.count + 1)
    whole = BSpline(knots, np.eye(basis.count), 5)
    for order, found in zip(DERIVATIVES, basis.values, strict=True):
        expected = whole(time, nu=order)
        np.testing.assert_allclose(found.toarray(), expected, atol=1e-9 * np.abs(expected).max())
    np.testing.assert_allclose(basis.values[0].sum(axis=1), 1.0, atol=1e-12)
    covered = [frame for _, part in basis.spans for frame in range(part.start, part.stop)]
    assert covered == list(range(frames))


def test_the_nearest_spline_is_that_of_least_squares():
    time = np.arange(300) / 250.0
    basis = SplineBasis.over(time, 0.02)
    values = np.random.default_rng(5).standard_normal((300, 4))
    expected = np.linalg.lstsq(basis.values[0].toarray(), values, rcond=None)[0]
    np.testing.assert_allclose(basis.nearest(values), expected, rtol=0, atol=1e-9)


def test_too_few_frames_are_met_by_a_smooth_spline():
    """More functions than frames: the frames are met, and nothing swings between them."""
    time = np.arange(30) / 50.0
    basis = SplineBasis.over(time, 0.01)
    assert basis.count > len(time)
    values = np.sin(4.0 * time)[:, None]
    found = basis.nearest(values)
    np.testing.assert_allclose(basis.values[0] @ found, values, atol=1e-6)
    np.testing.assert_allclose(basis.values[1] @ found, 4.0 * np.cos(4.0 * time)[:, None], atol=0.1)


def test_overlaps_are_the_products_of_two_functions():
    basis = SplineBasis.over(np.arange(100) / 130.0, 0.02)
    value = basis.values[0].toarray()
    found = basis.overlaps.toarray().reshape(basis.count, 6, -1)
    for lag in range(6):
        later = np.vstack([value.T[lag:], np.zeros((lag, 100))])
        np.testing.assert_allclose(found[:, lag], value.T * later, atol=1e-9)
