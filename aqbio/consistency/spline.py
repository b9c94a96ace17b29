"""One spline for a whole trial: coordinates, speeds and accelerations from the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.sparse import csr_array, diags_array

from aqbio.vectors import FloatArray, IntArray

DEGREE = 5
ORDER = DEGREE + 1
"""Basis functions that are not zero at any one time."""

FAINT, REFINEMENTS = 1e-9, 3
"""Weight of smoothness where frames are too few to tell the spline; how
often its effect on what they do tell is taken back."""


@dataclass(frozen=True, eq=False)
class SplineBasis:
    """Quintic B-splines on uniform knots, and their derivatives at the frames."""

    first: IntArray
    """(T,) int array. The first of the six basis functions that may not be zero in each frame."""
    local: FloatArray
    """(4, T, 6) array. These functions and their first three derivatives, per s, s² and s³."""

    @classmethod
    def over(cls, time: FloatArray, spacing: float) -> SplineBasis:
        """The basis for evenly spaced frames.

        Parameters
        ----------
        time : (T,) array, s
        spacing : float
            Longest time between knots, s; shortened so that knots lie on both ends.
        """
        from scipy.interpolate import BSpline, PPoly

        # On uniform knots all basis functions are the one on knots 0 to 6, moved.
        one = PPoly.from_spline(BSpline.basis_element(np.arange(ORDER + 1.0)).tck)
        duration, frames = time[-1] - time[0], np.arange(len(time))
        pieces = max(int(np.ceil(duration / spacing - 1e-9)), 1)
        step = duration / pieces
        first = np.minimum(frames * pieces // max(len(time) - 1, 1), pieces - 1)
        inside = (time - time[0]) / step - first
        local = np.empty((4, len(time), ORDER))
        for order in range(4):
            pieces_of_one = (one.derivative(order) if order else one).c[:, DEGREE:-DEGREE]
            powers = np.vander(inside, len(pieces_of_one))
            local[order] = powers @ pieces_of_one[:, ::-1] / step**order
        return cls(np.asarray(first), local)

    @property
    def count(self) -> int:
        """Number of basis functions."""
        return int(self.first[-1]) + ORDER

    @cached_property
    def values(self) -> tuple[csr_array, ...]:
        """Four (T, K) sparse matrices: all K basis functions and their derivatives."""
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
        """(6 K, T) sparse: products of two basis functions in each frame.

        In row ``6 k + l`` that of functions k and k + l.
        """
        later, earlier = np.tril_indices(ORDER)
        products = self.local[0][:, later] * self.local[0][:, earlier]
        rows = (self.first[:, None] + earlier) * ORDER + later - earlier
        frames = np.broadcast_to(np.arange(len(rows))[:, None], rows.shape)
        entries = (products.ravel(), (rows.ravel(), frames.ravel()))
        return csr_array(entries, shape=(ORDER * self.count, len(rows)))

    @cached_property
    def roughness(self) -> csr_array:
        """(K, K) sparse: sum over the frames of the products of third derivatives, per s⁶."""
        products: csr_array = self.values[3].T @ self.values[3]
        return products

    def nearest(self, values: FloatArray) -> FloatArray:
        """Coefficients (K, N) of the splines nearest to values (T, N) at the frames.

        Where frames are too few to tell the spline, one whose coefficients have small third
        differences (Eilers and Marx 1996).
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
