"""What a stage made of every trial: one failure stops nothing else and is passed on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aqbio.errors import AqbioError, Finding
from aqbio.faults import RunStoppedError
from aqbio.io.provenance import file_hash
from aqbio.io.study import load_study
from aqbio.study.internal import RULE
from aqbio.study.manifest import (
    FAILED,
    OK,
    TrialOutcome,
    earlier_failures,
    entry,
    participant_stage,
    recorded,
    run_trials,
    write_manifest,
)
from tests.refusal import refused
from tests.small_study import write_small_study


@pytest.fixture
def study(tmp_path):
    return load_study(write_small_study(tmp_path))


def _write(study, stage, *trials, **more):
    write_manifest(study, "P1", stage, list(trials), **more)


def _done(study, fast, slow, said=None):
    """Entries of two trials, each made by a function of its own."""
    works = {"fast": fast, "slow": slow}
    report = (said if said is not None else []).append
    return run_trials(study, "P1", "prepare", lambda t: works[t.trial_id](t), report)


def _cut(_):
    raise AqbioError("the file is cut.", file="x.c3d", fix="export again.", rule="cut")


def _gap(trial):
    return TrialOutcome({"frames": 7}, (Finding("gap", "warning", "a gap.", trial=trial.trial_id),))


def test_one_failure_does_not_stop_the_others(study):
    said = []
    fast, slow = _done(study, _cut, _gap, said)
    assert (fast["status"], fast["reason"]) == (FAILED, "the file is cut.")
    [found] = fast["findings"]
    names = ("rule", "severity", "trial", "participant", "fix")
    assert [found[x] for x in names] == ["cut", "error", "fast", "P1", "export again."]
    assert (slow["status"], slow["reason"], slow["frames"]) == (OK, "", 7)
    assert slow["findings"][0]["what"] == "a gap."
    assert said == ["P1 fast: failed: the file is cut.", "P1 slow: done"]


def test_errors_of_the_program_fail_one_trial_with_a_log(study):
    """The sentence names it, its log tells where; what JSON cannot hold is the trial's own."""
    fast, slow = _done(
        study, lambda _: TrialOutcome({"ratio": [1.0][7]}),
        lambda _: TrialOutcome({"nothing": float("nan")}),
    )  # fmt: skip
    [found] = fast["findings"]
    assert (found["rule"], found["severity"], found["trial"]) == (RULE, "error", "fast")
    assert fast["reason"].startswith("internal error ")
    assert "IndexError (list index out of range), see logs/internal-" in fast["reason"]
    log = Path(found["file"])
    assert "TrialOutcome" in log.read_text(encoding="utf-8")
    assert log.relative_to(study.root).as_posix() in found["what"]
    assert (slow["status"], "ValueError" in slow["reason"]) == (FAILED, True)
    with pytest.raises(KeyboardInterrupt):
        _done(study, lambda _: (_ for _ in ()).throw(KeyboardInterrupt), _gap)


def test_a_participant_of_whom_nothing_is_made(study):
    """Work between the trials: later stages find a manifest, and say why, once."""
    left, said = [], []

    @participant_stage("prepare", lambda study, name: left.append(name), mass_kg=None)
    def stage(study, participant_id, report):
        raise KeyError

    stage(study, "P1", said.append)
    content = study.read_manifest("P1", "prepare")
    assert (content["status"], content["mass_kg"], left) == (FAILED, None, ["P1"])
    assert (content["reason"][:15], len(content["findings"])) == ("internal error ", 1)
    assert said == [f"P1: failed: {content['reason']}"]
    _write(study, "scale", reason="prepare: told")
    reasons = set(earlier_failures(study, "P1", "inverse_kinematics").values())
    assert reasons == {f"prepare: {content['reason']}"}


def test_a_stage_that_comes_too_early_writes_nothing(study):
    @participant_stage("inverse_kinematics")
    def stage(study, participant_id, report):
        run_trials(study, participant_id, "inverse_kinematics", pytest.fail, report)

    with pytest.raises(AqbioError, match="stage prepare has not run for P1"):
        stage(study, "P1", str)
    assert not study.manifest("P1", "inverse_kinematics").exists()


def test_later_stages_pass_a_failure_on_with_the_stage_that_had_it(study):
    cut = {"fast": "prepare: cut."}
    _write(study, "prepare", entry("fast", FAILED, "cut."), entry("slow", OK, ""))
    _write(study, "scale", reason="no markers.")
    stage, said = "inverse_kinematics", []
    assert earlier_failures(study, "P1", stage) == cut | {"slow": "scale: no markers."}
    entries = run_trials(study, "P1", stage, pytest.fail, said.append)
    assert [done["status"] for done in entries] == [FAILED, FAILED]
    assert said[1] == "P1 slow: not possible (stage scale failed)"
    _write(study, "scale")
    done = []
    entries = run_trials(study, "P1", stage, lambda t: done.append(t) or TrialOutcome(), str)
    assert [trial.trial_id for trial in done] == ["slow"]
    for name, later in ((stage, "inverse_dynamics"), ("inverse_dynamics", "contributions")):
        _write(study, name, *entries)
        assert earlier_failures(study, "P1", later) == cut


def test_content_of_a_manifest(study, tmp_path):
    source = tmp_path / "source.trc"
    source.write_text("abc")
    entries = _done(study, *[lambda _: TrialOutcome({"rms_m": 0.0125}, (), (source,))] * 2)
    finding = Finding("mass", "warning", "masses differ.", participant="P1")
    _write(study, "prepare", *entries, findings=[finding], mass_kg=71.5)
    content = study.read_manifest("P1", "prepare")
    assert (content["status"], content["reason"], content["mass_kg"]) == (OK, "", 71.5)
    assert [(t["rms_m"], "inputs" in t) for t in content["trials"]] == [(0.0125, False)] * 2
    assert content["findings"][0]["what"] == "masses differ."
    record = content["provenance"]
    assert json.loads(record["inputs"]) == {"source.trc": file_hash(source)}
    assert set(json.loads(record["settings"])) == {"files", "laboratory", "prepare", "model"}
    assert str(tmp_path) not in json.dumps(record)
    with pytest.raises(ValueError, match="not JSON compliant"):
        _write(study, "prepare", entry("fast", OK, "", rms_m=float("nan")))
    assert study.read_manifest("P1", "prepare") == content
    assert len(list(study.manifest("P1", "prepare").parent.iterdir())) == 1


def test_what_was_made_of_files_that_changed_meanwhile_is_thrown_away(study):
    """A sheet is edited while a stage runs: nobody could say which of the two was read."""
    record = study.manifest("P1", "prepare")
    with recorded(study, "P1", "prepare"):
        _write(study, "prepare")
    assert record.exists()
    with (
        refused("input-changed", "a file that stage prepare reads changed", RunStoppedError),
        recorded(study, "P1", "prepare"),
    ):
        _write(study, "prepare")
        study.recording(study.trial("P1", "fast")).write_bytes(b"another")
    assert not record.exists()
