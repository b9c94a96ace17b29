"""What was measured, and when everything was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.consistency.observations import GroundWrench, measured_frames

TIME = np.arange(0.0, 2.0, 0.005)


def spans(contacts, complete, flight=None):
    """Give the stretches of time that are measured, s."""
    known = measured_frames(TIME, np.array(contacts, float), np.array(complete), flight)
    edges = np.flatnonzero(np.diff(np.r_[False, known, False].astype(int)))
    return [(TIME[a], TIME[b - 1]) for a, b in edges.reshape(-1, 2)]


def test_contacts_with_the_flight_between():
    [(start, end)] = spans([(0.5, 0.6), (0.72, 0.82)], [True, True])
    assert (start, end) == (pytest.approx(0.44, abs=6e-3), pytest.approx(0.88, abs=6e-3))


def test_short_flights_leave_less_margin():
    """Of 50 ms of flight, a contact that was not measured spoils 25 ms."""
    [(start, end)] = spans([(0.5, 0.6), (0.65, 0.75)], [True, True])
    assert (start, end) == (pytest.approx(0.475, abs=6e-3), pytest.approx(0.775, abs=6e-3))


def test_one_contact_can_be_told_the_flight():
    assert spans([(0.5, 0.6)], [True])[0][0] == pytest.approx(0.44, abs=6e-3)
    assert spans([(0.5, 0.6)], [True], 0.06)[0][0] == pytest.approx(0.465, abs=6e-3)
    assert spans([(0.5, 0.6)], [True], 0.0) == [(0.5, pytest.approx(0.6, abs=6e-3))]


def test_a_step_beside_the_plates():
    """A third of a second apart, a contact between was missed."""
    assert len(spans([(0.5, 0.6), (0.94, 1.04)], [True, True])) == 2


def test_an_incomplete_contact_spoils_its_neighbourhood():
    found = spans([(0.5, 0.6), (0.72, 0.82), (0.94, 1.04)], [True, False, True])
    assert len(found) == 2
    assert found[0][1] < 0.72 - 0.025
    assert found[1][0] > 0.82 + 0.025


def test_a_wrench_between_its_samples():
    time = np.arange(50) / 100.0
    wave = np.stack([np.sin(20 * time + phase) for phase in range(3)], axis=1)
    wrench = GroundWrench(time, wave, 2.0 * wave)
    later = time[10:-10] + 0.0037
    expected = np.stack([np.sin(20 * later + phase) for phase in range(3)], axis=1)
    force, moment = wrench.at(later)
    np.testing.assert_allclose(force, expected, atol=1e-5)
    np.testing.assert_allclose(moment, 2.0 * expected, atol=2e-5)
    slope = np.stack([20 * np.cos(20 * later + phase) for phase in range(3)], axis=1)
    np.testing.assert_allclose(wrench.at(later, 1)[0], slope, atol=5e-3)
    np.testing.assert_allclose(wrench.at(time - 1.0)[0], np.tile(wave[0], (50, 1)), atol=1e-12)


def test_uneven_frames_are_refused(case):
    seen = case().observations
    with pytest.raises(ValueError, match="evenly"):
        replace(seen, time=seen.time**2)
