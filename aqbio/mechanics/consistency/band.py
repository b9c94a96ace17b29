"""Normal equations of splines: each piece touches only six neighbouring coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import as_strided
from scipy.linalg import cho_solve_banded, cholesky, cholesky_banded, solve_triangular
from scipy.linalg.blas import dsyrk, dtrmm, dtrsm

from aqbio.mechanics.consistency.spline import ORDER, SplineBasis
from aqbio.mechanics.vectors import FloatArray, IntArray

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

    def factor(self, damping: float = 0.0, *, overwrite: bool = False) -> BandFactor:
        """Cholesky's factor, the diagonal stiffened by a part of itself.

        Parameters
        ----------
        overwrite : bool
            The factor takes the band's memory, which holds the matrix no more.

        Raises
        ------
        numpy.linalg.LinAlgError
            The matrix is not positive definite.
        """
        band = self.band if overwrite or not damping else self.band.copy(order="F")
        if damping:
            band[0] *= 1.0 + damping
        lower = cholesky_banded(
            band, overwrite_ab=overwrite or bool(damping), lower=True, check_finite=False
        )
        return BandFactor(lower)


@dataclass(frozen=True, eq=False)
class BandFactor:
    """Cholesky's factor L of a banded matrix ``L Lᵀ``."""

    lower: FloatArray
    """(6 N + 1, K N) array. Its lower diagonals."""

    def solve(self, right: FloatArray) -> FloatArray:
        """The solution for one or several right-hand sides."""
        found: FloatArray = cho_solve_banded((self.lower, True), right, check_finite=False)
        return found

    def forward(self, right: FloatArray) -> FloatArray:
        """``L⁻¹ b`` for right-hand sides (K N, n): half of the way to the solution.

        Products of these are those with the inverse: ``aᵀ (L Lᵀ)⁻¹ b = (L⁻¹ a)ᵀ (L⁻¹ b)``.
        """
        found, width = self._rows(right), self.width
        for start in range(0, len(right), width):
            part = found[:, start : min(start + width, len(right))]
            if start:
                before = found[:, start - width : start]
                carried = dtrmm(1.0, self._below(start - width), before, side=1, trans_a=1)
                part -= carried[:, : part.shape[1]]
            part[:] = dtrsm(1.0, self._diagonal(start), part, side=1, lower=1, trans_a=1)
        return found[:, : len(right)].T.reshape(right.shape)

    def back(self, halfway: FloatArray) -> FloatArray:
        """``L⁻ᵀ x`` for (K N, n): the other half.

        Of standard normal numbers, samples with the inverse as covariance.
        """
        found, width = self._rows(halfway), self.width
        for start in reversed(range(0, len(halfway), width)):
            part = found[:, start : min(start + width, len(halfway))]
            if start + width < len(halfway):
                after = found[:, start + width : start + 2 * width]
                part -= dtrmm(1.0, self._below(start), after, side=1)
            part[:] = dtrsm(1.0, self._diagonal(start), part, side=1, lower=1)
        return found[:, : len(halfway)].T.reshape(halfway.shape)

    def within(self, border: Border) -> FloatArray:
        """``Bᵀ (L Lᵀ)⁻¹ B`` of a border B, (A, A); its lower triangle."""
        width, size = self.width, self.lower.shape[1]
        found: FloatArray = np.zeros((border.count, border.count), order="F")
        before: FloatArray | None = None
        for start in range(0, size, width):
            part = np.asfortranarray(border.rows(start, min(start + width, size)).T)
            if before is not None:
                carried = dtrmm(1.0, self._below(start - width), before, side=1, trans_a=1)
                part -= carried[:, : part.shape[1]]
            before = dtrsm(
                1.0, self._diagonal(start), part, side=1, lower=1, trans_a=1, overwrite_b=1
            )
            found = dsyrk(1.0, before, beta=1.0, c=found, lower=1, overwrite_c=1)
        return found

    @property
    def width(self) -> int:
        """How far the matrix reaches below its diagonal, and the size of its blocks."""
        return len(self.lower) - 1

    def _rows(self, right: FloatArray) -> FloatArray:
        """Right-hand sides as rows, in Fortran order, with a block of nothing behind them."""
        rows = np.zeros((right[:1].size, len(right) + self.width), order="F")
        rows[:, : len(right)] = right.reshape(len(right), -1).T
        return rows

    def _diagonal(self, start: int) -> FloatArray:
        """The block on the diagonal from a column on; above it is what is not of L."""
        size = min(self.width, self.lower.shape[1] - start)
        return self._block(start * (self.width + 1), size)

    def _below(self, start: int) -> FloatArray:
        """The block below that, which is zero below its diagonal; there is what is not of L."""
        return self._block(start * (self.width + 1) + self.width, self.width)

    def _block(self, first: int, size: int) -> FloatArray:
        """A block of L in the band's memory: its columns are one less apart than the band's."""
        step = self.lower.itemsize
        strides = (step, self.width * step)
        return np.ndarray((size, size), buffer=self.lower.T, offset=first * step, strides=strides)


