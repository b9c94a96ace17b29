"""Lines seen from above: the closed form, and what must not change the rate."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aqbio.mechanics.gait.mirror import rotation_about_vertical
from aqbio.mechanics.gait.step_measures import line_yaw_rate
from tests.mirror import mirrored_polar

NUMBERS = st.floats(-3.0, 3.0)
VECTORS = st.tuples(st.floats(0.1, 3.0), NUMBERS, NUMBERS).map(np.array)


@given(NUMBERS, st.floats(0.05, 2.0), NUMBERS, NUMBERS)
def test_a_turning_line_has_its_rate(rate, length, climb, angle):
    """About +y: x = l cos, z = -l sin; growing, rising and moving change nothing."""
    line = length * np.array([np.cos(angle), climb, -np.sin(angle)])
    turning = rate * length * np.array([-np.sin(angle), 0.0, -np.cos(angle)])
    growing = climb * line
    assert abs(line_yaw_rate(line, turning + growing) - rate) < 1e-9


@given(VECTORS, VECTORS, NUMBERS)
def test_heading_and_order_do_not_matter_and_a_mirror_changes_the_sign(line, rate, angle):
    own = line_yaw_rate(line, rate)
    turn = rotation_about_vertical(angle)
    tolerance = 1e-9 * (1.0 + abs(own))
    assert abs(line_yaw_rate(turn @ line, turn @ rate) - own) < tolerance
    assert abs(line_yaw_rate(-line, -rate) - own) < tolerance
    assert abs(line_yaw_rate(mirrored_polar(line), mirrored_polar(rate)) + own) < tolerance


def test_an_upright_line_has_no_direction():
    assert np.isnan(line_yaw_rate(np.array([0.0, 1.0, 0.0]), np.ones(3)))
