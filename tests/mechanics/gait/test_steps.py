"""Steps: what contacts become, in every situation that recordings bring."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.gait.steps import (
    Contact,
    Step,
    heading_changes,
    phase_curve,
    solved_steps,
    steps_from_contacts,
)
from tests.mirror import mirrored_axial, mirrored_polar

LIMITS = {"maximum_flight": 0.3, "edge_distance": 0.015}


def _contact(side, touchdown, toe_off, *, complete=True, edge=0.2, **more):
    return Contact(side, touchdown, toe_off, complete, edge, **more)


def _steps(*contacts):
    return steps_from_contacts(contacts, **LIMITS)


def _outcome(*contacts):
    return [(step.side, step.status) for step in _steps(*contacts)]


RIGHT = _contact("right", 0.10, 0.22)
LEFT = _contact("left", 0.33, 0.45)
RIGHT_AGAIN = _contact("right", 0.56, 0.68)


def test_alternating_contacts():
    first, second, last = _steps(RIGHT, LEFT, RIGHT_AGAIN)
    assert [s.number for s in (first, second, last)] == [1, 2, 3]
    assert [s.status for s in (first, second, last)] == ["ok", "ok", "incomplete"]
    assert (first.next_touchdown, second.next_touchdown) == (0.33, 0.56)
    assert np.isnan(last.next_touchdown)
    assert last.reason == "no later contact was measured"
    assert first.contact == pytest.approx(0.12)
    assert first.flight == pytest.approx(0.11)
    assert np.isnan(last.flight)
    assert first.phase("stance") == (0.10, 0.22)
    assert first.phase("flight") == (0.22, 0.33)


def test_same_foot_twice_means_that_a_contact_between_was_missed():
    first, second = _steps(RIGHT, RIGHT_AGAIN)
    assert first.status == "incomplete"
    assert first.reason == "the next measured contact is the same foot, at 0.560 s"
    assert np.isnan(first.next_touchdown)
    assert second.status == "incomplete"


def test_long_flight_means_that_contacts_between_were_missed():
    """Two plates apart: the next measured contact is the other foot's, but three steps later."""
    later = _contact("left", 0.79, 0.90)
    first, _ = _steps(RIGHT, later)
    assert first.status == "incomplete"
    assert "flight of 0.570 s is longer than 0.30 s" in first.reason
    assert np.isnan(first.next_touchdown)


def test_cut_contact_is_rejected():
    first, second = _steps(_contact("right", 0.0, 0.1, complete=False), LEFT)
    assert first.status == "rejected"
    assert first.reason == "the recording cuts the contact"
    assert second.status == "incomplete"


def test_centre_of_pressure_at_the_edge_is_rejected():
    near = _contact("right", 0.10, 0.22, edge=0.009)
    first, _ = _steps(near, LEFT)
    assert first.status == "rejected"
    assert "within 9 mm of the plates' edge (limit 15 mm)" in first.reason
    assert _outcome(_contact("right", 0.1, 0.22, edge=0.015), LEFT)[0] == ("right", "ok")
    assert _outcome(_contact("right", 0.1, 0.22, edge=np.nan), LEFT)[0] == ("right", "ok")


def test_double_support_rejects_both_steps_that_share_it():
    """Push and swing leg are undefined while both feet push, whichever landed first."""
    walking = [
        _contact("right", 0.0, 0.6),
        _contact("left", 0.5, 1.1),
        _contact("right", 1.3, 1.5),
    ]
    steps = _steps(*walking)
    assert [s.status for s in steps] == ["rejected", "rejected", "incomplete"]
    assert all("double support of 100 ms" in s.reason for s in steps[:2])