class Border(Protocol):
    """How K N coefficients hang on A unknowns beside them: a matrix B, (K N, A), never at once."""

    @property
    def count(self) -> int:
        """A."""

    def rows(self, start: int, stop: int) -> FloatArray:
        """Some of its rows, whole knots, (stop - start, A)."""

    def times(self, right: FloatArray) -> FloatArray:
        """``B x`` for (A, n), (K N, n)."""

    def across(self, right: FloatArray) -> FloatArray:
        """``Bᵀ x`` for (K N, n), (A, n)."""

    def seen(self, moved: FloatArray) -> FloatArray:
        """The same, (A, n), of motions that are no splines, (T, N, n)."""


@dataclass(frozen=True, eq=False)
class BorderedFactor:
    """A factor F of the inverse ``A⁻¹ = Fᵀ F`` of ``A = L Lᵀ − B S⁻¹ Bᵀ``.

    Unknowns beside the coefficients are eliminated: B says how both hang together, S is the matrix
    of these alone.
    """

    motion: BandFactor
    """L."""
    border: Border
    """B."""
    lower: FloatArray
    """(A, A) array. Cholesky's factor of ``S − Bᵀ (L Lᵀ)⁻¹ B``."""

    @classmethod
    def of(cls, motion: BandFactor, border: Border, own: FloatArray) -> BorderedFactor:
        """That of a banded matrix's factor, the border B and the matrix S."""
        left = own - motion.within(border)
        return cls(motion, border, cholesky(left, lower=True, check_finite=False))

    def solve(self, right: FloatArray) -> FloatArray:
        """The solution for one or several right-hand sides."""
        columns = right.reshape(len(right), right[:1].size)
        return self.back(self.forward(columns)).reshape(right.shape)

    def forward(self, right: FloatArray) -> FloatArray:
        """``F b``, (K N + A, n) for (K N, n): half of the way to the solution."""
        first = self.motion.forward(right)
        beside = self.border.across(self.motion.back(first))
        second = solve_triangular(self.lower, beside, lower=True, check_finite=False)
        return np.concatenate([first, second])

    def back(self, halfway: FloatArray) -> FloatArray:
        """``Fᵀ x``, (K N, n) or (K N,) for (K N + A, n) or (K N + A,): the other half."""
        split = len(halfway) - len(self.lower)
        columns = halfway.reshape(len(halfway), halfway[:1].size)
        beside = solve_triangular(
            self.lower, columns[split:], lower=True, trans="T", check_finite=False
        )
        moved = columns[:split] + self.motion.forward(self.border.times(beside))
        return self.motion.back(moved).reshape(split, *halfway.shape[1:])


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
    the band's memory, 6 N apart from column to column.
    """
    frames, number = matrix.shape[:2]
    height = ORDER * number + 1
    by_frame, above = matrix.reshape(frames, -1), np.tri(number).T
    band = np.zeros((height, basis.count * number), order="F")
    flat = band.reshape(-1, order="F")
    step = flat.itemsize
    columns = as_strided(
        flat,
        shape=(basis.count, number, ORDER, number),
        strides=(number * height * step, (height - 1) * step, number * step, step),
    )
    for start in range(0, basis.count, KNOTS):
        some = slice(start, min(start + KNOTS, basis.count))
        blocks = basis.overlaps[some.start * ORDER : some.stop * ORDER] @ by_frame
        by_knots = np.asarray(blocks).reshape(-1, ORDER, number, number)
        by_knots[:, 0] *= above  # above the diagonal there is the column before
        columns[some] = by_knots.transpose(0, 2, 1, 3)
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
