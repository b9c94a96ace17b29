"""How far the workflow is: lines as they are written, and what became of every trial."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from aqbio import progress
from aqbio.errors import AqbioError
from aqbio.io.study import Study, load_study
from aqbio.io.tables import write_table
from aqbio.names import PARTICIPANT_STAGES, STUDY_STAGES
from aqbio.records.internal import RULE
from aqbio.stages.steps.columns import FINDINGS, STEPS, TRIALS
from tests.small_study import write_small_study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return load_study(write_small_study(tmp_path))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.0)


class MadeProcess:
    """A process that does something each time it is asked whether it has ended."""

    def __init__(self, *events: Callable[[], object]) -> None:
        self.events: Iterator[Callable[[], object]] = iter(events)

    def poll(self) -> int | None:
        event = next(self.events, None)
        if event is None:
            return 0
        event()
        return None


def _append(path: Path, text: str) -> Callable[[], None]:
    def write() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)

    return write


def test_only_new_and_complete_lines(tmp_path):
    log = progress._Log(tmp_path / "a.log", time.time() - 1)
    assert list(log.new_lines()) == []
    _append(log.path, "one\ntw")()
    assert list(log.new_lines()) == ["one"]
    assert list(log.new_lines()) == []
    _append(log.path, "o\ngrößer\n")()
    assert list(log.new_lines()) == ["two", "größer"]


def test_the_log_of_an_earlier_run_is_not_repeated(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("old\n")
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert list(progress._Log(path, time.time() - 1).new_lines()) == []


def test_a_broken_character_does_not_stop_the_progress(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"\xff\xfe bad\ngood\n")
    lines = list(progress._Log(path, time.time() - 1).new_lines())
    assert lines[1] == "good"


def test_plain_lines_where_there_is_no_terminal(study):
    logs = study.root / "logs"
    process = MadeProcess(
        _append(logs / "participants-P1.log", "12:00:00 P1 fast: done\n"),
        _append(logs / "participants-P2.log", "12:00:01 P2 fast: done\n"),
        _append(logs / "tables.log", "12:00:02 3 contacts\n"),
    )
    stream = io.StringIO()
    progress._print_lines(process, study, stream)
    assert stream.getvalue().splitlines() == [
        "12:00:00 P1 fast: done",
        "12:00:01 P2 fast: done",
        "12:00:02 3 contacts",
    ]


def test_lines_written_at_the_very_end_are_not_lost(study):
    """The last look comes after the process has ended."""
    log = study.root / "logs" / "report.log"
    process = MadeProcess()

    def poll() -> int:
        _append(log, "12:00:03 the page\n")()
        return 0

    process.poll = poll
    stream = io.StringIO()
    progress._print_lines(process, study, stream)
    assert stream.getvalue() == "12:00:03 the page\n"


def test_a_bar_for_every_participant_and_one_for_the_study(study, capsys):
    logs = study.root / "logs"

    def finish(stage: str) -> Callable[[], None]:
        return _append(study.manifest("P1", stage), "{}")

    process = MadeProcess(
        _append(logs / "participants-P1.log", "12:00:00 P1 slow: done\n"),
        *(finish(stage) for stage in ("prepare", "scale", "solve")),
    )
    progress._show_bars(process, study)
    shown = capsys.readouterr().out
    lines = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert f"3/{len(PARTICIPANT_STAGES)}" in lines["P1"]
    assert "P1 slow: done" in lines["P1"]
    assert f"0/{len(PARTICIPANT_STAGES)}" in lines["P2"]
    assert f"0/{len(STUDY_STAGES)}" in lines["small"]


def test_the_bar_of_the_study_reaches_its_end(study):
    """Every stage of the study counts once its last file is there, and not before."""
    last = {
        "tables": study.table("trials.tsv"),
        "hypotheses": study.table("verdicts.tsv"),
        "figures": study.root / "figures" / "figures.json",
        "report": study.root / "report" / "index.html",
    }
    for stage in STUDY_STAGES:
        assert not progress._finished(study, "", stage)
        _append(last[stage], "made")()
        assert progress._finished(study, "", stage)
    assert not any(progress._finished(study, "", stage) for stage in PARTICIPANT_STAGES)


def _trials(study, *rows, found=(), steps=()):
    findings = [
        dict.fromkeys(FINDINGS) | ({"rule": RULE, "severity": "error", "what": one}
                                   if isinstance(one, str) else one)
        for one in found
    ]  # fmt: skip
    for name, columns, content in (
        ("findings", FINDINGS, findings), ("trials", TRIALS, rows), ("steps", STEPS, steps)
    ):  # fmt: skip
        lines = [dict.fromkeys(columns) | row for row in content]
        table = pd.DataFrame(lines, columns=list(columns))
        write_table(table, study.table(f"{name}.tsv"), columns, {})


WHOLE = {"participant_id": "P1", "trial_id": "fast", "status": "ok", "state": "usable"}


def _finding(words, severity="warning"):
    return {"severity": severity, "rule": "gap", "participant_id": "P1", "trial_id": "fast",
            "what": f"{words} is 3 mm off.", "fix": f"mend {words}."}  # fmt: skip


def test_summary_says_what_can_be_used_what_was_found_and_where_the_page_is(study):
    failed = WHOLE | {"trial_id": "007", "status": "failed", "reason": "solve: cut.",
                      "state": "failed"}  # fmt: skip
    step = {"participant_id": "P1", "trial_id": "fast", "status": "ok", "speed_mps": 9.0,
            "contact_s": 0.1, "flight_s": 0.1}  # fmt: skip
    found = [_finding("a"), _finding("b", "error"), _finding("c", "info"), _finding("a")]
    _trials(study, WHOLE, failed, steps=[step], found=found)
    lines = progress.summary(study).splitlines()
    assert lines[:2] == ["1 of 2 trials have results.", "Trials: 2: 1 usable, 1 failed"]
    assert "Nothing about the two sides can be said: see Findings." in lines
    assert "Failed (P1, 007): solve: cut." in lines
    assert lines[-6:-2] == [
        "Error: P1, fast: b is 3 mm off.", "  Fix: mend b.",
        "Warning: P1, fast: a is 3 mm off. (2 alike; told: P1 fast)", "  Fix: mend a.",
    ]  # fmt: skip
    assert lines[-2] == f"0 more and 1 remark: {study.table('causes.tsv')}"
    assert lines[-1] == f"Page: {study.root / 'report' / 'index.html'}"


def test_the_console_tells_about_a_screen(study):
    """148 findings for one participant hid the two that mattered."""
    names = [f"{first}{second}" for first in "abcdefghijkl" for second in "abcdefghijkl"]
    _trials(study, WHOLE, found=[_finding(name) for name in names])
    lines = progress.summary(study).splitlines()
    assert len(lines) < 40
    assert lines[-2].startswith(f"{len(names) - 10} more and 0 remarks: ")


def test_a_strict_run_ends_with_a_status_of_its_own_where_something_broke(
    study, tmp_path, monkeypatch, capsys
):
    """The page is there; scripts still learn that a part of it is not."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "snakemake_command", lambda file, cores: [sys.executable, "-V"])
    whole = WHOLE

    def status(*, strict):
        return progress.run_workflow(study.file, cores=1, strict=strict)

    _trials(study, whole)
    assert (status(strict=False), status(strict=True)) == (0, 0)
    capsys.readouterr()
    said = "internal error 12ab34: KeyError, see logs/{}; please report."
    other = "internal error 99ff00: MemoryError, see logs/c; please report."
    _trials(study, whole, found=[said.format("a"), said.format("b"), other])
    assert (status(strict=False), status(strict=True)) == (0, progress.BROKEN)
    lines = capsys.readouterr().out.splitlines()
    assert f"  {said.format('a')} (2 times)" in lines
    assert f"  {other}" in lines


