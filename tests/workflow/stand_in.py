"""The stages with stand-ins: what runs is decided as in the product.

A stand-in notes that it ran and leaves a result and its record; ``AQBIO_BREAKS`` names one that
crashes, ``AQBIO_SLEEPS`` one that takes its time, ``AQBIO_FAILS_ONCE`` one that is killed at its
first attempt, ``AQBIO_FAULT`` one whose disk or memory fails ("scale P1:EDQUOT").
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from pathlib import Path

from aqbio.faults import RunStoppedError
from aqbio.io import provenance
from aqbio.io.atomic import atomic_path, write_text
from aqbio.io.processes import end_with_parent
from aqbio.io.study import Study, load_study
from aqbio.pipeline import run_participant, run_study
from aqbio.records.manifest import (
    ParticipantStage,
    Report,
    participant_stage,
    study_stage,
    write_manifest,
)


def commit() -> str:
    """What results are told to be of: somebody may commit between two runs."""
    return "stand-in"


RESULTS = {
    "tables": "tables/trials.tsv",
    "hypotheses": "tables/verdicts.tsv",
    "figures": "figures/figure.svg",
    "report": "report/index.html",
}
LONG_S = 10.0
"""What ends a stage in the middle comes within a second; a workflow may wait for it to end."""


def _leave(path: Path, called: str) -> None:
    """Write a result, in two halves between which the process may end."""
    with atomic_path(path) as temporary:
        temporary.write_text(called[: len(called) // 2], encoding="utf-8")
        _note(called)
        temporary.write_text(called, encoding="utf-8")


def _note(called: str) -> None:
    calls = Path(os.environ["AQBIO_CALLS"])
    once = calls.with_name("failed_once")
    struck, _, fault = os.environ.get("AQBIO_FAULT", "").rpartition(":")
    if called == struck:
        number = getattr(errno, fault)
        raise MemoryError if number == errno.ENOMEM else OSError(number, os.strerror(number))
    if called == os.environ.get("AQBIO_BREAKS"):
        os._exit(9)
    if called == os.environ.get("AQBIO_FAILS_ONCE") and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    with calls.open("a", encoding="utf-8") as file:
        file.write(called + "\n")
    if called == os.environ.get("AQBIO_SLEEPS"):
        time.sleep(LONG_S)


def _stage(name: str) -> ParticipantStage:
    @participant_stage(name)
    def stand_in(study: Study, participant_id: str, report: Report) -> None:
        called = f"{name} {participant_id}"
        _leave(study.folder(participant_id, name) / "result.txt", called)
        write_manifest(study, participant_id, name, [])
        report(f"12:00:00 {called}")

    return stand_in


def _study_stage(name: str):
    @study_stage(name)
    def stand_in(study: Study, report: Report, cores: int = 1) -> None:
        path = study.root / RESULTS[name]
        if path.suffix == ".tsv":
            write_text(path.with_suffix(".json"), "{}")  # as every table has
        _leave(path, name)
        report(f"12:00:00 {name}")

    return stand_in


def main(arguments: list[str]) -> None:
    """Do a job, in a process of its own."""
    end_with_parent()
    provenance.git_commit = commit
    command, file, _, chosen = arguments[:4]
    try:
        if command == "participants":
            run_participant(load_study(Path(file)), chosen, print, _stage)
        else:
            run_study(load_study(Path(file)), [chosen], print, 1, _study_stage)
    except RunStoppedError as error:  # as `aqbio.cli.main` does
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
