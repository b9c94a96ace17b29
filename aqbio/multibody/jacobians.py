"""How points, segments and the whole skeleton move when one coordinate does.

A coordinate, changed at the unit rate, moves joint axes, and each of these gives all that lies
beyond it a rigid velocity field, ``v(p) = s + t × (p − o)``. From these fields follow point and
contact Jacobians, the mass matrix, and the normal matrix of inverse kinematics, where the
markers' weights take the place of masses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.multibody.poses import SegmentPoses
from aqbio.multibody.skeleton import FIXED, Skeleton
from aqbio.vectors import (
    FloatArray,
    IntArray,
    combined,
    cross,
    of_parts,
    sums_of_runs,
    transpose,
)


@dataclass(frozen=True, eq=False)
class VelocityFields:
    """Velocity fields of joints, or of their axes, at the unit rate of what drives them."""

    axis: IntArray
    coordinate: IntArray
    body: IntArray
    """axis, coordinate, body: (N,) int arrays. The axis (of several the first), its driving
    coordinate (ascending), and the segment that it moves together with all that hangs on it."""
    about: FloatArray
    """(T, 3) array, m, ground. The point o."""
    turn: FloatArray
    """(T, N, 3) array, rad/s per unit of rate, ground. Angular velocity t."""
    shift: FloatArray
    """(T, N, 3) array, m/s per unit of rate, ground. Velocity s at the point o."""

    @property
    def first(self) -> IntArray:
        """(n,) int: the first axis of each of n coordinates."""
        return np.flatnonzero(np.diff(self.coordinate, prepend=FIXED - 1))

    def of_joints(self) -> VelocityFields:
        """Fields of the axes of a joint that the same coordinate drives, added up.

        At a pose they move the same segments together, a knee by four or five axes for example.
        """
        joint = np.column_stack([self.coordinate, self.body])
        first = np.flatnonzero(np.diff(joint, axis=0, prepend=FIXED - 1).any(axis=1))
        if len(first) == len(self.axis):
            return self
        return replace(
            self,
            axis=self.axis[first],
            coordinate=self.coordinate[first],
            body=self.body[first],
            turn=sums_of_runs(self.turn.T, first, 1).T,
            shift=sums_of_runs(self.shift.T, first, 1).T,
        )

    def some(self, chosen: IntArray) -> VelocityFields:
        """The same of some of the axes."""
        return replace(
            self,
            axis=self.axis[chosen],
            coordinate=self.coordinate[chosen],
            body=self.body[chosen],
            turn=of_parts(self.turn, chosen),
            shift=of_parts(self.shift, chosen),
        )


def velocity_fields(
    skeleton: Skeleton, poses: SegmentPoses, about: FloatArray, axes: IntArray | None = None
) -> VelocityFields:
    """Velocity fields of joints: those of the axes that one coordinate drives, added up.

    ``about`` (T, 3), m, ground, is a point near the body, so that no digits are lost.
    """
    return axis_fields(skeleton, poses, about, axes).of_joints()


def axis_fields(
    skeleton: Skeleton, poses: SegmentPoses, about: FloatArray, axes: IntArray | None = None
) -> VelocityFields:
    """Velocity fields of joint axes, one by one: for what changes with the pose.

    A rotation about e through the joint centre h: ``t = e θ'``, ``s = t × (o − h)``; a translation
    along e: ``t = 0``, ``s = e θ'``, with θ' the derivative of the amount by the coordinate.
    """
    chosen = np.flatnonzero(skeleton.driver != FIXED) if axes is None else axes
    chosen = chosen[np.argsort(skeleton.driver[chosen], kind="stable")]
    body = skeleton.axes.body[chosen]
    move = of_parts(poses.axis_direction, chosen) * poses.axis_gradient[:, chosen, None]
    turn = move * skeleton.axes.is_rotation[chosen][:, None]
    arm = about[:, None] - of_parts(poses.joint_centre, body)
    shift = move - turn + cross(turn, arm)
    return VelocityFields(chosen, skeleton.driver[chosen], body, about, turn, shift)


def angular_jacobian(skeleton: Skeleton, poses: SegmentPoses, body: int) -> FloatArray:
    """(T, 3, C), ground: derivative of a segment's angular velocity by the speeds."""
    fields = _fields_of(skeleton, poses, body, poses.origin[:, body])
    return _columns(skeleton, fields, fields.turn)


def contact_jacobian(
    skeleton: Skeleton, poses: SegmentPoses, body: int, point: FloatArray
) -> FloatArray:
    """(T, 6, C), ground: derivative of angular velocity of a body and velocity of its point (T, 3).

    Its transpose turns a moment about the point and a force into generalised forces.
    """
    fields = _fields_of(skeleton, poses, body, point)
    return _columns(skeleton, fields, np.concatenate([fields.turn, fields.shift], axis=2))


def _fields_of(
    skeleton: Skeleton, poses: SegmentPoses, body: int, about: FloatArray
) -> VelocityFields:
    """Velocity fields of the axes that move a segment."""
    moves = skeleton.lineage[body, skeleton.axes.body] & (skeleton.driver != FIXED)
    return velocity_fields(skeleton, poses, about, np.flatnonzero(moves))


def _columns(skeleton: Skeleton, fields: VelocityFields, velocity: FloatArray) -> FloatArray:
    """Velocities (T, N, n) of fields, added up by coordinate, (T, n, C)."""
    drives = np.arange(len(skeleton.coordinates))[:, None] == fields.coordinate
    return np.ascontiguousarray(transpose(combined(drives.astype(float), velocity)))
