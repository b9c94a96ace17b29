"""Persistent soft-tissue artefact: tissue that swings with the stride, joints that are misplaced.

The markers of a segment have white errors (:mod:`.marker_rows`) and persistent ones: a constant,
and harmonics of the stride, as far as they look like a rigid motion of the segment. These six
*modes* of each segment, in its axes, have an amplitude for every wave, an unknown with the
expectation 0 and a variance that is estimated from the fit's residuals by segment and wave
(:mod:`.data_errors`). With the weights P of the white errors, the persistent errors U α and the
variances D of the amplitudes, the markers' weights become ``P − P U (D⁻¹ + Uᵀ P U)⁻¹ Uᵀ P``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import chain

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csc_array, csr_array

from aqbio.consistency.marker_rows import ErrorBands, MarkerRows
from aqbio.consistency.normal_equations import ORDER, SingleArray, SplineBasis
from aqbio.multibody.jacobians import VelocityFields
from aqbio.multibody.poses import SegmentPoses, chunks, segment_poses
from aqbio.vectors import (
    BoolArray,
    FloatArray,
    IntArray,
    cross,
    of_parts,
    rotate,
    sums_of_runs,
    transpose,
)


@dataclass(frozen=True, eq=False)
class SoftTissueBorder:
    """How the motion depends on amplitudes of soft tissue (:class:`.normal_equations.Border`)."""

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
        """Blocks of frames: memory does not grow with the trial."""
        return chunks(len(self.waves))

    def _within(self, some: slice) -> tuple[slice, csr_array]:
        """Basis functions that are not zero in some frames, and their values there."""
        first = self.basis.first[some]
        knots = slice(int(first[0]), int(first[-1]) + ORDER)
        return knots, self.basis.values[0][some, knots]

    def _seen(self, some: slice, moved: FloatArray) -> FloatArray:
        """Contribution of some frames to :meth:`seen`."""
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


WHITE_SD_M = 0.004
"""Of what is new in every frame: standard deviation of the root of n times the mean of a segment's
n markers, along an axis. Larger than what is left, for joints are no hinges."""

LEAST_SD_M = 0.002
"""The same of each marker, at least."""

COMMON = 1.0
"""Variance that the markers of a segment have in common, over each one's own; the constant has
none."""

MINIMUM_SD_M = 0.0003
"""Amplitudes with a smaller prior standard deviation than this are left out, m."""

COARSE_SD_M = 0.0009
"""The same on the way there."""

TURNS = 1e-6
"""Turns that move markers by less than this part of the largest are none."""


@dataclass(frozen=True, eq=False)
class SoftTissue:
    """Prior of persistent soft-tissue artefact."""

    sizes: FloatArray
    """(bands, S) array, m². Variance of a marker's errors along an axis by band and segment with
    markers, the last two bands white (:class:`.marker_rows.ErrorBands`)."""
    q: FloatArray
    """(T, C) array, rad or m. The motion in whose segments' axes they persist."""
    minimum_sd: float = MINIMUM_SD_M
    """Amplitudes with a smaller prior standard deviation are left out, m."""


@dataclass(frozen=True, eq=False)
class VisibilityPattern:
    """A segment in frames with the same visible ones of its n markers, in its axes."""

    frames: IntArray
    """(F,) array."""
    weighed: FloatArray
    """(n, 3, M) array. Weights of what is new times the segment's modes."""
    hold: FloatArray
    """(M, M) array. How what is new holds the modes."""
    reading: FloatArray
    """(M, 3 n) array. From errors of markers to those of the modes."""
    twist: FloatArray
    """(3 n, 3 M) array. From the places of the markers to the moments of these weights."""

    @classmethod
    def of(
        cls, frames: IntArray, seen: BoolArray, modes: FloatArray, weights: tuple[float, float]
    ) -> VisibilityPattern:
        """That of visible markers, (n,), their own variance, and what their sum takes of each."""
        own, kappa = weights
        shown = seen[:, None, None] * modes
        weighed = (shown - kappa * shown.sum(axis=0) * seen[:, None, None]) / own
        flat = modes.reshape(-1, modes.shape[2])
        reading = np.asarray(flat.T if seen.all() else np.linalg.pinv(shown.reshape(flat.shape)))
        hold = np.einsum("nam,nak->mk", weighed, modes)
        twist = cross(np.eye(3)[:, None], weighed.swapaxes(1, 2)[:, None]).swapaxes(2, 3)
        return cls(frames, weighed, hold, reading, twist.reshape(len(flat), -1))


