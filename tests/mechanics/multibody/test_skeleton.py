"""A skeleton refuses what is not a tree, and knows what hangs on what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from aqbio.multibody.skeleton import (
    Couplers,
    PiecewisePolynomials,
    cubic_spline,
    line,
    piecewise_linear,
    polynomial,
)

X = np.array([-2.0, -0.5, 0.1, 0.4, 1.7])
Y = np.array([0.3, -1.0, 2.0, 2.1, 0.0])


def _natural(x, y):
    spline = CubicSpline(x, y, bc_type="natural")
    return spline, cubic_spline(x, y, spline(x, 1))


def test_spline_equals_scipy_inside_its_knots():
    spline, ours = _natural(X, Y)
    at = np.linspace(-1.999, 1.699, 500)
    for order, values in enumerate(ours.values(at[:, None])):
        np.testing.assert_allclose(values[:, 0], spline(at, order), atol=1e-12)


def test_spline_goes_on_straight_beyond_its_ends():
    spline, ours = _natural(X, Y)
    value, first, second = ours.values(np.array([[-5.0], [4.0]]))
    np.testing.assert_allclose(value[0], Y[0] - 3.0 * spline(X[0], 1))
    np.testing.assert_allclose(value[1], Y[-1] + 2.3 * spline(X[-1], 1))
    np.testing.assert_allclose(first[:, 0], spline(X[[0, -1]], 1))
    np.testing.assert_array_equal(second, 0.0)


@given(st.floats(-4.0, 4.0), st.lists(st.floats(-2, 2), min_size=1, max_size=6))
def test_derivatives_are_those_of_the_value(x, coefficients):
    """Of a polynomial: numpy's exact derivative."""
    ours = [part[0, 0] for part in polynomial(coefficients).values(np.array([[x]]))]
    exact = np.polynomial.Polynomial(coefficients)
    expected = [exact(x), exact.deriv(1)(x), exact.deriv(2)(x)]
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-10)


def test_piecewise_linear_equals_interp():
    at = np.linspace(-2, 1.7, 60)
    value, first, second = piecewise_linear(X, Y).values(at[:, None])
    np.testing.assert_allclose(value[:, 0], np.interp(at, X, Y), atol=1e-14)
    assert set(first[:, 0].round(9)) == set((np.diff(Y) / np.diff(X)).round(9))
    np.testing.assert_array_equal(second, 0.0)


@pytest.mark.parametrize(
    ("starts", "coefficients"),
    [([[0.0]], [[[1.0, 2.0]]]), ([[-np.inf]], [[[1.0]]]), ([[-np.inf, 1.0]], [[[1.0, 2.0]]])],
)
def test_tables_that_do_not_fit_are_refused(starts, coefficients):
    with pytest.raises(ValueError, match=r"pieces start|coefficients have|starts"):
        PiecewisePolynomials(np.array(starts), np.zeros((1, 1)), np.array(coefficients))


def test_axes_carry_those_behind_them(random_tree):
    """Of one joint: shifts carry turns, turns those behind them; ancestors carry everything."""
    skeleton = random_tree(4, 8)
    order = {}
    for body in range(8):
        own = [*skeleton.translations[body], *skeleton.rotations[body]]
        order |= {axis: (body, place) for place, axis in enumerate(own)}
    for a, (body_a, place_a) in order.items():
        for b, (body_b, place_b) in order.items():
            if body_a == body_b:
                assert skeleton.precedes[a, b] == (place_a < place_b)
            else:
                assert skeleton.precedes[a, b] == skeleton.lineage[body_b, body_a]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parent": np.array([-1, 1, 0])}, "before its parent"),
        ({"parent": np.array([-2, 0, 0])}, "before its parent"),
        ({"bodies": ("a", "b", "a")}, "bodies have names in common"),
        ({"mass": np.ones(2)}, r"mass has shape \(2,\), expected \(3,\)"),
        ({"marker_body": np.full(9, 3)}, r"marker_body holds an index outside 0..2"),
    ],
)
def test_nonsense_is_refused(random_tree, change, message):
    with pytest.raises(ValueError, match=message):
        replace(random_tree(1, 3), **change)


def test_axes_that_point_nowhere_are_refused(three_turns):
    with pytest.raises(ValueError, match="unit vectors"):
        replace(three_turns.axes, direction=2.0 * np.eye(3))
    with pytest.raises(ValueError, match="follows a translation"):
        replace(three_turns.axes, is_rotation=np.array([True, False, True]))


@pytest.mark.parametrize(
    ("dependent", "independent", "message"),
    [([1, 1], [0, 2], "more than one other"), ([1, 2], [0, 1], "itself dependent")],
)
def test_couplers_in_a_row_are_refused(dependent, independent, message):
    table = line(1.0)
    two = type(table)(*(np.repeat(a, 2, axis=0) for a in vars(table).values()))
    with pytest.raises(ValueError, match=message):
        Couplers(np.array(dependent), np.array(independent), two)
