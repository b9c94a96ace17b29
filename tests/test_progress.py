"""Progress of the workflow: lines of the console and the outcome of every trial."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from aqbio import progress
from aqbio.contributions.step_rows import FINDINGS, STEPS, TRIALS
from aqbio.faults import RunStoppedError
from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table, write_table
from aqbio.pages.summary import failures
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.study.internal import RULE
from aqbio.study.jobs import every_job
from tests.golden import differences
from tests.refusal import refused
from tests.small_study import write_small_study


@pytest.fixture
def study(tmp_path: Path, monkeypatch) -> Study:
    monkeypatch.chdir(tmp_path)
    return load_study(write_small_study(tmp_path))


@pytest.fixture
def snakemake_calls(monkeypatch) -> list[list[str]]:
    """Arguments of every call of Snakemake, which succeeds."""
    calls: list[list[str]] = []
    monkeypatch.setattr(
        progress, "run_snakemake", lambda arguments, *_: calls.append(arguments) or 0
    )
    return calls


def _log(console: progress.Console, event: str, level: int = logging.INFO, **fields: Any) -> None:
    """Pass an event of Snakemake to the console."""
    record = logging.LogRecord("snakemake", level, "", 0, fields.pop("message", ""), (), None)
    record.__dict__.update(fields, event=event)
    console.handle(record)


@pytest.mark.parametrize(("name", "words"), [("SIGINT", "Ctrl-C"), ("SIGTERM", "SIGTERM")])
def test_a_signal_is_said_to_be_obeyed_whoever_handles_it(study, monkeypatch, capsys, name, words):
    """Snakemake handles both itself and gives status 1."""
    number = getattr(signal, name)

    def run_snakemake(*_):
        before = signal.signal(number, lambda *_: None)
        signal.raise_signal(number)
        signal.signal(number, before)
        return 1

    monkeypatch.setattr(progress, "run_snakemake", run_snakemake)
    assert progress.run_workflow(study.file, cores=1) == 128 + number
    message = f"Stopped by {words}: what was finished is kept; the same command goes on from there."
    assert capsys.readouterr().err.strip() == message


SEGMENTATION = "import faulthandler, os; faulthandler.enable(2); os.kill(os.getpid(), 11)"
FAILED_TRIAL = {"status": "failed", "reason": "no markers."}

ENDS: dict[str, tuple[str, dict | str, str]] = {
    "a trial failed": ("prepare", {"trials": [{"status": "ok"}, FAILED_TRIAL]}, ""),
    "a person failed": ("scale", {"reason": "no pelvis."}, "models/other"),
    "the person's pages": (PARTICIPANT_STAGES[-1], {}, ""),
    "killed without a word": ("inverse_kinematics", "", ""),
    "an exception": (
        "inverse_dynamics",
        "".join(f"{k}\n\n" for k in range(20)) + "KeyError: b",
        "",
    ),
    "a library crashed": ("contributions", SEGMENTATION, ""),
}
"""Stage, record that it leaves or log of a job without one, and model."""


def _jobs(study: Study) -> list[str]:
    """Messages about jobs that end, at once and at the end of the run."""
    console = progress.Console(study)
    page = study.folder("P1", PARTICIPANT_STAGES[-1]) / "athletes" / "P1.html"
    page.parent.mkdir(parents=True)
    page.touch()
    messages = [*console.last_words()]
    _log(console, "error", logging.ERROR, message="the folder is locked.")
    for event, key in (("job_error", "jobid"), ("job_finished", "job_id")):  # of no job of ours
        _log(console, event, logging.ERROR, message=f"{event} of another.", **{key: 99})
    messages += console.last_words()
    for number, (stage, left, model) in enumerate(ENDS.values()):
        record, log = study.manifest("P1", stage), study.root / "logs" / f"{stage}.log"
        names = {"participant": "P1", "model": model}
        _log(console, "job_info", jobid=number, rule_name=stage, wildcards=names,
             output=[str(record)], log=[str(log)])  # fmt: skip
        if isinstance(left, dict):
            record.parent.mkdir(parents=True, exist_ok=True)
            record.write_text(json.dumps({"stage": stage, **left}), encoding="utf-8")
            _log(console, "job_finished", job_id=number)
            continue
        log.parent.mkdir(exist_ok=True)
        log.write_text(left, encoding="utf-8")
        if left == SEGMENTATION:  # as `aqbio` leaves it
            with log.open("w") as stream:
                subprocess.run([sys.executable, "-c", left], stderr=stream, check=False)
        _log(console, "job_error", logging.ERROR, jobid=number)
    messages += console.last_words()
    _log(console, "job_finished", job_id=4)  # when it was tried again
    return [*messages, f"{len(console.last_words())} left"]


FAST = {"participant_id": "P1", "trial_id": "fast", "status": "ok", "state": "usable"}
SLOW = FAST | {"trial_id": "007", "status": "failed", "state": "failed"}
FAILED_PERSON = SLOW | {"participant_id": "P2", "reason": "scale: no pelvis."}
WALK = FAST | {"state": "without steps"}
STEP = {"participant_id": "P1", "trial_id": "fast", "status": "ok", "speed_mps": 9.0,
        "contact_s": 0.1, "flight_s": 0.1}  # fmt: skip
INTERNAL_ERROR = {"rule": RULE, "severity": "error",
         "what": "internal error 12ab34: KeyError, see logs/a; please report."}  # fmt: skip
MARKER_NAMES = [f"{first}{second}" for first in "abcdefghijkl" for second in "abcdefghijkl"]


def _gap_finding(words: str, severity: str = "warning") -> dict[str, Any]:
    finding = {"severity": severity, "rule": "gap", "participant_id": "P1", "trial_id": "fast"}
    return finding | {"what": f"{words} is 3 mm off.", "fix": f"mend {words}."}


def _failed_trial(reason: str) -> dict[str, Any]:
    return SLOW | {"reason": f"inverse_kinematics: {reason}"}


def _internal_errors(**fields: str) -> list[dict[str, Any]]:
    return 2 * [INTERNAL_ERROR | fields]


RUNS: dict[str, tuple[list, list]] = {
    "findings of each kind": (
        [FAST, _failed_trial("cut.")],
        [_gap_finding("a"), _gap_finding("b", "error"), _gap_finding("c", "info"),
         _gap_finding("a")],
    ),
    "a failure whose cause is told": (
        [FAST, _failed_trial("b is 3 mm off.")], [_gap_finding("b", "error")],
    ),
    "a finding each for 144 markers": ([FAST], [_gap_finding(name) for name in MARKER_NAMES]),
    "internal error, one of several trials": (
        [FAST, FAILED_PERSON], _internal_errors(participant_id="P1", trial_id="fast"),
    ),
    "internal error, all of a person's trials": (
        [FAST, FAILED_PERSON], _internal_errors(participant_id="P2", trial_id="fast"),
    ),
    "internal error, a person": ([FAST, FAILED_PERSON], _internal_errors(participant_id="P1")),
    "internal error, a figure": ([FAST, FAILED_PERSON], _internal_errors(stage="figures")),
    "a finding of a person": (
        [FAST, FAILED_PERSON], _internal_errors(participant_id="P1", rule="gap"),
    ),
    "no steps": ([WALK, FAILED_PERSON], []),
}  # fmt: skip
"""Trials and findings of runs that end, and so what scripts and people learn of them."""


def _end(study: Study, name: str, capsys: pytest.CaptureFixture) -> list[str]:
    trials, findings = RUNS[name]
    steps = [STEP] * name.startswith("findings")
    for table, columns, rows in (
        ("findings", FINDINGS, findings), ("trials", TRIALS, trials), ("steps", STEPS, steps),
    ):  # fmt: skip
        lines = [dict.fromkeys(columns) | row for row in rows]
        file = study.table(f"{table}.tsv")
        write_table(pd.DataFrame(lines, columns=list(columns)), file, columns, {})
    for on, participant, stage in every_job(study):
        on.manifest(participant, stage).parent.mkdir(parents=True, exist_ok=True)
        on.manifest(participant, stage).touch()
    status = progress.run_workflow(study.file, cores=1)
    output = capsys.readouterr().out
    strict = progress.run_workflow(study.file, cores=1, strict=True)
    assert capsys.readouterr().out == output
    causes = (group.first for group in failures(read_table(study.table("trials.tsv"))))
    failed = [f"{cause.rule}: {cause.participant} {cause.trial}" for cause in causes]
    return [f"# {name}: status {status}, strict {strict}", *output.splitlines(), *failed]


def test_golden_lines_of_the_console(study, snakemake_calls, capsys):
    """Of jobs that end, and of runs: about a screen each, an exit status of its own for what is
    missing, and why."""
    jobs = _jobs(study)
    lines = ["# jobs", *capsys.readouterr().out.splitlines(), *"\n".join(jobs).splitlines()]
    for name in RUNS:
        lines += _end(study, name, capsys)
    text = "\n".join(lines).replace(str(study.root), "RESULTS")
    text = re.sub(r"^\d\d:\d\d:\d\d ", "TIME ", text, flags=re.MULTILINE)
    text = re.sub(r'File "<string>", line 1 in', "PLACE", text)
    assert differences("progress", text.splitlines()) == []


def test_a_profile_whose_executor_is_not_installed_says_what_to_install(
    study, snakemake_calls, tmp_path, monkeypatch
):
    """With one sentence, before Snakemake is called; executors of Snakemake itself are there."""
    lab_profile = tmp_path / "lab"
    lab_profile.mkdir()
    config = lab_profile / "config.yaml"
    monkeypatch.setattr(progress, "find_spec", lambda module: None)
    with refused("profile-executor", r"slurm needs the extra slurm: pip install 'aqbio\[slurm\]'"):
        progress.run_workflow(study.file, cores=0, profile="slurm", dry_run=True)
    config.write_text("executor: cluster-generic\n", encoding="utf-8")
    with refused("profile-executor", "pip install snakemake-executor-plugin-cluster-generic"):
        progress.run_workflow(study.file, cores=0, profile=str(lab_profile))
    assert not snakemake_calls
    dry_run = {"cores": 0, "profile": str(lab_profile), "dry_run": True}
    for text in ("executor: local\n", "jobs: 2\n", ""):
        config.write_text(text, encoding="utf-8")
        assert progress.run_workflow(study.file, **dry_run) == 0
    config.write_text("executor: cluster-generic\n", encoding="utf-8")
    found = {"snakemake_executor_plugin_cluster_generic": object()}
    monkeypatch.setattr(progress, "find_spec", found.get)
    assert progress.run_workflow(study.file, **dry_run) == 0


def test_arguments_of_snakemake(study, snakemake_calls, tmp_path, monkeypatch):
    """The profile sets the number of jobs unless it is given: all cores here, none of a cluster."""
    monkeypatch.setattr(progress, "find_spec", lambda module: object())
    lab_profile = tmp_path / "lab"
    lab_profile.mkdir()
    with refused("profile", "there is no profile(.|\n)*default, slurm"):
        progress.snakemake_arguments(study.file, 0, str(lab_profile))
    (lab_profile / "config.yaml").write_text("jobs: 3\n", encoding="utf-8")
    cases = [
        (0, "default", "all"),
        (2, "default", "2"),
        (0, "slurm", None),
        (5, str(lab_profile), "5"),
    ]
    for cores, profile, expected_cores in cases:
        options = {"profile": profile, "options": ("--forceall",), "dry_run": True}
        assert progress.run_workflow(study.file, cores=cores, **options) == 0
        *pairs, forced, planned = snakemake_calls.pop()
        arguments = dict(zip(pairs[::2], pairs[1::2], strict=True))
        assert (forced, planned, arguments.get("--cores")) == (
            "--forceall",
            "--dry-run",
            expected_cores,
        )
        assert arguments["--configfile"] == str(study.file)
        assert Path(arguments["--snakefile"]).is_file()
        folder = Path(arguments["--workflow-profile"])
        assert folder.name == Path(profile).name
        on_cluster = "executor: slurm" in (folder / "config.yaml").read_text(encoding="utf-8")
        assert on_cluster == (profile == "slurm")


def test_the_exit_status_is_that_of_snakemake():
    assert [progress.run_snakemake([option]) for option in ("--version", "--no-such-option")] == [
        0,
        2,
    ]


@pytest.mark.parametrize(("executor", "limited"), [("local", False), ("touch", True)])
def test_jobs_on_this_machine_are_not_counted_by_the_second(monkeypatch, executor, limited):
    """A limit leaves a timer behind every job that ended, which wakes Snakemake each second."""
    calls = []
    monkeypatch.setattr(progress, "args_to_api", lambda options, _: calls.append(options))
    assert progress.run_snakemake(["--executor", executor]) == 1
    assert (calls[0].max_jobs_per_timespan is not None) == limited


HOLD = """
import sys
import time
from pathlib import Path
from aqbio.io.study import load_study
from aqbio.study.jobs import claim_results
claim_results(load_study(Path(sys.argv[1])))
print("held", flush=True)
input()
"""


def test_a_second_run_is_refused_until_the_first_has_ended(study, monkeypatch):
    calls: list[list[str]] = []
    monkeypatch.setattr(
        progress, "run_snakemake", lambda arguments, *_: calls.append(arguments) or 3
    )
    command = [sys.executable, "-c", HOLD, str(study.file)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as first_run:
        assert first_run.stdout.readline() == b"held\n"
        with refused("results-in-use", "another run works on these results", RunStoppedError):
            progress.run_workflow(study.file, cores=1)
        assert calls == []
        first_run.kill()
    assert progress.run_workflow(study.file, cores=1) == 3
    assert len(calls) == 1


def test_a_run_that_was_asked_for_a_part_is_done_without_the_rest(study, snakemake_calls, capsys):
    """No table is there yet, and none is looked for."""
    record = study.manifest("P1", "prepare")
    record.parent.mkdir(parents=True)
    record.touch()
    assert progress.run_workflow(study.file, cores=1, options=("--until", "prepare")) == 0
    output = capsys.readouterr().out
    assert output.startswith("Nothing was left to do of what was asked: 1 of 18 stages")
    assert f"`aqbio run {study.file}` does the others" in output


@pytest.mark.parametrize("left", [{"reason": "no pelvis."}, {"trials": [FAILED_TRIAL] * 2}])
def test_a_part_in_which_all_failed_is_not_done_as_asked(study, snakemake_calls, capsys, left):
    """Until a trial of one person succeeded."""
    for person, content in (("P1", left), ("P2", {"trials": [FAILED_TRIAL, {"status": "ok"}]})):
        record = study.manifest(person, "prepare")
        record.parent.mkdir(parents=True)
        record.write_text(json.dumps(content), encoding="utf-8")
        status = progress.run_workflow(study.file, cores=1, options=("--until", "prepare"))
        failed = person == "P1"
        assert status == (progress.INTERNAL_ERROR_STATUS if failed else 0)
        assert ("No trial is usable so far: " in capsys.readouterr().out) == failed


CONSTRUCTED = {"OSError": "[Errno 28] No space left on device: '/data/.snakemake/metadata/x'"}


def test_no_exception_of_snakemake_reaches_a_user_as_a_traceback(study):
    """Any of them, with positions in code and the text of a traceback, and unforeseen ones."""
    import snakemake.exceptions

    names = [name for name in vars(snakemake.exceptions) if name.endswith(("Error", "Exception"))]
    assert len(names) > 40
    code = 'in file "/x/a.smk", line 7:\nSomething is wrong.\n  File "/x/a.py", line 3, in f'
    broken = 'Traceback (most recent call last):\n\n  File "/x/dag.py", line 3, in f\nKeyError: 3'
    for name in ("KeyError", "OSError", *names):
        for text in (f"{name} {code}", f"{name}:\n{broken}", broken, name, ""):
            fault = progress.in_words(name, text, study)
            message = str(fault)
            assert "Traceback" not in message
            assert ".py" not in message
            assert ".smk" not in message
            if "internal error of Snakemake" in message:
                assert Path(fault.file).read_text(encoding="utf-8") == text
            else:
                assert fault.fix or "Something is wrong." in message
    translated = (
        "LockException",
        "WildcardError",
        "MissingInputException",
        "IncompleteFilesException",
    )
    for name in (*translated, "ProtectedOutputException", "MissingRuleException"):
        assert "internal error" not in str(progress.in_words(name, "", study))
    full = progress.in_words("OSError", CONSTRUCTED["OSError"], study)
    assert full.what == "the disk is full."
    assert full.file == "/data/.snakemake/metadata/x"


def test_a_job_without_a_word_on_a_full_disk_is_no_matter_of_memory(study, monkeypatch):
    """Not even its log could be written."""
    console = progress.Console(study)
    log = study.root / "logs" / "scale" / "P1.log"
    for full in (True, False):
        monkeypatch.setattr(
            progress, "folder_fault",
            lambda folder, file, full=full: RunStoppedError("the disk is full.") if full else None,
        )  # fmt: skip
        _log(console, "job_info", jobid=1, rule_name="scale", wildcards={"participant": "P1"},
             output=["scale.json"], log=[str(log)])  # fmt: skip
        _log(console, "job_error", logging.ERROR, jobid=1)
        messages = "\n".join(console.last_words())
        assert ("the disk is full" in messages, "memory" in messages) == (full, not full)


def works(pid: int) -> bool:
    """True while a process runs; false for one that ended and was not waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


