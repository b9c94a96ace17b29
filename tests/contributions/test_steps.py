"""Curves, rows, spreads and quality of steps by mirrors, sums, closed forms, hand-made draws."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.config.settings import Quality
from aqbio.contributions.dataset import frames_in_contact
from aqbio.contributions.other_models import curve_sds, with_model
from aqbio.contributions.step_quality import band_rows, quality_rows
from aqbio.contributions.step_rows import TrialSteps, level_rows, rows_of_level_a
from aqbio.gait.belt import belt_speed, step_belt_speed_sds, step_belt_speeds
from aqbio.gait.curves import SPREADS, step_dataset
from aqbio.gait.roles import PelvisMember, RoleScheme
from aqbio.gait.signals import CHAINS, JOINT_ROLES
from aqbio.gait.steps import (
    PERCENT,
    Contact,
    heading_changes,
    phase_mean,
    solved_steps,
    speed_change,
    steps_from_contacts,
)
from aqbio.intervals.step_states import statistic_sds
from aqbio.intervals.step_uncertainty import (
    KEYS,
    NAMES,
    half_widths,
    stance_sds,
    trial_budget,
    uncertainty_budget,
)
from aqbio.io.study import load_study
from aqbio.names import AXES, GRAVITY, NORMAL_95, SIDES
from aqbio.study.manifest import OK, entry, write_manifest
from tests.contributions.test_golden import CONTRIBUTIONS_ENTRY, PLAIN, SOLVED
from tests.levels_case import smooth_run
from tests.made_contributions import (
    CONTACTS,
    MAP,
    MASS,
    RIGHT,
    ROLES,
    STEP,
    TIME,
    cut_steps,
    fitted_trial,
    grounded,
    levels_trial,
    made_trial,
    mirrored_trial,
    one_step,
)
from tests.mirror import mirrored_axial, mirrored_polar
from tests.small_study import write_small_study

CLOSE = 1e-9


def _steps(trial):
    contacts = [
        Contact(str(foot), touchdown, toe_off, True, 0.2)
        for foot, touchdown, toe_off in zip(
            trial["contact_foot"].values, CONTACTS["touchdown"], CONTACTS["toe_off"], strict=True
        )
    ]
    return steps_from_contacts(contacts, maximum_flight=0.3, edge_distance=0.015)


@pytest.fixture
def trial():
    return made_trial()


def _at(trial, variable, times, **labels):
    """Values at any time: the made curves are cubics, so a cubic fit is exact."""
    signal = trial[variable].sel(**labels)
    flat = signal.values.reshape(len(trial["time"]), -1)
    fit = np.polynomial.polynomial.polyfit(trial["time"].values, flat, 3)
    values = np.polynomial.polynomial.polyval(times, fit).T
    return values.reshape(len(times), *signal.shape[1:])


@pytest.mark.parametrize("number", [0, 1])
def test_curves_are_the_signals_of_the_step_by_role(trial, number):
    """Left contacts change roles and are mirrored; moments are positive in extension."""
    step = _steps(trial)[number]
    curves, side = one_step(trial, step), step.side
    swing, left = {"left": ("right", True), "right": ("left", False)}[side]
    times = step.toe_off + PERCENT * step.flight
    curve = curves["angular_momentum_rate"][1]
    for role, group in (("push_leg", f"leg_{side}"), ("swing_leg", f"leg_{swing}"),
                        ("pelvis", "pelvis")):  # fmt: skip
        expected = _at(trial, "group_angular_momentum_rate", times, group=group)
        expected = mirrored_axial(expected) if left else expected
        np.testing.assert_allclose(curve[:, ROLES.index(role)], expected, atol=CLOSE)
    times = step.touchdown + PERCENT * step.contact
    force = _at(trial, "ground_force", times, foot=side)
    force = mirrored_polar(force) if left else force
    np.testing.assert_allclose(curves["ground_force"][0], force, atol=1e-6)
    for role, name, sign in (("knee_push", f"knee_angle_{side[0]}", -1),
                             ("hip_swing", f"hip_flexion_{swing[0]}", -1),
                             ("lumbar", "lumbar_extension", 1)):  # fmt: skip
        curve = curves["joint_flexion_moment"][0, :, JOINT_ROLES.index(role)]
        expected = sign * _at(trial, "joint_moment_coordinate", times, coordinate=name)
        np.testing.assert_allclose(curve, expected, atol=CLOSE)


def test_the_ground_takes_no_part_in_the_extremes_of_a_flight(trial):
    """A frame before touchdown a curve begins to turn to the moment of a foot that is loaded."""
    step = _steps(trial)[0]
    at = trial["time"].values
    loaded = np.maximum(np.maximum(step.toe_off - at, at - step.next_touchdown), 0.0)
    moment = np.linspace(1.0, 2.0, len(at)) - 5000.0 * loaded
    trial["joint_moment"][:] = moment[:, None, None]
    curves = step_dataset(trial, [step], MAP, RoleScheme())
    rows = rows_of_level_a(curves, [step], at).frame([1])
    rows = rows[(rows["level"] == "joint") & (rows["phase"] == "flight")]
    extremes = rows.loc[rows["statistic"].isin(["moment_min", "moment_max"]), "value"]
    assert len(extremes) == 2 * len(AXES) * len(JOINT_ROLES)
    assert extremes.between(0.8, 2.2).all()
    assert curves["joint_moment"].isel(phase=1).min() < 0.0
    single = rows_of_level_a(curves, [step], step.flight * np.arange(2.0)).frame([1])
    assert single.loc[extremes.index, "value"].isna().all()


def test_balance_holds_in_every_step_and_in_a_mirror(trial):
    """Total rate = moment of forces + free moment + residual; every curve of a mirrored run."""
    mirrored = mirrored_trial(trial)
    for step, mirrored_step in zip(_steps(trial)[:2], _steps(mirrored)[:2], strict=True):
        assert step.side != mirrored_step.side
        before, after = one_step(trial, step), one_step(mirrored, mirrored_step)
        for name, values in before.data_vars.items():
            np.testing.assert_allclose(after[name], values, atol=CLOSE, err_msg=name)
        assert after["speed"].item() == pytest.approx(before["speed"].item())
        total = before["angular_momentum_rate"][:, :, ROLES.index("total")]
        external = before["moment_of_force"] + before["free_moment"]
        np.testing.assert_allclose(total, external + before["residual_moment"], atol=CLOSE)
        np.testing.assert_allclose(before["external_moment"], external, atol=CLOSE)


@pytest.mark.parametrize("belt", [0.0, 8.0])
def test_speed_and_heading_are_those_over_the_ground(belt):
    """Mean over the step; half of a stride's turn per step, to the side of the first foot."""
    trial = made_trial(speed=8.0, belt=belt)
    step = _steps(trial)[0]
    times = np.linspace(step.touchdown, step.next_touchdown, 2001)
    velocity = _at(trial, "com_velocity", times, axis="x") + belt
    mean = np.trapezoid(velocity, times) / (times[-1] - times[0])
    assert one_step(trial, step)["speed"].item() == pytest.approx(mean, rel=1e-6)
    angle, zeros = np.radians(20.0) * TIME, np.zeros(len(TIME))
    for sign in (1.0, -1.0):
        velocity = 8.0 * np.column_stack((np.cos(angle), zeros, sign * np.sin(angle)))
        turn = heading_changes(_steps(trial), TIME, velocity)[0]
        first = CONTACTS["touchdown"]
        assert np.degrees(turn) == pytest.approx(sign * 10.0 * (first[2] - first[0]), rel=1e-6)


