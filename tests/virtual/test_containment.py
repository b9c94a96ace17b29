"""Whatever breaks, in whichever stage, for one trial or part: the page is there with the others."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from importlib import import_module

import pytest

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.progress import internal_errors, summary
from aqbio.stage_table import STAGES, stage_module
from aqbio.study.findings import every_finding
from tests.pages import pages_text
from tests.undrawn import draw_nothing
from tests.virtual.finished import PEOPLE, run_stages
from tests.virtual.runners import RUNNER

pytestmark = pytest.mark.xdist_group("finished")

BROKEN = "broken on purpose"


@pytest.fixture
def copy(finished, tmp_path, monkeypatch) -> Study:
    """A copy of the finished study, with results of its own; its figures are empty drawings."""
    draw_nothing(monkeypatch)
    shutil.copytree(finished.root, tmp_path / "results" / finished.settings.name)
    settings = finished.settings.model_copy(update={"results": str(tmp_path / "results")})
    return replace(finished, settings=settings)


def test_the_study_is_whole_before_anything_is_broken(finished):
    """Otherwise what is missing below could have been missing anyway."""
    trials = read_table(finished.table("trials.tsv"))
    assert list(trials["status"]) == ["ok"] * 4
    assert internal_errors(finished) == []


def _breaks(monkeypatch, target: str, concerned) -> None:
    """Let a function raise where it is asked about what is to break."""
    module, name = target.rsplit(".", 1)
    whole = getattr(import_module(module), name)

    def broken(*arguments, **named):
        if concerned(*arguments):
            raise ArithmeticError(BROKEN)
        return whole(*arguments, **named)

    monkeypatch.setattr(f"{module}.{name}", broken)


def _of_one_trial(path, *_) -> bool:
    return path.stem == "run1" and RUNNER.name in path.parts


def _is_first_row(trial) -> bool:
    return (trial.participant_id, trial.trial_id) == (RUNNER.name, "run1")


STAGE_FAULTS = {
    "prepare": ("prepare_trial", lambda _, trial, *__: _is_first_row(trial)),
    "scale": ("_calibrated", lambda study, name, *_: name == RUNNER.name),
    "inverse_kinematics": ("recorded_trial", lambda _, __, trial: _is_first_row(trial)),
    "inverse_dynamics": ("plain_dataset", lambda trial, _: _of_one_trial(trial.files[0])),
    "contributions": ("read_dataset", _of_one_trial),
    "steps of contributions": (
        "trial_contributions",
        lambda _, *place: place == (RUNNER.name, "run1"),
    ),
    "multiverse": ("evidence_trial", lambda _, __, trial, *___: _is_first_row(trial)),
}
"""What raises in every stage of the participants: for one trial, in scale for one participant."""

DRAWN = ("prepare", "scale")
"""After these, of a trial and of a participant, figures are drawn of what is left."""


def _draws_nothing(monkeypatch) -> None:
    monkeypatch.setattr("aqbio.figures.stage._illustration", lambda *_: None)


@pytest.mark.parametrize("part", STAGE_FAULTS)
def test_a_trial_that_breaks_leaves_the_page_with_the_others(copy, monkeypatch, part):
    name, concerned = STAGE_FAULTS[part]
    stage = part.rpartition(" of ")[2]
    level_a = {"contributions": "aqbio.contributions.stage"}
    module = level_a.get(part, stage_module(stage).__name__)
    _breaks(monkeypatch, f"{module}.{name}", concerned)
    if stage not in DRAWN:
        _draws_nothing(monkeypatch)
    run_stages(copy, STAGES[STAGES.index(stage) :], people=(RUNNER.name,))
    trials = read_table(copy.table("trials.tsv")).set_index(["participant_id", "trial_id"])
    failed = set(trials.index[trials["status"] == "failed"])
    assert (RUNNER.name, "run1") in failed
    assert (PEOPLE[1], "run2") not in failed
    assert len(failed) <= 2
    reasons = trials.loc[sorted(failed), "reason"]
    assert reasons.str.startswith(f"{stage}: internal error ").all()
    assert reasons.str.contains(BROKEN).all()
    steps = read_table(copy.table("steps.tsv"))
    assert not set(zip(steps["participant_id"], steps["trial_id"], strict=True)) & failed
    _check_page_and_log(copy, stage)
    assert re.match(rf"4 trials: .*{len(failed)} failed\.", summary(copy))


def test_a_trial_that_cannot_be_fitted_alone_fails_alone(finished, monkeypatch):
    """The session is fitted as a whole: who breaks it is found by fitting each by itself."""
    fitted, asked = object(), []

    def fit(study, skeleton, trials, static, *, draws):
        names = [trial.trial_id for trial in trials]
        asked.append(names)
        if "run1" in names:
            raise ArithmeticError(BROKEN)
        return fitted

    module = import_module("aqbio.consistency.stage")
    monkeypatch.setattr(module, "fitted_session", fit)
    monkeypatch.setattr(module, "static_stances", lambda *_: {})
    on = finished.settings.consistency.model_copy(update={"enabled": True})
    settings = finished.settings.model_copy(update={"consistency": on})
    session = module.participant_session(replace(finished, settings=settings), RUNNER.name)
    assert session.fitted is fitted
    assert list(session.failed) == ["run1"]
    assert BROKEN in session.failed["run1"].what
    assert asked == [["run1", "run2"], ["run1"], ["run2"], ["run2"]]


LATER_FAULTS = {
    "hypotheses": (
        "aqbio.hypotheses.gathered._trial_errors",
        lambda _, trials: (RUNNER.name, "run1") in trials,
    ),
    "figures": (
        "aqbio.figures.quality._effects",
        lambda *_: True,
    ),
    "report": ("aqbio.pages.page.disagreement_words", lambda *_: True),
    "pages": ("aqbio.pages.athlete.trial_rows", lambda _, name, *__: name == RUNNER.name),
}


@pytest.mark.parametrize("stage", LATER_FAULTS)
def test_a_part_that_breaks_leaves_the_page_with_the_others(finished, copy, monkeypatch, stage):
    target, concerned = LATER_FAULTS[stage]
    _breaks(monkeypatch, target, concerned)
    if stage != "figures":
        _draws_nothing(monkeypatch)
    run_stages(copy, STAGES[STAGES.index(stage) :])
    text = _check_page_and_log(copy, stage)
    if stage == "hypotheses":
        own, before = (read_table(one.table("hypotheses_steps.tsv")) for one in (copy, finished))
        gone = (before["participant_id"] == RUNNER.name) & (before["trial_id"] == "run1")
        assert 0 < gone.sum() < len(before)
        assert len(own) == len(before) - gone.sum()
        assert len(read_table(copy.table("verdicts.tsv"))) > 5
    if stage == "figures":
        assert "agreement.tsv" not in text
        assert "joint_work.tsv" in text
    if stage == "pages":
        assert text.count("This page is missing") == 1
    if stage == "report":
        assert "A part of this page is missing" in text
        assert 'id="verdicts"' in text


def _check_page_and_log(study: Study, stage: str) -> str:
    """The finding names its log, the log the line, and the page says it."""
    text = pages_text(study.root)
    findings = every_finding(study)
    [finding] = findings[findings["rule"] == "internal-error"].drop_duplicates("file").itertuples()
    assert (finding.stage, finding.severity) == (stage, "error")
    log = (study.root / "logs" / finding.file).read_text(encoding="utf-8")
    assert f"ArithmeticError: {BROKEN}" in log
    assert f"logs/{finding.file}" in finding.what
    assert finding.what in text
    assert any(finding.what in line for line in internal_errors(study))
    return text
