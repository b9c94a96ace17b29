"""Runs that are ended at every stage by every means.

Stages are stand-ins that take their time in the middle of a file; everything else is the product.
After each end one plain run must finish, and leave the bytes of an undisturbed run.
"""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil

from aqbio.stage_table import PARTICIPANT_STAGES, STUDY_STAGES
from tests.workflow.conftest import Workflow
from tests.workflow.forked import asked, door

RUN = "import sys; from tests.workflow.stand_in import run; run(sys.argv[1:])"
"""`aqbio run` on a study with stand-ins."""

SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
VICTIMS = ("run", "job", "everything")
CALLS = (*(f"{stage} P1" for stage in PARTICIPANT_STAGES), *STUDY_STAGES)
WAIT_S = 60.0


@dataclass(frozen=True)
class End:
    """How a run is ended: in which stage, who, and by which signal."""

    call: str
    victim: str
    signal: str

    def __str__(self) -> str:
        return f"{self.signal}-{self.victim}-{self.call}"


def every_end() -> Iterator[End]:
    """All ways, those of one stage after those of another."""
    for signal_, victim, call in itertools.product(SIGNALS, VICTIMS, CALLS):
        yield End(call, victim, signal_)


def started(workflow: Workflow, sleeps: str = "") -> subprocess.Popen[str]:
    """Start `aqbio run` on a study with stand-ins."""
    environment = workflow.environment() | {"AQBIO_SLEEPS": sleeps}
    return subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=workflow.folder, env=environment, text=True,
        start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def survived(workflow: Workflow, end: End) -> str:
    """End a run, and run again; empty where all is well, otherwise what is not."""
    before = results(workflow)
    calls = workflow.folder / "calls.txt"
    calls.unlink(missing_ok=True)
    forget(workflow, end.call)
    process = started(workflow, end.call)
    limit = time.monotonic() + WAIT_S
    while not calls.is_file() or end.call not in calls.read_text().splitlines():
        if process.poll() is not None or time.monotonic() > limit:
            return f"the stage did not begin: {process.communicate()[0]}"
        time.sleep(0.05)
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for one in victims(family, end.victim):
        with suppress(psutil.NoSuchProcess):
            one.send_signal(getattr(signal, end.signal))
    said = ended(process, family)
    if "Traceback" in said and end.victim != "job":
        return f"a traceback: {said}"
    finish(family)  # an orphaned workflow goes on, and is ended by a person
    again = asked("run", [], workflow.folder, workflow.environment(door()))
    if again.returncode:
        return f"the next run ends with {again.returncode}: {again.stdout}{again.stderr}"
    return "" if results(workflow) == before else "results differ"


def forget(workflow: Workflow, call: str) -> None:
    """Damage what a stage left, so that it has to run."""
    stage, _, person = call.partition(" ")
    folder = workflow.root / "participants" / person if person else workflow.root
    (folder / f"{stage}.json").unlink()


def victims(family: list[psutil.Process], victim: str) -> list[psutil.Process]:
    """The processes of a run that get the signal."""
    if victim == "everything":
        return family
    if victim == "run":
        return family[:1]
    return [one for one in family[1:] if "tests.workflow.stand_in" in one.cmdline()][:1]


def ended(process: subprocess.Popen[str], family: list[psutil.Process]) -> str:
    """What a run said until it ended; of one that does not end, nothing."""
    try:
        return process.communicate(timeout=WAIT_S)[0]
    except subprocess.TimeoutExpired:
        finish(family)
        return ""


def finish(family: list[psutil.Process]) -> None:
    """End what is left, as the message asks for."""
    for one in family:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(family, timeout=WAIT_S)


def results(workflow: Workflow) -> dict[str, bytes]:
    """Every result; logs and times of jobs are none."""
    return {
        path.relative_to(workflow.root).as_posix(): path.read_bytes()
        for path in sorted(workflow.root.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and "logs" not in path.parts
    }
