"""The stages with stand-ins: what runs is decided as in the product.

A stand-in notes that it ran and leaves a result and its record; ``AQBIO_BREAKS`` names one that
crashes, ``AQBIO_SLEEPS`` one that takes its time, ``AQBIO_FAILS_ONCE`` one that is killed at its
first attempt.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from aqbio.io.atomic import write_text
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

RESULTS = {
    "tables": "tables/trials.tsv",
    "hypotheses": "tables/verdicts.tsv",
    "figures": "figures/figure.svg",
    "report": "report/index.html",
}


def _note(called: str) -> None:
    calls = Path(os.environ["AQBIO_CALLS"])
    once = calls.with_name("failed_once")
    if called == os.environ.get("AQBIO_BREAKS"):
        os._exit(9)
    if called == os.environ.get("AQBIO_FAILS_ONCE") and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    with calls.open("a", encoding="utf-8") as file:
        file.write(called + "\n")
    if called == os.environ.get("AQBIO_SLEEPS"):
        time.sleep(30)


def _stage(name: str) -> ParticipantStage:
    @participant_stage(name)
    def stand_in(study: Study, participant_id: str, report: Report) -> None:
        called = f"{name} {participant_id}"
        _note(called)
        write_text(study.folder(participant_id, name) / "result.txt", called)
        write_manifest(study, participant_id, name, [])
        report(f"12:00:00 {called}")

    return stand_in


def _study_stage(name: str):
    @study_stage(name)
    def stand_in(study: Study, report: Report, cores: int = 1) -> None:
        _note(name)
        write_text(study.root / RESULTS[name], name)
        report(f"12:00:00 {name}")

    return stand_in


if __name__ == "__main__":
    end_with_parent()
    command, file, _, chosen = sys.argv[1:5]
    if command == "participants":
        run_participant(load_study(Path(file)), chosen, print, _stage)
    else:
        run_study(load_study(Path(file)), [chosen], print, 1, _study_stage)
