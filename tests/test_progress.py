"""How far the workflow is: lines as they are written, and what became of every trial."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
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
def asked(monkeypatch) -> list[list[str]]:
    """What Snakemake is asked for; it ends well."""
    found: list[list[str]] = []
    monkeypatch.setattr(progress, "run_snakemake", lambda asked, *_: found.append(asked) or 0)
    return found


def _say(console: progress.Console, event: str, level: int = logging.INFO, **more: Any) -> None:
    """What Snakemake logs."""
    record = logging.LogRecord("snakemake", level, "", 0, more.pop("said", ""), (), None)
    record.__dict__.update(more, event=event)
    console.handle(record)


SEGMENTATION = "import faulthandler, os; faulthandler.enable(2); os.kill(os.getpid(), 11)"
GONE = {"status": "failed", "reason": "no markers."}

ENDS: dict[str, tuple[str, dict | str, str]] = {
    "a trial failed": ("prepare", {"trials": [{"status": "ok"}, GONE]}, ""),
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
    """What is said of jobs that end, at once and at the end of the run."""
    console = progress.Console(study)
    page = study.folder("P1", PARTICIPANT_STAGES[-1]) / "athletes" / "P1.html"
    page.parent.mkdir(parents=True)
    page.touch()
    said = [*console.last_words()]
    _say(console, "error", logging.ERROR, said="the folder is locked.")
    for event, key in (("job_error", "jobid"), ("job_finished", "job_id")):  # of no job of ours
        _say(console, event, logging.ERROR, said=f"{event} of another.", **{key: 99})
    said += console.last_words()
    for number, (stage, left, model) in enumerate(ENDS.values()):
        record, log = study.manifest("P1", stage), study.root / "logs" / f"{stage}.log"
        names = {"participant": "P1", "model": model}
        _say(console, "job_info", jobid=number, rule_name=stage, wildcards=names,
             output=[str(record)], log=[str(log)])  # fmt: skip
        if isinstance(left, dict):
            record.parent.mkdir(parents=True, exist_ok=True)
            record.write_text(json.dumps({"stage": stage, **left}), encoding="utf-8")
            _say(console, "job_finished", job_id=number)
            continue
        log.parent.mkdir(exist_ok=True)
        log.write_text(left, encoding="utf-8")
        if left == SEGMENTATION:  # as `aqbio` leaves it
            with log.open("w") as stream:
                subprocess.run([sys.executable, "-c", left], stderr=stream, check=False)
        _say(console, "job_error", logging.ERROR, jobid=number)
    said += console.last_words()
    _say(console, "job_finished", job_id=4)  # when it was tried again
    return [*said, f"{len(console.last_words())} left"]


FAST = {"participant_id": "P1", "trial_id": "fast", "status": "ok", "state": "usable"}
SLOW = FAST | {"trial_id": "007", "status": "failed", "state": "failed"}
LOST = SLOW | {"participant_id": "P2", "reason": "scale: no pelvis."}
WALK = FAST | {"state": "without steps"}
STEP = {"participant_id": "P1", "trial_id": "fast", "status": "ok", "speed_mps": 9.0,
        "contact_s": 0.1, "flight_s": 0.1}  # fmt: skip
BROKE = {"rule": RULE, "severity": "error",
         "what": "internal error 12ab34: KeyError, see logs/a; please report."}  # fmt: skip
MANY = [f"{first}{second}" for first in "abcdefghijkl" for second in "abcdefghijkl"]


def _found(words: str, severity: str = "warning") -> dict[str, Any]:
    place = {"severity": severity, "rule": "gap", "participant_id": "P1", "trial_id": "fast"}
    return place | {"what": f"{words} is 3 mm off.", "fix": f"mend {words}."}


def _gone(reason: str) -> dict[str, Any]:
    return SLOW | {"reason": f"inverse_kinematics: {reason}"}


def _broke(**place: str) -> list[dict[str, Any]]:
    return 2 * [BROKE | place]


RUNS: dict[str, tuple[list, list]] = {
    "findings of each kind": (
        [FAST, _gone("cut.")],
        [_found("a"), _found("b", "error"), _found("c", "info"), _found("a")],
    ),
    "a failure whose cause is told": ([FAST, _gone("b is 3 mm off.")], [_found("b", "error")]),
    "a finding each for 144 markers": ([FAST], [_found(name) for name in MANY]),
    "internal error, one of several trials": (
        [FAST, LOST], _broke(participant_id="P1", trial_id="fast"),
    ),
    "internal error, all of a person's trials": (
        [FAST, LOST], _broke(participant_id="P2", trial_id="fast"),
    ),
    "internal error, a person": ([FAST, LOST], _broke(participant_id="P1")),
    "internal error, a figure": ([FAST, LOST], _broke(stage="figures")),
    "a finding of a person": ([FAST, LOST], _broke(participant_id="P1", rule="gap")),
    "no steps": ([WALK, LOST], []),
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
    for on, who, stage in every_job(study):
        on.manifest(who, stage).parent.mkdir(parents=True, exist_ok=True)
        on.manifest(who, stage).touch()
    status = progress.run_workflow(study.file, cores=1)
    said = capsys.readouterr().out
    strict = progress.run_workflow(study.file, cores=1, strict=True)
    assert capsys.readouterr().out == said
    told = (one.first for one in failures(read_table(study.table("trials.tsv"))))
    failed = [f"{one.rule}: {one.participant} {one.trial}" for one in told]
    return [f"# {name}: status {status}, strict {strict}", *said.splitlines(), *failed]


def test_what_the_console_says(study, asked, capsys):
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


def test_what_snakemake_is_asked_for(study, asked, tmp_path):
    """How many jobs at once is the profile's, unless said: all cores here, none of a cluster."""
    own = tmp_path / "lab"
    own.mkdir()
    with refused("profile", "there is no profile(.|\n)*default, slurm"):
        progress.snakemake_arguments(study.file, 0, str(own))
    (own / "config.yaml").write_text("jobs: 3\n", encoding="utf-8")
    given = [(0, "default", "all"), (2, "default", "2"), (0, "slurm", None), (5, str(own), "5")]
    for cores, profile, wanted in given:
        options = {"profile": profile, "options": ("--forceall",), "dry_run": True}
        assert progress.run_workflow(study.file, cores=cores, **options) == 0
        *pairs, forced, planned = asked.pop()
        told = dict(zip(pairs[::2], pairs[1::2], strict=True))
        assert (forced, planned, told.get("--cores")) == ("--forceall", "--dry-run", wanted)
        assert told["--configfile"] == str(study.file)
        assert Path(told["--snakefile"]).is_file()
        folder = Path(told["--workflow-profile"])
        assert folder.name == Path(profile).name
        on_cluster = "executor: slurm" in (folder / "config.yaml").read_text(encoding="utf-8")
        assert on_cluster == (profile == "slurm")


