"""Marker positions as text: TRC files and OpenSim's storages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aqbio.boundary import MAX_RECORDING_BYTES, reads, without_quotes
from aqbio.errors import AqbioError, Finding
from aqbio.io.atomic import write_text
from aqbio.io.mot import read_storage, text_lines, with_decimal_points
from aqbio.io.points import markers_of, named_points, refuse_crowd
from aqbio.io.recording import Recording, length_unit, marked_missing, possible_positions
from aqbio.io.sampling import evenly_sampled
from aqbio.io.stated_rate import rate_findings
from aqbio.vectors import FloatArray

HEADER_LINES = 5
LABEL_LINE = 3


@reads("TRC", "export the markers again, as TRC.", MAX_RECORDING_BYTES)
def read_trc(path: Path, unit: str = "auto") -> Recording:
    """Read a TRC file, however its header is padded."""
    lines = _lines(path)
    header = _header(lines[1], lines[2])
    raw = _labels(lines[LABEL_LINE])
    refuse_crowd(len(raw), path.name)
    lines[HEADER_LINES:] = with_decimal_points(lines[HEADER_LINES:])
    rows = [number for number in range(HEADER_LINES, len(lines)) if lines[number].strip()]
    if not rows:
        raise _no_trc(path, "there are no rows of numbers below its header")
    table = np.array([_numbers(path, lines[number], number, len(raw)) for number in rows])
    findings = _count_findings(path, header, len(table), len(raw))
    positions = table[:, 2:].reshape(len(table), len(raw), 3)
    scale, unit_findings = length_unit(header.get("units", ""), unit, positions, path.name)
    declared = _number(header.get("datarate", ""))
    even = evenly_sampled(table[:, 1], marked_missing(positions), path.name, declared)
    findings += [*unit_findings, *even.findings, *_rate_findings(path, declared, even.rate)]
    clock = even.rate, even.start
    return _recording(path, raw, even.values, scale, clock, findings)


@reads("an OpenSim storage file", "export the markers again, as TRC.", MAX_RECORDING_BYTES)
def read_marker_storage(path: Path, unit: str = "auto") -> Recording:
    """Read the markers of a storage file (.sto), as `read_trc`; see `storage_labels`."""
    storage = read_storage(path)
    if not (raw := storage_labels(storage.columns)):
        raise AqbioError(
            "the columns are not three of each marker, such as RASI_1, RASI_2 and RASI_3.",
            file=path.name,
            fix="export the markers as TRC or C3D.",
            rule="file-format",
        )
    positions = storage.values.reshape(len(storage.time), len(raw), 3)
    declared_unit = storage.header.get("units", "")
    scale, unit_findings = length_unit(declared_unit, unit, positions, path.name)
    declared = _number(storage.header.get("datarate", ""))
    even = evenly_sampled(storage.time, marked_missing(positions), path.name, declared)
    clock = even.rate, even.start
    findings = [*unit_findings, *even.findings]
    return _recording(path, raw, even.values, scale, clock, findings)


def storage_labels(columns: Sequence[str]) -> list[str]:
    """Markers of a table of positions as OpenSim flattens it; none where any column is another."""
    labels = [name[:-2] for name in columns[::3]]
    expected = [[f"{label}_{end}" for label in labels for end in ends] for ends in ("123", "xyz")]
    return labels if list(columns) in expected else []


def _recording(
    path: Path,
    raw: Sequence[str],
    positions: FloatArray,
    scale: float,
    clock: tuple[float, float],
    findings: list[Finding],
) -> Recording:
    """Markers (T, M, 3) in the file's unit, m, with the file's rate, Hz, and first instant, s."""
    points = named_points(raw, frozenset(), path.name)
    scaled_positions, position_findings = possible_positions(
        marked_missing(positions[:, points.index]) * scale, points.labels, path.name
    )
    markers = markers_of(points, scaled_positions, clock[0], path.name)
    all_findings = (*findings, *points.findings, *position_findings, *markers.findings)
    return Recording(
        markers.labels, markers.positions, clock[0], None, all_findings, scale, clock[1], clock[1]
    )


def write_trc(path: Path, labels: tuple[str, ...], positions: FloatArray, rate: float) -> None:
    """Write marker positions (T, M, 3), m, NaN as empty cells, with the first frame at 0 s."""
    frames, count = positions.shape[:2]
    numbers = "\t".join(f"X{n}\tY{n}\tZ{n}" for n in range(1, count + 1))
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate:g}\t{rate:g}\t{frames}\t{count}\tm\t{rate:g}\t1\t{frames}",
        "Frame#\tTime\t" + "\t\t\t".join(labels) + "\t\t",
        "\t\t" + numbers,
        "",
    ]
    pattern = "\t".join(("%d", "%.8f", *("%.7f",) * (3 * count)))
    for frame, row in enumerate(positions.reshape(frames, -1).tolist()):
        lines.append((pattern % (frame + 1, frame / rate, *row)).replace("nan", ""))
    write_text(path, "\n".join(lines) + "\n")


def _lines(path: Path) -> list[str]:
    lines = text_lines(path)
    if len(lines) <= HEADER_LINES or not lines[0].startswith("PathFileType"):
        raise _no_trc(path, "it does not start with PathFileType and five header lines")
    return _with_tabs(lines)


def _with_tabs(lines: list[str]) -> list[str]:
    """Lines whose columns semicolons or commas separate, as tables of spreadsheets are, by tabs."""
    labels = lines[LABEL_LINE]
    separators = [x for x in ";," if labels.count(x) > 1 and "\t" not in labels]
    return [line.replace(separators[0], "\t") for line in lines] if separators else lines


def _header(keys: str, values: str) -> dict[str, str]:
    """Values by key in small letters, an empty cell left empty however the lines are padded."""
    names = keys.lower().split()
    cells = [cell.strip() for cell in values.rstrip().split("\t")]
    if len(cells) > len(names) or any(len(cell.split()) > 1 for cell in cells):
        cells = values.split()
    if "units" in names and len(cells) < len(names):
        column = names.index("units")
        if _number("".join(cells[column : column + 1])) is not None:  # the unit itself is missing
            cells.insert(column, "")
    return dict(zip(names, cells, strict=False))


def _no_trc(path: Path, why: str) -> AqbioError:
    fix = "export the markers again, as TRC."
    return AqbioError(f"this is no TRC file: {why}.", file=path.name, fix=fix, rule="trc-format")


def _labels(line: str) -> list[str]:
    """Labels behind Frame# and Time: separated by tabs or, where there are none, by blanks."""
    numbered = line.lstrip().lower().startswith("frame")
    rest = "".join(line.split(None if numbered else "\t", 2)[2:])
    return [cell.strip() for cell in rest.split("\t" if "\t" in rest else None) if cell.strip()]


