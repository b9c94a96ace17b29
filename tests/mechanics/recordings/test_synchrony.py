"""Delay of forces behind motion: planted shifts come back."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.recordings.synchrony import force_delay

TIME = np.arange(0.0, 1.6, 0.004)


def contacts(time: np.ndarray) -> np.ndarray:
    """Half sines of 0.12 s every 0.23 s."""
    phase = np.mod(time, 0.23)
    return np.where(phase < 0.12, 2000.0 * np.sin(np.pi * phase / 0.12), 0.0)


@pytest.mark.parametrize("delay", [-0.03, -0.0085, -0.002, 0.0, 0.0033, 0.012, 0.03])
def test_planted_delay_is_found(delay):
    # a parabola through three samples of a smooth peak is off by less than a tenth of a sample
    found = force_delay(TIME, contacts(TIME - delay), contacts(TIME))
    assert found == pytest.approx(delay, abs=0.0004)


def test_size_and_offset_of_the_force_do_not_matter():
    shifted = 0.7 * contacts(TIME - 0.006) + 35.0
    assert force_delay(TIME, shifted, contacts(TIME)) == pytest.approx(0.006, abs=0.0004)


def test_too_short_a_recording_has_no_delay():
    assert np.isnan(force_delay(TIME[:20], contacts(TIME[:20]), contacts(TIME[:20])))


@pytest.mark.parametrize("delay", [-0.06, 0.06])
def test_an_end_of_the_search_is_no_estimate(delay):
    """60 ms, where 40 are looked for: known to be late or early, but not by how much."""
    found = force_delay(TIME, contacts(TIME - delay), contacts(TIME))
    assert found == np.copysign(np.inf, delay)
