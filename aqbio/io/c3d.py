"""C3D files: markers and force plates, in laboratory axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.boundary import RECORDED, reads
from aqbio.errors import AqbioError, Finding
from aqbio.force_plates.forces import PlateWrench
from aqbio.force_plates.plates import CHANNELS, plate_axes, platform_wrench
from aqbio.io.c3d_process import REFUSED, C3dContent, c3d_content
from aqbio.io.recording import (
    FASTEST,
    SLOWEST,
    STRONGEST,
    ForceRecording,
    Recording,
    clipping_findings,
    kept_labels,
    length_unit,
    marked_missing,
    possible_positions,
)
from aqbio.vectors import FloatArray

OUTPUTS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "MODELED_MARKERS")
"""Parameters that list points which are no markers."""


@reads("C3D", REFUSED, RECORDED)
def read_c3d(path: Path, unit: str = "auto") -> Recording:
    """Read markers and force plates of a C3D file; parameters about the subject are never read.

    They hold names of persons. The first frame of the file is at 0 s, whatever its number.
    """
    content = c3d_content(path)
    points, rate = content.points, content.point_rate
    raw = _raw_labels(content)[: points.shape[1]]
    _refuse_poses(raw, content.strings("ROTATION", "LABELS"), path.name)
    if not raw or not points.shape[2] or not SLOWEST <= rate <= FASTEST:
        raise AqbioError(
            f"the file holds {points.shape[1]} markers in {points.shape[2]} frames at {rate:g} Hz "
            f"({SLOWEST:g} to {FASTEST:g} Hz are possible).",
            file=path.name,
            fix="export the trial with its marker trajectories.",
            rule="c3d-no-markers",
        )
    outputs = frozenset(label for group in OUTPUTS for label in content.strings("POINT", group))
    kept, labels, findings = kept_labels(raw, outputs, path.name)
    positions = points.transpose(2, 1, 0)
    declared = "".join(content.strings("POINT", "UNITS")[:1])
    scale = length_unit(declared, unit, positions, path.name)
    positions, lost = possible_positions(
        marked_missing(positions[:, kept]) * scale, labels, path.name
    )
    if not np.isfinite(positions).any():
        raise AqbioError(
            f"none of the {len(labels)} labelled markers is seen in any frame.",
            file=path.name,
            fix="export the trial with its marker trajectories.",
            rule="c3d-no-markers",
        )
    forces, more = read_plates(content, scale, path.name)
    return Recording(labels, positions, rate, forces, (*findings, *lost, *more), scale)


def _refuse_poses(labels: Sequence[str], segments: Sequence[str], file: str) -> None:
    """Refuse poses of segments instead of points: their axes in the bone are in no file."""
    if len(segments) > len(labels):
        raise AqbioError(
            f"it holds poses of {len(segments)} segments ({', '.join(segments[:3])}, ...) and "
            f"{len(labels)} points, as Theia3D saves them: poses are not read.",
            file=file,
            fix="open it in Visual3D and export landmarks of its model as C3D or TRC (ASIS, PSIS, "
            "both sides of knee and ankle, heel, toes, shoulder, elbow, wrist; their names: "
            "models/landmarks.yaml), or joint angles and their model for OpenSim (MOT, OSIM).",
            rule="c3d-poses",
        )


def _raw_labels(content: C3dContent) -> list[str]:
    """All labels: a parameter holds 255 of them at most, the rest follows in LABELS2, ..."""
    labels = content.strings("POINT", "LABELS")
    number = 2
    while more := content.strings("POINT", f"LABELS{number}"):
        labels += more
        number += 1
    return labels


GROUP = "FORCE_PLATFORM"

WRONG_UNIT = 1000.0
"""Between a unit and the one that was taken for it: stage prepare finds that by the feet."""

LOADED = 50.0
"""Range of a channel that carried somebody, N or N m."""

CHANNEL_NAME = re.compile(
    r"(?<![a-z])([fm])(?:orce|oment)?\d*[ _.]?([xyz])(?![a-z])", re.IGNORECASE
)
"""How channels of plates are named: Fx1, F1X, Force.Fx1, FP1_Mz, 2MZ, ForceX."""

FORCES = {("f", "x"), ("f", "y"), ("f", "z")}

FORCE_UNITS = {"n": 1.0, "nt": 1.0, "newton": 1.0, "newtons": 1.0, "kn": 1000.0, "lbf": 4.4482216}
VOLTS = {"v", "mv", "volt", "volts"}
LENGTHS = {"m": 1.0, "cm": 0.01, "mm": 0.001}

VOLTAGE = 20.0
"""Amplifiers give 10 V at most: channels that stay below this cannot be a person's force in N."""


