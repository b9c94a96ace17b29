"""Contacts: events of forces and markers, feet on plates, points and free moments of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.force_plates.forces import Plates, PlateWrench
from aqbio.recordings.contact_findings import (
    Slope,
    free_moment_measured,
    free_moment_slope,
    friction_arm,
    pressure_distance,
)
from aqbio.recordings.contacts import (
    EVENT_CUTOFF_MIN,
    EVENT_ERROR,
    LEFT,
    RIGHT,
    RISE,
    EventRules,
    FootContact,
    PlateContact,
    assigned_contacts,
    contacts,
    edge_distance,
    event_error,
    event_force,
    feet_loads,
    foot_distance,
    loads_on_frames,
    plate_owner,
)
from aqbio.recordings.events_from_markers import (
    event_errors,
    kinematic_contacts,
    strike,
)
from aqbio.recordings.ground import belt_share, ground_velocity, low_frames, middle_of_contacts
from aqbio.signals import low_pass

# events ------------------------------------------------------------------------------------------


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


def test_contact_cut_by_an_end_is_not_complete():
    force = np.zeros(300)
    force[:50], force[100:150], force[250:] = 800.0, 800.0, 800.0
    found = contacts(force, 1000.0, 20.0, 0.010)
    np.testing.assert_array_equal(found.complete, [False, True, False])
    assert found.touchdown[0] == 0.0
    assert found.toe_off[-1] == pytest.approx(0.299)


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


# feet --------------------------------------------------------------------------------------------

FRAMES = 40
ASIDE = np.array([0.0, 0.0, 0.2])
HEEL, TOE = np.array([-0.1, 0.04, 0.0]), np.array([0.12, 0.03, 0.0])


def standing_at(place):
    """Give heel and toe of a foot that stands at a place in every frame."""
    return np.broadcast_to(np.array([HEEL, TOE]) + place, (FRAMES, 2, 3))


def swinging_from(place, speed=8.0):
    """Give heel and toe of a foot that swings by, 0.3 m high."""
    time = (np.arange(FRAMES) - FRAMES / 2)[:, None] / 250.0
    return standing_at(place) + (time * [speed, 0.0, 0.0] + [0.0, 0.3, 0.0])[:, None]


def on_one_plate(left, right, cop):
    """Assign a on_plate of all frames on one plate; force samples are frames."""
    feet = np.stack((left, right), axis=1)
    vertical = np.full((FRAMES, 1), 1500.0)
    places = np.broadcast_to(np.asarray(cop, dtype=float), (FRAMES, 3))[:, None]
    [on_plate] = assigned_contacts([(0, 0, FRAMES)], vertical, places, feet, np.arange(FRAMES))
    return on_plate


def test_distance_is_to_the_line_between_heel_and_toe():
    feet = np.array([[[HEEL, TOE], [HEEL + ASIDE, TOE + ASIDE]]])
    distance = foot_distance(feet, np.array([[0.01, 0.035, 0.05]]))
    # 0.05 beside the left foot's line and 0.15 beside the right one's; the line is tilted by 1/22
    np.testing.assert_allclose(distance, [[0.05, 0.15]], atol=1e-4)


@pytest.mark.parametrize("foot", [LEFT, RIGHT])
def test_foot_on_the_plate_is_chosen_though_the_other_swings_over_it(foot):
    place = np.array([1.0, 0.0, 0.1])
    feet = [standing_at(place), swinging_from(place)]
    on_plate = on_one_plate(*(feet if foot == LEFT else feet[::-1]), place)
    assert on_plate.foot == foot
    assert on_plate.distance < 0.05
    assert on_plate.margin > 0.2
    assert not on_plate.shared


def test_plate_shared_by_both_feet_is_noticed():
    """Walking: the right foot takes over from the left one on the same plate."""
    left, right = standing_at([0.0, 0.0, -0.1]), standing_at([0.5, 0.0, 0.1])
    moving = np.linspace([0.0, 0.0, -0.1], [0.5, 0.0, 0.1], FRAMES)
    assert on_one_plate(left, right, moving).shared
    assert not on_one_plate(left, right, np.broadcast_to(moving[0], (FRAMES, 3))).shared


def on_plate(plate, start, stop, foot):
    return PlateContact(plate, start, stop, 1000.0, foot, 0.02, 0.3, shared=False)


def test_plate_changes_hands_in_the_middle_of_the_flight():
    """One belt for both feet."""
    given = [on_plate(0, 100, 200, LEFT), on_plate(0, 260, 360, RIGHT)]
    owner = plate_owner(given, 500, 1, margin=150)[:, 0]
    np.testing.assert_array_equal(np.flatnonzero(np.diff(owner)) + 1, [230])
    assert owner[0] == LEFT
    assert owner[-1] == RIGHT


SQUARE = np.array([[0.0, 0, 0], [0.6, 0, 0], [0.6, 0, 0.9], [0.0, 0, 0.9]])


def test_row_of_plates_has_no_inner_edges():
    row = np.stack([SQUARE + np.array([0.602 * k, 0, 0]) for k in range(3)])
    seam = np.array([[0.601, 0, 0.3]])
    loaded = np.array([True, True, False])
    assert edge_distance(seam, row, loaded, 0.02)[0] == pytest.approx(0.3)
    outer = np.array([[1.19, 0, 0.3]])
    assert edge_distance(outer, row, loaded, 0.02)[0] == pytest.approx(0.012)


# foot contacts -----------------------------------------------------------------------------------

PLATE_RATE, FRAME_RATE = 1000.0, 250.0
SAMPLES = 1500
RULES = EventRules(20.0, 0.010, 200.0, 20.0, 100.0)
STEPS = [(LEFT, 0.2, 0.35, 0.5), (RIGHT, 0.5, 0.65, 2.0), (LEFT, 0.8, 0.95, 3.5)]
"""Foot, touchdown and toe-off (force above zero), place along the runway."""
FLOOR = np.array([[0.45, 0, -0.3], [-0.45, 0, -0.3], [-0.45, 0, 0.3], [0.45, 0, 0.3]])


def pulse(start, stop):
    time = np.arange(SAMPLES) / PLATE_RATE
    inside = (time > start) & (time < stop)
    return np.where(inside, 2000.0 * np.sin(np.pi * (time - start) / (stop - start)), 0.0)


def feet_markers():
    """Each foot stands at its places during contacts and is 0.4 m high otherwise."""
    time = np.arange(int(SAMPLES / PLATE_RATE * FRAME_RATE)) / FRAME_RATE
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
    return Plates(
        PlateWrench(force, moment, point), corners, PLATE_RATE, 0.0, numbers, (-1,) * count
    )


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


def test_points_lie_on_the_surface_of_the_plate_that_carries_the_foot():
    feet, time = feet_markers()
    flat, height = plates_of(ONE_EACH), np.array([0.0, 0.08, 0.02])
    raised = flat.wrench.point + height[:, None] * [0.0, 1.0, 0.0]
    corners = flat.corners + height[:, None, None] * [0.0, 1.0, 0.0]
    plates = replace(flat, wrench=replace(flat.wrench, point=raised), corners=corners)
    loads = feet_loads(plates, feet, time, RULES)
    for number, (foot, start, stop, place) in enumerate(STEPS):
        middle = round((start + stop) / 2 * PLATE_RATE)
        expected = [place, height[number], 0.0]
        np.testing.assert_allclose(loads.cop[middle, foot], expected, atol=1e-3)


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
    belt = Plates(at_zero, belt.corners, PLATE_RATE, 0.0, (1,), (-1,))
    loads = feet_loads(belt, feet, time, RULES)
    assert [contact.foot for contact in loads.contacts] == [LEFT, RIGHT, LEFT]
    force, _ = loads_on_frames(loads, belt, time, 20.0)
    whole = low_pass(belt.wrench.force[:, 0], PLATE_RATE, 20.0)[:: int(PLATE_RATE / FRAME_RATE)]
    np.testing.assert_allclose(force.sum(axis=1), whole, atol=1e-9)
    alone = low_pass(np.outer(pulse(0.5, 0.65), [0.1, 1.0, 0.02]), PLATE_RATE, 20.0)
    np.testing.assert_allclose(force[:, RIGHT], alone[:: int(PLATE_RATE / FRAME_RATE)], atol=1e-6)


def test_frames_without_forces_are_unknown_not_zero():
    feet, time = feet_markers()
    plates = plates_of(ONE_EACH)
    late = Plates(plates.wrench, plates.corners, PLATE_RATE, 0.1, plates.numbers, plates.feet)
    loads = feet_loads(late, feet, time, RULES)
    force, moment = loads_on_frames(loads, late, time, 20.0)
    missing = time < 0.1 - 0.5 / PLATE_RATE
    assert np.isnan(force[missing]).all()
    assert np.isnan(moment[missing]).all()
    assert np.isfinite(force[~missing]).all()


def test_contacts_outside_the_markers_are_cut_or_left_out():
    """Markers from 0.55 to 0.7 s only: the second contact started before, the others are unseen."""
    feet, time = feet_markers()
    seen = (time >= 0.55) & (time <= 0.7)
    loads = feet_loads(plates_of(ONE_EACH), feet[seen], time[seen], RULES)
    assert [(one.foot, one.complete) for one in loads.contacts] == [(RIGHT, False)]


# contact findings --------------------------------------------------------------------------------

FOOT = np.array([[0.0, 0.12, 0.0], [0.2, 0.03, 0.04], [0.2, 0.03, -0.04]])
"""Heel and two toe markers; the heel is lifted."""


def pressed_at(cop, foot=FOOT, turn=0.0):
    rotation = np.array(
        [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]]
    )
    return pressure_distance(np.array([cop]) @ rotation.T, foot[None] @ rotation.T)


@pytest.mark.parametrize("turn", [0.0, 0.7, 3.0])
@pytest.mark.parametrize(
    ("cop", "expected"),
    [((0.0, 0.0, 0.0), 0.0), ((-0.05, 0.0, 0.0), 0.05), ((0.26, 0.0, 0.04), 0.06)],
)
def test_distance_seen_from_above_whatever_the_heading(cop, expected, turn):
    assert pressed_at(cop, turn=turn) == pytest.approx(expected)


def test_single_samples_are_noise():
    """Three of a hundred samples do not count, ten do; what is unknown does not either."""
    moment, vertical = np.full(100, 10.0), np.full(100, 1000.0)
    moment[:3], moment[50] = 80.0, np.nan
    assert friction_arm(moment, vertical) == pytest.approx(0.01)
    moment[:10] = -80.0
    assert friction_arm(moment, vertical) == pytest.approx(0.08)


def _contacts(count: int, seed: int, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True free moment, other residual (smooth within a contact), number of the contact."""
    rng = np.random.default_rng(seed)
    phase = np.linspace(0.0, 1.0, 25)
    shapes = np.stack([np.sin((k + 1) * np.pi * phase) for k in range(3)])
    true = 10.0 * (shapes[0] + 0.3 * rng.standard_normal((count, 1)) * shapes[1])
    other = noise * rng.standard_normal((count, 3)) @ shapes
    return true.ravel(), other.ravel(), np.repeat(np.arange(count), 25)


