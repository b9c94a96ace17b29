"""An error in any stage, for one trial or part: the page exists with the others."""

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
from tests.virtual.made_study import PEOPLE, run_stages

pytestmark = [pytest.mark.whole, pytest.mark.xdist_group("finished")]

BROKEN = "broken on purpose"
FIRST, SECOND, THIRD = (PEOPLE[0], "run1"), (PEOPLE[0], "run2"), (PEOPLE[1], "run1")


@pytest.fixture
def copy(finished, tmp_path, monkeypatch) -> Study:
    """A copy of the finished study, with results of its own; its figures are empty drawings."""
    draw_nothing(monkeypatch)
    shutil.copytree(finished.root, tmp_path / "results" / finished.settings.name)
    settings = finished.settings.model_copy(update={"results": str(tmp_path / "results")})
    return replace(finished, settings=settings)


def _breaks(monkeypatch, target: str, concerned) -> None:
    """Let a function raise for the trial or part that is to break."""
    module, name = target.rsplit(".", 1)
    original = getattr(import_module(module), name)

    def broken(*arguments, **keywords):
        if concerned(*arguments):
            raise ArithmeticError(BROKEN)
        return original(*arguments, **keywords)

    monkeypatch.setattr(f"{module}.{name}", broken)


def _of(trial) -> tuple[str, str]:
    return trial.participant_id, trial.trial_id


def _at(trial):
    return lambda path, *_: path.stem == trial[1] and trial[0] in path.parts


ONE_TRIAL_A_STAGE = {
    "prepare": ("prepare_trial", lambda _, trial, *__: _of(trial) == FIRST),
    "inverse_kinematics": ("recorded_trial", lambda _, __, trial: _of(trial) == SECOND),
    "contributions": ("trial_contributions", lambda _, *trial: trial == THIRD),
}
LATE = {
    "inverse_dynamics": ("plain_in_laboratory", lambda _, trial, *__: _at(FIRST)(trial.files[0])),
    "contributions": ("read_dataset", _at(SECOND)),
    "multiverse": ("evidence_trial", lambda _, __, trial, *___: _of(trial) == THIRD),
}
SCALE = {"scale": ("_calibrated", lambda study, name, *_: name == PEOPLE[0])}
HOMES = {"read_dataset": "aqbio.contributions.trial"}
"""Where it is not the module of the stage."""


@pytest.mark.parametrize("faults", [ONE_TRIAL_A_STAGE, LATE, SCALE], ids=["first", "late", "scale"])
def test_a_trial_that_breaks_leaves_the_page_with_the_others(copy, monkeypatch, faults):
    """In each of several stages another trial breaks, in scale a participant."""
    monkeypatch.setattr("aqbio.figures.stage._illustration", lambda *_: None)
    for stage, (name, concerned) in faults.items():
        module = HOMES.get(name, stage_module(stage).__name__)
        _breaks(monkeypatch, f"{module}.{name}", concerned)
    people = PEOPLE[:1] if faults is SCALE else PEOPLE
    run_stages(copy, STAGES[STAGES.index(next(iter(faults))) :], people=people)
    trials = read_table(copy.table("trials.tsv")).set_index(["participant_id", "trial_id"])
    failed = trials[trials["status"] == "failed"]
    expected = [FIRST, SECOND] if faults is SCALE else [FIRST, SECOND, THIRD]
    assert sorted(failed.index) == sorted(expected)
    stages = ["scale"] * 2 if faults is SCALE else list(faults)
    for trial, stage in zip(expected, stages, strict=True):
        assert failed.loc[trial, "reason"].startswith(f"{stage}: internal error ")
    assert failed["reason"].str.contains(BROKEN).all()
    steps = read_table(copy.table("steps.tsv"))
    trials_with_steps = set(zip(steps["participant_id"], steps["trial_id"], strict=True))
    assert trials_with_steps == set(trials.index) - set(failed.index)
    _check_page_and_log(copy, faults)
    assert re.match(rf"4 trials: .*{len(failed)} failed\.", summary(copy))


PARTS = {
    "hypotheses": (
        "aqbio.hypotheses.gathered._trial_errors",
        lambda _, trials, *__: FIRST in trials,
    ),
    "figures": ("aqbio.figures.quality._effects", lambda *_: True),
    "pages": ("aqbio.pages.athlete.trial_rows", lambda _, name, *__: name == PEOPLE[0]),
    "report": ("aqbio.report.page.disagreement_words", lambda *_: True),
}


def test_a_part_that_breaks_leaves_the_page_with_the_others(finished, copy, monkeypatch):
    for target, concerned in PARTS.values():
        _breaks(monkeypatch, target, concerned)
    run_stages(copy, STAGES[min(map(STAGES.index, PARTS)) :])
    text = _check_page_and_log(copy, PARTS)
    steps, before = (read_table(study.table("hypotheses_steps.tsv")) for study in (copy, finished))
    removed = (before["participant_id"] == FIRST[0]) & (before["trial_id"] == FIRST[1])
    assert 0 < removed.sum() < len(before)
    assert len(steps) == len(before) - removed.sum()
    assert len(read_table(copy.table("verdicts.tsv"))) > 5
    assert ("agreement.tsv" in text, "joint_work.tsv" in text) == (False, True)
    assert text.count("This page is missing") == 1
    assert "A part of this page is missing" in text
    assert 'id="verdicts"' in text


def _check_page_and_log(study: Study, stages) -> str:
    """Each finding names its log, the log the line, and the page says it."""
    text, findings = pages_text(study.root), every_finding(study)
    internal = findings[findings["rule"] == "internal-error"].drop_duplicates("file")
    assert set(internal["stage"]) == set(stages)
    assert set(internal["severity"]) == {"error"}
    for finding in internal.itertuples():
        log = (study.root / "logs" / finding.file).read_text(encoding="utf-8")
        assert f"ArithmeticError: {BROKEN}" in log
        assert f"logs/{finding.file}" in finding.what
        assert finding.what in text
        assert any(finding.what in line for line in internal_errors(study))
    return text
