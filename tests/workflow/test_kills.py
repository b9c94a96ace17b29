"""A run that is ended anywhere, by anything, is finished by the next one with the same bytes.

Stages are stand-ins that take their time in the middle of a file; everything else is the product.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from tests.workflow.conftest import write_workflow
from tests.workflow.stand_in import CALLS, RUN

pytestmark = [pytest.mark.whole, pytest.mark.workflow, pytest.mark.xdist_group("kills")]

ENDINGS = [
    ("SIGKILL", "run"), ("SIGKILL", "job"), ("SIGKILL", "everything"), ("SIGTERM", "job"),
    ("SIGTERM", "everything"), ("SIGINT", "run"), ("SIGINT", "everything"),
]  # fmt: skip
"""Signals, and the processes that get them."""
CHOSEN = [
    (signal_name, victim, random.Random(number).choice(CALLS))
    for number, (signal_name, victim) in enumerate(ENDINGS)
]
"""Each ends in an arbitrary stage."""
WAIT_S = 60.0


@pytest.fixture(scope="module")
def workflow(tmp_path_factory, warm):
    study = write_workflow(tmp_path_factory.mktemp("kills"), warm)
    study.ran()
    return study


def _finish(family):
    """End what is left; an orphaned workflow goes on, and is ended by a person."""
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=WAIT_S)


@pytest.mark.parametrize(("name", "victim", "call"), CHOSEN)
def test_the_next_run_finishes_with_the_same_bytes(workflow, name, victim, call):
    before, calls = workflow.results(), workflow.folder / "calls.txt"
    calls.unlink(missing_ok=True)
    workflow.forget(call)
    process = subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=workflow.folder, text=True, start_new_session=True,
        env=workflow.environment | {"AQBIO_SLEEPS": call},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    limit = time.monotonic() + WAIT_S
    while not calls.is_file() or call not in calls.read_text().splitlines():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < limit
        time.sleep(0.05)
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    jobs = [target for target in family[1:] if "tests.workflow.stand_in" in target.cmdline()][:1]
    for target in {"everything": family, "run": family[:1], "job": jobs}[victim]:
        with suppress(psutil.NoSuchProcess):
            target.send_signal(getattr(signal, name))
    output = ""
    with suppress(subprocess.TimeoutExpired):
        output = process.communicate(timeout=WAIT_S)[0]
    _finish(family)
    assert "Traceback" not in output or victim == "job"
    resumed = workflow.aqbio_run()
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert workflow.results() == before
