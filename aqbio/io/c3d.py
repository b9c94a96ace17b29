"""C3D files: markers and force plates, in laboratory axes, read by ezc3d in a process of its own.

A crash there fails one trial only, and parameters about the subject, which hold names of persons,
do not leave it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import ezc3d
import numpy as np

from aqbio.boundary import CRASH, MAX_RECORDING_BYTES, in_own_process, reads
from aqbio.errors import AqbioError, Finding
from aqbio.force_plates.forces import CHANNELS, PlateWrench, plate_axes, platform_wrench
from aqbio.io.c3d_header import (
    EXPORT_FIX,
    check_c3d_counts,
    check_c3d_header,
    header_rate_findings,
    unreadable,
)
from aqbio.io.lost_loads import NEVER, RecordedChannels, without_lost_loads
from aqbio.io.points import markers_of, named_points
from aqbio.io.poses import pose_points
from aqbio.io.recording import (
    MAX_FORCE_N,
    MAX_METRES,
    MAX_RATE_HZ,
    METRES,
    MIN_RATE_HZ,
    CaptureClock,
    ForceRecording,
    Recording,
    length_unit,
    marked_missing,
    named_unit,
    possible_positions,
)
from aqbio.io.stated_body import GROUPS as STATED_GROUPS
from aqbio.io.stated_body import stated_body
from aqbio.vectors import FloatArray

BASE_TIME_S = 20.0
MIN_SPEED_BYTES_PER_S = 2**20
"""A file that takes longer than this and its length at this speed is not read: 40 s for 20 MB,
of which a trial of a minute takes one."""

BASE_MEMORY_BYTES = 2**30
MEMORY_PER_FILE_BYTE = 64
"""The reader may grow by this many bytes, and by this many times the length of the file."""

GROUPS = ("POINT", "ANALOG", "FORCE_PLATFORM", "ROTATION")
"""Groups of parameters that the reader returns."""

READ_ERRORS = (OSError, RuntimeError, ValueError, IndexError, KeyError, TypeError, MemoryError)
"""Errors that ezc3d raises for files that it cannot read."""


@dataclass(frozen=True, slots=True)
class C3dContent:
    """Content of a C3D file, in the file's own units."""

    points: FloatArray
    """(3, M, T) array."""
    analogs: FloatArray
    """(channels, samples) array."""
    point_rate: float
    analog_rate: float
    """point_rate, analog_rate: Hz."""
    first_frame: int = 0
    """Number of the first frame, from 0."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Arrays by ``GROUP:NAME``; nothing about the subject is among them."""
    body: Mapping[str, float] = field(default_factory=dict)
    """Body mass, kg, and stature, m, that the file states, by column of participants.tsv."""
    poses: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 4, 4)))
    """(T, N, 4, 4) array. Axes and origin of segments."""

    def values(self, group: str, name: str) -> Any:
        """A parameter's values; empty when the file does not have it."""
        return self.parameters.get(f"{group}:{name}", ())

    def strings(self, group: str, name: str) -> list[str]:
        """A text parameter, stripped; empty when the file does not have it."""
        return [str(value).strip() for value in np.ravel(self.values(group, name))]


def c3d_content(path: Path) -> C3dContent:
    """Read a C3D file within memory and time that follow its length."""
    check_c3d_header(path)
    size = path.stat().st_size
    memory, seconds = (
        BASE_MEMORY_BYTES + MEMORY_PER_FILE_BYTE * size,
        BASE_TIME_S + size / MIN_SPEED_BYTES_PER_S,
    )
    try:
        read = in_own_process(partial(_read, path), seconds=seconds, memory=memory)
    except AqbioError as error:
        if error.rule != CRASH:
            raise
        raise unreadable(path, error.what.rstrip(".")) from error
    check_c3d_counts(path, _count(read, "POINT"), _count(read, "ANALOG"))
    return read


def _count(content: C3dContent, group: str) -> int:
    return int(next(iter(np.ravel(content.values(group, "USED"))), 0))


