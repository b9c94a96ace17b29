"""Lines that join both wrists and both ankles: which way they turn, seen from above."""

from __future__ import annotations

import numpy as np

from aqbio.config import ModelMap
from aqbio.gait.step_measures import line_yaw_rate
from aqbio.gait.steps import Step, phase_curve
from aqbio.multibody.kinematics import SegmentKinematics
from aqbio.multibody.skeleton import Skeleton
from aqbio.names import SIDES
from aqbio.observed.parts import ObservedParts
from aqbio.vectors import FloatArray, cross, rotate

BEYOND = 0.5
"""A joint that is at least this far on the way from the elbow to the last body's centre of mass is
a wrist; one of forearm bones lies at the elbow."""

Point = tuple[FloatArray, FloatArray]


def line_rates(parts: ObservedParts, kinematics: SegmentKinematics) -> FloatArray:
    """Rate at which the lines of the wrists and of the ankles turn about the vertical.

    Parameters
    ----------
    parts : ObservedParts
        Of the skeleton that moves.

    Returns
    -------
    (T, 2) array, rad/s
        As in `LINES`; NaN for what the model does not have or nobody saw.

    Notes
    -----
    A wrist is the centre of the joint between forearm and hand. Where the hand is one body with the
    forearm it is the centre of mass of that body, two thirds of the way from elbow to wrist.
    """
    model_map, skeleton = parts.model_map, parts.skeleton
    unknown = np.full(len(kinematics.q), np.nan)
    if not all(model_map.groups.get(f"arm_{side}") for side in SIDES):
        wrists = unknown
    else:
        wrists = _rate(*(wrist_point(model_map, skeleton, kinematics, side) for side in SIDES))
    ankles = [getattr(model_map.joints.ankle, side) for side in SIDES]
    places = [skeleton.joints.index(name) for name in ankles]
    rates = np.stack((wrists, _rate(*(joint_point(kinematics, place) for place in places))), axis=1)
    limbs = [[f"{limb}_{side}" for side in SIDES] for limb in ("arm", "leg")]
    seen = [parts.along("group", both).all(axis=1) for both in limbs]
    return np.where(np.stack(seen, axis=1), rates, np.nan)


def _rate(left: Point, right: Point) -> FloatArray:
    """Yaw rate of the line between two points, (T,)."""
    return line_yaw_rate(right[0] - left[0], right[1] - left[1])


def wrist_point(
    model_map: ModelMap, skeleton: Skeleton, kinematics: SegmentKinematics, side: str
) -> Point:
    """Position and velocity of one wrist, or of the forearm with the hand, (T, 3) each."""
    last = max(skeleton.bodies.index(name) for name in model_map.groups[f"arm_{side}"])
    arm = rotate(kinematics.rotation[:, last], skeleton.com[last])
    elbows = model_map.joints.elbow
    if elbows is not None:
        elbow = kinematics.joint_centre[:, skeleton.joints.index(getattr(elbows, side))]
        reach = np.linalg.norm(kinematics.joint_centre[:, last] - elbow, axis=1)
        whole = np.linalg.norm(kinematics.origin[:, last] + arm - elbow, axis=1)
        if np.median(reach) >= BEYOND * np.median(whole):
            return joint_point(kinematics, last)
    return _point(kinematics, last, arm)


def joint_point(kinematics: SegmentKinematics, body: int) -> Point:
    """Position and velocity of the centre of the joint that moves a body, (T, 3) each."""
    return _point(kinematics, body, kinematics.joint_centre[:, body] - kinematics.origin[:, body])


def _point(kinematics: SegmentKinematics, body: int, arm: FloatArray) -> Point:
    """Position and velocity of a point that a body carries, from its origin, (T, 3) each."""
    swirl = cross(kinematics.angular_velocity[:, body], arm)
    return kinematics.origin[:, body] + arm, kinematics.velocity[:, body] + swirl


def contact_line_rates(step: Step, time: FloatArray, rates: FloatArray) -> FloatArray:
    """Yaw rates of the lines over the contact of a step, canonical frame, (101, 2), rad/s.

    Parameters
    ----------
    time : (T,) array, s
    rates : (T, 2) array, rad/s
        From :func:`line_rates`.
    """
    vectors = np.zeros((*rates.shape, 3))
    vectors[..., 1] = rates
    return phase_curve(step, "stance", time, vectors, "axial")[..., 1]