def test_a_step_has_the_speed_of_its_own_contacts():
    """On a belt that speeds up: the mean of a straight line, and no speed that is not the runner's;
    after the last contact the belt keeps its speed."""
    before = made_trial(speed=8.0, belt=8.0)
    middle = 0.5 * (CONTACTS["touchdown"] + np.array(CONTACTS["toe_off"]))
    speeds, sds = 6.0 + 2.0 * middle, np.array([0.1, 0.2, 0.3])
    trial = before.assign(
        contact_belt_speed=("contact", speeds), contact_belt_speed_sd=("contact", sds)
    )
    steps = _steps(trial)
    ends = np.array([(step.touchdown, step.next_touchdown) for step in steps[:2]])
    instants = np.linspace(*ends.T, 20001)
    expected = 6.0 + 2.0 * np.clip(instants, middle[0], middle[-1]).mean(axis=0)
    np.testing.assert_allclose(step_belt_speeds(trial, steps)[:2], expected, rtol=1e-4)
    np.testing.assert_allclose(
        step_belt_speed_sds(trial, steps)[:2],
        [np.interp(at, middle, sds).mean() for at in instants.T],
        rtol=1e-4,
    )
    for step, belt in zip(steps[:2], expected, strict=True):
        constant, changing = one_step(before, step), one_step(trial, step)
        assert changing["speed"].item() == pytest.approx(constant["speed"].item() - 8.0 + belt)
        forward = [curves["com_velocity"].sel(axis="x").values for curves in (constant, changing)]
        change = [speed_change(velocity, step) for velocity in forward]
        assert change[1] == pytest.approx(change[0], abs=1e-9)
        sideways = [curves["com_velocity"].values[..., 1:] for curves in (constant, changing)]
        np.testing.assert_array_equal(*sideways)
    np.testing.assert_allclose(
        belt_speed(trial, TIME), 6.0 + 2.0 * np.clip(TIME, middle[0], middle[-1])
    )
    shuffled = trial.isel(contact=[2, 0, 1])
    np.testing.assert_allclose(belt_speed(shuffled, TIME), belt_speed(trial, TIME))
    unfound = trial.assign(contact_toe_off=trial["contact_toe_off"] * [1.0, np.nan, 1.0])
    np.testing.assert_allclose(belt_speed(unfound, middle)[[0, 2]], speeds[[0, 2]])