@pytest.mark.parametrize("seed", range(5))
def test_a_reversed_sign_is_told_and_a_right_one_is_not(seed):
    """Residuals of other causes half as large as the free moment, five contacts."""
    true, other, contact = _contacts(5, seed, noise=2.0)
    right = free_moment_slope(other, true, contact)
    assert abs(right.value) < 4 * max(right.error, 0.02)
    assert not right.reversed
    wrong = free_moment_slope(other + 2.0 * true, -true, contact)
    assert wrong.value == pytest.approx(-2.0 - right.value)
    assert wrong.reversed


@pytest.mark.parametrize(("largest", "measured"), [(0.09, False), (0.11, True)])
def test_a_free_moment_that_is_hardly_there_was_not_measured(largest, measured):
    """All-zero columns are as good as none; the low-pass leaves hundredths of N m of them."""
    free = np.full((100, 2), np.nan)
    free[20:50, 0] = 8.0 * np.sin(np.linspace(0.0, 3.0, 30))
    assert free_moment_measured(free)
    free[60:90, 1] = largest * np.sin(np.linspace(0.0, np.pi, 31)[:30])
    assert free_moment_measured(free) == measured


@pytest.mark.parametrize(
    ("contacts", "quantile"), [(3, 2.920), (4, 2.353), (6, 2.015), (11, 1.812)]
)
def test_few_contacts_make_the_interval_wide(contacts, quantile):
    """Student's t at 95 % with one degree of freedom less than contacts, from printed tables."""
    just, beyond = (share / quantile for share in (0.999, 1.001))
    assert Slope(-2.0, just, contacts).reversed
    assert not Slope(-2.0, beyond, contacts).reversed


