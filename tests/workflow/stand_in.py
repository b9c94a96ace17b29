"""The stages of a participant with stand-ins: what runs is decided as in the product.

A stand-in notes that it ran and leaves a manifest; ``AQBIO_BREAKS`` names one that crashes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from aqbio.io.study import Study, load_study
from aqbio.pipeline import run_participant
from aqbio.records.manifest import ParticipantStage, Report, participant_stage, write_manifest


def _stage(name: str) -> ParticipantStage:
    @participant_stage(name)
    def stand_in(study: Study, participant_id: str, report: Report) -> None:
        called = f"{name} {participant_id}"
        if called == os.environ.get("AQBIO_BREAKS"):
            os._exit(9)
        with Path(os.environ["AQBIO_CALLS"]).open("a", encoding="utf-8") as calls:
            calls.write(called + "\n")
        write_manifest(study, participant_id, name, [])
        report(f"12:00:00 {called}")

    return stand_in


if __name__ == "__main__":
    run_participant(load_study(Path(sys.argv[1])), sys.argv[2], print, _stage)
