"""Where braking turns into propulsion, and means over parts of stance."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.gait.steps import PERCENT, interval_mean, phase_mean, propulsion_start


@pytest.mark.parametrize("turn", [0.2, 0.45, 0.7])
def test_the_change_from_braking_to_propulsion(turn):
    assert propulsion_start(np.sin(np.pi * (PERCENT - turn))) == pytest.approx(turn, abs=0.01)


def test_a_short_forward_push_at_touchdown_does_not_count():
    """Fore-aft forces of sprints often start with a spike forward."""
    spike = np.where(PERCENT < 0.06, 1.0, 0.0)
    assert propulsion_start(spike - np.cos(np.pi * PERCENT)) == pytest.approx(0.5, abs=0.01)


def test_without_a_change_the_middle_stands_in():
    assert propulsion_start(np.full(101, 3.0)) == 0.5
    assert propulsion_start(np.full(101, -3.0)) == 0.5


def test_parts_add_up_to_the_whole():
    curve = np.random.default_rng(0).normal(size=(101, 2, 3))
    for turn in (0.01, 0.37, 0.99):
        parts = turn * interval_mean(curve, 0.0, turn)
        parts = parts + (1 - turn) * interval_mean(curve, turn, 1.0)
        np.testing.assert_allclose(parts, phase_mean(curve), rtol=0, atol=1e-12)


def test_a_part_without_length_is_its_point():
    assert interval_mean(PERCENT, 0.3, 0.3) == pytest.approx(0.3)
