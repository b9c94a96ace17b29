"""One spline for a whole trial: coordinates, speeds and accelerations from the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import BSpline
from scipy.sparse import csr_array

from aqbio.mechanics.vectors import FloatArray, IntArray

DEGREE = 5
ORDER = DEGREE + 1
"""Basis functions that are not zero at any one time."""


@dataclass(frozen=True, eq=False)
class SplineBasis:
    """Quintic B-splines on uniform knots, and their derivatives at the frames.

    Attributes
    ----------
    values : (3, T, K) array
        The K basis functions at the frames and their derivatives, per s and s².
    third : (T, K) array
        Their third derivatives, per s³.
    """

    values: FloatArray
    third: FloatArray

    @classmethod
    def over(cls, time: FloatArray, spacing: float) -> SplineBasis:
        """Give the basis for evenly spaced frames.

        Parameters
        ----------
        time : (T,) array, s
        spacing : float
            Longest time between knots, s; shortened so that knots lie on both ends.
        """
        duration = time[-1] - time[0]
        pieces = max(int(np.ceil(duration / spacing - 1e-9)), 1)
        step = duration / pieces
        knots = time[0] + step * np.arange(-DEGREE, pieces + ORDER)
        basis = BSpline(knots, np.eye(pieces + DEGREE), DEGREE)
        return cls(np.stack([basis(time, nu=order) for order in range(3)]), basis(time, nu=3))

    @property
    def count(self) -> int:
        """Number of basis functions."""
        return int(self.values.shape[2])

    @cached_property
    def first(self) -> IntArray:
        """(T,) int: the first basis function that may not be zero in each frame."""
        frames, pieces = self.values.shape[1], self.count - DEGREE
        piece = (np.arange(frames) * pieces) // max(frames - 1, 1)
        return np.asarray(np.minimum(piece, pieces - 1))

    @cached_property
    def local(self) -> FloatArray:
        """(3, T, 6) array: the basis functions from :attr:`first` on."""
        columns = self.first[:, None] + np.arange(ORDER)
        return np.take_along_axis(self.values, columns[None], axis=2)

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
    def roughness(self) -> FloatArray:
        """(K, K) array: sum over the frames of the products of third derivatives, per s⁶."""
        products: FloatArray = self.third.T @ self.third
        return products

    def nearest(self, values: FloatArray) -> FloatArray:
        """Coefficients (K, N) of the splines nearest to values (T, N) at the frames."""
        found: FloatArray = np.linalg.lstsq(self.values[0], values, rcond=None)[0]
        return found
