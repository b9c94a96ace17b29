"""Contacts, steps, roles, postures and measures of steps: closed forms, sums and mirrors."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aqbio.gait.postures import MEASURES, POINTS, posture_numbers, spread_column
from aqbio.gait.roles import (
    FlightRule,
    PelvisMember,
    RoleScheme,
    by_role,
    exchanged_in_flight,
    group_sum,
    membership,
    moment_matrix,
    named_matrix,
    role_name,
    with_pelvis,
)
from aqbio.gait.steps import (
    PERCENT,
    Contact,
    Step,
    heading_changes,
    interval_mean,
    peak_instants,
    phase_curve,
    phase_mean,
    propulsion_start,
    rotation_about_vertical,
    solved_steps,
    steps_from_contacts,
)
from aqbio.names import ANATOMICAL_GROUPS, ROLE_GROUPS, ROLE_SIDES, SIDES
from tests.mirror import mirrored_axial, mirrored_polar

# groups ------------------------------------------------------------------------------------------

SEGMENTS = ("pelvis", "torso", "thigh_l", "shank_l", "thigh_r")
GROUPS = {"pelvis": ["pelvis"], "torso": ["torso"], "legs": ["thigh_r", "thigh_l", "shank_l"]}


@given(seed=st.integers(0, 10_000))
def test_groups_add_up_to_the_whole(seed):
    """Whatever the partition; integers, so that the sums are exact."""
    rng = np.random.default_rng(seed)
    owner = rng.integers(0, 3, len(SEGMENTS))
    groups = {
        f"g{g}": [s for s, o in zip(SEGMENTS, owner, strict=True) if o == g] for g in range(3)
    }
    values = rng.integers(-99, 99, (4, len(SEGMENTS), 3)).astype(float)
    grouped = group_sum(values, membership(groups, SEGMENTS))
    np.testing.assert_array_equal(grouped.sum(axis=1), values.sum(axis=1))
    for index in range(3):
        np.testing.assert_array_equal(grouped[:, index], values[:, owner == index].sum(axis=1))


# mirror ------------------------------------------------------------------------------------------

seeds = st.integers(0, 10_000)
MIRROR = np.diag([1.0, 1.0, -1.0])


@given(seed=seeds)
def test_angular_velocity_of_the_mirrored_rotation(seed):
    """A rotation vector is axial: ``S R(w) S = R(axial(w))``."""
    vector = np.random.default_rng(seed).normal(size=3)
    mirrored = MIRROR @ Rotation.from_rotvec(vector).as_matrix() @ MIRROR
    expected = Rotation.from_rotvec(mirrored_axial(vector)).as_matrix()
    np.testing.assert_allclose(mirrored, expected, atol=1e-14)


@given(angle=st.floats(-10, 10), other=st.floats(-10, 10))
def test_turns_add_up_and_mirrored_turns_are_opposite(angle, other):
    both = rotation_about_vertical(angle) @ rotation_about_vertical(other)
    np.testing.assert_allclose(both, rotation_about_vertical(angle + other), atol=1e-14)
    mirrored = MIRROR @ rotation_about_vertical(angle) @ MIRROR
    np.testing.assert_allclose(mirrored, rotation_about_vertical(-angle), atol=1e-15)


# postures ----------------------------------------------------------------------------------------

STRIDE_TIME = np.linspace(0.0, 0.4, 201)
STRIDE = 0.4
LEAN, THIGH, SHANK = 0.1, 0.42, 0.40


def _posture_step(side, last=0.2):
    return Step(
        number=1, side=side, touchdown=0.0, toe_off=0.1, next_touchdown=last, status="ok", reason=""
    )


def _angles(push):
    """The push leg's thigh falls from front to back as a cosine, the other comes forward."""
    wave = np.cos(2.0 * np.pi * STRIDE_TIME / STRIDE)
    return {push: 0.1 + 0.5 * wave, SIDES[1 - SIDES.index(push)]: 0.2 - 0.8 * wave}


