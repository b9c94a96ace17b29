"""Sampled signals: stretches, the low-pass against its equation, gaps and splines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import butter, sosfiltfilt

from aqbio.signals import (
    design_cutoff,
    fill_gaps,
    joined,
    low_pass,
    quintic_spline,
    resampled,
    runs,
    shrunk,
)

masks = arrays(np.bool_, st.integers(0, 40))


@given(masks)
def test_runs_rebuild_the_mask(mask):
    rebuilt = np.zeros_like(mask)
    for start, stop in runs(mask):
        rebuilt[start:stop] = True
    np.testing.assert_array_equal(rebuilt, mask)


@given(masks, st.integers(1, 6))
def test_joining_leaves_no_short_inner_hole(mask, shortest):
    filled = joined(mask, shortest)
    assert np.all(filled >= mask)
    inner = [(a, b) for a, b in runs(~filled) if a > 0 and b < len(mask)]
    assert all(b - a >= shortest for a, b in inner)


@pytest.mark.parametrize("margin", [0, 1, 3])
def test_shrinking_keeps_the_ends_of_the_recording(margin):
    whole = np.ones(10, dtype=bool)
    np.testing.assert_array_equal(shrunk(whole, margin), whole)


def test_shrinking_removes_what_is_near_a_contact():
    mask = np.ones(20, dtype=bool)
    mask[9:11] = False
    np.testing.assert_array_equal(runs(shrunk(mask, 3)), [[0, 6], [14, 20]])


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize(("frames", "rate", "cutoff"), [(2, 250.0, 20.0), (700, 1000.0, 6.0)])
def test_it_is_the_filter_of_signal_processing(rng, frames, rate, cutoff):
    """SciPy's second-order sections, there and back, with odd padding."""
    signal = rng.normal(size=(frames, 4)).cumsum(axis=0)
    sections = butter(2, design_cutoff(rate, cutoff), fs=rate, output="sos")
    length = min(int(np.ceil(3.0 * rate / cutoff)), frames - 1)
    expected = sosfiltfilt(sections, signal, axis=0, padtype="odd", padlen=length)
    np.testing.assert_allclose(low_pass(signal, rate, cutoff), expected, atol=1e-11)


NONE = np.array([])


@pytest.fixture
def cubic():
    """Two markers on cubic paths: a spline through them is exact."""
    time = np.linspace(-1.0, 1.0, 60)
    first = np.column_stack((time**3 - time, 2 * time**2, 3 - time))
    second = np.column_stack((time, -(time**3), time**2 + 1))
    return np.stack((first, second), axis=1)


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


seeds = st.integers(0, 10_000)


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