def test_what_snakemake_is_asked_for(study, monkeypatch):
    """All cores unless said, the profile, and a study whose problems stop it before."""
    calls = []

    class Done:
        returncode = 3

    monkeypatch.setattr(
        progress.subprocess, "run", lambda command, check: calls.append(command) or Done
    )
    assert progress.run_workflow(study.file, cores=0, dry_run=True) == 3
    assert progress.run_workflow(study.file, cores=2, dry_run=True) == 3
    for command, cores in zip(calls, ("all", "2"), strict=True):
        assert command[command.index("--cores") + 1] == cores
        assert command[command.index("--configfile") + 1] == str(study.file)
        assert Path(command[command.index("--snakefile") + 1]).is_file()
        assert (Path(command[command.index("--workflow-profile") + 1]) / "config.yaml").is_file()
        assert "--dry-run" in command


def test_only_one_run_of_a_study_works_in_a_folder(tmp_path):
    lock = tmp_path / ".snakemake" / "aqbio-mine.lock"
    with progress._only_run(lock) as (_, stopped):
        assert not stopped
        with (
            pytest.raises(AqbioError, match="another `aqbio run` of this study"),
            progress._only_run(lock),
        ):
            pass
    with progress._only_run(lock) as (_, stopped):
        assert not stopped


def test_a_killed_run_is_taken_up_again(study, tmp_path, monkeypatch, capsys):
    """Only then, and once, the locks that snakemake left behind are removed."""
    monkeypatch.chdir(tmp_path)
    script = "import sys, pathlib; pathlib.Path('said').open('a').write(sys.argv[-1] + ' ')"
    command = [sys.executable, "-c", script, "work"]
    monkeypatch.setattr(progress, "snakemake_command", lambda file, cores: command)
    monkeypatch.setattr(progress, "summary", lambda study: "done")
    killed = (
        "import os, signal\n"
        "from aqbio.progress import LOCKS, _only_run\n"
        "with _only_run(LOCKS / 'aqbio-small.lock'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == -9
    for _ in range(2):
        assert progress.run_workflow(study.file, cores=1, dry_run=False) == 0
    assert (tmp_path / "said").read_text() == "--unlock work work "
    assert capsys.readouterr().out.count("was stopped") == 1
