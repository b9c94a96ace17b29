"""The ground force by its sources, and what the legs' joints do, of every athlete's fastest run."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.figures.runs import MEASURED, fastest_runs, force_source_numbers, joint_work_numbers
from aqbio.figures.style import stack_edges
from aqbio.io.tables import read_table
from tests.figures.made_results import write_made_results
from tests.figures.made_study import MASS_KG


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_made_results(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def outcomes(study):
    return read_table(study.table("steps.tsv"))


def test_the_fastest_run_is_taken_of_each(outcomes):
    """S02's sprint failed."""
    assert fastest_runs(outcomes) == [("S01", "sprint"), ("S02", "fast")]


def test_restricted_arms_are_not_the_fastest_run(outcomes):
    sprint = (outcomes["participant_id"] == "S01") & (outcomes["trial_id"] == "sprint")
    restricted = outcomes.assign(condition="normal")
    restricted.loc[sprint, "condition"] = "restricted_arms"
    assert fastest_runs(restricted)[0] == ("S01", "fast")


def test_sources_together_make_the_measured_force(study, outcomes):
    numbers = force_source_numbers(study, outcomes)
    upward = numbers[numbers["quantity"] == "y"].pivot_table("mean", "percent", "line")
    parts = upward.drop(columns=MEASURED)
    np.testing.assert_allclose(upward[MEASURED], 1.0, rtol=1e-9)
    # hip 0.2, knee 0.3, ankle and toes 0.7, lumbar and an arm -0.15, gravity and residual 0.05
    expected = {"hip_push": 0.2, "knee_push": 0.3, "ankle_push": 0.7, "upper": -0.15, "rest": 0.05}
    for name, share in expected.items():
        np.testing.assert_allclose(parts[name], share, rtol=1e-9, err_msg=name)
    assert set(numbers["athletes"]) == {2}


def test_joints_of_the_push_leg_are_those_of_the_foot_on_the_ground(study, outcomes):
    numbers = joint_work_numbers(study, outcomes)
    means = numbers.groupby(["quantity", "line"])["mean"].mean()
    # S01 sprints right, left, right; the left leg is flexed twice as far; S02 left and right
    push = means["angle", "knee_push"], means["angle", "knee_swing"]
    assert sum(push) == pytest.approx(np.rad2deg(1.0 + 2.0), rel=1e-9)
    assert means["power", "ankle_push"] == pytest.approx(500.0 / MASS_KG, rel=1e-9)
    assert ("moment", "hip_push") not in means.index  # the run has none


def test_edges_of_a_stack_close_on_the_whole():
    parts = np.random.default_rng(0).normal(size=(5, 40))
    up, down = stack_edges(parts)
    np.testing.assert_allclose(up[-1] + down[-1], parts.sum(axis=0), atol=1e-12)
    assert (np.diff(up, axis=0) >= 0.0).all()
    assert (np.diff(down, axis=0) <= 0.0).all()