def _points(push):
    found = np.zeros((len(STRIDE_TIME), len(POINTS), 3))
    for side, angle in _angles(push).items():
        hip = np.array([0.02, 0.9, 0.1])
        knee = hip + THIGH * np.stack([np.sin(angle), -np.cos(angle), 0.0 * angle], axis=1)
        for name, own in (
            ("hip", hip + 0.0 * knee), ("knee", knee), ("ankle", knee - [0.0, SHANK, 0.0]),
            ("shoulder", hip + [np.sin(LEAN), np.cos(LEAN), 0.0] + 0.0 * knee),
        ):  # fmt: skip
            found[:, POINTS.index(f"{name}_{side}")] = own
    return found


@pytest.mark.parametrize("push", SIDES)
def test_closed_forms(push):
    found = posture_numbers(_points(push), STRIDE_TIME, [_posture_step(push)])
    rate = 2.0 * np.pi / STRIDE
    expected = {
        "thigh_angle_push_touchdown_rad": 0.6, "thigh_angle_swing_touchdown_rad": -0.6,
        "thigh_angle_push_toe_off_rad": 0.1, "thigh_angle_swing_toe_off_rad": 0.2,
        "thigh_range_push_rad": 1.0, "thigh_range_swing_rad": 1.6,
        "thigh_speed_push_radps": 0.5 * rate, "thigh_speed_swing_radps": 0.8 * rate,
        "knee_separation_touchdown_m": -2.0 * THIGH * np.sin(0.6),
        "swing_knee_ahead_touchdown_m": 0.02 - THIGH * np.sin(0.6),
        "touchdown_distance_m": 0.02 + THIGH * np.sin(0.6),
        "trunk_lean_touchdown_rad": LEAN,
    }  # fmt: skip
    assert set(found) == set(MEASURES) == set(expected)
    for name, value in expected.items():
        assert found[name][0] == pytest.approx(value, rel=2e-3, abs=1e-6), name


def test_draws_are_carried_along_and_what_is_unknown_stays_so():
    both = np.stack([_points("left"), _points("right")], axis=-1)
    steps = [_posture_step("left"), _posture_step("left", last=np.nan)]
    found = posture_numbers(both, STRIDE_TIME, steps)
    alone = posture_numbers(_points("left"), STRIDE_TIME, steps)
    for name, values in found.items():
        assert values.shape == (2, 2)
        np.testing.assert_allclose(values[:, 0], alone[name])
    assert np.isnan(found["thigh_range_push_rad"][1]).all()
    assert np.isfinite(found["touchdown_distance_m"][1]).all()
    lost = _points("left")
    lost[:, POINTS.index("knee_right")] = np.nan
    numbers = posture_numbers(lost, STRIDE_TIME, steps[:1])
    assert {name for name, own in numbers.items() if np.isfinite(own[0])} == {
        "thigh_angle_push_touchdown_rad", "thigh_angle_push_toe_off_rad", "thigh_range_push_rad",
        "thigh_speed_push_radps", "touchdown_distance_m", "trunk_lean_touchdown_rad",
    }  # fmt: skip
    assert spread_column("thigh_range_push_rad") == "thigh_range_push_sd_rad"


# roles -------------------------------------------------------------------------------------------

PELVIS_MEMBERS = get_args(PelvisMember)
SOURCES = (
    "hip_left", "hip_right", "mtp_right", "lumbar", "shoulder_left", "elbow_right", "gravity",
    "other", "residual",
)  # fmt: skip


def _rows(scheme, stance, groups=ANATOMICAL_GROUPS):
    return dict(zip(scheme.items, scheme.matrix(stance, groups), strict=True))


@pytest.mark.parametrize("stance", ["left", "right"])
def test_the_declared_roles(stance):
    """As science and docs say it, part by part."""
    other = {"left": "right", "right": "left"}[stance]
    declared = {
        "push_leg": {f"leg_{stance}"},
        "swing_leg": {f"leg_{other}"},
        "arms": {"arm_left", "arm_right"},
        "torso": {"torso"},
        "pelvis": {"pelvis"},
    }
    declared |= {side: set().union(*(declared[m] for m in ROLE_SIDES[side])) for side in ROLE_SIDES}
    declared["total"] = set(ANATOMICAL_GROUPS)
    for item, row in _rows(RoleScheme(), stance).items():
        expected = [float(group in declared[item]) for group in ANATOMICAL_GROUPS]
        np.testing.assert_array_equal(row, expected)


