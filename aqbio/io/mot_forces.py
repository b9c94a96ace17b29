"""Ground reaction forces from storage files, named by their columns or by external loads."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import Protocol
from xml.etree import ElementTree

import numpy as np

from aqbio.boundary import MAX_RECORDING_BYTES, reads
from aqbio.errors import AqbioError, Finding
from aqbio.force_plates.forces import (
    FIRM_FORCE_SHARE,
    TRUSTED_FORCE_N,
    PlateWrench,
    fixed_point_wrench,
    held_points,
)
from aqbio.io.force_columns import SIDES, Axes, ForceGroup, force_groups, groups_by_name
from aqbio.io.lost_loads import NEVER, RecordedChannels, without_lost_loads
from aqbio.io.mot import Storage, read_storage
from aqbio.io.recording import MAX_COORDINATE_M, ForceRecording, refuse_impossible
from aqbio.io.sampling import even_storage
from aqbio.vectors import BoolArray, FloatArray

GROUND = "ground"
"""Frame of forces and points where the file of external loads names none."""


class MovingBodies(Protocol):
    """Bodies whose motion is known, in whose axes loads may be given."""

    @property
    def start(self) -> float:
        """First instant of the motion, s, on the clock of its file."""

    @property
    def stop(self) -> float:
        """Last instant of the motion, s, on the clock of its file."""

    def poses(self, body: str, time: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Axes (T, 3, 3) to ground and origin (T, 3), m, of a body; None if it is not known."""


@dataclass(frozen=True, slots=True)
class AppliedLoad:
    """One force of an external-loads file."""

    foot: str
    """``left`` or ``right``; empty if the body's name is neither."""
    force: str
    point: str
    torque: str
    """force, point, torque: How the names of its columns begin; x, y and z follow. Empty where
    there are none."""
    body: str
    """On which it acts."""
    force_frame: str = ""
    point_frame: str = ""
    """force_frame, point_frame: As of `ForceGroup`."""

    def group(self, columns: Sequence[str], file: str) -> ForceGroup:
        """Its columns in the force file; the names of columns supply what it leaves out.

        A load without a point acts at the origin of its body, as in OpenSim.
        """
        force = self._axes(self.force, columns, file)
        matching = (group for group in groups_by_name(columns, file) if group.force == force)
        matching_group = next(matching, ForceGroup("", force, None, None))
        point = self._axes(self.point, columns, file) if self.point else matching_group.point
        moment = self._axes(self.torque, columns, file) if self.torque else matching_group.moment
        at = self.point_frame if point else self.body
        foot = self.foot or matching_group.plate
        return ForceGroup(foot, force, point, moment, self.force_frame, at)

    def _axes(self, start: str, columns: Sequence[str], file: str) -> Axes:
        missing_columns = [start + axis for axis in "xyz" if start + axis not in columns]
        if missing_columns:
            raise _refused(
                f"it names columns {', '.join(missing_columns)}, which the force file lacks.", file
            )
        return start + "x", start + "y", start + "z"


@dataclass(frozen=True, slots=True)
class ExternalLoads:
    """Content of an external-loads file."""

    file: str
    """Its own name."""
    data: Path
    """The force file that it names, where it is here."""
    loads: tuple[AppliedLoad, ...]
    findings: tuple[Finding, ...]

    def groups(self, columns: Sequence[str]) -> list[ForceGroup]:
        """The columns of each load, in the order of the force file."""
        by_load = [load.group(columns, self.file) for load in self.loads]
        return sorted(by_load, key=lambda group: columns.index(group.force[0]))


@reads("a file of external loads", "name the MOT file itself in the column force_file.")
def read_external_loads(path: Path) -> ExternalLoads:
    """Read an external-loads file; its force file is at the stated path, or in the same folder."""
    root = _root(path)
    if root is None:
        raise _refused("the file of external loads cannot be read: it is no XML.", path.name)
    named_file = (
        root.findtext(".//datafile") or root.findtext(".//data_source_name") or ""
    ).strip()
    if not named_file:
        problem = "the file names no force file (datafile): it is no file of external loads."
        raise _refused(problem, path.name)
    loads = tuple(load for force in root.iter("ExternalForce") if (load := _load(force)).force)
    data, findings = _find_force_file(path, named_file)
    return ExternalLoads(path.name, data, loads, findings)


def is_external_loads(path: Path) -> bool:
    """Tell whether an XML file describes external loads; set-ups of OpenSim's tools are XML too."""
    root = _root(path)
    return root is not None and root.find(".//ExternalForce") is not None


