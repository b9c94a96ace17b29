"""The sheet of strengths, held against the participants that were tested."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path

from aqbio.config import InvalidStudyError, Participant, Strength, closest
from aqbio.errors import AqbioError, Finding, Severity
from aqbio.io.sheets import sheet_lines, sheet_rows

Line = tuple[int, Strength]
"""Line of the file, and its row."""

MAX_ATTEMPT_RATIO = 2.0
"""Largest over smallest attempt of a test beyond which one of them is probably a slip of the pen or
an attempt that failed."""

MAX_SIDE_RATIO = 3.0
"""Stronger over weaker leg, without noted pain, beyond which one is probably a slip of the pen."""

OLD_SHEET = "capacities.tsv"
"""Sheet of strengths by role, which knew no leg."""


def read_strength(path: Path, people: Sequence[Participant]) -> tuple[Strength, ...]:
    """Read strength.tsv; rows carry the participant of their session. Raises all its errors."""
    rows, findings = checked_strength(path, people)
    if errors := [finding for finding in findings if finding.severity == "error"]:
        raise InvalidStudyError(errors)
    return rows


def checked_strength(
    path: Path, people: Sequence[Participant]
) -> tuple[tuple[Strength, ...], list[Finding]]:
    """Read what can be read of strength.tsv, and everything that is wrong or odd in it."""
    if _has_a_column_for_each_test(path):
        return (), [_finding("strength-wide", _WIDE, _LONG, path, 1)]
    lines, findings = sheet_lines(path, Strength)
    rows: list[Line] = []
    for line in lines:
        if line.row is None:
            continue
        owner = _owner(line.row, people)
        if isinstance(owner, Participant):
            session = owner.session or line.row.session
            named = {"participant_id": owner.participant_id, "session": session}
            rows.append((line.number, line.row.model_copy(update=named)))
        else:
            findings.append(_finding("strength-participant", *owner, path, line.number))
    if not lines:
        findings.append(_finding("sheet-empty", _EMPTY, _DELETE, path, 1, "info"))
    for check in (_sessions, _repeated, _mixed_units, _slips_of_attempts, _slips_of_sides):
        findings += check(rows, path)
    findings += _session_order(rows, people, path)
    return tuple(row for _, row in rows), findings


_EMPTY = "the sheet has a header but no rows, so that no strength is known."
_DELETE = "write one row per attempt, or delete the sheet."


_WIDE = "the sheet has neither a column movement nor a column value."
_LONG = (
    "write one row per attempt, or put the sheet into the folder of the recordings: `aqbio new` "
    "makes strength.tsv from one with a column for each test."
)


def _has_a_column_for_each_test(path: Path) -> bool:
    """Tell whether a sheet names neither a movement nor a value in a column of its own."""
    return {"movement", "value"}.isdisjoint(sheet_rows(path, Strength).header)


def refuse_old_sheet(folder: Path) -> None:
    """Refuse a filled sheet of the kind that strength.tsv replaces, with the way to move it."""
    path = folder / OLD_SHEET
    if not path.is_file() or len(path.read_bytes().split()) <= len(OLD_HEADER):
        return
    raise AqbioError(
        f"{OLD_SHEET} is read no more: it knew no leg, no movement and no session.",
        file=str(path),
        fix="write strength.tsv, a row for each row of it: participant_id, value and unit as they "
        "are; measure becomes movement (such as knee_extension), contraction, and velocity_deg_s "
        "or angle_deg; side becomes left, right or bilateral, for push and swing follow from the "
        f"movement; repetitions are numbered in attempt. Then delete {OLD_SHEET}.",
        rule="capacities-moved",
    )


def unread_strength(path: Path) -> Iterator[Finding]:
    """Files with the name of the sheet of strengths and another ending, which are not read."""
    for other in sorted(path.parent.glob(f"{path.stem}.*")):
        if other != path and other.suffix.casefold() in TABLE_SUFFIXES:
            yield Finding(
                rule="strength-unread",
                severity="warning",
                what=f"{other.name} is not read: strengths are in {path.name}.",
                file=str(other),
                fix=f"save it as 'Unicode text' under the name {path.name}, or name it in "
                "study.yaml (hypotheses: strength).",
            )


TABLE_SUFFIXES = (".csv", ".txt", ".xls", ".xlsx", ".ods")
"""Endings that spreadsheets give to files."""

OLD_HEADER = ("participant_id", "measure", "side", "value", "unit")


def _finding(
    rule: str, what: str, fix: str, path: Path, line: int, severity: Severity = "error"
) -> Finding:
    return Finding(
        rule=rule, severity=severity, what=what, file=str(path), where=f"line {line}", fix=fix
    )


def _owner(row: Strength, people: Sequence[Participant]) -> Participant | tuple[str, str]:
    """The participant of a row, or what is wrong and its fix."""
    name, session = row.participant_id, row.session
    for participant in people:
        if participant.participant_id == name:
            if None in (session, participant.session) or session == participant.session:
                return participant
            problem = f"{name} is session {participant.session} in the participants sheet, not "
            fix = f"write {participant.session}, or the participant of session {session}."
            return f"{problem}{session}.", fix
    sessions = [participant for participant in people if participant.person == name]
    for participant in sessions:
        if session is not None and participant.session == session:
            return participant
    if sessions:
        known = ", ".join(
            f"{participant.session} ({participant.participant_id})" for participant in sessions
        )
        asked = f"no session {session}" if session else "several rows, and no session is named here"
        return f"person {name} has {asked}.", f"name one of its sessions: {known}."
    names = [participant.participant_id for participant in people]
    near = closest(name, names)
    return (
        f"strength of {name}, who is not in the participants sheet.",
        f"did you mean {near}?" if near else "add the participant.",
    )


def _groups(rows: Sequence[Line], key: Callable[[Strength], Hashable]) -> Iterator[list[Line]]:
    """Rows of the same key, in the order of the sheet."""
    groups: dict[Hashable, list[Line]] = defaultdict(list)
    for line, row in rows:
        groups[key(row)].append((line, row))
    yield from groups.values()


def _test(row: Strength) -> tuple[Hashable, ...]:
    """One test of one side in one session."""
    return (row.participant_id, row.session, row.side, *row.measure)


def _words(row: Strength) -> str:
    return f"{row.side} {row.movement} of {row.participant_id}"


def _sessions(rows: Sequence[Line], path: Path) -> Iterator[Finding]:
    """Participants with strengths of several sessions, but with one row that names none."""
    for group in _groups(rows, lambda row: row.participant_id):
        named = list(dict.fromkeys(row.session for _, row in group))
        if len(named) > 1:
            line, row = next(pair for pair in group if pair[1].session != named[0])
            words = " and ".join(str(name or "no session") for name in named)
            yield _finding(
                "strength-session",
                f"strengths of {row.participant_id} are of {words}, but its row of the "
                "participants sheet names no session.",
                "give each session a row of its own there (columns person and session), or the "
                "same session in all rows here.",
                path,
                line,
            )


def _session_order(
    rows: Sequence[Line], people: Sequence[Participant], path: Path
) -> Iterator[Finding]:
    """Sessions of a person whose dates contradict their order in the participants sheet."""
    dates: dict[str, tuple[str, int]] = {}
    for line, row in rows:
        if row.date is not None:
            dates.setdefault(row.participant_id, (row.date, line))
    dated = [person for person in people if person.person and person.participant_id in dates]
    for number, later in enumerate(dated):
        for earlier in dated[:number]:
            date, line = dates[later.participant_id]
            before = dates[earlier.participant_id][0]
            if earlier.person == later.person and date < before:
                yield _finding(
                    "strength-order",
                    f"session {later.session or later.participant_id} of {later.person} was tested "
                    f"on {date}, before session {earlier.session or earlier.participant_id} "
                    f"({before}), but stands after it in the participants sheet: changes would "
                    "have the wrong sign.",
                    "put the rows of participants.tsv in the order of sessions, or correct the "
                    "date.",
                    path,
                    line,
                )


def _repeated(rows: Sequence[Line], path: Path) -> Iterator[Finding]:
    """Attempts with the same number."""
    for group in _groups(rows, lambda row: (*_test(row), row.attempt)):
        if len(group) > 1:
            (first, row), (line, _) = group[:2]
            yield _finding(
                "strength-twice",
                f"attempt {row.attempt} of {_words(row)} is in line {first} already.",
                "number the attempts 1, 2, 3 in column attempt, or delete one of both rows.",
                path,
                line,
            )


def _mixed_units(rows: Sequence[Line], path: Path) -> Iterator[Finding]:
    """Tests of the same measure in units that cannot be compared."""
    for group in _groups(rows, lambda row: row.measure):
        units = list(dict.fromkeys(row.si[1] for _, row in group))
        if len(units) > 1:
            line, row = next(pair for pair in group if pair[1].si[1] != units[0])
            yield _finding(
                "strength-units",
                f"{row.movement} ({row.contraction}) is in {units[0]} in line {group[0][0]} and in "
                f"{units[1]} here.",
                "give all rows the same unit; N and kg become N m with lever_arm_m.",
                path,
                line,
            )


def _slips_of_attempts(rows: Sequence[Line], path: Path) -> Iterator[Finding]:
    """Attempts of one test that are too far from each other."""
    for group in _groups(rows, _test):
        values = [row.si[0] for _, row in group]
        if max(values) > MAX_ATTEMPT_RATIO * min(values):
            line, row = group[values.index(min(values))]
            yield _finding(
                "strength-attempts",
                f"attempts of {_words(row)} are {min(values):.4g} and {max(values):.4g} "
                f"{row.si[1]}.",
                "correct the wrong one, or delete the row of an attempt that failed.",
                path,
                line,
                "warning",
            )


def _slips_of_sides(rows: Sequence[Line], path: Path) -> Iterator[Finding]:
    """Legs without noted pain that are too far from each other."""
    for group in _groups(rows, lambda row: (row.participant_id, row.session, row.measure)):
        best = {
            side: max(row.si[0] for _, row in group if row.side == side)
            for side in ("left", "right")
            if any(row.side == side for _, row in group)
        }
        if len(best) < 2 or any(row.hurt for _, row in group):
            continue
        weak, strong = sorted(best, key=lambda side: best[side])
        if best[strong] > MAX_SIDE_RATIO * best[weak]:
            line, row = next(pair for pair in group if pair[1].side == weak)
            yield _finding(
                "strength-sides",
                f"{_words(row)} is {best[weak]:.4g} {row.si[1]}, {strong} {best[strong]:.4g}.",
                "correct the wrong one, or note the pain or injury of the weak side in pain.",
                path,
                line,
                "warning",
            )
