"""Splines over a trial, their banded normal equations, and factors of these."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline, PPoly
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.linalg.blas import dsyrk, dtrmm, dtrsm
from scipy.linalg.lapack import dtbtrs
from scipy.sparse import csr_array, diags_array

from aqbio.vectors import FloatArray, IntArray

DEGREE = 5
DERIVATIVES = (0, 1, 2, 5)
"""Orders of coordinates, speeds, accelerations and of the penalised fifth derivatives."""

ORDER = DEGREE + 1
"""Number of basis functions that are not zero at a time."""

SMOOTHNESS_WEIGHT = 1e-9
"""Weight of third differences where frames are too few to determine the spline."""

REFINEMENTS = 3
"""Corrections for the effect of that weight on coefficients that the frames determine."""


@dataclass(frozen=True, eq=False)
class SplineBasis:
    """Quintic B-splines on uniform knots, and their derivatives at the frames."""

    first: IntArray
    """(T,) int array. The first of the six basis functions that may not be zero in each frame."""
    local: FloatArray
    """(4, T, 6) array. These functions and their derivatives of `DERIVATIVES`."""

    @classmethod
    def over(cls, time: FloatArray, spacing: float) -> SplineBasis:
        """The basis for evenly spaced frames (T,), s; knots at most `spacing` apart, s."""
        # On uniform knots all basis functions are shifted copies of that on knots 0 to 6.
        element = PPoly.from_spline(BSpline.basis_element(np.arange(ORDER + 1.0)).tck)
        duration, frames = time[-1] - time[0], np.arange(len(time))
        pieces = max(int(np.ceil(duration / spacing - 1e-9)), 1)
        step = duration / pieces
        first = np.minimum(frames * pieces // max(len(time) - 1, 1), pieces - 1)
        inside = (time - time[0]) / step - first
        local = np.empty((4, len(time), ORDER))
        for number, order in enumerate(DERIVATIVES):
            polynomials = (element.derivative(order) if order else element).c[:, DEGREE:-DEGREE]
            powers = np.vander(inside, len(polynomials))
            local[number] = powers @ polynomials[:, ::-1] / step**order
        return cls(np.asarray(first), local)

    @property
    def count(self) -> int:
        """Number of basis functions."""
        return int(self.first[-1]) + ORDER

    @cached_property
    def values(self) -> tuple[csr_array, ...]:
        """Four (T, K) sparse matrices: all K basis functions and these derivatives."""
        frames = len(self.first)
        columns = (self.first[:, None] + np.arange(ORDER)).ravel()
        begins, shape = np.arange(frames + 1) * ORDER, (frames, self.count)
        return tuple(
            csr_array((values.ravel(), columns, begins), shape=shape) for values in self.local
        )

    @cached_property
    def spans(self) -> tuple[tuple[int, slice], ...]:
        """First basis function and frames of every piece that has frames."""
        starts = np.flatnonzero(np.diff(self.first, prepend=-1))
        ends = np.append(starts[1:], len(self.first))
        return tuple(
            (int(self.first[a]), slice(int(a), int(b))) for a, b in zip(starts, ends, strict=True)
        )

    @cached_property
    def overlaps(self) -> csr_array:
        """(6 K, T) sparse: products of functions k and k + l in each frame, in row ``6 k + l``."""
        later, earlier = np.tril_indices(ORDER)
        products = self.local[0][:, later] * self.local[0][:, earlier]
        rows = (self.first[:, None] + earlier) * ORDER + later - earlier
        frames = np.broadcast_to(np.arange(len(rows))[:, None], rows.shape)
        entries = (products.ravel(), (rows.ravel(), frames.ravel()))
        return csr_array(entries, shape=(ORDER * self.count, len(rows)))

    @cached_property
    def roughness(self) -> csr_array:
        """(K, K) sparse: sum over the frames of the products of fifth derivatives, per s¹⁰."""
        products: csr_array = self.values[3].T @ self.values[3]
        return products

    def nearest(self, values: FloatArray) -> FloatArray:
        """Coefficients (K, N) of the least-squares splines of values (T, N) at the frames.

        Where frames are too few to determine the spline, third differences of coefficients are kept
        small (Eilers and Marx 1996).
        """
        equations, right = self.values[0].T @ self.values[0], self.values[0].T @ values
        shape = (self.count - 3, self.count)
        differences = diags_array([-1.0, 3.0, -3.0, 1.0], offsets=range(4), shape=shape)
        stiffened = equations + SMOOTHNESS_WEIGHT * (differences.T @ differences)
        band = np.zeros((ORDER, self.count))
        for lag in range(ORDER):
            band[lag, : self.count - lag] = stiffened.diagonal(-lag)
        factor = cholesky_banded(band, lower=True)
        coefficients: FloatArray = cho_solve_banded((factor, True), right)
        for _ in range(REFINEMENTS):
            coefficients = coefficients + cho_solve_banded(
                (factor, True), right - equations @ coefficients
            )
        return coefficients


SingleArray = NDArray[np.float32]
"""Array of single precision."""

MAX_COLUMNS_ONE_BY_ONE = 8
"""Up to this many right-hand sides are solved one by one: block operations pay only for more.

