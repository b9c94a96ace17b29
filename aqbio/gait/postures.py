"""Postures in a step that coaches assess: thighs, knees and foot at touchdown and toe-off.

Angles and distances in the plane of travel. Thigh angular motion by step: Clark, Meng and Stearne
(2020), Biol Open 9:bio053546. Touchdown distance, thigh extension and trunk lean correspond to
three themes of the Sprint Mechanics Assessment Score from video (Bramah et al. 2024, Am J Sports
Med, doi 10.1177/03635465241235525): overstriding, posterior leg cycle and trunk control. Its
cut-offs are not applied, since it is scored by eye.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap
from aqbio.gait.steps import Step
from aqbio.multibody.poses import SegmentPoses
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES
from aqbio.signals import resampled
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    from aqbio.config.model_map import Sides

LEG = ("hip", "knee", "ankle")
POINTS = (
    *(f"{joint}_{side}" for joint in LEG for side in SIDES),
    "shoulder_left",
    "shoulder_right",
)
"""Joint centres from which postures are computed."""

MEASURES = (
    "thigh_angle_push_touchdown_rad", "thigh_angle_swing_touchdown_rad",
    "thigh_angle_push_toe_off_rad", "thigh_angle_swing_toe_off_rad",
    "thigh_range_push_rad", "thigh_range_swing_rad",
    "thigh_speed_push_radps", "thigh_speed_swing_radps",
    "knee_separation_touchdown_m", "swing_knee_ahead_touchdown_m", "touchdown_distance_m",
    "trunk_lean_touchdown_rad",
)  # fmt: skip
"""Columns of steps.tsv; the dictionary describes them."""

UNMODELLED_SD = {
    "thigh_angle_push_touchdown_rad": 0.002, "thigh_angle_swing_touchdown_rad": 0.005,
    "thigh_angle_push_toe_off_rad": 0.010, "thigh_angle_swing_toe_off_rad": 0.003,
    "thigh_range_push_rad": 0.024, "thigh_range_swing_rad": 0.006,
    "thigh_speed_push_radps": 0.7, "knee_separation_touchdown_m": 0.0025,
}  # fmt: skip
"""Errors from soft tissue and smoothing in addition to a fit's posterior SD, root mean square in
three virtual sprinters. In two further ones, whose steps were not used, intervals then contained 91
to 100 % of the true values, without it 43 to 100 %."""

INSTANTS_PER_STEP = 101
"""Number of instants of a step among which peak angles and speeds are sought."""


def spread_column(measure: str) -> str:
    """Column with the standard deviation of a measure."""
    name, _, unit = measure.rpartition("_")
    return f"{name}_sd_{unit}"


def posture_points(
    skeleton: Skeleton, model_map: ModelMap, poses: SegmentPoses, com: FloatArray
) -> FloatArray:
    """`POINTS` from the whole body's centre of mass, (T, P, 3), m; NaN where a model lacks one."""
    points = np.full((len(com), len(POINTS), 3), np.nan)
    for index, name in enumerate(POINTS):
        joint, _, side = name.rpartition("_")
        sides: Sides | None = getattr(model_map.joints, joint)
        if sides is not None:
            centre = skeleton.joints.index(getattr(sides, side))
            points[:, index] = poses.joint_centre[:, centre] - com
    return points


def posture_numbers(
    points: FloatArray, time: FloatArray, steps: Sequence[Step]
) -> dict[str, FloatArray]:
    """`MEASURES` of every step, (S, ...) each, from (T, P, 3, ...) points along the travel.

    Dimensions after the third one of the points, such as draws, are kept.
    """
    empty = np.full((len(steps), *points.shape[3:]), np.nan)
    numbers = {name: empty.copy() for name in MEASURES}
    thigh = _thighs(points)
    for row, step in enumerate(steps):
        push = SIDES.index(step.side)
        for name, values in _of_step(points, thigh, time, step, push).items():
            numbers[name][row] = values
    return numbers


def _thighs(points: FloatArray) -> FloatArray:
    """(T, 2, ...) angles of both thighs from straight down, rad, positive forward."""
    hip, knee = (
        points[:, [POINTS.index(f"{joint}_{side}") for side in SIDES]] for joint in LEG[:2]
    )
    down = knee - hip
    return np.asarray(np.arctan2(down[:, :, 0], -down[:, :, 1]))


def _of_step(
    points: FloatArray, thigh: FloatArray, time: FloatArray, step: Step, push: int
) -> dict[str, FloatArray]:
    swing, start, end = 1 - push, step.touchdown, step.toe_off
    at_ends = resampled(time, thigh, np.array([start, end]))
    measures = {
        f"thigh_angle_{leg}_{event}_rad": at_ends[row, side]
        for leg, side in (("push", push), ("swing", swing))
        for row, event in enumerate(("touchdown", "toe_off"))
    }
    at = resampled(time, points, np.array([start]))[0]
    ahead = dict(zip(POINTS, at[:, 0], strict=True))
    knees = [ahead[f"knee_{SIDES[side]}"] for side in (push, swing)]
    shoulders, hips = (
        sum(at[POINTS.index(f"{joint}_{side}")] for side in SIDES) for joint in ("shoulder", "hip")
    )
    trunk = shoulders - hips
    measures |= {
        "knee_separation_touchdown_m": knees[1] - knees[0],
        "swing_knee_ahead_touchdown_m": knees[1],
        "touchdown_distance_m": ahead[f"ankle_{SIDES[push]}"],
        "trunk_lean_touchdown_rad": np.arctan2(trunk[0], trunk[1]),
    }
    if np.isfinite(step.next_touchdown):
        instants = np.linspace(start, step.next_touchdown, INSTANTS_PER_STEP)
        angles = resampled(time, thigh, instants)
        speeds = np.gradient(angles, instants, axis=0, edge_order=2)
        for leg, side, way in (("push", push, -1.0), ("swing", swing, 1.0)):
            measures[f"thigh_range_{leg}_rad"] = np.ptp(angles[:, side], axis=0)
            measures[f"thigh_speed_{leg}_radps"] = (way * speeds[:, side]).max(axis=0)
    return measures