ROW_KEYS = ["level", "source", "target", "axis", "phase", "statistic"]


@pytest.fixture(scope="module")
def levels():
    case, time = smooth_run(60)
    return levels_trial(grounded(case, frames_in_contact(time, [RIGHT])), time, [RIGHT])[1]


def _momentum(trial, step, scheme):
    values = one_step(trial, step, scheme)["angular_momentum"]
    return {item: values[:, :, index] for index, item in enumerate(scheme.items)}


@pytest.mark.parametrize("pelvis", get_args(PelvisMember))
@pytest.mark.parametrize("arms", ["together", "split"])
@pytest.mark.parametrize("flight", ["R1", "R2", "R3"])
def test_groups_and_sides_add_up_to_the_whole_body(trial, pelvis, arms, flight):
    scheme = RoleScheme(pelvis, arms, flight)
    for step in _steps(trial)[:2]:
        momentum = _momentum(trial, step, scheme)
        declared = _momentum(trial, step, RoleScheme())
        sides = momentum["push_side"] + momentum["swing_side"]
        sides = sides + (momentum["pelvis"] if pelvis == "out" else 0.0)
        for parts in (momentum["total"], sum(momentum[name] for name in scheme.partition), sides):
            np.testing.assert_allclose(parts, declared["total"], atol=CLOSE)
        if arms == "split":
            arms_sum = momentum["arm_push"] + momentum["arm_swing"]
            np.testing.assert_allclose(arms_sum, momentum["arms"], atol=CLOSE)
        assert np.isnan(momentum["pelvis"]).all() == ("pelvis" not in scheme.partition)


@pytest.mark.parametrize("number", [0, 1])
def test_roles_change_in_mid_flight_under_r2(trial, number):
    """Legs, chains and joints together; the whole body, forces and the stance stay."""
    step = _steps(trial)[number]
    declared, exchanged = (one_step(trial, step, RoleScheme(flight=r)) for r in ("R1", "R2"))
    later = PERCENT > 0.5
    joints = [(f"{index}_push", f"{index}_swing") for index in ("hip", "shoulder")]
    for name, names, pairs in (
        ("angular_momentum", RoleScheme().items, [("push_leg", "swing_leg")]),
        ("hub_moment", CHAINS, [("leg_push", "leg_swing")]),
        ("joint_moment", JOINT_ROLES, joints),
        ("joint_flexion_moment", JOINT_ROLES, joints[:1]),
    ):
        before, after = declared[name], exchanged[name]
        np.testing.assert_array_equal(after[0], before[0])
        for pair in pairs:
            push, swing = map(names.index, pair)
            for index, partner in ((push, swing), (swing, push)):
                np.testing.assert_array_equal(after[1, ~later, index], before[1, ~later, index])
                expected = before[1, later, partner]
                np.testing.assert_allclose(after[1, later, index], expected, atol=CLOSE)
    for name in ("ground_force", "external_moment", "residual_moment"):
        np.testing.assert_array_equal(exchanged[name], declared[name])