Zero right-hand sides go the block way: SciPy's routine crashes on them (1.17).
"""


@dataclass(frozen=True, eq=False)
class BandFactor:
    """Cholesky's factor L of a banded matrix ``L Lᵀ``."""

    lower: FloatArray
    """(6 N + 1, K N) array. Its lower diagonals."""

    @classmethod
    def of(cls, band: FloatArray) -> BandFactor:
        """Factor a matrix given by its lower diagonals, in place."""
        return cls(cholesky_banded(band, overwrite_ab=True, lower=True, check_finite=False))

    def solve(self, right: FloatArray) -> FloatArray:
        """The solution for one or several right-hand sides."""
        if right[:1].size > MAX_COLUMNS_ONE_BY_ONE:
            return self.back(self.forward(right))
        solution: FloatArray = cho_solve_banded((self.lower, True), right, check_finite=False)
        return solution

    def forward(self, right: FloatArray) -> FloatArray:
        """``L⁻¹ b`` for (K N, n), half of the solution: ``aᵀ (L Lᵀ)⁻¹ b = (L⁻¹ a)ᵀ (L⁻¹ b)``."""
        if 0 < right[:1].size <= MAX_COLUMNS_ONE_BY_ONE:
            return self._one_by_one(right, "N")
        solution, width = self._rows(right), self.width
        for start in range(0, len(right), width):
            part = solution[:, start : min(start + width, len(right))]
            if start:
                before = solution[:, start - width : start]
                product = dtrmm(1.0, self._below(start - width), before, side=1, trans_a=1)
                part -= product[:, : part.shape[1]]
            part[:] = dtrsm(1.0, self._diagonal(start), part, side=1, lower=1, trans_a=1)
        return solution[:, : len(right)].T.reshape(right.shape)

    def back(self, halfway: FloatArray) -> FloatArray:
        """``L⁻ᵀ x`` for (K N, n), the other half; also samples with the inverse as covariance."""
        if 0 < halfway[:1].size <= MAX_COLUMNS_ONE_BY_ONE:
            return self._one_by_one(halfway, "T")
        solution, width = self._rows(halfway), self.width
        for start in reversed(range(0, len(halfway), width)):
            part = solution[:, start : min(start + width, len(halfway))]
            if start + width < len(halfway):
                after = solution[:, start + width : start + 2 * width]
                part -= dtrmm(1.0, self._below(start), after, side=1)
            part[:] = dtrsm(1.0, self._diagonal(start), part, side=1, lower=1)
        return solution[:, : len(halfway)].T.reshape(halfway.shape)

    def _one_by_one(self, right: FloatArray, transposed: str) -> FloatArray:
        """``L⁻¹`` or ``L⁻ᵀ`` times few right-hand sides."""
        solution, _ = dtbtrs(self.lower, right.reshape(len(right), -1), uplo="L", trans=transposed)
        return np.asarray(solution.reshape(right.shape))

    @property
    def width(self) -> int:
        """Bandwidth below the diagonal, and the size of the blocks."""
        return len(self.lower) - 1

    def _rows(self, right: FloatArray) -> FloatArray:
        """Right-hand sides as rows, in Fortran order, padded with a block of zeros."""
        rows = np.zeros((right[:1].size, len(right) + self.width), order="F")
        rows[:, : len(right)] = right.reshape(len(right), -1).T
        return rows

    def _diagonal(self, start: int) -> FloatArray:
        """Diagonal block from a column on; entries above its diagonal do not belong to L."""
        size = min(self.width, self.lower.shape[1] - start)
        return self._block(start * (self.width + 1), size)

    def _below(self, start: int) -> FloatArray:
        """Block below that; L is zero below its diagonal, where the memory holds other entries."""
        return self._block(start * (self.width + 1) + self.width, self.width)

    def _block(self, first: int, size: int) -> FloatArray:
        """A block of L in the band's memory: its column stride is one less than the band's."""
        step = self.lower.itemsize
        strides = (step, self.width * step)
        return np.ndarray((size, size), buffer=self.lower.T, offset=first * step, strides=strides)


KNOTS_PER_BLOCK = 256
"""Knots processed at once, so that memory does not grow with the trial."""