JOB = """
import os, sys, time
from aqbio.cli import end_with_parent
end_with_parent()
print(os.getpid(), flush=True)
time.sleep(60)
"""

STARTER = """
import os, subprocess, sys
os.environ["AQBIO_STARTED_BY"] = str(os.getpid())
job = [sys.executable, "-c", sys.argv[1]]
shell = ["sh", "-c", '"$@"; true', "sh"] if sys.argv[2] == "shell" else []
subprocess.run([*shell, *job])
"""

ENDS_WITHIN_S = 20.0


@pytest.mark.parametrize("between", ["nothing", "shell"])
def test_a_job_ends_with_what_started_it(between):
    """Also where a shell stays between the two, as older ones do."""
    command = [sys.executable, "-c", STARTER, JOB, between]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        job = int(starter.stdout.readline())
        assert works(job)
        starter.kill()
        limit = time.monotonic() + ENDS_WITHIN_S
        while works(job) and time.monotonic() < limit:
            time.sleep(0.1)
        assert not works(job)


@pytest.mark.parametrize("trouble", ["full", "missing", "none"])
def test_a_folder_for_temporary_files_that_takes_none_is_replaced(trouble, tmp_path, monkeypatch):
    """A small disk for temporary files may be full while the study's has room."""
    study, folder = load_study(write_small_study(tmp_path)), tmp_path / "scratch"
    if trouble != "missing":
        folder.mkdir()
    made = tempfile.TemporaryFile

    def on_full_disk(*arguments, **options):
        if Path(options.get("dir") or ".") == folder:
            raise OSError(errno.ENOSPC, "No space left on device")
        return made(*arguments, **options)

    if trouble == "full":
        monkeypatch.setattr(tempfile, "TemporaryFile", on_full_disk)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(folder))
    progress.use_writable_folders(study)
    replaced = (study.root / "logs" / "temporary").absolute()
    assert Path(os.environ["TMPDIR"]) == (folder if trouble == "none" else replaced)
    with made() as file:
        assert file.write(b"1") == 1
    assert trouble == "none" or Path(tempfile.gettempdir()) == replaced
