"""How far the workflow is: lines as they are written, and what became of every trial."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from aqbio import progress
from aqbio.errors import AqbioError
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table, write_table
from aqbio.pages.summary import failures
from aqbio.stage_table import PARTICIPANT_STAGES, STUDY_STAGES
from aqbio.steps.rows import FINDINGS, STEPS, TRIALS
from aqbio.study.internal import RULE
from tests.refusal import refused
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


def _record(study: Study, who: str, stage: str, **content: Any) -> Callable[[], None]:
    def write() -> None:
        path = study.manifest(who, stage)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"stage": stage, **content}), encoding="utf-8")

    return write


FAILED = [{"status": "ok"}, {"status": "failed", "reason": "no markers."}]


def test_a_line_for_every_record_that_appears(study, capsys):
    """Also for one that is written at the very end; records of an earlier run are not repeated."""
    _record(study, "P2", "prepare")()
    os.utime(study.manifest("P2", "prepare"), (0, 0))
    process = MadeProcess(
        _record(study, "P1", "prepare", trials=FAILED),
        _record(study, "P1", "scale", reason="no pelvis."),
        _record(study, "P1", PARTICIPANT_STAGES[-1]),
    )
    progress._follow(process, study, time.time() - 1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ", 1)[1] for line in lines[:2]] == [
        "P1 prepare: 1 of 2 trials failed, the first: no markers.",
        "P1 scale: failed: no pelvis.",
    ]
    assert lines[-1].endswith(str(Path("athletes", "P1.html")))
    assert len(lines) == 4


def test_a_bar_for_every_participant_and_one_for_the_study(study, capsys):
    with progress._bars(study) as show:
        for stage in ("prepare", "scale"):
            show(study, "P1", stage, {})
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert f"2/{len(PARTICIPANT_STAGES)}" in lines["P1"]
    assert f"0/{len(PARTICIPANT_STAGES)}" in lines["P2"]
    assert f"0/{len(STUDY_STAGES)}" in lines["small"]


def test_a_job_that_left_no_record_is_told_with_its_last_words(study):
    logs = study.root / "logs"
    for stage, text in (("prepare", ""), ("scale", "a\nKeyError: b\n")):
        (logs / stage).mkdir(parents=True)
        (logs / stage / "P1.log").write_text(text)
    (logs / "tables.log").write_text("the disk is full.\n")
    _record(study, "P1", "scale")()
    said = list(progress.failed_jobs(study, time.time() - 1))
    assert [one.splitlines()[:2] for one in said] == [
        ["P1 prepare did not finish:", progress.NO_MESSAGE],
        ["tables did not finish:", "the disk is full."],
    ]
    assert list(progress.failed_jobs(study, time.time() + 60)) == []


def test_a_library_that_crashes_is_not_said_to_lack_memory(study):
    """A segmentation fault as `aqbio` leaves it in the log of a job."""
    log = study.root / "logs" / "scale" / "P1.log"
    log.parent.mkdir(parents=True)
    code = "import faulthandler, os; faulthandler.enable(2); os.kill(os.getpid(), 11)"
    with log.open("w") as stream:
        subprocess.run([sys.executable, "-c", code], stderr=stream, check=False)
    [said] = progress.failed_jobs(study, time.time() - 60)
    assert "A library crashed (segmentation fault).\n  File " in said
    assert "memory" not in said


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
    failed = WHOLE | {"trial_id": "007", "status": "failed", "reason": "inverse_kinematics: cut.",
                      "state": "failed"}  # fmt: skip
    step = {"participant_id": "P1", "trial_id": "fast", "status": "ok", "speed_mps": 9.0,
            "contact_s": 0.1, "flight_s": 0.1}  # fmt: skip
    found = [_finding("a"), _finding("b", "error"), _finding("c", "info"), _finding("a")]
    _trials(study, WHOLE, failed, steps=[step], found=found)
    lines = progress.summary(study).splitlines()
    assert lines[:2] == [
        "2 trials: 1 usable and 1 failed.",
        "1 contact: 1 whole steps kept, 0 rejected, 0 incomplete.",
    ]
    assert "Nothing about the two sides can be said: see Findings." in lines
    assert "Failed (P1, 007): inverse_kinematics: cut." in lines
    [told] = failures(read_table(study.table("trials.tsv")))
    assert (told.first.rule, told.first.trial) == ("trial-failed", "007")
    assert lines[-6:-2] == [
        "Error: P1, fast: b is 3 mm off.", "  Fix: mend b.",
        "Warning: P1, fast: a is 3 mm off. (2 such findings; example: P1 fast)", "  Fix: mend a.",
    ]  # fmt: skip
    assert lines[-2] == f"0 more, 1 remark: {study.table('causes.tsv')}"
    assert lines[-1] == f"Page: {study.root / 'report' / 'index.html'}"


def test_a_failure_whose_cause_is_told_is_not_told_twice(study):
    failed = WHOLE | {"trial_id": "007", "status": "failed",
    "reason": "inverse_kinematics: b is 3 mm off.",
                      "state": "failed"}  # fmt: skip
    _trials(study, WHOLE, failed, found=[_finding("b", "error")])
    assert progress.summary(study).count("b is 3 mm off.") == 1


def test_the_console_tells_about_a_screen(study):
    """148 findings for one participant hid the two that mattered."""
    names = [f"{first}{second}" for first in "abcdefghijkl" for second in "abcdefghijkl"]
    _trials(study, WHOLE, found=[_finding(name) for name in names])
    lines = progress.summary(study).splitlines()
    assert len(lines) < 40
    assert lines[-2].startswith(f"{len(names) - 10} more, 0 remarks: ")


@pytest.mark.parametrize(
    ("found", "statuses"),
    [
        ({"participant_id": "P1", "trial_id": "fast"}, (0, 3)),
        ({"participant_id": "P2", "trial_id": "fast"}, (3, 3)),
        ({"participant_id": "P1"}, (3, 3)),
        ({"stage": "figures"}, (3, 3)),
        ({"rule": "gap", "participant_id": "P1"}, (0, 0)),
    ],
    ids=["one of several trials", "all of a participant's", "participant", "figure", "no error"],
)
@pytest.mark.parametrize("state", ["usable", "without steps"])
def test_a_run_that_lacks_more_than_a_trial_ends_with_a_status_of_its_own(
    study, tmp_path, monkeypatch, capsys, state, found, statuses
):
    """The page is there; scripts still learn what is not, and people why, at the end."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "snakemake_command", lambda *_: [sys.executable, "-V"])
    lost = {"participant_id": "P2", "trial_id": "fast", "status": "failed", "state": "failed"}
    said = "internal error 12ab34: KeyError, see logs/a; please report."
    row = {"rule": RULE, "severity": "error", "what": said} | found
    _trials(study, WHOLE | {"state": state}, lost, found=[row, row])
    ran = [progress.run_workflow(study.file, cores=1, strict=strict) for strict in (False, True)]
    assert tuple(ran) == (statuses if state == "usable" else (progress.BROKEN,) * 2)
    printed = capsys.readouterr().out
    assert ("No trial is usable" in printed) == (state != "usable")
    who = f"{found.get('participant_id', '')} {found.get('trial_id', '')}".strip()
    line = f"Not computed{who and f' ({who})'}: {said} (2 times)"
    assert (line in printed.splitlines()) == (row["rule"] == RULE)


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


