"""Forces whose point of application was held at its last value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.prepare.contact_findings import without_held_pressure
from aqbio.prepare.contacts import EventRules, FeetLoads, feet_loads
from aqbio.prepare.notes import Notes

RATE = 1000.0
RULES = EventRules(20.0, 100.0, 20.0)


def made_loads(held: np.ndarray | None) -> tuple[FeetLoads, Plates]:
    """A left and a right contact of 120 ms, each on a plate of its own."""
    time = np.arange(0.0, 0.8, 1.0 / RATE)
    force = np.zeros((len(time), 2, 3))
    for plate, start in enumerate((0.2, 0.5)):
        push = np.sin(np.pi * np.clip((time - start) / 0.12, 0.0, 1.0))
        force[:, plate, 1] = 1800.0 * push
    points = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    wrench = PlateWrench(force, np.zeros_like(force), points)
    corners = np.full((2, 4, 3), np.nan)
    plates = Plates(wrench, corners, RATE, 0.0, (1, 2), (0, 1), held)
    frames = np.arange(0.0, 0.8, 0.004)
    feet = np.zeros((len(frames), 2, 2, 3))
    feet[:, 1, :, 0] = 2.0
    return feet_loads(plates, feet, frames, RULES), plates


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("both", [False, True])
def test_a_contact_whose_pressure_is_held_keeps_its_times_and_loses_its_forces(share, both):
    """In proportion to its impulse, and no other contact."""
    held = np.zeros((800, 2), dtype=bool)
    impulse = np.sin(np.pi * np.arange(120) / 120.0).cumsum()
    first = 320 - int(np.searchsorted(impulse, share * impulse[-1]))
    held[first:320, 0] = True
    if both:
        held[first + 300 : 620, 1] = True
    loads, plates = made_loads(held)
    notes = Notes("t", "p", "file", "forces")
    measured, lost = without_held_pressure(loads, plates, notes)
    assert [finding.rule for finding in notes.findings] == ["pressure-held"] * (share > 0.1)
    if share < 0.1:
        assert measured is loads
        return
    assert f"in {1 + both} of 2 contacts" in notes.findings[0].what
    left, right = loads.contacts
    if both:
        assert measured is None
        known = tuple(replace(contact, peak=left.peak, plates=()) for contact in lost)
        assert known == tuple(replace(c, peak=left.peak, plates=()) for c in (left, right))
        assert all(np.isnan(contact.peak) for contact in lost)
    else:
        assert measured.contacts == (right,)
        [unknown] = measured.unmeasured
        assert (unknown.touchdown, unknown.toe_off) == (left.touchdown, left.toe_off)
        assert np.isnan(unknown.peak)


def test_without_points_nothing_is_held():
    loads, plates = made_loads(None)
    notes = Notes("t", "p", "file", "forces")
    assert without_held_pressure(loads, plates, notes) == (loads, ())
    assert notes.findings == []
