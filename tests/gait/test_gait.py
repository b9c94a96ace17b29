"""Steps, roles, postures and curves: closed forms, sums, mirrors and drawn contacts."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import replace
from itertools import product
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.gait.curves import role_sd
from aqbio.gait.drawn_steps import measured_contacts
from aqbio.gait.postures import MEASURES, POINTS, NeutralFeet, posture_numbers
from aqbio.gait.roles import (
    PelvisMember,
    RoleScheme,
    by_role,
    exchanged_in_flight,
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
    absolute_share,
    heading_changes,
    interval_mean,
    lateral_ratio,
    moment_index,
    peak_instants,
    phase_curve,
    phase_rms,
    propulsion_start,
    solved_steps,
    speed_change,
    steps_from_contacts,
)
from aqbio.names import ANATOMICAL_GROUPS, ROLE_GROUPS, SIDES
from tests.mirror import mirrored_axial, mirrored_polar

seeds = st.integers(0, 10_000)

SEGMENTS = ("pelvis", "torso", "thigh_l", "shank_l", "thigh_r")
PELVIS_MEMBERS = get_args(PelvisMember)
SOURCES = (
    "hip_left", "hip_right", "mtp_right", "lumbar", "shoulder_left", "elbow_right", "gravity",
    "other", "residual",
)  # fmt: skip


TIME = np.arange(200) / 250.0


def _step(side, start=0.1, middle=0.22, end=0.33):
    return Step(1, side, start, middle, end, "ok", "")


@given(seed=seeds)
def test_a_mirrored_runner_has_the_same_canonical_curves(seed):
    """A left step of the mirrored world is a right step of ours."""
    values = np.random.default_rng(seed).normal(size=(len(TIME), 5, 3))
    for kind, mirror in (("axial", mirrored_axial), ("polar", mirrored_polar)):
        original = phase_curve(_step("right"), "stance", TIME, values, kind)
        mirrored = phase_curve(_step("left"), "stance", TIME, mirror(values), kind)
        np.testing.assert_array_equal(mirrored, original)


STRIDE_TIME, STRIDE = np.linspace(0.0, 0.4, 201), 0.4
LEAN, THIGH, SHANK = 0.1, 0.42, 0.40
SHIN, TOES, FLAT = 0.25, -0.15, -0.38
"""Angles of shanks from straight down, of feet from flat, and of the line to the ball of a flat
foot, rad."""
FOOT = 0.13


def _points(push):
    """The push leg's thigh falls from front to back as a cosine, the other comes forward."""
    wave = np.cos(2.0 * np.pi * STRIDE_TIME / STRIDE)
    angles = {push: 0.1 + 0.5 * wave, SIDES[1 - SIDES.index(push)]: 0.2 - 0.8 * wave}
    points = np.zeros((len(STRIDE_TIME), len(POINTS), 3))
    for side, angle in angles.items():
        hip = np.array([0.02, 0.9, 0.1])
        knee = hip + THIGH * np.stack([np.sin(angle), -np.cos(angle), 0.0 * angle], axis=1)
        ankle = knee + SHANK * np.array([np.sin(SHIN), -np.cos(SHIN), 0.0])
        ball = ankle + FOOT * np.array([np.cos(FLAT + TOES), np.sin(FLAT + TOES), 0.3])
        for name, path in (
            ("hip", hip + 0.0 * knee), ("knee", knee), ("ankle", ankle), ("mtp", ball),
            ("shoulder", hip + [np.sin(LEAN), np.cos(LEAN), 0.0] + 0.0 * knee),
        ):  # fmt: skip
            points[:, POINTS.index(f"{name}_{side}")] = path
    return points


