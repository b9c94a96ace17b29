"""Numbers of steps.tsv and of the rows of contributions computed again from the signals of a trial.

By another way than the stage's: integrals of splines, closed forms of a runner who turns. The made
trial's signals are cubics in time, so that splines are exact; what remains is the trapezoidal rule
over 101 points of a phase.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.interpolate import CubicSpline

from aqbio.gait.signals import JOINT_ROLES
from aqbio.gait.step_files import trial_contacts
from aqbio.gait.steps import solved_steps, steps_from_contacts
from aqbio.intervals.step_uncertainty import half_widths, stance_sds
from aqbio.io.study import load_study
from aqbio.names import GRAVITY
from aqbio.steps import rows as step_columns
from aqbio.steps.rows import TrialSteps, rows_of_level_a
from aqbio.steps.stage import _step_rows
from tests.small_study import write_small_study
from tests.stages.made_contributions import CONTACTS, MASS, TIME, made_trial, mirrored_trial
from tests.steps.cut import cut_steps

WEIGHT = MASS * GRAVITY
TRAPEZOIDS = 1e-4
"""Of the largest value: 101 points of a cubic over a tenth of a second."""

SIDES = ("as it is", "mirrored")


@pytest.fixture
def study(tmp_path):
    return load_study(write_small_study(tmp_path))


def _trial(study, data: xr.Dataset) -> TrialSteps:
    data = data.assign(contact_peak=("contact", [1000.0, 1500.0, 2000.0]))
    data = data.assign_attrs(events="plates")
    contacts = list(trial_contacts(data))
    steps = steps_from_contacts(contacts, maximum_flight=0.3, edge_distance=0.0)
    steps = solved_steps(steps, float(TIME[0]), float(TIME[-1]))
    curves = cut_steps(data, steps)
    errors = xr.DataArray(
        np.zeros((len(TIME), 1)), dims=("time", "marker"), coords={"time": data["time"]}
    )
    trial = study.moving_of("P1")[0]
    half = {side: half_widths(stance_sds(data, side)) for side in ("left", "right")}
    return TrialSteps(
        "P1", trial, data, errors, tuple(steps), curves, (), half, Path("fast.nc"), {}
    )


def _table(study, data: xr.Dataset) -> pd.DataFrame:
    return pd.DataFrame(list(_step_rows(study, _trial(study, data))))


def _mean(spline: CubicSpline, start: float, end: float) -> np.ndarray:
    return np.asarray(spline.integrate(start, end)) / (end - start)


def _turning(degrees_per_second: float, belt: float) -> xr.Dataset:
    """A runner at 8 m/s on a circle to the right, on the ground or on a treadmill."""
    data = made_trial(speed=8.0, belt=belt)
    angle = np.radians(degrees_per_second) * TIME
    data["com_velocity"].values[:] = 8.0 * np.column_stack(
        (np.cos(angle), np.zeros(len(TIME)), np.sin(angle))
    )
    data["com_velocity"].values[:, 0] -= belt
    return data


@pytest.mark.parametrize("belt", [0.0, 8.0])
@pytest.mark.parametrize("way", SIDES)
def test_heading_of_a_runner_who_turns(study, belt, way):
    """To the side of the first stance foot: positive, half of the stride's turn per step."""
    data = _turning(20.0, belt)
    table = _table(study, data if way == "as it is" else mirrored_trial(data))
    first = CONTACTS["touchdown"]
    expected = 20.0 * (first[2] - first[0]) / 2
    assert table["heading_change_deg"][0] == pytest.approx(expected, rel=1e-6)
    assert table["side"][0] == ("right" if way == "as it is" else "left")


