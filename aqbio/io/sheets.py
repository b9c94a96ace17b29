"""Sheets of a study as text: participants and trials, and the reading of any sheet."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import ValidationError

from aqbio.boundary import reads
from aqbio.config import InvalidStudyError, Participant, Trial, closest
from aqbio.config.sheets import Row
from aqbio.config.validation import row_findings
from aqbio.errors import AqbioError, Finding
from aqbio.io.cells import MISSING, QUANTITY, SPELLED, understood_cells
from aqbio.io.workbook import is_workbook, workbook_rows

if TYPE_CHECKING:
    from _csv import Reader

R = TypeVar("R", bound=Row)

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
"""Separators of columns; the first that the header has outside quotation marks."""

EXCEL_SEPARATOR = re.compile(r"\A\ufeff?sep=.(\r?\n)")
"""The line above the header that tells Excel how columns are separated."""

SAVED_AS = (".csv", ".txt", ".tsv", ".xlsx")
"""Ends of names under which spreadsheets save a sheet."""

MAX_COLUMNS = 1_000


@dataclass(frozen=True, slots=True)
class SheetLine(Generic[R]):
    """A line of a sheet."""

    number: int
    """Line in the file."""
    cells: Mapping[str, str]
    """Filled cells by column, as written."""
    row: R | None
    """Row or None. None when a cell is wrong."""


def read_sheet(path: Path, row: type[R]) -> list[R]:
    """Read a sheet; all its problems are raised at once."""
    lines, findings = sheet_lines(path, row)
    if errors := [finding for finding in findings if finding.severity == "error"]:
        raise InvalidStudyError(errors)
    return [line.row for line in lines if line.row is not None]


@dataclass(frozen=True, slots=True)
class SheetRows:
    """Text of a sheet."""

    header: list[str]
    """Names of columns, as the row has them where capitals and blanks alone differ."""
    rows: list[tuple[int, list[str]]]
    """Lines in the file and their cells, of rows that are not empty."""
    separator: str
    findings: list[Finding]
    """Remarks on how the file was read."""


@reads("a sheet", "save it as 'Unicode text', one row per line.")
def sheet_rows(path: Path, row: type[Row]) -> SheetRows:
    """Read the header and the filled rows of a sheet.

    Columns are separated by tabs, by semicolons as Excel does where the comma is the decimal sign,
    or by commas where no comma may be a decimal sign. Of an Excel workbook the first worksheet is
    read.
    """
    numbered, separator, findings = _filled_rows(path)
    if not numbered:
        raise AqbioError(
            "the sheet is empty.", file=str(path), fix="write the header row and one row per item."
        )
    header = [_column_name(cell, row) for cell in numbered[0][1]]
    if len(header) > MAX_COLUMNS:
        raise AqbioError(
            f"the sheet has {len(header)} columns, at most {MAX_COLUMNS} are read.",
            file=str(path), where="line 1", fix="keep the columns of the study.",
        )  # fmt: skip
    if len(header) == 1 and "," in header[0]:
        raise AqbioError(
            "all columns are in one cell, with commas between them.",
            file=str(path),
            where="line 1",
            fix="save it tab-separated (in Excel: 'Unicode text').",
            rule="sheet-separator",
        )
    return SheetRows(header, numbered[1:], separator, findings)


@reads("a sheet", "save it as 'Unicode text', one row per line.")
def sheet_lines(path: Path, row: type[R]) -> tuple[list[SheetLine[R]], list[Finding]]:
    """Read what can be read of a sheet, and everything that is wrong with it."""
    sheet = sheet_rows(path, row)
    header, findings = sheet.header, sheet.findings
    findings += _header_findings(header, row, path)
    lines: list[SheetLine[R]] = []
    understood: list[tuple[int, str, str, str]] = []
    for number, cells in sheet.rows:
        values = {
            name: cell.strip()
            for name, cell in zip(header, cells, strict=False)
            if cell.strip() not in MISSING
        }
        if any(map(str.strip, cells[len(header) :])):
            problem = f"the row has {len(cells)} cells, the header {len(header)}."
            fix = f"remove surplus {SEPARATORS[sheet.separator]} or name the extra columns."
            findings.append(_finding("sheet-row", problem, path, fix, number))
        valid = None
        meant = understood_cells(values)
        values |= {column: value for column, (_, value) in meant.items()}
        try:
            valid = row.model_validate(values)
        except ValidationError as error:
            wrong = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
            spelled = {column: meant[column][0] for column in wrong & meant.keys() & {*SPELLED}}
            values |= spelled
            refusal = _refusal(row, values) if spelled else error
            findings += row_findings(refusal or error, row, path, number)
            meant = {column: cell for column, cell in meant.items() if column not in wrong}
        understood += [(number, column, *cell) for column, cell in meant.items()]
        lines.append(SheetLine(number, values, valid))
    findings += _understood_findings(understood, path)
    return lines, findings


def _filled_rows(path: Path) -> tuple[list[tuple[int, list[str]]], str, list[Finding]]:
    """Rows that are not empty with their lines, the separator of columns, and remarks."""
    if is_workbook(path):
        numbered, name, others = workbook_rows(path)
        remarks = []
        if others:
            what = f"worksheet “{name}” is read; not read: {', '.join(others)}."
            fix = "put the sheet that is meant first."
            remarks = [Finding("worksheet", "info", what, file=str(path), fix=fix)]
        return numbered, "\t", remarks
    text, remarks = _text(path)
    text = EXCEL_SEPARATOR.sub(r"\1", text)
    first = re.sub('"[^"]*"', "", text.lstrip().partition("\n")[0])
    separator = next((separator for separator in SEPARATORS if separator in first), "\t")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    numbered = [
        (line, cells)
        for line, cells in _numbered_rows(reader, separator, path)
        if any(map(str.strip, cells))
    ]
    if separator == ",":
        _refuse_unclear_commas(numbered, path)
    return numbered, separator, remarks


THOUSANDS = re.compile(r"[1-9]\d{0,2},\d{3}\s*[a-zA-Z°/]*")
"""A number with three decimals, or in thousands as Excel shows them, and perhaps its unit."""


def _refuse_unclear_commas(numbered: Sequence[tuple[int, list[str]]], path: Path) -> None:
    """Refuse columns separated by commas where a comma may be a decimal sign.

    A number with a decimal comma fills two cells, so that its row has a cell more than another one,
    or than the header. Rows may be shorter: Excel leaves empty cells out at the end of some.
    """
    header = numbered[0][1]
    least = min(len(cells) for _, cells in numbered)
    for line, cells in numbered[1:]:
        columns = zip_longest(header, cells, fillvalue="")
        pairs = (f"{first},{second}" for first, second in pairwise(map(str.strip, cells)))
        pair = next(filter(QUANTITY.fullmatch, pairs), "") if len(cells) > least else ""
        unclear = next(filter(THOUSANDS.fullmatch, map(str.strip, cells)), "")
        if any(cell.strip() and not name.strip() for name, cell in columns):
            what = f"line {line} has more cells than the header has columns"
            fix = "write decimal numbers with a point, or put cells with a comma in quotation marks"
        elif unclear:
            what = f"“{unclear}” has three decimals, or is in thousands"
            fix = f"write {unclear.replace(',', '.')} or {unclear.replace(',', '')}"
        elif pair:
            what = f"“{pair}” is two cells, or one number: rows have different numbers of cells"
            fix = "write decimal numbers with a point, and as many commas into every row"
        else:
            continue
        raise AqbioError(
            f"the columns are separated by commas, and a comma may be a decimal sign: {what}.",
            file=str(path), where=f"line {line}", fix=f"{fix}.", rule="sheet-separator",
        )  # fmt: skip


def _numbered_rows(reader: Reader, separator: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line that each begins in; a cell that holds other rows is refused."""
    begin = 1
    for cells in reader:
        holding_rows = (cell for cell in cells if "\n" in cell and separator in cell)
        if unclosed := next(holding_rows, None):
            raise AqbioError(
                f"a cell begins with a quotation mark and goes on over line ends: "
                f"“{' '.join(unclosed.split())[:40]}…”.",
                file=str(path),
                where=f"line {begin}",
                fix='delete the quotation mark (") there, or close it in the same cell; in a cell '
                "that is closed, write on one line.",
                rule="sheet-quote",
            )
        yield begin, cells
        begin = reader.line_num + 1


