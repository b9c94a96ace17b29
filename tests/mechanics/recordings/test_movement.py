"""Quiet parts of a trial, and values that never change."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.movement import LONGEST_REST, held_values, quiet_window


def test_the_quiet_window_ignores_markers_that_come_and_go():
    positions = np.zeros((50, 2, 3))
    positions[:30, 0, 1] = np.sin(np.arange(30))
    positions[40:, 1] = np.nan
    window = quiet_window(positions, rate=10.0, seconds=1.0)
    assert window == slice(30, 40)


RATE = 100.0
TIME = np.arange(200) / RATE
SWING = np.sin(7.0 * TIME)


@pytest.mark.parametrize(("seconds", "held"), [(LONGEST_REST, 0), (LONGEST_REST + 0.01, 27)])
def test_a_rest_of_a_joint_is_none(seconds, held):
    values = SWING.copy()
    values[50 : 51 + round(seconds * RATE)] = values[50]
    found = held_values(values[:, None], RATE)[:, 0]
    assert found.sum() == held
    assert not found[:50].any()


def test_a_column_that_never_changes_is_held_however_short():
    values = np.stack([SWING, np.full(200, 0.3), np.zeros(200)], axis=1)[:10]
    assert held_values(values, RATE).all(axis=0).tolist() == [False, True, True]


def test_the_digits_of_a_file_are_no_rest():
    """A tenth of a degree, as files are rounded: a slow joint repeats values, but not for long."""
    slow = np.radians(np.round(10.0 * np.sin(2.0 * np.pi * TIME), 1))
    assert (np.diff(slow) == 0.0).any()
    assert not held_values(slow[:, None], RATE).any()