@pytest.mark.parametrize(("overlap", "rejected"), [(0.0039, False), (0.0041, True)])
def test_double_support_shorter_than_events_are_known_is_none(overlap, rejected):
    """Events 4 ms off at most: feet that overlap by less may as well not overlap."""
    other = _contact("left", 0.22 - overlap, 0.4, time_error=0.004)
    first, second = _steps(RIGHT, other)
    if rejected:
        told = f"double support of {1e3 * overlap:.0f} ms: push and swing leg are undefined"
        assert (first.reason, second.reason) == (told, told)
        return
    assert (first.status, first.flight) == ("ok", 0.0)
    assert first.phase("flight") == (0.22, 0.22)


def test_contact_of_both_feet_on_one_plate_is_not_cut_by_the_recording():
    shared = _contact("right", 0.10, 0.22, complete=False, shared=True)
    assert _steps(shared, LEFT)[0].reason == "both feet stand on one plate"


def test_touchdown_that_was_not_found_spoils_two_steps_and_no_other():
    """The step that it begins has none; the one before does not know where it ends."""
    unfound = _contact("left", np.nan, 0.45)
    later = _contact("left", 0.79, 0.91)
    one, two, three, _ = _steps(RIGHT, unfound, RIGHT_AGAIN, later)
    assert (one.status, one.reason) == (
        "incomplete", "the touchdown of the next contact was not found",
    )  # fmt: skip
    assert (two.status, two.reason) == ("rejected", "its touchdown was not found")
    assert (three.status, three.side) == ("ok", "right")
    assert [s.status for s in solved_steps([one, two, three], 0.0, 1.0)] == [
        "incomplete", "rejected", "ok",
    ]  # fmt: skip


def test_toe_off_that_was_not_found():
    first, second = _steps(_contact("right", 0.10, np.nan), LEFT)
    assert (first.status, first.reason) == ("rejected", "its toe-off was not found")
    assert second.status == "incomplete"


# what the motion covers --------------------------------------------------------------------------


def _covered(first, last):
    """Three steps of which the motion is known from one instant to another."""
    steps = _steps(RIGHT, LEFT, RIGHT_AGAIN)
    return [(s.status, s.reason) for s in solved_steps(steps, first, last)]


KNOWN = "the motion is known from {:.3f} to {:.3f} s only"
OPEN = ("incomplete", "no later contact was measured")


def test_motion_of_the_whole_recording_changes_nothing():
    steps = _steps(RIGHT, LEFT, RIGHT_AGAIN)
    assert [repr(s) for s in solved_steps(steps, 0.0, 1.0)] == [repr(s) for s in steps]
    assert _covered(0.10, 0.68) == [("ok", ""), ("ok", ""), OPEN]


def test_motion_that_ends_in_a_contact():
    outcome = _covered(0.0, 0.6)
    assert outcome == [("ok", ""), ("ok", ""), ("rejected", KNOWN.format(0, 0.6))]


def test_motion_that_ends_in_flight():
    """The stance is whole; the flight cannot be resampled."""
    steps = solved_steps(_steps(RIGHT, LEFT), 0.0, 0.5)
    assert steps[1].status == "incomplete"
    steps = solved_steps(_steps(RIGHT, LEFT, RIGHT_AGAIN), 0.0, 0.5)
    assert (steps[1].status, steps[1].reason) == ("incomplete", KNOWN.format(0, 0.5))
    assert np.isnan(steps[1].next_touchdown)
    assert phase_curve(steps[1], "flight", np.arange(126) / 250, np.ones((126, 3)), "axial").shape


def test_heading_over_strides():
    """A direction that turns steadily by 0.1 rad per step, with a sway that each foot repeats."""
    contacts = [
        _contact("left" if i % 2 else "right", 0.2 * i + 0.1, 0.2 * i + 0.2) for i in range(6)
    ]
    time = np.arange(400) / 250.0
    direction = 0.5 * time + 0.02 * np.sin(np.pi * time / 0.2)
    velocity = 8.0 * np.stack([np.cos(direction), 0 * time, np.sin(direction)], axis=1)
    found = heading_changes(_steps(*contacts), time, velocity)
    np.testing.assert_allclose(found[:4], 0.1, atol=1e-6)
    assert np.isnan(found[4:]).all()
    straight = heading_changes(_steps(*contacts), time, np.tile([8.0, 0.1, 0.3], (400, 1)))
    np.testing.assert_allclose(straight[:4], 0.0, atol=1e-12)


