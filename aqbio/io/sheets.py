"""The two sheets of a study, read with every problem at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from aqbio.boundary import cannot_be_opened, reads
from aqbio.config.sheets import Row
from aqbio.config.validation import InvalidStudyError, closest, row_findings
from aqbio.errors import AqbioError, Finding

R = TypeVar("R", bound=Row)

WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx and .xls files begin."""

MISSING = {"", "n/a", "N/A", "na", "NA", "nan", "NaN"}


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
    """Read a tab-separated sheet, UTF-8 or UTF-16; all its problems are raised at once."""
    lines, findings = sheet_lines(path, row)
    if findings:
        raise InvalidStudyError(findings)
    return [line.row for line in lines if line.row is not None]


@reads("a sheet", "save it as 'Unicode text', one row per line.")
def sheet_lines(path: Path, row: type[R]) -> tuple[list[SheetLine[R]], list[Finding]]:
    """Read what can be read of a sheet, and everything that is wrong with it."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), delimiter="\t")
    numbered = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    if not numbered:
        raise AqbioError(
            "the sheet is empty.", file=str(path), fix="write the header row and one row per item."
        )
    header = [cell.strip() for cell in numbered[0][1]]
    if len(header) == 1 and (sign := _other_separator(header[0])):
        raise AqbioError(
            f"the columns are separated by {sign}, not by tabs.",
            file=str(path),
            where="line 1",
            fix="save it tab-separated (in Excel: 'Unicode text').",
            rule="sheet-separator",
        )
    findings = _header_findings(header, row, path)
    lines: list[SheetLine[R]] = []
    for number, cells in numbered[1:]:
        values = {
            name: cell.strip()
            for name, cell in zip(header, cells, strict=False)
            if cell.strip() not in MISSING
        }
        if any(map(str.strip, cells[len(header) :])):
            findings.append(_row_length(path, number, len(cells), len(header)))
        valid = None
        try:
            valid = row.model_validate(values)
        except ValidationError as error:
            findings += row_findings(error, row, path, number)
        lines.append(SheetLine(number, values, valid))
    return lines, findings


def _other_separator(header: str) -> str:
    """Name the sign that separates the columns of a header without tabs."""
    for sign, name in ((",", "commas"), (";", "semicolons")):
        if sign in header:
            return name
    return ""


def _header_findings(header: list[str], row: type[Row], path: Path) -> list[Finding]:
    known = row.model_fields
    findings = []
    for name, field in known.items():
        if field.is_required() and name not in header:
            near = closest(name, [given for given in header if given not in known])
            findings.append(
                Finding(
                    rule="sheet-column",
                    severity="error",
                    what=f"column {name} is missing.",
                    file=str(path),
                    where="line 1",
                    fix=f"did you mean {name} where it says {near}?" if near else f"add {name}.",
                )
            )
    for given in dict.fromkeys(header):
        if given and header.count(given) > 1:
            findings.append(
                Finding(
                    rule="sheet-column",
                    severity="error",
                    what=f"column {given} is there {header.count(given)} times.",
                    file=str(path),
                    where="line 1",
                    fix="keep one of them.",
                )
            )
        near = None if given in known else closest(given, known)
        if near and near not in header and not known[near].is_required():
            findings.append(
                Finding(
                    rule="sheet-column",
                    severity="error",
                    what=f"column {given} is unknown.",
                    file=str(path),
                    where="line 1",
                    fix=f"did you mean {near}?",
                )
            )
    return findings


def _row_length(path: Path, line: int, cells: int, columns: int) -> Finding:
    return Finding(
        rule="sheet-row",
        severity="error",
        what=f"the row has {cells} cells, the header {columns}.",
        file=str(path),
        where=f"line {line}",
        fix="remove surplus tabs or name the extra columns.",
    )


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise AqbioError(
            "the sheet does not exist.",
            file=str(path),
            fix="write it, or correct `files` in study.yaml.",
            rule="file-missing",
        ) from error
    except OSError as error:
        raise cannot_be_opened(path, error) from error
    if raw.startswith(WORKBOOK):
        raise AqbioError(
            "the sheet is an Excel workbook, not text.",
            file=str(path),
            fix="open it in Excel and save it as 'Unicode text', with the ending .tsv.",
            rule="file-encoding",
        )
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        letter = raw[error.start : error.start + 1].decode("latin-1")
        raise AqbioError(
            f"the sheet is not UTF-8 text: line {line} has a letter of another encoding "
            f"(perhaps “{letter}”).",
            file=str(path),
            where=f"line {line}",
            fix="save it as 'Unicode text' or UTF-8.",
            rule="file-encoding",
        ) from error
