"""Contacts from vertical force."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.recordings.contacts import (
    EVENT_CUTOFF_MIN,
    EVENT_ERROR,
    RISE,
    contacts,
    event_error,
    event_force,
)
from aqbio.signals import low_pass


def half_sines(rate: float, spans: list[tuple[float, float]], peak: float = 2000.0) -> np.ndarray:
    time = np.arange(int(2.0 * rate)) / rate
    force = np.zeros_like(time)
    for start, stop in spans:
        inside = (time >= start) & (time <= stop)
        force[inside] += peak * np.sin(np.pi * (time[inside] - start) / (stop - start))
    return force


@pytest.mark.parametrize("rate", [600.0, 1000.0, 1500.0])
def test_crossing_is_found_between_samples(rate):
    spans = [(0.3003, 0.4207), (0.6509, 0.7701)]
    found = contacts(half_sines(rate, spans), rate, 20.0, 0.010)
    for (start, stop), on, off in zip(spans, found.touchdown, found.toe_off, strict=True):
        late = (stop - start) / np.pi * np.arcsin(20.0 / 2000.0)
        # truth and chord lie between the same two samples; the curve is nearly straight there
        assert on == pytest.approx(start + late, abs=0.5 / rate)
        assert off == pytest.approx(stop - late, abs=0.5 / rate)
    assert found.complete.all()


def test_touch_and_dip_shorter_than_the_minimum_are_ignored():
    force = np.zeros(1000)
    force[100:108] = 300.0  # 8 ms touch
    force[300:500] = 1000.0
    force[390:398] = 5.0  # 8 ms dip
    found = contacts(force, 1000.0, 20.0, 0.010)
    np.testing.assert_array_equal(found.samples, [[300, 500]])


def test_dip_of_the_minimum_divides():
    force = np.full(300, 500.0)
    force[[0, -1]] = 0.0
    force[100:110] = 0.0
    assert len(contacts(force, 1000.0, 20.0, 0.010).samples) == 2


def test_contact_cut_by_an_end_is_not_complete():
    force = np.zeros(300)
    force[:50], force[100:150], force[250:] = 800.0, 800.0, 800.0
    found = contacts(force, 1000.0, 20.0, 0.010)
    np.testing.assert_array_equal(found.complete, [False, True, False])
    assert found.touchdown[0] == 0.0
    assert found.toe_off[-1] == pytest.approx(0.299)


def test_unrecorded_force_is_no_force():
    force = np.full(300, 800.0)
    force[100:200] = np.nan
    assert len(contacts(force, 1000.0, 20.0, 0.010).samples) == 2


@pytest.mark.parametrize("rate", [3.9 * EVENT_CUTOFF_MIN, 4.1 * EVENT_CUTOFF_MIN, 300.0, 2000.0])
@pytest.mark.parametrize("cutoff", [EVENT_CUTOFF_MIN, 150.0])
def test_the_cut_off_for_events_is_a_quarter_of_the_rate_at_most(rate, cutoff):
    """Where that would smear them there is none, and an event is as sure as its samples."""
    force, usable = half_sines(rate, [(0.3, 0.42)]), min(cutoff, rate / 4.0)
    whole = usable < EVENT_CUTOFF_MIN
    expected = force if whole else low_pass(force, rate, usable)
    np.testing.assert_array_equal(event_force(force, rate, cutoff), expected)
    error = max(EVENT_ERROR, 0.5 / rate if whole else RISE / usable)
    assert event_error(rate, cutoff) == pytest.approx(error, rel=1e-12)
