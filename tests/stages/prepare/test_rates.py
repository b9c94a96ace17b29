"""The clock of the forces against the landings and departures of the foot markers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aqbio.recordings.clock import CLOCK_ERROR, note_clock
from aqbio.recordings.contacts import FootContact
from aqbio.recordings.notes import Notes

UNKNOWN = float("nan")


def _contacts(touchdown, toe_off):
    starts = (0.3, 0.54, 0.78)
    return tuple(
        FootContact(
            number % 2, start + touchdown, start + 0.12 + toe_off, (), True, UNKNOWN, UNKNOWN
        )
        for number, start in enumerate(starts)
    )


def _said(touchdown, toe_off):
    loads = SimpleNamespace(contacts=_contacts(touchdown, toe_off))
    notes = Notes("fast", "P1", "run.trc", "run.mot")
    note_clock(SimpleNamespace(kinematic=_contacts(0.0, 0.0), loads=loads), notes)
    return notes.findings


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("share", [0.99, 1.01])
def test_a_delay_that_touchdowns_and_toe_offs_agree_on(sign, share):
    late = sign * share * CLOCK_ERROR
    found = _said(late, late)
    assert [one.rule for one in found] == ["force-clock"] * (share > 1.0)
    for one in found:
        assert f"the forces are {'late' if sign > 0 else 'early'} by 20 ms" in one.what
        assert "(3 contacts)" in one.what
        assert one.number == pytest.approx(late)
        assert one.file == "run.mot"


def test_feet_that_land_and_leave_differently_are_no_delay():
    """Contacts that are longer on the plates than on the feet."""
    assert _said(-2.0 * CLOCK_ERROR, 2.0 * CLOCK_ERROR) == []
