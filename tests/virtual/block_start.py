"""A start from blocks: a virtual runner crouches, gets up and runs onto the plates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from aqbio.multibody.poses import segment_poses, station_positions
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray
from aqbio.virtual.recording import RecordedRun

SET_S, PUSH_S = 0.8, 0.6
"""Time in the set position, and until the run begins, s."""

SWAY_RAD, SWAY_HZ = np.radians(0.5), 1.5
"""Nobody stands still."""

NOISE_M = 0.0007
"""Of markers, as cameras have it: without it they look low-passed."""

SET_POSITION_DEG = {
    "pelvis_tilt": -55.0, "hip_flexion_r": 55.0, "hip_flexion_l": 30.0, "knee_angle_r": 95.0,
    "knee_angle_l": 75.0, "ankle_angle_r": 15.0, "ankle_angle_l": 10.0, "lumbar_extension": -20.0,
    "arm_flex_r": 80.0, "arm_flex_l": 80.0,
}  # fmt: skip


def with_start(run: RecordedRun, skeleton: Skeleton) -> RecordedRun:
    """The run with a start before it; nothing stands on the plates before the run begins."""
    recording, motion = run.recording, run.truth.motion
    rate = recording.marker_rate
    first, speed = motion.q[0], motion.u[0]
    crouched = _set_position(skeleton, first, speed)
    time = np.arange(round((SET_S + PUSH_S) * rate)) / rate
    pushing = CubicHermiteSpline(
        [SET_S, SET_S + PUSH_S], [crouched, first], [np.zeros_like(first), speed]
    )
    q = np.where(time[:, None] < SET_S, crouched, pushing(np.maximum(time, SET_S)))
    shiver = (
        SWAY_RAD * np.sin(2.0 * np.pi * SWAY_HZ * time) * np.minimum(1.0, 2.0 * (time[-1] - time))
    )
    q = q + shiver[:, None] * skeleton.coordinate_is_rotation
    poses = segment_poses(skeleton, q)
    markers = station_positions(poses, skeleton.marker_body, skeleton.marker_position) + run.shift
    markers = np.concatenate([markers, recording.markers])
    markers += np.random.default_rng(0).normal(scale=NOISE_M, size=markers.shape)
    ratio = round(recording.force_rate / rate)
    unloaded = np.zeros((len(q) * ratio, *recording.force.shape[1:]))
    return replace(
        run,
        recording=recording.changed(
            markers=markers,
            rotation=np.concatenate([poses.rotation, recording.rotation]),
            phase=np.concatenate([np.full(len(q), recording.phase[0]), recording.phase]),
            force=np.concatenate([unloaded, recording.force]),
            moment=np.concatenate([unloaded, recording.moment]),
        ),
        start=run.start - len(q) / rate,
    )


def _set_position(skeleton: Skeleton, first: FloatArray, speed: FloatArray) -> FloatArray:
    """Coordinates in the blocks, behind where the run begins, the lower foot on the ground."""
    names = list(skeleton.coordinates)
    q = np.where(skeleton.coordinate_is_rotation, 0.0, first)
    for name, degrees in SET_POSITION_DEG.items():
        if name in names:
            q[names.index(name)] = np.radians(degrees)
    q[names.index("pelvis_tx")] -= 0.5 * PUSH_S * speed[names.index("pelvis_tx")]
    poses = segment_poses(skeleton, q[None])
    stations = station_positions(poses, skeleton.marker_body, skeleton.marker_position)[0]
    q[names.index("pelvis_ty")] += 0.03 - stations[:, 1].min()
    return q