# kinematic events --------------------------------------------------------------------------------

RATE, SPEED, SECONDS = 250.0, 8.0, 1.2
TOUCHDOWN, TOE_OFF, STEP = 0.302, 0.424, 0.24
STILL = np.zeros(3)


def foot(touchdown: float, time: np.ndarray, *, heel: float) -> np.ndarray:
    """Heel, toe and outer forefoot (T, 3, 3): down at 3 m/s, still, away at 6 m/s.

    The heel lands by so much before (negative) or after the forefoot, and leaves 50 ms before it.
    """
    toe_off = touchdown + TOE_OFF - TOUCHDOWN
    paths = []
    for late, early, along in ((heel, 0.05, -0.2), (0.004, 0.0, 0.05), (0.0, 0.02, 0.0)):
        down = np.maximum(touchdown + late - time, 0.0)
        up = np.maximum(time - toe_off + early, 0.0)
        x = along - 6.0 * down + 10.0 * up
        paths.append(np.column_stack((x, 0.03 + 3.0 * down + 6.0 * up, 0.0 * time)))
    return np.stack(paths, axis=1)


def runner(*, heel: float = 0.02, rate: float = RATE) -> np.ndarray:
    """Both feet (T, 2, 3, 3): left first, right a step later, m."""
    time = np.arange(0.0, SECONDS, 1.0 / rate)
    left, right = (foot(at, time, heel=heel) for at in (TOUCHDOWN, TOUCHDOWN + STEP))
    right[..., 0] += SPEED * STEP
    return np.stack((left, right), axis=1)