def _read(path: Path) -> C3dContent:
    try:
        opened = ezc3d.c3d(str(path.resolve()))
    except READ_ERRORS as error:
        raise AqbioError(
            f"the C3D file cannot be read ({str(error) or type(error).__name__}).",
            file=path.name,
            fix=EXPORT_FIX,
            rule="c3d-unreadable",
        ) from error
    header, data = opened["header"], opened["data"]
    parameters = {}
    for group in GROUPS:
        for name, parameter in opened["parameters"].get(group, {}).items():
            values = parameter.get("value") if hasattr(parameter, "get") else None
            array = np.asarray(values) if values is not None else np.zeros(0)
            if array.dtype.kind in "biufU":
                parameters[f"{group}:{name}"] = array
    return C3dContent(
        points=np.asarray(data["points"], dtype=float)[:3],
        analogs=np.asarray(data["analogs"], dtype=float)[0],
        point_rate=float(header["points"]["frame_rate"]),
        analog_rate=float(header["analogs"]["frame_rate"]),
        first_frame=int(header["points"]["first_frame"]),
        parameters=parameters,
        body=stated_body(
            {
                group: {
                    name: parameter.get("value", ())
                    for name, parameter in opened["parameters"].get(group, {}).items()
                    if hasattr(parameter, "get")
                }
                for group in STATED_GROUPS
            }
        ),
        poses=np.moveaxis(np.asarray(data["rotations"], dtype=float), (2, 3), (1, 0)),
    )


NO_MARKERS = "c3d-no-markers"
"""Rule of the refusal of a C3D file that holds no marker; it may hold plates."""

OUTPUTS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "MODELED_MARKERS")
"""Parameters that list points which are no markers."""


@reads("C3D", EXPORT_FIX, MAX_RECORDING_BYTES)
def read_c3d(path: Path, unit: str = "auto") -> Recording:
    """Read markers and force plates of a C3D file; of the subject only body mass and stature.

    Other parameters hold names of persons. The first frame is at 0 s, whatever its number.
    """
    content = c3d_content(path)
    points, rate = content.points, content.point_rate
    raw = _raw_labels(content)[: points.shape[1]]
    if len(content.strings("ROTATION", "LABELS")) > len(raw):
        return _recorded_poses(content, path.name, unit)
    if not raw or not points.shape[2] or not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        raise AqbioError(
            f"the file holds {points.shape[1]} markers in {points.shape[2]} frames at {rate:g} Hz "
            f"({MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz are possible).",
            file=path.name,
            fix="export the trial with its marker trajectories.",
            rule=NO_MARKERS,
        )
    marker_points = named_points(raw, model_outputs(content), path.name)
    positions = points.transpose(2, 1, 0)[:, marker_points.index]
    declared = "".join(content.strings("POINT", "UNITS")[:1])
    scale, unit_findings = length_unit(declared, unit, positions, path.name)
    positions, position_findings = possible_positions(
        marked_missing(positions) * scale, marker_points.labels, path.name
    )
    markers = markers_of(marker_points, positions, rate, path.name)
    if not np.isfinite(markers.positions).any():
        raise AqbioError(
            f"none of the {len(marker_points.labels)} labelled markers is seen in any frame.",
            file=path.name,
            fix="export the trial with its marker trajectories.",
            rule=NO_MARKERS,
        )
    forces, plate_findings = read_plates(content, scale, path.name)
    findings = (
        *marker_points.findings,
        *header_rate_findings(path, rate),
        *unit_findings,
        *position_findings,
        *markers.findings,
        *plate_findings,
    )
    return Recording(
        markers.labels, markers.positions, rate, forces, findings, scale,
        capture_start=content.first_frame / rate, body=content.body,
    )  # fmt: skip


def model_outputs(content: C3dContent) -> frozenset[str]:
    """Labels of points that the file itself lists as values of a model, in groups of any number.

    POINT:TYPE_GROUPS names further groups, each with the parameter that holds its unit.
    """
    groups = {*OUTPUTS, *content.strings("POINT", "TYPE_GROUPS")}
    listing = re.compile(rf"POINT:(?:{'|'.join(re.escape(name) for name in groups if name)})\d*")
    return frozenset(
        label
        for name in content.parameters
        if listing.fullmatch(name)
        for label in content.strings(*name.split(":", 1))
    )


def _recorded_poses(content: C3dContent, file: str, unit: str) -> Recording:
    """Points in place of the poses of segments, with the plates of the same file."""
    names = content.strings("ROTATION", "LABELS")[: content.poses.shape[1]]
    rate = float(next(iter(np.ravel(content.values("ROTATION", "RATE"))), content.point_rate))
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        raise AqbioError(
            f"the poses of {len(names)} segments have a rate of {rate:g} Hz "
            f"({MIN_RATE_HZ:g} to {MAX_RATE_HZ:g} Hz are possible).",
            file=file,
            fix="export the poses with their rate (ROTATION:RATE).",
            rule="c3d-poses",
        )
    declared = "".join(content.strings("POINT", "UNITS")[:1])
    origins = content.poses[:, :, :3, 3]
    scale, unit_findings = length_unit(declared, unit, origins, file)
    points = pose_points(names, content.poses, scale, file)
    positions, position_findings = possible_positions(points.positions * scale, points.labels, file)
    forces, plate_findings = read_plates(content, scale, file)
    findings = (*points.findings, *unit_findings, *position_findings, *plate_findings)
    return Recording(
        points.labels, positions, rate, forces, findings, scale,
        capture_start=content.first_frame / content.point_rate if content.point_rate else 0.0,
        body=content.body,
    )  # fmt: skip


