"""Splines over a trial, their banded normal equations, and factors of these."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.linalg.blas import dsyrk, dtrmm, dtrsm
from scipy.linalg.lapack import dtbtrs
from scipy.sparse import csr_array, diags_array

from aqbio.vectors import FloatArray, IntArray

DEGREE = 5
DERIVATIVES = (0, 1, 2, 5)
"""Coordinates, speeds, accelerations, and what is kept small: the curves' fifth derivatives."""

ORDER = DEGREE + 1
"""Basis functions that are not zero at any one time."""

FAINT, REFINEMENTS = 1e-9, 3
"""Weight of smoothness where frames are too few to determine the spline; how
often its effect on what they determine is corrected."""


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
        from scipy.interpolate import BSpline, PPoly

        # On uniform knots all basis functions are the one on knots 0 to 6, moved.
        one = PPoly.from_spline(BSpline.basis_element(np.arange(ORDER + 1.0)).tck)
        duration, frames = time[-1] - time[0], np.arange(len(time))
        pieces = max(int(np.ceil(duration / spacing - 1e-9)), 1)
        step = duration / pieces
        first = np.minimum(frames * pieces // max(len(time) - 1, 1), pieces - 1)
        inside = (time - time[0]) / step - first
        local = np.empty((4, len(time), ORDER))
        for number, order in enumerate(DERIVATIVES):
            pieces_of_one = (one.derivative(order) if order else one).c[:, DEGREE:-DEGREE]
            powers = np.vander(inside, len(pieces_of_one))
            local[number] = powers @ pieces_of_one[:, ::-1] / step**order
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
        return tuple(csr_array((one.ravel(), columns, begins), shape=shape) for one in self.local)

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
        stiffened = equations + FAINT * (differences.T @ differences)
        band = np.zeros((ORDER, self.count))
        for lag in range(ORDER):
            band[lag, : self.count - lag] = stiffened.diagonal(-lag)
        factor = cholesky_banded(band, lower=True)
        found: FloatArray = cho_solve_banded((factor, True), right)
        for _ in range(REFINEMENTS):
            found = found + cho_solve_banded((factor, True), right - equations @ found)
        return found


SingleArray = NDArray[np.float32]
"""Of single precision."""

FEW = 8
"""Right-hand sides up to here are solved one by one: blocks of the matrix pay for more only.

Not none of them, by which SciPy's routine crashes (1.17).
"""


@dataclass(frozen=True, eq=False)
class BandFactor:
    """Cholesky's factor L of a banded matrix ``L Lᵀ``."""

    lower: FloatArray
    """(6 N + 1, K N) array. Its lower diagonals."""

    @classmethod
    def of(cls, band: FloatArray) -> BandFactor:
        """The factor of a matrix by its lower diagonals, whose memory it takes over."""
        return cls(cholesky_banded(band, overwrite_ab=True, lower=True, check_finite=False))

    def solve(self, right: FloatArray) -> FloatArray:
        """The solution for one or several right-hand sides."""
        if right[:1].size > FEW:
            return self.back(self.forward(right))
        found: FloatArray = cho_solve_banded((self.lower, True), right, check_finite=False)
        return found

    def forward(self, right: FloatArray) -> FloatArray:
        """``L⁻¹ b`` for (K N, n), half of the solution: ``aᵀ (L Lᵀ)⁻¹ b = (L⁻¹ a)ᵀ (L⁻¹ b)``."""
        if 0 < right[:1].size <= FEW:
            return self._one_by_one(right, "N")
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
        """``L⁻ᵀ x`` for (K N, n), the other half; also samples with the inverse as covariance."""
        if 0 < halfway[:1].size <= FEW:
            return self._one_by_one(halfway, "T")
        found, width = self._rows(halfway), self.width
        for start in reversed(range(0, len(halfway), width)):
            part = found[:, start : min(start + width, len(halfway))]
            if start + width < len(halfway):
                after = found[:, start + width : start + 2 * width]
                part -= dtrmm(1.0, self._below(start), after, side=1)
            part[:] = dtrsm(1.0, self._diagonal(start), part, side=1, lower=1)
        return found[:, : len(halfway)].T.reshape(halfway.shape)

    def _one_by_one(self, right: FloatArray, transposed: str) -> FloatArray:
        """``L⁻¹`` or ``L⁻ᵀ`` times few right-hand sides."""
        found, _ = dtbtrs(self.lower, right.reshape(len(right), -1), uplo="L", trans=transposed)
        return np.asarray(found.reshape(right.shape))

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
        """A block of L in the band's memory: its column stride is one less than the band's."""
        step = self.lower.itemsize
        strides = (step, self.width * step)
        return np.ndarray((size, size), buffer=self.lower.T, offset=first * step, strides=strides)


KNOTS = 256
"""Knots of a block: memory does not grow with the trial."""


@dataclass(frozen=True, eq=False)
class MotionRows:
    """Weighted rows of the equations of motion in some frames."""

    frame: IntArray
    """(D,) int array. The frames."""
    by_motion: tuple[FloatArray, FloatArray, FloatArray]
    """Three (D, 6, N) arrays. By coordinates, speeds and accelerations."""
    residual: FloatArray
    """(D, 6) array."""


def banded(basis: SplineBasis, matrix: FloatArray, smooth: FloatArray) -> FloatArray:
    """Normal matrix of the coefficients, in the order (knot, coordinate), from those of the frames.

    `matrix` (T, N, N) is Gauss-Newton's of each frame's coordinates; `smooth` (N,) the inverse
    variance of fifth derivatives. Returns the lower diagonals, (6 N + 1, K N), its own first.

    One diagonal more than needed makes every block on the diagonal a plain Fortran matrix in the
    band's memory, 6 N apart from column to column. Coordinates that never meet in a frame, as those
    of two limbs, do so nowhere.
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
    for behind in range(ORDER):
        diagonal = np.outer(basis.roughness.diagonal(-behind), smooth).ravel()
        band[behind * number, : len(diagonal)] += diagonal
    return band


def add_rows(
    band: FloatArray, basis: SplineBasis, rows: MotionRows, by_parameter: FloatArray
) -> FloatArray:
    """Add rows to a band; the coupling (K N, P) with parameters, by which they are (6 D, P)."""
    width, number = len(band) - 1, len(band) // ORDER
    border = np.zeros((band.shape[1], by_parameter.shape[1]))
    for begin in range(0, len(basis.spans), KNOTS):
        spans = basis.spans[begin : begin + KNOTS]
        edges = [
            (first, *np.searchsorted(rows.frame, (frames.start, frames.stop)).tolist())
            for first, frames in spans
        ]
        some = slice(edges[0][1], edges[-1][2])
        local = basis.local[:3, rows.frame[some]][:, :, None, :, None]
        parts = zip(local, rows.by_motion, strict=True)
        every: FloatArray = sum(values * by[some, :, None, :] for values, by in parts)
        tall = every.reshape(6 * len(every), width)  # by each frame's first coefficient on
        right = by_parameter[6 * some.start : 6 * some.stop]
        for first, low, high in edges:
            if high > low:
                own, start = slice(6 * (low - some.start), 6 * (high - some.start)), first * number
                border[start : start + width] += tall[own].T @ right[own]
                corner = start * len(band) * band.itemsize
                block: FloatArray = np.ndarray(
                    (width, width), buffer=band.T, offset=corner, order="F"
                )
                dsyrk(1.0, tall[own].T, beta=1.0, c=block, lower=1, overwrite_c=1)
    return border
