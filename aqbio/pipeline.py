"""All stages of a person, or of the study, in one process: what has not changed is kept."""

from __future__ import annotations

import atexit
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError, writing
from aqbio.io.atomic import remove_partial, write_text
from aqbio.io.locks import locked
from aqbio.io.other_models import compared_studies
from aqbio.io.processes import end_with_parent
from aqbio.io.study import Study, load_study
from aqbio.records.current import is_current, outdated, participant_stages
from aqbio.records.manifest import ParticipantStage, Report

DONE = "stages"
"""Name of the file that is written when every stage is as it should be."""

PROCESSES = {"hypotheses": 2, "figures": 8}
"""Stages of the study that work in several processes, and how many help."""

RUNNING = "running"
"""Name of the file that says who works on results."""


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
    with locked(study.manifest(people[0], RUNNING), waiting=report):
        for on in (study, *compared_studies(study, people[0])):
            for one in people:
                remove_partial(on.manifest(one, DONE).parent, below="**/")
        _run_person(study, people, report, stage_of)


def _run_person(
    study: Study,
    people: Sequence[str],
    report: Report,
    stage_of: Callable[[str], ParticipantStage],
) -> None:
    seconds: dict[str, dict[str, float]] = {one: {} for one in people}
    for on, stage in participant_stages(study, people[0]):
        for one in people:
            name = f"{stage} on {Path(on.within).name}" if on.within else stage
            if is_current(on, one, stage):
                report(f"{one}: {name} is as it was")
                continue
            start = time.process_time()
            stage_of(stage)(on, one, report)
            seconds[one][name] = round(time.process_time() - start, 2)
    for one in people:
        content = {"participant_id": one, "cpu_seconds": seconds[one]}
        write_text(study.manifest(one, DONE), json.dumps(content, indent=2) + "\n")


def study_stage(stage: str) -> Callable[..., None]:
    """The work of a stage of the whole study."""
    work: Callable[..., None] = getattr(
        import_module(f"aqbio.stages.{stage}.stage"), f"{stage}_study"
    )
    return work


def run_study(
    study: Study,
    stages: Iterable[str],
    report: Report,
    cores: int = 1,
    stage_of: Callable[[str], Callable[..., None]] = study_stage,
) -> None:
    """Bring stages of the whole study up to date, one after the other.

    Parameters
    ----------
    stages : iterable of str
        Of `STUDY_STAGES`, in their order.
    report : callable
        Gets a line per stage that is kept, and what stages that run say.
    cores : int
        Processes of the stages that work in several.
    stage_of : callable
        Gives the work of a stage by its name; called only for stages that run.
    """
    with locked(study.manifest("", f"{RUNNING}-study"), waiting=report):
        for folder in ("tables", "figures", "report", "."):
            remove_partial(study.root / folder)
        for stage in stages:
            if is_current(study, "", stage):
                report(f"{stage} is as it was")
            else:
                stage_of(stage)(study, report, *([cores] if stage in PROCESSES else []))


def withdraw_done(study: Study) -> None:
    """Remove the marks of the workflow's jobs whose results are not what they should be.

    A mark says that a job has nothing to do. It is what the workflow looks at; whether it is true
    is decided here, by content.
    """
    people, stages = outdated(study)
    for one in people:
        study.manifest(study.same_person(one)[0], DONE).unlink(missing_ok=True)
    for stage in stages:
        study_done(study, stage).unlink(missing_ok=True)


_HELD = ExitStack()


def workflow_started(study: Study, *, dry_run: bool, recorded_here: bool) -> None:
    """Take hold of a study's results for this process, and find what has to be made again.

    Parameters
    ----------
    dry_run : bool
        Nothing will run: the hold ends at once.
    recorded_here : bool
        Whether the recordings are virtual sprinters', made by the workflow itself.

    Raises
    ------
    RunStoppedError
        When another run works on these results, they are another study's, or they cannot be
        written.
    """
    end_with_parent()
    with ExitStack() as hold:
        hold.enter_context(locked(study.manifest("", RUNNING)))
        _refuse_results_of_another(study)
        with writing(study.root):
            if not dry_run:
                own = os.path.relpath(study.file.resolve(), study.root.resolve())
                write_text(_owner(study), own)
            withdraw_done(study)
        for trial in study.trials if recorded_here else ():
            if not study.recording(trial).is_file():
                written = study.recording(trial).parent / ".written"
                written.unlink(missing_ok=True)
        if not dry_run:
            _HELD.push(hold.pop_all())
            atexit.register(_HELD.close)


def _owner(study: Study) -> Path:
    """File that says whose results these are: the study's own, as seen from its results."""
    return study.root / "logs" / "study"


def _refuse_results_of_another(study: Study) -> None:
    """Refuse results of a study of the same name that still lies where it was run from."""
    if not _owner(study).is_file():
        return
    other = study.root.resolve() / _owner(study).read_text(encoding="utf-8")
    if not other.is_file() or other.samefile(study.file):
        return
    try:
        still = load_study(other).root.resolve() == study.root.resolve()
    except AqbioError:
        return
    if still:
        raise RunStoppedError(
            f"these are results of another study of the same name, {os.path.normpath(other)}: "
            "they would be written over.",
            file=str(study.root),
            fix="give one of the two another name, or run it in another folder.",
            rule="results-of-another",
        )


def study_done(study: Study, stage: str) -> Path:
    """Mark of the workflow's job that runs a stage of the whole study."""
    return study.root / "logs" / f"{stage}.done"