def test_the_foot_that_moves_backward_pushes_under_r3(trial):
    """The left foot goes back from 0.115 to 0.345 s: after 0.345 s of the left step, the right."""
    step = _steps(trial)[0]
    declared, swapped = (_momentum(trial, step, RoleScheme(flight=r)) for r in ("R1", "R3"))
    at = step.toe_off + PERCENT * step.flight
    left = (at > 0.115) & (at < 0.345) & (at > step.toe_off)
    assert left.any()
    for chosen, source in ((left, "swing_leg"), (~left, "push_leg")):
        expected = declared[source][1, chosen]
        np.testing.assert_allclose(swapped["push_leg"][1, chosen], expected, atol=CLOSE)


@pytest.mark.parametrize("flight", ["R1", "R2"])
def test_rows_are_the_means_of_the_curves(levels, flight):
    """Level B in flight by another way; work of both sides together does not depend on roles."""
    scheme = RoleScheme(flight=flight)
    rows = pd.DataFrame(level_rows(levels, STEP, scheme)).set_index(ROW_KEYS)["value"]
    declared = pd.DataFrame(level_rows(levels, STEP)).set_index(ROW_KEYS)["value"]
    stance = rows.index.get_level_values("phase") != "flight"
    np.testing.assert_array_equal(rows[stance], declared[stance])
    cut = step_dataset(levels, [STEP], MAP, scheme).isel(step=0)
    curve = cut["hub_moment"].sel(phase="flight").values
    for chain in ("leg_push", "leg_swing", "upper_body"):
        expected = phase_mean(curve[:, CHAINS.index(chain), 1])
        mean = rows["B", chain, "pelvis", "y", "flight", "moment_mean"]
        assert mean == pytest.approx(expected, rel=1e-12)
    for sign in ("positive", "negative"):
        work, before = (
            sum(
                table["B", f"hip_{side}", "whole_body", "all", "flight", f"work_{sign}"]
                for side in ("push", "swing")
            )
            for table in (rows, declared)
        )
        assert work == pytest.approx(before, rel=1e-9)


SOURCES = ("inertia", "plates", "skin")
OF_ARMS = ("A", "arms", "whole_body", "momentum_mean", "kg m2/s")
OF_TORSO = ("A", "torso", "whole_body", "momentum_mean", "kg m2/s")


def _with_interval_sd(outcomes, sds, trial=None):
    """Standard deviations (sources, feet) of every outcome on y alone, on a trial."""
    values = np.zeros((len(sds), 2, len(outcomes), 3))
    values[..., 1] = np.array(list(sds.values()), dtype=float)[..., None]
    names = {f"outcome_{name}": [key[n] for key in outcomes] for n, name in enumerate(NAMES)}
    dimensions = ("uncertainty_source", "stance_foot", "outcome", "axis")
    data = xr.Dataset(coords={"axis": list(AXES)}) if trial is None else trial
    return data.assign(interval_sd=(dimensions, values)).assign_coords(
        uncertainty_source=list(sds), stance_foot=list(SIDES),
        **{name: ("outcome", parts) for name, parts in names.items()},
    )  # fmt: skip


def _with_states(trial, states, motion=None):
    """States (J, feet) by source of the statistics on y, and samples (contacts, J) of motion."""
    keys, sources = list(KEYS.values()), [name for name, parts in states.items() for _ in parts]
    values = np.zeros((len(sources), 2, len(keys), 3))
    values[..., 1] = np.concatenate([np.array(parts) for parts in states.values()])[..., None]
    names = {name: [key[n] for key in keys] for n, name in enumerate(NAMES)}
    data = trial.assign(
        state_deviation=(("state", "stance_foot", "outcome", "axis"), values)
    ).assign_coords(
        state_source=("state", sources), stance_foot=list(SIDES), axis=list(AXES),
        **{f"outcome_{name}": ("outcome", parts) for name, parts in names.items()},
    )  # fmt: skip
    if motion is None:
        return data
    samples = np.zeros((*np.shape(motion), len(keys), 3))
    samples[..., 1] = np.array(motion)[..., None]
    dimensions = ("stance", "motion_state", "motion_outcome", "axis")
    return data.assign(motion_deviation=(dimensions, samples)).assign_coords(
        stance_touchdown=("stance", trial["contact_touchdown"].values[: len(motion)]),
        **{f"motion_outcome_{name}": ("motion_outcome", parts) for name, parts in names.items()},
    )


