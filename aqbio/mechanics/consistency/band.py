"""Normal equations of splines: each piece touches only six neighbouring coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.linalg.lapack import dtbtrs

from aqbio.mechanics.consistency.spline import ORDER, SplineBasis
from aqbio.mechanics.vectors import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class BandedEquations:
    """Symmetric equations of the coefficients, in the order (knot, coordinate).

    Attributes
    ----------
    band : (6 N + 1, K N) array
        The matrix's lower diagonals, its own first.
    right : (K N,) array
        Downhill: minus half the gradient of the cost.
    border : (K N, P) array
        How the coefficients hang on P parameters.
    """

    band: FloatArray
    right: FloatArray
    border: FloatArray

    def factor(self, damping: float = 0.0) -> BandFactor:
        """Cholesky's factor, the diagonal stiffened by a part of itself.

        Raises
        ------
        numpy.linalg.LinAlgError
            The matrix is not positive definite.
        """
        band = self.band
        if damping:
            band = band.copy(order="F")
            band[0] *= 1.0 + damping
        return BandFactor(cholesky_banded(band, lower=True, check_finite=False))


@dataclass(frozen=True, eq=False)
class BandFactor:
    """Cholesky's factor L of a banded matrix ``L Lᵀ``.

    Attributes
    ----------
    lower : (6 N + 1, K N) array
        Its lower diagonals.
    """

    lower: FloatArray

    def solve(self, right: FloatArray) -> FloatArray:
        """Give the solution for one or several right-hand sides."""
        found: FloatArray = cho_solve_banded((self.lower, True), right, check_finite=False)
        return found

    def samples(self, normal: FloatArray) -> FloatArray:
        """Turn standard normal numbers (K N, n) into samples with the inverse as covariance."""
        found, failed = dtbtrs(self.lower, normal, uplo="L", trans="T")
        if failed:
            raise ValueError("a factor of Cholesky's has a zero on its diagonal.")
        return np.asarray(found)


@dataclass(frozen=True, eq=False)
class MotionRows:
    """Weighted rows of the equations of motion in some frames.

    Attributes
    ----------
    frame : (D,) int array
        The frames.
    by_motion : three (D, 6, N) arrays
        By coordinates, speeds and accelerations.
    by_parameter : (D, 6, P) array
    residual : (D, 6) array
    """

    frame: IntArray
    by_motion: tuple[FloatArray, FloatArray, FloatArray]
    by_parameter: FloatArray
    residual: FloatArray


@dataclass(frozen=True, eq=False)
class Smoothness:
    """How smooth the motion is believed to be.

    Attributes
    ----------
    weight : (N,) array
        Inverse variance of each coordinate's third derivative in each frame.
    coefficients : (K, N) array
        Where the splines are now.
    """

    weight: FloatArray
    coefficients: FloatArray


def assembled(
    basis: SplineBasis,
    matrix: FloatArray,
    gradient: FloatArray,
    rows: MotionRows | None,
    smooth: Smoothness | None = None,
) -> BandedEquations:
    """Equations of the coefficients from those of the frames.

    Parameters
    ----------
    basis : SplineBasis
        T frames, K basis functions.
    matrix, gradient : (T, N, N) and (T, N) arrays
        Of each frame's coordinates: Gauss-Newton's matrix and half the gradient.
    rows : MotionRows or None
        Rows on coordinates, speeds and accelerations.
    smooth : Smoothness, optional
    """
    number = matrix.shape[1]
    size, width = basis.count * number, ORDER * number
    parameters = 0 if rows is None else rows.by_parameter.shape[2]
    # One diagonal more than needed: then the blocks below are plain windows into the memory.
    band = np.zeros((width + 1, size), order="F")
    right, border = np.zeros(size), np.zeros((size, parameters))
    flat, lower = band.reshape(-1, order="F"), np.tri(width)
    for first, frames in basis.spans:
        values = basis.local[0, frames]
        products = (values[:, :, None] * values[:, None, :]).reshape(len(values), -1)
        blocks = products.T @ matrix[frames].reshape(len(values), -1)
        by_knots = blocks.reshape(ORDER, ORDER, number, number)
        block = by_knots.transpose(0, 2, 1, 3).reshape(width, width)
        place = slice(first * number, first * number + width)
        right[place] -= (values.T @ gradient[frames]).ravel()
        if rows is not None:
            low, high = np.searchsorted(rows.frame, (frames.start, frames.stop))
            if high > low:
                tall = _rows(basis, rows, slice(int(low), int(high)))
                block += tall.T @ tall
                right[place] -= tall.T @ rows.residual[low:high].ravel()
                border[place] += tall.T @ rows.by_parameter[low:high].reshape(len(tall), -1)
        block *= lower
        _add(flat, first * number, block)
    if smooth is not None:
        right -= (smooth.weight * (basis.roughness @ smooth.coefficients)).ravel()
        for lag in range(ORDER):
            diagonal = np.outer(np.diagonal(basis.roughness, -lag), smooth.weight).ravel()
            band[lag * number, : len(diagonal)] += diagonal
    return BandedEquations(band, right, border)


def _rows(basis: SplineBasis, rows: MotionRows, part: slice) -> FloatArray:
    """Rows of some frames of one piece by its coefficients, (6 frames, 6 N)."""
    local = basis.local[:, rows.frame[part]]
    frames, number = local.shape[1], rows.by_motion[0].shape[2]
    tall = np.zeros((frames, 6, ORDER, number))
    for order, by in enumerate(rows.by_motion):
        tall += local[order][:, None, :, None] * by[part][:, :, None, :]
    return tall.reshape(frames * 6, ORDER * number)


def _add(flat: FloatArray, start: int, block: FloatArray) -> None:
    """Add a lower triangle at a place on the diagonal of a band in column order."""
    width = len(block)
    step = flat.itemsize
    corner = flat[start * (width + 1) :]
    window = as_strided(corner, shape=block.shape, strides=(step, width * step))
    window += block
