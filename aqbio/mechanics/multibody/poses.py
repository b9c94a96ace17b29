"""Where every segment, joint axis and marker is, all frames of a trial at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from aqbio.mechanics.multibody.skeleton import FIXED, GROUND, OBLIQUE, JointAxes, Skeleton
from aqbio.mechanics.vectors import FloatArray, IntArray, axis_rotation, compose, of_parts, rotate

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CHUNK = 2000
"""Frames worked on at once: what fits the processor's cache is two to three times faster."""


@dataclass(frozen=True, eq=False)
class SegmentPoses:
    """Where every segment and every joint axis is."""

    rotation: FloatArray
    """(T, B, 3, 3) array. From body axes to ground axes."""
    origin: FloatArray
    joint_centre: FloatArray
    """origin, joint_centre: (T, B, 3) arrays, m, ground. Origin of the body frame, and of the child
    frame of the joint that moves the body: the point through which the joint's rotation axes
    pass."""
    axis_direction: FloatArray
    """(T, A, 3) array, ground. Joint axes as they stand in each frame."""
    axis_gradient: FloatArray
    axis_curvature: FloatArray
    """axis_gradient, axis_curvature: (T, A) arrays. First and second derivative of the amount along
    or about each axis by its driving coordinate (``skeleton.driver``); 0 for constant axes."""


def segment_poses(skeleton: Skeleton, q: FloatArray) -> SegmentPoses:
    """Pose of every segment and every joint axis.

    Parameters
    ----------
    q : (T, C) array, rad or m
        All coordinates of the model; those that couplers determine are computed, not read.
    """
    q = checked(skeleton, "q", q)
    return joined([_poses(skeleton, q[chunk]) for chunk in chunks(len(q))])


def station_positions(poses: SegmentPoses, body: IntArray, station: FloatArray) -> FloatArray:
    """Positions of points fixed in segments.

    Parameters
    ----------
    body : (M,) int array
    station : (M, 3) array, m
        In the frame of each point's body.

    Returns
    -------
    (T, M, 3) array, m, ground
    """
    positions: FloatArray = of_parts(poses.origin, body) + rotate(
        of_parts(poses.rotation, body), station
    )
    return positions


def dependent_filled(skeleton: Skeleton, q: FloatArray) -> FloatArray:
    """Coordinates with the dependent ones computed from those that they depend on.

    Parameters
    ----------
    q : (T, C) array, rad or m

    Returns
    -------
    (T, C) array, rad or m
    """
    filled = q.copy()
    couplers = skeleton.couplers
    filled[:, couplers.dependent] = couplers.functions.values(q[:, couplers.independent])[0]
    return filled


def axis_amounts(skeleton: Skeleton, q: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Amount along or about every axis, with two derivatives by the driving coordinate.

    Returns
    -------
    amount, gradient, curvature : (T, A) arrays

    Notes
    -----
    An axis moves by ``g(x)``. Where its coordinate depends on another one, ``x = f(q)``:
    ``dg/dq = g' f'``, ``d²g/dq² = g'' f'² + g' f''``.
    """
    couplers = skeleton.couplers
    x, first, second = q.copy(order="K"), np.ones_like(q), np.zeros_like(q)
    dependent = couplers.dependent
    values = couplers.functions.values(q[:, couplers.independent])
    x[:, dependent], first[:, dependent], second[:, dependent] = values
    driving = skeleton.axes.coordinate
    amount, gradient, curvature = skeleton.axes.functions.values(x[:, driving])
    curvature = curvature * first[:, driving] ** 2 + gradient * second[:, driving]
    gradient = gradient * first[:, driving]
    constant = driving == FIXED
    gradient[:, constant] = 0.0
    curvature[:, constant] = 0.0
    return amount, gradient, curvature


def _poses(skeleton: Skeleton, q: FloatArray) -> SegmentPoses:
    frames, bodies = len(q), len(skeleton.bodies)
    amount, gradient, curvature = axis_amounts(skeleton, q)
    rotation = np.empty((frames, bodies, 3, 3), order="F")
    origin = np.empty((frames, bodies, 3), order="F")
    centre = np.empty((frames, bodies, 3), order="F")
    direction = np.empty((frames, len(skeleton.axes), 3), order="F")
    parallel_parent, parallel_child = skeleton.parallel.T
    for body, parent in enumerate(skeleton.parent):
        carrier = np.eye(3)[None] if parent == GROUND else rotation[:, parent]
        base = np.zeros(3) if parent == GROUND else origin[:, parent]
        centre[:, body] = base + rotate(carrier, skeleton.parent_position[body])
        if not parallel_parent[body]:
            carrier = compose(carrier, skeleton.parent_rotation[body])
        for axis in skeleton.translations[body]:
            direction[:, axis] = rotate(carrier, skeleton.axes.direction[axis])
            centre[:, body] += amount[:, axis, None] * direction[:, axis]
        for axis in skeleton.rotations[body]:
            direction[:, axis], carrier = _turned(skeleton.axes, axis, carrier, amount[:, axis])
        origin[:, body] = centre[:, body]
        if not skeleton.at_joint[body]:
            origin[:, body] += rotate(carrier, skeleton.child_position[body])
        if not parallel_child[body]:
            carrier = compose(carrier, skeleton.child_rotation[body])
        rotation[:, body] = carrier
    return SegmentPoses(rotation, origin, centre, direction, gradient, curvature)


def _turned(
    axes: JointAxes, axis: int, carrier: FloatArray, angle: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """An axis as it is carried, (T, 3), and the rotations (T, 3, 3) after turning about it.

    About an axis of the frame that carries it two columns turn, and the third stays.
    """
    own, fixed = axes.direction[axis], axes.along[axis]
    if fixed == OBLIQUE:
        return rotate(carrier, own), compose(carrier, axis_rotation(own, angle))
    first, second = (fixed + 1) % 3, (fixed + 2) % 3
    cosine, sine = np.cos(angle), own[fixed] * np.sin(angle)
    turned, before = np.empty((3, 3, len(angle))), carrier.T  # columns, each frame after frame
    turned[fixed] = before[fixed]
    np.add(cosine * before[first], sine * before[second], out=turned[first])
    np.subtract(cosine * before[second], sine * before[first], out=turned[second])
    return own[fixed] * carrier[..., fixed], turned.T


def chunks(frames: int) -> Iterator[slice]:
    """Slices of at most ``CHUNK`` frames that cover all of them (one, if there are none)."""
    for start in range(0, max(frames, 1), CHUNK):
        yield slice(start, min(start + CHUNK, frames))


Arrays = TypeVar("Arrays", bound="DataclassInstance")


def joined(parts: list[Arrays]) -> Arrays:
    """One dataclass of arrays from those of consecutive chunks of frames."""
    if len(parts) == 1:
        return parts[0]
    whole: Arrays = replace(
        parts[0],
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(parts[0])},
    )
    return whole


def checked(skeleton: Skeleton, name: str, values: FloatArray) -> FloatArray:
    """Coordinates, (T, C), as floats, time contiguous.

    Raises
    ------
    ValueError
        When there are not as many as the skeleton has; ``name`` says which array.
    """
    expected = len(skeleton.coordinates)
    if values.ndim != 2 or values.shape[1] != expected:
        raise ValueError(f"{name} has shape {values.shape}, expected (frames, {expected}).")
    return np.asfortranarray(values, dtype=np.float64)
