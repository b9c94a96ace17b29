"""How far pelvis, shoulders and arms turn in a step, and how much the ground twists against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config.model_map import Sides
from aqbio.gait.labels import picked
from aqbio.gait.steps import Step
from aqbio.multibody.kinematics import SegmentKinematics
from aqbio.multiverse.lines import Point, joint_point, wrist_point
from aqbio.names import SIDES
from aqbio.observed.parts import ObservedParts
from aqbio.signals.gaps import resampled
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

TURNED = ("hips", "shoulders", "wrists")
"""Lines whose turning about the vertical is told: of pelvis, torso and arms."""

INSTANTS = 201
"""At which a step is looked at."""


def line_angles(parts: ObservedParts, kinematics: SegmentKinematics) -> FloatArray:
    """Angle about the vertical of the lines from the left to the right hip, shoulder and wrist.

    Parameters
    ----------
    parts : ObservedParts
        Of the skeleton that moves.

    Returns
    -------
    (T, 3) array, rad
        Without jumps, as in `TURNED`; NaN for what the model does not have or nobody saw.
    """
    model_map, skeleton = parts.model_map, parts.skeleton
    unknown = np.full(len(kinematics.q), np.nan)
    arms = [f"arm_{side}" for side in SIDES]
    has_arms = all(model_map.groups.get(one) for one in arms)

    def joints(named: Sides | None) -> list[Point]:
        names = [] if named is None else [getattr(named, side) for side in SIDES]
        return [joint_point(kinematics, skeleton.joints.index(name)) for name in names]

    ends = (
        joints(model_map.joints.hip),
        joints(model_map.joints.shoulder),
        [wrist_point(model_map, skeleton, kinematics, side) for side in SIDES] if has_arms else [],
    )
    angles = [_angle(both[1][0] - both[0][0]) if both else unknown for both in ends]
    seen = [
        parts.pelvis,
        parts.along("group", ["torso"]).all(axis=1) if "torso" in model_map.groups else False,
        parts.along("group", arms).all(axis=1) if has_arms else False,
    ]
    return np.stack(
        [np.where(one, angle, np.nan) for one, angle in zip(seen, angles, strict=True)], axis=1
    )


def _angle(line: FloatArray) -> FloatArray:
    """About +y, (T,)."""
    return np.unwrap(np.arctan2(-line[:, 2], line[:, 0]))


def turning_numbers(
    steps: Sequence[Step], time: FloatArray, angles: FloatArray, curves: xr.Dataset
) -> dict[str, FloatArray]:
    """Numbers of every step that tell how restricted arms are made up for, by column.

    Parameters
    ----------
    time : (T,) array, s
    angles : (T, 3) array, rad
        From :func:`line_angles`.
    curves : xarray.Dataset
        Of these steps, with the free moment.
    """
    ranges = np.array([_range(step, time, angles) for step in steps]).reshape(-1, len(TURNED))
    free = picked(curves, "free_moment", phase="stance", axis="y")
    total = picked(curves, "angular_momentum", phase="stance", axis="y", group="total")
    columns = {f"yaw_range_{name}": ranges[:, place] for place, name in enumerate(TURNED)}
    return columns | {
        "free_moment_peak": np.abs(free).max(axis=-1),
        "momentum_peak_total": np.abs(total).max(axis=-1),
    }


def _range(step: Step, time: FloatArray, angles: FloatArray) -> FloatArray:
    """From the least to the greatest angle between touchdown and next touchdown, (3,)."""
    if not np.isfinite(step.next_touchdown):
        return np.full(angles.shape[1], np.nan)
    at = np.linspace(step.touchdown, step.next_touchdown, INSTANTS)
    return np.asarray(np.ptp(resampled(time, angles, at), axis=0))
