"""Numbers of a step against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.gait.steps import (
    PERCENT,
    absolute_share,
    peak_instants,
)

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