@pytest.mark.parametrize("push", SIDES)
def test_closed_forms_of_postures(push):
    """Draws are carried along."""
    step = [_step(push, 0.0, 0.1, 0.2)]
    neutral = NeutralFeet((FLAT, FLAT), (0.02, 0.02))
    numbers = posture_numbers(_points(push), STRIDE_TIME, step, neutral)
    swing = 0.2 - 0.8 * np.cos(2.0 * np.pi * np.linspace(0.0, 0.2, 2001) / STRIDE)
    rate = 2.0 * np.pi / STRIDE
    expected = {
        "thigh_angle_push_touchdown_rad": 0.6, "thigh_angle_swing_touchdown_rad": -0.6,
        "thigh_angle_push_toe_off_rad": 0.1, "thigh_angle_swing_toe_off_rad": 0.2,
        "thigh_range_push_rad": 1.0, "thigh_range_swing_rad": 1.6,
        "thigh_speed_push_radps": 0.5 * rate, "thigh_speed_swing_radps": 0.8 * rate,
        "knee_separation_touchdown_m": -2.0 * THIGH * np.sin(0.6),
        "swing_knee_ahead_touchdown_m": 0.02 - THIGH * np.sin(0.6),
        "touchdown_distance_m": 0.02 + THIGH * np.sin(0.6) + SHANK * np.sin(SHIN),
        "shin_angle_touchdown_rad": SHIN,
        "foot_angle_touchdown_rad": TOES,
        "ankle_angle_touchdown_rad": TOES - SHIN + 0.02,
        "knee_height_swing_m": -THIGH * np.cos(1.0),
        "heel_recovery_swing_m": np.sqrt(
            THIGH**2 + SHANK**2 + 2.0 * THIGH * SHANK * np.cos(swing - SHIN)
        ).min(),
        "trunk_lean_touchdown_rad": LEAN,
    }  # fmt: skip
    assert set(numbers) == set(MEASURES) == set(expected)
    for name, value in expected.items():
        assert numbers[name][0] == pytest.approx(value, rel=2e-3, abs=1e-6), name
    both_sides = np.stack([_points(side) for side in SIDES], axis=-1)
    stacked_numbers = posture_numbers(both_sides, STRIDE_TIME, step, neutral)
    for name, values in stacked_numbers.items():
        assert values.shape == (1, 2)
        np.testing.assert_allclose(values[:, SIDES.index(push)], numbers[name])


DURATIONS = (0.11, 0.12)


@pytest.mark.parametrize("turn", [0.2, 0.45, 0.7])
def test_the_change_from_braking_to_propulsion(turn):
    """A short forward push at touchdown, with which sprints often start, does not count."""
    spike = np.where(PERCENT < 0.06, 1.0, 0.0)
    for force in (np.sin(np.pi * (PERCENT - turn)), spike + np.sin(np.pi * (PERCENT - turn))):
        assert propulsion_start(force) == pytest.approx(turn, abs=0.01)


def _curves(function):
    """A signal of the step's own time over contact and flight."""
    contact, flight = DURATIONS
    duration = contact + flight
    return np.stack(
        [function(contact * PERCENT / duration), function((contact + flight * PERCENT) / duration)]
    )


@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.47, 0.478, 0.5, 0.8, 0.9]), min_size=1, max_size=6),
    st.sampled_from([1.0, -1.0]),
)
def test_the_peaks_of_known_waves(peaks, sign):
    """A cosine's cubic spline misses its peak by less than 1e-5 of the step at 200 samples.

    Also next to toe-off (0.478 of the step); peaks at an end are not in this step.
    """
    waves = [_curves(lambda share, at=at: sign * np.cos(np.pi * (share - at))) for at in peaks]
    curves = np.stack([*waves, _curves(lambda share: 1.0 - share), _curves(np.square)])
    durations = np.array(DURATIONS) * np.linspace(0.8, 1.2, len(curves))[:, None]
    instants = peak_instants(curves, durations)
    np.testing.assert_allclose(instants, [*peaks, np.nan, np.nan], atol=1e-5)


LIMITS = {"maximum_flight": 0.3, "edge_distance": 0.015}


def _steps(*contacts):
    return steps_from_contacts(contacts, **LIMITS)


def _regular(count, step=0.2):
    return _steps(
        *(
            Contact(SIDES[i % 2], step * i + 0.1, step * i + step, complete=True, edge_distance=0.2)
            for i in range(count)
        )
    )


def test_heading_over_strides():
    """A direction that turns steadily by 0.1 rad per step, with a sway that each foot repeats."""
    time = np.arange(400) / 250.0
    direction = 0.5 * time + 0.02 * np.sin(np.pi * time / 0.2)
    velocity = 8.0 * np.stack([np.cos(direction), 0 * time, np.sin(direction)], axis=1)
    changes = heading_changes(_regular(6), time, velocity)
    np.testing.assert_allclose(changes[:4], 0.1, atol=1e-6)
    assert np.isnan(changes[4:]).all()
    straight = heading_changes(_regular(6), time, np.tile([8.0, 0.1, 0.3], (400, 1)))
    np.testing.assert_allclose(straight[:4], 0.0, atol=1e-12)