def test_the_exit_status_is_that_of_snakemake():
    assert [progress.run_snakemake([one]) for one in ("--version", "--no-such-option")] == [0, 2]


@pytest.mark.parametrize(("executor", "limited"), [("local", False), ("touch", True)])
def test_jobs_on_this_machine_are_not_counted_by_the_second(monkeypatch, executor, limited):
    """A limit leaves a timer behind every job that ended, which wakes Snakemake each second."""
    asked = []
    monkeypatch.setattr("snakemake.cli.args_to_api", lambda options, _: asked.append(options))
    assert progress.run_snakemake(["--executor", executor]) == 1
    assert (asked[0].max_jobs_per_timespan is not None) == limited


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
    asked: list[list[str]] = []
    monkeypatch.setattr(progress, "run_snakemake", lambda one, *_: asked.append(one) or 3)
    command = [sys.executable, "-c", HOLD, str(study.file)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == b"held\n"
        with refused("results-in-use", "another run works on these results", RunStoppedError):
            progress.run_workflow(study.file, cores=1)
        assert asked == []
        other.kill()
    assert progress.run_workflow(study.file, cores=1) == 3
    assert len(asked) == 1


def test_a_run_that_was_asked_for_a_part_is_done_without_the_rest(study, asked, capsys):
    """No table is there yet, and none is looked for."""
    record = study.manifest("P1", "prepare")
    record.parent.mkdir(parents=True)
    record.touch()
    assert progress.run_workflow(study.file, cores=1, options=("--until", "prepare")) == 0
    said = capsys.readouterr().out
    assert said.startswith("Done as asked: 1 of 18 stages")
    assert f"`aqbio run {study.file}` does the others" in said


CONSTRUCTED = {"OSError": "[Errno 28] No space left on device: '/data/.snakemake/metadata/x'"}


def test_no_exception_of_snakemake_reaches_a_user_as_a_traceback(study):
    """Any of them, with places in code and the text of a traceback, and those nobody foresaw."""
    import snakemake.exceptions

    names = [name for name in vars(snakemake.exceptions) if name.endswith(("Error", "Exception"))]
    assert len(names) > 40
    code = 'in file "/x/a.smk", line 7:\nSomething is wrong.\n  File "/x/a.py", line 3, in f'
    broken = 'Traceback (most recent call last):\n\n  File "/x/dag.py", line 3, in f\nKeyError: 3'
    for name in ("KeyError", "OSError", *names):
        for text in (f"{name} {code}", f"{name}:\n{broken}", broken, name, ""):
            fault = progress.in_words(name, text, study)
            said = str(fault)
            assert "Traceback" not in said
            assert ".py" not in said
            assert ".smk" not in said
            if "internal error of Snakemake" in said:
                assert Path(fault.file).read_text(encoding="utf-8") == text
            else:
                assert fault.fix or "Something is wrong." in said
    foreseen = (
        "LockException",
        "WildcardError",
        "MissingInputException",
        "IncompleteFilesException",
    )
    for name in (*foreseen, "ProtectedOutputException", "MissingRuleException"):
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
        _say(console, "job_info", jobid=1, rule_name="scale", wildcards={"participant": "P1"},
             output=["scale.json"], log=[str(log)])  # fmt: skip
        _say(console, "job_error", logging.ERROR, jobid=1)
        said = "\n".join(console.last_words())
        assert ("the disk is full" in said, "memory" in said) == (full, not full)


def works(pid: int) -> bool:
    """Whether a process works: one that ended and that nobody has asked about does not."""
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
