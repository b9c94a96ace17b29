"""Virtual recordings: what cameras and plates see of a run, and of the static trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import GRAVITY
from aqbio.vectors import FloatArray, IntArray, cross
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from aqbio.virtual.gait import Gait
from aqbio.virtual.laboratory import Laboratory, PlateRow, plate_loads
from aqbio.virtual.truth import GroundLoads, RunTruth, run_truth

MARGIN = 0.22
"""A contact nearer than this to the end of the row may leave the plates, m."""
STATIC_DURATION = 1.0
STATIC_POSE_DEG = {"arm_add": -15.0, "elbow_flex": 10.0}
"""Arms away from the body; everything else straight."""


@dataclass(frozen=True, eq=False)
class VirtualRecording:
    """Markers and plates of one trial, in ground axes and SI units."""

    labels: tuple[str, ...]
    """tuple of M str."""
    markers: FloatArray
    """(T, M, 3) array, m. NaN where a marker is not seen."""
    marker_rate: float
    force_rate: float
    """marker_rate, force_rate: Both begin at the same instant, Hz."""
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
        """The same recording with other arrays."""
        return replace(self, **arrays)


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Which part of a gait is recorded, and where on the runway."""

    first_contact: int
    """Number of the contact (0 is the first right one) that comes first on the plates."""
    first_place: float = 0.25
    """Where on the runway, ground x, m."""
    across: float = 0.0
    """How far right of the plates' middle line the runner runs, m."""
    before: float = 0.25
    after: float = 0.25
    """before, after: What is recorded before that contact's touchdown and after the last one on the
    plates, s."""
    clock_offset_s: float = 0.0
    """The forces are this much late against the markers."""
    cop_bias_m: float = 0.0
    """The plates are this far ahead of where the file says."""

    def __post_init__(self) -> None:
        """Refuse recordings that begin in a contact."""
        if self.before < 0.0 or self.after < 0.0:
            raise ValueError(f"{self.before} s before and {self.after} s after the plates.")


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """A recording of a run and what is known about it."""

    recording: VirtualRecording
    """Without any disturbance but clock offset and bias of the plates."""
    truth: RunTruth
    """At the markers' frames, in the runner's own place: see ``shift``."""
    force_truth: RunTruth
    """At the plates' samples; where their clock is late, at the instants that they see."""
    shift: FloatArray
    """(3,) array, m. From the gait's own place to the runway."""
    start: float
    """First frame on the gait's clock, s."""
    contacts_on_plates: tuple[int, ...]
    """Numbers of the contacts that lie on the row as a whole."""


def recorded_run(gait: Gait, plan: RunPlan, laboratory: Laboratory) -> RecordedRun:
    """Record a runner who comes, crosses the plates and leaves."""
    row, line = laboratory.plates, gait.timeline
    begin, place = _contact(gait, plan.first_contact)
    shift = np.array([plan.first_place - place, 0.0, plan.across])
    numbers = contacts_on_row(gait, plan.first_contact, plan.first_place, row)
    last = _contact(gait, numbers[-1])[0] + float(line.contact[numbers[-1] % len(line)])
    start = begin - plan.before
    frames = int(np.ceil((last + plan.after - start) * laboratory.marker_rate))
    ratio = int(laboratory.force_rate // laboratory.marker_rate)
    time = start + np.arange(frames) / laboratory.marker_rate
    force_time = start + np.arange(frames * ratio) / laboratory.force_rate
    truth = run_truth(gait, time)
    delayed = run_truth(gait, force_time - plan.clock_offset_s)
    loads = moved_loads(delayed.loads, shift - [plan.cop_bias_m, 0.0, 0.0])
    force, moment = plate_loads(loads, row)
    recording = _marked(
        gait.skeleton, truth.motion.q, shift, laboratory, (force, moment), line.phase(time)
    )
    return RecordedRun(recording, truth, delayed, shift, start, tuple(numbers))


def contacts_on_row(gait: Gait, first: int, place: float, row: PlateRow) -> list[int]:
    """Numbers of the contacts that lie on the plates when contact ``first`` is at ``place``."""
    shift = place - _contact(gait, first)[1]
    numbers = [first]
    while _contact(gait, numbers[-1] + 1)[1] + shift < row.end - MARGIN:
        numbers.append(numbers[-1] + 1)
    return numbers


def moved_loads(loads: GroundLoads, shift: FloatArray) -> GroundLoads:
    """The same loads on a runner who is elsewhere; moments stay about the origin."""
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
    frames = int(STATIC_DURATION * laboratory.marker_rate)
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
    return _marked(skeleton, q, shift, laboratory, (force, unloaded), np.zeros(frames))


def _contact(gait: Gait, number: int) -> tuple[float, float]:
    """Touchdown and place of a contact."""
    line = gait.timeline
    period, step = divmod(number, len(line))
    return (
        period * line.period + float(line.touchdown[step]),
        period * float(line.place[-1]) + float(line.place[step]),
    )


def _marked(
    skeleton: Skeleton,
    q: FloatArray,
    shift: FloatArray,
    laboratory: Laboratory,
    plates: tuple[FloatArray, FloatArray],
    phase: FloatArray,
) -> VirtualRecording:
    poses = segment_poses(skeleton, q)
    markers = station_positions(poses, skeleton.marker_body, skeleton.marker_position)
    return VirtualRecording(
        labels=skeleton.markers,
        markers=markers + shift,
        marker_rate=laboratory.marker_rate,
        force_rate=laboratory.force_rate,
        force=plates[0],
        moment=plates[1],
        corners=laboratory.plates.corners(),
        marker_body=skeleton.marker_body,
        bodies=skeleton.bodies,
        rotation=poses.rotation,
        phase=phase,
    )
