"""One athlete alone: intervals over own steps, by statsmodels and SciPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from aqbio.stats.outcomes import athlete_intervals, outcome
from aqbio.stats.registry import read_registry

REGISTRY = read_registry()


@pytest.mark.parametrize("name", ["H1", "H2", "H5a", "H3e"])
def test_estimates_are_the_athletes_own_numbers(drawn, name):
    evidence = drawn("W1")
    rows = athlete_intervals(evidence, REGISTRY[name])
    values = outcome(evidence, REGISTRY[name]).values["value"]
    np.testing.assert_allclose([row.estimate for row in rows], values, rtol=1e-9)
    assert [row.participant_id for row in rows] == list(evidence.athletes.index)
    assert all(row.ci_low < row.estimate < row.ci_high for row in rows)


def test_the_interval_of_a_mean_is_that_of_scipy(drawn):
    """H4: steps at the highest speed, under the contact model of the verdict."""
    evidence = drawn("W1")
    evidence = replace(
        evidence, steps=evidence.steps.assign(caused_share_C2=evidence.steps["hub_share"] + 0.1)
    )
    steps = evidence.steps
    top = (steps["participant_id"] == "athlete-05") & (steps["level"] == 3)
    own = steps.loc[top, "caused_share_C2"]
    expected = stats.ttest_1samp(own, 0.0).confidence_interval(0.95)
    row = athlete_intervals(evidence, REGISTRY["H4"])[4]
    assert row.estimate == pytest.approx(outcome(evidence, REGISTRY["H4"]).values["value"].iloc[4])
    assert (row.ci_low, row.ci_high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    assert row.n_steps == 12


def test_no_slope_at_one_speed_and_nothing_between_athletes(drawn):
    evidence = drawn("W1")
    one_speed = evidence.where(evidence.steps["level"] == 3)
    assert athlete_intervals(one_speed, REGISTRY["H5a"]) == ()
    assert athlete_intervals(evidence, REGISTRY["H3b"]) == ()
    assert athlete_intervals(evidence, REGISTRY["H7"]) == ()


def test_one_step_has_no_interval(drawn):
    evidence = drawn("W1")
    rows = athlete_intervals(evidence.where(evidence.steps.index == 0), REGISTRY["H1"])
    assert len(rows) == 1
    assert np.isnan(rows[0].ci_low)
