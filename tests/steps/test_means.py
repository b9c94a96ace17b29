"""Means of contributions: of the steps that they name, and of no others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.io.dictionary import columns
from aqbio.steps.stage_tables import OUTCOME, contribution_means

WHERE = ["participant_id", "trial_id", "step"]


@pytest.fixture
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two trials of ten steps, one of them of no condition; an outcome that some steps lack."""
    rng = np.random.default_rng(4)
    steps = pd.DataFrame(
        [
            {"participant_id": "A", "trial_id": trial, "step": n, "condition": condition,
             "side": ("left", "right")[n % 2]}
            for trial, condition in (("one", "free"), ("two", None))
            for n in range(10)
        ]
    )  # fmt: skip
    rows = pd.concat(
        steps[WHERE].assign(
            **dict.fromkeys(OUTCOME, "same") | {"source": source},
            value=rng.normal(size=len(steps)), low=-1.0, high=2.0,
        )
        for source in ("arms", "torso")
    )  # fmt: skip
    rows.loc[(rows["source"] == "torso") & (rows["step"] < 8), "value"] = np.nan
    text = [*WHERE[:2], *OUTCOME]
    return rows.astype(dict.fromkeys(text, "category")), steps


def test_means_are_those_of_the_steps(tables):
    rows, steps = tables
    found = contribution_means(rows, steps)
    assert set(found) == set(columns("contribution_means"))
    assert len(found) == 2 * 2 * 2
    for one in found.to_dict("records"):
        named = (
            steps["condition"].isna() if pd.isna(one["condition"]) else steps["condition"] == "free"
        )
        own = rows.merge(steps[named & (steps["side"] == one["side"])][WHERE])
        own = own.loc[own["source"] == one["source"], "value"].dropna()
        assert one["steps"] == len(own) == (5 if one["source"] == "arms" else 1)
        assert one["mean"] == pytest.approx(own.mean())
        assert one["sd"] == pytest.approx(own.std(), nan_ok=True)
        assert (one["low"], one["high"]) == (-1.0, 2.0)


def test_a_step_of_another_trial_with_the_same_number_is_another(tables):
    rows, steps = tables
    first = contribution_means(rows[rows["trial_id"] == "one"], steps)
    assert set(first["condition"]) == {"free"}
    with pytest.raises(pd.errors.MergeError):
        contribution_means(rows, pd.concat([steps, steps]))
