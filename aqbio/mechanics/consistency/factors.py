"""Factors of normal equations: of banded ones, with unknowns beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np
from scipy.linalg import cho_solve, cho_solve_banded, cholesky, solve_triangular
from scipy.linalg.blas import dsyrk, dtrmm, dtrsm
from scipy.linalg.lapack import dtbtrs

from aqbio.mechanics.vectors import FloatArray

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

    def within(self, border: Border) -> FloatArray:
        """``Bᵀ (L Lᵀ)⁻¹ B`` of a border B, (A, A); its lower triangle."""
        width, size = self.width, self.lower.shape[1]
        found: FloatArray = np.zeros((border.count, border.count), order="F")
        before: FloatArray | None = None
        for start in range(0, size, width):
            if start % (BLOCKS * width) == 0:
                rows = border.rows(start, min(start + BLOCKS * width, size))
            first = start % (BLOCKS * width)
            part = np.asfortranarray(rows[first : first + width].T)
            if before is not None:
                carried = dtrmm(1.0, self._below(start - width), before, side=1, trans_a=1)
                part -= carried[:, : part.shape[1]]
            before = dtrsm(
                1.0, self._diagonal(start), part, side=1, lower=1, trans_a=1, overwrite_b=1
            )
            found = dsyrk(1.0, before, beta=1.0, c=found, lower=1, overwrite_c=1)
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
    beside: FloatArray
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
        pulled = self.border.across(self.motion.back(first))
        second = solve_triangular(self.beside, pulled, lower=True, check_finite=False)
        return np.concatenate([first, second])

    def back(self, halfway: FloatArray) -> FloatArray:
        """``Fᵀ x``, (K N, n) or (K N,) for (K N + A, n) or (K N + A,): the other half."""
        split = len(halfway) - len(self.beside)
        columns = halfway.reshape(len(halfway), halfway[:1].size)
        amplitude = solve_triangular(
            self.beside, columns[split:], lower=True, trans="T", check_finite=False
        )
        moved = columns[:split] + self.motion.forward(self.border.times(amplitude))
        return self.motion.back(moved).reshape(split, *halfway.shape[1:])


@dataclass(frozen=True, eq=False)
class NearFactor:
    """The same, made only when it is asked for more than a solution, near a matrix that is known.

    The motion's own matrix follows every step: its stiff directions, in which the equations of
    motion hold, turn with the posture. What is left for the unknowns beside hardly changes, and is
    dear.
    """

    motion: BandFactor
    """L."""
    border: Border
    """B."""
    own: FloatArray
    """(A, A) array. S."""
    beside: FloatArray
    """(A, A) array. Cholesky's factor of ``S − Bᵀ (L Lᵀ)⁻¹ B`` of the other matrix."""

    @cached_property
    def whole(self) -> BorderedFactor:
        """The factor of this matrix."""
        return BorderedFactor.of(self.motion, self.border, self.own)

    def forward(self, right: FloatArray) -> FloatArray:
        """As :meth:`BorderedFactor.forward`."""
        return self.whole.forward(right)

    def back(self, halfway: FloatArray) -> FloatArray:
        """As :meth:`BorderedFactor.back`."""
        return self.whole.back(halfway)

    def solve(self, right: FloatArray) -> FloatArray:
        """The solution for one or several right-hand sides.

        Of one by conjugate gradients (Hestenes & Stiefel 1952) of the unknowns beside, with the
        other matrix before them.
        """
        if right.ndim > 1 or "whole" in vars(self):
            return self.whole.solve(right)
        left = self._across(right)
        found, way, goal, before = np.zeros_like(left), np.zeros_like(left), 0.0, np.inf
        for turn in range(MOST_TURNS):
            ahead = cho_solve((self.beside, True), left, check_finite=False)
            size = float(left @ ahead)
            goal = goal if turn else PRECISE**2 * size
            if size <= goal:
                return self.motion.solve(right + self._times(found))
            way = ahead + size / before * way
            held = self.own @ way - self._across(self._times(way))
            step = size / float(way @ held)
            found, left, before = found + step * way, left - step * held, size
        return self.whole.solve(right)

    def _times(self, amplitude: FloatArray) -> FloatArray:
        """``B y``."""
        return self.border.times(amplitude[:, None])[:, 0]

    def _across(self, right: FloatArray) -> FloatArray:
        """``Bᵀ (L Lᵀ)⁻¹ x``."""
        return self.border.across(self.motion.solve(right)[:, None])[:, 0]


Factor = BandFactor | BorderedFactor | NearFactor