def _root(path: Path) -> ElementTree.Element | None:
    try:
        return ElementTree.parse(path).getroot()
    except (OSError, ValueError, LookupError, ElementTree.ParseError):
        return None


def _load(force: ElementTree.Element) -> AppliedLoad:
    def text_of(tag: str) -> str:
        text = (force.findtext(tag) or "").strip()
        return "" if text.casefold() == "unassigned" else text

    def frame_of(tag: str) -> str:
        name = text_of(tag).rsplit("/", 1)[-1]  # OpenSim writes paths, as /bodyset/calcn_r
        return "" if name.casefold() == GROUND else name

    words = re.findall(r"[a-z]+", text_of("applied_to_body").casefold())
    return AppliedLoad(
        foot=next((SIDES[word] for word in words if word in SIDES), ""),
        force=text_of("force_identifier"),
        point=text_of("point_identifier"),
        torque=text_of("torque_identifier"),
        body=frame_of("applied_to_body"),
        force_frame=frame_of("force_expressed_in_body"),
        point_frame=frame_of("point_expressed_in_body"),
    )


BARE_FILE = "name the MOT file itself in the column force_file."


def _refused(problem: str, file: str) -> AqbioError:
    return AqbioError(problem, file=file, fix=BARE_FILE, rule="external-loads")


def _find_force_file(path: Path, written: str) -> tuple[Path, tuple[Finding, ...]]:
    """Path of the named force file; paths of another machine's folders are common."""
    written_path = path.parent / Path(*PureWindowsPath(written).parts)
    if written_path.is_file():
        return written_path, ()
    sibling = path.parent / PureWindowsPath(written).name
    if sibling.is_file():
        remark = "the file of external loads names a force file in a folder that is not here: the "
        remark += "one beside it is used."
        finding = Finding("external-loads-moved", "info", remark, file=path.name)
        return sibling, (finding,)
    raise AqbioError(
        "the file of external loads names a force file that is not here, and not beside it.",
        file=path.name,
        where="datafile",
        fix="put the MOT file beside it, or name the MOT file in the column force_file.",
        rule="external-loads",
    )


MAX_POINT_DISTANCE_M = 20.0
"""Loaded points of application beyond this cannot be metres."""

MAX_FREE_MOMENT_ARM_M = 1.0
"""A moment about the point of application above this arm times the force cannot be N m, m."""

MIN_MOMENT_ARM_M = 0.005
"""Horizontal moments below this arm times the force are noise of free moments, m."""

MIN_POINT_TRAVEL_M = 0.02
"""Travel of the centres of pressure from which on the point that moments are about is known, m."""

MAX_MOMENT_RESIDUAL = 0.01
"""Largest share of horizontal moments that rounding leaves about the centres of pressure."""


@reads("a file of forces", "export the forces again.", MAX_RECORDING_BYTES)
def read_force_storage(
    path: Path,
    first_time: float,
    described: Callable[[Sequence[str]], list[ForceGroup]] | None = None,
    bodies: MovingBodies | None = None,
) -> tuple[ForceRecording, list[Finding]]:
    """Read forces whose marker file's first frame is at ``first_time``, s, of the same clock.

    Wrenches at a fixed point, axes as in the file; columns that are zero throughout are left out.
    Loads in the axes of ``bodies`` are turned to ground, while their motion is known.
    """
    storage, rate, findings = even_storage(read_storage(path), path.name, forces=True)
    used: list[ForceGroup] = []
    parts: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    held: list[BoolArray] = []
    groups = described(storage.columns) if described else []
    groups = groups or force_groups(storage.columns, path.name)
    if any(group.frames for group in groups):
        storage = _while_moving(storage, groups, bodies, path.name)
    storage, copied = _without_copies(storage, groups, path.name)
    findings += copied
    trusted = _trusted_force(storage, groups)
    for group in groups:
        force = _vectors(storage, group.force)
        _refuse_no_numbers(storage, force, group, path.name)
        refuse_impossible(force, f"force columns {group.force[0]}", path.name)
        if np.any(force):
            used.append(group)
            parts.append(_wrench(storage, group, force, trusted, path.name, findings, bodies))
            held.append(held_points(force, _vectors(storage, group.point), rate))
        else:
            findings.append(_finding("force-columns-zero", path.name, group, "all forces are zero"))
    described_forces = {group.force for group in groups}
    for group in groups_by_name(storage.columns, path.name):
        if group.force not in described_forces and np.any(_vectors(storage, group.force)):
            problem = "the file of external loads does not name them: they are not used"
            findings.append(_finding("force-columns-left-out", path.name, group, problem))
    samples, plates = len(storage.time), len(parts)
    forces = np.zeros((samples, plates, 3))
    moments, points = np.zeros_like(forces), np.zeros((plates, 3))
    for plate, (force, moment, point) in enumerate(parts):
        forces[:, plate], moments[:, plate], points[plate] = force, moment, point
    wrench, is_lost, lost = without_lost_loads(
        PlateWrench(forces, moments, points), _recorded_columns(storage, used), rate, path.name
    )
    findings += lost
    recording = ForceRecording(
        wrench=wrench,
        corners=np.full((plates, 4, 3), np.nan),
        rate=rate,
        start=float(storage.time[0]) - first_time,
        names=tuple(group.force[0] for group in used),
        numbers=tuple(range(1, plates + 1)),
        feet=tuple(group.foot for group in used),
        is_held=np.stack(held, axis=1) if any(mask.any() for mask in held) else None,
        is_lost=is_lost,
    )
    return recording, findings