def test_landing_and_take_off_of_a_forefoot_striker():
    left, right = kinematic_contacts(runner(), RATE, STILL, SPEED)
    assert (left.foot, right.foot) == (0, 1)
    assert left.complete
    # a bend is seen where the low-passed path bends most: at itself, between frames of 4 ms
    assert left.touchdown == pytest.approx(TOUCHDOWN, abs=0.001)
    assert left.toe_off == pytest.approx(TOE_OFF, abs=0.001)
    assert right.touchdown - left.touchdown == pytest.approx(STEP, abs=1e-4)
    assert np.isnan(left.peak)
    assert left.plates == ()


@pytest.mark.parametrize("rate", [60.0, 100.0, 200.0])
@pytest.mark.parametrize("heel", [0.02, -0.03])
def test_a_tenth_of_a_frame_at_any_rate_and_strike(rate, heel):
    feet = runner(heel=heel, rate=rate)
    found = kinematic_contacts(feet, rate, STILL, SPEED)
    touchdowns = [one.touchdown for one in found]
    landing = TOUCHDOWN + min(heel, 0.0)
    np.testing.assert_allclose(touchdowns, [landing, landing + STEP], atol=0.1 / rate)
    assert strike(feet, rate, found) == ("heel" if heel < 0.0 else "forefoot")


