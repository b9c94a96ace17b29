"""Numbers of a step against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.gait.step_measures import (
    absolute_share,
    line_yaw_rate,
    peak_instants,
)
from aqbio.gait.steps import PERCENT, rotation_about_vertical
from tests.mirror import mirrored_polar

DURATIONS = (0.11, 0.12)


def _curves(function):
    """A signal of the step's own time over contact and flight."""
    contact, flight = DURATIONS
    whole = contact + flight
    return np.stack(
        [function(contact * PERCENT / whole), function((contact + flight * PERCENT) / whole)]
    )


def _peak(curves):
    return float(peak_instants(curves[None], np.array([DURATIONS]))[0])


@given(st.floats(0.1, 0.9), st.sampled_from([1.0, -1.0]))
def test_the_peak_of_a_known_wave(place, sign):
    """A cosine's cubic spline misses its peak by less than 1e-5 of the step at 200 samples."""
    curves = _curves(lambda share: sign * np.cos(np.pi * (share - place)))
    assert _peak(curves) == pytest.approx(place, abs=1e-5)


def test_a_peak_at_an_end_is_not_in_this_step():
    assert np.isnan(_peak(_curves(lambda share: 1.0 - share)))
    assert np.isnan(_peak(_curves(lambda share: share**2)))


def test_a_flight_that_was_not_recorded_has_no_peak():
    curves = _curves(lambda share: np.sin(np.pi * share))
    curves[1] = np.nan
    assert np.isnan(_peak(curves))


def test_many_signals_have_the_peaks_of_each():
    """Of several durations, next to toe-off (0.48 of the step) and away from it, and with none."""
    places = np.array([0.2, 0.47, 0.5, 0.8, 0.02, np.nan])
    curves = np.stack([_curves(lambda share, at=at: np.cos(np.pi * (share - at))) for at in places])
    durations = np.array(DURATIONS) * np.array([[1.0], [1.1], [0.9], [1.2], [1.0], [1.0]])
    np.testing.assert_allclose(peak_instants(curves, durations), places, atol=1e-5)


def test_shares_of_parts_add_up():
    whole = np.sin(np.pi * PERCENT)
    parts = [0.3 * whole, 0.7 * whole]
    assert sum(absolute_share(part, whole) for part in parts) == pytest.approx(1.0, abs=1e-12)


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