def test_a_profile_of_ours_or_of_ones_own_says_where_jobs_run(study, tmp_path):
    """How many at once is the profile's, unless said; this machine's cores are not a cluster's."""
    slurm = progress.snakemake_command(study.file, 0, "slurm")
    assert "--cores" not in slurm
    given = Path(slurm[slurm.index("--workflow-profile") + 1]) / "config.yaml"
    assert "executor: slurm" in given.read_text(encoding="utf-8")
    own = tmp_path / "lab"
    own.mkdir()
    with pytest.raises(AqbioError, match="no profile"):
        progress.snakemake_command(study.file, 0, str(own))
    (own / "config.yaml").write_text("jobs: 3\n", encoding="utf-8")
    command = progress.snakemake_command(study.file, 5, str(own))
    assert command[command.index("--workflow-profile") + 1] == str(own)
    assert command[command.index("--cores") + 1] == "5"


def test_an_unknown_profile_is_told_with_the_known_ones(study):
    with refused("profile", "there is no profile slrum") as told:
        progress.snakemake_command(study.file, 0, "slrum")
    assert "default, slurm" in str(told.value)


def test_further_options_reach_snakemake(study, monkeypatch):
    calls = []
    done = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(
        progress.subprocess, "run", lambda command, check: calls.append(command) or done
    )
    progress.run_workflow(study.file, cores=1, options=("--forceall",), dry_run=True)
    assert calls[0][-2:] == ["--forceall", "--dry-run"]


@pytest.mark.parametrize("works", [False, True])
def test_the_lock_of_a_dead_run_is_released_and_no_other(study, tmp_path, monkeypatch, works):
    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr(progress.subprocess, "run", lambda command, **_: asked.append(command))
    progress.release_lock_of_dead_run(["snakemake"])
    Path(".snakemake/locks").mkdir(parents=True)
    Path(".snakemake/locks/0.output.lock").touch()
    Path("snakemake").write_text("input()")
    command = [sys.executable, "snakemake"] if works else ["cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as other:
        progress.release_lock_of_dead_run(["snakemake"])
        other.communicate(b"\n")
    assert asked == ([] if works else [["snakemake", "--unlock"]])


TREE = """
import pathlib, subprocess, sys, time
from aqbio.io.processes import end_with_parent
end_with_parent()
own = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path({file!r}).write_text(str(own.pid))
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_run_that_is_told_to_end_takes_everything_with_it(study, tmp_path, number):
    pid = tmp_path / "pid"
    tree = TREE.format(file=str(pid))
    code = (
        "import pathlib, sys; from aqbio import progress\n"
        f"progress.snakemake_command = lambda *a: [sys.executable, '-c', {tree!r}]\n"
        f"sys.exit(progress.run_workflow(pathlib.Path({str(study.file)!r}), cores=1))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    while not (pid.is_file() and pid.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    if number == signal.SIGKILL:
        assert (process.returncode, said) == (-number, "")
    else:
        assert process.returncode == progress.SIGNALLED + number
        assert said == f"Stopped ({number.name}): what was finished is kept.\n"
    end = time.monotonic() + 10
    while works(int(pid.read_text())):
        assert time.monotonic() < end
        time.sleep(0.05)


def works(pid: int) -> bool:
    """Whether a process works: one that ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