@dataclass(frozen=True, eq=False)
class PersistentMarkerRows(MarkerRows):
    """Markers of one trial with persistent soft-tissue artefact."""

    waves: FloatArray
    """(T, W) array. The constant, and sine and cosine of every harmonic of the stride."""
    modes: tuple[FloatArray, ...]
    """Of each segment (n, 3, M): rigid motions of its n markers, segment axes, orthonormal. Three
    displacements first, then as many turns as they can show."""
    amplitude: tuple[IntArray, ...]
    """Of each segment (2, A): mode and wave of its amplitudes."""
    variance: tuple[FloatArray, ...]
    """Of each segment (A,), m²: of these."""
    turn: tuple[FloatArray, ...]
    """Of each segment (T, 3, 3): from its axes to ground axes."""

    @classmethod
    def from_white(
        cls, rows: MarkerRows, bands: ErrorBands, soft_tissue: SoftTissue
    ) -> PersistentMarkerRows:
        """Rows with the prior of persistent artefact, from rows with white errors."""
        sizes, tracking = soft_tissue.sizes, rows.tracking
        number = rows.segment.sum(axis=0)
        own = np.maximum(sizes[-2:].sum(axis=0), LEAST_SD_M**2)
        given = {one.name: getattr(rows, one.name) for one in fields(MarkerRows)}
        given |= {"own": own, "shared": np.maximum(WHITE_SD_M**2 - own, 0.0) / number}
        every = rows.segment.T.astype(bool)
        modes = tuple(rigid_modes(tracking.station[one]) for one in every)
        rotation = segment_poses(tracking.skeleton, soft_tissue.q).rotation
        turn = tuple(rotation[:, tracking.body[one][0]] for one in every)
        chosen, variances = [], []
        for segment, mode in enumerate(modes):
            variance = np.tile(sizes[bands.band, segment], (mode.shape[2], 1))
            variance[:3, 1:] *= 1.0 + COMMON * number[segment]
            told = np.flatnonzero(variance > soft_tissue.minimum_sd**2)
            chosen.append(np.stack(np.unravel_index(told, variance.shape)))
            variances.append(variance.ravel()[told])
        return cls(**given, waves=bands.waves, modes=modes, amplitude=tuple(chosen),
                   variance=tuple(variances), turn=turn)  # fmt: skip

    @cached_property
    def marker(self) -> tuple[IntArray, ...]:
        """The markers of each segment."""
        return tuple(np.flatnonzero(one) for one in self.segment.T)

    @cached_property
    def patterns(self) -> tuple[tuple[VisibilityPattern, ...], ...]:
        """Of each segment: frames in which the same of its markers are visible."""
        found = []
        for segment, (own, modes) in enumerate(zip(self.marker, self.modes, strict=True)):
            seen = np.packbits(self.visible[:, own], axis=1)
            patterns = seen.view(np.dtype((np.void, seen.shape[1]))).ravel()
            _, first, which = np.unique(patterns, return_index=True, return_inverse=True)
            every = self.visible[first][:, own]
            groups = [np.flatnonzero(which == one) for one in range(len(every))]
            variance, kappa = self.own[segment], self.kappa[:, segment]
            found.append(tuple(
                VisibilityPattern.of(frames, seen, modes, (variance, float(kappa[frames[0]])))
                for frames, seen in zip(groups, every, strict=True)
            ))  # fmt: skip
        return tuple(found)

    @cached_property
    def rotation(self) -> FloatArray:
        """(T, K, 3, 3) array: from the axes of each marker's segment to ground axes."""
        return np.asfortranarray(np.stack(self.turn, axis=1)[:, self.segment.argmax(axis=1)])

    @cached_property
    def stiffness(self) -> tuple[FloatArray, ...]:
        """Of each segment (A, A): ``D⁻¹ + Uᵀ P U``."""
        (frames, count), found = self.waves.shape, []
        together = (self.waves[:, :, None] * self.waves[:, None, :]).reshape(frames, -1)
        for patterns, (mode, wave), variance in zip(
            self.patterns, self.amplitude, self.variance, strict=True
        ):
            every = sum(
                np.multiply.outer(one.hold, together[one.frames].sum(axis=0)) for one in patterns
            ).reshape(*patterns[0].hold.shape, count, count)
            found.append(every[mode[:, None], mode, wave[:, None], wave] + np.diag(1.0 / variance))
        return tuple(found)

    @cached_property
    def factors(self) -> tuple[tuple[FloatArray, bool], ...]:
        """Cholesky's of these."""
        return tuple(cho_factor(one, lower=True) for one in self.stiffness)

    @cached_property
    def limbs(self) -> tuple[tuple[int, ...], ...]:
        """Segments moved by the same coordinates, in the order of the amplitudes."""
        carrier = [self._carrier(segment) for segment in range(len(self.modes))]
        beyond = self.tracking.skeleton.lineage[np.ix_(carrier, carrier)]
        found: list[list[int]] = []
        for segment in np.argsort(-beyond.sum(axis=1), kind="stable").tolist():
            limb = next((one for one in found if beyond[one[0], segment]), None)
            if limb is None:
                found.append([segment])
            else:
                limb.append(segment)
        return tuple(tuple(one) for one in found)

    @property
    def in_order(self) -> tuple[int, ...]:
        """The segments, limb by limb."""
        return tuple(chain.from_iterable(self.limbs))

    @property
    def blocks(self) -> tuple[FloatArray, ...]:
        """`stiffness` in that order."""
        return tuple(self.stiffness[segment] for segment in self.in_order)

    def amplitudes(self, pulls: FloatArray) -> FloatArray:
        """Amplitudes of all segments, (A, n), under pulls (A, n), the motion fixed."""
        ends = np.cumsum([len(self.variance[segment]) for segment in self.in_order])
        parts = zip(self.in_order, np.split(pulls, ends[:-1]), strict=True)
        return np.concatenate([cho_solve(self.factors[one], part) for one, part in parts])

    def weighed(self, error: FloatArray) -> FloatArray:
        """The inverse of the markers' covariance times errors, (T, K, 3) or several, (T, K, S, 3).

        Only what looks like a rigid motion of the segment counts.
        """
        rotation, every = (
            self.rotation[:, :, None],
            error.reshape(*error.shape[:2], -1, 3, order="F"),
        )
        within, pressed = rotate(rotation.swapaxes(-1, -2), every), np.zeros_like(every)
        for segment, own in enumerate(self.marker):
            markers, _, modes = self.modes[segment].shape
            rigid, lasting = self._lasting(segment, within)
            rigid -= lasting
            for one in self.patterns[segment]:
                found = rigid[one.frames].reshape(-1, modes) @ one.weighed.reshape(-1, modes).T
                found = found.reshape(len(one.frames), -1, markers, 3)
                pressed[one.frames[:, None], own] = found.swapaxes(1, 2)
        return rotate(rotation, pressed).reshape(error.shape, order="F")

    def expected(self, error: FloatArray) -> FloatArray:
        """(T, K, 3) array: errors of markers expected from errors (T, K, 3) of the visible ones.

        Persistent errors of the segment, and what remains in common to its visible markers.
        """
        within, lasting = rotate(self.rotation.swapaxes(-1, -2), error), np.empty_like(error)
        for segment, own in enumerate(self.marker):
            course = self._lasting(segment, within[:, :, None])[1][:, 0]
            lasting[:, own] = np.einsum("tm,nam->tna", course, self.modes[segment])
        found = rotate(self.rotation, lasting)
        return found + super().expected(error - found)

    def _lasting(self, segment: int, within: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Errors (T, S, M) of a segment's modes and their persistent part, the motion fixed.

        `within` are S errors (T, K, S, 3) of all markers, in their segments' axes.
        """
        own, (mode, wave) = self.marker[segment], self.amplitude[segment]
        rigid = np.empty((len(within), within.shape[2], self.modes[segment].shape[2]))
        held = np.empty_like(rigid)
        for one in self.patterns[segment]:
            seen = within[one.frames[:, None], own].swapaxes(1, 2)
            read = seen.reshape(-1, one.reading.shape[1]) @ one.reading.T
            rigid[one.frames] = read.reshape(-1, *rigid.shape[1:])
            held[one.frames] = (read @ one.hold).reshape(-1, *rigid.shape[1:])
        pull = (held.reshape(len(held), -1).T @ self.waves).reshape(*held.shape[1:], -1)
        amplitude = np.zeros_like(pull)
        amplitude[:, mode, wave] = cho_solve(self.factors[segment], pull[:, mode, wave].T).T
        lasting = self.waves @ amplitude.reshape(-1, len(self.waves.T)).T
        return rigid, lasting.reshape(rigid.shape)

    def border(
        self, poses: SegmentPoses, position: FloatArray, basis: SplineBasis
    ) -> SoftTissueBorder:
        """How the splines' coefficients depend on amplitudes; markers at (T, K, 3)."""
        field, arm = self.levers(poses, position)
        coordinates = np.unique(field.coordinate)
        pulls = [self._pull(limb, field, arm) for limb in self.limbs]
        return SoftTissueBorder(
            basis=basis,
            number=len(coordinates),
            coordinate=tuple(np.searchsorted(coordinates, one) for one, _ in pulls),
            pull=tuple(one for _, one in pulls),
            waves=self.waves,
            amplitude=tuple(self._amplitude(limb) for limb in self.limbs),
        )

    def _amplitude(self, limb: Sequence[int]) -> IntArray:
        """(2, A): mode and wave of the amplitudes of a limb, whose modes follow each other."""
        counts = [self.modes[segment].shape[2] for segment in limb]
        first = np.cumsum([0, *counts[:-1]])
        parts = [
            self.amplitude[one] + [[start], [0]] for one, start in zip(limb, first, strict=True)
        ]
        return np.concatenate(parts, axis=1)

    def _pull(
        self, limb: Sequence[int], field: VelocityFields, arm: FloatArray
    ) -> tuple[IntArray, FloatArray]:
        """Coordinates that move a limb, (C,), and how its modes pull at them, (T, C, M)."""
        skeleton = self.tracking.skeleton
        carrier = np.array([self._carrier(segment) for segment in limb])
        beyond = np.flatnonzero(skeleton.lineage[carrier[0], field.body])
        axes = np.concatenate([field.turn[:, beyond], field.shift[:, beyond]], axis=2)
        pull = axes @ np.concatenate([self._wrench(one, arm) for one in limb], axis=2)
        counts = [self.modes[segment].shape[2] for segment in limb]
        pull *= np.repeat(skeleton.lineage[np.ix_(carrier, field.body[beyond])], counts, axis=0).T
        moved, first = np.unique(field.coordinate[beyond], return_index=True)
        return moved, sums_of_runs(pull, first, 1)

    def _carrier(self, segment: int) -> int:
        """The body that carries a segment's markers."""
        return int(self.tracking.body[self.marker[segment][0]])

    def _wrench(self, segment: int, arm: FloatArray) -> FloatArray:
        """(T, 6, M) array: moment and force of the weighed modes of a segment."""
        own, turn = self.marker[segment], self.turn[segment]
        within = rotate(transpose(turn)[:, None], of_parts(arm, own)).reshape(len(turn), -1)
        moment = np.empty((len(turn), 3, self.modes[segment].shape[2]))
        force = np.empty_like(moment)
        for one in self.patterns[segment]:
            moment[one.frames] = (within[one.frames] @ one.twist).reshape(-1, *moment.shape[1:])
            force[one.frames] = one.weighed.sum(axis=0)
        return np.concatenate([turn @ moment, turn @ force], axis=1)


def rigid_modes(station: FloatArray) -> FloatArray:
    """Rigid motions of points (n, 3) that are orthonormal, (n, 3, M)."""
    number, middle = len(station), station - station.mean(axis=0)
    shifts = np.tile(np.eye(3), (number, 1)) / np.sqrt(number)
    turns = np.stack([cross(axis + 0.0 * middle, middle) for axis in np.eye(3)], axis=-1)
    left, size, _ = np.linalg.svd(turns.reshape(-1, 3), full_matrices=False)
    shown = left[:, size > TURNS * max(size[0], 1e-3)]
    return np.concatenate([shifts, shown], axis=1).reshape(number, 3, -1)