def test_landing_that_is_not_seen_stays_missing():
    """Low-passed at 6 Hz, the forefoot sinks without a landing; later it stands all the same."""
    left, right = kinematic_contacts(low_pass(runner(), RATE, 6.0), RATE, STILL, SPEED)
    for one in (left, right):
        assert np.isnan(one.touchdown)
        assert one.complete
        assert np.isfinite(one.toe_off)
    assert strike(runner(), RATE, (left, right)) == ""


def test_foot_laid_flat_is_no_landing():
    """The heel is set down softly 50 ms before the forefoot slaps the ground."""
    feet = runner()
    time = np.arange(len(feet)) / RATE
    sink = np.clip((TOUCHDOWN - 0.05 - time) / 0.15, 0.0, 1.0)
    soft = 0.03 + 0.3 * sink**2 * (3.0 - 2.0 * sink)
    feet[:, 0, 0, 1] = np.where(time < TOUCHDOWN + 0.06, soft, feet[:, 0, 0, 1])
    left, right = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert left.touchdown == pytest.approx(TOUCHDOWN - 0.05, abs=0.010)
    assert right.touchdown == pytest.approx(TOUCHDOWN + STEP, abs=0.001)


@pytest.mark.parametrize("marker", [0, 1, 2])
def test_marker_that_is_lost_at_landing_leaves_it_unknown(marker):
    """Who lands first is not known then: without the heel this landing would be 30 ms late."""
    feet = runner(heel=-0.03)
    feet[round((TOUCHDOWN - 0.05) * RATE) : round((TOUCHDOWN + 0.02) * RATE), 0, marker] = np.nan
    left, right = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert np.isnan(left.touchdown)
    assert left.toe_off == pytest.approx(TOE_OFF, abs=0.001)
    assert right.touchdown == pytest.approx(TOUCHDOWN + STEP - 0.03, abs=0.001)


def test_toe_that_is_lost_at_take_off_leaves_it_unknown():
    """The other toe marker leaves 20 ms earlier."""
    feet = runner()
    feet[round((TOE_OFF - 0.02) * RATE) : round((TOE_OFF + 0.02) * RATE), 0, 1] = np.nan
    left, _ = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert np.isnan(left.toe_off)
    assert left.touchdown == pytest.approx(TOUCHDOWN, abs=0.001)


@pytest.mark.parametrize("belt", [0.0, -SPEED])
def test_events_do_not_depend_on_the_observer(belt):
    """A moving belt, the direction of running and the place in the laboratory."""
    feet, time = runner(), np.arange(round(SECONDS * RATE)) / RATE
    velocity = np.array([-belt, 0.0, 0.0])
    turned = feet * [-1.0, 1.0, -1.0] + [30.0, 0.2, -5.0] + velocity * time[:, None, None, None]
    expected = kinematic_contacts(feet, RATE, STILL, SPEED)
    for one, other in zip(expected, kinematic_contacts(turned, RATE, velocity, SPEED), strict=True):
        assert one.touchdown == pytest.approx(other.touchdown, abs=1e-9)
        assert one.toe_off == pytest.approx(other.toe_off, abs=1e-9)


def test_acceleration_of_a_heel_in_the_air_is_no_landing():
    """A heel that is stopped 0.1 m above its level before the forefoot lands."""
    feet = runner()
    time = np.arange(len(feet)) / RATE
    feet[:, 0, 0, 1] = (
        0.03
        + np.where(time < TOUCHDOWN - 0.03, 0.10, 0.0)
        + 3.0 * np.maximum(TOUCHDOWN - 0.03 - time, 0.0)
    )
    feet[:, 0, 0, 1] = np.where(
        time < TOUCHDOWN + 0.02,
        np.maximum(feet[:, 0, 0, 1], 0.03 + 2.0 * (TOUCHDOWN + 0.02 - time)),
        0.03,
    )
    left, _ = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert left.touchdown == pytest.approx(TOUCHDOWN, abs=0.001)


