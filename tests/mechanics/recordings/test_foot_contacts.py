"""Contacts and loads of both feet, from made-up steps whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.recordings.contacts import LEFT, RIGHT, EventRules, feet_loads, loads_on_frames
from aqbio.signals import low_pass

RATE, FRAME_RATE = 1000.0, 250.0
SAMPLES = 1500
RULES = EventRules(20.0, 0.010, 200.0, 20.0, 100.0)
STEPS = [(LEFT, 0.2, 0.35, 0.5), (RIGHT, 0.5, 0.65, 2.0), (LEFT, 0.8, 0.95, 3.5)]
"""Foot, touchdown and toe-off (force above zero), place along the runway."""

FLOOR = np.array([[0.45, 0, -0.3], [-0.45, 0, -0.3], [-0.45, 0, 0.3], [0.45, 0, 0.3]])


def pulse(start, stop):
    time = np.arange(SAMPLES) / RATE
    inside = (time > start) & (time < stop)
    return np.where(inside, 2000.0 * np.sin(np.pi * (time - start) / (stop - start)), 0.0)


def feet_markers():
    """Each foot stands at its places during contacts and is 0.4 m high otherwise."""
    time = np.arange(int(SAMPLES / RATE * FRAME_RATE)) / FRAME_RATE
    feet = np.zeros((len(time), 2, 2, 3))
    feet[:, :, 0, 0], feet[:, :, 1, 0] = -0.1, 0.1
    feet[..., 1] += 0.4
    for foot, start, stop, place in STEPS:
        on = (time >= start) & (time <= stop)
        feet[on, foot, :, 1] = 0.03
        feet[on, foot, :, 0] += place
    return feet, time


def plates_of(shares):
    """Plates from shares (plate, step, share of its force), centred at given places."""
    count = 1 + max(plate for plate, _, _, _ in shares)
    force, moment = np.zeros((SAMPLES, count, 3)), np.zeros((SAMPLES, count, 3))
    point = np.zeros((count, 3))
    for plate, step, share, centre in shares:
        _, start, stop, place = STEPS[step]
        point[plate] = [centre, 0.0, 0.0]
        load = share * np.outer(pulse(start, stop), [0.1, 1.0, 0.02])
        arm = np.array([place, 0.0, 0.0]) - point[plate]
        force[:, plate] += load
        moment[:, plate] += np.cross(arm, load)
    corners = np.stack([FLOOR + one for one in point])
    numbers = tuple(range(1, count + 1))
    return Plates(PlateWrench(force, moment, point), corners, RATE, 0.0, numbers, (-1,) * count)


ONE_EACH = [(0, 0, 1.0, 0.5), (1, 1, 1.0, 2.0), (2, 2, 1.0, 3.5)]


def test_every_contact_is_found_on_its_plate_and_foot():
    feet, time = feet_markers()
    loads = feet_loads(plates_of(ONE_EACH), feet, time, RULES)
    assert [contact.foot for contact in loads.contacts] == [step[0] for step in STEPS]
    assert [contact.plates for contact in loads.contacts] == [(0,), (1,), (2,)]
    # 20 N are reached 0.5 ms after the force starts; the 200 Hz filter rounds that corner
    on = [contact.touchdown for contact in loads.contacts]
    off = [contact.toe_off for contact in loads.contacts]
    np.testing.assert_allclose(on, [step[1] for step in STEPS], atol=1.5e-3)
    np.testing.assert_allclose(off, [step[2] for step in STEPS], atol=1.5e-3)
    assert all(contact.complete for contact in loads.contacts)
    assert all(contact.peak == pytest.approx(2000.0, rel=0.01) for contact in loads.contacts)


def test_foot_on_two_plates_has_one_contact_with_the_whole_load():
    feet, time = feet_markers()
    # step 0 stands on the seam between plates centred at 0.05 and 0.95
    two = [(0, 0, 0.7, 0.05), (3, 0, 0.3, 0.95), *ONE_EACH[1:]]
    loads = feet_loads(plates_of(two), feet, time, RULES)
    assert [contact.plates for contact in loads.contacts] == [(0, 3), (1,), (2,)]
    whole = feet_loads(plates_of(ONE_EACH), feet, time, RULES)
    np.testing.assert_allclose(loads.force, whole.force, atol=1e-9)
    np.testing.assert_allclose(loads.moment, whole.moment, atol=1e-9)
    seam = loads.contacts[0].edge_distance
    assert seam == pytest.approx(0.3, abs=1e-6)  # the sides; the seam is no edge


def test_one_belt_for_both_feet():
    """The feet share a plate in turn; each keeps what the filter leaks of its own contact."""
    feet, time = feet_markers()
    feet[..., 0] = np.array([-0.1, 0.1])  # a treadmill: everything at one place
    belt = plates_of([(0, 0, 1.0, 0.5), (0, 1, 1.0, 0.5), (0, 2, 1.0, 0.5)])
    at_zero = PlateWrench(belt.wrench.force, np.zeros_like(belt.wrench.moment), np.zeros((1, 3)))
    belt = Plates(at_zero, belt.corners, RATE, 0.0, (1,), (-1,))
    loads = feet_loads(belt, feet, time, RULES)
    assert [contact.foot for contact in loads.contacts] == [LEFT, RIGHT, LEFT]
    force, _ = loads_on_frames(loads, belt, time, 20.0)
    whole = low_pass(belt.wrench.force[:, 0], RATE, 20.0)[:: int(RATE / FRAME_RATE)]
    np.testing.assert_allclose(force.sum(axis=1), whole, atol=1e-9)
    alone = low_pass(np.outer(pulse(0.5, 0.65), [0.1, 1.0, 0.02]), RATE, 20.0)
    np.testing.assert_allclose(force[:, RIGHT], alone[:: int(RATE / FRAME_RATE)], atol=1e-6)


def test_frames_without_forces_are_unknown_not_zero():
    feet, time = feet_markers()
    plates = plates_of(ONE_EACH)
    late = Plates(plates.wrench, plates.corners, RATE, 0.1, plates.numbers, plates.feet)
    loads = feet_loads(late, feet, time, RULES)
    force, moment = loads_on_frames(loads, late, time, 20.0)
    missing = time < 0.1 - 0.5 / RATE
    assert np.isnan(force[missing]).all()
    assert np.isnan(moment[missing]).all()
    assert np.isfinite(force[~missing]).all()


def test_file_names_the_foot_where_no_marker_is_seen():
    feet, time = feet_markers()
    plates = plates_of(ONE_EACH)
    named = Plates(plates.wrench, plates.corners, RATE, 0.0, (1, 2, 3), (RIGHT, LEFT, RIGHT))
    unseen = feet_loads(named, np.full_like(feet, np.nan), time, RULES)
    assert [contact.foot for contact in unseen.contacts] == [RIGHT, LEFT, RIGHT]
    seen = feet_loads(named, feet, time, RULES)
    assert [contact.foot for contact in seen.contacts] == [LEFT, RIGHT, LEFT]


def test_contacts_outside_the_markers_are_cut_or_left_out():
    """Markers from 0.55 to 0.7 s only: the second contact started before, the others are unseen."""
    feet, time = feet_markers()
    seen = (time >= 0.55) & (time <= 0.7)
    loads = feet_loads(plates_of(ONE_EACH), feet[seen], time[seen], RULES)
    assert [(one.foot, one.complete) for one in loads.contacts] == [(RIGHT, False)]
