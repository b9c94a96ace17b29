"""Trials that start from joint angles: coordinates of a scaled model instead of markers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.body.anatomy import with_points
from aqbio.config import MarkerSet, ModelMap, Trial
from aqbio.errors import AqbioError, Finding, distinct
from aqbio.io.mot import Storage, read_storage, write_storage
from aqbio.io.movement import constant_stretches
from aqbio.io.recording import Recording, sampling_rate
from aqbio.io.sampling import even_storage
from aqbio.io.study import Study
from aqbio.io.trial_files import read_forces
from aqbio.labels.marker_set import landmark_labels, model_marker_set, stand_ins
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.motion import without_turns
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.observed.determined import determined_by_file, filled_coordinates
from aqbio.opensim.child_process import with_model
from aqbio.opensim.session import quiet
from aqbio.opensim.skeleton import read_skeleton
from aqbio.prepare.checks import MAX_MEDIAN_SPEED_M_S
from aqbio.prepare.prepared import prepared_coordinates
from aqbio.vectors import BoolArray, FloatArray

MAX_RADIANS = 7.0
"""No joint angle of a runner is larger than a whole turn: larger numbers are degrees, rad."""

MIN_DEGREES = 7.0
"""In a run some joint angle exceeds this: if none does, the numbers are radians, degrees."""


@dataclass(frozen=True, eq=False)
class CoordinatesTrial:
    """A trial that starts from joint angles, as if its model's markers had been recorded."""

    recording: Recording
    """Markers of the participant's model, where the coordinates put them, and points on its bodies
    that stand in for those of pelvis and feet that it lacks; ground axes of OpenSim."""
    marker_set: MarkerSet
    """Of these markers."""
    coordinates: tuple[str, ...]
    """tuple of C str."""
    q: FloatArray
    """(T, C) array, rad or m. NaN where the file lacks a coordinate."""

    @property
    def shows_body(self) -> bool:
        """Tell whether no coordinate is lacking: then the markers show how the whole body moves."""
        return not bool(np.isnan(self.q).all(axis=0).any())

    def write(self, stem: Path) -> None:
        """Write coordinates for stage inverse_kinematics, on the clock of the prepared trial."""
        time = np.arange(len(self.q)) / self.recording.rate
        file = prepared_coordinates(stem)
        write_storage(file, self.coordinates, time, self.q, in_degrees=False)


def coordinates_trial(study: Study, trial: Trial) -> CoordinatesTrial:
    """Read a trial that starts from joint angles; refuses coordinates that are not the model's."""
    model = study.model_file(trial.participant_id)
    with quiet(level="Off"):
        skeleton = with_model(model, lambda: read_skeleton(model))
    path, forces = study.recording(trial), study.forces(trial)
    return trial_of_storage(skeleton, study.model_map, read_storage(path), path, forces)


def trial_of_storage(
    skeleton: Skeleton, model_map: ModelMap, storage: Storage, path: Path, forces: Path | None
) -> CoordinatesTrial:
    """Trial of the coordinates in a storage file, with the forces that belong to it."""
    skeleton = with_points(skeleton, stand_ins(skeleton, model_map))
    storage, rate, uneven = even_motion(storage, path)
    q, findings = coordinate_values(storage, skeleton, path)
    findings += uneven
    check_lengths(q[:, ~skeleton.coordinate_is_rotation], rate, path)
    loads = None
    if forces is not None:
        moving = _moving_bodies(skeleton, storage.time, q)
        loads, force_findings = read_forces(forces, float(storage.time[0]), moving)
        findings += force_findings
    marker_set = model_marker_set(skeleton, model_map)
    positions = _positions(skeleton, q)
    determined = np.asarray(np.isfinite(positions).any(axis=(0, 2)))
    needed = landmark_labels(marker_set)
    columns = [i for i, label in enumerate(skeleton.markers) if determined[i] or label in needed]
    labels = tuple(skeleton.markers[index] for index in columns)
    recording = Recording(labels, positions[:, columns], rate, loads, tuple(findings))
    return CoordinatesTrial(recording, marker_set, skeleton.coordinates, q)


