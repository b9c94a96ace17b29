"""Orientation of the pelvis and its rates."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import FloatArray


def rotation(angles: FloatArray) -> FloatArray:
    """Pelvis axes to ground axes: ``R = Rz(tilt) Rx(list) Ry(rotation)``.

    Parameters
    ----------
    angles : (..., 3) array, rad

    Returns
    -------
    (..., 3, 3) array
    """
    (a, b, c), (sa, sb, sc) = np.cos(_split(angles)), np.sin(_split(angles))
    matrix = np.empty((*angles.shape, 3))
    matrix[..., 0, 0] = a * c - sa * sb * sc
    matrix[..., 0, 1] = -sa * b
    matrix[..., 0, 2] = a * sc + sa * sb * c
    matrix[..., 1, 0] = sa * c + a * sb * sc
    matrix[..., 1, 1] = a * b
    matrix[..., 1, 2] = sa * sc - a * sb * c
    matrix[..., 2, 0] = -b * sc
    matrix[..., 2, 1] = sb
    matrix[..., 2, 2] = b * c
    return matrix


def _split(angles: FloatArray) -> FloatArray:
    return np.moveaxis(angles, -1, 0)


def rate_matrix(angles: FloatArray) -> FloatArray:
    """Matrix E with ``ω = E φ'``: angular velocity in pelvis axes from rates of the angles.

    Returns
    -------
    (..., 3, 3) array
    """
    _, b, c = _split(angles)
    matrix = np.zeros((*angles.shape, 3))
    matrix[..., 0, 0], matrix[..., 1, 0] = -np.sin(c) * np.cos(b), np.sin(b)
    matrix[..., 2, 0] = np.cos(c) * np.cos(b)
    matrix[..., 0, 1], matrix[..., 2, 1] = np.cos(c), np.sin(c)
    matrix[..., 1, 2] = 1.0
    return matrix


def rate_matrix_rate(angles: FloatArray, rates: FloatArray) -> FloatArray:
    """Time derivative of :func:`rate_matrix`."""
    _, b, c = _split(angles)
    _, db, dc = _split(rates)
    matrix = np.zeros((*angles.shape, 3))
    matrix[..., 0, 0] = -np.cos(c) * np.cos(b) * dc + np.sin(c) * np.sin(b) * db
    matrix[..., 1, 0] = np.cos(b) * db
    matrix[..., 2, 0] = -np.sin(c) * np.cos(b) * dc - np.cos(c) * np.sin(b) * db
    matrix[..., 0, 1], matrix[..., 2, 1] = -np.sin(c) * dc, np.cos(c) * dc
    return matrix
