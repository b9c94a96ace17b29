"""Velocity fields of points, segments and the whole skeleton by coordinates.

A coordinate changing at unit rate moves joint axes, and each of these gives all segments distal to
it a rigid velocity field, ``v(p) = s + t × (p − o)``. From these fields follow point and
contact Jacobians, the mass matrix, and the normal matrix of inverse kinematics, where the
markers' weights take the place of masses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.multibody.poses import SegmentPoses, segment_coms
from aqbio.multibody.skeleton import FIXED, Skeleton
from aqbio.vectors import (
    FloatArray,
    IntArray,
    combined,
    compose,
    cross,
    of_parts,
    sums_of_runs,
    transpose,
)


@dataclass(frozen=True, eq=False)
class VelocityFields:
    """Velocity fields of joints, or of their axes, at unit rate of the driving coordinate."""

    axis: IntArray
    coordinate: IntArray
    body: IntArray
    """axis, coordinate, body: (N,) int arrays. The axis (of several the first), its driving
    coordinate (ascending), and the segment that it moves together with all distal ones."""
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
        """Sum fields of the axes of a joint that the same coordinate drives.

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

    def select(self, chosen: IntArray) -> VelocityFields:
        """Select axes."""
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
    """Velocity fields of joints: sums over the axes that one coordinate drives.

    ``about`` (T, 3), m, ground, is a point near the body, to limit cancellation.
    """
    return axis_fields(skeleton, poses, about, axes).of_joints()


def axis_fields(
    skeleton: Skeleton, poses: SegmentPoses, about: FloatArray, axes: IntArray | None = None
) -> VelocityFields:
    """Velocity fields of single joint axes, for derivatives by the pose.

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
    """Sum velocities (T, N, n) of fields by coordinate, (T, n, C)."""
    drives = np.arange(len(skeleton.coordinates))[:, None] == fields.coordinate
    return np.ascontiguousarray(transpose(combined(drives.astype(float), velocity)))


TENSOR_ENTRIES = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""Rows and columns of the last six of ten parameters in the inertia tensor: xx, yy, zz, xy, xz,
yz."""

TENSOR_INDICES = [4, 7, 8, 7, 5, 9, 8, 9, 6]
"""Indices of xx, xy, xz, xy, yy, yz, xz, yz, zz among ten parameters."""


def mass_matrix(
    skeleton: Skeleton, poses: SegmentPoses, coordinates: IntArray | None = None
) -> FloatArray:
    """(T, N, N) mass matrix of N coordinates (ascending): kinetic energy ``uᵀ M u / 2``.

    Rows and columns of dependent coordinates are zero: their inertia is attributed to the
    coordinates that they depend on.
    """
    rows = np.arange(len(skeleton.coordinates)) if coordinates is None else coordinates
    about = segment_coms(skeleton, poses).mean(axis=1)
    parts = segment_parts(skeleton, poses, about)
    axes = np.flatnonzero((rows[:, None] == skeleton.driver).any(axis=0))
    fields = velocity_fields(skeleton, poses, about, axes)
    beyond = sum_beyond(skeleton, fields, parts, np.arange(len(skeleton.bodies)))
    matrix_of_fields = by_coordinate(
        fields, axis_products(skeleton, fields, momenta(fields, beyond))
    )
    if len(fields.first) == len(rows):
        return matrix_of_fields
    matrix = np.zeros((len(about), len(rows), len(rows)))
    positions = np.searchsorted(rows, fields.coordinate[fields.first])
    matrix[:, positions[:, None], positions] = matrix_of_fields
    return matrix


def segment_parts(skeleton: Skeleton, poses: SegmentPoses, about: FloatArray) -> FloatArray:
    """Ten inertial parameters of every segment about a point (T, 3), (T, B, 10), ground axes."""
    com = segment_coms(skeleton, poses)
    parts = point_masses(np.broadcast_to(skeleton.mass, com.shape[:2]), com - about[:, None])
    turned = compose(compose(poses.rotation, skeleton.inertia), transpose(poses.rotation))
    for entry, (row, column) in enumerate(TENSOR_ENTRIES):
        parts[..., 4 + entry] += turned[..., row, column]
    return parts