def _recorded_columns(storage: Storage, groups: Sequence[ForceGroup]) -> list[RecordedChannels]:
    """Columns of each plate that no standard leaves constant.

    Not the vertical coordinate of points, no moment about them (also of a file that leaves the
    points out), and no point about which full moments are given. Points that stand elsewhere than
    at the origin are assumed ones, as of a jump, and no columns without content.
    """
    forces = [_vectors(storage, group.force) for group in groups]
    up = int(np.argmax(sum((np.abs(force).sum(axis=0) for force in forces), np.zeros(3))))
    level = [axis for axis in range(3) if axis != up]

    def moves(group: ForceGroup) -> BoolArray:
        return np.asarray(np.ptp(_vectors(storage, group.moment)[:, level], axis=0) > 0.0)

    are_full = any(moves(group).any() for group in groups)
    recorded = []
    for group, force in zip(groups, forces, strict=True):
        axes = {name: NEVER if axis == up else axis for axis, name in enumerate(group.force)}
        if group.point is not None and not moves(group).all():
            empty = [axis for axis in level if not storage.column(group.point[axis]).any()]
            axes |= {group.point[axis]: axis for axis in empty}
        elif group.point is None and not group.point_frame and group.moment and are_full:
            axes |= {group.moment[axis]: sum(level) - axis for axis in level}
        recorded.append(
            RecordedChannels(
                plate=f"force columns {group.force[0]}",
                location=f"columns {group.force[0]} to {group.force[2]}",
                force=force,
                names=tuple(axes),
                values=np.column_stack([storage.column(name) for name in axes]),
                axes=tuple(axes.values()),
                ranged=force,
            )
        )
    return recorded


GROUND_FIX = (
    "export the forces as the plates measured them, with force_expressed_in_body and "
    "point_expressed_in_body ground; the MOT file by itself would be read as in ground axes, which "
    "its numbers are not."
)


def _while_moving(
    storage: Storage, groups: Sequence[ForceGroup], bodies: MovingBodies | None, file: str
) -> Storage:
    """Forces while the motion of the bodies is known in whose axes they are given."""
    inside = np.zeros(len(storage.time), dtype=np.bool_)
    if bodies is not None:
        slack = 1e-6
        inside = (storage.time >= bodies.start - slack) & (storage.time <= bodies.stop + slack)
    for group in groups:
        for frame in group.frames:
            if bodies is None or bodies.poses(frame, storage.time[:0]) is None:
                problem = "whose motion is not known here"
                if bodies is not None:
                    problem = "which is no body of the model that the motion moves"
                given = "its point" if frame != group.force_frame else "it"
                if group.point is None and frame == group.point_frame:
                    given = "without a point it acts at the origin of that body, and"
                raise AqbioError(
                    f"the load {group.force[0]}: {given} is given in the axes of {frame}, "
                    f"{problem}.",
                    file=file,
                    where="force_expressed_in_body, point_expressed_in_body",
                    fix="give the motion of the model whose body this is (coordinates_file in "
                    f"trials.tsv, or aqbio look), or {GROUND_FIX}"
                    if bodies is None
                    else f"name bodies of the model, or {GROUND_FIX}",
                    rule="external-loads-frame",
                )
    if inside.sum() < 2:
        assert bodies is not None
        raise AqbioError(
            f"the forces are known from {storage.time[0]:.3f} to {storage.time[-1]:.3f} s, the "
            f"motion from {bodies.start:.3f} to {bodies.stop:.3f} s: they share no time, so that "
            "loads in the axes of a body cannot be turned.",
            file=file,
            fix="give motion and forces of the same trial, on the same clock.",
            rule="clock-apart",
        )
    return replace(storage, time=storage.time[inside], values=storage.values[inside])


