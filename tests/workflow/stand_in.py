"""Stand-ins for the stages: Snakemake decides what runs, as in the product.

A stand-in notes that it ran and leaves a result and its record; ``AQBIO_BREAKS`` names one that
crashes, ``AQBIO_SLEEPS`` one that takes its time, ``AQBIO_FAILS_ONCE`` one that is killed at its
first attempt, ``AQBIO_FAULT`` one whose disk or memory fails ("scale P1:EDQUOT").
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from aqbio.cli import write_log
from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io import provenance
from aqbio.io.atomic import atomic_path, write_text
from aqbio.io.study import Study, load_study
from aqbio.stage_table import PARTICIPANT_STAGES, STAGE_TABLE, STUDY_STAGES
from aqbio.study.jobs import table_files
from aqbio.study.manifest import (
    ParticipantStage,
    Report,
    participant_stage,
    study_stage,
    write_manifest,
)


def commit() -> str:
    """What results are told to be of: somebody may commit between two runs."""
    return "stand-in"


CALLS = (*(f"{stage} P1" for stage in PARTICIPANT_STAGES), *STUDY_STAGES)
"""A job of every stage."""

RUN = "import sys; from tests.workflow.stand_in import run; run(sys.argv[1:])"
"""`aqbio run` on a study with stand-ins."""

LONG_S = 10.0
"""What ends a stage in the middle comes within a second; a workflow may wait for it to end."""


def _leave(path: Path, call: str) -> None:
    """Write a result, in two halves between which the process may end."""
    with atomic_path(path) as temporary:
        temporary.write_text(call[: len(call) // 2], encoding="utf-8")
        _note(call)
        temporary.write_text(call, encoding="utf-8")


def _note(call: str) -> None:
    calls = Path(os.environ["AQBIO_CALLS"])
    failed_once = calls.with_name("failed_once")
    struck, _, fault = os.environ.get("AQBIO_FAULT", "").rpartition(":")
    if call == struck:
        number = getattr(errno, fault)
        raise MemoryError if number == errno.ENOMEM else OSError(number, os.strerror(number))
    if call == os.environ.get("AQBIO_BREAKS"):
        os._exit(9)
    if call == os.environ.get("AQBIO_FAILS_ONCE") and not failed_once.exists():
        failed_once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    with calls.open("a", encoding="utf-8") as file:
        file.write(call + "\n")
    if call == os.environ.get("AQBIO_SLEEPS"):
        time.sleep(LONG_S)


def participant_stand_in(name: str) -> ParticipantStage:
    @participant_stage(name)
    def stand_in(study: Study, participant_id: str, report: Report) -> None:
        call = f"{name} {participant_id}"
        _leave(study.folder(participant_id, name) / "result.txt", call)
        write_manifest(study, participant_id, name, [])
        report(f"12:00:00 {call}")

    return stand_in


def study_stand_in(name: str):
    @study_stage(name)
    def stand_in(study: Study, report: Report, cores: int = 1) -> None:
        *tables, last = table_files(study, name)
        for table in tables:
            write_text(table, f"table of {name}")
        for folder in STAGE_TABLE[name].folders:
            write_text(study.root / folder / f"{name}.txt", f"result of {name}")
        _leave(last, name)
        report(f"12:00:00 {name}")

    return stand_in


def main(arguments: list[str]) -> None:
    """Do a job, in a process of its own: ``STAGE STUDY [--participant ID] ...``; or `run`."""
    provenance.git_commit = commit
    if arguments[0] == "run":
        run(arguments[1:])
    stage, file, *options = arguments
    write_log(Path(options[options.index("--log") + 1]))
    study = load_study(Path(file))
    try:
        if "--participant" in options:
            participant_stand_in(stage)(study, options[options.index("--participant") + 1], print)
        else:
            study_stand_in(stage)(study, print)
    except RunStoppedError as error:  # as `aqbio.cli.main` does
        sys.exit(str(error))


def run(arguments: list[str]) -> None:
    """Do what `aqbio run` does in this folder, ``[PROFILE [OPTIONS OF SNAKEMAKE]]``."""
    from aqbio import progress

    progress.PROGRAMS_FOLDER = Path(shutil.which("aqbio") or "").parent
    progress.summary = lambda study: "done"
    progress.is_broken = lambda study, strict: False
    profile, *options = arguments or ["default"]
    cores = 2 if profile == "default" else 0
    try:
        status = progress.run_workflow(
            Path("study.yaml"), cores=cores, profile=profile, options=options
        )
        sys.exit(status)
    except (AqbioError, RunStoppedError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
