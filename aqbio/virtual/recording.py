"""Virtual recordings of runs and static trials by cameras and force plates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import GRAVITY
from aqbio.vectors import FloatArray, IntArray, cross
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from aqbio.virtual.gait import Gait
from aqbio.virtual.truth import GroundLoads, RunTruth, run_truth

GROUND_AXES: tuple[tuple[float, ...], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
"""x along the runway, y up, z right."""
VICON_AXES: tuple[tuple[float, ...], ...] = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
"""x right, y along the runway, z up."""
QUALISYS_AXES: tuple[tuple[float, ...], ...] = ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
"""Runway along -x, z up."""

PRESSURE_LENGTH = 0.06
"""Length of the pressure area of a foot around the centre of pressure, m."""
MIN_COP_FORCE_N = 5.0
"""Vertical force below which the centre of pressure keeps its last value."""


@dataclass(frozen=True, slots=True)
class PlateRow:
    """Row of force plates along the runway."""

    count: int = 8
    length: float = 1.2
    width: float = 0.6
    """length, width: Along and across the runway, m."""
    start: float = 0.0
    """Edge of the first plate, ground x, m."""
    depth: float = 0.045
    """Depth of the plates' origin below their surface, m."""

    def __post_init__(self) -> None:
        """Refuse rows without plates."""
        if self.count < 1 or min(self.length, self.width) <= 0.0:
            raise ValueError(f"{self.count} plates of {self.length} m x {self.width} m.")

    @property
    def end(self) -> float:
        """Edge of the last plate, m."""
        return self.start + self.count * self.length

    def centres(self) -> FloatArray:
        """(P, 3) centres of the surfaces, m, ground."""
        along = self.start + self.length * (np.arange(self.count) + 0.5)
        return np.stack((along, 0.0 * along, 0.0 * along), axis=1)

    def corners(self) -> FloatArray:
        """(P, 4, 3) corners, m, ground: plate axes are x forward, y right and z down."""
        ahead, right = self.length / 2.0, self.width / 2.0
        around = np.array(
            [[ahead, 0.0, right], [-ahead, 0.0, right], [-ahead, 0.0, -right], [ahead, 0.0, -right]]
        )
        corners: FloatArray = self.centres()[:, None] + around
        return corners


PLATE_AXES = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Columns are the plates' x, y and z in ground axes."""


@dataclass(frozen=True, slots=True)
class Laboratory:
    """Axes, units, rates and plates of a laboratory."""

    axes: tuple[tuple[float, ...], ...] = VICON_AXES
    """3 x 3 tuples. Rows are the laboratory's axes in ground axes: ``v_lab = axes v``."""
    marker_unit: Literal["mm", "m"] = "mm"
    """{"mm", "m"}. Of markers, corners and, with N, of moments."""
    marker_rate: float = 200.0
    force_rate: float = 1000.0
    """marker_rate, force_rate: float, Hz."""
    plates: PlateRow = field(default_factory=PlateRow)

    def __post_init__(self) -> None:
        """Refuse left-handed axes and incompatible rates."""
        matrix = np.array(self.axes)
        if not np.allclose(matrix @ matrix.T, np.eye(3)) or np.linalg.det(matrix) < 0.0:
            raise ValueError("the laboratory's axes are not a right-handed orthonormal system.")
        if self.force_rate % self.marker_rate:
            raise ValueError(
                f"{self.force_rate:g} Hz is no multiple of the markers' {self.marker_rate:g} Hz."
            )

    @property
    def matrix(self) -> FloatArray:
        """(3, 3) rotation from ground to laboratory axes."""
        return np.array(self.axes)


def plate_loads(loads: GroundLoads, row: PlateRow) -> tuple[FloatArray, FloatArray]:
    """Force and moment that each plate measures, (T, P, 3), N and N m, on the runner, ground axes.

    Moments about the centre of each plate; a load outside the row is lost.

    Pressure is uniform over 6 cm around the centre of pressure; a plate takes the share w that lies
    on it, at the midpoint p' of that part: ``F' = w F``, ``M' = w (M + (p' - p) × F)``.
    Over all plates both sum to the foot's load.
    """
    centres = row.centres()
    shape = (len(loads.force), row.count, 3)
    force, moment = np.zeros(shape), np.zeros(shape)
    for foot in range(loads.force.shape[1]):
        load, about = loads.force[:, foot], loads.moment[:, foot]
        if not (load[:, 1] > MIN_COP_FORCE_N).any():
            continue
        along, across = _held_cop(load, about)
        off_the_row = np.abs(across) > row.width / 2.0
        back, front = along - PRESSURE_LENGTH / 2.0, along + PRESSURE_LENGTH / 2.0
        for plate in range(row.count):
            low = row.start + plate * row.length
            first, last = np.maximum(back, low), np.minimum(front, low + row.length)
            share = np.clip(last - first, 0.0, None) / PRESSURE_LENGTH
            share = np.where(off_the_row, 0.0, share)[:, None]
            shift = np.zeros_like(load)
            shift[:, 0] = np.where(share[:, 0] > 0.0, (first + last) / 2.0 - along, 0.0)
            part = share * load
            force[:, plate] += part
            moved = share * (about + cross(shift, load))
            moment[:, plate] += moved - cross(np.broadcast_to(centres[plate], part.shape), part)
    return force, moment