def _cut(turn, count, first, last):
    """Heading of steps whose motion is known for a while, and turns within one contact."""
    time, steps = np.arange(round(250 * first), round(250 * last) + 1) / 250.0, _regular(count)
    direction = np.radians(turn) * np.clip((time - steps[0].touchdown) / 0.1, 0.0, 1.0)
    velocity = 4.0 * np.stack([np.cos(direction), 0 * time, np.sin(direction)], axis=1)
    solved = solved_steps(steps, time[0], time[-1])
    return solved, heading_changes(solved, time, velocity)


def drawn_contacts(seed):
    """Contacts of whole hundredths of a second: one foot after the other, as a rule."""
    rng = np.random.default_rng(seed)
    contacts, at = [], 0.1
    for number in range(int(rng.integers(0, 7))):
        at += float(rng.choice([0.10, 0.22, 0.24, 0.40, 0.42, 0.50]))
        side = SIDES[(number + (rng.random() < 0.1)) % 2]
        on, off = (
            np.round(at, 2),
            np.round(at + rng.choice([0.08, 0.12, 0.14, 0.26, 0.44, 0.47]), 2),
        )
        missing = rng.random(4) < 0.08
        edge = rng.choice([0.2, 0.2, 0.2, 0.015, 0.0149, 0.009, -0.006, np.nan])
        contacts.append(
            Contact(
                side, np.nan if missing[0] else on,
                np.nan if missing[1] and not missing[0] else off,
                complete=not missing[2], edge_distance=float(edge), shared=bool(missing[3]),
                time_error=float(rng.choice([0.0, 0.004, 0.02, 0.03])),
            )
        )  # fmt: skip
    return contacts


RULES = {
    "double support": re.compile(r"double support of (\d+) ms: push and swing leg are undefined"),
    "walking": re.compile(
        r"a contact of (\d+) ms is one of walking, in whose double support push and swing leg are "
        "undefined"
    ),
    "no point": re.compile(r"the centre of pressure leaves the plates by (\d+) mm"),
    "edge": re.compile(
        r"the centre of pressure comes within (\d+(?:\.\d+)?) mm of the plates' edge "
        r"\(limit 15(?:\.0+)? mm\)"
    ),
    "shared": re.compile(r"both feet stand on one plate"),
    "cut": re.compile(r"the recording cuts the contact"),
    "no touchdown": re.compile(r"its touchdown was not found"),
    "no toe-off": re.compile(r"its toe-off was not found"),
    "last": re.compile(r"no later contact was measured"),
    "same foot": re.compile(r"the next measured contact is the same foot, at (\d\.\d{3}) s"),
    "next unknown": re.compile(r"the touchdown of the next contact was not found"),
    "long flight": re.compile(
        r"flight of (\d\.\d{3}) s is longer than 0\.30 s: a contact is missing"
    ),
}


def _rules_of_reason(step):
    """Rules in a step's reason, with the number that each sentence gives."""
    numbers = {}
    for sentence in filter(None, step.reason.split("; ")):
        [(rule, match)] = [
            (rule, match)
            for rule, pattern in RULES.items()
            if (match := pattern.fullmatch(sentence))
        ]
        numbers[rule] = float(match[1]) if match.groups() else 0.0
    return numbers


def _judged(contacts):
    """Rules that hold for each contact in order of time, from a table of contacts."""
    table = pd.DataFrame(contacts)
    table = table.iloc[table["touchdown"].fillna(table["toe_off"]).argsort(kind="stable")]
    table = table.reset_index(drop=True)
    following, error = table.shift(-1), table["time_error"]
    overlap = table["toe_off"] - following["touchdown"]
    overlap = overlap.where(overlap > np.maximum(error, following["time_error"]), 0.0)
    overlap = np.maximum(overlap, overlap.shift(fill_value=0.0))
    edge, complete = 1e3 * table["edge_distance"], table["complete"]
    duration = table["toe_off"] - table["touchdown"]
    flight = following["touchdown"] - table["toe_off"]
    last = table.index == len(table) - 1
    alternate = ~last & (following["side"] != table["side"])
    number = pd.DataFrame(
        {
            "double support": 1e3 * overlap.where(overlap > 0.0),
            "walking": 1e3 * duration.where((duration > 0.45) & ~(overlap > 0.0)),
            "no point": -edge.where(edge < 0.0),
            "edge": edge.where((edge >= 0.0) & (edge < 15.0)),
            "shared": (~complete & table["shared"]).map({True: 0.0}),
            "cut": (~complete & ~table["shared"]).map({True: 0.0}),
            "no touchdown": (complete & table["touchdown"].isna()).map({True: 0.0}),
            "no toe-off": (complete & table["toe_off"].isna()).map({True: 0.0}),
        }
    )
    missing = pd.DataFrame(
        {
            "last": pd.Series(last).map({True: 0.0}),
            "same foot": following["touchdown"].fillna(following["toe_off"]).where(
                ~last & (following["side"] == table["side"])
            ),
            "next unknown": (alternate & following["touchdown"].isna()).map({True: 0.0}),
            "long flight": flight.where(alternate & (flight > 0.3)),
        }
    )  # fmt: skip
    return table, following, number, missing


