"""Surrogates keep the null where there is none to find, and leave it where there is."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.io.tables import read_table
from aqbio.records.step_files import study_curves
from aqbio.stages.figures.surrogate_numbers import DRAWS, surrogate_numbers
from tests.figures.made_results import write_made_results


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    study = write_made_results(tmp_path_factory.mktemp("surrogates"))
    with study_curves(study) as curves:
        yield curves, read_table(study.table("hypotheses_steps.tsv"))


def test_every_statistic_has_its_draws_and_one_observation(made):
    numbers = surrogate_numbers(*made)
    for _, own in numbers.groupby("statistic"):
        assert (own["kind"] == "drawn").sum() == DRAWS
        assert (own["kind"] == "observed").sum() == 1


def test_the_same_seed_gives_the_same_numbers(made):
    one, other, third = (surrogate_numbers(*made, seed=seed)["value"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one, third)


def test_what_was_observed_is_the_mean_of_athletes(made):
    curves, steps = made
    numbers = surrogate_numbers(curves, steps)
    own = numbers[(numbers["statistic"] == "H1") & (numbers["kind"] == "observed")]
    means = steps.groupby("participant_id")["opposition_difference"].mean()
    assert own["value"].item() == pytest.approx(means.mean(), abs=1e-12)
    assert own["n_athletes"].item() == len(means)


def test_shifting_removes_a_balance_that_rests_on_time(made):
    """An observation far above all shifts has the smallest probability there is."""
    curves, steps = made
    numbers = surrogate_numbers(curves, steps.assign(opposition_difference=2.0))
    own = numbers[(numbers["statistic"] == "H1") & (numbers["kind"] == "observed")]
    assert own["p"].item() == pytest.approx(1.0 / (1.0 + DRAWS))
