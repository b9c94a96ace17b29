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


def _read(study, stage):
    return json.loads(study.manifest("P1", stage).read_text(encoding="utf-8"))


def test_one_failure_does_not_stop_the_others(study):
    said = []

    def work(trial):
        if trial.trial_id == "fast":
            raise AqbioError("the file is cut.", file="x.c3d", fix="export again.", rule="cut")
        finding = Finding("gap", "warning", "a gap.", trial=trial.trial_id)
        return TrialOutcome({"frames": 7}, (finding,))

    fast, slow = run_trials(study, "P1", "prepare", work, said.append)
    assert (fast["status"], fast["reason"]) == (FAILED, "the file is cut.")
    [found] = fast["findings"]
    assert (found["rule"], found["severity"], found["trial"]) == ("cut", "error", "fast")
    assert (found["participant"], found["fix"]) == ("P1", "export again.")
    assert (slow["status"], slow["reason"], slow["frames"]) == (OK, "", 7)
    assert slow["findings"][0]["what"] == "a gap."
    assert said == ["P1 fast: failed: the file is cut.", "P1 slow: done"]


def test_errors_of_the_program_fail_one_trial_with_a_log(study):
    """Nobody foresaw it: the sentence names it, its log tells where, and the others go on."""

    def work(trial):
        if trial.trial_id == "fast":
            return TrialOutcome({"ratio": [1.0][7]})
        return TrialOutcome({"nothing": float("nan")} if trial.trial_id == "slow" else {})

    fast, slow = run_trials(study, "P1", "prepare", work, str)
    assert (fast["status"], slow["status"]) == (FAILED, FAILED)
    [found] = fast["findings"]
    assert (found["rule"], found["severity"], found["trial"]) == (RULE, "error", "fast")
    assert fast["reason"].startswith("internal error ")
    assert "IndexError (list index out of range), see logs/internal-" in fast["reason"]
    log = Path(found["file"])
    assert "return TrialOutcome" in log.read_text(encoding="utf-8")
    assert log.relative_to(study.root).as_posix() in found["what"]
    assert "ValueError" in slow["reason"]  # what JSON cannot hold is the trial's own failure


def test_a_person_who_interrupts_is_obeyed(study):
    def work(trial):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_trials(study, "P1", "prepare", work, str)


def test_a_participant_of_whom_nothing_is_made(study):
    """Work between the trials: later stages find a manifest, and say why, once."""
    left = []

    @participant_stage("prepare", lambda study, name: left.append(name), mass_kg=None)
    def stage(study, participant_id, report):
        raise KeyError

    said = []
    stage(study, "P1", said.append)
    content = _read(study, "prepare")
    assert (content["status"], content["mass_kg"], left) == (FAILED, None, ["P1"])
    assert content["reason"].startswith("internal error ")
    assert len(content["findings"]) == 1
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
    _write(study, "prepare", entry("fast", FAILED, "the file is cut."), entry("slow", OK, ""))
    _write(study, "scale")
    assert earlier_failures(study, "P1", "inverse_kinematics") == {
        "fast": "prepare: the file is cut."
    }
    done = []
    entries = run_trials(
        study, "P1", "inverse_kinematics", lambda t: done.append(t) or TrialOutcome(), str
    )
    assert [trial.trial_id for trial in done] == ["slow"]
    for stage in ("inverse_kinematics", "inverse_dynamics"):
        _write(study, stage, *entries)
        later = {"inverse_kinematics": "inverse_dynamics", "inverse_dynamics": "contributions"}[
            stage
        ]
        assert earlier_failures(study, "P1", later) == {"fast": "prepare: the file is cut."}


def test_without_a_model_no_trial_can_be_solved(study):
    _write(study, "prepare", entry("fast", FAILED, "cut."), entry("slow", OK, ""))
    _write(study, "scale", reason="the static trial has no markers.")
    failures = earlier_failures(study, "P1", "inverse_kinematics")
    assert failures["fast"] == "prepare: cut."
    assert failures["slow"] == "scale: the static trial has no markers."
    said = []
    entries = run_trials(study, "P1", "inverse_kinematics", pytest.fail, said.append)
    assert [done["status"] for done in entries] == [FAILED, FAILED]
    assert said[1] == "P1 slow: not possible (stage scale failed)"


def test_content_of_a_manifest(study, tmp_path):
    source = tmp_path / "source.trc"
    source.write_text("abc")

    def work(trial):
        return TrialOutcome({"rms_m": 0.0125}, (), (source,))

    entries = run_trials(study, "P1", "prepare", work, str)
    finding = Finding("mass", "warning", "masses differ.", participant="P1")
    _write(study, "prepare", *entries, findings=[finding], mass_kg=71.5)
    content = _read(study, "prepare")
    assert content["status"] == OK
    assert content["reason"] == ""
    assert content["mass_kg"] == 71.5
    assert [trial["rms_m"] for trial in content["trials"]] == [0.0125, 0.0125]
    assert "inputs" not in content["trials"][0]
    assert content["findings"][0]["what"] == "masses differ."
    record = content["provenance"]
    assert json.loads(record["inputs"]) == {"source.trc": file_hash(source)}
    assert set(json.loads(record["settings"])) == {"files", "laboratory", "prepare", "model"}
    assert str(tmp_path) not in json.dumps(record)


def test_what_was_made_of_files_that_changed_meanwhile_is_thrown_away(study):
    """A sheet is edited while a stage runs: nobody could say which of the two was read."""
    record = study.manifest("P1", "prepare")

    def run(change):
        with recorded(study, "P1", "prepare"):
            _write(study, "prepare")
            if change:
                study.recording(study.trial("P1", "fast")).write_bytes(b"another")

    run(change=False)
    assert record.exists()
    with refused("input-changed", "a file that stage prepare reads changed", RunStoppedError):
        run(change=True)
    assert not record.exists()


def test_the_old_manifest_stays_when_writing_fails(study):
    """A number that is none cannot be written as JSON: nothing half-written is left."""
    _write(study, "prepare", entry("fast", OK, ""))
    before = study.manifest("P1", "prepare").read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        _write(study, "prepare", entry("fast", OK, "", rms_m=float("nan")))
    assert study.manifest("P1", "prepare").read_bytes() == before
    assert len(list(study.manifest("P1", "prepare").parent.iterdir())) == 1
