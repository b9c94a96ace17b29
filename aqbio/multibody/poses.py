"""Poses of all segments, joint axes and markers, for all frames of a trial at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from aqbio.multibody.skeleton import FIXED, GROUND, OBLIQUE, JointAxes, Skeleton
from aqbio.vectors import (
    BoolArray,
    FloatArray,
    IntArray,
    axis_rotation,
    compose,
    of_frames,
    of_parts,
    rotate,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FRAMES_PER_CHUNK = 2000
"""Frames computed at once: two to three times faster than what exceeds the processor's cache."""


@dataclass(frozen=True, eq=False)
class SegmentPoses:
    """Poses of all segments and joint axes."""

    rotation: FloatArray
    """(T, B, 3, 3) array. From body axes to ground axes."""
    origin: FloatArray
    joint_centre: FloatArray
    """origin, joint_centre: (T, B, 3) arrays, m, ground. Origin of the body frame, and of the child
    frame of the joint that moves the body: the point through which the joint's rotation axes
    pass."""
    axis_direction: FloatArray
    """(T, A, 3) array, ground. Joint axes in each frame."""
    axis_gradient: FloatArray
    axis_curvature: FloatArray
    """axis_gradient, axis_curvature: (T, A) arrays. First and second derivative of the amount along
    or about each axis by its driving coordinate (``skeleton.driver``); 0 for constant axes."""

    def frames(self, chosen: slice) -> Self:
        """Select a range of frames (views, no copies)."""
        return replace(self, **{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def picked(self, chosen: BoolArray | IntArray) -> Self:
        """Select frames by mask or index (copies, time contiguous)."""
        parts = {f.name: of_frames(getattr(self, f.name), chosen) for f in fields(self)}
        return replace(self, **parts)


def segment_poses(skeleton: Skeleton, q: FloatArray) -> SegmentPoses:
    """Pose of every segment and every joint axis; dependent coordinates are computed."""
    q = check_coordinates(skeleton, "q", q)
    return join_frames([_poses(skeleton, q[chunk]) for chunk in chunks(len(q))])


def segment_coms(skeleton: Skeleton, poses: SegmentPoses) -> FloatArray:
    """(T, B, 3) m, ground: centre of mass of each segment."""
    coms: FloatArray = poses.origin + rotate(poses.rotation, skeleton.com)
    return coms


def whole_body_com(skeleton: Skeleton, poses: SegmentPoses) -> FloatArray:
    """(T, 3) m, ground: centre of mass of the whole body."""
    shares = skeleton.mass / skeleton.mass.sum(axis=-1, keepdims=True)
    return np.asarray((shares[..., None, :] @ segment_coms(skeleton, poses))[..., 0, :])


def station_positions(poses: SegmentPoses, body: IntArray, station: FloatArray) -> FloatArray:
    """(T, M, 3) m, ground: positions of points with stations (M, 3), m, in their bodies."""
    positions: FloatArray = of_parts(poses.origin, body) + rotate(
        of_parts(poses.rotation, body), station
    )
    return positions


def dependent_filled(skeleton: Skeleton, q: FloatArray) -> FloatArray:
    """Fill dependent coordinates (T, C) from those that they depend on."""
    filled = q.copy()
    couplers = skeleton.couplers
    filled[:, couplers.dependent] = couplers.functions.values(q[:, couplers.independent])[0]
    return filled


def axis_amounts(skeleton: Skeleton, q: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(T, A): amount along or about every axis, with two derivatives by the driving coordinate.

    An axis moves by ``g(x)``. Where its coordinate depends on another one, ``x = f(q)``:
    ``dg/dq = g' f'``, ``d²g/dq² = g'' f'² + g' f''``.
    """
    couplers, driving = skeleton.couplers, skeleton.axes.coordinate
    x, first, second = couplers.functions.values(q[:, couplers.independent])
    filled = q.copy(order="K")
    filled[:, couplers.dependent] = x
    amount, gradient, curvature = skeleton.axes.functions.values(filled[:, driving])
    axes, behind = np.nonzero(driving[:, None] == couplers.dependent)
    slope, bend = first[:, behind], second[:, behind]
    curvature[:, axes] = curvature[:, axes] * slope**2 + gradient[:, axes] * bend
    gradient[:, axes] *= slope
    constant = np.flatnonzero(driving == FIXED)
    gradient[:, constant] = 0.0
    curvature[:, constant] = 0.0
    return amount, gradient, curvature


def _poses(skeleton: Skeleton, q: FloatArray) -> SegmentPoses:
    """Compute one chunk of frames; axes of bodies are columns (3, 3, T), positions (3, T)."""
    amount, gradient, curvature = axis_amounts(skeleton, q)
    positions = np.zeros((2, 3, len(skeleton.bodies), len(q)))  # of origins and of joint centres
    direction = np.empty((3, len(skeleton.axes), len(q)))
    rotation = np.empty((3, 3, len(skeleton.bodies), len(q)))
    ground = np.broadcast_to(np.eye(3)[..., None], (3, 3, len(q)))
    columns: list[FloatArray] = []
    for body, parent in enumerate(skeleton.parent):
        hangs, (parallel, parallel_child) = parent == GROUND, skeleton.parallel[body]
        frame = ground if hangs else columns[parent]
        centre = _to_ground(frame, skeleton.parent_position[body])
        if not hangs:
            centre += positions[0, :, parent]
        frame = frame.copy() if parallel else _compose_axes(frame, skeleton.parent_rotation[body])
        for axis in skeleton.translations[body]:
            direction[:, axis] = _to_ground(frame, skeleton.axes.direction[axis])
            centre += amount[:, axis] * direction[:, axis]
        for axis in skeleton.rotations[body]:
            frame = _turn_columns(skeleton.axes, axis, frame, amount[:, axis], direction[:, axis])
        positions[:, :, body] = centre
        if not skeleton.at_joint[body]:
            positions[0, :, body] += _to_ground(frame, skeleton.child_position[body])
        columns.append(
            frame if parallel_child else _compose_axes(frame, skeleton.child_rotation[body])
        )
        rotation[:, :, body] = columns[body]
    return SegmentPoses(
        rotation.T, positions[0].T, positions[1].T, direction.T, gradient, curvature
    )


def _to_ground(columns: FloatArray, vector: FloatArray) -> FloatArray:
    """Express a vector (3,) fixed in moving axes in ground axes, (3, T)."""
    along: FloatArray = (vector @ columns.reshape(3, -1)).reshape(3, -1)
    return along


def _compose_axes(columns: FloatArray, rotation: FloatArray) -> FloatArray:
    """Express axes (3, 3) fixed in moving axes in ground axes."""
    composed: FloatArray = (rotation.T @ columns.reshape(3, -1)).reshape(columns.shape)
    return composed


def _turn_columns(
    axes: JointAxes, axis: int, columns: FloatArray, angle: FloatArray, direction: FloatArray
) -> FloatArray:
    """Turn columns about an axis, in place; write its direction (3, T)."""
    unit, along = axes.direction[axis], axes.along[axis]
    if along == OBLIQUE:
        direction[:] = _to_ground(columns, unit)
        return compose(columns.T, axis_rotation(unit, angle)).T
    np.multiply(unit[along], columns[along], out=direction)
    first, second = columns[(along + 1) % 3], columns[(along + 2) % 3]
    if unit[along] < 0.0:  # opposite sense of rotation
        first, second = second, first
    cosine, sine = np.cos(angle), np.sin(angle)
    turned_first = sine * first
    first *= cosine
    first += sine * second
    second *= cosine
    second -= turned_first
    return columns


def chunks(frames: int, at_once: int | None = None) -> Iterator[slice]:
    """Slices of ``FRAMES_PER_CHUNK`` or `at_once` frames that cover all; at least one slice."""
    step = at_once or FRAMES_PER_CHUNK
    for start in range(0, max(frames, 1), step):
        yield slice(start, min(start + step, frames))


Arrays = TypeVar("Arrays", bound="DataclassInstance")


def join_frames(parts: list[Arrays]) -> Arrays:
    """Concatenate dataclasses of arrays of consecutive chunks of frames."""
    if len(parts) == 1:
        return parts[0]
    arrays: Arrays = replace(
        parts[0],
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(parts[0])},
    )
    return arrays


def check_coordinates(skeleton: Skeleton, name: str, values: FloatArray) -> FloatArray:
    """Coordinates, (T, C), as floats, time contiguous; a ValueError if there are not C."""
    expected = len(skeleton.coordinates)
    if values.ndim != 2 or values.shape[1] != expected:
        raise ValueError(f"{name} has shape {values.shape}, expected (frames, {expected}).")
    return np.asfortranarray(values, dtype=np.float64)
