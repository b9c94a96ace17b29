"""Which segment of a foot bears the ground's force: the toes where it presses ahead of the ball."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from aqbio.force_plates.forces import centre_of_pressure
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.poses import SegmentPoses
from aqbio.multibody.skeleton import FIXED, Skeleton
from aqbio.vectors import FloatArray, IntArray, cross, dot

BLEND = 0.010
"""From so far behind the joint of the toes to so far ahead of it the load passes from one segment
to the other, m: as well as markers, scaling and plates together place the two."""

PRESSED = 20.0
"""Vertical force below which no centre of pressure is defined, N."""

UP = np.array([0.0, 1.0, 0.0])


def borne_by_toes(
    loads: Sequence[ExternalLoad],
    skeleton: Skeleton,
    poses: SegmentPoses,
    toe_joints: Iterable[str],
    surface_height: float = 0.0,
) -> tuple[ExternalLoad, ...]:
    """Loads of the feet with the share of each that the toes bear.

    Parameters
    ----------
    loads : sequence of ExternalLoad
        Each on the body of a foot.
    poses : SegmentPoses
        Of the loads' frames.
    toe_joints : iterable of str
        Joints between a foot and its toes. A load on a foot without one, or whose toes do not
        turn, stays as it is.
    surface_height : float
        Of the ground, m.

    Notes
    -----
    With the way d of the centre of pressure ahead of the joint's axis, seen from above:
    ``s = x² (3 − 2 x)`` with ``x = (d / BLEND + 1) / 2`` between 0 and 1. The moment at the joint
    is then ``F d`` ahead of it and nothing behind it: the least that a foot needs that presses with
    the ball and the toes alone.
    """
    turning = _turning_toes(skeleton, toe_joints)
    told = []
    for load in loads:
        foot = skeleton.bodies.index(load.body)
        if foot not in turning:
            told.append(load)
            continue
        toes, axis = turning[foot]
        share = _share(load, poses, foot, toes, axis, surface_height)
        told.append(replace(load, toes=skeleton.bodies[toes], share=share))
    return tuple(told)


def _turning_toes(skeleton: Skeleton, toe_joints: Iterable[str]) -> dict[int, tuple[int, int]]:
    """Body of the toes and axis that they turn about, by body of the foot."""
    found = {}
    for joint in toe_joints:
        toes = skeleton.joints.index(joint)
        axes = _free_rotations(skeleton, toes)
        if len(axes):
            found[int(skeleton.parent[toes])] = (toes, int(axes[0]))
    return found


def _free_rotations(skeleton: Skeleton, body: int) -> IntArray:
    """Rotation axes of a body's joint that a coordinate drives which is not locked."""
    driver = skeleton.driver
    own = (skeleton.axes.body == body) & skeleton.axes.is_rotation & (driver != FIXED)
    return np.flatnonzero(own & np.isin(driver, skeleton.free))


def _share(
    load: ExternalLoad, poses: SegmentPoses, foot: int, toes: int, axis: int, height: float
) -> FloatArray:
    """(T,) share of the toes; none where the foot is hardly loaded."""
    about = np.broadcast_to(load.point, load.force.shape)
    cop, _ = centre_of_pressure(load.force, load.moment, about, height, PRESSED)
    ahead = cross(poses.axis_direction[:, axis], UP)
    ahead = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    centre, ankle = poses.joint_centre[:, toes], poses.joint_centre[:, foot]
    pressed = np.isfinite(cop[:, 0])
    if not pressed.any():
        return np.zeros(len(cop))
    # in swing toes may be behind the ankle: the way ahead is that of the foot on the ground
    ahead *= np.sign(np.median(dot(ahead, centre - ankle)[pressed]))
    x = np.clip(0.5 * (dot(np.nan_to_num(cop - centre, nan=-1.0), ahead) / BLEND + 1.0), 0.0, 1.0)
    share: FloatArray = np.where(pressed, x * x * (3.0 - 2.0 * x), 0.0)
    return share