def point_masses(mass: FloatArray, position: FloatArray) -> FloatArray:
    """(T, K, 10): ``m``, ``m p`` and ``m (p² 1 − p pᵀ)`` as xx, yy, zz, xy, xz, yz."""
    parts = np.empty((*position.shape[:2], 10), order="F")
    x, y, z = np.moveaxis(position, -1, 0)
    parts[..., 0] = mass
    mx, my, mz = np.moveaxis(parts[..., 1:4], -1, 0)
    for first, component in ((mx, x), (my, y), (mz, z)):
        np.multiply(mass, component, out=first)
    xx, yy, zz = mx * x, my * y, mz * z
    np.add(yy, zz, out=parts[..., 4])
    np.add(zz, xx, out=parts[..., 5])
    np.add(xx, yy, out=parts[..., 6])
    minus_mx = -mx
    np.multiply(minus_mx, y, out=parts[..., 7])
    np.multiply(minus_mx, z, out=parts[..., 8])
    np.multiply(-my, z, out=parts[..., 9])
    return parts


def sum_beyond(
    skeleton: Skeleton, fields: VelocityFields, parts: FloatArray, body: IntArray
) -> FloatArray:
    """(T, N, n): sum of parts (T, K, n) on bodies (K,) beyond each of N axes."""
    beyond = combined(skeleton.lineage[body].T.astype(float), parts)
    return of_parts(beyond, fields.body)


def momenta(fields: VelocityFields, beyond: FloatArray) -> FloatArray:
    """(T, N, 6): angular momentum about ``fields.about`` and linear one beyond each axis.

    ``L = f × s + J t`` and ``P = m s + t × f`` with mass m, first moment f and inertia J, (T, N,
    10).
    """
    first = beyond[..., 1:4]
    xx, yy, zz, xy, xz, yz = np.moveaxis(beyond[..., 4:], -1, 0)
    x, y, z = np.moveaxis(fields.turn, -1, 0)
    momentum = np.empty((*x.shape, 6), order="F")
    momentum[..., :3] = cross(first, fields.shift)
    momentum[..., 0] += xx * x + xy * y + xz * z
    momentum[..., 1] += xy * x + yy * y + yz * z
    momentum[..., 2] += xz * x + yz * y + zz * z
    momentum[..., 3:] = beyond[..., :1] * fields.shift + cross(fields.turn, first)
    return momentum


def axis_products(skeleton: Skeleton, fields: VelocityFields, beyond: FloatArray) -> FloatArray:
    """(T, N, N), symmetric: ``t_a · M_b + s_a · F_b`` where axis a precedes b or is b.

    M, F (T, N, 6) are moment about ``fields.about`` and force on all segments beyond each axis.
    With momenta instead, the inertia: composite rigid bodies (Featherstone 2008, chapter 6).
    """
    frames, count = beyond.shape[:2]
    field = np.empty((frames, 6, count))
    field[:, :3], field[:, 3:] = transpose(fields.turn), transpose(fields.shift)
    products = np.zeros((frames, count**2 + 1))  # all pairs of axes, then 0
    pairs = products[:, :-1].reshape(frames, count, count)
    np.matmul(transpose(field), np.ascontiguousarray(transpose(beyond)), out=pairs)
    before = skeleton.precedes[np.ix_(fields.axis, fields.axis)]
    source = np.arange(count**2).reshape(count, count)
    source = np.where(before.T, source.T, np.where(before | np.eye(count, dtype=bool), source, -1))
    # mirror and zero in one pass: products of all frames exceed the cache
    symmetric: FloatArray = products.take(source.ravel(), axis=1).reshape(frames, count, count)
    return symmetric


def by_coordinate(fields: VelocityFields, by_axis: FloatArray) -> FloatArray:
    """(T, n, n): sum rows and columns (T, N, N) of axes by their driving coordinate."""
    first = fields.first
    if len(first) == by_axis.shape[1]:
        return by_axis
    drives = (fields.coordinate[first][:, None] == fields.coordinate).astype(float)
    return np.asarray(drives @ by_axis @ drives.T)
