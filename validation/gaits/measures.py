"""Measures of one stride of a gait: angles, forces, joint moments, slip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.multibody.dynamics import generalised_forces, joint_wrenches
from aqbio.multibody.kinematics import (
    SegmentKinematics,
    SegmentMotion,
    segment_kinematics,
    segment_motion,
)
from aqbio.names import GRAVITY
from aqbio.vectors import FloatArray
from aqbio.virtual.gait import evaluate_series
from aqbio.virtual.truth import ground_loads
from validation.gaits import collocation
from validation.gaits.generator import SolvedGait

STRIDE_SAMPLES = 80


@dataclass(frozen=True, eq=False)
class GaitMeasures:
    """Measures of one stride of a gait, from a right touchdown on."""

    stride: FloatArray
    """(T,) array. 0 to 1, without the end."""
    angles: dict[str, FloatArray]
    """Dict of (T,) arrays, degrees. All coordinates."""
    torso_yaw: FloatArray
    torso_lean: FloatArray
    """torso_yaw, torso_lean: (T,) arrays, degrees. Heading of the thorax (left is positive) and its
    lean (forward is positive)."""
    force: FloatArray
    """(n, 3) array, body weights. Of the right contact, at the nodes."""
    free_moment: FloatArray
    """(n,) array, N m."""
    slip: FloatArray
    """(3,) array, m. Largest distance of the ankle from its path along x and y, and its range along
    z."""
    clearance: float
    """m. Lowest height of the toes in swing."""
    moments: dict[str, FloatArray]
    """Dict of (T,) arrays, N m/kg. Generalised forces of the coordinates."""


def gait_measures(solved: SolvedGait) -> GaitMeasures:
    """Look at the first stride of a gait."""
    gait = solved.gait
    line, skeleton = gait.timeline, gait.skeleton
    stride = np.arange(STRIDE_SAMPLES) / STRIDE_SAMPLES
    duration = float(line.step[:2].sum())
    time = stride * duration
    q, u, udot = gait.states(time)
    kinematics = segment_kinematics(skeleton, q, u, udot)
    names = skeleton.coordinates
    mass = gait.athlete.mass
    segments = segment_motion(skeleton, kinematics)
    tau = _joint_moments(solved, time, kinematics, segments)
    torso = kinematics.rotation[:, skeleton.bodies.index("torso")]
    swing = (time > line.contact[0] + 0.1 * line.flight[0]) & (
        time < duration - 0.1 * line.flight[1]
    )
    toes = kinematics.origin[swing, skeleton.bodies.index("toes_r"), 1]
    return GaitMeasures(
        stride=stride,
        angles=dict(zip(names, np.degrees(q).T, strict=True)),
        torso_yaw=np.degrees(np.arctan2(-torso[:, 2, 0], torso[:, 0, 0])),
        torso_lean=np.degrees(np.arctan2(torso[:, 0, 1], torso[:, 1, 1])),
        force=solved.forces.force[0] / (mass * GRAVITY),
        free_moment=solved.forces.free_moment[0],
        slip=_slip(solved, time, kinematics),
        clearance=float(toes.min()),
        moments=dict(zip(names, tau.T / mass, strict=True)),
    )


def _joint_moments(
    solved: SolvedGait, time: FloatArray, kinematics: SegmentKinematics, segments: SegmentMotion
) -> FloatArray:
    skeleton = solved.gait.skeleton
    loads = ground_loads(solved.gait, time, segments)
    wrenches = joint_wrenches(skeleton, kinematics, loads.external())
    return generalised_forces(skeleton, kinematics, wrenches)


def _slip(solved: SolvedGait, time: FloatArray, kinematics: SegmentKinematics) -> FloatArray:
    gait = solved.gait
    contact = float(gait.timeline.contact[0])
    on = (time > 0.02 * contact) & (time < 0.98 * contact)
    path = collocation.coefficients_of(solved.foot.ankle[:1])
    step = np.zeros(int(on.sum()), dtype=np.int64)
    foot = evaluate_series(path, step, time[on] / contact, gait.timeline.contact[:1], 0)
    ankle = kinematics.origin[on, gait.skeleton.bodies.index("foot_r")]
    error = ankle - foot
    return np.array([*np.abs(error[:, :2]).max(axis=0), np.ptp(error[:, 2])])