def _numbers(path: Path, line: str, number: int, markers: int) -> list[float]:
    """Numbers of a line; between tabs an empty cell is NaN, missing cells at the end too."""
    cells = line.split("\t")
    expected = 2 + 3 * markers
    if any(len(cell.split()) > 1 for cell in cells) and len(cells := line.split()) != expected:
        raise AqbioError(
            f"the columns are separated by blanks, not by tabs, and there are {len(cells)} numbers "
            f"for frame, time and {markers} labels ({expected} columns): which number is whose "
            "cannot be seen.",
            file=path.name,
            where=f"line {number + 1}",
            fix="export the markers with tabs between the columns, or as C3D.",
            rule="trc-blanks",
        )
    try:
        values = [
            float(cell) if cell and not cell.isspace() else np.nan for cell in cells[:expected]
        ]
    except ValueError as error:
        raise AqbioError(
            f"a cell is no number ({without_quotes(error)}).",
            file=path.name,
            where=f"line {number + 1}",
            fix="export the markers again.",
            rule="trc-number",
        ) from error
    return values + [np.nan] * (expected - len(values))


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _count_findings(path: Path, header: dict[str, str], frames: int, markers: int) -> list[Finding]:
    findings = []
    for key, counted in (("NumFrames", frames), ("NumMarkers", markers)):
        promised = header.get(key.lower(), "")
        if promised.isdigit() and int(promised) != counted:
            findings.append(
                Finding(
                    rule="trc-count",
                    severity="warning",
                    what=f"the header promises {promised} for {key}, the file holds {counted}.",
                    number=counted,
                    limit=int(promised),
                    file=path.name,
                    where="line 3",
                    fix="check that the export is complete.",
                )
            )
    return findings


def _rate_findings(path: Path, declared: float | None, rate: float) -> list[Finding]:
    """Finding that header and time column contradict each other."""
    if declared is None:
        return []
    return rate_findings(
        path, declared, rate, rule="trc-rate", source="the time column", where="line 3, DataRate"
    )
