"""Vectors and rotations of many frames at once.

Arrays are frame-major to the reader, ``(frames, ..., 3)`` and ``(frames, ..., 3, 3)``, and lie
in memory in Fortran order: each component is contiguous along time, so that every line below is
a handful of passes over contiguous numbers.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


def cross(a: FloatArray, b: FloatArray) -> FloatArray:
    """Cross product along the last axis.

    Examples
    --------
    >>> cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])
    """
    product = np.empty(np.broadcast_shapes(a.shape, b.shape), order="F")
    product[..., 0] = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    product[..., 1] = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    product[..., 2] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product


def dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Scalar product along the last axis."""
    product: FloatArray = a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2]
    return product


def rotate(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Matrix times vector, ``R v``, for every frame.

    Parameters
    ----------
    matrix : (..., 3, 3) array
    vector : (..., 3) array

    Examples
    --------
    >>> quarter_turn = axis_rotation(np.array([0.0, 0.0, 1.0]), np.array([np.pi / 2]))
    >>> rotate(quarter_turn, np.array([1.0, 0.0, 0.0])).round(12)
    array([[0., 1., 0.]])
    """
    rotated: FloatArray = (
        matrix[..., 0] * vector[..., 0, None]
        + matrix[..., 1] * vector[..., 1, None]
        + matrix[..., 2] * vector[..., 2, None]
    )
    return rotated


def compose(first: FloatArray, second: FloatArray) -> FloatArray:
    """Matrix times matrix, ``R₁ R₂``, for every frame.

    Parameters
    ----------
    first : (..., 3, 3) array
    second : (3, 3) or (..., 3, 3) array
        A single unit matrix costs nothing: most joint frames of a model are parallel to their body.
    """
    if second.ndim == 2 and np.array_equal(second, np.eye(3)):
        return first
    product = np.empty(np.broadcast_shapes(first.shape, second.shape), order="F")
    np.multiply(first[..., :, 0, None], second[..., None, 0, :], out=product)
    product += first[..., :, 1, None] * second[..., None, 1, :]
    product += first[..., :, 2, None] * second[..., None, 2, :]
    return product


def transpose(matrix: FloatArray) -> FloatArray:
    """Transposed matrices (a view); for rotations the inverse."""
    return np.swapaxes(matrix, -1, -2)


def axis_rotation(axis: FloatArray, angle: FloatArray) -> FloatArray:
    """Rotation by an angle about a fixed unit axis, for every frame.

    Parameters
    ----------
    axis : (3,) array
        Unit vector.
    angle : (T,) array, rad

    Returns
    -------
    (T, 3, 3) array

    Notes
    -----
    Rodrigues: ``R = e eᵀ + cos θ (1 − e eᵀ) + sin θ [e]×``.
    """
    x, y, z = axis
    along = np.outer(axis, axis)
    skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    rotation = np.empty((3, 3, len(angle)))
    rotation[:] = along[..., None]
    rotation += np.multiply.outer(np.eye(3) - along, np.cos(angle))
    rotation += np.multiply.outer(skew, np.sin(angle))
    return rotation.transpose(2, 0, 1)