@dataclass(frozen=True, eq=False)
class MotionRows:
    """Weighted rows of the equations of motion in a set of frames."""

    frame: IntArray
    """(D,) int array. The frames."""
    by_motion: tuple[FloatArray, FloatArray, FloatArray]
    """Three (D, 6, N) arrays. By coordinates, speeds and accelerations."""
    residual: FloatArray
    """(D, 6) array."""


def pulls_of_rows(basis: SplineBasis, rows: MotionRows, values: FloatArray) -> FloatArray:
    """Products (K N, S) of the rows' derivatives by the coefficients with values (D, 6, S)."""
    count, number = values.shape[2], rows.by_motion[0].shape[2]
    total = np.zeros((basis.count, number * count))
    for table, by in zip(basis.values[:3], rows.by_motion, strict=True):
        product = np.ascontiguousarray(by.swapaxes(1, 2) @ values)
        total += table[rows.frame].T @ product.reshape(len(product), -1)
    return total.reshape(-1, count)


def banded(basis: SplineBasis, matrix: FloatArray, smooth: FloatArray) -> FloatArray:
    """Normal matrix of the coefficients, in the order (knot, coordinate), from those of the frames.

    `matrix` (T, N, N) is Gauss-Newton's of each frame's coordinates; `smooth` (N,) the inverse
    variance of fifth derivatives. Returns the lower diagonals, (6 N + 1, K N), its own first.

    One diagonal more than needed makes every block on the diagonal a plain Fortran matrix in the
    band's memory, 6 N apart from column to column. Coordinates that do not interact in any frame,
    as those of two limbs, have no entries.
    """
    number = matrix.shape[1]
    height = ORDER * number + 1
    later, earlier = np.nonzero(np.tril(matrix.any(axis=0)))
    by_frame = np.ascontiguousarray(matrix[:, later, earlier])
    band = np.zeros((height, basis.count * number), order="F")
    by_knot = band.reshape(-1, order="F").reshape(basis.count, number * height)
    lag = np.arange(ORDER)[:, None] * number
    positions = (earlier * (height - 1) + lag + later, later * (height - 1) + lag + earlier)
    for start in range(0, basis.count, KNOTS_PER_BLOCK):
        functions = slice(start, min(start + KNOTS_PER_BLOCK, basis.count))
        sums = basis.overlaps[functions.start * ORDER : functions.stop * ORDER] @ by_frame
        pairs = np.asarray(sums).reshape(functions.stop - start, ORDER, len(later))
        by_knot[functions, positions[0].ravel()] = pairs.reshape(len(pairs), -1)
        by_knot[functions, positions[1][1:].ravel()] = pairs[:, 1:].reshape(len(pairs), -1)
    for behind in range(ORDER):
        diagonal = np.outer(basis.roughness.diagonal(-behind), smooth).ravel()
        band[behind * number, : len(diagonal)] += diagonal
    return band


def add_rows(
    band: FloatArray, basis: SplineBasis, rows: MotionRows, by_parameter: FloatArray
) -> FloatArray:
    """Add rows to a band; return their coupling (K N, P), from derivatives (6 D, P)."""
    width, number = len(band) - 1, len(band) // ORDER
    border = np.zeros((band.shape[1], by_parameter.shape[1]))
    for begin in range(0, len(basis.spans), KNOTS_PER_BLOCK):
        spans = basis.spans[begin : begin + KNOTS_PER_BLOCK]
        edges = [
            (first, *np.searchsorted(rows.frame, (frames.start, frames.stop)).tolist())
            for first, frames in spans
        ]
        frame_rows = slice(edges[0][1], edges[-1][2])
        local = basis.local[:3, rows.frame[frame_rows]][:, :, None, :, None]
        parts = zip(local, rows.by_motion, strict=True)
        by_coefficient: FloatArray = sum(
            values * by[frame_rows, :, None, :] for values, by in parts
        )
        # columns begin at each frame's first coefficient
        by_coefficient = by_coefficient.reshape(6 * len(by_coefficient), width)
        right = by_parameter[6 * frame_rows.start : 6 * frame_rows.stop]
        for first, low, high in edges:
            if high > low:
                piece_rows = slice(6 * (low - frame_rows.start), 6 * (high - frame_rows.start))
                start = first * number
                border[start : start + width] += by_coefficient[piece_rows].T @ right[piece_rows]
                corner = start * len(band) * band.itemsize
                block: FloatArray = np.ndarray(
                    (width, width), buffer=band.T, offset=corner, order="F"
                )
                dsyrk(1.0, by_coefficient[piece_rows].T, beta=1.0, c=block, lower=1, overwrite_c=1)
    return border