def test_the_error_of_a_trials_statistic_is_that_of_its_mean_over_steps():
    """Sources add up; what differs between feet and steps cancels, a step's own error averages."""
    trial = fitted_trial(made_trial())
    steps = [step for step in _steps(trial) if step.status != "rejected"]
    count = len(steps)
    right = sum(step.side == "right" for step in steps) / count

    def sd(states, motion=None, models=None):
        sds = statistic_sds(_with_states(trial, states, motion), steps, models)
        assert set(sds) == set(KEYS)
        return next(iter(sds.values()))

    mean = 0.03 * (1.0 - right) + 0.06 * right
    assert sd({"inertia": [(0.03, 0.06)]}) == pytest.approx(mean)
    assert sd({"inertia": [(0.03, 0.03)], "plates": [(0.04, 0.04)]}) == pytest.approx(0.05)
    assert sd({"centres": [(0.02, 0.02), (0.0, 0.0)]}) == pytest.approx(0.02 / np.sqrt(2.0))
    assert sd({"events": [(0.03, 0.03)]}) == pytest.approx(0.03 / np.sqrt(count))
    key = next(iter(KEYS.values()))
    models = {side: [{key: np.array([0.0, 0.04, 0.0])}] for side in SIDES}
    assert sd({"inertia": [(0.03, 0.03)]}, models=models) == pytest.approx(0.05)
    models["left"] = [{key: np.array([0.0, -0.04, 0.0])}]
    opposite = 0.04 * (2.0 * right - 1.0)
    assert sd({"inertia": [(0.03, 0.03)]}, models=models) == pytest.approx(np.hypot(0.03, opposite))
    del models["left"]  # which no other model has
    assert sd({"inertia": [(0.03, 0.03)]}, models=models) == pytest.approx(
        np.hypot(0.03, 0.04 * right)
    )
    contacts = trial.sizes["contact"]
    samples = np.tile([0.1, -0.1], (contacts, 1))
    assert sd({"inertia": [(0.0, 0.0)]}, samples) == pytest.approx(0.1)  # the same in all steps
    assert statistic_sds(trial, steps) == {}


def _rows(*values, axis="y", outcome=OF_ARMS):
    names = dict(zip(NAMES, outcome, strict=True)) | {"axis": axis}
    return pd.DataFrame([names | {"step": n, "value": value} for n, value in enumerate(values)])


def test_the_choice_of_the_model_adds_its_variance():
    """Curves by the root mean square over steps at every percent."""
    deviating = _with_interval_sd((OF_ARMS, OF_TORSO), {"inertia": (3.0, np.nan)})
    states = [{OF_ARMS: np.array([0.0, deviation, 0.0])} for deviation in (np.sqrt(32.0), 0.0)]
    trial = with_model(deviating, dict.fromkeys(SIDES, states))  # two other models
    half = half_widths(stance_sds(trial, "left"))
    assert half[OF_ARMS[:4]]["y"] == pytest.approx(5.0 * NORMAL_95)
    assert half[OF_TORSO[:4]]["y"] == pytest.approx(3.0 * NORMAL_95)  # no other model has a torso
    assert stance_sds(trial, "right") == {}  # nothing was drawn there, so nothing is told
    budget = uncertainty_budget(trial_budget(trial, {"left": 2})).set_index("source")
    assert budget.loc["arms", "share_model"] == pytest.approx(16.0 / 25.0)

    def curves(*values):
        samples = np.broadcast_to(np.array(values)[:, None, None], (len(values), 2, 5)).copy()
        samples[:, 1] = np.nan  # no flight
        return xr.Dataset(dict.fromkeys(SPREADS, (("step", "phase", "percent"), samples)))

    sds = curve_sds([(curves(1.0, 2.0), curves(4.0, 6.0)), (curves(0.0), curves(np.nan))])
    assert set(sds) == set(SPREADS)
    for values in sds.values():
        np.testing.assert_allclose(values[0], np.sqrt((9.0 + 16.0) / 2))
        assert np.isnan(values[1]).all()