def _same_numbers(computed, expected):
    """Rules agree, and numbers as far as the sentence writes them."""
    return set(computed) == set(expected) and all(
        abs(computed[rule] - expected[rule])
        <= (5.1e-4 if rule in ("same foot", "long flight") else 0.51)
        for rule in computed
    )


@pytest.mark.parametrize("seed", range(80))
def test_status_and_reasons_of_drawn_contacts(seed):
    """Against a table of the contacts with pandas: rules, numbers in sentences, next touchdown."""
    contacts = drawn_contacts(seed)
    steps = _steps(*contacts)
    assert [step.number for step in steps] == [*range(1, len(contacts) + 1)]
    if not contacts:
        return
    table, following, number, missing = _judged(contacts)
    for row, step in enumerate(steps):
        rejected, without = number.loc[row].dropna(), missing.loc[row].dropna()
        status = "rejected" if len(rejected) else "incomplete" if len(without) else "ok"
        assert step.status == status
        assert _same_numbers(
            _rules_of_reason(step), dict(rejected if len(rejected) else without)
        ), step
        expected = np.nan if len(without) else following["touchdown"][row]
        np.testing.assert_array_equal(step.next_touchdown, expected)
        for name in ("side", "touchdown", "toe_off", "time_error"):
            np.testing.assert_array_equal(getattr(step, name), table[name][row])


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_steps_know_no_side_no_clock_and_no_order(seed):
    """Mirrored, a second later, or listed in another order, steps are judged alike."""
    contacts, limits = drawn_contacts(seed), {"maximum_flight": 0.302, "edge_distance": 0.015}
    steps = steps_from_contacts(contacts, **limits)
    judged = [(step.status, [*_rules_of_reason(step)]) for step in steps]
    mirrored = steps_from_contacts(
        [replace(contact, side=SIDES[contact.side == "left"]) for contact in contacts], **limits
    )
    assert [(step.status, step.reason) for step in mirrored] == [
        (step.status, step.reason) for step in steps
    ]
    later = steps_from_contacts(
        [
            replace(contact, touchdown=contact.touchdown + 1, toe_off=contact.toe_off + 1)
            for contact in contacts
        ],
        **limits,
    )
    assert [(step.status, [*_rules_of_reason(step)]) for step in later] == judged
    np.testing.assert_array_equal(
        [dataclasses.astuple(step)[2:5] for step in steps_from_contacts(contacts[::-1], **limits)],
        [dataclasses.astuple(step)[2:5] for step in steps],
    )


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_steps_are_known_as_far_as_the_motion(seed):
    """Stances beyond the motion are rejected; flights beyond its end are incomplete."""
    first, last = 0.1 * (seed % 7), 1.0 + 0.05 * (seed % 9)
    words = f"the motion is known from {first:.3f} to {last:.3f} s only"
    steps = _steps(*drawn_contacts(seed))
    for step, cut_step in zip(steps, solved_steps(steps, first, last), strict=True):
        if step.touchdown < first or step.toe_off > last:
            assert cut_step.status == "rejected"
            assert cut_step.reason == "; ".join(
                [*([step.reason] if step.status == "rejected" else []), words]
            )
        elif step.next_touchdown > last:
            assert cut_step.status == {"ok": "incomplete"}.get(step.status, step.status)
            assert cut_step.reason == (step.reason or words)
            assert np.isnan(cut_step.next_touchdown)
        else:
            assert cut_step == step or np.isnan(step.touchdown + step.toe_off + step.next_touchdown)


