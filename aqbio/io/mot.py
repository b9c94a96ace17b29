"""OpenSim storage files (.mot, .sto): named columns over time as text."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from aqbio.boundary import MAX_RECORDING_BYTES, reads, without_quotes
from aqbio.errors import AqbioError
from aqbio.io.atomic import write_text
from aqbio.vectors import FloatArray

DECIMAL_COMMA = re.compile(r"\d,\d")


def text_lines(path: Path, size: int = -1) -> list[str]:
    """Lines of a text file: UTF-8 with or without byte-order mark, or UTF-16 as Excel writes it.

    Those of its first ``size`` bytes, or all.
    """
    with path.open("rb") as file:
        raw = file.read(size)
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return raw.decode(encoding, errors="replace").splitlines()


def with_decimal_points(rows: Sequence[str]) -> list[str]:
    """Rows of numbers with decimal points instead of commas, where no row has a point."""
    if any("." in row for row in rows) or not any(DECIMAL_COMMA.search(row) for row in rows):
        return list(rows)
    return [row.replace(",", ".") for row in rows]


YES = {"yes", "true", "1"}

HEADER_LIMIT = 200
"""The line of column names comes within this many lines."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Content of a storage file."""

    columns: tuple[str, ...]
    """tuple of C str. Without the time."""
    time: FloatArray
    """(T,) array, s."""
    values: FloatArray
    """(T, C) array. In the file's own units."""
    in_degrees: bool | None = None
    """Whether angles are in degrees, by the header; None if it does not state it."""
    name: str = ""
    """First header line."""
    header: Mapping[str, str] = field(default_factory=dict)
    """Values of the header, by key in lower case."""

    def __post_init__(self) -> None:
        """Refuse tables that do not fit their column names."""
        expected = (len(self.time), len(self.columns))
        if self.values.shape != expected:
            raise ValueError(f"values have shape {self.values.shape}, expected {expected}.")

    def column(self, name: str) -> FloatArray:
        """One column."""
        if name not in self.columns:
            raise KeyError(name)
        column: FloatArray = self.values[:, self.columns.index(name)]
        return column


@reads("an OpenSim storage file", "export the file again.", MAX_RECORDING_BYTES)
def read_storage(path: Path) -> Storage:
    """Read a storage file: quoted headers, padded names, any separator, no ``inDegrees``.

    Vectors of a cell (``DataType=Vec3``) become ``name_1``, ``name_2``, ... as in OpenSim.
    """
    lines = text_lines(path)
    start = _names_line(lines)
    if start is None:
        raise AqbioError(
            "there is no line of column names that starts with time.",
            file=path.name,
            fix="export the file again as an OpenSim storage file (.mot or .sto).",
            rule="storage-format",
        )
    if ";" in lines[start]:  # as spreadsheets separate where the comma is the decimal sign
        lines[start:] = [line.replace(";", "\t") for line in lines[start:]]
    header = [line.strip().strip('"').strip() for line in lines[:start]]
    pairs = [line.partition("=") for line in header]
    header_values = {key.strip().lower(): value.strip() for key, _, value in pairs}
    comma = "," in lines[start]
    names = _names(lines[start])
    rows = [line for line in lines[start + 1 :] if line.strip()]
    if width := re.fullmatch(r"\w*Vec(\d)", header_values.get("datatype", ""), re.IGNORECASE):
        rows = [row.replace(",", "\t") for row in rows]
        ends = range(1, int(width[1]) + 1)
        names = [names[0], *(f"{name}_{end}" for name in names[1:] for end in ends)]
    elif not comma:
        rows = with_decimal_points(rows)
    table = _table(path, rows, len(names), start + 2, comma=comma)
    _refuse_infinite(path, table, names, start + 2)
    time = names.index(next(name for name in names if name.lower() == "time"))
    value_columns = [index for index in range(len(names)) if index != time]
    return Storage(
        columns=tuple(names[index] for index in value_columns),
        time=table[:, time],
        values=table[:, value_columns],
        in_degrees=header_values["indegrees"].lower() in YES
        if "indegrees" in header_values
        else None,
        name=header[0].removeprefix("name ").strip() if header else "",
        header=header_values,
    )


