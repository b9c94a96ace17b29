"""Stretches of a mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aqbio.signals import joined, runs, shrunk

masks = arrays(np.bool_, st.integers(0, 40))


@given(masks)
def test_runs_rebuild_the_mask(mask):
    rebuilt = np.zeros_like(mask)
    for start, stop in runs(mask):
        rebuilt[start:stop] = True
    np.testing.assert_array_equal(rebuilt, mask)


@given(masks)
def test_runs_are_separated(mask):
    stretches = runs(mask)
    assert np.all(stretches[1:, 0] > stretches[:-1, 1])


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
