"""Jobs that did not finish: what the console says, and what the table of trials has of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from aqbio import progress
from aqbio.broken_jobs import NO_TURN, NO_WORD, BrokenJob, write_unfinished_trials
from aqbio.io.cluster import LOGS
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from aqbio.records.manifest import entry, write_manifest
from aqbio.records.verified import result_problems
from tests.small_study import write_small_study


@pytest.fixture
def study(tmp_path: Path, monkeypatch) -> Study:
    """Two participants; the run is started in their folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.0)
    return load_study(write_small_study(tmp_path))


def _finish(study: Study, participant: str, failed: str = "") -> None:
    """Leave what a participant's job leaves."""
    trials = [
        entry(
            one.trial_id, "failed" if one.trial_id == failed else "ok", "too short" * bool(failed)
        )
        for one in study.moving_of(participant)
    ]
    write_manifest(study, participant, "evidence", trials)
    study.manifest(participant, "stages").write_text("{}")


def _run(study: Study, monkeypatch, script: str) -> int:
    command = [sys.executable, "-c", script, str(study.root / "logs")]
    monkeypatch.setattr(progress, "snakemake_command", lambda *_: command)
    return progress.run_workflow(study.file, cores=1)


TWO_LOGS = (
    "import pathlib, sys; logs = pathlib.Path(sys.argv[1]); logs.mkdir(parents=True)\n"
    "first = logs / 'participants-P1.log'\n"
    "first.write_text('12:00:00 P1 fast: done\\nthe disk is full.\\n  Fix: make room.\\n')\n"
    "(logs / 'participants-P2.log').write_text('')\n"
    "print('a page of snakemake'); sys.exit(1)"
)


def test_what_a_broken_job_said_last_is_told_and_nothing_of_snakemake(study, monkeypatch, capsys):
    assert _run(study, monkeypatch, TWO_LOGS) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "participants-P1 did not finish:",
        "the disk is full.",
        "  Fix: make room.",
        f"  Log: {study.root / 'logs' / 'participants-P1.log'}",
        "participants-P2 did not finish:",
        NO_WORD,
        f"  Log: {study.root / 'logs' / 'participants-P2.log'}",
        f"What became of every trial: {study.table('trials.tsv')}",
    ]


def test_the_table_of_trials_has_the_reason_of_every_job(study, monkeypatch):
    assert _run(study, monkeypatch, TWO_LOGS) == 1
    table = read_table(study.table("trials.tsv"))
    keys = [(one.participant_id, one.trial_id) for one in table.itertuples()]
    people = [one.participant_id for one in study.participants]
    assert keys == [(who, one.trial_id) for who in people for one in study.moving_of(who)]
    assert set(table["status"]) == {"unfinished"}
    assert set(table["reason"][table["participant_id"] == "P1"]) == {"the disk is full."}
    assert set(table["reason"][table["participant_id"] == "P2"]) == {NO_WORD}


def test_a_library_that_crashes_is_not_said_to_lack_memory(study, monkeypatch, capsys):
    """A segmentation fault as `aqbio` leaves it in the log of a job."""
    crash = "import faulthandler, os; faulthandler.enable(); print('12:00:00 P1', flush=True); "
    crash += "os.kill(os.getpid(), 11)"
    script = (
        "import pathlib, subprocess, sys; log = pathlib.Path(sys.argv[1]) / 'participants-P1.log'\n"
        "log.parent.mkdir(parents=True)\n"
        f"subprocess.run([sys.executable, '-c', {crash!r}], stdout=log.open('w'),"
        " stderr=subprocess.STDOUT)\nsys.exit(1)"
    )
    assert _run(study, monkeypatch, script) == 1
    said = capsys.readouterr().err
    assert "A library crashed (segmentation fault).\n  File " in said
    assert "memory" not in said
    table = read_table(study.table("trials.tsv")).set_index("participant_id")
    assert set(table.loc["P1", "reason"]) == {"A library crashed (segmentation fault)."}


def test_what_the_cluster_says_is_the_reason(study, monkeypatch):
    said = f"{LOGS}/rule_participants/P1/7.log"
    script = (
        f"import pathlib, sys; log = pathlib.Path({said!r}); log.parent.mkdir(parents=True)\n"
        "log.write_text('slurmstepd: error: *** JOB 9 ON vm CANCELLED AT 2026 ***'); sys.exit(1)"
    )
    _finish(study, "P2")
    assert _run(study, monkeypatch, script) == 1
    table = read_table(study.table("trials.tsv")).set_index("participant_id")
    assert set(table.loc["P1", "reason"]) == {"SLURM ended it: it was cancelled."}
    assert set(table.loc["P1", "state"]) == {"unfinished"}
    assert set(table.loc["P2", "status"]) == {"ok"}
    assert table.loc["P2", "state"].isna().all(), "which steps it has is not known yet"


def test_finished_participants_keep_what_became_of_their_trials(study):
    last = study.moving_of("P2")[-1].trial_id
    _finish(study, "P2", failed=last)
    path = write_unfinished_trials(study, [])
    table = read_table(path).set_index(["participant_id", "trial_id"])
    assert set(table.loc["P1", "reason"]) == {NO_TURN}
    assert table.loc[("P2", last), "status"] == "failed"
    assert table.loc[("P2", last), "reason"] == "evidence: too short"
    assert list(table.loc["P2", "status"]).count("ok") == len(study.moving_of("P2")) - 1


def test_the_table_is_no_file_of_strangers(study):
    write_unfinished_trials(study, [])
    problems = result_problems(study)
    assert {one.kind for one in problems} == {"missing"}
    assert any(one.stage == "tables" for one in problems), "it does not stand for the stage's own"


def test_no_table_is_written_where_all_participants_are_finished(study):
    """A stage of the study failed: what stage tables wrote stays."""
    _finish(study, "P1")
    _finish(study, "P2")
    job = BrokenJob("study", "figures", ("there is not enough memory.",), Path("figures.log"))
    assert write_unfinished_trials(study, [job]) is None
    assert not study.table("trials.tsv").exists()


def test_a_disk_that_is_full_takes_no_table_and_no_traceback(study, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("aqbio.broken_jobs.write_table", full)
    assert write_unfinished_trials(study, []) is None


def test_a_reason_names_no_folder_of_the_machine(study, tmp_path):
    job = BrokenJob("participants", "P1", (f"{tmp_path}/results went away.",), Path("a.log"))
    text = write_unfinished_trials(study, [job]).read_text()
    assert str(tmp_path) not in text
    assert "results went away." in text


def test_who_ended_snakemake_is_not_guessed(study, monkeypatch, capsys):
    """Its jobs may go on, on a cluster: nothing is known of them."""
    script = "import os, pathlib, sys\n" + TWO_LOGS.replace(
        "sys.exit(1)", "os.kill(os.getpid(), 9)"
    )
    assert _run(study, monkeypatch, script) == -9
    assert capsys.readouterr().err == "Snakemake was ended (SIGKILL): what was finished is kept.\n"
    assert not study.table("trials.tsv").exists()