def _held_cop(force: FloatArray, moment: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Centre of pressure along and across the runway; the nearest loaded value below the limit."""
    loaded = np.flatnonzero(force[:, 1] > MIN_COP_FORCE_N)
    frames = np.arange(len(force))
    after = np.clip(np.searchsorted(loaded, frames), 0, len(loaded) - 1)
    before = np.clip(after - 1, 0, len(loaded) - 1)
    nearer = np.abs(loaded[before] - frames) < np.abs(loaded[after] - frames)
    source = np.where(nearer, loaded[before], loaded[after])
    return moment[source, 2] / force[source, 1], -moment[source, 0] / force[source, 1]


ROW_END_MARGIN_M = 0.22
"""A contact nearer than this to the end of the row may leave the plates."""

STATIC_DURATION_S = 1.0
"""Duration of the static trial."""

STATIC_POSE_DEG = {"arm_add": -15.0, "elbow_flex": 10.0}
"""Arms away from the body; everything else straight."""


@dataclass(frozen=True, eq=False)
class VirtualRecording:
    """Markers and plates of one trial, in ground axes and SI units."""

    labels: tuple[str, ...]
    """tuple of M str."""
    markers: FloatArray
    """(T, M, 3) array, m. NaN where a marker is missing."""
    marker_rate: float
    force_rate: float
    """marker_rate, force_rate: Hz. Both start at the same instant."""
    force: FloatArray
    moment: FloatArray
    """force, moment: (F, P, 3) arrays, N and N m. On the runner; moments about the centres of the
    plates."""
    corners: FloatArray
    """(P, 4, 3) array, m."""
    marker_body: IntArray
    """(M,) int array."""
    bodies: tuple[str, ...]
    """tuple of B names."""
    rotation: FloatArray
    """(T, B, 3, 3) array. Body to ground axes."""
    phase: FloatArray
    """(T,) array, rad. Gait phase: pi per step."""

    def changed(self, **arrays: Any) -> VirtualRecording:
        """Replace arrays of the recording."""
        return replace(self, **arrays)


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Part of a gait that is recorded, and its position on the runway."""

    first_contact: int
    """Number of the contact (0 is the first right one) that comes first on the plates."""
    first_contact_x: float = 0.25
    """Its position on the runway, ground x, m."""
    across: float = 0.0
    """Distance of the runner to the right of the plates' centre line, m."""
    before: float = 0.25
    after: float = 0.25
    """before, after: Time recorded before that contact's touchdown and after the last contact on
    the plates, s."""
    clock_offset_s: float = 0.0
    """Delay of the forces relative to the markers."""
    cop_bias_m: float = 0.0
    """Distance of the plates ahead of where the file places them."""

    def __post_init__(self) -> None:
        """Refuse recordings that begin in a contact."""
        if self.before < 0.0 or self.after < 0.0:
            raise ValueError(f"{self.before} s before and {self.after} s after the plates.")


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """A recording of a run and the truth behind it."""

    recording: VirtualRecording
    """Without any disturbance but clock offset and bias of the plates."""
    truth: RunTruth
    """At the markers' frames, in the gait's coordinates: see ``shift``."""
    force_truth: RunTruth
    """At the plates' samples, clock offset included."""
    shift: FloatArray
    """(3,) array, m. From the gait's coordinates to the runway."""
    start: float
    """First frame on the gait's clock, s."""
    contacts_on_plates: tuple[int, ...]
    """Numbers of the contacts that lie entirely on the plates."""


def recorded_run(gait: Gait, plan: RunPlan, laboratory: Laboratory) -> RecordedRun:
    """Record a runner approaching, crossing and leaving the plates."""
    row, timeline = laboratory.plates, gait.timeline
    begin, contact_x = _contact(gait, plan.first_contact)
    shift = np.array([plan.first_contact_x - contact_x, 0.0, plan.across])
    numbers = contacts_on_row(gait, plan.first_contact, plan.first_contact_x, row)
    last = _contact(gait, numbers[-1])[0] + float(timeline.contact[numbers[-1] % len(timeline)])
    start = begin - plan.before
    frames = int(np.ceil((last + plan.after - start) * laboratory.marker_rate))
    ratio = int(laboratory.force_rate // laboratory.marker_rate)
    time = start + np.arange(frames) / laboratory.marker_rate
    force_time = start + np.arange(frames * ratio) / laboratory.force_rate
    truth = run_truth(gait, time)
    delayed = run_truth(gait, force_time - plan.clock_offset_s)
    loads = moved_loads(delayed.loads, shift - [plan.cop_bias_m, 0.0, 0.0])
    force, moment = plate_loads(loads, row)
    recording = _virtual_recording(
        gait.skeleton, truth.motion.q, shift, laboratory, force, moment, timeline.phase(time)
    )
    return RecordedRun(recording, truth, delayed, shift, start, tuple(numbers))


def contacts_on_row(gait: Gait, first: int, contact_x: float, row: PlateRow) -> list[int]:
    """Numbers of the contacts that lie on the plates when contact ``first`` is at ``contact_x``."""
    shift = contact_x - _contact(gait, first)[1]
    numbers = [first]
    while _contact(gait, numbers[-1] + 1)[1] + shift < row.end - ROW_END_MARGIN_M:
        numbers.append(numbers[-1] + 1)
    return numbers


def moved_loads(loads: GroundLoads, shift: FloatArray) -> GroundLoads:
    """Displace loads by ``shift``; moments stay about the origin."""
    along = np.broadcast_to(shift, loads.force.shape)
    return GroundLoads(loads.force, loads.moment + cross(along, loads.force))


def recorded_static(
    athlete: Athlete, laboratory: Laboratory, posture_deg: Mapping[str, float] | None = None
) -> VirtualRecording:
    """Record the athlete standing still in the middle of the fourth plate; posture in degrees."""
    skeleton, row = athlete_skeleton(athlete), laboratory.plates
    pose = skeleton.coordinate_default.copy()
    for name, angle in STATIC_POSE_DEG.items():
        for side in ("_r", "_l"):
            pose[skeleton.coordinates.index(name + side)] = np.radians(angle)
    for name, angle in (posture_deg or {}).items():
        pose[skeleton.coordinates.index(name)] = np.radians(angle)
    frames = int(STATIC_DURATION_S * laboratory.marker_rate)
    samples = frames * int(laboratory.force_rate // laboratory.marker_rate)
    q = np.tile(pose, (frames, 1))
    poses = segment_poses(skeleton, q[:1])
    centre = poses.origin[0] + (poses.rotation[0] @ skeleton.com[..., None])[..., 0]
    com = skeleton.mass @ centre / skeleton.mass.sum()
    plate = min(3, row.count - 1)
    middle = row.centres()[plate]
    shift = np.array([middle[0] - com[0], 0.0, middle[2] - com[2]])
    force = np.zeros((samples, row.count, 3))
    force[:, plate, 1] = athlete.mass * GRAVITY
    unloaded = np.zeros_like(force)
    return _virtual_recording(skeleton, q, shift, laboratory, force, unloaded, np.zeros(frames))


def _contact(gait: Gait, number: int) -> tuple[float, float]:
    """Touchdown, s, and position along x, m, of a contact."""
    timeline = gait.timeline
    period, step = divmod(number, len(timeline))
    return (
        period * timeline.period + float(timeline.touchdown[step]),
        period * float(timeline.contact_x[-1]) + float(timeline.contact_x[step]),
    )


def _virtual_recording(
    skeleton: Skeleton,
    q: FloatArray,
    shift: FloatArray,
    laboratory: Laboratory,
    force: FloatArray,
    moment: FloatArray,
    phase: FloatArray,
) -> VirtualRecording:
    poses = segment_poses(skeleton, q)
    markers = station_positions(poses, skeleton.marker_body, skeleton.marker_position)
    return VirtualRecording(
        labels=skeleton.markers,
        markers=markers + shift,
        marker_rate=laboratory.marker_rate,
        force_rate=laboratory.force_rate,
        force=force,
        moment=moment,
        corners=laboratory.plates.corners(),
        marker_body=skeleton.marker_body,
        bodies=skeleton.bodies,
        rotation=poses.rotation,
        phase=phase,
    )
