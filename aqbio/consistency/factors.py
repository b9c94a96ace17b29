"""Factors of normal equations: of banded ones, with unknowns beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag, cho_solve, cho_solve_banded, cholesky, solve_triangular
from scipy.linalg.blas import dtrmm, dtrsm, ssyrk, strmm, strsm
from scipy.linalg.lapack import dtbtrs

from aqbio.vectors import FloatArray

SingleArray = NDArray[np.float32]
"""Of single precision."""

FEW = 8
"""Right-hand sides up to here are solved one by one: blocks of the matrix pay for more only.

Not none of them, by which SciPy's routine crashes (1.17).
"""

BLOCKS = 4
"""Blocks of a border's rows that are made together."""

MOST_TURNS = 40
"""Of conjugate gradients: what needs more is solved with a factor of its own."""

PRECISE = 1e-5
"""They end where the square root of what is left has fallen to this part."""


@dataclass(frozen=True, eq=False)
class BandFactor:
    """Cholesky's factor L of a banded matrix ``L Lᵀ``."""

    lower: FloatArray
    """(6 N + 1, K N) array. Its lower diagonals."""
    beside: ClassVar[None] = None
    """Nothing is."""

    def solve(self, right: FloatArray) -> FloatArray:
        """The solution for one or several right-hand sides."""
        if right[:1].size > FEW:
            return self.back(self.forward(right))
        found: FloatArray = cho_solve_banded((self.lower, True), right, check_finite=False)
        return found

    def forward(self, right: FloatArray) -> FloatArray:
        """``L⁻¹ b`` for right-hand sides (K N, n): half of the way to the solution.

        Products of these are those with the inverse: ``aᵀ (L Lᵀ)⁻¹ b = (L⁻¹ a)ᵀ (L⁻¹ b)``.
        """
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
        """``L⁻ᵀ x`` for (K N, n): the other half.

        Of standard normal numbers, samples with the inverse as covariance.
        """
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

    def within(self, border: Border) -> SingleArray:
        """``Bᵀ (L Lᵀ)⁻¹ B`` of a border B, (A, A), in single precision; its lower triangle."""
        width, size = self.width, self.lower.shape[1]
        found = np.zeros((border.count, border.count), np.float32, order="F")
        before: SingleArray | None = None
        for start in range(0, size, width):
            if start % (BLOCKS * width) == 0:
                rows = border.rows(start, min(start + BLOCKS * width, size))
            first = start % (BLOCKS * width)
            part = np.asfortranarray(rows[first : first + width].T)
            if before is not None:
                below = self._below(start - width).astype(np.float32, order="F")
                part -= strmm(1.0, below, before, side=1, trans_a=1)[:, : part.shape[1]]
            square = self._diagonal(start).astype(np.float32, order="F")
            before = strsm(1.0, square, part, side=1, lower=1, trans_a=1, overwrite_b=1)
            found = ssyrk(1.0, before, beta=1.0, c=found, lower=1, overwrite_c=1)
        return found

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
        """A block of L in the band's memory: its columns are one less apart than the band's."""
        step = self.lower.itemsize
        strides = (step, self.width * step)
        return np.ndarray((size, size), buffer=self.lower.T, offset=first * step, strides=strides)


class Border(Protocol):
    """How K N coefficients hang on A unknowns beside them: a matrix B, (K N, A), never at once."""

    @property
    def count(self) -> int:
        """A."""

    def rows(self, start: int, stop: int) -> SingleArray:
        """Some of its rows, whole knots, (stop - start, A), in single precision."""

    def times(self, right: FloatArray) -> FloatArray:
        """``B x`` for (A, n), (K N, n)."""

    def across(self, right: FloatArray) -> FloatArray:
        """``Bᵀ x`` for (K N, n), (A, n)."""

    def seen(self, moved: FloatArray) -> FloatArray:
        """The same, (A, n), of motions that are no splines, (T, N, n)."""


