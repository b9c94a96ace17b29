"""One athlete alone: intervals over own steps, by statsmodels and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from aqbio.stats.outcomes import outcome
from aqbio.stats.registry import read_registry
from aqbio.stats.single import athlete_intervals

REGISTRY = read_registry()


@pytest.mark.parametrize("name", ["H1", "H2", "H4", "H5a", "H3e"])
def test_estimates_are_the_athletes_own_numbers(drawn, name):
    evidence = drawn("W1")
    rows = athlete_intervals(evidence, REGISTRY[name])
    values = outcome(evidence, REGISTRY[name]).values["value"]
    np.testing.assert_allclose([row.estimate for row in rows], values, rtol=1e-9)
    assert [row.athlete for row in rows] == list(evidence.athletes.index)
    assert all(row.ci_low < row.estimate < row.ci_high for row in rows)


def test_the_interval_of_a_mean_is_that_of_scipy(drawn):
    evidence = drawn("W1")
    steps = evidence.steps
    own = steps.loc[steps["participant_id"] == "athlete-05", "hub_share"]
    expected = stats.ttest_1samp(own, 0.0).confidence_interval(0.95)
    row = athlete_intervals(evidence, REGISTRY["H4"])[4]
    assert (row.ci_low, row.ci_high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert row.n_steps == 48


def test_the_ratio_slope_is_that_of_joint_moments(drawn):
    evidence = drawn("W1")
    row = athlete_intervals(evidence, REGISTRY["H3d"])[2]
    values = outcome(evidence, REGISTRY["H3d"]).values["joint_moments"].to_numpy()
    assert row.estimate == pytest.approx(values[2], rel=1e-9)


def test_no_slope_at_one_speed_and_nothing_between_athletes(drawn):
    evidence = drawn("W1")
    one_speed = evidence.where(evidence.steps["level"] == 3)
    assert athlete_intervals(one_speed, REGISTRY["H5a"]) == ()
    assert athlete_intervals(evidence, REGISTRY["H3b"]) == ()
    assert athlete_intervals(evidence, REGISTRY["H7"]) == ()


def test_one_step_has_no_interval(drawn):
    evidence = drawn("W1")
    rows = athlete_intervals(evidence.where(evidence.steps.index == 0), REGISTRY["H4"])
    assert len(rows) == 1
    assert np.isnan(rows[0].ci_low)


def test_missing_numbers_give_no_row(drawn):
    evidence = drawn("W1")
    steps = evidence.steps
    first = steps["participant_id"] == evidence.athletes.index[0]
    less = evidence.with_steps(steps.assign(hub_share=steps["hub_share"].mask(first)))
    assert len(athlete_intervals(less, REGISTRY["H4"])) == 11