def write_storage(
    path: Path,
    columns: Sequence[str],
    time: FloatArray,
    values: FloatArray,
    *,
    in_degrees: bool,
    name: str = "",
) -> None:
    """Write a storage file, values (T, C) in degrees if ``in_degrees``, with every digit."""
    table = Storage(tuple(columns), time, values)
    lines = [
        name or path.stem,
        "version=1",
        f"nRows={len(time)}",
        f"nColumns={len(table.columns) + 1}",
        f"inDegrees={'yes' if in_degrees else 'no'}",
        "endheader",
        "\t".join(("time", *table.columns)),
    ]
    table_values = np.column_stack((time, values))
    lines += ["\t".join(map(repr, row)) for row in table_values.tolist()]
    write_text(path, "\n".join(lines) + "\n")


HEAD_BYTES = 65_536
"""Columns of a table are named within so many bytes."""


def storage_columns(path: Path) -> tuple[str, ...]:
    """Names of the columns of a table over time, without the time; none of another file."""
    lines = text_lines(path, HEAD_BYTES)
    start = _names_line(lines)
    if start is None:
        return ()
    names = _names(lines[start].replace(";", "\t"))
    return tuple(name for name in names if name.lower() != "time")


def _names_line(lines: Sequence[str]) -> int | None:
    """Index of the line of column names: the first non-empty one after ``endheader``."""
    plain = [line.strip().strip('"').strip().lower() for line in lines[:HEADER_LIMIT]]
    after = next((index + 1 for index, line in enumerate(plain) if line == "endheader"), 0)
    for index in range(after, len(plain)):
        cells = re.split(r'[\s,;"]+', plain[index].strip(' "'))
        if cells and cells[0] == "time":
            return index
    return None


SI_UNIT = re.compile(r"\s*[(\[](s|sec|N|m|N[ ·*.]?m)[)\]]$")
"""Unit after a name that is the one in which it is read."""


def _names(line: str) -> list[str]:
    """Split names at tabs or commas, so that a name may hold blanks; otherwise at blanks."""
    separator = next((sign for sign in ",\t" if sign in line), None)
    names = (SI_UNIT.sub("", cell.strip().strip('"').strip()) for cell in line.split(separator))
    return [name for name in names if name]


def _table(path: Path, rows: list[str], columns: int, first: int, *, comma: bool) -> FloatArray:
    try:
        table = _numbers(rows or ["nan"], comma=comma)
    except ValueError as error:
        raise AqbioError(
            f"the table of numbers is damaged ({without_quotes(error)}).",
            file=path.name,
            where=f"rows are counted from line {first}",
            fix="export the file again.",
            rule="storage-number",
        ) from error
    if table.shape[1] != columns or not rows:
        raise AqbioError(
            f"there are {columns} column names but {table.shape[1]} columns and {len(rows)} rows.",
            file=path.name,
            where=f"line {first - 1}",
            fix="export the file again.",
            rule="storage-columns",
        )
    return table


def _refuse_infinite(path: Path, table: FloatArray, names: list[str], first: int) -> None:
    """Refuse infinite numbers; NaN is a missing value."""
    infinite = np.isinf(table)
    if infinite.any():
        row, column = (int(axis_indices[0]) for axis_indices in np.nonzero(infinite))
        raise AqbioError(
            f"{infinite.sum()} numbers are infinite, the first in column {names[column]}.",
            file=path.name,
            where=f"data row {row + 1}, counted from line {first}",
            fix="export the file again; write nan where nothing was measured.",
            rule="storage-number",
        )


def _numbers(rows: Sequence[str], *, comma: bool) -> FloatArray:
    """Rows of numbers, correctly rounded: by the faster reader where it finds nothing odd."""
    text = BytesIO("\n".join(rows).encode())
    plain = "\t" in rows[0] and " " not in rows[0]  # as we write them: twice as fast
    separator = "," if comma else "\t" if plain else r"\s+"
    try:
        table = pd.read_csv(
            text, sep=separator, header=None, dtype=float, na_filter=False, quoting=csv.QUOTE_NONE
        )
    except ValueError:  # of a damaged row the slower reader tells where it is
        return np.loadtxt(rows, delimiter="," if comma else None, ndmin=2)
    return np.ascontiguousarray(table.to_numpy())