def _refusal(row: type[Row], values: Mapping[str, str]) -> ValidationError | None:
    """Errors of a row, of cells as they were typed."""
    try:
        row.model_validate(values)
    except ValidationError as error:
        return error
    return None


def _understood_findings(
    understood: Sequence[tuple[int, str, str, str]], path: Path
) -> Iterator[Finding]:
    """Remarks on cells (line, column, text, value) that were read as something else, by column."""
    for column in dict.fromkeys(cell[1] for cell in understood):
        number, _, text, value = next(cell for cell in understood if cell[1] == column)
        others = sum(cell[1] == column for cell in understood) - 1
        likewise = f" ({others} more cells likewise)" if others else ""
        yield Finding(
            rule="cell-understood",
            severity="info",
            what=f"column {column} holds “{text}”, which is read as {value}{likewise}.",
            file=str(path),
            where=f"line {number}",
            fix=f"write {value}.",
        )


def _column_name(cell: str, row: type[Row]) -> str:
    """Name of a column, as the row has it where capitals and blanks alone differ."""
    name = cell.strip()
    spelled = "_".join(name.casefold().split())
    return spelled if spelled in row.model_fields else name


def _finding(
    rule: str, problem: str, file: Path, fix: str, line_or_column: int | str = ""
) -> Finding:
    location = f"line {line_or_column}" if isinstance(line_or_column, int) else line_or_column
    return Finding(
        rule=rule, severity="error", what=problem, file=str(file), where=location, fix=fix
    )


