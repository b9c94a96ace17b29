"""Claims as formulas: what they read, what they refuse, and their numbers by statsmodels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from pydantic import ValidationError

from aqbio.stats.evidence import TRIAL
from aqbio.stats.formulas import parse_formula
from aqbio.stats.outcomes import athlete_intervals, hypothesis_outcome
from aqbio.stats.registry import OwnClaim, Registry, read_registry
from aqbio.stats.step_statistics import person_numbers
from aqbio.stats.verdict import verdicts
from tests.drawn_errors import orthogonal

REFUSED = {
    "contact_s": "outcome ~ predictor",
    "contact_s ~ speed_mps ~ lag": "outcome ~ predictor",
    "contact_s ~ speed_mps + 1": "a constant is always in it",
    "contact_s ~ __import__('os')": "cannot be read",
    "contact_s ~ speed_mps ** 2": "cannot be read",
    "contact_s ~ ": "cannot be read",
    "contact_s ~ speed": "near: speed_mps",
    "contact_s ~ joint_hip_push_moment_median_z": "is no column",
}


@pytest.mark.parametrize("formula", REFUSED)
def test_what_a_formula_cannot_say_is_refused_with_a_way_out(formula):
    with pytest.raises(ValidationError, match=REFUSED[formula]):
        OwnClaim(formula=formula, predicted="greater", delta=1.0)


CLAIM = "log(swing_index) ~ log(push_index) + speed_mps"


@pytest.mark.parametrize("formula", [CLAIM, "lag ~ speed_mps", "abs(lag) ~ 1"])
def test_a_persons_number_is_that_of_statsmodels(world_evidence, formula):
    """A slope within feet, what is held in the model; a mean of all steps."""
    evidence = world_evidence("W1")
    values = person_numbers(evidence, parse_formula(formula)).values
    for person, steps in evidence.steps.groupby("participant_id", observed=True):
        text = formula.replace("log(", "np.log(").replace("abs(", "np.abs(")
        side = " + C(side)" * (not formula.endswith("1"))
        fit = smf.ols(text + side, steps).fit()
        name = 0 if formula.endswith("1") else text.partition("~")[2].split("+")[0].strip()
        assert values[person] == pytest.approx(fit.params.iloc[name] if name == 0
                                               else fit.params[name], rel=1e-8)  # fmt: skip


def test_trials_are_rows_of_their_own(world_evidence):
    steps = world_evidence("W1").steps
    formula = parse_formula("lag ~ speed_mps")
    values = person_numbers(world_evidence("W1"), formula, "trials").values
    means = steps.groupby(TRIAL, observed=True)[["speed_mps", "lag"]].mean()
    for person, rows in means.groupby(level=0, observed=True):
        assert values[person] == pytest.approx(np.polyfit(rows["speed_mps"], rows["lag"], 1)[0])


def test_a_world_is_the_formula_with_all_columns_moved(world_evidence):
    """Outcome and predictor of a ratio are off by draws of their own, in every world."""
    evidence = world_evidence("W1")
    size = 0.05 * evidence.steps[["swing_index", "push_index"]].min(axis=None)
    draws = {
        name: pd.DataFrame(
            np.tile(size * orthogonal(2)[:, n], (len(evidence.trials), 1)), evidence.trials.index
        )
        for n, name in enumerate(("swing_index", "push_index"))
    }
    formula = parse_formula(CLAIM)
    numbers = person_numbers(replace(evidence, shared_draws=draws), formula)
    for world in (0, 17, 255):
        moved = evidence.steps.assign(
            **{name: evidence.steps[name] + table[world].iloc[0] for name, table in draws.items()}
        )
        expected = person_numbers(replace(evidence, steps=moved), formula).values
        np.testing.assert_allclose(
            numbers.values + numbers.deviations[world], expected, rtol=1e-9, atol=1e-12
        )


def _registry(**claims: OwnClaim) -> Registry:
    return read_registry().model_copy(update={"claims": claims, "hypotheses": ()}).with_labels([])


def test_a_claim_of_ones_own_is_judged_like_any_other(world_evidence):
    """A planted slope is found, the opposite claim is not, and everybody has an own interval."""
    evidence = world_evidence("W1")
    random = np.random.default_rng(3)
    steps = evidence.steps
    planted = 0.5 * np.log(steps["push_index"]) + 0.02 * random.standard_normal(len(steps))
    evidence = replace(evidence, steps=steps.assign(swing_index=np.exp(planted)))
    claims = {
        name: OwnClaim(formula=CLAIM, predicted=predicted, delta=0.2)
        for name, predicted in (("rises", "greater"), ("falls", "less"))
    }
    registry = _registry(**claims)
    found = {row.hypothesis: row for row in verdicts(evidence, registry)}
    assert (found["rises"].found, found["falls"].found) == ("found", "opposite_found")
    assert found["rises"].estimate == pytest.approx(0.5, abs=0.1)
    assert "are not in the interval: swing_index, push_index" in found["rises"].reason
    singles = athlete_intervals(evidence, registry["rises"])
    values = hypothesis_outcome(evidence, registry["rises"]).values["value"]
    assert [row.estimate for row in singles] == pytest.approx(values.tolist())


def test_people_are_compared_with_each_other_by_statsmodels(world_evidence):
    evidence = world_evidence("W1", 48)
    claim = OwnClaim(
        rows="people", formula="fastest ~ log(swing_index) + contact_s", predicted="less",
        delta=0.2,
    )  # fmt: skip
    outcome = hypothesis_outcome(evidence, claim.hypothesis("own"))
    means = evidence.steps.groupby("participant_id", observed=True)[
        ["swing_index", "contact_s"]
    ].mean()
    table = means.join(evidence.athletes["fastest"])[outcome.complete]
    assert 42 <= len(table) < 48  # without who is far from the others
    fit = smf.ols("fastest ~ np.log(swing_index) + contact_s", table).fit(cov_type="HC2")
    assert outcome.estimate == pytest.approx(fit.params.iloc[1], rel=1e-8)
    assert outcome.error.se == pytest.approx(fit.bse.iloc[1], rel=1e-6)


def test_words_name_the_columns():
    claim = OwnClaim(
        formula="thigh_speed_swing_radps ~ joint_hip_push_moment_max_z + speed_mps",
        predicted="greater", delta=0.01,
    )  # fmt: skip
    hypothesis = claim.hypothesis("swing_follows_push")
    assert hypothesis.words.more == (
        "the greatest speed of the swing leg's thigh rose with the push leg's largest hip moment "
        "about the sideways axis at equal speed"
    )
    assert hypothesis.unit == "rad/s per N m"
