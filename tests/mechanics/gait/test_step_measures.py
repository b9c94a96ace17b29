"""Numbers of a step against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.mechanics.gait.step_measures import absolute_share, lateral_ratio, peak_instant
from aqbio.mechanics.gait.steps import PERCENT

DURATIONS = (0.11, 0.12)


def _curves(function):
    """A signal of the step's own time over contact and flight."""
    contact, flight = DURATIONS
    whole = contact + flight
    return np.stack(
        [function(contact * PERCENT / whole), function((contact + flight * PERCENT) / whole)]
    )


@given(st.floats(0.1, 0.9), st.sampled_from([1.0, -1.0]))
def test_the_peak_of_a_known_wave(place, sign):
    """A cosine's cubic spline misses its peak by less than 1e-5 of the step at 200 samples."""
    curves = _curves(lambda share: sign * np.cos(np.pi * (share - place)))
    assert peak_instant(curves, DURATIONS) == pytest.approx(place, abs=1e-5)


def test_a_peak_at_an_end_is_not_in_this_step():
    assert np.isnan(peak_instant(_curves(lambda share: 1.0 - share), DURATIONS))
    assert np.isnan(peak_instant(_curves(lambda share: share**2), DURATIONS))


def test_a_flight_that_was_not_recorded_has_no_peak():
    curves = _curves(lambda share: np.sin(np.pi * share))
    curves[1] = np.nan
    assert np.isnan(peak_instant(curves, DURATIONS))


def test_shares_of_parts_add_up():
    whole = np.sin(np.pi * PERCENT)
    parts = [0.3 * whole, 0.7 * whole]
    assert sum(absolute_share(part, whole) for part in parts) == pytest.approx(1.0, abs=1e-12)


def test_mirroring_leaves_the_lateral_ratio():
    force = np.stack([0.3 * PERCENT, 1.0 + PERCENT, -0.2 * PERCENT], axis=1)
    assert lateral_ratio(force) == lateral_ratio(force * [1.0, 1.0, -1.0])