def test_contact_at_an_end_of_the_recording_is_cut():
    feet = runner()[round((TOUCHDOWN + 0.02) * RATE) :]
    left, right = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert not left.complete
    assert np.isnan(left.touchdown)
    assert right.complete
    feet = runner()[: round((TOE_OFF - 0.02) * RATE)]
    [only] = kinematic_contacts(feet, RATE, STILL, SPEED)
    assert not only.complete
    assert np.isnan(only.toe_off)
    assert only.touchdown == pytest.approx(TOUCHDOWN, abs=0.001)


def test_errors_belong_to_the_contacts_that_both_know():
    def contact(side, on, off, complete=True):
        return FootContact(side, on, off, (), complete, np.nan, np.nan)

    plates = [contact(0, 0.1, 0.2), contact(1, 0.3, 0.4), contact(0, 0.5, 0.6, complete=False)]
    markers = [contact(0, 0.11, 0.19), contact(0, 0.3, 0.4), contact(0, 0.5, 0.6)]
    errors = event_errors([*markers, contact(0, np.nan, 0.21)], plates)
    np.testing.assert_allclose(errors.touchdown, [0.01])
    np.testing.assert_allclose(errors.toe_off, [-0.01, 0.01])
    assert len(event_errors([], plates).touchdown) == 0


# surface -----------------------------------------------------------------------------------------

BELT_RATE = 250.0
BELT_TIME = np.arange(500) / BELT_RATE
BELT_CONTACTS = {0: [(0.1, 0.3), (0.9, 1.1)], 1: [(0.5, 0.7), (1.3, 1.5)]}


def forefeet(belt):
    """Forefeet that move with the belt in contact and fast forward, 0.3 m high, otherwise."""
    feet = np.zeros((len(BELT_TIME), 2, 3))
    for foot, spans in BELT_CONTACTS.items():
        velocity = np.full(len(BELT_TIME), 6.0)
        height = np.full(len(BELT_TIME), 0.35)
        for start, stop in spans:
            on = np.abs(BELT_TIME - 0.5 * (start + stop)) <= 0.5 * (stop - start) + 1e-9
            velocity[on], height[on] = -belt, 0.05
        feet[:, foot, 0] = np.cumsum(velocity) / BELT_RATE
        feet[:, foot, 1] = height
    return feet


def standing():
    masks = [middle_of_contacts(BELT_TIME, *np.array(BELT_CONTACTS[foot]).T) for foot in (0, 1)]
    return np.stack(masks, axis=1)


@pytest.mark.parametrize("belt", [0.0, 4.0, 11.0])
def test_ground_velocity_is_that_of_the_belt(belt):
    found = ground_velocity(forefeet(belt), standing(), BELT_RATE)
    np.testing.assert_allclose(found, [-belt, 0.0, 0.0], atol=1e-9)


@pytest.mark.parametrize(("higher", "stands"), [(0.029, True), (0.031, False)])
def test_a_foot_that_only_swings_does_not_stand(higher, stands):
    """The lowest frames of a swinging foot would say that the ground runs forward."""
    feet = forefeet(0.0)
    feet[:, 1, 1] = np.maximum(feet[:, 1, 1], 0.05 + higher)
    assert low_frames(feet).any(axis=0).tolist() == [True, stands]


@pytest.mark.parametrize(
    ("belt", "pelvis", "expected"),
    [(4.0, 0.0, 1.0), (0.0, 9.0, 0.0), (2.0, 2.0, 0.5), (1, -0.2, 1.25)],
)
@pytest.mark.parametrize("turn", [0.0, 1.0, 2.5])
def test_share_of_the_running_that_the_ground_does(belt, pelvis, expected, turn):
    """Whatever the direction; on a treadmill the runner may drift backward, too."""
    ahead = np.array([np.cos(turn), 0.0, np.sin(turn)])
    up = np.array([0.0, 0.3, 0.0])
    assert belt_share(-belt * ahead, pelvis * ahead + up) == pytest.approx(expected)
