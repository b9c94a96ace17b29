"""What is claimed of events from foot markers; words of missing ones are in tests/golden."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.recordings.contacts import FootContact
from aqbio.recordings.events_from_markers import (
    ACCURACY,
    MarkerEvents,
    note_kinematic,
)
from aqbio.recordings.notes import Notes

UNKNOWN = float("nan")


def _contact(touchdown, toe_off):
    return FootContact(0, touchdown, toe_off, (), True, UNKNOWN, UNKNOWN)


def _said(contacts, rate=100.0, speed=4.0, strike="heel"):
    notes = Notes("run", "P1", "run.trc", "")
    note_kinematic(MarkerEvents(tuple(contacts), rate, speed, strike, smoothed=False), notes)
    return notes.findings


WHOLE = [_contact(0.1, 0.3), _contact(0.8, 1.0), _contact(1.5, 1.7)]


def test_a_finding_quotes_the_stated_accuracy():
    [said] = _said(WHOLE)
    assert "touchdown was 6 ms early to 27 ms late" in said.what
    longest = ACCURACY["heel"].touchdown[1] - ACCURACY["heel"].toe_off[0]
    assert f"up to {longest / 0.2:.0%} of this contact time" in said.what
    assert said.number == pytest.approx(0.0271)


@pytest.mark.parametrize(
    ("rate", "speed", "strike", "told"),
    [
        (30.0, 4.0, "heel", "30 Hz, 4.0 m/s, the heel lands first"),
        (100.0, 1.3, "heel", "100 Hz, 1.3 m/s"),
        (100.0, 9.5, "heel", "9.5 m/s, the heel lands first"),
    ],
)
def test_nothing_is_claimed_for_what_was_not_tested(rate, speed, strike, told):
    """A slow camera, a walk, a sprint on the heels."""
    [said] = _said(WHOLE, rate, speed, strike)
    assert "was not tested for such a recording" in said.what
    assert told in said.what
    assert said.number is None
    assert np.isnan(MarkerEvents((), rate, speed, strike, smoothed=False).contact_time_error)