@pytest.mark.parametrize("way", SIDES)
@pytest.mark.parametrize("belt", [0.0, 6.0])
def test_speeds_lengths_and_forces_of_a_step(study, way, belt):
    """The same runner and the same runner in a mirror have the same rows."""
    made = made_trial(belt=belt)
    table = _table(study, made if way == "as it is" else mirrored_trial(made))
    speed = CubicSpline(TIME, made["com_velocity"].values[:, 0] + belt)
    for number, foot in enumerate((1, 0)):  # a right contact, then a left one
        row, stance = table.iloc[number], 1.0 if foot else -1.0
        touchdown, toe_off = CONTACTS["touchdown"][number], CONTACTS["toe_off"][number]
        following = CONTACTS["touchdown"][number + 1]
        duration = following - touchdown
        force = CubicSpline(TIME, made["ground_force"].values[:, foot])
        impulse = force.integrate(touchdown, toe_off)
        mean_speed = float(_mean(speed, touchdown, following))
        size = np.abs(made["ground_force"].values).max() / WEIGHT
        assert row["contact_s"] == pytest.approx(toe_off - touchdown)
        assert row["flight_s"] == pytest.approx(following - toe_off)
        assert row["speed_mps"] == pytest.approx(mean_speed, rel=TRAPEZOIDS)
        assert row["step_frequency_hz"] == pytest.approx(1.0 / duration)
        assert row["step_length_m"] == pytest.approx(mean_speed * duration, rel=TRAPEZOIDS)
        change = float(speed(following) - speed(touchdown))
        assert row["speed_change_mps"] == pytest.approx(change, abs=1e-9)
        vertical = impulse[1] / (toe_off - touchdown) / WEIGHT
        assert row["mean_vertical_force_bw"] == pytest.approx(vertical, abs=TRAPEZOIDS * size)
        sideways = stance * impulse[2] / duration / WEIGHT
        assert row["lateral_force_bw"] == pytest.approx(sideways, abs=TRAPEZOIDS * size)
        assert row["peak_vertical_force_bw"] == pytest.approx((1000.0, 1500.0)[number] / WEIGHT)


def test_stance_means_are_integrals_of_the_groups(study):
    """Momentum of the swing leg and of the whole body; left steps are reflected: x and y change
    their signs, z does not."""
    made = made_trial()
    table, groups = _table(study, made), list(made["group"].values)
    momentum = CubicSpline(TIME, made["group_angular_momentum"].values)
    residual = CubicSpline(TIME, made["residual_moment"].values ** 2)
    size = np.abs(made["group_angular_momentum"].values).max()
    for number, (swing, signs) in enumerate((("leg_left", (1, 1, 1)), ("leg_right", (-1, -1, 1)))):
        span = CONTACTS["touchdown"][number], CONTACTS["toe_off"][number]
        mean, square = _mean(momentum, *span), _mean(residual, *span)
        for place, axis in enumerate("xyz"):
            for role, own in (
                ("swing_leg", mean[groups.index(swing)]),
                ("total", mean.sum(axis=0)),
            ):
                found = table[f"H_{role}_{axis}_stance_mean_kgm2ps"][number]
                assert found == pytest.approx(signs[place] * own[place], abs=TRAPEZOIDS * size)
            found = table[f"M_residual_{axis}_stance_rms_Nm"][number]
            assert found == pytest.approx(np.sqrt(square[place]), rel=TRAPEZOIDS)


def test_impulses_of_joint_moments_are_their_time_integrals(study):
    """Over the stance and over the flight, each with its own duration."""
    made = made_trial()
    trial = _trial(study, made)
    joints = list(made["joint"].values)
    moments = CubicSpline(TIME, made["joint_moment"].values)
    size = np.abs(made["joint_moment"].values).max()
    rows = pd.DataFrame(rows_of_level_a(trial.curves, trial.steps).of_step(0))
    own = rows[(rows["level"] == "joint") & (rows["statistic"] == "moment_impulse")]
    values = own.set_index(["source", "phase", "axis"])["value"]
    step = trial.steps[0]
    assert step.flight != pytest.approx(step.contact, rel=0.05)  # else one would do for the other
    for phase, start, end in (
        ("stance", step.touchdown, step.toe_off),
        ("flight", step.toe_off, step.next_touchdown),
    ):
        expected = moments.integrate(start, end)
        for role in JOINT_ROLES:
            name = role.replace("_push", "_right").replace("_swing", "_left")
            found = [values[role, phase, axis] for axis in "xyz"]
            limit = TRAPEZOIDS * size * (end - start)
            np.testing.assert_allclose(found, expected[joints.index(name)], atol=limit)


def test_the_sidecar_says_toward_which_side_z_points(study):
    """A ground force to the runner's right on the right foot, to the left on the left one."""
    made = made_trial()
    made["ground_force"].values[:] = [0.0, 1000.0, 100.0]
    made["ground_force"].values[:, 0, 2] = -100.0
    lateral = _table(study, made)["lateral_force_bw"][:2]
    word = "stance" if (lateral > 0).all() else "swing"
    steps, rows = step_columns.STEPS, step_columns.CONTRIBUTIONS
    said = [
        steps["H_total_z_stance_mean_kgm2ps"], steps["lateral_force_bw"],
        steps["heading_change_deg"], rows["axis"],
    ]  # fmt: skip
    assert all(f"toward the {word} side" in one["description"] for one in said)
