"""Postures in a step that coaches assess: thighs, shins, knees and feet.

Angles and distances in the plane of travel. Thigh angular motion by step: Clark, Meng and Stearne
(2020), Biol Open 9:bio053546. Touchdown distance, thigh extension and trunk lean correspond to
three themes of the Sprint Mechanics Assessment Score from video (Bramah et al. 2024, Am J Sports
Med, doi 10.1177/03635465241235525): overstriding, posterior leg cycle and trunk control. Its
cut-offs are not applied, since it is scored by eye. Angle of the foot at touchdown as the measure
of foot strike: Altman and Davis (2012), Gait Posture 35:298-300.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.config import ModelMap
from aqbio.config.model_map import Sides
from aqbio.gait.steps import Step
from aqbio.multibody.poses import SegmentPoses, segment_poses
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES
from aqbio.signals import resampled
from aqbio.vectors import FloatArray

LEG = ("hip", "knee", "ankle", "mtp")
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
    "shin_angle_touchdown_rad", "ankle_angle_touchdown_rad", "foot_angle_touchdown_rad",
    "knee_height_swing_m", "heel_recovery_swing_m",
)  # fmt: skip
"""Columns of steps.tsv; the dictionary describes them."""

UNMODELLED_SD = {
    "thigh_angle_push_touchdown_rad": 0.002, "thigh_angle_swing_touchdown_rad": 0.005,
    "thigh_angle_push_toe_off_rad": 0.010, "thigh_angle_swing_toe_off_rad": 0.003,
    "thigh_range_push_rad": 0.024, "thigh_range_swing_rad": 0.006,
    "thigh_speed_push_radps": 0.7, "knee_separation_touchdown_m": 0.0025,
    "shin_angle_touchdown_rad": 0.009, "ankle_angle_touchdown_rad": 0.023,
    "foot_angle_touchdown_rad": 0.022, "knee_height_swing_m": 0.0015,
    "heel_recovery_swing_m": 0.0012,
}  # fmt: skip
"""Errors from soft tissue and smoothing in addition to a fit's posterior SD, root mean square in
three virtual sprinters. In two further ones, whose steps were not used, intervals of thighs and
knees then contained 91 to 100 % of the true values, without it 43 to 100 %. Of shin, ankle, foot,
knee height and heel it is the whole error in nine runs of three sprinters, whatever part of it a
posterior holds too: in their plantarflexed landing the fitted ankle is 1.2 degrees too
plantarflexed."""

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


@dataclass(frozen=True, slots=True)
class NeutralFeet:
    """Angles of a model's feet in its neutral pose: upright, soles flat on the ground, rad."""

    foot: tuple[float, float] = (0.0, 0.0)
    """Inclination of the line from ankle to ball of the foot, left and right; positive: upward."""
    shank: tuple[float, float] = (0.0, 0.0)
    """Angle of the line from knee to ankle from straight down, left and right."""


def neutral_feet(skeleton: Skeleton, model_map: ModelMap) -> NeutralFeet:
    """Angles of the feet where all coordinates are 0; NaN for a model without balls of the feet."""
    pose = segment_poses(skeleton, np.zeros((1, len(skeleton.coordinates))))
    points = posture_points(skeleton, model_map, pose, np.zeros((1, 3)))
    left, right = _inclinations(points, "ankle", "mtp")[0].tolist()
    shanks = _from_straight_down(points, "knee", "ankle")[0].tolist()
    return NeutralFeet((left, right), (shanks[0], shanks[1]))


def posture_numbers(
    points: FloatArray,
    time: FloatArray,
    steps: Sequence[Step],
    neutral: NeutralFeet = NeutralFeet(),
) -> dict[str, FloatArray]:
    """`MEASURES` of every step, (S, ...) each, from (T, P, 3, ...) points along the travel.

    Dimensions after the third one of the points, such as draws, are kept.
    """
    empty = np.full((len(steps), *points.shape[3:]), np.nan)
    numbers = {name: empty.copy() for name in MEASURES}
    thigh = _from_straight_down(points, "hip", "knee")
    for row, step in enumerate(steps):
        push = SIDES.index(step.side)
        measures = _of_step(points, thigh, time, step, push) | _of_feet(
            points, time, step, push, neutral
        )
        for name, values in measures.items():
            numbers[name][row] = values
    return numbers


def _lines(points: FloatArray, start: str, end: str) -> FloatArray:
    """(T, 2, 3, ...) vectors from one joint centre to the next, left and right, m."""
    first, last = (
        points[:, [POINTS.index(f"{joint}_{side}") for side in SIDES]] for joint in (start, end)
    )
    return np.asarray(last - first)


def _from_straight_down(points: FloatArray, start: str, end: str) -> FloatArray:
    """(T, 2, ...) angles of both sides' lines from straight down, rad, positive forward."""
    line = _lines(points, start, end)
    return np.asarray(np.arctan2(line[:, :, 0], -line[:, :, 1]))


def _inclinations(points: FloatArray, start: str, end: str) -> FloatArray:
    """(T, 2, ...) angles of both sides' lines from straight forward, rad, positive upward."""
    line = _lines(points, start, end)
    return np.asarray(np.arctan2(line[:, :, 1], line[:, :, 0]))


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


def _of_feet(
    points: FloatArray, time: FloatArray, step: Step, push: int, neutral: NeutralFeet
) -> dict[str, FloatArray]:
    """Shin, ankle and foot at touchdown; knee and heel of the swing leg over the step."""
    at = resampled(time, points, np.array([step.touchdown]))
    shin = _from_straight_down(at, "knee", "ankle")[0, push]
    foot = _inclinations(at, "ankle", "mtp")[0, push] - neutral.foot[push]
    foot = np.asarray((foot + np.pi) % (2.0 * np.pi) - np.pi)
    measures = {
        "shin_angle_touchdown_rad": shin,
        "foot_angle_touchdown_rad": foot,
        "ankle_angle_touchdown_rad": foot - (shin - neutral.shank[push]),
    }
    if np.isfinite(step.next_touchdown):
        instants = np.linspace(step.touchdown, step.next_touchdown, INSTANTS_PER_STEP)
        over = resampled(time, points, instants)
        thigh, leg = (_lines(over, "hip", joint)[:, 1 - push] for joint in ("knee", "ankle"))
        measures["knee_height_swing_m"] = thigh[:, 1].max(axis=0)
        measures["heel_recovery_swing_m"] = np.sqrt((leg**2).sum(axis=1)).min(axis=0)
    return measures
