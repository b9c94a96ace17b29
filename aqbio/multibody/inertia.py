"""The mass matrix, and every other matrix that is one in disguise."""

from __future__ import annotations

import numpy as np

from aqbio.multibody.jacobians import VelocityFields, velocity_fields
from aqbio.multibody.poses import SegmentPoses
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import (
    FloatArray,
    IntArray,
    combined,
    compose,
    cross,
    of_parts,
    rotate,
    transpose,
)

_PLACES = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""Where the last six of ten parameters stand in the inertia tensor: xx, yy, zz, xy, xz, yz."""


def mass_matrix(
    skeleton: Skeleton, poses: SegmentPoses, coordinates: IntArray | None = None
) -> FloatArray:
    """(T, N, N) mass matrix of N coordinates (ascending): kinetic energy ``uᵀ M u / 2``.

    Rows and columns of dependent coordinates are zero: their inertia is in the coordinates that
    they depend on.
    """
    every = np.arange(len(skeleton.coordinates)) if coordinates is None else coordinates
    about = (poses.origin + rotate(poses.rotation, skeleton.com)).mean(axis=1)
    parts = segment_parts(skeleton, poses, about)
    axes = np.flatnonzero((every[:, None] == skeleton.driver).any(axis=0))
    fields = velocity_fields(skeleton, poses, about, axes)
    beyond = carried(skeleton, fields, parts, np.arange(len(skeleton.bodies)))
    felt = by_coordinate(fields, felt_by_axes(skeleton, fields, momenta(fields, beyond)))
    if len(fields.first) == len(every):
        return felt
    matrix = np.zeros((len(about), len(every), len(every)))
    place = np.searchsorted(every, fields.coordinate[fields.first])
    matrix[:, place[:, None], place] = felt
    return matrix


def segment_parts(skeleton: Skeleton, poses: SegmentPoses, about: FloatArray) -> FloatArray:
    """Ten inertial parameters of every segment about a point (T, 3), (T, B, 10), ground axes."""
    com = poses.origin + rotate(poses.rotation, skeleton.com)
    parts = point_masses(np.broadcast_to(skeleton.mass, com.shape[:2]), com - about[:, None])
    turned = compose(compose(poses.rotation, skeleton.inertia), transpose(poses.rotation))
    for place, (row, column) in enumerate(_PLACES):
        parts[..., 4 + place] += turned[..., row, column]
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
    less = -mx
    np.multiply(less, y, out=parts[..., 7])
    np.multiply(less, z, out=parts[..., 8])
    np.multiply(-my, z, out=parts[..., 9])
    return parts


def carried(
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


def felt_by_axes(skeleton: Skeleton, fields: VelocityFields, beyond: FloatArray) -> FloatArray:
    """(T, N, N): ``t_a · M_b + s_a · F_b`` where axis a precedes b or is b, mirrored.

    M, F (T, N, 6) are moment about ``fields.about`` and force on what lies beyond each axis. With
    momenta in their place, the inertia: composite rigid bodies (Featherstone 2008, chapter 6).
    """
    frames, count = beyond.shape[:2]
    field = np.empty((frames, 6, count))
    field[:, :3], field[:, 3:] = transpose(fields.turn), transpose(fields.shift)
    products = np.zeros((frames, count**2 + 1))  # every axis with every other, and 0
    every = products[:, :-1].reshape(frames, count, count)
    np.matmul(transpose(field), np.ascontiguousarray(transpose(beyond)), out=every)
    before = skeleton.precedes[np.ix_(fields.axis, fields.axis)]
    place = np.arange(count**2).reshape(count, count)
    place = np.where(before.T, place.T, np.where(before | np.eye(count, dtype=bool), place, -1))
    # one pass that mirrors and leaves out: products of all frames are more than a cache holds
    felt: FloatArray = products.take(place.ravel(), axis=1).reshape(frames, count, count)
    return felt


def by_coordinate(fields: VelocityFields, felt: FloatArray) -> FloatArray:
    """(T, n, n): rows and columns (T, N, N) of axes added up by the coordinate that drives them."""
    first = fields.first
    if len(first) == felt.shape[1]:
        return felt
    drives = (fields.coordinate[first][:, None] == fields.coordinate).astype(float)
    return np.asarray(drives @ felt @ drives.T)
