"""Delay of forces behind motion: planted shifts come back."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.recordings.clock import falls, flights, force_delay, marked_height
from aqbio.recordings.contacts import FootContact

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


def test_too_short_a_recording_has_no_delay():
    assert np.isnan(force_delay(TIME[:20], contacts(TIME[:20]), contacts(TIME[:20])))


@pytest.mark.parametrize("delay", [-0.06, 0.06])
def test_an_end_of_the_search_is_no_estimate(delay):
    """60 ms, where 40 are looked for: known to be late or early, but not by how much."""
    found = force_delay(TIME, contacts(TIME - delay), contacts(TIME))
    assert found == np.copysign(np.inf, delay)


RATE = 200.0


def contact(foot, touchdown, toe_off):
    return FootContact(foot, touchdown, toe_off, (), True, np.nan, np.nan)


def test_flights_are_between_alternating_feet():
    """The same foot twice, double support, and a pause in which a contact is hidden are none."""
    contacts = [
        contact(1, 0.25, 0.35),
        contact(0, 0.0, 0.12),
        contact(1, 0.45, 0.55),
        contact(0, 0.54, 0.70),
        contact(1, 1.01, 1.10),
    ]
    np.testing.assert_allclose(flights(contacts), [[0.12, 0.25]])
    assert flights([]).shape == (0, 2)


def body(gravity=9.81):
    """Two segments of 3 and 1 kg whose centre falls while they swing against each other."""
    time = np.arange(40) / RATE
    centre = 1.0 + 0.6 * time - 0.5 * gravity * time**2
    swing = 0.2 * np.sin(30.0 * time)
    markers = np.zeros((len(time), 4, 3))
    markers[:, :2, 1] = (centre + swing)[:, None] + [0.1, -0.1]
    markers[:, 2:, 1] = (centre - 3.0 * swing)[:, None] + [0.05, 0.3]
    return markers


SEGMENT, MASS = np.array([0, 0, 1, 1]), np.array([3.0, 1.0])


@pytest.mark.parametrize("gravity", [9.81, 1.62])
def test_centre_of_mass_falls_whatever_the_segments_do(gravity):
    found = falls(body(gravity), RATE, SEGMENT, MASS, np.array([[0.0, 0.15], [0.05, 0.19]]))
    np.testing.assert_allclose(found, gravity, rtol=1e-9)
    one = falls(body()[:, :2], RATE, SEGMENT[:2], MASS[:1], np.array([[0.0, 0.15]]))
    assert abs(one[0] - 9.81) > 5.0  # the danger: a part of the body does not fall freely


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25])
def test_wrong_rate_changes_the_fall_by_its_square(factor):
    spans = np.array([[0.0, 0.15]]) / factor
    found = falls(body(), factor * RATE, SEGMENT, MASS, spans)
    np.testing.assert_allclose(found, factor**2 * 9.81, rtol=1e-9)


@pytest.mark.parametrize(("masses", "known"), [((3.0, 0.32), True), ((3.0, 0.34), False)])
def test_nine_tenths_of_the_mass_must_be_seen(masses, known):
    """3 of 3.32 kg are 90.4 %, 3 of 3.34 kg are 89.8 %; one lost frame loses a marker."""
    markers = body()
    markers[5, 2:] = np.nan
    height = marked_height(markers, SEGMENT, np.array(masses))
    assert np.isfinite(height).all() == known


def test_too_few_frames_show_no_parabola():
    spans = np.array([[0.0, 0.0249], [0.0, 0.0251]])
    assert np.isfinite(falls(body(), RATE, SEGMENT, MASS, spans)).tolist() == [False, True]
