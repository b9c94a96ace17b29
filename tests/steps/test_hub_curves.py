"""Curves of level B agree with the rows of the same step, and with its mirror image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.contributions.dataset import frames_in_contact
from aqbio.gait.curves import step_dataset
from aqbio.gait.signals import CHAINS
from aqbio.gait.steps import phase_mean
from aqbio.steps.rows import level_rows
from tests.mechanics.levels_case import mirrored_run, smooth_run
from tests.stages.made_contributions import MAP
from tests.stages.made_levels import RIGHT, STEP, grounded, levels_trial


@pytest.fixture(scope="module")
def run():
    case, time = smooth_run(60)
    return grounded(case, frames_in_contact(time, [RIGHT])), time


@pytest.fixture(scope="module")
def trial(run):
    return levels_trial(*run, [RIGHT])[1]


def _hub_curves(trial, step):
    curves = step_dataset(trial, [step], MAP).isel(step=0)
    return {name: curves[name].values for name in ("hub_moment", "hub_joint_moment")}


@pytest.mark.parametrize("chain", CHAINS)
def test_means_of_hub_curves_are_the_rows(trial, chain):
    curves, rows = _hub_curves(trial, STEP), pd.DataFrame(level_rows(trial, STEP))
    own = rows[(rows.phase == "stance") & (rows.level == "B") & (rows.source == chain)]
    for name, statistic in (
        ("hub_moment", "moment_mean"),
        ("hub_joint_moment", "joint_moment_mean"),
    ):
        curve = curves[name][0, :, CHAINS.index(chain)]
        expected = own[own.statistic == statistic].set_index("axis")["value"].loc[[*"xyz"]]
        np.testing.assert_allclose(phase_mean(curve), expected, rtol=1e-12)


def test_a_left_step_is_drawn_like_its_mirror_image(run, trial):
    case, time = run
    left = levels_trial(mirrored_run(case), time, [replace(RIGHT, side="left")])[1]
    ours, theirs = _hub_curves(trial, STEP), _hub_curves(left, replace(STEP, side="left"))
    for name, curves in ours.items():
        limit = 1e-9 * np.abs(curves).max()
        np.testing.assert_allclose(theirs[name], curves, rtol=0, atol=limit)


def test_an_incomplete_step_has_no_flight_curves(trial):
    found = _hub_curves(trial, replace(STEP, next_touchdown=np.nan))
    assert np.isnan(found["hub_moment"][1]).all()
    assert np.isfinite(found["hub_moment"][0]).all()


def test_a_model_without_an_upper_body_has_no_curve_of_it(trial):
    found = _hub_curves(trial.sel(chain=["leg_left", "leg_right", "residual"]), STEP)
    assert np.isnan(found["hub_moment"][:, :, CHAINS.index("upper_body")]).all()
    assert np.isfinite(found["hub_moment"][:, :, CHAINS.index("leg_push")]).all()
