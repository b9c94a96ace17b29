"""Exports of Qualisys Track Manager as text (TSV): positions of markers (3D); others are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.boundary import MAX_RECORDING_BYTES, reads
from aqbio.errors import AqbioError, Finding
from aqbio.io.mot import text_lines, with_decimal_points
from aqbio.io.points import markers_of, named_points
from aqbio.io.recording import Recording, length_unit, marked_missing, possible_positions
from aqbio.vectors import FloatArray

HEADER_LIMIT = 30
"""Lines of a header at most: keys and values, then perhaps the names of columns."""

UNIT = "mm"
"""Of positions in every export as TSV."""

BODIES_FIX = (
    "export the 3D positions of the markers (TSV with “3D data”, or C3D), not the 6DOF bodies."
)

KINDS = {
    "3D": "",
    "6D": "positions and rotations of rigid bodies (6DOF), which are not read: their axes in the "
    "bones are in no file",
    "force": "forces of plates as text, which are not read: they lack where the plates are",
    "": "a table of another kind",
}
"""What is wrong with an export, by what it holds."""


@dataclass(frozen=True, slots=True)
class QtmHeader:
    """First lines of an export."""

    values: Mapping[str, Sequence[str]]
    """Cells behind each key in capitals."""
    length: int
    """Lines of keys."""

    @property
    def kind(self) -> str:
        """``3D``, ``6D``, ``force``, or empty for a table of something else."""
        included = " ".join(self.values.get("DATA_INCLUDED", ())).strip().upper()
        if "BODY_NAMES" in self.values or included.startswith("6D"):
            return "6D"
        if "MARKER_NAMES" in self.values and "NO_OF_FRAMES" in self.values:
            return "3D"
        return "force" if self.values.keys() & FORCE_KEYS else ""


FORCE_KEYS = {"FORCE_PLATE_NAME", "NO_OF_SAMPLES", "FORCE_PLATE_CORNER_POSX_POSY_X"}


def qtm_header(lines: Sequence[str]) -> QtmHeader:
    """The keys in capitals at the beginning of an export and the cells behind each."""
    values: dict[str, list[str]] = {}
    for number, line in enumerate(lines[:HEADER_LIMIT]):
        key, *cells = line.split("\t")
        key = key.strip()
        is_key = key[:1].isalpha() and key == key.upper() and key.lower() not in MISSING
        if not is_key:
            return QtmHeader(values, number)
        if key != "EVENT":
            values[key] = [cell.strip() for cell in cells]
    return QtmHeader(values, min(len(lines), HEADER_LIMIT))


@reads("a TSV file", "export the markers again, as C3D or TSV.", MAX_RECORDING_BYTES)
def read_qtm(path: Path, unit: str = "auto") -> Recording:
    """Read the positions of an export with 3D data; the first frame is at 0 s."""
    lines = text_lines(path)
    header = qtm_header(lines)
    if header.kind != "3D":
        raise _not_read(path, header.kind)
    raw = [name for name in header.values["MARKER_NAMES"] if name]
    rate = _rate(path, header)
    rows = [line for line in lines[header.length :] if line.strip()]
    if rows and _names_columns(rows[0]):
        rows = rows[1:]
    table = _table(path, with_decimal_points(rows), 3 * len(raw))
    promised = "".join(header.values["NO_OF_FRAMES"][:1])
    findings = []
    if promised.isdigit() and int(promised) != len(table):
        findings.append(
            Finding(
                rule="trc-count",
                severity="warning",
                what=f"the header promises {promised} for NO_OF_FRAMES, the file holds "
                f"{len(table)}.",
                number=len(table),
                limit=int(promised),
                file=path.name,
                where="line 1",
                fix="check that the export is complete.",
            )
        )
    positions = table.reshape(len(table), len(raw), 3)
    scale, _ = length_unit(UNIT, unit, positions, path.name)
    points = named_points(raw, frozenset(), path.name)
    scaled_positions, position_findings = possible_positions(
        marked_missing(positions[:, points.index]) * scale, points.labels, path.name
    )
    markers = markers_of(points, scaled_positions, rate, path.name)
    all_findings = (*findings, *points.findings, *position_findings, *markers.findings)
    return Recording(markers.labels, markers.positions, rate, None, all_findings, scale)


def _not_read(path: Path, kind: str) -> AqbioError:
    return AqbioError(
        f"this TSV file holds {KINDS[kind]}.",
        file=path.name,
        fix=BODIES_FIX
        if kind == "6D"
        else "export the trial as C3D, which holds plates as well, or its 3D data as TSV.",
        rule="tsv-kind",
    )


def _rate(path: Path, header: QtmHeader) -> float:
    text = "".join(header.values.get("FREQUENCY", ())[:1]).replace(",", ".")
    if not _is_number(text) or not float(text) > 0.0:
        raise AqbioError(
            f"the header gives no rate of the cameras (FREQUENCY is “{text}”).",
            file=path.name,
            fix="export the markers again with their header.",
            rule="tsv-rate",
        )
    return float(text)


def _names_columns(row: str) -> bool:
    """Tell whether a row holds names of columns: its first filled cell is no number."""
    cells = (cell.strip() for cell in row.split("\t"))
    first = next((cell for cell in cells if cell.lower() not in MISSING), "0")
    return not _is_number(first.replace(",", "."))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


MISSING = {"", "null", "nan", "n/a", "-"}


def _table(path: Path, rows: Sequence[str], width: int) -> FloatArray:
    """Positions of every row, (T, 3 M); columns of frame and time before them are left out."""
    cells = [[cell.strip() for cell in row.rstrip("\r\n").split("\t")] for row in rows]
    widths = [len(row) - (row[-1] == "") for row in cells]
    before = max(0, max(widths, default=width) - width)
    if not cells or before > 2:
        raise AqbioError(
            f"{len(cells)} rows of up to {max(widths, default=0)} numbers do not fit {width // 3} "
            "markers (three columns each, and frame and time before them at most).",
            file=path.name,
            fix="export the markers again, as C3D or TSV.",
            rule="tsv-columns",
        )
    table = np.full((len(cells), width), np.nan)
    for number, row in enumerate(cells):
        for column, cell in enumerate(row[before : before + width]):
            if cell.lower() not in MISSING:
                table[number, column] = _number(path, cell, number)
    return table


def _number(path: Path, cell: str, row: int) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise AqbioError(
            f"a cell is no number (“{cell[:20]}”).",
            file=path.name,
            where=f"data row {row + 1}",
            fix="export the markers again.",
            rule="tsv-number",
        ) from error
