"""Curves of levels B and C agree with the rows of the same step, and with its mirror image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.mechanics.steps import phase_mean
from aqbio.stages.level_curves import level_curves
from aqbio.stages.level_rows import level_rows
from aqbio.stages.levels import frames_in_contact
from tests.mechanics.levels_case import smooth_run
from tests.stages.made_levels import RIGHT, STEP, grounded, levels_trial


@pytest.fixture(scope="module")
def trial():
    case, time = smooth_run(60)
    return levels_trial(grounded(case, frames_in_contact(time, [RIGHT])), time, [RIGHT])[1]


@pytest.fixture(scope="module")
def curves(trial):
    return level_curves(trial, STEP)


@pytest.fixture(scope="module")
def rows(trial):
    return pd.DataFrame(level_rows(trial, STEP))


def _mean(rows, **key):
    chosen = rows[(rows.phase == "stance") & rows.statistic.str.endswith("_mean")]
    for name, value in key.items():
        chosen = chosen[chosen[name] == value]
    assert len(chosen) == 3, key
    return chosen.set_index("axis")["value"].loc[["x", "y", "z"]].to_numpy()


@pytest.mark.parametrize("chain", ["leg_push", "leg_swing", "upper_body", "residual"])
def test_means_of_hub_curves_are_the_rows(curves, rows, chain):
    for name, statistic in (
        ("hub_moment", "moment_mean"),
        ("hub_joint_moment", "joint_moment_mean"),
    ):
        curve = curves[name].sel(phase="stance", chain=chain).values
        expected = _mean(rows, level="B", source=chain, target="pelvis", statistic=statistic)
        np.testing.assert_allclose(phase_mean(curve), expected, rtol=1e-12)


@pytest.mark.parametrize("source", ["push_side", "swing_side", "hip_swing", "lumbar", "gravity"])
def test_means_of_induced_curves_are_the_rows(curves, rows, source):
    for target, name in (("push_side", "push_side"), ("total", "whole_body")):
        curve = curves["induced_rate"].sel(phase="stance", source=source, target=target).values
        expected = _mean(rows, level="C (C2)", source=source, target=name)
        limit = 1e-11 * np.abs(curves["induced_rate"].sel(phase="stance")).max().item()
        np.testing.assert_allclose(phase_mean(curve), expected, rtol=0, atol=limit)
    curve = curves["induced_force"].sel(phase="stance", source=source).values
    expected = _mean(rows, level="C (C2)", source=source, target="ground")
    np.testing.assert_allclose(phase_mean(curve), expected, rtol=1e-9)


def test_relative_forces_are_the_rows(curves, rows):
    for role in curves["role"].values:
        curve = curves["relative_force"].sel(phase="stance", role=role).values
        expected = _mean(rows, level="force", source=role)
        np.testing.assert_allclose(phase_mean(curve), expected, rtol=1e-9, atol=1e-9)


def test_level_c_has_no_flight_and_level_b_has(curves):
    flight = curves.sel(phase="flight")
    assert np.isnan(flight["induced_rate"]).all()
    assert np.isfinite(flight["hub_moment"]).all()


def test_an_incomplete_step_has_no_flight_curves(trial):
    found = level_curves(trial, replace(STEP, next_touchdown=np.nan))
    assert np.isnan(found["hub_moment"].sel(phase="flight")).all()


def test_a_model_without_arms_has_no_arm_curves(trial):
    bare = trial.sel(group=["pelvis", "torso", "leg_left", "leg_right"])
    found = level_curves(bare, STEP)
    assert np.isnan(found["relative_force"].sel(role="arms")).all()
    assert np.isfinite(found["relative_force"].sel(role="push_side")).all()
