"""Filling of short gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.signals import fill_gaps, quintic_spline, resampled

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


seeds = st.integers(0, 10_000)
MACHINE = np.finfo(float).eps


@given(seed=seeds, samples=st.integers(6, 60))
def test_quintic_spline_goes_through_the_samples_with_natural_ends(seed, samples):
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.uniform(0.5, 1.5, samples))
    values = rng.normal(size=(samples, 2, 3))
    spline = quintic_spline(time, values)
    np.testing.assert_allclose(spline(time), values, atol=1e-9)
    curvature_of_values = np.abs(spline.derivative(4)(time)).max()
    for order in (3, 4):
        ends = spline.derivative(order)(time[[0, -1]])
        np.testing.assert_allclose(ends, 0, atol=1e-8 * (1 + curvature_of_values))


@given(seed=seeds)
def test_quadratics_are_reproduced_with_their_derivatives(seed):
    """A quadratic has no third derivative: the natural ends are its own."""
    rng = np.random.default_rng(seed)
    time = np.arange(40) / 250.0
    curve = np.polynomial.Polynomial(rng.normal(size=3))
    spline = quintic_spline(time, curve(time))
    step, scale = time[1], np.abs(curve.coef).sum()
    for order in range(3):
        # values carry round-off of one machine unit; each derivative divides it by the step
        tolerance = 100 * MACHINE * scale / step**order
        expected = curve.deriv(order)(time) if order else curve(time)
        np.testing.assert_allclose(spline.derivative(order)(time), expected, atol=tolerance)


@pytest.mark.parametrize(("derivative", "order"), [(1, 5), (2, 4)])
def test_error_shrinks_with_the_order_of_a_quintic(derivative, order):
    """The n-th derivative of a quintic spline errs by the (6 - n)-th power of the step.

    Half the step divides the error by 2 to that power at least; in the middle, away from the ends.
    """

    def error(samples):
        time = np.linspace(0, 1, samples)
        inner = np.abs(time - 0.5) < 0.2
        spline = quintic_spline(time, np.sin(9 * time)).derivative(derivative)
        exact = 9**derivative * np.sin(9 * time + derivative * np.pi / 2)
        return np.abs(spline(time) - exact)[inner].max()

    assert error(41) / error(81) > 2**order


def test_a_spline_of_few_samples_is_refused():
    with pytest.raises(ValueError, match="at least 6 samples, got 5"):
        quintic_spline(np.arange(5.0), np.arange(5.0))


@pytest.mark.opensim
def test_the_curve_is_opensims():
    """Same speeds and accelerations as OpenSim's GCVSpline of degree 5 without smoothing."""
    from aqbio.opensim.session import opensim

    time = np.arange(60) / 100.0
    values = np.sin(11 * time) + 0.2 * np.cos(37 * time)
    theirs = opensim.GCVSpline()
    theirs.setDegree(5)
    for x, y in zip(time, values, strict=True):
        theirs.addPoint(float(x), float(y))
    ours = quintic_spline(time, values)
    at = np.linspace(time[0], time[-1], 231)
    for order in (1, 2):
        parts = [0] * order
        found = np.array([theirs.calcDerivative(parts, opensim.Vector(1, float(x))) for x in at])
        expected = ours.derivative(order)(at)
        np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())


@given(seed=seeds, first=st.floats(0, 0.2), length=st.floats(0.01, 0.2))
def test_resampled_cubics_are_exact(seed, first, length):
    rng = np.random.default_rng(seed)
    time = np.arange(120) / 250.0
    coefficients = rng.normal(size=(4, 2, 3))
    powers = lambda t: t[:, None] ** np.arange(4)  # noqa: E731
    at = first + length * np.linspace(0, 1, 101)
    found = resampled(time, np.tensordot(powers(time), coefficients, 1), at)
    expected = np.tensordot(powers(at), coefficients, 1)
    np.testing.assert_allclose(found, expected, atol=1e-13 * np.abs(coefficients).sum())


def test_resampled_at_the_samples_gives_the_samples():
    rng = np.random.default_rng(0)
    time, values = np.arange(50) / 100.0, rng.normal(size=(50, 3))
    np.testing.assert_allclose(resampled(time, values, time[7:31]), values[7:31], atol=1e-13)
    np.testing.assert_allclose(resampled(time, values, time), values, atol=1e-13)


def test_columns_that_were_not_measured_stay_missing():
    """A gap makes its own column missing where it is near, and touches no other."""
    rng = np.random.default_rng(0)
    time, values = np.arange(100) / 100.0, rng.normal(size=(100, 2, 3))
    values[:, 0, 1] = np.nan
    values[30, 1, 2] = np.nan
    whole = np.nan_to_num(values, nan=1.0)
    at = np.linspace(0.25, 0.35, 7)
    found = resampled(time, values, at)
    missing = np.zeros((2, 3), dtype=bool)
    missing[0, 1] = missing[1, 2] = True
    np.testing.assert_array_equal(np.isnan(found), np.broadcast_to(missing, (7, 2, 3)))
    np.testing.assert_array_equal(found[:, ~missing], resampled(time, whole, at)[:, ~missing])
    assert np.isfinite(resampled(time, values, at + 0.3)[:, 1, 2]).all()
    assert np.isnan(resampled(time, np.full(100, np.nan), at)).all()


@pytest.mark.parametrize("at", [[-0.006, 0.1], [0.1, 0.496], [-5.0, -4.0]])
def test_times_outside_the_recording_are_refused(at):
    time = np.arange(50) / 100.0
    with pytest.raises(ValueError, match="outside the recording"):
        resampled(time, np.zeros(50), np.array(at))
