"""What later stages read of the steps: judged, finished trials alone, every digit."""

from __future__ import annotations

import pandas as pd
import pytest

from aqbio.gait.step_files import participant_rows, recorded_steps, step_file
from aqbio.gait.steps import Step
from aqbio.io.dictionary import columns
from aqbio.io.study import load_study
from aqbio.io.tables import write_columns
from aqbio.study.manifest import FAILED, OK, entry, write_manifest
from tests.small_study import write_small_study

STEPS = (
    Step(1, "left", 0.1, 0.1 + 1.0 / 3.0, 0.5, "ok", "", 0.002),
    Step(2, "right", 0.5, 0.61, float("nan"), "incomplete", "no later contact was measured"),
)


def _rows(steps) -> list[dict[str, object]]:
    return [
        {
            "participant_id": "P1",
            "trial_id": "fast",
            "step": one.number,
            "side": one.side,
            "touchdown_fitted_s": one.touchdown,
            "toe_off_fitted_s": one.toe_off,
            "next_touchdown_fitted_s": one.next_touchdown,
            "contact_error_s": one.time_error,
            "status": one.status,
            "reason": one.reason or None,
        }
        for one in steps
    ]


@pytest.fixture
def study(tmp_path):
    found = load_study(write_small_study(tmp_path))
    described = columns("steps", group=[])
    for who in ("P1", "P2"):
        rows = [row | {"participant_id": who} for row in _rows(STEPS)]
        rows += [row | {"trial_id": "slow"} for row in rows]
        table = pd.DataFrame(rows, columns=list(described))
        write_columns(table, step_file(found, who, "steps"), described, {})
        trials = [entry("fast", OK, ""), entry("slow", OK if who == "P1" else FAILED, "")]
        write_manifest(found, who, "multiverse", trials)
    return found


def every_row(study):
    return pd.concat([participant_rows(study, who, "steps") for who in ("P1", "P2")])


def test_steps_come_back_as_they_were_cut(study):
    table = every_row(study)
    own = table[(table["participant_id"] == "P1") & (table["trial_id"] == "fast")]
    for found, one in zip(recorded_steps(own), STEPS, strict=True):
        assert repr(found) == repr(one)  # the last digit too, and unknown stays unknown


def test_a_step_that_the_settings_rejected_is_rejected(study):
    table = pd.DataFrame(_rows(STEPS)).assign(status="rejected", reason="it counts as a turn")
    assert {step.status for step in recorded_steps(table)} == {"rejected"}
    assert {step.reason for step in recorded_steps(table)} == {"it counts as a turn"}


def test_trials_that_a_later_stage_could_not_do_are_left_out(study):
    table = every_row(study)
    trials = set(zip(table["participant_id"], table["trial_id"], strict=True))
    assert trials == {("P1", "fast"), ("P1", "slow"), ("P2", "fast")}
