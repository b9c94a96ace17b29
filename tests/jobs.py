"""The jobs of the workflow in this process, one after another."""

from __future__ import annotations

from collections.abc import Callable, Collection

from aqbio.hypotheses.preregistration import record_registry
from aqbio.io.study import Study
from aqbio.stage_table import PARTICIPANT_STAGES, STAGES, stage_module
from aqbio.study.jobs import every_job


def run_jobs(
    study: Study,
    stages: Collection[str] = STAGES,
    report: Callable[[str], None] = lambda _: None,
    *,
    people: Collection[str] = (),
    missing_only: bool = False,
) -> list[str]:
    """Run stages of all participants, or of some, on every model, and give what ran."""
    record_registry(study)
    jobs = list(every_job(study))
    ran = []
    for stage in STAGES:
        for on, participant, name in jobs:
            chosen = (
                name == stage
                and stage in stages
                and (not people or not participant or participant in people)
            )
            if not chosen or (missing_only and on.manifest(participant, stage).exists()):
                continue
            work = getattr(
                stage_module(stage), f"{stage}_{'participant' if participant else 'study'}"
            )
            work(on, participant, report) if participant else work(on, report)
            ran.append(f"{on.within} {stage} {participant}".strip())
    return ran


def run_participants(study: Study, report: Callable[[str], None] = lambda _: None) -> list[str]:
    """Run all stages of participants that have not run."""
    return run_jobs(study, PARTICIPANT_STAGES, report, missing_only=True)
