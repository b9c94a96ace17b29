"""Contacts of which a load, or a part of it, is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.prepare.contacts import EventRules, FeetLoads, FootContact, feet_loads, loads_on_frames
from aqbio.prepare.notes import Notes
from aqbio.prepare.plates import with_unmeasured

RATE, SAMPLES = 1000.0, 1100
RULES = EventRules(20.0, 100.0, 20.0)
FRAMES = np.arange(0.0, 1.1, 0.004)
STARTS = (0.2, 0.5, 0.8)
"""Touchdowns of left, right and left foot, s; each contact lasts 120 ms."""


def made(plates: int, lost: tuple[int, ...], named: bool) -> tuple[FeetLoads, Plates, np.ndarray]:
    """Three contacts a metre apart, shared by so many plates; those of some plates are lost."""
    time = np.arange(SAMPLES) / RATE
    force = np.zeros((SAMPLES, 3 * plates, 3))
    is_lost = np.zeros((SAMPLES, 3 * plates), dtype=bool)
    points = np.zeros((3 * plates, 3))
    for plate in range(3 * plates):
        start = STARTS[plate // plates]
        push = np.sin(np.pi * np.clip((time - start) / 0.12, 0.0, 1.0))
        points[plate, 0] = plate // plates
        if plate in lost:
            is_lost[:, plate] = push > 1e-9
        else:
            force[:, plate, 1] = 1800.0 / plates * push
    feet = tuple((plate // plates) % 2 if named else -1 for plate in range(3 * plates))
    corners = np.full((3 * plates, 4, 3), np.nan)
    wrench = PlateWrench(force, np.zeros_like(force), points)
    numbers = tuple(range(1, 3 * plates + 1))
    recorded = Plates(wrench, corners, RATE, 0.0, numbers, feet, is_lost=is_lost if lost else None)
    markers = np.zeros((len(FRAMES), 2, 2, 3))
    markers[:, 1, :, 0] = 1.0
    markers[FRAMES > 0.66, 0, :, 0] = 2.0
    return feet_loads(recorded, markers, FRAMES, RULES), recorded, markers


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize(
    ("plates", "lost", "unknown"),
    [(1, (), ()), (1, (1,), (1,)), (1, (0, 2), (0, 2)), (2, (2,), (1,)), (2, (0, 5), (0, 2))],
)
def test_contacts_with_lost_loads_are_unmeasured_and_no_others(plates, lost, unknown, named, shown):
    """Of one plate or one of two; by foot markers, or without by what was measured of them."""
    loads, recorded, markers = made(plates, lost, named)
    nan = float("nan")
    kinematic = tuple(
        FootContact(number % 2, start, start + 0.12, (), True, nan, nan)
        for number, start in enumerate(STARTS)
    )
    notes = Notes("t", "p", "file", "forces")
    partial = plates > 1
    result = with_unmeasured(
        loads, recorded, {}, kinematic if shown else (), markers, FRAMES, notes, everywhere=False
    )
    measured = [n for n in range(3) if n not in unknown]
    assert [round(x.touchdown, 1) for x in result.contacts] == [STARTS[n] for n in measured]
    times = sorted(round(x.touchdown, 1) for x in result.unmeasured)
    assert times == [STARTS[n] for n in unknown if shown or partial]
    assert all(np.isnan(x.peak) for x in result.unmeasured)
    assert {x.rule for x in notes.findings} == ({"plate-silent"} if unknown and shown else set())
    assert all("its load is not known" in x.what for x in notes.findings)
    force, _ = loads_on_frames(result, recorded, FRAMES, RULES.cutoff)
    for number, start in enumerate(STARTS):
        inside = np.abs(FRAMES - start - 0.06) < 0.06
        assert np.isnan(force[inside]).all() == (number in unknown)
        assert np.isfinite(force[inside]).all() == (number not in unknown)


def test_a_lost_load_of_the_other_foot_leaves_a_contact_measured():
    """In a walk both feet stand for a fifth of the time."""
    loads, recorded, markers = made(1, (1,), named=False)
    lost = np.roll(recorded.is_lost, -270, axis=0)  # from 0.23 s on: 30 ms of the first contact
    recorded = replace(recorded, is_lost=np.roll(lost, 60, axis=0))
    notes = Notes("t", "p", "file", "forces")
    result = with_unmeasured(loads, recorded, {}, (), markers, FRAMES, notes, everywhere=False)
    assert result.contacts == loads.contacts