@pytest.mark.parametrize("stance", ["left", "right"])
@pytest.mark.parametrize("pelvis", PELVIS_MEMBERS)
@pytest.mark.parametrize("arms", ["together", "split"])
def test_every_group_counts_once(stance, pelvis, arms):
    scheme = RoleScheme(pelvis, arms)
    rows = _rows(scheme, stance)
    np.testing.assert_array_equal(sum(rows[name] for name in scheme.partition), 1.0)
    np.testing.assert_array_equal(rows["total"], 1.0)
    expected = [float((pelvis, group) != ("out", "pelvis")) for group in ANATOMICAL_GROUPS]
    np.testing.assert_array_equal(rows["push_side"] + rows["swing_side"], expected)
    merged = set(ROLE_GROUPS) - set(scheme.partition) - {"arms"}
    assert all(np.isnan(rows[name]).all() for name in merged)


@pytest.mark.parametrize("pelvis", PELVIS_MEMBERS)
def test_the_pelvis_moves_among_roles_as_in_the_anatomy(pelvis):
    """A pelvis moved after the sum is one moved before it, wherever it has a group to be in."""
    values = np.random.default_rng(1).normal(size=(7, len(ANATOMICAL_GROUPS), 3))
    declared = by_role(values, RoleScheme().matrix("left", ANATOMICAL_GROUPS, *ROLE_GROUPS))
    moved = by_role(values, RoleScheme(pelvis).matrix("left", ANATOMICAL_GROUPS, *ROLE_GROUPS))
    if pelvis not in ("torso", "out"):
        assert np.isnan(moved[:, -1]).all()
    if pelvis != "torso":
        moved[:, -1] = 0.0
    np.testing.assert_allclose(with_pelvis(declared, pelvis), moved, atol=1e-15)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_what_no_role_needs_may_be_unknown(axis):
    """A lost right arm takes arms, push side and total of its frames, and nothing else."""
    values = np.random.default_rng(2).normal(size=(6, 6, 6))
    arm = ANATOMICAL_GROUPS.index("arm_right")
    lost = np.moveaxis(values.copy(), axis, 0)
    lost[arm, 2] = np.nan
    matrix, items = RoleScheme().matrix("right"), RoleScheme().items
    found = np.moveaxis(by_role(np.moveaxis(lost, 0, axis), matrix, axis), axis, 0)
    whole = np.moveaxis(by_role(values, matrix, axis), axis, 0)
    needs = [items.index(name) for name in ("arms", "push_side", "total")]
    assert np.isnan(found[needs][:, 2]).all()
    whole[np.ix_(needs, [2])] = np.nan
    np.testing.assert_allclose(found, whole, rtol=1e-12)


@pytest.mark.parametrize("stance", ["left", "right"])
def test_named_rows_take_what_has_their_name(stance):
    values = np.arange(float(len(SOURCES)))[None]
    names = [role_name(name, stance) for name in SOURCES]
    found = by_role(values, named_matrix([*names[::-1], "wrist_push"], SOURCES, stance))
    np.testing.assert_array_equal(found[0], [*values[0, ::-1], np.nan])


