"""Bands of the markers' errors: drawn variances come back, and strides are counted."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.consistency.marker_rows import ErrorBands, stride_cycles

TIME = np.arange(0.0, 2.0, 0.005)
CYCLES = TIME / 0.46


def _drawn(bands, own, shared=None, markers=60, seed=0):
    table = np.repeat(np.eye(2), markers // 2, axis=0)
    common = np.zeros((bands.count, 2)) if shared is None else shared
    own = np.repeat(own[:, None], markers, axis=1)
    return bands.drawn(own, common, table, np.random.default_rng(seed))


@pytest.mark.parametrize("cycles", [CYCLES, None])
def test_powers_are_the_variances_that_were_drawn(cycles):
    bands = ErrorBands.over(TIME, cycles)
    own = 0.001 * np.arange(bands.count + 1.0, 1.0, -1.0)
    found = bands.power(_drawn(bands, own).reshape(len(TIME), -1)).mean(axis=1)
    # 180 draws of a constant: 5 % by chance; what is slow leaks a little into the harmonics
    np.testing.assert_allclose(np.sqrt(found), own, rtol=0.25)


def test_markers_of_a_segment_share_what_they_share():
    bands = ErrorBands.over(TIME, CYCLES)
    shared = np.full((bands.count, 2), 0.003)
    found = _drawn(bands, np.zeros(bands.count), shared)
    np.testing.assert_allclose(found[:, :30] - found[:, :1], 0.0, atol=1e-12)
    assert abs(np.corrcoef(found[:, 0].ravel(), found[:, -1].ravel())[0, 1]) < 0.9


def test_what_repeats_is_the_same_in_every_stride():
    bands = ErrorBands.over(TIME, CYCLES)
    own = np.zeros(bands.count)
    own[1:-2] = 0.004
    found = _drawn(bands, own)
    frames = round(0.46 / 0.005)
    np.testing.assert_allclose(found[frames : 2 * frames], found[:frames], atol=1e-9)


@pytest.mark.parametrize(("strides", "several"), [(1.99, False), (2.01, True)])
def test_harmonics_need_two_strides(strides, several):
    cycles = np.linspace(0.0, strides, len(TIME))
    assert (ErrorBands.over(TIME, cycles).harmonics > 0) == several


def test_strides_go_on_beyond_the_touchdowns_and_over_those_that_were_missed():
    touchdown = np.array([0.5, 0.74, 1.22, 1.46])  # the third step was not seen
    left = np.array([True, False, False, True])
    cycles = stride_cycles(np.array([0.26, 0.5, 0.98, 1.46, 1.94]), touchdown, left)
    np.testing.assert_allclose(cycles, [-0.5, 0.0, 1.0, 2.0, 3.0], atol=1e-9)


def test_a_touchdown_that_was_not_found_does_not_count():
    touchdown, left = np.array([np.nan, 0.5, 0.74]), np.array([False, True, False])
    cycles = stride_cycles(TIME, touchdown, left)
    np.testing.assert_allclose(cycles, (TIME - 0.5) / 0.48, atol=1e-9)
    assert stride_cycles(TIME, touchdown[:2], left[:2]) is None
