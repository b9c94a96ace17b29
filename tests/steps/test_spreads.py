"""Curves, tables and gates of a fitted trial, on a made-up one whose posterior is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from aqbio.gait.roles import RoleScheme
from aqbio.gait.steps import Contact, solved_steps, steps_from_contacts
from aqbio.intervals.step_uncertainty import KEYS, NAMES, statistic_sds
from aqbio.io.study import load_study
from aqbio.names import SIDES
from aqbio.steps import rows as step_columns
from aqbio.steps.quality import consistency_rows, contact_window, quality_rows
from aqbio.steps.rows import RowTable, TrialSteps, _posterior
from aqbio.steps.stage import _consistency_outcomes
from aqbio.study.manifest import OK, entry, write_manifest
from tests.small_study import write_small_study
from tests.stages.made_contributions import (
    CONTACTS,
    TIME,
    fitted_trial,
    made_trial,
)
from tests.steps.cut import ROLES, cut_steps, one_step

FITTED = {
    "motion": "fitted",
    "motion_reason": "",
    "suspicions": [],
    "marker_rms_before_m": 0.016,
    "marker_rms_alone_m": 0.0184,
    "marker_rms_after_m": 0.0190,
    "markers_moved_m": 0.0061,
    "joint_change_median_deg": 1.1,
    "joint_change_max_deg": 6.4,
    "joint_change_forces_median_deg": 0.7,
    "joint_change_forces_max_deg": 2.1,
}


@pytest.fixture
def trial() -> xr.Dataset:
    return fitted_trial(made_trial())


def _steps(trial: xr.Dataset):
    contacts = [
        Contact(str(foot), touchdown, toe_off, True, 0.2)
        for foot, touchdown, toe_off in zip(*CONTACTS.values(), strict=True)
    ]
    steps = steps_from_contacts(contacts, maximum_flight=0.3, edge_distance=0.015)
    return solved_steps(steps, float(TIME[0]), float(TIME[-1]))


def _group_sd(trial: xr.Dataset, names: list[str], axis: int) -> float:
    covariance = trial["group_momentum_covariance"].values[0, :, :, axis]
    own = [list(trial["group"].values).index(name) for name in names]
    return float(np.sqrt(covariance[np.ix_(own, own)].sum()))


def test_plain_curves_are_those_of_the_plain_motion(trial):
    """The made-up plain version is two units above the consistent one, on every axis.

    In canonical axes a sum over n groups is 2 n above; the first step's foot is the right one.
    """
    vectors = one_step(trial, _steps(trial)[0])
    difference = vectors["angular_momentum_plain"] - vectors["angular_momentum"]
    for role, groups in (("push_leg", 1), ("arms", 2), ("push_side", 5), ("total", 6)):
        np.testing.assert_allclose(difference[:, :, ROLES.index(role)], 2.0 * groups, atol=1e-9)
    residual = vectors["residual_moment_plain"] - vectors["residual_moment"]
    np.testing.assert_allclose(residual, 2.0, atol=1e-9)


@pytest.mark.parametrize("number", [0, 1])
def test_posterior_of_a_role_is_that_of_the_sum_of_its_groups(trial, number):
    """Errors of groups hang together: variances of sums, not sums of variances; mirrored or not."""
    step = _steps(trial)[number]
    curves = one_step(trial, step)
    sd = curves["angular_momentum_sd_posterior"]
    arms = ["arm_left", "arm_right"]
    for axis in range(3):
        expected = _group_sd(trial, arms, axis)
        np.testing.assert_allclose(sd[:, :, ROLES.index("arms"), axis], expected, rtol=1e-6)
        leg = _group_sd(trial, [f"leg_{step.side}"], axis)
        np.testing.assert_allclose(sd[:, :, ROLES.index("push_leg"), axis], leg, rtol=1e-6)
        whole = _group_sd(trial, list(trial["group"].values), axis)
        np.testing.assert_allclose(sd[:, :, ROLES.index("total"), axis], whole, rtol=1e-6)
    assert curves["stance_momentum_sd"].shape == (len(ROLES), 3)


def test_bands_hold_draws_and_posterior(trial):
    """Variances of independent causes add up; without draws the posterior does not make a band."""
    step = _steps(trial)[0]
    alone = one_step(trial, step)
    assert np.isnan(alone["angular_momentum_sd"]).all()
    knots, items = 21, list(RoleScheme().items)
    drawn = xr.DataArray(
        np.full((2, 2, knots, len(items), 3), 0.3),
        dims=("stance_foot", "phase", "knot", "sure_group", "axis"),
        coords={"stance_foot": ["left", "right"]},
    )
    curves = one_step(trial.assign(sd_angular_momentum=drawn), step)
    posterior = curves["angular_momentum_sd_posterior"]
    expected = np.hypot(0.3, posterior)
    np.testing.assert_allclose(curves["angular_momentum_sd"], expected, rtol=1e-6)


def test_steps_tell_the_posterior_of_stance_means(trial):
    step = _steps(trial)[0]
    curves = cut_steps(trial, [step])
    row = _consistency_outcomes(curves, 0)
    assert set(row) <= set(step_columns.STEPS)
    found = row["H_arms_y_stance_mean_motion_sd_kgm2ps"]
    covariance = trial["stance_momentum_covariance"].values[0, :, :, 1]
    own = [list(trial["group"].values).index(name) for name in ("arm_left", "arm_right")]
    expected = np.sqrt(covariance[np.ix_(own, own)].sum())
    assert found == pytest.approx(expected)
    plain = row["M_residual_plain_y_stance_rms_Nm"]
    values = curves["residual_moment_plain"].values[0, 0, :, 1]
    assert plain == pytest.approx(np.sqrt((values**2).mean()), rel=0.02)
    unknown = _consistency_outcomes(cut_steps(made_trial(), [step]), 0)
    assert set(unknown) == set(row)
    assert np.isnan(list(unknown.values())).all()


def test_rows_of_stance_means_of_level_a_have_the_posterior():
    numbers = np.arange(24.0).reshape(8, 3)
    known = xr.Dataset(
        {"stance_momentum_sd": (("step", "group", "axis"), numbers[None]),
         "stance_rate_sd": (("step", "group", "axis"), 100 + numbers[None])},
        coords={"group": list(ROLES)},
    )  # fmt: skip
    names = [
        ("A", "arms", "stance", "momentum_mean"),
        ("A", "arms", "stance", "moment_mean"),
        ("A", "arms", "stance", "moment_max"),
        ("A", "arms", "flight", "momentum_mean"),
        ("A", "free_moment", "stance", "moment_mean"),
        ("B", "arms", "stance", "moment_mean"),
    ]
    whole = tuple((one[0], one[1], "whole_body", "y", one[2], one[3], "") for one in names)
    rows = RowTable(whole, np.ones((1, len(names)), dtype=bool), {})
    place = 3 * ROLES.index("arms") + 1
    (found,) = _posterior(rows, known).tolist()
    assert found[:2] == [place, 100 + place]
    assert np.isnan(found[2:]).all()
    assert np.isnan(_posterior(rows, known * np.nan)).all()


def _drawn(trial, **sds):
    """A trial with standard deviations of its statistics by source, left foot and right foot."""
    values = np.zeros((len(sds), 2, len(KEYS), 3))
    values[..., 1] = np.array(list(sds.values()))[..., None]
    names = {f"outcome_{name}": [key[n] for key in KEYS.values()] for n, name in enumerate(NAMES)}
    dimensions = ("uncertainty_source", "stance_foot", "outcome", "axis")
    return trial.assign(interval_sd=(dimensions, values)).assign_coords(
        uncertainty_source=list(sds), stance_foot=list(SIDES),
        **{name: ("outcome", own) for name, own in names.items()},
    )  # fmt: skip


def test_a_trials_statistics_are_as_unsure_as_all_sources_make_them(trial):
    """Errors alike in all steps by their own, that of the motion pooled over all stances."""
    steps = _steps(trial)
    drawn = {"inertia": (0.03, 0.06), "model": (0.04, 0.08), "motion": (9.0, 9.0)}
    still = _drawn(trial.isel(sample=[0, 0, 0]), **drawn)
    assert {step.side for step in steps} == set(SIDES)
    assert statistic_sds(still, steps) == pytest.approx(dict.fromkeys(KEYS, 0.075))
    left = [step for step in steps if step.side == "left"]
    assert statistic_sds(still, left) == pytest.approx(dict.fromkeys(KEYS, 0.05))
    moved = statistic_sds(_drawn(trial, inertia=(0.0, 0.0)), steps)
    assert all(0 < value < 1 for value in moved.values())
    both = statistic_sds(_drawn(trial, **drawn), steps)
    for name, value in moved.items():
        assert both[name] == pytest.approx(np.hypot(0.075, value))


def test_without_samples_draws_or_steps_nobody_knows_how_sure_statistics_are(trial):
    drawn = _drawn(trial, inertia=(0.03, 0.03))
    assert statistic_sds(drawn, _steps(trial))
    assert statistic_sds(drawn, []) == {}
    assert statistic_sds(trial, _steps(trial)) == {}
    assert statistic_sds(_drawn(made_trial(), inertia=(0.03, 0.03)), _steps(trial)) == {}


def test_window_of_a_fitted_trial_is_where_its_forces_are_complete():
    data = made_trial()
    complete = (TIME > 0.2) & (TIME < 0.5)
    window = contact_window(data.assign(forces_fitted=("time", complete)))
    np.testing.assert_array_equal(window, complete)


@pytest.fixture
def rows(tmp_path, trial):
    study = load_study(write_small_study(tmp_path))
    solved = {"marker_rms_m": 0.016, "marker_rms_worst_frame_m": 0.02, "marker_max_m": 0.04}
    for stage, numbers in (
        ("prepare", {"surface": "overground"}),
        ("inverse_kinematics", solved | {"marker_max_label": "RTIB"}),
        ("inverse_dynamics", FITTED),
    ):
        write_manifest(study, "P1", stage, [entry("fast", OK, "", **numbers)])
    steps = _steps(trial)
    curves = cut_steps(trial, steps)
    errors = xr.DataArray(np.zeros((len(TIME), 1)), dims=("time", "marker"))
    data = trial.assign_attrs(sd_opposition=0.031, sd_arms_push_cosine=0.02)
    one = TrialSteps(
        "P1", study.moving_of("P1")[0], data, errors, tuple(steps), curves, (), {}, Path("fast.nc"),
        {"closure": {"value": 0.0, "tolerance": 1e-6}, "reference": dict.fromkeys(
            ("frames", "momentum", "position_m", "forces", "defect"), 0.0)},
    )  # fmt: skip
    table = pd.DataFrame(list(quality_rows(study, [one])))
    assert set(table.columns) == set(step_columns.QUALITY)
    assert not table["measure"].duplicated().any()
    return table.set_index("measure")


def test_gates_before_and_after(rows):
    """Before: the residual against the effects. After: posterior, markers, suspicions."""
    assert rows.loc["plain_effect_to_residual_y", "limit"] == 3.0
    assert np.isnan(rows.loc["effect_to_residual_y", "limit"])
    assert pd.isna(rows.loc["effect_to_residual_y", "verdict"])
    assert "no evidence" in rows.loc["effect_to_residual_y", "note"]
    assert "before the consistency fit" in rows.loc["plain_residual_moment_y_rms", "note"]
    assert rows.loc["sd_opposition", "limit"] == 0.025
    assert rows.loc["sd_opposition", "verdict"] == "warning"  # verdicts take many athletes
    assert rows.loc["sd_arms_push_cosine", "verdict"] == "ok"
    assert rows.loc["consistency_suspicions", "verdict"] == "ok"
    assert rows.loc["markers_moved", "value"] == pytest.approx(0.0061)
    assert rows.loc["markers_moved", "verdict"] == "ok"
    assert rows.loc["joint_change_median", "verdict"] == "ok"
    assert "by the forces alone" in rows.loc["joint_change_median", "note"]
    assert rows.loc["joint_change_max", "note"].endswith(" 2.1 degrees")
    assert rows.loc["joint_change_max", "verdict"] == "warning"


def test_a_suspect_trial_fails_the_gate_with_the_cause(tmp_path):
    study = load_study(write_small_study(tmp_path))
    suspect = {**FITTED, "motion": "plain", "suspicions": ["force_sign", "markers"]}
    found = {row["measure"]: row for row in consistency_rows(study, {}, made_trial(), suspect)}
    assert found["consistency_suspicions"]["verdict"] == "fail"
    assert found["consistency_suspicions"]["note"] == "force_sign, markers"
    assert "sd_opposition" not in found