@pytest.mark.parametrize("stance", ["left", "right"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_both_sides_are_all_joint_moments(stance, share):
    joints = [float(name not in SOURCES[-3:]) for name in SOURCES]
    both = moment_matrix(SOURCES, stance, lumbar_swing_share=share).sum(axis=0)
    np.testing.assert_array_equal(both, joints)


def test_flight_roles():
    """R1 never changes, R2 in mid-flight, R3 where the swing foot goes back faster."""
    feet = np.zeros((2, 101, 2))
    feet[..., 1] = np.where(PERCENT < 0.7, -5.0, 5.0)
    found = {rule: exchanged_in_flight(rule, feet) for rule in get_args(FlightRule)}
    assert not found["R1"].any()
    np.testing.assert_array_equal(found["R2"], np.tile(PERCENT > 0.5, (2, 1)))
    np.testing.assert_array_equal(found["R3"], np.tile((PERCENT > 0) & (PERCENT < 0.7), (2, 1)))


# stance ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [0.2, 0.45, 0.7])
def test_the_change_from_braking_to_propulsion(turn):
    assert propulsion_start(np.sin(np.pi * (PERCENT - turn))) == pytest.approx(turn, abs=0.01)


def test_a_short_forward_push_at_touchdown_does_not_count():
    """Fore-aft forces of sprints often start with a spike forward."""
    spike = np.where(PERCENT < 0.06, 1.0, 0.0)
    assert propulsion_start(spike - np.cos(np.pi * PERCENT)) == pytest.approx(0.5, abs=0.01)


def test_without_a_change_the_middle_stands_in():
    assert propulsion_start(np.full(101, 3.0)) == 0.5
    assert propulsion_start(np.full(101, -3.0)) == 0.5


def test_parts_add_up_to_the_whole():
    curve = np.random.default_rng(0).normal(size=(101, 2, 3))
    for turn in (0.01, 0.37, 0.99):
        parts = turn * interval_mean(curve, 0.0, turn)
        parts = parts + (1 - turn) * interval_mean(curve, turn, 1.0)
        np.testing.assert_allclose(parts, phase_mean(curve), rtol=0, atol=1e-12)


def test_a_part_without_length_is_its_point():
    assert interval_mean(PERCENT, 0.3, 0.3) == pytest.approx(0.3)


# step measures -----------------------------------------------------------------------------------

DURATIONS = (0.11, 0.12)


def _curves(function):
    """A signal of the step's own time over contact and flight."""
    contact, flight = DURATIONS
    whole = contact + flight
    return np.stack(
        [function(contact * PERCENT / whole), function((contact + flight * PERCENT) / whole)]
    )


def _peak(curves):
    return float(peak_instants(curves[None], np.array([DURATIONS]))[0])


@given(st.floats(0.1, 0.9), st.sampled_from([1.0, -1.0]))
def test_the_peak_of_a_known_wave(place, sign):
    """A cosine's cubic spline misses its peak by less than 1e-5 of the step at 200 samples."""
    curves = _curves(lambda share: sign * np.cos(np.pi * (share - place)))
    assert _peak(curves) == pytest.approx(place, abs=1e-5)


def test_a_peak_at_an_end_is_not_in_this_step():
    assert np.isnan(_peak(_curves(lambda share: 1.0 - share)))
    assert np.isnan(_peak(_curves(lambda share: share**2)))


def test_many_signals_have_the_peaks_of_each():
    """Of several durations, next to toe-off (0.48 of the step) and away from it, and with none."""
    places = np.array([0.2, 0.47, 0.5, 0.8, 0.02, np.nan])
    curves = np.stack([_curves(lambda share, at=at: np.cos(np.pi * (share - at))) for at in places])
    durations = np.array(DURATIONS) * np.array([[1.0], [1.1], [0.9], [1.2], [1.0], [1.0]])
    np.testing.assert_allclose(peak_instants(curves, durations), places, atol=1e-5)


# steps -------------------------------------------------------------------------------------------

LIMITS = {"maximum_flight": 0.3, "edge_distance": 0.015}


def _contact(side, touchdown, toe_off, *, complete=True, edge=0.2, **more):
    return Contact(side, touchdown, toe_off, complete, edge, **more)


def _steps(*contacts):
    return steps_from_contacts(contacts, **LIMITS)


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


TIME = np.arange(200) / 250.0


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


def test_a_phase_outside_the_recording_is_refused():
    with pytest.raises(ValueError, match="outside the recording"):
        phase_curve(_step("left", end=0.9), "flight", TIME, np.zeros((len(TIME), 3)), "axial")


# what contacts become ---------------------------------------------------------------------------

CUT, NEAR = _contact("right", 0.0, 0.1, complete=False), _contact("right", 0.1, 0.22, edge=0.009)
WALK = (_contact("right", 0.0, 0.6), _contact("left", 0.5, 1.1), _contact("right", 1.3, 1.5))
UNFOUND = _contact("left", np.nan, 0.45)
NO_MORE = ("incomplete", "no later contact was measured")
OK = ("ok", "")
BOTH = "double support of 100 ms: push and swing leg are undefined"
KNOWN = "the motion is known from {:.3f} to {:.3f} s only"


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ((RIGHT, LEFT, RIGHT_AGAIN), (OK, OK, NO_MORE)),
        ((RIGHT, RIGHT_AGAIN),
         (("incomplete", "the next measured contact is the same foot, at 0.560 s"), NO_MORE)),
        ((RIGHT, _contact("left", 0.79, 0.9)),
         (("incomplete", "flight of 0.570 s is longer than 0.30 s"), NO_MORE)),
        ((CUT, LEFT), (("rejected", "the recording cuts the contact"), NO_MORE)),
        ((NEAR, LEFT), (("rejected", "within 9 mm of the plates' edge (limit 15 mm)"), NO_MORE)),
        ((_contact("right", 0.1, 0.22, edge=0.015), LEFT), (OK, NO_MORE)),
        ((_contact("right", 0.1, 0.22, edge=np.nan), LEFT), (OK, NO_MORE)),
        ((_contact("right", 0.1, 0.22, edge=-0.006), LEFT),
         (("rejected", "the centre of pressure leaves the plates by 6 mm"), NO_MORE)),
        (WALK, (("rejected", BOTH), ("rejected", BOTH), NO_MORE)),
        ((_contact("right", 0.1, 0.22, complete=False, shared=True), LEFT),
         (("rejected", "both feet stand on one plate"), NO_MORE)),
        ((RIGHT, UNFOUND, RIGHT_AGAIN, _contact("left", 0.79, 0.91)),
         (("incomplete", "the touchdown of the next contact was not found"),
          ("rejected", "its touchdown was not found"), OK, NO_MORE)),
        ((_contact("right", 0.1, np.nan), LEFT),
         (("rejected", "its toe-off was not found"), NO_MORE)),
    ],
)  # fmt: skip
def test_every_situation_has_its_status_and_reason(contacts, expected):
    steps = _steps(*contacts)
    assert [one.number for one in steps] == list(range(1, len(contacts) + 1))
    for step, contact, (status, reason) in zip(steps, contacts, expected, strict=True):
        assert (step.side, step.status) == (contact.side, status)
        assert reason in step.reason
        assert bool(reason) == bool(step.reason)
        assert np.isfinite(step.next_touchdown) or status != "ok"
    unchanged = solved_steps(steps, -1.0, 3.0)
    assert [repr(one) for one in unchanged] == [repr(one) for one in steps]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (0.10, 0.68, (OK, OK, NO_MORE)),
        (0.0, 0.6, (OK, OK, ("rejected", KNOWN.format(0, 0.6)))),
        (0.0, 0.5, (OK, ("incomplete", KNOWN.format(0, 0.5)), ("rejected", KNOWN.format(0, 0.5)))),
        (0.15, 0.68, (("rejected", KNOWN.format(0.15, 0.68)), OK, NO_MORE)),
    ],
)
def test_steps_hold_as_far_as_the_motion_is_known(first, last, expected):
    found = solved_steps(_steps(RIGHT, LEFT, RIGHT_AGAIN), first, last)
    assert tuple((one.status, one.reason) for one in found) == expected
    for one in found:
        assert one.status != "incomplete" or np.isnan(one.next_touchdown)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({**GROUPS, "torso": []}, "torso': 0"),
        ({**GROUPS, "torso": ["torso", "torso"]}, "torso': 2"),
        ({**GROUPS, "torso": ["torso", "head"]}, r"\['head'\] are not in the model"),
    ],
)
def test_what_is_no_partition_is_refused(groups, message):
    with pytest.raises(ValueError, match=message):
        membership(groups, SEGMENTS)
