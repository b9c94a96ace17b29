"""Normal equations of splines: each piece touches only six neighbouring coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky_banded
from scipy.linalg.blas import dsyrk

from aqbio.consistency.factors import BandFactor
from aqbio.consistency.spline import ORDER, SplineBasis
from aqbio.vectors import FloatArray, IntArray

KNOTS = 256
"""Knots that are taken together: what is held of them at once grows with no trial."""


@dataclass(frozen=True, eq=False)
class BandedEquations:
    """Symmetric equations of the coefficients, in the order (knot, coordinate)."""

    band: FloatArray
    """(6 N + 1, K N) array. The matrix's lower diagonals, its own first."""
    right: FloatArray
    """(K N,) array. Downhill: minus half the gradient of the cost."""
    border: FloatArray
    """(K N, P) array. How the coefficients hang on P parameters."""

    def factor(self, *, overwrite: bool = False) -> BandFactor:
        """Cholesky's factor.

        Parameters
        ----------
        overwrite : bool
            The factor takes the band's memory, which holds the matrix no more.

        Raises
        ------
        numpy.linalg.LinAlgError
            The matrix is not positive definite.
        """
        lower = cholesky_banded(self.band, overwrite_ab=overwrite, lower=True, check_finite=False)
        return BandFactor(lower)


@dataclass(frozen=True, eq=False)
class MotionRows:
    """Weighted rows of the equations of motion in some frames."""

    frame: IntArray
    """(D,) int array. The frames."""
    by_motion: tuple[FloatArray, FloatArray, FloatArray]
    """Three (D, 6, N) arrays. By coordinates, speeds and accelerations."""
    by_parameter: FloatArray
    """(D, 6, P) array."""
    residual: FloatArray
    """(D, 6) array."""


@dataclass(frozen=True, eq=False)
class Smoothness:
    """How smooth the motion is believed to be."""

    weight: FloatArray
    """(N,) array. Inverse variance of each coordinate's third derivative in each frame."""
    coefficients: FloatArray
    """(K, N) array. Where the splines are now."""


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
    """
    number = matrix.shape[1]
    parameters = 0 if rows is None else rows.by_parameter.shape[2]
    band = _band(basis, matrix)
    pulls = np.zeros((basis.count * number, 1 + parameters))
    pulls[:, 0] = (basis.values[0].T @ gradient).ravel()
    if rows is not None:
        _add_rows(band, pulls, basis, rows)
    right = -pulls[:, 0]
    if smooth is not None:
        right -= (smooth.weight * (basis.roughness @ smooth.coefficients)).ravel()
        for lag in range(ORDER):
            diagonal = np.outer(basis.roughness.diagonal(-lag), smooth.weight).ravel()
            band[lag * number, : len(diagonal)] += diagonal
    return BandedEquations(band, right, pulls[:, 1:])


def _band(basis: SplineBasis, matrix: FloatArray) -> FloatArray:
    """Lower diagonals, (6 N + 1, K N), of what each frame asks of its coordinates.

    One diagonal more than needed: then every block on the diagonal is a plain Fortran matrix in
    the band's memory, 6 N apart from column to column. Coordinates that never meet in a frame, as
    those of two limbs, do so nowhere.
    """
    number = matrix.shape[1]
    height = ORDER * number + 1
    later, earlier = np.nonzero(np.tril(matrix.any(axis=0)))
    by_frame = np.ascontiguousarray(matrix[:, later, earlier])
    band = np.zeros((height, basis.count * number), order="F")
    by_knot = band.reshape(-1, order="F").reshape(basis.count, number * height)
    lag = np.arange(ORDER)[:, None] * number
    places = (earlier * (height - 1) + lag + later, later * (height - 1) + lag + earlier)
    for start in range(0, basis.count, KNOTS):
        some = slice(start, min(start + KNOTS, basis.count))
        sums = basis.overlaps[some.start * ORDER : some.stop * ORDER] @ by_frame
        pairs = np.asarray(sums).reshape(some.stop - start, ORDER, len(later))
        by_knot[some, places[0].ravel()] = pairs.reshape(len(pairs), -1)
        by_knot[some, places[1][1:].ravel()] = pairs[:, 1:].reshape(len(pairs), -1)
    return band


def _add_rows(band: FloatArray, pulls: FloatArray, basis: SplineBasis, rows: MotionRows) -> None:
    """Add rows to a band, and to what pulls at the coefficients: residuals, then parameters."""
    width = len(band) - 1
    number = width // ORDER
    for begin in range(0, len(basis.spans), KNOTS):
        spans = basis.spans[begin : begin + KNOTS]
        edges = [(first, *_within(rows.frame, frames)) for first, frames in spans]
        some = slice(edges[0][1], edges[-1][2])
        tall = _tall(basis, rows, some)
        pulling = np.concatenate([rows.residual[some, :, None], rows.by_parameter[some]], axis=2)
        pulling = pulling.reshape(len(tall), pulls.shape[1])
        for first, low, high in edges:
            if high > low:
                own, start = slice(6 * (low - some.start), 6 * (high - some.start)), first * number
                pulls[start : start + width] += tall[own].T @ pulling[own]
                corner = start * len(band) * band.itemsize
                block: FloatArray = np.ndarray(
                    (width, width), buffer=band.T, offset=corner, order="F"
                )
                dsyrk(1.0, tall[own].T, beta=1.0, c=block, lower=1, overwrite_c=1)


def _within(frame: IntArray, some: slice) -> tuple[int, int]:
    """From where to where rising frames lie within some."""
    low, high = np.searchsorted(frame, (some.start, some.stop))
    return int(low), int(high)


def _tall(basis: SplineBasis, rows: MotionRows, some: slice) -> FloatArray:
    """Rows of D frames by the coefficients from each frame's first one on, (6 D, 6 N)."""
    local = basis.local[:, rows.frame[some]][:, :, None, :, None]
    parts = zip(local[:3], rows.by_motion, strict=True)
    tall: FloatArray = sum(values * by[some, :, None, :] for values, by in parts)
    return tall.reshape(6 * len(tall), ORDER * tall.shape[-1])