@dataclass(frozen=True, slots=True)
class _Plate:
    """Parameters of one plate; lengths in metres."""

    number: int
    kind: int
    corners: FloatArray
    origin: FloatArray
    channels: FloatArray
    units: tuple[str, ...]
    calibration: FloatArray | None


def read_plates(
    content: C3dContent, length: float, file: str
) -> tuple[ForceRecording | None, list[Finding]]:
    """Read the force plates of a C3D file; ``length`` is its unit of length, m.

    ezc3d's own platforms are not used: they mirror the centre of pressure of type 3 plates whose
    depth is given as a positive number, and give the moment about another point per type.
    """
    analog = content.analogs
    count = int(_item(content, "USED", 0, 0))
    findings = _undeclared(content, count, file)
    if count == 0:
        return None, findings
    if analog.shape[-1] < 2 or not SLOWEST <= content.analog_rate <= FASTEST:
        what = f"{count} force plate(s) are described, but there are no samples of them at a rate."
        return None, [Finding("plates-empty", "warning", what, file=file)]
    parts = []
    for index in range(count):
        plate = _plate(content, index, length)
        if isinstance(plate, str):
            findings.append(_left_out(index + 1, plate, file))
            continue
        force, moment, lever = _laboratory_wrench(plate, length)
        if (largest := float(np.nanmax(np.abs(force), initial=0.0))) > WRONG_UNIT * STRONGEST:
            why = f"its forces reach {largest:.3g} N, more than any person or wrong unit makes"
            findings.append(_left_out(index + 1, why, file))
            continue
        findings += [*_unit_findings(plate, file), *_clipping(plate, content.analog_rate, file)]
        parts.append((plate, force, moment, lever))
    if not parts:
        return None, findings
    recording = ForceRecording(
        wrench=PlateWrench(
            np.stack([part[1] for part in parts], axis=1),
            np.stack([part[2] for part in parts], axis=1),
            np.array([plate.corners.mean(axis=0) for plate, *_ in parts]),
        ),
        corners=np.array([plate.corners for plate, *_ in parts]),
        rate=content.analog_rate,
        start=0.0,
        names=tuple(f"plate {plate.number}" for plate, *_ in parts),
        numbers=tuple(plate.number for plate, *_ in parts),
        feet=("",) * len(parts),
        lever=np.array([part[3] for part in parts]),
    )
    return recording, findings


def _undeclared(content: C3dContent, count: int, file: str) -> list[Finding]:
    """Channels that carry the name of a force or moment, but belong to no declared plate."""
    labels, units = content.strings("ANALOG", "LABELS"), content.strings("ANALOG", "UNITS")
    numbers = np.asarray(content.values(GROUP, "CHANNEL"))
    declared = set(numbers[:, :count].ravel().tolist()) if numbers.ndim == 2 else set()
    named = [
        index
        for index, label in enumerate(labels[: len(content.analogs)])
        if CHANNEL_NAME.search(label) and index + 1 not in declared
    ]
    least = LOADED if count else 0.0  # beside declared plates, only those that carried somebody
    moved = [index for index in named if np.ptp(content.analogs[index]) > least]
    if not {axis for one in moved for axis in CHANNEL_NAME.findall(labels[one].lower())} >= FORCES:
        return []
    unit = " and ".join(dict.fromkeys(units[one] for one in named if one < len(units)))
    return [
        Finding(
            rule="plates-undeclared",
            severity="warning",
            what=f"{len(labels)} analog channels are recorded, {len(named)} of them named "
            f"{labels[named[0]]} ... {labels[named[-1]]} in {unit or 'no unit'}"
            + (", which no declared plate has" if count else "")
            + f", but {GROUP}:USED is {count}: export with the plates declared.",
            number=len(named),
            file=file,
            where=f"{GROUP}:USED",
            fix="declare their type, channels and corners in the capture software, or name a MOT "
            "file in the column force_file.",
        )
    ]


def _left_out(number: int, why: str, file: str) -> Finding:
    return Finding(
        rule="plate-unusable",
        severity="warning",
        what=f"plate {number} is left out: {why}.",
        number=number,
        file=file,
        where=f"FORCE_PLATFORM, plate {number}",
        fix="correct the plate's parameters in the capture software.",
    )