@pytest.mark.parametrize(("first", "last"), [*product((0.0, 0.1, 0.31), (0.5, 0.51, 0.95, 1.6))])
def test_heading_where_the_motion_is_known(first, last):
    """Nine steps of 0.2 s; 45 degrees to the right within the first contact, straight after."""
    start, stop = round(250 * first) / 250, round(250 * last) / 250
    solved, changes = _cut(45.0, 9, first, last)
    assert len(solved) == 9
    for index, (step, change) in enumerate(zip(solved, changes, strict=True)):
        touchdown = 0.1 + 0.2 * index
        covered = touchdown >= start - 1e-9 and touchdown + 0.1 <= stop + 1e-9
        assert (step.status == "rejected") == (not covered)
        if touchdown >= start - 1e-9 and index < 7 and touchdown + 0.4 <= stop + 1e-9:
            assert change == pytest.approx(np.radians(22.5) * (index == 0), abs=1e-3)
        elif covered and index == 0:
            assert change == pytest.approx(np.radians(45.0), abs=1e-3)
        else:
            assert np.isnan(change)


@pytest.mark.parametrize("turn", [45.0, 16.0, 14.0, -14.0, -20.0])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_turn_within_one_contact(turn, count):
    """Half per step of a stride; without one, only what exceeds the sway of a contact, 15 deg."""
    _, changes = _cut(turn, count, 0.0, 0.9)
    expected = turn / 2 if count == 3 else turn if abs(turn) > 15.0 else np.nan
    assert changes[0] == pytest.approx(np.radians(expected), abs=1e-3, nan_ok=True)
    assert np.isnan(changes[1:]).all()


def test_roles_exchanged_in_flight():
    """R1 never, R2 after the middle, R3 while the swing foot moves backward; not at toe-off."""
    feet = np.zeros((2, 101, 2))
    feet[..., 1] = np.where(PERCENT < 0.7, -5.0, 5.0)
    samples = np.arange(101)
    for rule, expected in (
        ("R1", samples < 0),
        ("R2", samples > 50),
        ("R3", (samples > 0) & (samples < 70)),
    ):
        np.testing.assert_array_equal(exchanged_in_flight(rule, feet), [expected] * 2)
    backward = np.broadcast_to([-3.0, -4.0], (101, 2))
    assert exchanged_in_flight("R3", backward)[1:].all()
    assert not exchanged_in_flight("R3", backward[:, ::-1]).any()


WEIGHTS = {
    "torso": ("pelvis", 1.0), "out": ("pelvis", 0.0), "push_leg": ("push_leg", 1.0),
    "swing_leg": ("swing_leg", 0.0), "legs": (None, 0.5),
}  # fmt: skip
"""Group that the pelvis belongs to, and its share of the push side."""


