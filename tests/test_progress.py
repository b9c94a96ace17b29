"""How far the workflow is: lines as they are written, and what became of every trial."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from aqbio import progress
from aqbio.faults import RunStoppedError
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


def _record(study: Study, who: str, stage: str, **content: Any) -> Path:
    path = study.manifest(who, stage)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"stage": stage, **content}), encoding="utf-8")
    return path


def _say(console: progress.Console, event: str, level: int = logging.INFO, **more: Any) -> None:
    """What Snakemake logs."""
    record = logging.LogRecord("snakemake", level, "", 0, more.pop("said", ""), (), None)
    record.__dict__.update(more, event=event)
    console.handle(record)


def _began(console: progress.Console, number: int, study: Study, who: str, stage: str) -> Path:
    """Have Snakemake say that a job begins; its log."""
    log = study.root / "logs" / stage / f"{who}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    output, names = [str(study.manifest(who, stage))], {"participant": who, "model": ""}
    _say(console, "job_info", jobid=number, rule_name=stage, wildcards=names, output=output,
         log=[str(log)])  # fmt: skip
    return log


@pytest.fixture
def console(study: Study) -> progress.Console:
    return progress.Console(study)


FAILED = [{"status": "ok"}, {"status": "failed", "reason": "no markers."}]


def test_a_line_for_every_job_that_ends(study, console, capsys):
    last = PARTICIPANT_STAGES[-1]
    told = {"prepare": {"trials": FAILED}, "scale": {"reason": "no pelvis."}, last: {}}
    page = study.folder("P1", last) / "athletes" / "P1.html"
    page.parent.mkdir(parents=True)
    page.touch()
    for number, (stage, content) in enumerate(told.items()):
        _began(console, number, study, "P1", stage)
        _record(study, "P1", stage, **content)
        _say(console, "job_finished", job_id=number)
    lines = capsys.readouterr().out.splitlines()
    jobs = 2 * len(PARTICIPANT_STAGES) + len(STUDY_STAGES)
    assert [line.split(" ", 1)[1] for line in lines] == [
        f"P1 prepare: 1 of 2 trials failed, the first: no markers. (1 of {jobs})",
        f"P1 scale: failed: no pelvis. (2 of {jobs})",
        f"P1 {last}: done (3 of {jobs})",
        f" Page: {page}",
    ]


CRASH = "import faulthandler, os; faulthandler.enable(2); os.kill(os.getpid(), 11)"


def test_a_job_that_did_not_finish_is_told_with_its_last_words(study, console):
    """But for one that finished when it was tried again; Snakemake's own words come without one. A
    segmentation fault, as `aqbio` leaves it in the log, is not said to be for memory."""
    _say(console, "error", logging.ERROR, said="the folder is locked.")
    assert console.last_words() == ["the folder is locked."]
    crash = subprocess.run([sys.executable, "-c", CRASH], stderr=subprocess.PIPE, check=False)
    logs = {"prepare": "", "scale": "a\nKeyError: b\n", "pages": crash.stderr.decode()}
    for number, (stage, text) in enumerate(logs.items()):
        _began(console, number, study, "P1", stage).write_text(text)
        _say(console, "job_error", logging.ERROR, jobid=number)
    first, second, third = console.last_words()
    assert first.splitlines()[:2] == ["P1 prepare did not finish:", progress.NO_MESSAGE]
    assert second.splitlines()[:3] == ["P1 scale did not finish:", "a", "KeyError: b"]
    assert "A library crashed (segmentation fault).\n  File " in third
    assert "memory" not in third
    _say(console, "job_finished", job_id=2)
    _record(study, "P1", "scale")
    _say(console, "job_finished", job_id=1)
    assert len(console.last_words()) == 1


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
    # what a cause says is not said of the trial again, and all is about a screen
    failed["reason"] = "inverse_kinematics: b is 3 mm off."
    many = [_finding(f"{a}{b}") for a in "abcdefghijkl" for b in "abcdefghijkl"]
    _trials(study, WHOLE, failed, found=[_finding("b", "error"), *many])
    lines = progress.summary(study).splitlines()
    assert sum(one.partition(": P1, fast: ")[2] == "b is 3 mm off." for one in lines) == 1
    assert not any(one.startswith("Failed (P1, 007)") for one in lines)
    assert len(lines) < 40
    assert lines[-2].startswith(f"{len(many) - 9} more, 0 remarks: ")


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
    monkeypatch.setattr(progress, "run_snakemake", lambda *_: 0)
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


@pytest.fixture
def asked(monkeypatch) -> list[list[str]]:
    """What Snakemake is asked for."""
    found: list[list[str]] = []
    monkeypatch.setattr(progress, "run_snakemake", lambda asked, *_: found.append(asked) or 3)
    return found


def test_what_snakemake_is_asked_for(study, asked, tmp_path):
    """All cores unless said, further options, and a profile of ours or of one's own: how many jobs
    at once is the profile's, unless said; this machine's cores are not a cluster's."""
    progress.run_workflow(study.file, cores=0, dry_run=True)
    progress.run_workflow(study.file, cores=2, dry_run=True, options=("--forceall",))
    for command, cores in zip(asked, ("all", "2"), strict=True):
        assert command[command.index("--cores") + 1] == cores
        assert command[command.index("--configfile") + 1] == str(study.file)
        assert Path(command[command.index("--snakefile") + 1]).is_file()
    assert asked[1][-2:] == ["--forceall", "--dry-run"]
    own = tmp_path / "lab"
    own.mkdir()
    with refused("profile", "there is no profile") as told:
        progress.snakemake_arguments(study.file, 0, str(own))
    assert "default, slurm" in str(told.value)
    (own / "config.yaml").write_text("jobs: 3\n", encoding="utf-8")
    for profile, cores, words in ((None, 1, "keep-going"), ("slurm", 0, "executor: slurm"),
                                  (str(own), 5, "jobs: 3")):  # fmt: skip
        given = [profile] if profile else []
        command = progress.snakemake_arguments(study.file, cores, *given)
        folder = Path(command[command.index("--workflow-profile") + 1])
        assert words in (folder / "config.yaml").read_text(encoding="utf-8")
        assert ("--cores" in command) == bool(cores)


HOLD = """
import sys
from pathlib import Path
from aqbio.io.study import load_study
from aqbio.study.jobs import claim_results
claim_results(load_study(Path(sys.argv[1])))
print("held", flush=True)
input()
"""


def test_a_second_run_is_refused_and_the_lock_of_a_killed_one_released(
    study, tmp_path, monkeypatch, asked
):
    monkeypatch.chdir(tmp_path)
    Path(".snakemake/locks").mkdir(parents=True)
    Path(".snakemake/locks/0.output.lock").touch()
    command = [sys.executable, "-c", HOLD, str(study.file)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == b"held\n"
        with refused("results-in-use", "another run works on these results", RunStoppedError):
            progress.run_workflow(study.file, cores=1)
        assert asked == []
        other.kill()
    assert progress.run_workflow(study.file, cores=1) == 3
    assert "--unlock" in asked[0]
    assert "--unlock" not in asked[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_job_ends_with_the_run_that_started_it(number):
    job = "from aqbio.cli import end_with_parent\nimport os, time\n"
    job += "end_with_parent()\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
    code = "import os, subprocess, sys\nos.environ['AQBIO_STARTED_BY'] = str(os.getpid())\n"
    code += f"subprocess.run([sys.executable, '-c', {job!r}])"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.send_signal(number)
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 10
    while works(pid):
        assert time.monotonic() < end
        time.sleep(0.05)


def works(pid: int) -> bool:
    """Whether a process works: one that ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
