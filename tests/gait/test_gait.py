"""Steps, roles, postures and curves: closed forms, sums, mirrors, drawn contacts, and files."""

from __future__ import annotations

from itertools import product
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aqbio.gait.postures import MEASURES, POINTS, posture_numbers
from aqbio.gait.roles import (
    FlightRule,
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
from tests.examples import answers
from tests.golden import differences
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
        ours = phase_curve(_step("right"), "stance", TIME, values, kind)
        mirrored = phase_curve(_step("left"), "stance", TIME, mirror(values), kind)
        np.testing.assert_array_equal(mirrored, ours)


STRIDE_TIME, STRIDE = np.linspace(0.0, 0.4, 201), 0.4
LEAN, THIGH, SHANK = 0.1, 0.42, 0.40


def _points(push):
    """The push leg's thigh falls from front to back as a cosine, the other comes forward."""
    wave = np.cos(2.0 * np.pi * STRIDE_TIME / STRIDE)
    angles = {push: 0.1 + 0.5 * wave, SIDES[1 - SIDES.index(push)]: 0.2 - 0.8 * wave}
    found = np.zeros((len(STRIDE_TIME), len(POINTS), 3))
    for side, angle in angles.items():
        hip = np.array([0.02, 0.9, 0.1])
        knee = hip + THIGH * np.stack([np.sin(angle), -np.cos(angle), 0.0 * angle], axis=1)
        for name, own in (
            ("hip", hip + 0.0 * knee), ("knee", knee), ("ankle", knee - [0.0, SHANK, 0.0]),
            ("shoulder", hip + [np.sin(LEAN), np.cos(LEAN), 0.0] + 0.0 * knee),
        ):  # fmt: skip
            found[:, POINTS.index(f"{name}_{side}")] = own
    return found


@pytest.mark.parametrize("push", SIDES)
def test_closed_forms_of_postures(push):
    """Draws are carried along."""
    step = [_step(push, 0.0, 0.1, 0.2)]
    found = posture_numbers(_points(push), STRIDE_TIME, step)
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
    drawn = posture_numbers(np.stack([_points(one) for one in SIDES], axis=-1), STRIDE_TIME, step)
    for name, values in drawn.items():
        assert values.shape == (1, 2)
        np.testing.assert_allclose(values[:, SIDES.index(push)], found[name])


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
    whole = contact + flight
    return np.stack(
        [function(contact * PERCENT / whole), function((contact + flight * PERCENT) / whole)]
    )


@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.47, 0.478, 0.5, 0.8, 0.9]), min_size=1, max_size=6),
    st.sampled_from([1.0, -1.0]),
)
def test_the_peaks_of_known_waves(places, sign):
    """A cosine's cubic spline misses its peak by less than 1e-5 of the step at 200 samples.

    Also next to toe-off (0.478 of the step); peaks at an end are not in this step.
    """
    waves = [_curves(lambda share, at=at: sign * np.cos(np.pi * (share - at))) for at in places]
    curves = np.stack([*waves, _curves(lambda share: 1.0 - share), _curves(np.square)])
    durations = np.array(DURATIONS) * np.linspace(0.8, 1.2, len(curves))[:, None]
    found = peak_instants(curves, durations)
    np.testing.assert_allclose(found, [*places, np.nan, np.nan], atol=1e-5)


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
    found = heading_changes(_regular(6), time, velocity)
    np.testing.assert_allclose(found[:4], 0.1, atol=1e-6)
    assert np.isnan(found[4:]).all()
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
        on, off = np.round(at, 2), np.round(at + rng.choice([0.08, 0.12, 0.14, 0.26]), 2)
        lost = rng.random(4) < 0.08
        edge = rng.choice([0.2, 0.2, 0.2, 0.015, 0.0149, 0.009, -0.006, np.nan])
        contacts.append(
            Contact(
                side, np.nan if lost[0] else on, np.nan if lost[1] else off,
                complete=not lost[2], edge_distance=float(edge), shared=bool(lost[3]),
                time_error=float(rng.choice([0.0, 0.004, 0.02, 0.03])),
            )
        )  # fmt: skip
    return contacts


def _flight_roles(rule):
    feet = np.zeros((2, 101, 2))
    feet[..., 1] = np.where(PERCENT < 0.7, -5.0, 5.0)
    return exchanged_in_flight(rule, feet)