@dataclass(frozen=True, eq=False)
class _Bodies:
    """Bodies of a model that coordinates move, as `aqbio.io.mot_forces.MovingBodies`."""

    skeleton: Skeleton
    time: FloatArray
    """(T,) array, s. Of the file."""
    q: FloatArray
    """(T, C) array, rad or m. As the file has them, not low-passed; linear between its rows, as
    OpenSim takes a table at other times."""
    determined: BoolArray
    """(B,) bool array. Bodies that the file determines in all frames."""

    @property
    def start(self) -> float:
        """First instant of the file, s."""
        return float(self.time[0])

    @property
    def stop(self) -> float:
        """Last instant of the file, s."""
        return float(self.time[-1])

    def poses(self, body: str, time: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Axes (T, 3, 3) to ground and origin (T, 3), m, of a body; None if it is not known."""
        if body not in self.skeleton.bodies:
            return None
        index = self.skeleton.bodies.index(body)
        if not self.determined[index]:
            return None
        if not len(time):
            return np.zeros((0, 3, 3)), np.zeros((0, 3))
        q = np.stack([np.interp(time, self.time, column) for column in self.q.T], axis=1)
        poses = segment_poses(self.skeleton, q)
        return poses.rotation[:, index], poses.origin[:, index]


def _moving_bodies(skeleton: Skeleton, time: FloatArray, q: FloatArray) -> _Bodies:
    """The bodies of a model moved by coordinates (T, C)."""
    filled = filled_coordinates(skeleton, q)
    determined = np.asarray(determined_by_file(skeleton, filled, np.isfinite(q)).all(axis=0))
    return _Bodies(skeleton, time, filled, determined)


MIN_MOTION_ROWS = 6
"""Least number of rows of a motion: a quintic spline, whose second derivative is the acceleration,
needs six."""


def even_motion(storage: Storage, path: Path) -> tuple[Storage, float, list[Finding]]:
    """A motion at even times, its rate, Hz, and findings; refuses one of too few rows."""
    _refuse_few_rows(len(storage.time), path)
    even, rate, findings = even_storage(storage, path.name)
    _refuse_few_rows(len(even.time), path)
    return even, rate, findings


def _refuse_few_rows(rows: int, path: Path) -> None:
    if rows < MIN_MOTION_ROWS:
        raise AqbioError(
            f"the motion has {rows} {'row' if rows == 1 else 'rows'}; at least {MIN_MOTION_ROWS} "
            "are needed for accelerations, and one contact of a foot for its causes.",
            file=path.name,
            fix="give the motion of a step or more.",
            rule="motion-rows",
        )


def check_lengths(lengths: FloatArray, rate: float, path: Path) -> None:
    """Refuse translations (T, C), m, that are in another unit: they would be faster than people."""
    displacements = np.linalg.norm(np.nan_to_num(np.diff(lengths, axis=0)), axis=1)
    speed = float(np.median(displacements)) * rate if len(displacements) else 0.0
    if speed > MAX_MEDIAN_SPEED_M_S:
        raise AqbioError(
            f"the pelvis's translations go "
            f"{distinct(speed, MAX_MEDIAN_SPEED_M_S)} m/s in the middle, more than "
            f"{MAX_MEDIAN_SPEED_M_S:.0f} m/s: their unit is not the metre "
            f"(in millimetres they would go {1e-3 * speed:.1f} m/s), or the rate is wrong.",
            file=path.name,
            where="columns of translations (pelvis_tx, pelvis_ty, pelvis_tz)",
            fix="export the translations in metres, as OpenSim does.",
            rule="coordinates-unit",
        )


def _positions(skeleton: Skeleton, q: FloatArray) -> FloatArray:
    """Model marker positions (T, M, 3), m, from coordinates; NaN on segments they leave out."""
    filled = filled_coordinates(skeleton, q)
    determined = determined_by_file(skeleton, filled, np.isfinite(q))
    determined_markers = determined[:, skeleton.marker_body, None]
    return np.where(determined_markers, marker_positions(skeleton, filled), np.nan)


def coordinate_values(
    storage: Storage, skeleton: Skeleton, path: Path
) -> tuple[FloatArray, list[Finding]]:
    """All coordinates of a model from a file, (T, C) rad or m.

    NaN where a free coordinate has no column or a constant one, as zeros of columns that were never
    solved are. Locked coordinates without a column keep their default; dependent ones are computed:
    OpenSim writes them in radians even where the file says degrees (``knee_angle_r_beta``).
    """
    names = coordinate_columns(storage)
    missing = [name for name in skeleton.coordinates if name not in names]
    if len(missing) == len(skeleton.coordinates):
        raise _not_of_the_model(missing, "the file lacks", path)
    q = np.tile(skeleton.coordinate_default, (len(storage.time), 1))
    for index, name in enumerate(skeleton.coordinates):
        if name in names and index not in skeleton.couplers.dependent:
            q[:, index] = storage.column(names[name])
    angles = skeleton.coordinate_is_rotation.copy()
    angles[[index for index, name in enumerate(skeleton.coordinates) if name not in names]] = False
    angles[skeleton.couplers.dependent] = False
    if _are_in_degrees(storage, q[:, angles], path):
        q[:, angles] = np.radians(q[:, angles])
    q = without_turns(skeleton, q, skeleton.coordinate_default)
    constant = constant_stretches(q, sampling_rate(storage.time, path.name))
    q[:, skeleton.free] = np.where(constant, np.nan, q)[:, skeleton.free]
    return q, list(_lost_findings(skeleton, q, missing, path))


def _lost_findings(
    skeleton: Skeleton, q: FloatArray, missing: Sequence[str], path: Path
) -> Iterator[Finding]:
    """Findings of free coordinates that the file lacks; refuses a file without the pelvis."""
    free = {skeleton.coordinates[index] for index in skeleton.free}
    constant = {skeleton.coordinates[index] for index in np.flatnonzero(np.isnan(q).all(axis=0))}
    lacking = sorted(free & set(missing))
    unchanging = sorted(free & constant - set(missing))
    root = set(skeleton.driver[skeleton.parent[skeleton.axes.body] == GROUND].tolist())
    for names, words in ((lacking, "the file lacks"), (unchanging, "the file never changes")):
        if lost_names := [name for name in names if skeleton.coordinates.index(name) in root]:
            raise _not_of_the_model(lost_names, words, path)
    for names, words in (
        (lacking, "are not in the file"),
        (unchanging, "stay at one value in the file, as columns do that were never measured"),
    ):
        if names:
            yield Finding(
                rule="coordinates-missing",
                severity="warning",
                what=f"coordinates {', '.join(names)} {words}: parts of the body that depend on "
                "them are not observed.",
                file=path.name,
                number=float(len(names)),
                fix="export all coordinates of the model, from markers that show them.",
            )


def _not_of_the_model(names: Sequence[str], words: str, path: Path) -> AqbioError:
    return AqbioError(
        f"{words} {', '.join(names[:6])} of the model's coordinates.",
        file=path.name,
        where="column names",
        fix="check coordinates_file in trials.tsv and model_file in participants.tsv, and export "
        "all coordinates of the model.",
        rule="coordinates-missing",
    )


def coordinate_columns(storage: Storage) -> dict[str, str]:
    """Columns of a storage file by the name of their coordinate."""
    return {_plain(column): column for column in storage.columns}


def _plain(column: str) -> str:
    """Name of a coordinate, also where OpenSim writes a path: ``/jointset/hip_r/…/value``."""
    parts = column.split("/")
    return parts[-2] if len(parts) > 1 and parts[-1] == "value" else parts[-1]


def _are_in_degrees(storage: Storage, angles: FloatArray, path: Path) -> bool:
    """Tell whether joint angles are in degrees; raise if the numbers contradict the header."""
    largest = float(np.nanmax(np.abs(angles))) if angles.size else 0.0
    if storage.in_degrees is None:
        return largest > MAX_RADIANS
    possible = largest > MIN_DEGREES if storage.in_degrees else largest < MAX_RADIANS
    if not possible:
        declared, actual = ("degrees", "radians") if storage.in_degrees else ("radians", "degrees")
        raise AqbioError(
            f"the header says {declared}, but the largest joint angle is {largest:.2f}: these are "
            f"{actual}.",
            file=path.name,
            where="inDegrees in the header",
            fix=f"write inDegrees={'no' if storage.in_degrees else 'yes'} if that is so.",
            rule="coordinates-unit",
        )
    return bool(storage.in_degrees)