def _step(**changes: object) -> dict[str, object]:
    """A step of somebody in the middle of every band at 9 m/s; the weight is borne exactly."""
    contact, flight = 0.1125, 0.125
    return {
        "status": "ok", "step_flags": None, "speed_mps": 9.0,
        "contact_s": contact, "flight_s": flight,
        "step_frequency_hz": 4.3, "step_length_m": 2.125, "peak_vertical_force_bw": 3.75,
        "mean_vertical_force_bw": (contact + flight) / contact,
    } | changes  # fmt: skip


def _bands(*steps: dict[str, object]) -> dict[str, dict[str, object]]:
    return {row["measure"]: row for row in band_rows(Quality(), {}, steps)}


@pytest.fixture
def study(tmp_path):
    study = load_study(write_small_study(tmp_path))
    recorded = ("prepare", {"marker_low_pass": None})
    for stage, numbers in (recorded, ("inverse_kinematics", SOLVED), ("inverse_dynamics", PLAIN)):
        write_manifest(study, "P1", stage, [entry("fast", OK, "", **numbers)])
    return study


def _trial(study, data: xr.Dataset) -> TrialSteps:
    contacts = [
        Contact(str(foot), touchdown, toe_off, True, 0.2)
        for foot, touchdown, toe_off in zip(*CONTACTS.values(), strict=True)
    ]
    steps = steps_from_contacts(contacts, maximum_flight=0.3, edge_distance=0.015)
    steps = solved_steps(steps, float(TIME[0]), float(TIME[-1]))
    errors = xr.DataArray(np.zeros((len(TIME), 1)), dims=("time", "marker"))
    curves, trial = cut_steps(data, steps), study.moving_of("P1")[0]
    return TrialSteps(
        "P1",
        trial,
        data,
        errors,
        tuple(steps),
        curves,
        (),
        {},
        Path("fast.nc"),
        CONTRIBUTIONS_ENTRY,
    )


@pytest.fixture
def rows(study):
    def quality_of(data):
        return pd.DataFrame(list(quality_rows(study, [_trial(study, data)]))).set_index("measure")

    return quality_of


PARTS = ("push_leg", "swing_leg", "arms", "torso", "pelvis")


def test_a_delay_of_the_forces_is_seen(rows):
    """Forces that follow from the motion, 12 ms late: three frames, more than the one allowed."""
    data = made_trial()
    lift = 2.0 * GRAVITY * np.sin(2 * np.pi * 4.3 * TIME) ** 2
    late = 2.0 * GRAVITY * np.sin(2 * np.pi * 4.3 * (TIME - 0.012)) ** 2
    data["com_acceleration"].values[:, 1] = lift - GRAVITY
    data["ground_force"].values[:] = 0.0
    data["ground_force"].values[:, 0, 1] = MASS * late
    delay = rows(data).loc["force_delay"]
    assert delay["value"] == pytest.approx(0.012, abs=0.0005)
    assert (delay["verdict"], "late" in delay["note"]) == ("warning", True)


@pytest.mark.parametrize(("motion", "rates"), [(0.2, 0.3), (0.01, 0.04), (0.001, 0.01)])
def test_what_a_filter_of_the_markers_hides_is_a_measure(study, rows, motion, rates):
    """Of motion and of moments, each with what must not be relied on; none without a filter."""
    assert "hidden_motion" not in rows(made_trial()).index
    hidden = {"stated_hz": 8.0, "hidden_motion": motion, "hidden_rates": rates}
    write_manifest(study, "P1", "prepare", [entry("fast", OK, "", marker_low_pass=hidden)])
    measures = rows(made_trial())
    for name, value, limit, spoilt in (
        ("hidden_motion", motion, 0.05, "postures, momentum, moments, causes"),
        ("hidden_rates", rates, 0.025, "moments, causes"),
    ):
        row = measures.loc[name]
        assert row["value"] == value
        assert row["verdict"] == ("fail" if value > limit else "ok")
        assert (row["invalidates"] == spoilt) == (value > limit)
        assert "low-passed at about 8 Hz" in row["note"]


ELSEWHERE = ("usable_share", "beyond_band", "vertical_impulse")
"""Limits that other rows are held against: test_gates, test_steps."""

LIMITS = [
    *(("quality", name) for name in Quality.model_fields if name not in ELSEWHERE),
    *(("solve", name) for name in ("marker_rms_m", "marker_max_m")),
]
