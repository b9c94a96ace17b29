"""`aqbio run --profile slurm` on a real SLURM of one node (scripts/slurm_one_node.sh)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from aqbio.stage_table import PARTICIPANT_STAGES, STUDY_STAGES
from tests.workflow.conftest import Workflow
from tests.workflow.stand_in import RUN

pytestmark = [pytest.mark.slurm, pytest.mark.xdist_group("slurm")]

QUICKLY = ["--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "2"]
QUICKLY += ["--latency-wait", "5"]  # of a disk that hosts share, a minute
"""Otherwise Snakemake waits for most of a minute before it looks at each job."""

UNTIL_SCALE = ["--until", "scale"]
"""What follows is a matter of the first test: every job costs seconds of waiting."""

WAIT_S = 900.0
"""Nothing here takes so long, however busy the machine is; what is waited for is seen before."""


def _runs() -> bool:
    if shutil.which("sinfo") is None:
        return False
    return subprocess.run(["sinfo"], capture_output=True, check=False, timeout=20).returncode == 0


if not _runs():
    pytest.skip("no SLURM runs here (scripts/slurm_one_node.sh)", allow_module_level=True)


def _started(workflow: Workflow, *options: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, "slurm", *QUICKLY, *options],
        cwd=workflow.folder, env=workflow.environment | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def _output(process: subprocess.Popen[str]) -> str:
    try:
        return process.communicate(timeout=WAIT_S)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _calls(workflow: Workflow) -> list[str]:
    file = workflow.folder / "calls.txt"
    return file.read_text().splitlines() if file.is_file() else []


def _wait_until(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait for a condition; a run that ends before it is told."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.2)


def _own_jobs(workflow: Workflow) -> list[str]:
    """Numbers of the jobs that this study has in the queue."""
    listed = subprocess.run(
        ["squeue", "--noheader", "--format=%A %Z"], capture_output=True, text=True, check=True
    ).stdout
    lines = (line.split(maxsplit=1) for line in listed.splitlines())
    return [number for number, folder in lines if folder == str(workflow.folder)]


@pytest.fixture(autouse=True)
def nothing_is_left(small):
    """Cancel what a test leaves in the queue."""
    yield
    for number in _own_jobs(small):
        subprocess.run(["scancel", number], check=False)


def test_one_command_runs_a_study_as_here(small, run_once):
    """Without account or partition: nothing has to be said."""
    process = _started(small)
    output = _output(process)
    assert process.returncode == 0, output
    assert small.results() == run_once.results(), output
    assert small.root != run_once.root
    assert len(_calls(small)) == 2 * len(PARTICIPANT_STAGES) + len(STUDY_STAGES)


def test_a_job_that_is_killed_is_tried_again(small):
    process = _started(small, *UNTIL_SCALE, AQBIO_FAILS_ONCE="scale P1")
    output = _output(process)
    assert process.returncode == 0, output
    assert (small.folder / "failed_once").exists()
    assert _calls(small).count("prepare P1") == 1, "what was finished is kept"


def _goes_on(workflow: Workflow, undisturbed: Workflow) -> None:
    output = _output(_started(workflow, *UNTIL_SCALE))
    for participant in ("P1", "P2"):
        records = [
            (study.root / "participants" / participant / "scale.json").read_bytes()
            for study in (workflow, undisturbed)
        ]
        assert records[0] == records[1], output


def test_a_cancelled_job_says_so_and_resumes(small, run_once):
    process = _started(small, *UNTIL_SCALE, "--retries", "0", AQBIO_SLEEPS="scale P1")
    _wait_until(lambda: "scale P1" in _calls(small), process)
    for number in _own_jobs(small):
        subprocess.run(["scancel", number], check=True)
    output = _output(process)
    assert process.returncode == 1
    assert "P1 scale did not finish:" in output
    _goes_on(small, run_once)
    assert _calls(small).count("prepare P1") == 1, "what was finished is kept"