def _plate(content: C3dContent, index: int, length: float) -> _Plate | str:
    """One plate, or the reason why it cannot be used."""
    analog = content.analogs
    kind = int(_item(content, "TYPE", index, 0))
    if kind not in CHANNELS:
        return f"its type {kind} is not among {', '.join(map(str, CHANNELS))}"
    numbers = np.asarray(content.values(GROUP, "CHANNEL"))
    corners = np.asarray(content.values(GROUP, "CORNERS"), dtype=float)
    origin = np.asarray(content.values(GROUP, "ORIGIN"), dtype=float)
    if numbers.ndim != 2 or corners.ndim != 3 or origin.ndim != 2:
        return "CHANNEL, CORNERS or ORIGIN is missing"
    if index >= min(numbers.shape[1], corners.shape[2], origin.shape[1]):
        return "CHANNEL, CORNERS or ORIGIN does not reach to it"
    used = numbers[: CHANNELS[kind], index].astype(int) - 1
    if len(used) < CHANNELS[kind] or used.min() < 0 or used.max() >= len(analog):
        return f"its channels {(used + 1).tolist()} are not all among the {len(analog)} recorded"
    channels = analog[used].T
    if not np.isfinite(channels).all():
        return "its channels hold values that are no numbers"
    place = corners[:, :, index].T * length
    try:
        plate_axes(place)
    except ValueError as error:
        return str(error).rstrip(".")
    calibration = _calibration(content, index) if kind == 4 else None
    if kind == 4 and calibration is None:
        return "its type 4 needs CAL_MATRIX"
    every = [unit.lower() for unit in content.strings("ANALOG", "UNITS")]
    units = tuple(every[one] if one < len(every) else "" for one in used)
    largest = float(np.abs(channels).max())
    if kind != 4 and VOLTS & set(units) and 0.0 < largest < VOLTAGE:
        return (
            f"its channels are in volts (up to {largest:.2g} V), and type {kind} has no calibration"
        )
    return _Plate(
        number=index + 1,
        kind=kind,
        corners=place,
        origin=origin[:, index] * length,
        channels=channels,
        units=units,
        calibration=calibration,
    )


def _unit_findings(plate: _Plate, file: str) -> list[Finding]:
    """Units of force that are no unit of force: the values are taken as newtons."""
    shear = set(plate.units[:3]) - set(FORCE_UNITS)
    if plate.kind == 4 or not shear:
        return []
    named = ", ".join(sorted(unit or "none" for unit in shear))
    largest = float(np.abs(plate.channels[:, :3]).max())
    return [
        Finding(
            rule="plate-force-unit",
            severity="warning",
            what=f"plate {plate.number}: the file's unit of force is {named}; the values, up to "
            f"{largest:.0f}, are taken as newtons.",
            number=largest,
            unit="N",
            file=file,
            where=f"ANALOG:UNITS, plate {plate.number}",
            fix="compare the body mass that the plates give with the scales; correct the units.",
        )
    ]


def _clipping(plate: _Plate, rate: float, file: str) -> list[Finding]:
    """Raw channels that reached the end of their range: forces, or all where they are mixed."""
    used = plate.channels if plate.kind in (3, 4) else plate.channels[:, :3]
    where = f"FORCE_PLATFORM, plate {plate.number}"
    return clipping_findings(f"plate {plate.number}", used, rate, file, where)


def _calibration(content: C3dContent, index: int) -> FloatArray | None:
    matrices = np.asarray(content.values(GROUP, "CAL_MATRIX"), dtype=float)
    if matrices.ndim != 3 or matrices.shape[:2] != (6, 6) or index >= matrices.shape[2]:
        return None
    matrix = matrices[:, :, index]
    return matrix if matrix.any() else None


def _laboratory_wrench(plate: _Plate, length: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Force, moment about the centre of the plate and lever to it, in laboratory axes."""
    axes = plate_axes(plate.corners)
    scaled = plate.channels * [FORCE_UNITS.get(unit, 1.0) for unit in plate.units]
    force, moment, lever = platform_wrench(
        plate.kind, scaled, plate.origin, plate.calibration, _moment_length(plate, length)
    )
    return force @ axes.T, moment @ axes.T, axes @ lever


def _moment_length(plate: _Plate, length: float) -> float:
    """Unit of length in the moments (types 2, 4) or of the point (type 1), m."""
    unit = plate.units[3].replace(".", "").replace("*", "").replace(" ", "")
    if plate.kind != 1:
        unit = unit.removeprefix("nt").removeprefix("n")
    return LENGTHS.get(unit, length)


def _item(content: C3dContent, name: str, index: int, missing: float) -> float:
    values = np.ravel(content.values(GROUP, name))
    return float(values[index]) if index < len(values) else missing
