"""Both sheets of a study, and what one says about the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from aqbio.config import InvalidStudyError, Participant, Trial, closest
from aqbio.errors import AqbioError, Finding
from aqbio.io.sheets import read_sheet

R = TypeVar("R", Participant, Trial)


def read_sheets(
    participants_sheet: Path, trials_sheet: Path
) -> tuple[tuple[Participant, ...], tuple[Trial, ...]]:
    """Read both sheets of a study.

    Raises
    ------
    InvalidStudyError
        All problems of both sheets at once.
    """
    participants, findings = _rows(participants_sheet, Participant)
    trials, more = _rows(trials_sheet, Trial)
    findings += more
    if not findings:
        findings += _empty_findings({participants_sheet: participants, trials_sheet: trials})
        findings += _participant_findings(participants, participants_sheet)
        findings += _trial_findings(participants, trials, trials_sheet)
        findings += _static_findings(participants, trials, participants_sheet)
    if findings:
        raise InvalidStudyError(findings)
    return tuple(participants), tuple(trials)


def _rows(path: Path, row: type[R]) -> tuple[list[R], list[Finding]]:
    try:
        return read_sheet(path, row), []
    except InvalidStudyError as problems:
        return [], list(problems.findings)
    except AqbioError as error:
        return [], [error.finding()]


def _finding(rule: str, what: str, file: Path, fix: str) -> Finding:
    return Finding(rule=rule, severity="error", what=what, file=str(file), fix=fix)


def _empty_findings(sheets: Mapping[Path, Sequence[object]]) -> Iterator[Finding]:
    for sheet, rows in sheets.items():
        if not rows:
            yield _finding(
                "sheet-empty",
                "the sheet has a header but no rows.",
                sheet,
                "write one row per item.",
            )


def _participant_findings(participants: Sequence[Participant], sheet: Path) -> Iterator[Finding]:
    """Participants that are there twice; capitals do not tell files apart everywhere."""
    counts = Counter(person.participant_id.casefold() for person in participants)
    for name in dict.fromkeys(person.participant_id for person in participants):
        if (count := counts.pop(name.casefold(), 1)) > 1:
            yield _finding(
                "sheet-twice", f"participant {name} appears {count} times.", sheet, "keep one row."
            )


def _trial_findings(
    participants: Sequence[Participant], trials: Sequence[Trial], sheet: Path
) -> Iterator[Finding]:
    """Trials that are there twice or that belong to nobody."""
    people = [person.participant_id for person in participants]
    counts = Counter((trial.participant_id, trial.trial_id.casefold()) for trial in trials)
    for trial in trials:
        name, trial_id = trial.participant_id, trial.trial_id
        if (count := counts.pop((name, trial_id.casefold()), 1)) > 1:
            yield _finding(
                "sheet-twice",
                f"trial {trial_id} of {name} appears {count} times.",
                sheet,
                "give every trial of a participant its own trial_id.",
            )
        if name not in people:
            near = closest(name, people)
            yield _finding(
                "participant-unknown",
                f"trial {trial_id} belongs to {name}, who is not in the participants sheet.",
                sheet,
                f"did you mean {near}?" if near else "add the participant.",
            )


def _static_findings(
    participants: Sequence[Participant], trials: Sequence[Trial], sheet: Path
) -> Iterator[Finding]:
    """Static trials that a participant names wrongly or not at all."""
    for person in participants:
        name, static = person.participant_id, person.static_trial
        own = {trial.trial_id: trial for trial in trials if trial.participant_id == name}
        standing = [trial for trial in own.values() if trial.task == "static"]
        if static is None:
            for trial in standing:
                if trial.include == "yes":
                    yield _finding(
                        "static-not-named",
                        f"{name} has the static trial {trial.trial_id}, but its static_trial is "
                        "n/a: the model would be scaled without it.",
                        sheet,
                        f"write {trial.trial_id} in column static_trial, or set include = no.",
                    )
        elif static not in own:
            near = closest(static, own)
            yield _finding(
                "static-unknown",
                f"static_trial {static} of {name} is not in the trials sheet.",
                sheet,
                f"did you mean {near}?" if near else "add it with task static, or write n/a.",
            )
        elif own[static].task != "static" or own[static].include == "no":
            state = "left out" if own[static].include == "no" else f"a {own[static].task}"
            yield _finding(
                "static-unknown",
                f"static_trial {static} of {name} is {state} in the trials sheet.",
                sheet,
                "name an included trial whose task is static, or write n/a.",
            )