def _header_findings(header: list[str], row: type[Row], path: Path) -> Iterator[Finding]:
    fields = row.model_fields
    for name, field in fields.items():
        if field.is_required() and name not in header:
            near = closest(name, [column for column in header if column not in fields])
            fix = f"did you mean {name} where it says {near}?" if near else f"add {name}."
            yield _finding("sheet-column", f"column {name} is missing.", path, fix, 1)
    for column in dict.fromkeys(header):
        if column and (count := header.count(column)) > 1:
            problem = f"column {column} is there {count} times."
            yield _finding("sheet-column", problem, path, "keep one of them.", 1)
        near = None if column in fields else closest(column, fields)
        if near and near not in header and not fields[near].is_required():
            problem, fix = f"column {column} is unknown.", f"did you mean {near}?"
            yield _finding("sheet-column", problem, path, fix, 1)


def _text(path: Path) -> tuple[str, list[Finding]]:
    """Text of a sheet in UTF-8, UTF-16 or Windows-1252, the last with a remark."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        saved = [x.name for x in sorted(path.parent.glob(f"{path.stem}.*")) if x.suffix in SAVED_AS]
        fix = "write it, or correct `files` in study.yaml."
        if saved:
            name = f"{path.stem}: {saved[0]}"
            fix = f"{saved[0]} is there: rename it, or write {name} below `files` in study.yaml."
        raise AqbioError(
            "the sheet does not exist.", file=str(path), fix=fix, rule="file-missing"
        ) from error
    encoding = _encoding(raw)
    try:
        return raw.decode(encoding), []
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        fix = "save it as 'Unicode text' or UTF-8."
        text = "" if encoding.startswith("utf-16") else raw.decode("cp1252", "replace")
        letter = raw[error.start : error.start + 1].decode("latin-1")
        if not text or any(character in NO_TEXT for character in text):
            raise AqbioError(
                f"the sheet is not UTF-8 text: line {line} has a letter of another encoding "
                f"(perhaps “{letter}”).",
                file=str(path),
                where=f"line {line}",
                fix=fix,
                rule="file-encoding",
            ) from error
        what = f"the sheet is not UTF-8 text; it is read as Windows-1252, line {line} with “"
        remark = Finding(
            rule="file-encoding", severity="info", what=f"{what}{letter}”.", file=str(path),
            where=f"line {line}", fix=fix,
        )  # fmt: skip
        return text, [remark]


def _encoding(raw: bytes) -> str:
    """UTF-8, or UTF-16 by its mark or, without one, by the zero beside every letter of ASCII."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    zeros = [raw[first::2].count(0) for first in (0, 1)]
    if 2 * max(zeros) > len(raw) // 2 and not min(zeros):
        return "utf-16-be" if zeros[0] else "utf-16-le"
    return "utf-8-sig"


NO_TEXT = {"\ufffd", *map(chr, range(9)), *map(chr, range(14, 32))}
"""Characters that no sheet has: without a meaning in Windows-1252, and control characters."""


P = TypeVar("P", Participant, Trial)


@dataclass(frozen=True, slots=True)
class StudySheets:
    """Readable rows of both sheets, and everything that is wrong with them."""

    participants: tuple[Participant, ...]
    trials: tuple[Trial, ...]
    """participants, trials: Rows without a wrong cell."""
    trial_lines: tuple[int, ...]
    """Line of each of ``trials``."""
    findings: tuple[Finding, ...]


def checked_sheets(participants_sheet: Path, trials_sheet: Path) -> StudySheets:
    """Read what can be read of both sheets, and everything that is wrong with them."""
    people, findings = _lines(participants_sheet, Participant)
    trials, trial_findings = _lines(trials_sheet, Trial)
    findings += trial_findings
    for sheet, lines in ((participants_sheet, people), (trials_sheet, trials)):
        if lines == []:
            findings.append(_finding("sheet-empty", _EMPTY, sheet, "write one row per item."))
    findings += _twice(people or (), participants_sheet, "participant_id")
    findings += _person_findings(people or (), participants_sheet)
    findings += _twice(trials or (), trials_sheet, "participant_id", "trial_id")
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