def _raw_labels(content: C3dContent) -> list[str]:
    """All labels: a parameter holds 255 of them at most, the rest follows in LABELS2, ..."""
    labels = content.strings("POINT", "LABELS")
    number = 2
    while further_labels := content.strings("POINT", f"LABELS{number}"):
        labels += further_labels
        number += 1
    return labels


GROUP = "FORCE_PLATFORM"

MAX_UNIT_RATIO = 1000.0
"""Between a unit and the one that was taken for it: stage prepare finds that by the feet."""

MIN_LOADED_RANGE = 50.0
"""Range of a channel that carried a person, N or N m."""

CHANNEL_NAME = re.compile(
    r"(?<![a-z])([fm])(?:orce|oment)?\d*[ _.]?([xyz])(?![a-z])", re.IGNORECASE
)
"""Names of channels of plates: Fx1, F1X, Force.Fx1, FP1_Mz, 2MZ, ForceX."""

FORCES = {("f", "x"), ("f", "y"), ("f", "z")}

FORCE_UNITS = {"n": 1.0, "nt": 1.0, "newton": 1.0, "newtons": 1.0, "kn": 1000.0, "lbf": 4.4482216}
VOLTS = {"v", "mv", "volt", "volts"}

MAX_VOLTAGE_V = 20.0
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
    if analog.shape[-1] < 2 or not MIN_RATE_HZ <= content.analog_rate <= MAX_RATE_HZ:
        problem = (
            f"{count} force plate(s) are described, but there are no samples of them at a rate."
        )
        return None, [Finding("plates-empty", "warning", problem, file=file)]
    parts = []
    for index in range(count):
        plate = _plate(content, index, length)
        if isinstance(plate, str):
            findings.append(_left_out(index + 1, plate, file))
            continue
        force, moment, lever = _laboratory_wrench(plate, length)
        if (largest := float(np.nanmax(np.abs(force), initial=0.0))) > MAX_UNIT_RATIO * MAX_FORCE_N:
            why = f"its forces reach {largest:.3g} N, more than any person or wrong unit makes"
            findings.append(_left_out(index + 1, why, file))
            continue
        findings += _unit_findings(plate, file)
        parts.append((plate, force, moment, lever))
    if not parts:
        return None, findings
    recorded = [_recorded_channels(plate, force) for plate, force, *_ in parts]
    wrench = PlateWrench(
        np.stack([part[1] for part in parts], axis=1),
        np.stack([part[2] for part in parts], axis=1),
        np.array([plate.corners.mean(axis=0) for plate, *_ in parts]),
    )
    wrench, is_lost, lost = without_lost_loads(wrench, recorded, content.analog_rate, file)
    findings += lost
    recording = ForceRecording(
        wrench=wrench,
        corners=np.array([plate.corners for plate, *_ in parts]),
        rate=content.analog_rate,
        start=0.0,
        names=tuple(f"plate {plate.number}" for plate, *_ in parts),
        numbers=tuple(plate.number for plate, *_ in parts),
        feet=("",) * len(parts),
        lever=np.array([part[3] for part in parts]),
        is_lost=is_lost,
    )
    return recording, findings


@reads("C3D", EXPORT_FIX, MAX_RECORDING_BYTES)
def read_c3d_plates(path: Path) -> tuple[ForceRecording, CaptureClock, list[Finding]]:
    """Read the force plates of a C3D file whose markers, if it has any, are another file's."""
    content = c3d_content(path)
    declared = "".join(content.strings("POINT", "UNITS")[:1])
    corners = np.asarray(content.values(GROUP, "CORNERS"), dtype=float)
    far = float(np.abs(corners).max(initial=0.0)) > MAX_METRES
    forces, findings = read_plates(
        content, named_unit(declared) or (METRES["mm"] if far else 1.0), path.name
    )
    if forces is None:
        reason = f": {findings[0].what}" if findings else "."
        raise AqbioError(
            f"the file holds no force plate that can be used{reason}",
            file=path.name,
            fix="export the trial with its force plates.",
            rule="plates-none",
        )
    frame = 1.0 / (content.point_rate or forces.rate)
    seconds = len(forces.wrench.force) / forces.rate
    return forces, CaptureClock(content.first_frame * frame, seconds, frame), findings