def _postures(lost, last):
    points = _points("left")
    points[60:, [POINTS.index(one) for one in lost]] = np.nan
    return posture_numbers(points, STRIDE_TIME, [_step("left", 0.0, 0.1, last)])


def _examples():
    for seed in range(80):
        yield f"steps {seed}", lambda seed=seed: _steps(*drawn_contacts(seed))
    for seed in range(0, 40, 2):
        ends = 0.1 * (seed % 7), 1.0 + 0.05 * (seed % 9)
        yield f"solved {seed}", lambda a=ends, s=seed: solved_steps(_steps(*drawn_contacts(s)), *a)
    for first, last in product((0.0, 0.1, 0.31), (0.5, 0.51, 0.95, 1.6)):
        yield f"known {first} {last}", lambda a=(first, last): _cut(45.0, 9, *a)
    for turn, count in product((45.0, 16.0, 15.0, 14.0, -20.0), (1, 2, 3)):
        yield f"turn {turn} {count}", lambda a=(turn, count): _cut(*a, 0.0, 0.9)
    for rule in get_args(FlightRule):
        yield rule, lambda rule=rule: _flight_roles(rule)
    for side, pelvis, arms in product(SIDES, PELVIS_MEMBERS, ("together", "split")):
        scheme = RoleScheme(pelvis, arms)
        yield f"{side} {pelvis} {arms}", lambda s=scheme, side=side: (s.partition, s.matrix(side))
    for side, share in product(SIDES, (0.0, 0.5)):
        yield (
            f"moments {side} {share}",
            lambda side=side, share=share: moment_matrix(SOURCES, side, lumbar_swing_share=share),
        )
        names = [role_name(name, side) for name in (*SOURCES, "wrist_left")]
        yield f"names {side} {share}", lambda n=names, s=side: (n, named_matrix(n, SOURCES, s))
    for sign in (3.0, -3.0, 0.0):
        yield f"no change {sign}", lambda sign=sign: propulsion_start(np.full(101, sign))
    for lost, last in product(((), ("knee_right",), ("hip_left", "shoulder_left")), (0.2, np.nan)):
        yield f"posture {lost} {last}", lambda a=(lost, last): _postures(*a)
    part, whole = np.random.default_rng(3).normal(size=(2, 101, 2, 3))
    yield "shares", lambda: [absolute_share(part, whole), moment_index(part), phase_rms(part)]
    yield "ratio", lambda: lateral_ratio(whole[:, 0])
    for one in (_step("left"), _step("right", 0.0, 0.1, np.nan)):
        yield f"speed {one}", lambda one=one: speed_change(part[:, 0, :2].T, one)
    for first, last in ((0.0, 0.37), (0.37, 1.0), (0.4, 0.4)):
        yield f"mean of {first} to {last}", lambda a=(first, last): interval_mean(part, *a)
    lost = np.random.default_rng(2).normal(size=(6, len(ANATOMICAL_GROUPS), 3))
    lost[2, ANATOMICAL_GROUPS.index("arm_right")] = np.nan
    for pelvis in PELVIS_MEMBERS:
        matrix = RoleScheme(pelvis).matrix("left", ANATOMICAL_GROUPS, *ROLE_GROUPS)
        yield f"pelvis {pelvis}", lambda m=matrix: [by_role(lost, m), by_role(lost.T, m)]
        declared = by_role(lost, RoleScheme().matrix("left", ANATOMICAL_GROUPS, *ROLE_GROUPS))
        yield f"moved to {pelvis}", lambda d=declared, p=pelvis: with_pelvis(d, p)
    late = _step("left", end=0.9)
    yield "late", lambda: phase_curve(late, "flight", TIME, np.zeros((200, 3)), "axial")
    for torso in ([], ["torso"] * 2, ["torso", "head"]):
        groups = {"pelvis": ["pelvis"], "torso": torso, "legs": list(SEGMENTS[2:])}
        yield f"torso of {torso}", lambda groups=groups: membership(groups, SEGMENTS)


def test_steps_and_roles_are_what_they_were():
    """Every status and reason of contacts drawn on both sides of limits."""
    assert differences("gait", answers(dict(_examples()))) == []
