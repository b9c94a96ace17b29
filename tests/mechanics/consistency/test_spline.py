"""Splines over a trial."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.consistency.spline import SplineBasis


@pytest.mark.parametrize(("frames", "rate"), [(324, 250.0), (51, 100.0), (11, 200.0)])
def test_polynomials_of_fifth_degree_are_exact(frames, rate):
    time = 3.0 + np.arange(frames) / rate
    basis = SplineBasis.over(time, 0.025)
    x = time - time.mean()
    values = np.stack([x**power for power in range(6)], axis=1)
    rates = np.stack([power * x ** max(power - 1, 0) for power in range(6)], axis=1)
    coefficients = basis.nearest(values)
    np.testing.assert_allclose(basis.values[0] @ coefficients, values, atol=1e-10)
    np.testing.assert_allclose(basis.values[1] @ coefficients, rates, atol=1e-7)


def test_six_functions_are_all_that_matter():
    basis = SplineBasis.over(np.arange(100) / 130.0, 0.02)
    columns = basis.first[:, None] + np.arange(6)
    whole = np.zeros_like(basis.values)
    for order in range(3):
        np.put_along_axis(whole[order], columns, basis.local[order], axis=1)
    # At a knot the sixth function and its derivatives are zero on both sides.
    np.testing.assert_allclose(whole, basis.values, atol=1e-9 * np.abs(basis.values).max())
    np.testing.assert_allclose(basis.values[0].sum(axis=1), 1.0, atol=1e-12)
    covered = [frame for _, part in basis.spans for frame in range(part.start, part.stop)]
    assert covered == list(range(100))


def test_overlaps_are_the_products_of_two_functions():
    basis = SplineBasis.over(np.arange(100) / 130.0, 0.02)
    value = basis.values[0]
    found = basis.overlaps.toarray().reshape(basis.count, 6, -1)
    for lag in range(6):
        later = np.vstack([value.T[lag:], np.zeros((lag, 100))])
        np.testing.assert_allclose(found[:, lag], value.T * later, atol=1e-9)


def test_knots_are_no_farther_apart_than_asked():
    assert SplineBasis.over(np.arange(101) / 100.0, 0.03).count == 34 + 5
    assert SplineBasis.over(np.arange(101) / 100.0, 0.02).count == 50 + 5