def test_strides_outside_the_motion_have_no_heading():
    """`end_s` or `start_s` leave whole strides of forces without motion: two or more of them."""
    contacts = [
        _contact("left" if i % 2 else "right", 0.2 * i + 0.1, 0.2 * i + 0.2) for i in range(9)
    ]
    every = np.arange(500) / 250.0
    inside = every[(every >= 0.35) & (every <= 0.95)]
    velocity = np.tile([8.0, 0.1, 0.3], (len(inside), 1))
    steps = solved_steps(_steps(*contacts), inside[0], inside[-1])
    found = heading_changes(steps, inside, velocity)
    known = [i for i in range(9) if inside[0] <= 0.2 * i + 0.1 and 0.2 * i + 0.5 <= inside[-1]]
    assert np.flatnonzero(np.isfinite(found)).tolist() == known == [2]


@pytest.mark.parametrize(("turn", "told"), [(45.0, True), (16.0, True), (14.0, False)])
def test_a_cut_is_seen_in_one_contact(turn, told):
    """No stride is recorded of a cut: the direction of travel turns within the contact."""
    time = np.arange(0.0, 0.6, 0.004)
    direction = np.radians(turn) * np.clip((time - RIGHT.touchdown) / 0.12, 0.0, 1.0)
    velocity = 4.0 * np.stack([np.cos(direction), 0 * time, np.sin(direction)], axis=1)
    [found, last] = heading_changes(_steps(RIGHT, LEFT), time, velocity)
    assert (abs(np.degrees(found) - turn) < 0.5) if told else np.isnan(found)
    assert np.isnan(last)


def test_heading_of_a_step_without_touchdown_is_not_known():
    time = np.arange(0.0, 0.6, 0.004)
    steps = _steps(_contact("right", np.nan, 0.22), LEFT, RIGHT_AGAIN)
    assert np.isnan(heading_changes(steps, time, np.tile([8.0, 0.0, 0.0], (len(time), 1)))[0])


# curves ----------------------------------------------------------------------------------------

TIME = np.arange(200) / 250.0
seeds = st.integers(0, 10_000)


def _step(side, start=0.1, middle=0.22, end=0.33):
    return Step(1, side, start, middle, end, "ok", "")


@given(seed=seeds)
def test_a_mirrored_runner_has_the_same_canonical_curves(seed):
    """A left step of the mirrored world is a right step of ours."""
    values = np.random.default_rng(seed).normal(size=(len(TIME), 5, 3))
    for kind, mirror in (("axial", mirrored_axial), ("polar", mirrored_polar)):
        ours = phase_curve(_step("right"), "stance", TIME, values, kind)
        mirrored = phase_curve(_step("left"), "stance", TIME, mirror(values), kind)
        np.testing.assert_array_equal(mirrored, ours)


def test_flight_that_was_not_recorded_is_missing():
    curve = phase_curve(
        _step("left", end=np.nan), "flight", TIME, np.zeros((len(TIME), 2, 3)), "axial"
    )
    assert curve.shape == (101, 2, 3)
    assert np.isnan(curve).all()


def test_a_phase_outside_the_recording_is_refused():
    with pytest.raises(ValueError, match="outside the recording"):
        phase_curve(_step("left", end=0.9), "flight", TIME, np.zeros((len(TIME), 3)), "axial")


def test_a_contact_beyond_the_plates_says_by_how_much():
    beyond = Contact("right", 0.0, 0.12, complete=True, edge_distance=-0.006)
    (step,) = steps_from_contacts([beyond], maximum_flight=0.3, edge_distance=0.015)
    assert step.status == "rejected"
    assert step.reason == "the centre of pressure leaves the plates by 6 mm"
