"""The README's one command on a real SLURM of one node (scripts/slurm_one_node.sh)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from aqbio.names import PARTICIPANT_STAGES, STUDY_STAGES
from tests.workflow.conftest import ROOT, Workflow
from tests.workflow.kills import results

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]


def _runs() -> bool:
    if shutil.which("sinfo") is None:
        return False
    return subprocess.run(["sinfo"], capture_output=True, check=False, timeout=20).returncode == 0


if not _runs():
    pytest.skip("no SLURM runs here (scripts/slurm_one_node.sh)", allow_module_level=True)


def _started(workflow: Workflow, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--profile", str(ROOT / "workflow" / "profiles" / "slurm")]
    command += ["--configfile", "study.yaml", "--seconds-between-status-checks", "3"]
    known = os.environ | {
        "PATH": os.pathsep.join([str(workflow.folder / "bin"), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "AQBIO_CALLS": str(workflow.folder / "calls.txt"),
    }
    return subprocess.Popen(
        command, cwd=workflow.folder, env=known | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def _calls(workflow: Workflow) -> list[str]:
    file = workflow.folder / "calls.txt"
    return file.read_text().splitlines() if file.is_file() else []


def test_one_command_runs_a_study_as_here(small, finished):
    """Without accounting, account or partition: nothing has to be said."""
    said, _ = _started(small).communicate(timeout=500)
    assert results(small) == results(finished), said
    assert len(_calls(small)) == 2 * len(PARTICIPANT_STAGES) + len(STUDY_STAGES)


def test_a_job_that_is_killed_is_tried_again(small):
    process = _started(small, AQBIO_FAILS_ONCE="scale P1")
    said, _ = process.communicate(timeout=500)
    assert process.returncode == 0, said
    assert (small.folder / "failed_once").exists()
    assert _calls(small).count("prepare P1") == 1, "what was finished is kept"


def test_a_job_that_outlives_its_workflow_is_not_run_twice(small):
    """The next run waits for it, and finds everything done."""
    first = _started(small, AQBIO_SLEEPS="scale P1")
    end = time.monotonic() + 200
    while "scale P1" not in _calls(small):
        assert time.monotonic() < end
        time.sleep(0.2)
    for one in [psutil.Process(first.pid), *psutil.Process(first.pid).children(recursive=True)]:
        one.send_signal(signal.SIGKILL)
    second = _started(small)
    said, _ = second.communicate(timeout=500)
    assert second.returncode == 0, said
    assert _calls(small).count("scale P1") == 1
    assert _calls(small).count("evidence P1") == 1