def _undeclared(content: C3dContent, count: int, file: str) -> list[Finding]:
    """Channels that carry the name of a force or moment, but belong to no declared plate."""
    labels, units = content.strings("ANALOG", "LABELS"), content.strings("ANALOG", "UNITS")
    numbers = np.asarray(content.values(GROUP, "CHANNEL"))
    declared = set(numbers[:, :count].ravel().tolist()) if numbers.ndim == 2 else set()
    candidates = [
        index
        for index, label in enumerate(labels[: len(content.analogs)])
        if CHANNEL_NAME.search(label) and index + 1 not in declared
    ]
    min_load = (
        MIN_LOADED_RANGE if count else 0.0
    )  # beside declared plates, only those that carried somebody
    moved = [index for index in candidates if np.ptp(content.analogs[index]) > min_load]
    if (
        not {axis for channel in moved for axis in CHANNEL_NAME.findall(labels[channel].lower())}
        >= FORCES
    ):
        return []
    unit = " and ".join(
        dict.fromkeys(units[channel] for channel in candidates if channel < len(units))
    )
    return [
        Finding(
            rule="plates-undeclared",
            severity="warning",
            what=f"{len(labels)} analog channels are recorded, {len(candidates)} of them named "
            f"{labels[candidates[0]]} ... {labels[candidates[-1]]} in {unit or 'no unit'}"
            + (", which no declared plate has" if count else "")
            + f", but {GROUP}:USED is {count}: export with the plates declared.",
            number=len(candidates),
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
    if not np.isfinite([*corners[:, :, index].ravel(), *origin[:, index]]).all():
        return "its corners or its origin hold values that are no numbers"
    plate_corners = corners[:, :, index].T * length
    try:
        plate_axes(plate_corners)
    except ValueError as error:
        return str(error).rstrip(".")
    calibration = _calibration(content, index) if kind == 4 else None
    if kind == 4 and calibration is None:
        return "its type 4 needs CAL_MATRIX"
    all_units = [unit.lower() for unit in content.strings("ANALOG", "UNITS")]
    units = tuple(all_units[channel] if channel < len(all_units) else "" for channel in used)
    largest = float(np.abs(channels).max())
    if kind != 4 and VOLTS & set(units) and 0.0 < largest < MAX_VOLTAGE_V:
        return (
            f"its channels are in volts (up to {largest:.2g} V), and type {kind} has no calibration"
        )
    return _Plate(
        number=index + 1,
        kind=kind,
        corners=plate_corners,
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
    shear_units = ", ".join(sorted(f"“{unit}”" if unit else "none" for unit in shear))
    largest = float(np.abs(plate.channels[:, :3]).max())
    return [
        Finding(
            rule="plate-force-unit",
            severity="warning",
            what=f"plate {plate.number}: the file's unit of force is {shear_units}; the values, "
            "up to "
            f"{largest:.0f}, are taken as newtons.",
            number=largest,
            unit="N",
            file=file,
            where=f"ANALOG:UNITS, plate {plate.number}",
            fix="compare the body mass that the plates give with the scales; correct the units.",
        )
    ]


CHANNEL_AXES = {
    1: {"Fx": 0, "Fy": 1, "Fz": NEVER, "Px": 0, "Py": 1},
    2: {"Fx": 0, "Fy": 1, "Fz": NEVER, "Mx": 1, "My": 0},
    3: {"Fx12": 0, "Fx34": 0, "Fy14": 1, "Fy23": 1}
    | dict.fromkeys(("Fz1", "Fz2", "Fz3", "Fz4"), NEVER),
}
"""Channels by plate type, each with the axis across a plane within which a movement leaves it
constant. Not the last one of types 1, 2 and 4: moments about the vertical are often not measured.
"""


def _recorded_channels(plate: _Plate, force: FloatArray) -> RecordedChannels:
    """Channels of a plate, with its force (S, 3), N, laboratory axes.

    The end of their range is shown by those of force, or by all where they are mixed.
    """
    axes = CHANNEL_AXES[2 if plate.kind == 4 else plate.kind]
    return RecordedChannels(
        plate=f"plate {plate.number}",
        location=f"FORCE_PLATFORM, plate {plate.number}",
        force=force @ plate_axes(plate.corners),
        names=tuple(axes),
        values=plate.channels[:, : len(axes)],
        axes=tuple(axes.values()),
        ranged=plate.channels if plate.kind in (3, 4) else plate.channels[:, :3],
    )


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
    return METRES.get(unit, length)


def _item(content: C3dContent, name: str, index: int, missing: float) -> float:
    values = np.ravel(content.values(GROUP, name))
    return float(values[index]) if index < len(values) else missing
