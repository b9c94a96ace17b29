"""The first worksheet of an Excel workbook (.xlsx) as rows of text."""

from __future__ import annotations

import warnings
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from aqbio.boundary import MAX_WRITTEN_BYTES
from aqbio.errors import AqbioError

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

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


def workbook_rows(path: Path) -> tuple[list[tuple[int, list[str]]], str, list[str]]:
    """Rows of the first worksheet that are not empty, by number; its name; names of the others.

    Dates are YYYY-MM-DD; numbers have a decimal point, whatever the workbook shows.
    """
    try:
        _refuse_large(path)
        workbook = _opened(path)
        first, *others = workbook.worksheets
        first.reset_dimensions()  # those that a file states may be of another program
        written = [
            (number, [_text(value) for value in row])
            for number, row in enumerate(first.iter_rows(values_only=True), start=1)
        ]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, ParseError) as error:
        raise AqbioError(
            "the file is no Excel workbook (.xlsx): it is another archive, one of old Excel "
            "(.xls), has a password, or is damaged.",
            file=str(path), fix=SAVE_FIX, rule="file-encoding",
        ) from error  # fmt: skip
    rows = [(number, cells) for number, cells in written if any(map(str.strip, cells))]
    return rows, first.title, [sheet.title for sheet in others]


def _refuse_large(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        size = max((part.file_size for part in archive.infolist()), default=0)
    if size > MAX_WRITTEN_BYTES:
        raise AqbioError(
            f"the workbook holds more than {MAX_WRITTEN_BYTES // 2**20} MB of text.",
            file=str(path), fix="keep one worksheet with the rows of the study.",
        )  # fmt: skip


def _opened(path: Path) -> Workbook:
    """A workbook with the values that its formulas had when it was saved."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of drawings and styles, which nobody reads
        return load_workbook(path, read_only=True, data_only=True)


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
