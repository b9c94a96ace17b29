"""The first worksheet of an Excel workbook (.xlsx, ECMA-376) as rows of text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from aqbio.boundary import MAX_WRITTEN_BYTES
from aqbio.errors import AqbioError

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
"""First bytes of .xlsx and .xls files; those of an encrypted .xlsx are those of .xls."""

SAVE_FIX = "open it in Excel and save it as 'Excel workbook (.xlsx)' or 'Unicode text'."

DATE_FORMATS = {*range(14, 18), 22, *range(27, 37), *range(50, 59)}
"""Numbers of Excel's own formats that show a date."""

DATE_LETTERS = re.compile(r"[dy]|mmm", re.IGNORECASE)
FORMAT_TEXT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
"""What a number format shows as it stands."""

DAYS_1900, DAYS_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
"""Day 0 of both calendars of Excel, after February 1900."""

CELL_NAME = re.compile(r"([A-Z]+)([0-9]+)")


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
        with zipfile.ZipFile(path) as archive:
            return _first_worksheet(archive, path)
    except zipfile.BadZipFile as error:
        raise AqbioError(
            "the workbook is one of old Excel (.xls) or has a password, or is damaged.",
            file=str(path), fix=SAVE_FIX, rule="file-encoding",
        ) from error  # fmt: skip


def _first_worksheet(
    archive: zipfile.ZipFile, path: Path
) -> tuple[list[tuple[int, list[str]]], str, list[str]]:
    if "xl/workbook.xml" not in archive.namelist():
        raise AqbioError(
            "the sheet is an archive, not text and no Excel workbook (.xlsx).",
            file=str(path), fix=SAVE_FIX, rule="file-encoding",
        )  # fmt: skip
    book = _part(archive, "xl/workbook.xml", path)
    sheets = list(_all(book, "sheet"))
    target = next(
        link.get("Target", "")
        for link in _all(_part(archive, "xl/_rels/workbook.xml.rels", path), "Relationship")
        if link.get("Id") in sheets[0].attrib.values()
    )
    name = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    texts = [_text(item) for item in _all(_part(archive, "xl/sharedStrings.xml", path), "si")]
    properties = next(_all(book, "workbookPr"), None)
    is_1904 = properties is not None and properties.get("date1904") in ("1", "true")
    dates = _date_styles(_part(archive, "xl/styles.xml", path))
    rows = []
    worksheet = _part(archive, name, path)
    for count, row in enumerate(_all(worksheet, "row"), start=1):
        cells: list[str] = []
        for cell in _all(row, "c"):
            column = _column(cell.get("r", ""), len(cells))
            cells += [""] * (column + 1 - len(cells))
            text = _cell_text(cell, texts)
            if cell.get("t", "n") == "n" and text and int(cell.get("s", "0")) in dates:
                day = DAYS_1904 if is_1904 else DAYS_1900
                text = (day + timedelta(days=float(text))).date().isoformat()
            cells[column] = text
        if any(map(str.strip, cells)):
            rows.append((int(row.get("r", count)), cells))
    return rows, sheets[0].get("name", ""), [sheet.get("name", "") for sheet in sheets[1:]]


def _part(archive: zipfile.ZipFile, name: str, path: Path) -> Element:
    """Root of a part; an empty one where the workbook has no such part."""
    if name not in archive.namelist():
        return Element("none")
    if archive.getinfo(name).file_size > MAX_WRITTEN_BYTES:
        raise AqbioError(
            f"the workbook holds more than {MAX_WRITTEN_BYTES // 2**20} MB of text.",
            file=str(path), fix="keep one worksheet with the rows of the study.",
        )  # fmt: skip
    return ElementTree.fromstring(archive.read(name))


def _all(root: Element, tag: str) -> Iterator[Element]:
    """Elements of a name, whatever their namespace."""
    return (element for element in root.iter() if element.tag.rpartition("}")[2] == tag)


def _text(item: Element) -> str:
    """Text of a string, without the reading aid of Japanese ones."""
    runs = [item, *(run for run in item if run.tag.endswith("}r"))]
    return "".join(part.text or "" for run in runs for part in run if part.tag.endswith("}t"))


def _cell_text(cell: Element, texts: Sequence[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(_text(item) for item in cell)
    value = next((part.text or "" for part in cell if part.tag.endswith("}v")), "")
    if kind == "s":
        return texts[int(value)]
    if kind == "n" and value:
        return f"{float(value):.15g}"
    return value


def _column(name: str, following: int) -> int:
    """Number of the column of a cell from 0; the one that follows where it has no name."""
    match = CELL_NAME.fullmatch(name)
    if match is None:
        return following
    number = 0
    for letter in match[1]:
        number = 26 * number + ord(letter) - ord("A") + 1
    if number > 16_384:
        raise ValueError(f"no worksheet has a column {match[1]}")
    return number - 1


def _date_styles(styles: Element) -> set[int]:
    """Numbers of the styles of cells that show a date."""
    own = {
        int(form.get("numFmtId", "0"))
        for form in _all(styles, "numFmt")
        if DATE_LETTERS.search(FORMAT_TEXT.sub("", form.get("formatCode", "")))
    }
    formats = next(_all(styles, "cellXfs"), Element("none"))
    return {
        number
        for number, style in enumerate(formats)
        if int(style.get("numFmtId", "0")) in DATE_FORMATS | own
    }
