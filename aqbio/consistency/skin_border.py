"""How the motion hangs on errors of markers that last, limb by limb."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csc_array, csr_array

from aqbio.consistency.factors import SingleArray
from aqbio.consistency.spline import ORDER, SplineBasis
from aqbio.multibody.poses import chunks
from aqbio.vectors import FloatArray, IntArray


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
        courses = [self._course(knot) for knot in range(start // self.number, stop // self.number)]
        found = np.zeros((len(courses), self.number, self.count), np.float32)
        near = slice(courses[0][0].start, courses[-1][0].stop)
        for own, pull, (mode, wave), place in zip(
            self.coordinate, self.pull, self.amplitude, self.places, strict=True
        ):
            pulls = pull[near].reshape(-1, pull[0].size).astype(np.float32)
            every = np.empty((len(courses), pulls.shape[1], self.waves.shape[1]), np.float32)
            for row, (frames, course) in zip(every, courses, strict=True):
                seen = slice(frames.start - near.start, frames.stop - near.start)
                np.matmul(pulls[seen].T, course, out=row)
            flat = every.reshape(len(courses), len(own), -1)
            found[:, own, place] = flat.take(mode * every.shape[2] + wave, axis=2)
        return found.reshape(stop - start, -1)

    def _course(self, knot: int) -> tuple[slice, SingleArray]:
        """Frames that a basis function reaches, and the waves there times its values, (F, W)."""
        own = slice(*self.knots.indptr[knot : knot + 2])
        first = int(self.knots.indices[own.start])
        frames = slice(first, first + own.stop - own.start)
        return frames, self.knots.data[own, None] * self.waves[frames].astype(np.float32)

    def times(self, right: FloatArray) -> FloatArray:
        """``B x`` for (A, n), (K N, n)."""
        count, columns = self.waves.shape[1], right.shape[1]
        spread = []
        for pull, (mode, wave), place in zip(self.pull, self.amplitude, self.places, strict=True):
            amplitude = np.zeros((count, pull.shape[2], columns))
            amplitude[wave, mode] = right[place]
            spread.append(amplitude.reshape(count, pull.shape[2] * columns))
        found = np.zeros((self.basis.count, self.number * columns))
        for some in self._parts:
            waves = self.waves[some]
            pulls = np.zeros((len(waves), self.number, columns))
            for own, pull, one in zip(self.coordinate, self.pull, spread, strict=True):
                course = (waves @ one).reshape(len(waves), pull.shape[2], columns)
                pulls[:, own] += pull[some] @ course
            knots, values = self._within(some)
            found[knots] += values.T @ pulls.reshape(len(waves), self.number * columns)
        return found.reshape(self.basis.count * self.number, columns)

    def across(self, right: FloatArray) -> FloatArray:
        """``Bᵀ x`` for (K N, n), (A, n)."""
        columns = right.shape[1]
        coefficients = right.reshape(self.basis.count, self.number * columns)
        found = np.zeros((self.count, columns))
        for some in self._parts:
            knots, values = self._within(some)
            moved = values @ coefficients[knots]
            found += self._seen(some, moved.reshape(len(moved), self.number, columns))
        return found

    def seen(self, moved: FloatArray) -> FloatArray:
        """The same, (A, n), of motions that are no splines, (T, N, n)."""
        found = np.zeros((self.count, moved.shape[2]))
        for some in self._parts:
            found += self._seen(some, moved[some])
        return found

    @property
    def _parts(self) -> Iterator[slice]:
        """Frames that are taken together: what is held of them at once grows with no trial."""
        return chunks(len(self.waves))

    def _within(self, some: slice) -> tuple[slice, csr_array]:
        """Basis functions that are not zero in some frames, and their values there."""
        first = self.basis.first[some]
        knots = slice(int(first[0]), int(first[-1]) + ORDER)
        return knots, self.basis.values[0][some, knots]

    def _seen(self, some: slice, moved: FloatArray) -> FloatArray:
        """What some frames add to :meth:`seen`."""
        waves, columns = self.waves[some], moved.shape[2]
        found = np.empty((self.count, columns))
        for own, pull, (mode, wave), place in zip(
            self.coordinate, self.pull, self.amplitude, self.places, strict=True
        ):
            modes = pull.shape[2]
            course = (pull[some].swapaxes(1, 2) @ moved[:, own]).reshape(
                len(waves), modes * columns
            )
            every = (waves.T @ course).reshape(len(waves.T), modes, columns)
            found[place] = every[wave, mode]
        return found