def _lines(path: Path, row: type[P]) -> tuple[list[SheetLine[P]] | None, list[Finding]]:
    """Lines of a sheet, None when it cannot be read, and its own problems."""
    try:
        return sheet_lines(path, row)
    except AqbioError as error:
        return None, [error.finding()]


def _cell(line: SheetLine[P], column: str) -> str:
    return line.cells.get(column, "")


def _twice(lines: Sequence[SheetLine[P]], sheet: Path, *columns: str) -> Iterator[Finding]:
    """Rows listed twice; some file systems ignore capitals."""
    by_name: dict[tuple[str, ...], list[SheetLine[P]]] = {}
    for line in lines:
        by_name.setdefault(tuple(_cell(line, column).casefold() for column in columns), []).append(
            line
        )
    for name, repeated_lines in by_name.items():
        if all(name) and len(repeated_lines) > 1:
            participant, *trial = (_cell(repeated_lines[0], column) for column in columns)
            words = f"trial {trial[0]} of {participant}" if trial else f"participant {participant}"
            problem = f"{words} appears {len(repeated_lines)} times."
            fix = f"keep one row, or give each its own {columns[-1]}."
            yield _finding("sheet-twice", problem, sheet, fix, repeated_lines[1].number)


def _person_findings(people: Sequence[SheetLine[Participant]], sheet: Path) -> Iterator[Finding]:
    """Sessions of one person that differ in what no session changes."""
    first: dict[tuple[str, str], Participant] = {}
    for line in people:
        if (row := line.row) is None or row.person is None:
            continue
        for column in ("sex", "height_m", "marker_set"):
            if (value := getattr(row, column)) is None:
                continue
            first_row = first.setdefault((row.person, column), row)
            if (before := getattr(first_row, column)) != value:
                problem = (
                    f"{first_row.participant_id} and {row.participant_id} are {row.person}, but "
                    "their "
                    f"{column} is {before} and {value}."
                )
                fix = "give a person the same in all rows."
                yield _finding("person-differs", problem, sheet, fix, line.number)


def _owner_findings(
    people: Sequence[SheetLine[Participant]], trials: Sequence[SheetLine[Trial]], sheet: Path
) -> Iterator[Finding]:
    """Trials of unknown participants."""
    identifiers = dict.fromkeys(_cell(line, "participant_id") for line in people)
    for line in trials:
        name = _cell(line, "participant_id")
        if name and name not in identifiers:
            near = closest(name, identifiers)
            yield _finding(
                "participant-unknown",
                f"trial {_cell(line, 'trial_id')} belongs to {name}, who is not in the "
                "participants sheet.",
                sheet,
                f"did you mean {near}?" if near else "add the participant.",
                line.number,
            )


def _by_participant(trials: Sequence[SheetLine[Trial]]) -> Mapping[str, list[SheetLine[Trial]]]:
    """Lines of the trials of each participant; none of another one."""
    lines: dict[str, list[SheetLine[Trial]]] = defaultdict(list)
    for line in trials:
        lines[_cell(line, "participant_id")].append(line)
    return lines


def _static_findings(
    people: Sequence[SheetLine[Participant]], trials: Sequence[SheetLine[Trial]], sheet: Path
) -> Iterator[Finding]:
    """Static trials that a participant names wrongly or not at all."""
    by_participant = _by_participant(trials)
    for person in people:
        name, static = _cell(person, "participant_id"), _cell(person, "static_trial")
        static_trials = {_cell(line, "trial_id"): line for line in by_participant[name]}
        left_out = {
            trial for trial, line in static_trials.items() if _cell(line, "include") == "no"
        }
        standing = [
            trial for trial, line in static_trials.items() if _cell(line, "task") == "static"
        ]
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
        elif static not in static_trials:
            near = closest(static, static_trials)
            yield _finding(
                "static-unknown",
                f"static_trial {static} of {name} is not in the trials sheet.",
                sheet,
                f"did you mean {near}?" if near else "add it with task static, or write n/a.",
                person.number,
            )
        elif static not in standing or static in left_out:
            state = (
                "left out" if static in left_out else f"a {_cell(static_trials[static], 'task')}"
            )
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
    """Participants whose trials are joint angles but who have no model."""
    by_participant = _by_participant(trials)
    for person in people:
        name = _cell(person, "participant_id")
        participant_lines = by_participant[name]
        starts = [
            _cell(line, "trial_id") for line in participant_lines if _cell(line, "coordinates_file")
        ]
        if starts and not _cell(person, "model_file"):
            yield _finding(
                "model-file",
                f"trial {starts[0]} of {name} starts from coordinates, but {name} has no "
                "model_file.",
                sheet,
                "name the scaled .osim file that the coordinates belong to.",
                person.number,
            )
