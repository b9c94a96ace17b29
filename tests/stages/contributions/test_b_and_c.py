"""Levels B and C as datasets and rows: what goes in comes out, in roles and in any laboratory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from aqbio.contributions.dataset import frames_in_contact
from aqbio.gait.steps import phase_curve, phase_mean, rotation_about_vertical
from aqbio.steps.rows import level_rows
from tests.mechanics.levels_case import mirrored_run, smooth_run
from tests.stages.made_levels import RIGHT, STEP, grounded, levels_trial

KEYS = ["level", "source", "target", "axis", "phase", "statistic"]


@pytest.fixture(scope="module")
def run():
    case, time = smooth_run(60)
    return grounded(case, frames_in_contact(time, [RIGHT])), time


@pytest.fixture(scope="module")
def trial(run):
    return levels_trial(*run, [RIGHT])[1]


@pytest.fixture(scope="module")
def rows(trial):
    return pd.DataFrame(level_rows(trial, STEP))


def _value(rows, **key):
    chosen = rows
    for name, value in key.items():
        chosen = chosen[chosen[name] == value]
    assert len(chosen) == 1, f"{len(chosen)} rows of {key}"
    return float(chosen["value"].iloc[0])


def test_the_heading_turns_vectors_and_leaves_numbers(run):
    """A runner who heads 0.4 rad to the left, seen along the direction of travel."""
    straight = levels_trial(*run, [RIGHT])[1]
    turned = levels_trial(*run, [RIGHT], heading=0.4)[1]
    turn = rotation_about_vertical(-0.4)
    for name in ("hub_moment", "induced_momentum_rate", "contact_point"):
        expected = straight[name].values @ turn.T
        limit = 1e-12 * np.nanmax(np.abs(expected))
        np.testing.assert_allclose(turned[name].values, expected, rtol=0, atol=limit)
    np.testing.assert_array_equal(turned["joint_power"].values, straight["joint_power"].values)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_sources_add_up_to_the_measured_force(trial, rows, axis):
    force = trial["ground_force"].sum("foot").values
    curve = phase_curve(STEP, "stance", trial["time"].values, force, "polar")
    expected = phase_mean(curve)["xyz".index(axis)]
    chosen = rows[
        (rows.level == "C (C2)")
        & (rows.target == "ground")
        & (rows.axis == axis)
        & (rows.statistic == "force_mean")
        & ~rows.source.str.contains("side")
    ]
    # "other" stands for joints that the map does not name: this model has none; and ankle and toes
    # of the standing foot are one source.
    assert len(chosen) == trial.sizes["source"] - 2
    assert "other" not in set(rows.source)
    assert chosen["value"].sum() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("model", ["C1", "C2", "C3", "C4"])
def test_sides_are_sums_of_their_joints(rows, model):
    """Under every contact model: the swing side's are the swing leg's and half of the lumbar."""
    own = rows[(rows.level == f"C ({model})") & (rows.statistic == "force_mean")]
    value = own[own.axis == "y"].set_index("source")["value"]
    swing = value[[f"{joint}_swing" for joint in ("hip", "knee", "ankle", "mtp")]].sum()
    swing += value["lumbar"] / 2
    assert value["swing_side"] == pytest.approx(swing, abs=1e-9 * value.abs().max())
    arms = [f"{joint}_{side}" for joint in ("shoulder", "elbow") for side in ("push", "swing")]
    legs = [f"{joint}_push" for joint in ("hip", "knee", "ankle_toes")]
    push = value[[*legs, *arms]].sum() + value["lumbar"] / 2
    assert value["push_side"] == pytest.approx(push, abs=1e-9 * value.abs().max())


def test_a_left_step_reads_like_its_mirror_image(run, rows):
    case, time = run
    left = levels_trial(mirrored_run(case), time, [replace(RIGHT, side="left")])[1]
    other = pd.DataFrame(level_rows(left, replace(STEP, side="left")))
    both = rows.merge(other, on=KEYS, suffixes=("", "_mirrored"), validate="one_to_one")
    assert len(both) == len(rows) == len(other)
    scale = both.groupby(["statistic", "target"])["value"].transform(lambda x: x.abs().max())
    error = (both["value"] - both["value_mirrored"]).abs()
    assert (error <= 1e-9 * scale + 1e-12).all()