def _without_copies(
    storage: Storage, groups: Sequence[ForceGroup], file: str
) -> tuple[Storage, list[Finding]]:
    """The file without loads of which force, point and moment are one number in all columns.

    One channel was written into all: nothing was measured, as where a foot stands beside the plate.
    """
    values, findings = storage.values.copy(), list[Finding]()
    for group in groups:
        if group.point is None or group.moment is None:
            continue
        columns = [storage.columns.index(x) for x in (*group.force, *group.point, *group.moment)]
        loads = values[:, columns]
        copied = (loads[:, 0] != 0.0) & (loads == loads[:, :1]).all(axis=1)
        if copied.any():
            first, last = storage.time[np.flatnonzero(copied)[[0, -1]]]
            values[np.ix_(copied, columns)] = 0.0
            problem = (
                f"in {copied.sum()} samples from {first:.3f} to {last:.3f} s all nine columns hold "
                "the same number, which no plate measures: the load is unknown there"
            )
            findings.append(_finding("force-copied", file, group, problem))
    return replace(storage, values=values), findings


def _vectors(storage: Storage, names: Axes | None) -> FloatArray:
    if names is None:
        return np.zeros((len(storage.time), 3))
    return np.column_stack([storage.column(name) for name in names])


def _refuse_no_numbers(storage: Storage, force: FloatArray, group: ForceGroup, file: str) -> None:
    """Refuse forces that are NaN or infinite: the load of the plate is unknown there."""
    rows = np.flatnonzero(~np.isfinite(force).all(axis=1))
    if not len(rows):
        return
    first, last = (f"{storage.time[row]:.3f}" for row in (rows[0], rows[-1]))
    raise AqbioError(
        f"force columns {group.force[0]}: {len(rows)} of {len(force)} samples are no numbers.",
        file=file,
        where=f"columns {group.force[0]} to {group.force[2]}, from {first} to {last} s",
        fix="export the forces again; write 0 where no foot is on the plate, or clear "
        "force_file to use the markers alone.",
        rule="force-no-number",
    )


def _trusted_force(storage: Storage, groups: Sequence[ForceGroup]) -> float:
    """Force above which points are trusted, in the unit of the file.

    Steps reach far more newtons: of a file that does not, a share of its largest force.
    """
    peaks = [np.nanmax(np.abs(_vectors(storage, group.force)), initial=0.0) for group in groups]
    peak = float(max(peaks, default=0.0))
    return TRUSTED_FORCE_N if peak > TRUSTED_FORCE_N else FIRM_FORCE_SHARE * peak


