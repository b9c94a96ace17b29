"""Vectors, rotations and covariances of many frames at once.

Arrays are frame-major to the reader, ``(frames, ..., 3)`` and ``(frames, ..., 3, 3)``, and lie
in memory in Fortran order: each component is contiguous along time, so that what is computed is a
handful of passes over contiguous numbers. What comes out lies so, too.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


def cross(a: FloatArray, b: FloatArray) -> FloatArray:
    """Cross product along the last axis of (..., 3) arrays."""
    shape = a.shape if a.shape == b.shape else np.broadcast_shapes(a.shape, b.shape)
    product = np.empty(shape, order="F")
    a_x, a_y, a_z = a[..., 0], a[..., 1], a[..., 2]
    b_x, b_y, b_z = b[..., 0], b[..., 1], b[..., 2]
    np.subtract(a_y * b_z, a_z * b_y, out=product[..., 0])
    np.subtract(a_z * b_x, a_x * b_z, out=product[..., 1])
    np.subtract(a_x * b_y, a_y * b_x, out=product[..., 2])
    return product


def dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Scalar product along the last axis of (..., 3) arrays, (...)."""
    product: FloatArray = np.einsum("...i,...i->...", a, b, order="F")
    return product


def rotate(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Matrix (..., 3, 3) times vector (..., 3), ``R v``."""
    rotated: FloatArray = np.einsum("...ij,...j->...i", matrix, vector, order="F")
    return rotated


def compose(first: FloatArray, second: FloatArray) -> FloatArray:
    """Matrix times matrix, ``R₁ R₂``, of (..., 3, 3) arrays."""
    product: FloatArray = np.einsum("...ij,...jk->...ik", first, second, order="F")
    return product


def combined(table: FloatArray, values: FloatArray) -> FloatArray:
    """Sums of (T, K, n) values by a (N, K) table, (T, N, n)."""
    sums: FloatArray = (table @ values.T).T
    return sums


def of_frames(array: FloatArray, chosen: BoolArray | IntArray | slice) -> FloatArray:
    """Choose frames of a (T, ...) array and keep its components contiguous in time.

    Taken, not indexed: an index in brackets lays out what it chooses in an order of its own.
    """
    if isinstance(chosen, slice):
        return array[chosen]
    number = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
    part: FloatArray = array.T.take(number, axis=-1).T
    return part


def of_parts(array: FloatArray, chosen: IntArray) -> FloatArray:
    """Choose parts of a (T, K, ...) array, K bodies for example, as :func:`of_frames` does."""
    part: FloatArray = array.T.take(chosen, axis=-2).T
    return part


def sums_of_runs(values: FloatArray, first: IntArray, axis: int) -> FloatArray:
    """Sums of runs of neighbours along an axis; ``first``, (n,), are the starts of the runs."""
    if len(first) == values.shape[axis]:
        return values
    sums: FloatArray = np.add.reduceat(values, first, axis=axis)
    return sums


def finite_medians(values: FloatArray) -> FloatArray:
    """Medians (...) of the numbers of (N, ...) values along their first axis; NaN without any."""
    if not len(values):
        return np.full(values.shape[1:], np.nan)
    ordered = np.sort(np.moveaxis(values, 0, -1), axis=-1)  # NaN last
    count = (~np.isnan(ordered)).sum(axis=-1, keepdims=True)
    middles = np.concatenate((np.maximum(count - 1, 0) // 2, count // 2), axis=-1)
    chosen = np.take_along_axis(ordered, np.minimum(middles, len(values) - 1), axis=-1)
    return np.asarray(0.5 * (chosen[..., 0] + chosen[..., 1]))


def finite_means(values: FloatArray, axis: int) -> FloatArray:
    """Means of the numbers of values along an axis; NaN without any."""
    finite = np.isfinite(values)
    total, count = np.where(finite, values, 0.0).sum(axis=axis), finite.sum(axis=axis)
    return np.asarray(np.where(count > 0, total, np.nan) / np.maximum(count, 1))


def weighted_medians(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Medians (L,) of the numbers of (N, L) values with weights (N,) > 0; NaN without any.

    Between the two numbers about the middle of the weights it is interpolated.
    """
    if not len(values) or np.ptp(weights) == 0.0:
        return finite_medians(values)
    order = np.argsort(values, axis=0)  # NaN last
    ordered = np.take_along_axis(values, order, axis=0)
    weight = np.where(np.isnan(ordered), 0.0, weights[order])
    middles = np.cumsum(weight, axis=0) - 0.5 * weight
    half = 0.5 * weight.sum(axis=0)
    high = np.minimum((middles < half).sum(axis=0), np.maximum((weight > 0.0).sum(axis=0) - 1, 0))
    low = np.maximum(high - 1, 0)
    (below, above), (start, stop) = (
        [np.take_along_axis(x, y[None], axis=0)[0] for y in (low, high)] for x in (ordered, middles)
    )
    share = np.where(stop > start, (half - start) / np.where(stop > start, stop - start, 1.0), 1.0)
    return np.asarray(below + np.clip(share, 0.0, 1.0) * (above - below))


def finite_median(values: FloatArray) -> float:
    """Median of the numbers of (N,) values; NaN without any: of few; faster than NumPy's."""
    numbers: list[float] = values.tolist()
    ordered = sorted(x for x in numbers if x == x)  # a missing one is not itself
    if not ordered:
        return float("nan")
    return 0.5 * (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2])


def transpose(matrix: FloatArray) -> FloatArray:
    """Transposed (..., 3, 3) matrices (a view); for rotations the inverse."""
    return np.swapaxes(matrix, -1, -2)


def axis_rotation(axis: FloatArray, angle: FloatArray) -> FloatArray:
    """(T, ..., 3, 3): rotations by angles (T, ...) about fixed unit axes (..., 3).

    Rodrigues: ``R = e eᵀ + cos θ (1 − e eᵀ) + sin θ [e]×``.
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    rotation = np.empty((*angle.shape, 3, 3), order="F")
    for row in range(3):
        for column in range(3):
            along = axis[..., row] * axis[..., column]
            if row == column:
                rotation[..., row, column] = along + cosine * (1.0 - along)
            else:
                skew = axis[..., 3 - row - column] * (1.0 if (column - row) % 3 == 2 else -1.0)
                rotation[..., row, column] = along - cosine * along + sine * skew
    return rotation


def square_root(covariance: FloatArray) -> FloatArray:
    """The symmetric R with ``R R`` = covariance, (P, P), which may have rows of zeros.

    Of all roots the one that changes as little as the covariance does. Eigenvectors have any sign,
    and those of nearly equal eigenvalues any direction: draws made with them would differ where
    another processor rounds the last digit.
    """
    values, directions = np.linalg.eigh(covariance)
    root: FloatArray = (directions * np.sqrt(np.maximum(values, 0.0))) @ directions.T
    return root
