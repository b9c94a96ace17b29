"""Jobs of a run that did not finish: what the console says of them, and the table of trials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aqbio.faults import RunStoppedError, writing
from aqbio.io.cluster import scheduler_reason
from aqbio.io.dictionary import columns
from aqbio.io.given import study_provenance
from aqbio.io.locks import locked
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.names import STUDY_STAGES
from aqbio.pipeline import DONE, RUNNING, study_done
from aqbio.records.manifest import FAILED, OK, told_failure
from aqbio.records.places import published
from aqbio.records.step_files import LAST

UNFINISHED = "unfinished"
"""Status of a trial whose job did not finish: nothing is known against its recording."""

LAST_WORDS = 12
"""Lines of a broken job's log that are shown."""

PROGRESS = re.compile(r"\d\d:\d\d:\d\d ")
"""How a line of progress begins."""

NO_WORD = "The job stopped without a message; memory probably ran out."

CRASH = "Fatal Python error: "
"""How Python begins when a signal ends a job, such as a segmentation fault; places follow."""

NO_TURN = "the run ended before its turn came."


@dataclass(frozen=True, slots=True)
class BrokenJob:
    """A job that began and did not finish."""

    rule: str
    value: str
    """rule, value: The workflow's rule and its wildcard: participants and an id, study and a
    stage."""
    said: tuple[str, ...]
    """Why the scheduler ended it, or what it said last."""
    log: Path

    def __str__(self) -> str:
        name = f"{self.rule}-{self.value}" if self.rule == "participants" else self.value
        return "\n".join([f"{name} did not finish:", *self.said, f"  Log: {self.log}"])

    @property
    def reason(self) -> str:
        """What is wrong, in one line: file, place and fix come after it, indented."""
        return next((one for one in reversed(self.said) if not one.startswith(" ")), self.said[0])


def broken_jobs(study: Study, started: float) -> Iterator[BrokenJob]:
    """Every job of a run that did not finish, those of participants first.

    Parameters
    ----------
    started : float
        Beginning of the run, s of the system's clock.
    """
    people = dict.fromkeys(study.same_person(one.participant_id)[0] for one in study.participants)
    jobs = [("participants", one, study.manifest(one, DONE)) for one in people]
    jobs += [("study", stage, study_done(study, stage)) for stage in STUDY_STAGES]
    for rule, value, mark in jobs:
        name = f"{rule}-{value}" if rule == "participants" else value
        log = study.root / "logs" / f"{name}.log"
        reason = scheduler_reason(rule, value, started)
        begun = log.is_file() and log.stat().st_mtime >= started
        if not mark.is_file() and (begun or reason):
            yield BrokenJob(rule, value, (reason,) if reason else _last_words(log), log)


def _last_words(log: Path) -> tuple[str, ...]:
    """What a job said last, without the lines of progress before it."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    for at, line in enumerate(lines):
        if line.startswith(CRASH):
            places = [one for one in lines[at:] if one.startswith("  File ")][:LAST_WORDS]
            return (f"A library crashed ({line.removeprefix(CRASH).lower()}).", *places)
    last = [line for line in lines if line.strip()][-LAST_WORDS:]
    while last and PROGRESS.match(last[0]):
        last.pop(0)
    return tuple(last) or (NO_WORD,)


def write_unfinished_trials(study: Study, broken: Sequence[BrokenJob]) -> Path | None:
    """Write ``tables/trials.tsv`` of a run in which participants were not finished.

    Stage tables writes its own when all are: it finds that this one is not.

    Returns
    -------
    Path or None
        None where every participant is finished, or nothing can be written.
    """
    import pandas as pd

    reasons = {one.value: one.reason for one in broken if one.rule == "participants"}
    rows = [
        row for one in study.participants for row in _trials(study, one.participant_id, reasons)
    ]
    if not any(row["status"] == UNFINISHED for row in rows):
        return None
    path, described = study.table("trials.tsv"), columns("trials")
    source = study_provenance(study, "tables", [])
    with suppress(RunStoppedError):  # the disk is full, say, which the job has told already
        with locked(study.manifest("", RUNNING)), writing(path):
            write_table(pd.DataFrame(rows, columns=list(described)), path, described, source)
        return path
    return None


def _trials(study: Study, participant_id: str, reasons: dict[str, str]) -> Iterator[dict[str, str]]:
    """Rows of a participant: what became of every trial, or why that is not known."""
    job = study.same_person(participant_id)[0]
    done = study.manifest(job, DONE).is_file()
    entries = study.read_manifest(participant_id, LAST)["trials"] if done else []
    known = {one["trial_id"]: one for one in entries}
    for trial in study.moving_of(participant_id):
        row = {
            "participant_id": participant_id,
            "trial_id": trial.trial_id,
            "condition": trial.condition,
        }
        if not done:
            why = published(study, reasons.get(job, NO_TURN), participant_id)
            yield row | {"status": UNFINISHED, "reason": why, "state": UNFINISHED}
        elif (one := known.get(trial.trial_id)) and one["status"] != OK:
            why = told_failure(one["reason"], LAST)
            yield row | {"status": FAILED, "reason": why, "state": FAILED}
        else:
            yield row | {"status": OK}
