"""How the motion hangs on errors of markers that last, limb by limb."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array

from aqbio.mechanics.consistency.factors import SingleArray
from aqbio.mechanics.consistency.spline import SplineBasis
from aqbio.mechanics.vectors import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class SkinBorder:
    """How the coefficients of the motion hang on amplitudes of skin (:class:`.factors.Border`)."""

    basis: SplineBasis
    number: int
    """N, coordinates that are fitted."""
    coordinate: tuple[IntArray, ...]
    """Of each limb (C,): those that move it."""
    pull: tuple[FloatArray, ...]
    """Of each limb (T, C, M): how the modes of its segments pull at them."""
    waves: FloatArray
    """(T, W) array."""
    amplitude: tuple[IntArray, ...]
    """Of each limb (2, A): mode and wave of its amplitudes."""

    @cached_property
    def count(self) -> int:
        """Amplitudes of all limbs."""
        return sum(one.shape[1] for one in self.amplitude)

    @cached_property
    def places(self) -> tuple[slice, ...]:
        """Those of each limb."""
        ends = np.cumsum([one.shape[1] for one in self.amplitude]).tolist()
        return tuple(slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True))

    @cached_property
    def knots(self) -> csc_array:
        """(T, K) sparse matrix: the basis functions, in single precision."""
        return csc_array(self.basis.values[0].astype(np.float32))

    def rows(self, start: int, stop: int) -> SingleArray:
        """Some of its rows, whole knots, (stop - start, A), in single precision."""
        table = self.knots[:, start // self.number : stop // self.number]
        first, last = table.indices.min(initial=len(self.waves)), table.indices.max(initial=0)
        near = slice(int(first), int(last) + 1)
        values = table[near].T.tocsr()
        found = np.zeros((values.shape[0], self.number, self.count), np.float32)
        waves = self.waves[near].astype(np.float32)[:, None]
        for own, pull, (mode, wave), place in zip(
            self.coordinate, self.pull, self.amplitude, self.places, strict=True
        ):
            every = pull[near].astype(np.float32)[:, :, mode] * waves[:, :, wave]
            knots = values @ every.reshape(len(every), -1)
            found[:, own, place] = knots.reshape(len(found), *every.shape[1:])
        return found.reshape(stop - start, -1)

    def times(self, right: FloatArray) -> FloatArray:
        """``B x`` for (A, n), (K N, n)."""
        (frames, count), columns = self.waves.shape, right.shape[1]
        pulls = np.zeros((frames, self.number, columns))
        for own, pull, (mode, wave), place in zip(
            self.coordinate, self.pull, self.amplitude, self.places, strict=True
        ):
            modes = pull.shape[2]
            amplitude = np.zeros((count, modes, columns))
            amplitude[wave, mode] = right[place]
            course = self.waves @ amplitude.reshape(count, modes * columns)
            pulls[:, own] += pull @ course.reshape(frames, modes, columns)
        knots = self.basis.values[0].T @ pulls.reshape(frames, self.number * columns)
        return np.asarray(knots).reshape(self.basis.count * self.number, columns)

    def across(self, right: FloatArray) -> FloatArray:
        """``Bᵀ x`` for (K N, n), (A, n)."""
        columns = right.shape[1]
        moved = self.basis.values[0] @ right.reshape(self.basis.count, self.number * columns)
        return self.seen(moved.reshape(len(moved), self.number, columns))

    def seen(self, moved: FloatArray) -> FloatArray:
        """The same, (A, n), of motions that are no splines, (T, N, n)."""
        (frames, count), columns = self.waves.shape, moved.shape[2]
        found = np.zeros((self.count, columns))
        for own, pull, (mode, wave), place in zip(
            self.coordinate, self.pull, self.amplitude, self.places, strict=True
        ):
            modes = pull.shape[2]
            course = (pull.swapaxes(1, 2) @ moved[:, own]).reshape(frames, modes * columns)
            found[place] = (self.waves.T @ course).reshape(count, modes, columns)[wave, mode]
        return found
