"""Rotation of the lines through wrists, hips and shoulders about the vertical."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from aqbio.config import ModelMap
from aqbio.gait.signals import select_labels
from aqbio.gait.steps import Step
from aqbio.multibody.kinematics import SegmentKinematics
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES
from aqbio.observed.parts import ObservedParts
from aqbio.signals import resampled
from aqbio.vectors import FloatArray, rotate

MIN_WRIST_SHARE = 0.5
"""Least distance of a wrist from the elbow, as a share of that of the last body's centre of mass;
a joint between forearm bones lies at the elbow."""


def _ends(parts: ObservedParts, kinematics: SegmentKinematics, line: str) -> list[FloatArray]:
    """Left and right end of the line of wrists, hips or shoulders; empty without."""
    model_map, skeleton = parts.model_map, parts.skeleton
    if line == "wrists":
        has_arms = all(model_map.groups.get(f"arm_{side}") for side in SIDES)
        sides = SIDES if has_arms else ()
        return [wrist_point(model_map, skeleton, kinematics, side) for side in sides]
    joint_pair = getattr(model_map.joints, line.removesuffix("s"))
    joints = [] if joint_pair is None else [getattr(joint_pair, side) for side in SIDES]
    return [kinematics.joint_centre[:, skeleton.joints.index(name)] for name in joints]


def wrist_point(
    model_map: ModelMap, skeleton: Skeleton, kinematics: SegmentKinematics, side: str
) -> FloatArray:
    """Position of one wrist, or of the forearm with the hand, (T, 3), m."""
    last = max(skeleton.bodies.index(name) for name in model_map.groups[f"arm_{side}"])
    arm = rotate(kinematics.rotation[:, last], skeleton.com[last])
    elbows = model_map.joints.elbow
    if elbows is not None:
        elbow = kinematics.joint_centre[:, skeleton.joints.index(getattr(elbows, side))]
        reach = np.linalg.norm(kinematics.joint_centre[:, last] - elbow, axis=1)
        com_distance = np.linalg.norm(kinematics.origin[:, last] + arm - elbow, axis=1)
        if np.median(reach) >= MIN_WRIST_SHARE * np.median(com_distance):
            return kinematics.joint_centre[:, last]
    return kinematics.origin[:, last] + arm


TURNED = ("hips", "shoulders", "wrists")
"""Lines whose rotation about the vertical is reported: of pelvis, torso and arms."""

INSTANTS = 201
"""Number of instants at which a step is sampled."""


def line_angles(parts: ObservedParts, kinematics: SegmentKinematics) -> FloatArray:
    """Angle (T, 3), rad, about the vertical from left to right hip, shoulder and wrist.

    Unwrapped, as in `TURNED`; NaN for lines that the model lacks or that were not observed.
    """
    groups, lines = parts.model_map.groups, []
    for line, members in zip(TURNED, ((), ("torso",), ("arm_left", "arm_right")), strict=True):
        ends = _ends(parts, kinematics, line)
        angle = np.full(len(kinematics.q), np.nan)
        if ends:  # about +y
            along = ends[1] - ends[0]
            angle = np.unwrap(np.arctan2(-along[:, 2], along[:, 0]))
        observed: Any = False if members else parts.pelvis
        if members and all(groups.get(group) for group in members):
            observed = parts.along("group", members).all(axis=1)
        lines.append(np.where(observed, angle, np.nan))
    return np.stack(lines, axis=1)


def turning_numbers(
    steps: Sequence[Step], time: FloatArray, angles: FloatArray, curves: xr.Dataset
) -> dict[str, FloatArray]:
    """Rotation ranges and free moment of every step, by column; angles (T, 3), rad."""
    ranges = np.array([_range(step, time, angles) for step in steps]).reshape(-1, len(TURNED))
    free = select_labels(curves, "free_moment", phase="stance", axis="y")
    total = select_labels(curves, "angular_momentum", phase="stance", axis="y", group="total")
    columns = {f"yaw_range_{name}": ranges[:, column] for column, name in enumerate(TURNED)}
    return columns | {
        "free_moment_peak": np.abs(free).max(axis=-1),
        "momentum_peak_total": np.abs(total).max(axis=-1),
    }


def _range(step: Step, time: FloatArray, angles: FloatArray) -> FloatArray:
    """Range of the angles between touchdown and next touchdown, (3,), rad."""
    if not np.isfinite(step.next_touchdown):
        return np.full(angles.shape[1], np.nan)
    instants = np.linspace(step.touchdown, step.next_touchdown, INSTANTS)
    return np.asarray(np.ptp(resampled(time, angles, instants), axis=0))
