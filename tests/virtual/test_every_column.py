"""Every column of steps.tsv, quality.tsv and the contributions, computed again by an outsider.

With pandas, NetCDF and splines, from the files that stages leave: `tests.outsider` imports nothing
of the program. Fitted trials, with intervals and posteriors, are in `test_consistency_stage`;
belts and runners who turn in `tests/steps/test_steps.py`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aqbio.gait.step_files import step_file
from aqbio.io.tables import read_columns
from tests.outsider import check
from tests.outsider.signals import Results
from tests.virtual.made_study import SPEEDS
from tests.virtual.runners import RUNNER

pytestmark = [pytest.mark.opensim, pytest.mark.xdist_group("finished")]

OUTCOME = ["level", "source", "target", "axis", "phase", "statistic", "unit"]


def _table(study, name: str, trial: str = "") -> pd.DataFrame:
    rows = pd.read_csv(study.table(f"{name}.tsv"), sep="\t", na_values="n/a", keep_default_na=False)
    own = rows[rows["participant_id"] == RUNNER.name]
    return (own[own["trial_id"] == trial] if trial else own).reset_index(drop=True)


def _contributions(study, trial: str = "") -> pd.DataFrame:
    rows = read_columns(step_file(study, RUNNER.name, "contributions"))
    return rows[rows["trial_id"] == trial] if trial else rows


@pytest.fixture(params=SPEEDS)
def trial(request, finished) -> Results:
    """Give the files of one run."""
    return Results(finished.root / "participants" / RUNNER.name, request.param)


def test_steps(finished, trial):
    rows = _table(finished, "steps", trial.trial)
    assert set(rows["side"]) == {"left", "right"}
    assert set(rows["status"]) == {"ok", "incomplete"}
    check.check_events(trial, rows)
    sheet = pd.Series({"condition": finished.trial(RUNNER.name, trial.trial).condition})
    check.check_words(trial, rows, sheet, finished.settings)
    check.check_steps(trial, rows, set(_contributions(finished, trial.trial)["step"]))


def test_quality(finished, trial):
    steps = _table(finished, "steps", trial.trial)
    check.check_quality(trial, _table(finished, "quality", trial.trial), steps)
    check.check_files_of_tests()


def test_contributions(finished, trial):
    steps = _table(finished, "steps", trial.trial).set_index("step")
    rows = _contributions(finished, trial.trial)
    assert set(rows["phase"]) == {"stance", "flight", "braking", "propulsion"}
    for number, own in rows.groupby("step"):
        check.check_contributions(trial, trial.step(steps.loc[number]), own)


def test_means_of_contributions(finished):
    """The table that people read, of the rows that machines keep."""
    rows = _contributions(finished)
    sides = _table(finished, "steps")[["trial_id", "step", "side", "condition"]]
    rows = rows.astype({"trial_id": object}).merge(sides, on=["trial_id", "step"])
    told = pd.read_csv(
        finished.table("contribution_means.tsv"), sep="\t", na_values="n/a", keep_default_na=False
    )
    told = told[told["participant_id"] == RUNNER.name].set_index(["condition", "side", *OUTCOME])
    by = rows.astype(dict.fromkeys(OUTCOME, object)).groupby(["condition", "side", *OUTCOME])
    assert len(told) == len(by)
    expected = pd.DataFrame(
        {"mean": by["value"].mean(), "sd": by["value"].std(), "low": by["low"].mean(),
         "high": by["high"].mean(), "steps": by["value"].count()}
    ).loc[told.index]  # fmt: skip
    for name in expected:
        np.testing.assert_allclose(told[name], expected[name], rtol=1e-4, atol=1e-12, err_msg=name)