def _wrench(
    storage: Storage,
    group: ForceGroup,
    force: FloatArray,
    trusted: float,
    file: str,
    findings: list[Finding],
    bodies: MovingBodies | None,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Force, moment about a fixed point, and that point.

    Above a ``trusted`` force a point is one; what is no newton may stand beside moments in N m.
    """
    application, moment = _vectors(storage, group.point), _vectors(storage, group.moment)
    # a point of application is no number, or any, where nobody stands on the plate
    application = np.where(np.abs(application) <= 1e3 * MAX_COORDINATE_M, application, np.nan)
    refuse_impossible(moment * 1e-3, f"moments of force columns {group.force[0]}", file)
    size = np.linalg.norm(force, axis=1)
    if group.point is not None:
        loaded = size > trusted
        if (
            loaded.any()
            and np.nanmedian(np.abs(application[loaded]).max(axis=1)) > MAX_POINT_DISTANCE_M
        ):
            application = application * 1e-3
            findings.append(_finding("force-unit", file, group, "points are taken as mm"))
        moved = _about_application(force[loaded], application[loaded], moment[loaded])
        arm = np.linalg.norm(moment[loaded], axis=1) / size[loaded]
        if moved is not None:
            point, scale = moved
            moment = scale * moment - np.cross(application - point, force)
            x, y, z = (f"{coordinate:.3f}" for coordinate in point)
            place = f"the point ({x}, {y}, {z}) m" if np.abs(point).max() > 5e-4 else "the origin"
            problem = (
                f"the moments{' in N mm' * (scale < 1.0)} are about {place}, not about the centres "
                "of pressure: moved there, they have no horizontal part. aqbio uses the moved ones"
            )
            findings.append(_finding("force-moment-point", file, group, problem))
        elif loaded.any() and np.nanmedian(arm) > MAX_FREE_MOMENT_ARM_M:
            moment = moment * 1e-3
            if trusted == TRUSTED_FORCE_N:  # else kN beside N m, as the feet will show
                findings.append(_finding("force-unit", file, group, "moments are taken as N mm"))
    if group.point is None and not group.point_frame:
        problem = "there are no centres of pressure"
        problem += (
            ", and no moments from which they follow"
            if group.moment is None
            else (": they follow from the moments, taken about the origin of the axes")
        )
        rule = "force-no-point" if group.moment is None else "force-point-origin"
        findings.append(_finding(rule, file, group, problem))
    elif group.moment is None:
        findings.append(_finding("force-no-moment", file, group, "there are no free moments"))
    if bodies is not None:
        force, moment, application = _in_ground(
            group, storage.time, force, moment, application, bodies
        )
    about, point, replaced = fixed_point_wrench(force, application, moment, trusted)
    unusable = replaced & (size > trusted) & np.isnan(application).any(axis=1)
    if unusable.any():
        problem = (
            f"in {unusable.sum()} samples of more than {trusted:.3g} N the point of "
            "application is no number; the nearest one in time stands in"
        )
        findings.append(_finding("cop-missing", file, group, problem))
    replaced &= ~unusable
    if replaced.any():
        problem = (
            f"in {replaced.sum()} samples of small force the point of application is of no use"
        )
        findings.append(_finding("cop-unloaded", file, group, problem))
    return force, about, point


def _about_application(
    force: FloatArray, application: FloatArray, moment: FloatArray
) -> tuple[FloatArray, float] | None:
    """Point that moments of loaded samples are about, (3,), m, and their unit in N m.

    A plate twists a foot about its normal alone: of moments about a fixed point nothing horizontal
    remains about the centres of pressure. None where that is no better than the file's own word.
    """
    up = int(np.argmax(np.abs(force).sum(axis=0)))
    level = [axis for axis in range(3) if axis != up]
    known = np.isfinite(application).all(axis=1) & np.isfinite(moment).all(axis=1)
    force, application, moment = force[known], application[known], moment[known]
    size = float(np.linalg.norm(moment[:, level]))
    travel = np.linalg.norm(np.ptp(application, axis=0)[level]) if len(force) else 0.0
    arm = size / max(float(np.linalg.norm(force)), np.finfo(float).tiny)
    if travel < MIN_POINT_TRAVEL_M or arm < MIN_MOMENT_ARM_M:
        return None
    units = np.eye(3)
    turning = np.stack([np.cross(unit, force)[:, level].ravel() for unit in units], axis=1)
    about_points = np.cross(application, force)[:, level].ravel()
    fits: list[tuple[float, float, FloatArray]] = []
    for scale in (1.0, 1e-3):
        wanted = about_points - scale * moment[:, level].ravel()
        point = np.asarray(np.linalg.lstsq(turning, wanted, rcond=None)[0], np.float64)
        residual = float(np.linalg.norm(turning @ point - wanted)) / (scale * size)
        fits.append((residual, scale, point))
    residual, scale, point = min(fits, key=lambda fit: fit[0])
    return (point, scale) if residual < MAX_MOMENT_RESIDUAL else None


def _in_ground(
    group: ForceGroup,
    time: FloatArray,
    force: FloatArray,
    moment: FloatArray,
    point: FloatArray,
    bodies: MovingBodies,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Force, moment and point (T, 3) in ground axes, from the axes of the bodies they are in."""
    if group.force_frame and (pose := bodies.poses(group.force_frame, time)):
        axes, _ = pose
        force, moment = (np.einsum("tij,tj->ti", axes, vector) for vector in (force, moment))
    if group.point_frame and (pose := bodies.poses(group.point_frame, time)):
        axes, origin = pose
        point = origin + np.einsum("tij,tj->ti", axes, point)
    return force, moment, point


FIXES = {
    "force-columns-left-out": "name the force file itself in force_file if they count.",
    "force-unit": "write points in m and moments in N m if that is wrong.",
    "cop-missing": "export the forces again, with the centres of pressure of all loaded samples.",
    "force-moment-point": "write free moments about the centres of pressure if that is wrong.",
    "force-copied": "export the forces of this contact again.",
    "force-no-point": "export the centres of pressure: they tell which foot bears a load.",
    "force-no-moment": "export the free moments: they matter for rotation about the vertical.",
}


def _finding(rule: str, file: str, group: ForceGroup, problem: str) -> Finding:
    return Finding(
        rule=rule,
        severity="warning" if rule in FIXES else "info",
        what=f"force columns {group.force[0]}: {problem}.",
        file=file,
        where=f"columns {group.force[0]} to {group.force[2]}",
        fix=FIXES.get(rule, ""),
    )
