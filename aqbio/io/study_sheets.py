"""Both sheets of a study, and what one says about the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aqbio.config import Participant, Trial, closest
from aqbio.errors import AqbioError, Finding
from aqbio.io.sheets import SheetLine, sheet_lines

R = TypeVar("R", Participant, Trial)


@dataclass(frozen=True, slots=True)
class StudySheets:
    """What can be read of both sheets, and everything that is wrong with them."""

    participants: tuple[Participant, ...]
    trials: tuple[Trial, ...]
    """participants, trials: Rows without a wrong cell."""
    trial_lines: tuple[int, ...]
    """Line of each of ``trials``."""
    findings: tuple[Finding, ...]


def checked_sheets(participants_sheet: Path, trials_sheet: Path) -> StudySheets:
    """Read what can be read of both sheets, and everything that is wrong with them."""
    people, findings = _lines(participants_sheet, Participant)
    trials, more = _lines(trials_sheet, Trial)
    findings += more
    for sheet, lines in ((participants_sheet, people), (trials_sheet, trials)):
        if lines == []:
            findings.append(_finding("sheet-empty", _EMPTY, sheet, "write one row per item."))
    findings += _participant_findings(people or (), participants_sheet)
    findings += _person_findings(people or (), participants_sheet)
    findings += _twice_findings(trials or (), trials_sheet)
    if people and trials:
        findings += _owner_findings(people, trials, trials_sheet)
        findings += _static_findings(people, trials, participants_sheet)
        findings += _coordinates_findings(people, trials, participants_sheet)
    return StudySheets(
        participants=tuple(line.row for line in people or () if line.row is not None),
        trials=tuple(line.row for line in trials or () if line.row is not None),
        trial_lines=tuple(line.number for line in trials or () if line.row is not None),
        findings=tuple(findings),
    )


_EMPTY = "the sheet has a header but no rows."


def _lines(path: Path, row: type[R]) -> tuple[list[SheetLine[R]] | None, list[Finding]]:
    """Lines of a sheet, None when it cannot be read, and its own problems."""
    try:
        return sheet_lines(path, row)
    except AqbioError as error:
        return None, [error.finding()]


def _cell(line: SheetLine[R], column: str) -> str:
    return line.cells.get(column, "")


def _finding(rule: str, what: str, file: Path, fix: str, line: int | None = None) -> Finding:
    where = "" if line is None else f"line {line}"
    return Finding(rule=rule, severity="error", what=what, file=str(file), where=where, fix=fix)


def _participant_findings(
    people: Sequence[SheetLine[Participant]], sheet: Path
) -> Iterator[Finding]:
    """Participants that are there twice; capitals do not tell files apart everywhere."""
    seen: dict[str, list[SheetLine[Participant]]] = {}
    for line in people:
        seen.setdefault(_cell(line, "participant_id").casefold(), []).append(line)
    for name, lines in seen.items():
        if name and len(lines) > 1:
            what = f"participant {_cell(lines[0], 'participant_id')} appears {len(lines)} times."
            yield _finding("sheet-twice", what, sheet, "keep one row.", lines[1].number)


def _person_findings(people: Sequence[SheetLine[Participant]], sheet: Path) -> Iterator[Finding]:
    """Sessions of one person that differ in what no session changes."""
    first: dict[tuple[str, str], Participant] = {}
    for line in people:
        if (row := line.row) is None or row.person is None:
            continue
        for column in ("sex", "height_m"):
            if (value := getattr(row, column)) is None:
                continue
            other = first.setdefault((row.person, column), row)
            if (before := getattr(other, column)) != value:
                what = (
                    f"{other.participant_id} and {row.participant_id} are {row.person}, but their "
                    f"{column} is {before} and {value}."
                )
                fix = "give a person the same in all rows."
                yield _finding("person-differs", what, sheet, fix, line.number)


def _twice_findings(trials: Sequence[SheetLine[Trial]], sheet: Path) -> Iterator[Finding]:
    """Trials that are there twice."""
    seen: dict[tuple[str, str], list[SheetLine[Trial]]] = {}
    for line in trials:
        key = _cell(line, "participant_id"), _cell(line, "trial_id").casefold()
        seen.setdefault(key, []).append(line)
    for (name, trial), lines in seen.items():
        if name and trial and len(lines) > 1:
            what = f"trial {_cell(lines[0], 'trial_id')} of {name} appears {len(lines)} times."
            fix = "give every trial of a participant its own trial_id."
            yield _finding("sheet-twice", what, sheet, fix, lines[1].number)


def _owner_findings(
    people: Sequence[SheetLine[Participant]], trials: Sequence[SheetLine[Trial]], sheet: Path
) -> Iterator[Finding]:
    """Trials that belong to nobody."""
    known = [_cell(line, "participant_id") for line in people]
    for line in trials:
        name = _cell(line, "participant_id")
        if name and name not in known:
            near = closest(name, known)
            yield _finding(
                "participant-unknown",
                f"trial {_cell(line, 'trial_id')} belongs to {name}, who is not in the "
                "participants sheet.",
                sheet,
                f"did you mean {near}?" if near else "add the participant.",
                line.number,
            )


def _static_findings(
    people: Sequence[SheetLine[Participant]], trials: Sequence[SheetLine[Trial]], sheet: Path
) -> Iterator[Finding]:
    """Static trials that a participant names wrongly or not at all."""
    for person in people:
        name, static = _cell(person, "participant_id"), _cell(person, "static_trial")
        own = {
            _cell(line, "trial_id"): line
            for line in trials
            if _cell(line, "participant_id") == name
        }
        left_out = {trial for trial, line in own.items() if _cell(line, "include") == "no"}
        standing = [trial for trial, line in own.items() if _cell(line, "task") == "static"]
        if not static:
            for trial in standing:
                if trial not in left_out:
                    yield _finding(
                        "static-not-named",
                        f"{name} has the static trial {trial}, but its static_trial is n/a: the "
                        "body would be calibrated without it.",
                        sheet,
                        f"write {trial} in column static_trial, or set include = no.",
                        person.number,
                    )
        elif static not in own:
            near = closest(static, own)
            yield _finding(
                "static-unknown",
                f"static_trial {static} of {name} is not in the trials sheet.",
                sheet,
                f"did you mean {near}?" if near else "add it with task static, or write n/a.",
                person.number,
            )
        elif static not in standing or static in left_out:
            state = "left out" if static in left_out else f"a {_cell(own[static], 'task')}"
            yield _finding(
                "static-unknown",
                f"static_trial {static} of {name} is {state} in the trials sheet.",
                sheet,
                "name an included trial whose task is static, or write n/a.",
                person.number,
            )


def _coordinates_findings(
    people: Sequence[SheetLine[Participant]], trials: Sequence[SheetLine[Trial]], sheet: Path
) -> Iterator[Finding]:
    """Participants whose trials start from joint angles, but whose model nobody names."""
    for person in people:
        name = _cell(person, "participant_id")
        own = [line for line in trials if _cell(line, "participant_id") == name]
        starts = [_cell(line, "trial_id") for line in own if _cell(line, "coordinates_file")]
        if starts and not _cell(person, "model_file"):
            yield _finding(
                "model-file",
                f"trial {starts[0]} of {name} starts from coordinates, but {name} has no "
                "model_file.",
                sheet,
                "name the scaled .osim file that the coordinates belong to.",
                person.number,
            )