@pytest.mark.parametrize(("pelvis", "arms"), [*product(PELVIS_MEMBERS, ("together", "split"))])
def test_role_matrix_is_a_partition_of_the_body(pelvis, arms):
    """Groups and sides add up to the whole; a left step mirrors a right one."""
    scheme = RoleScheme(pelvis, arms)
    left, right = (dict(zip(scheme.items, scheme.matrix(side), strict=True)) for side in SIDES)
    mirror = [0, 1, 3, 2, 5, 4]
    for item, row in left.items():
        np.testing.assert_array_equal(row[mirror], right[item])
    np.testing.assert_array_equal(sum(left[item] for item in scheme.partition), np.ones(6))
    np.testing.assert_array_equal(left["total"], np.ones(6))
    group, share = WEIGHTS[pelvis]
    np.testing.assert_array_equal(left["push_side"], [share, 1, 1, 0, 1, 1])
    swing = {"swing_leg": 1.0, "legs": 0.5}.get(pelvis, 0.0)
    np.testing.assert_array_equal(left["swing_side"], [swing, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(left["push_leg"][2:], [1, 0, 0, 0])
    np.testing.assert_array_equal(left["torso"], [0, 1, 0, 0, 0, 0])
    assert np.isnan(left["pelvis"]).all() == (pelvis not in ("torso", "out"))
    if group is not None:
        assert left[group][0] == 1.0
    if arms == "split":
        np.testing.assert_array_equal(left["arm_push"], [0, 0, 0, 0, 1, 0])
        np.testing.assert_array_equal(left["arm_push"] + left["arm_swing"], left["arms"])
    assert ("arm_push" in scheme.items) == (arms == "split")


@pytest.mark.parametrize("side", SIDES)
def test_moments_and_names_by_role(side):
    """Every joint counts once; the lumbar moment is shared; a mirrored body mirrors its roles."""
    of_push_side = {name for name in SOURCES if name.endswith(side)}
    legs = [name.startswith(("hip", "mtp")) for name in SOURCES]
    joints = [name not in ("gravity", "other", "residual") for name in SOURCES]
    for share in (0.0, 0.3):
        push, swing = moment_matrix(SOURCES, side, lumbar_swing_share=share)
        np.testing.assert_allclose(push + swing, np.array(joints, dtype=float))
        assert swing[SOURCES.index("lumbar")] == share
        across = [leg and name not in of_push_side for leg, name in zip(legs, SOURCES, strict=True)]
        np.testing.assert_array_equal(np.delete(swing, 3), np.delete(across, 3))
    roles = [role_name(name, side) for name in (*SOURCES, "wrist_left")]
    for name, role in zip((*SOURCES, "wrist_left"), roles, strict=True):
        part, _, last = name.rpartition("_")
        way = {side: "push"}.get(last, "swing")
        assert role == (f"{part}_{way}" if last in SIDES else name)
    matrix = named_matrix(roles, SOURCES, side)
    np.testing.assert_array_equal(matrix[:-1], np.eye(len(SOURCES)))
    assert np.isnan(matrix[-1]).all()


@pytest.mark.parametrize("pelvis", PELVIS_MEMBERS)
def test_sums_by_role_and_the_pelvis_elsewhere(pelvis):
    """A matrix product; an unknown arm leaves only its group unknown; both ways agree."""
    values = np.random.default_rng(2).normal(size=(6, len(ANATOMICAL_GROUPS), 3))
    matrix = RoleScheme(pelvis).matrix("left", ANATOMICAL_GROUPS, *ROLE_GROUPS)
    rows = np.isfinite(matrix).all(axis=1)
    np.testing.assert_allclose(
        by_role(values, matrix)[:, rows], np.einsum("rg,tgx->trx", matrix[rows], values)
    )
    without_arm = values.copy()
    without_arm[2, ANATOMICAL_GROUPS.index("arm_right")] = np.nan
    sums, arms = by_role(without_arm, matrix), ROLE_GROUPS.index("arms")
    unknown = np.zeros(sums.shape, dtype=bool)
    unknown[2, arms], unknown[:, ~rows] = True, True
    np.testing.assert_array_equal(np.isnan(sums), unknown)
    np.testing.assert_array_equal(by_role(without_arm.T, matrix), sums.T)
    declared = by_role(without_arm, RoleScheme().matrix("left", ANATOMICAL_GROUPS, *ROLE_GROUPS))
    moved = with_pelvis(declared, pelvis)
    not_pelvis = [index for index in np.flatnonzero(rows) if ROLE_GROUPS[index] != "pelvis"]
    np.testing.assert_allclose(moved[:, not_pelvis], sums[:, not_pelvis])
    expected = declared[:, -1] if pelvis == "torso" else 0.0 * declared[:, -1]
    np.testing.assert_allclose(moved[:, -1], expected)


@pytest.mark.parametrize("hidden", [(), ("knee_right",), ("hip_left", "shoulder_left")])
@pytest.mark.parametrize("last", [0.2, np.nan])
def test_postures_of_a_motion_that_ends_early(hidden, last):
    """After toe-off only what is sought over the step becomes unknown, of the leg that is lost."""
    points = _points("left")
    points[60:, [POINTS.index(name) for name in hidden]] = np.nan
    numbers = posture_numbers(points, STRIDE_TIME, [_step("left", 0.0, 0.1, last)])
    complete = posture_numbers(_points("left"), STRIDE_TIME, [_step("left", 0.0, 0.1, 0.2)])
    legs = {"push": any("left" in name for name in hidden), "swing": "knee_right" in hidden}
    over_step = ("thigh_range", "thigh_speed", "knee_height")
    for name, value in numbers.items():
        leg = name.split("_")[2]
        ends = np.isnan(last) and name.startswith((*over_step, "heel_recovery"))
        if ends or (name.startswith(over_step) and legs[leg]):
            assert np.isnan(value).all(), name
        else:
            np.testing.assert_allclose(value, complete[name], err_msg=name)


def test_shares_indices_and_means_of_known_curves():
    """Sines over a whole period, constant forces and a straight line."""
    sine = np.sin(2.0 * np.pi * PERCENT)[:, None] * [3.0, 4.0]
    np.testing.assert_allclose(phase_rms(sine), np.array([3.0, 4.0]) / np.sqrt(2.0), rtol=1e-9)
    assert moment_index(sine) == pytest.approx(5.0 / np.sqrt(2.0), rel=1e-9)
    np.testing.assert_allclose(absolute_share(-0.5 * np.abs(sine), sine), [-0.5, -0.5])
    force = np.tile([2.0, 6.0, -3.0], (101, 1))
    assert lateral_ratio(force) == pytest.approx(3.0 / 7.0)
    line = np.stack([PERCENT, 5.0 - 2.0 * PERCENT], axis=1)
    for start, end in ((0.0, 0.37), (0.37, 1.0), (0.4, 0.4)):
        middle = 0.5 * (start + end)
        np.testing.assert_allclose(interval_mean(line, start, end), [middle, 5.0 - 2.0 * middle])
    for force in (3.0, -3.0, 0.0):  # never changes from braking to propulsion
        assert propulsion_start(np.full(101, force)) == 0.5
    speed = np.stack([8.0 + PERCENT, 9.0 - 0.25 * PERCENT])
    assert speed_change(speed, _step("left")) == pytest.approx(0.75)
    assert speed_change(speed, _step("right", 0.0, 0.1, np.nan)) == pytest.approx(1.0)
    with pytest.raises(ValueError, match=r"0\.2200 to 0\.9000 s lie outside the rec"):
        phase_curve(_step("left", end=0.9), "flight", TIME, np.zeros((200, 3)), "axial")


@pytest.mark.parametrize(
    ("torso", "words"),
    [
        ([], r"every segment must be in exactly one group, but: \{'torso': 0\}"),
        (["torso"] * 2, r"every segment must be in exactly one group, but: \{'torso': 2\}"),
        (["torso", "head"], r"segments \['head'\] are not in the model \(pelvis, torso, thigh_l"),
    ],
)
def test_every_segment_is_in_one_group(torso, words):
    groups = {"pelvis": ["pelvis"], "torso": torso, "legs": list(SEGMENTS[2:])}
    with pytest.raises(ValueError, match=words):
        membership(groups, SEGMENTS)


@pytest.mark.parametrize("hole", range(30))
def test_a_contact_is_measured_where_all_of_its_frames_are(hole):
    """Its first and last ones too; a contact of a single frame is none."""
    time = np.arange(30) / 100.0
    contacts = [
        Contact(side, time[first], time[last], complete=True, edge_distance=0.2)
        for side, first, last in (("left", 3, 9), ("right", 12, 20), ("left", 25, 26))
    ]
    short = Contact("right", 0.275, 0.289, complete=True, edge_distance=0.2)
    measured = np.arange(30) != hole
    measured_ones = measured_contacts([*contacts, short], time, measured)
    inside = (range(3, 10), range(12, 21), (25, 26))
    expected = [
        contact for contact, frames in zip(contacts, inside, strict=True) if hole not in frames
    ]
    assert measured_ones == expected


@pytest.mark.parametrize("stance", SIDES)
@pytest.mark.parametrize("pelvis", ["torso", "legs", "out"])
def test_deviations_of_roles_are_those_of_drawn_groups(stance, pelvis):
    """Sums over correlated groups, draw by draw; unknown where a group of the role is."""
    groups, rng, scheme = list(ANATOMICAL_GROUPS), np.random.default_rng(2), RoleScheme(pelvis)
    mixed = rng.normal(size=(4, 3, len(groups), len(groups)))
    draws = np.einsum("tagh,ntha->ntga", mixed, rng.normal(size=(50, 4, len(groups), 3)))
    draws -= draws.mean(axis=0)
    covariance = np.einsum("ntga,ntha->tgha", draws, draws) / len(draws)
    expected = by_role(draws, scheme.matrix(stance, groups), axis=2).std(axis=0)
    sd = role_sd(covariance, groups, scheme, stance)
    np.testing.assert_allclose(sd, expected, rtol=1e-9, atol=1e-9)
    arm = groups.index("arm_left")
    covariance[2, arm] = covariance[2, :, arm] = np.nan
    without_arm = role_sd(covariance, groups, scheme, stance)
    of_arm = scheme.matrix(stance, groups)[:, arm] != 0.0
    np.testing.assert_array_equal(np.isnan(without_arm[2]), np.isnan(sd[2]) | of_arm[:, None])
