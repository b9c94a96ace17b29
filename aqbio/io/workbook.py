"""The first worksheet of an Excel workbook (.xlsx) as rows of text."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import ParseError

from aqbio.boundary import MAX_WRITTEN_BYTES
from aqbio.errors import AqbioError

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
"""First bytes of .xlsx and .xls files; those of an encrypted .xlsx are those of .xls."""

SAVE_FIX = "open it in Excel and save it as 'Excel workbook (.xlsx)' or 'Unicode text'."


def is_workbook(path: Path) -> bool:
    """True if a file begins as one of Excel does."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (ZIP, OLE)
    except OSError:
        return False


MAX_ROWS = 1_048_576
"""Rows that a worksheet of Excel can have."""


def workbook_rows(path: Path) -> tuple[list[tuple[int, list[str]]], str, list[str]]:
    """Rows of the first worksheet that are not empty, by number; its name; names of the others.

    Dates are YYYY-MM-DD; numbers have a decimal point, whatever the workbook shows.
    """
    try:
        _refuse_large(path)
        with path.open("rb") as file:  # a name that does not end in .xlsx would be refused
            values, written = _opened(file, formulas=False), _opened(file, formulas=True)
            first, *others = values.worksheets
            rows = list(_filled_rows(first, written.worksheets[0], path))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, ParseError) as error:
        raise AqbioError(
            "the file is no Excel workbook (.xlsx): it is another archive, one of old Excel "
            "(.xls), has a password, or is damaged.",
            file=str(path), fix=SAVE_FIX, rule="file-encoding",
        ) from error  # fmt: skip
    return rows, first.title, [sheet.title for sheet in others]


def _filled_rows(
    values: ReadOnlyWorksheet, written: ReadOnlyWorksheet, path: Path
) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, by number, of a worksheet that is opened twice.

    ``values`` has what its formulas gave when it was saved, ``written`` the formulas.
    """
    for worksheet in (values, written):
        worksheet.reset_dimensions()  # those that a file states may be of another program
    rows = zip(values.iter_rows(), written.iter_rows(), strict=True)
    for number, (row, row_written) in enumerate(rows, start=1):
        if number > MAX_ROWS:
            raise AqbioError(
                f"the worksheet has a row beyond number {MAX_ROWS}, the last one of Excel.",
                file=str(path), fix="delete that row, or copy the others into a new workbook.",
            )  # fmt: skip
        for cell, cell_written in zip(row, row_written, strict=True):
            # the text that a formula gave may be empty: its type is saved
            if cell_written.data_type == "f" and cell.value is None and cell.data_type == "n":
                raise AqbioError(
                    f"cell {cell.coordinate} holds a formula whose value was not saved.",
                    file=str(path),
                    fix="open the workbook in Excel and save it, or write the value itself.",
                    rule="workbook-formula",
                )  # fmt: skip
        cells = [_text(cell.value) for cell in row]
        if any(map(str.strip, cells)):
            yield number, cells


def _refuse_large(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        size = max((part.file_size for part in archive.infolist()), default=0)
    if size > MAX_WRITTEN_BYTES:
        raise AqbioError(
            f"the workbook holds more than {MAX_WRITTEN_BYTES // 2**20} MB of text.",
            file=str(path), fix="keep one worksheet with the rows of the study.",
        )  # fmt: skip


def _opened(file: BinaryIO, *, formulas: bool) -> Workbook:
    """A workbook with its formulas, or with the values that they had when it was saved."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of drawings and styles, which nobody reads
        return load_workbook(file, read_only=True, data_only=not formulas)


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float():
            return f"{value:.15g}"
        case _:
            return str(value)