@dataclass(frozen=True, eq=False)
class BorderedFactor:
    """A factor of ``A = L Lᵀ − B S⁻¹ Bᵀ``.

    Unknowns beside the coefficients are eliminated: B says how both hang together, S is the matrix
    of these alone. The factor of what is left for them, ``S − Bᵀ (L Lᵀ)⁻¹ B``, is dear: it has
    single precision, which tells solutions to 1e-4 (of errors that last in JA1's runs), and is made
    only where that of another point nearby does not do. With that one the unknowns beside are found
    by conjugate gradients (Hestenes & Stiefel 1952).

    The motion's own matrix has to be that of the point: its stiff directions, in which the
    equations of motion hold, turn with the posture.
    """

    motion: BandFactor
    """L."""
    border: Border
    """B."""
    alone: tuple[FloatArray, ...]
    """Blocks on the diagonal of S, (A, A)."""
    near: SingleArray | None = None
    """(A, A) array. `beside` of another point nearby, for single right-hand sides."""

    @cached_property
    def own(self) -> SingleArray:
        """(A, A) array: Cholesky's factor of ``S − Bᵀ (L Lᵀ)⁻¹ B``, single precision."""
        left = block_diag(*self.alone).astype(np.float32) - self.motion.within(self.border)
        return np.asarray(cholesky(left, lower=True, overwrite_a=True, check_finite=False))

    @property
    def beside(self) -> SingleArray:
        """(A, A) array: that one, or the one of another point nearby if there is one."""
        return self.own if self.near is None else self.near

    def solve(self, right: FloatArray) -> FloatArray:
        """The solution for one or several right-hand sides."""
        columns = right.reshape(len(right), right[:1].size)
        found = None
        if self.near is not None and columns.shape[1] == 1 and "own" not in vars(self):
            found = self._near(columns)
        if found is None:
            found = self.back(self.forward(columns))
        return found.reshape(right.shape)

    def forward(self, right: FloatArray) -> FloatArray:
        """``F b``, (K N + A, n) for (K N, n), with ``A⁻¹ = Fᵀ F``: half of the way."""
        first = self.motion.forward(right)
        pulled = self.border.across(self.motion.back(first)).astype(np.float32)
        second = solve_triangular(self.own, pulled, lower=True, check_finite=False)
        return np.concatenate([first, second])

    def back(self, halfway: FloatArray) -> FloatArray:
        """``Fᵀ x``, (K N, n) or (K N,) for (K N + A, n) or (K N + A,): the other half."""
        split = len(halfway) - len(self.own)
        columns = halfway.reshape(len(halfway), halfway[:1].size)
        amplitude = solve_triangular(
            self.own, columns[split:].astype(np.float32), lower=True, trans="T", check_finite=False
        )
        moved = columns[:split] + self.motion.forward(self.border.times(amplitude.astype(float)))
        return self.motion.back(moved).reshape(split, *halfway.shape[1:])

    def _near(self, right: FloatArray) -> FloatArray | None:
        """The solution for one, (K N, 1), with what is nearby; None if it was not found."""
        found = self.motion.solve(right)
        left = self.border.across(found)
        way, last, goal = np.zeros_like(left), np.inf, 0.0
        for turn in range(MOST_TURNS):
            single = left.astype(np.float32)
            ahead = cho_solve((self.beside, True), single, check_finite=False).astype(float)
            size = float(np.vdot(left, ahead))
            goal = goal if turn else PRECISE**2 * size
            if size <= goal:
                return found
            way = ahead + size / last * way
            answer = self.motion.solve(self.border.times(way))
            held = self._alone(way) - self.border.across(answer)
            step = size / float(np.vdot(way, held))
            found += step * answer
            left -= step * held
            last = size
        return None

    def _alone(self, amplitude: FloatArray) -> FloatArray:
        """``S y``."""
        ends = np.cumsum([len(one) for one in self.alone])[:-1]
        parts = zip(self.alone, np.split(amplitude, ends), strict=True)
        return np.concatenate([block @ part for block, part in parts])


Factor = BandFactor | BorderedFactor
