"""What the gates read of trials: those that break a law of mechanics are not believed."""

from __future__ import annotations

import pandas as pd
import pytest

from aqbio.hypotheses.trial_quality import trial_table, unfitted
from tests.stages.hypotheses.made_evidence import drawn_study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return drawn_study(tmp_path_factory.mktemp("believed"), athletes=2)


def with_measure(study, measure: str, verdict: str) -> pd.DataFrame:
    """Trials of a study one of which has a measure of that verdict."""
    path = study.table("quality.tsv")
    before = path.read_text(encoding="utf-8")
    one = study.trials[-1]
    steps = pd.DataFrame(
        [
            {"participant_id": t.participant_id, "trial_id": t.trial_id}
            for t in study.trials
            if t.task != "static"
        ]
    )
    try:
        path.write_text(
            f"{before}{one.participant_id}\t{one.trial_id}\t{measure}\t1\t{verdict}\n",
            encoding="utf-8",
        )
        return trial_table(study, steps)
    finally:
        path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize("measure", ["flight_drift_y", "flight_acceleration", "foot_slip"])
def test_a_trial_beyond_a_law_of_mechanics_is_not_believed(study, measure):
    """That one alone, and as far as the fit is concerned: not the motion without it."""
    one = study.trials[-1]
    assert not with_measure(study, measure, "ok")["suspect"].any()
    found = with_measure(study, measure, "fail")
    assert found.index[found["suspect"]].tolist() == [(one.participant_id, one.trial_id)]
    assert not unfitted(found)["suspect"].any()


def test_the_motion_without_the_fit_is_held_to_its_own_drift(study):
    found = with_measure(study, "plain_flight_drift_y", "fail")
    assert not found["suspect"].any()
    assert unfitted(found)["suspect"].sum() == 1
