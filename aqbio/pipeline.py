"""All stages of a person in one process: what has not changed is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from importlib import import_module

from aqbio.io.atomic import write_text
from aqbio.io.study import Study
from aqbio.names import PARTICIPANT_STAGES
from aqbio.records.current import is_current
from aqbio.records.manifest import ParticipantStage, Report

DONE = "stages"
"""Name of the file that is written when every stage is as it should be."""


def participant_stage(stage: str) -> ParticipantStage:
    """The work of a participant's stage: its libraries are loaded when it is asked for."""
    work: ParticipantStage = getattr(
        import_module(f"aqbio.stages.{stage}.stage"), f"{stage}_participant"
    )
    return work


def run_participant(
    study: Study,
    participant_id: str,
    report: Report,
    stage_of: Callable[[str], ParticipantStage] = participant_stage,
) -> None:
    """Bring every stage of a participant, and of the other sessions of that person, up to date.

    Parameters
    ----------
    report : callable
        Gets a line per stage that is kept, and what stages that run say.
    stage_of : callable
        Gives the work of a stage by its name; called only for stages that run.

    Notes
    -----
    A stage runs where something that it depends on is not what it was
    (`aqbio.records.current`). ``stages.json`` says what ran and how long it took, for the
    workflow; it is written last.
    """
    people = study.same_person(participant_id)
    seconds: dict[str, dict[str, float]] = {one: {} for one in people}
    for stage in PARTICIPANT_STAGES:
        for one in people:
            if is_current(study, one, stage):
                report(f"{one}: {stage} is as it was")
                continue
            start = time.process_time()
            stage_of(stage)(study, one, report)
            seconds[one][stage] = round(time.process_time() - start, 2)
    for one in people:
        content = {"participant_id": one, "cpu_seconds": seconds[one]}
        write_text(study.manifest(one, DONE), json.dumps(content, indent=2) + "\n")
