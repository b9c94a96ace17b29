"""Errors of a fit's data, estimated from its residuals, and draws of motions that they allow.

A fit's weights are assumptions; if they were errors, the inverse of its normal matrix would be the
covariance of the motion. The errors are estimated from the residuals: every part of them (a
segment's markers in a band, a component of force or moment, a coordinate's roughness) is scaled
until the expected residuals are those of the fit (variance components, Förstner 1979). Then they
are propagated through the fit: the spread of the motion is that of its response to such errors
(White 1980), however wrong the weights.

References
----------
Förstner W (1979), Allgemeine Vermessungs-Nachrichten 86, 446-453.
White H (1980), Econometrica 48, 817-838.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np

from aqbio.consistency.normal_equations import SingleArray
from aqbio.consistency.parameters import CENTRES, SENSOR_SD, centre_direction
from aqbio.consistency.solver import Solver
from aqbio.multibody.jacobians import VelocityFields
from aqbio.multibody.poses import chunks
from aqbio.vectors import FloatArray, cross, rotate, square_root

PLACEMENT_SD = 0.005
"""Constant error of a marker along an axis before the data are asked, m."""

STRIDE_SHARE = 0.8
"""Share of the skin's motion that repeats from stride to stride, before the data are asked."""

NOISE_SD = 0.001
"""Of a marker from frame to frame, before the data are asked, m."""


@dataclass(frozen=True, slots=True)
class LoadSpread:
    """Errors of a force plate: standard deviations."""

    position: float = 0.003
    """Of its position along x and along z, m."""
    gain: float = 0.005
    """Of its force, relative."""


PLATES = LoadSpread()
"""Assumed errors of plates: a fit follows them, so that no residual shows them; a force channel
shows as much of another one as its own gain errs."""

LEAST_SHARE = 0.02
"""Errors of which a fit leaves less than this share keep their prior size."""

ROUGH_SHARE = 0.52
"""Variance of the roughness that a fit holds down, over its prior's: no residual shows it. With it
intervals of the rates of groups hold the truth of eight virtual sprinters in 88 % of frames and
more; with what the residuals tell, in 78 %."""

STACK_FRAMES = 4000
"""Frames of draws that are worked through at once, about."""

AT_ONCE = 20
"""Draws whose motions are solved for at once: each is as large as the trial's motion."""

DRAWS = (2, 2, 8)
"""Draws from which errors are scaled, iteration by iteration."""


@dataclass(frozen=True, eq=False)
class DataErrors:
    """Errors of all that a fit weighs, or what it leaves of them."""

    markers: FloatArray
    """(T, K, 3) array, m, ground. 0 where a marker is missing."""
    pose: FloatArray
    roughness: FloatArray
    """pose, roughness: (T, N) arrays. Of coordinates about those of inverse kinematics, and
    of their fifth derivatives, by their prior standard deviation."""
    wrench: FloatArray
    """(D, 6) array. Of force and moment in the measured frames, by their weights."""

    @classmethod
    def stacked(cls, every: Sequence[DataErrors]) -> DataErrors:
        """S of them as one, with another axis: markers (T, K, S, 3), the others last."""
        frames, markers, _ = every[0].markers.shape
        placed = np.empty((frames, markers, len(every), 3), order="F")
        for place, one in enumerate(every):
            placed[:, :, place] = one.markers
        names = ("pose", "roughness", "wrench")
        return cls(placed, *(np.stack([vars(x)[name] for x in every], axis=2) for name in names))


@dataclass(frozen=True, eq=False)
class Sizes:
    """Variances of errors."""

    markers: FloatArray
    """(bands, S) array, m². Of each marker of a segment along an axis."""
    pose: FloatArray
    roughness: FloatArray
    """pose, roughness: (N,) arrays."""
    wrench: FloatArray
    """(6,) array. Without the assumed errors of plates."""

    def scaled(self, left: Sizes, expected: Sizes) -> Sizes:
        """The same, larger where more is left than expected, smaller where less.

        Roughness stays as large as its prior: what that held down, no residual shows.
        """
        found = Sizes(*map(_scaled, *(astuple(one) for one in (self, left, expected))))
        return replace(found, roughness=self.roughness)


@dataclass(frozen=True, eq=False)
class Response:
    """A fit as a machine that makes motions from data, near its end."""

    solver: Solver
    """With equations and factor; parameters are fixed."""

    @cached_property
    def rotation(self) -> FloatArray:
        """(T, K, 3, 3) array: from the axes of each marker's segment to ground axes."""
        body = self.solver.markers.tracking.body
        return np.asfortranarray(self.solver.point.poses.rotation[:, body])

    @cached_property
    def force(self) -> FloatArray:
        """(D, 3) array, N: of the ground in the measured frames."""
        time = self.solver.observations.time[self.solver.rows.frame]
        return self.solver.observations.wrench.at(time)[0]

    @cached_property
    def levers(self) -> tuple[VelocityFields, FloatArray]:
        """How the coordinates move the markers."""
        point = self.solver.point
        return self.solver.markers.levers(point.poses, point.position)

    @cached_property
    def prior_sizes(self) -> Sizes:
        """Variances before the data are used: the weights' shares."""
        rows, number = self.solver.markers, len(self.solver.coordinates)
        skin = rows.own - SENSOR_SD**2
        sizes = np.zeros((self.solver.bands.count, len(skin)))
        sizes[0], sizes[-1] = PLACEMENT_SD**2, NOISE_SD**2
        harmonics = 1.0 / np.arange(1.0, self.solver.bands.harmonics + 1.0) ** 2
        repeated = STRIDE_SHARE if len(harmonics) else 0.0
        sizes[1:-2] = repeated * np.outer(harmonics / max(harmonics.sum(), 1.0), skin)
        sizes[-2] = (1.0 - repeated) * skin
        return Sizes(sizes, np.ones(number), np.full(number, ROUGH_SHARE), np.ones(6))

    def drawn(self, sizes: Sizes, random: np.random.Generator) -> DataErrors:
        """One draw of errors."""
        rows, shape = self.solver.markers, (len(self.solver.bands.waves), len(sizes.pose))
        sd, likeness = np.sqrt(sizes.markers), self.solver.weights.correlation
        skin = sd * np.sqrt(likeness / (1.0 - likeness))
        skin[0] = skin[-1] = 0.0  # places and noise are each marker's own
        errors = self.solver.bands.drawn(sd @ rows.segment.T, skin, rows.segment, random)
        rotation = rotate(self.rotation, errors)
        wrench = random.standard_normal((len(self.solver.rows.frame), 6))
        return DataErrors(
            markers=rotation * rows.visible[..., None],
            pose=random.standard_normal(shape) * np.sqrt(sizes.pose),
            roughness=random.standard_normal(shape) * np.sqrt(sizes.roughness),
            wrench=wrench * np.sqrt(sizes.wrench) + self.plates(random),
        )

    def plates(self, random: np.random.Generator) -> FloatArray:
        """(D, 6) array: effect of one draw of plate errors on force and moment, weighted.

        Contacts over ground lie on separate plates, those on a belt on one.
        """
        seen, force = self.solver.observations, self.force
        time, found = seen.time[self.solver.rows.frame], np.zeros((len(force), 6))
        spans = seen.contacts if seen.drag else np.array([[-np.inf, np.inf]])
        for first, end in zip(
            np.searchsorted(time, spans[:, 0]),
            np.searchsorted(time, spans[:, 1], side="right"),
            strict=True,
        ):
            on = slice(first, end)
            shown = PLATES.gain * random.standard_normal((3, 3))
            place = PLATES.position * random.standard_normal(3) * [1.0, 0.0, 1.0]
            found[on, :3] = force[on] @ shown.T
            found[on, 3:] = cross(np.broadcast_to(place, force[on].shape), force[on])
        return found / self.solver.sigma

    def pulls(self, every: Iterable[DataErrors]) -> FloatArray:
        """(K N, S) array: how S errors pull at the coefficients of the splines."""
        return np.concatenate([self._pull(some) for some in self._stacks(every)], axis=1)

    def residuals_of(self, every: Iterable[DataErrors]) -> Iterator[DataErrors]:
        """What the fit leaves of errors, in stacks: its answer to each, less itself."""
        for some in self._stacks(every):
            yield self._residual(some, self.solver.factor.solve(self._pull(some)))

    def _stacks(self, every: Iterable[DataErrors]) -> Iterator[DataErrors]:
        """Stacks of as many as stay near the processor."""
        left, number = iter(every), max(STACK_FRAMES // len(self.solver.observations.time), 1)
        while some := list(islice(left, number)):
            yield DataErrors.stacked(some)

    def _pull(self, errors: DataErrors) -> FloatArray:
        """(K N, S) array: how stacked errors pull at the coefficients."""
        solver, motion = self.solver, self.solver.rows
        basis = solver.basis
        pull = solver.markers.pull(*self.levers, solver.markers.weighed(errors.markers))
        pull += errors.pose / solver.weights.coordinate_sd
        roughness = errors.roughness / solver.roughness_sd[:, None]
        found = basis.values[0].T @ _flat(pull) + basis.values[3].T @ _flat(roughness)
        for values, by in zip(basis.values[:3], motion.by_motion, strict=True):
            found += values[motion.frame].T @ _flat(by.swapaxes(1, 2) @ errors.wrench)
        return np.asarray(found.reshape(-1, pull.shape[2]))

    def _residual(self, errors: DataErrors, answers: FloatArray) -> DataErrors:
        """Answers, changes of the coefficients (K N, S), less the errors that they answer."""
        solver, motion = self.solver, self.solver.rows
        change = answers.reshape(solver.basis.count, -1)
        moved = [(one @ change).reshape(errors.pose.shape) for one in solver.basis.values]
        by_motion = zip(motion.by_motion, moved[:3], strict=True)
        wrench = sum(by @ one[motion.frame] for by, one in by_motion)
        seen = solver.markers.visible[..., None, None]
        return DataErrors(
            markers=solver.markers.moved(*self.levers, moved[0]) * seen - errors.markers,
            pose=moved[0] / solver.weights.coordinate_sd - errors.pose,
            roughness=moved[3] / solver.roughness_sd[:, None] - errors.roughness,
            wrench=np.asarray(wrench) - errors.wrench,
        )

    def powers(self, errors: DataErrors) -> Sizes:
        """Mean squares of stacked errors: of markers by segment and band, in the segments' axes."""
        rows = self.solver.markers
        values = rotate(self.rotation.swapaxes(-1, -2)[:, :, None], errors.markers)
        power = self.solver.bands.power(values.reshape(len(values), -1))
        by_marker = power.reshape(len(power), rows.visible.shape[1], -1).mean(axis=2)
        return Sizes(
            markers=by_marker @ (rows.segment / rows.segment.sum(axis=0)),
            pose=(errors.pose**2).mean(axis=(0, 2)),
            roughness=(errors.roughness**2).mean(axis=(0, 2)),
            wrench=(errors.wrench**2).mean(axis=(0, 2)),
        )

    def estimated_sizes(self, random: np.random.Generator) -> Sizes:
        """Sizes of the errors that leave what the fit left."""
        solver, point, sizes = self.solver, self.solver.point, self.prior_sizes
        away = point.motion.q[:, solver.coordinates] - solver.solved
        fifth = solver.basis.values[3] @ point.coefficients
        residuals = DataErrors(
            markers=solver.markers.errors(point.poses)[1],
            pose=away / solver.weights.coordinate_sd,
            roughness=fifth / solver.roughness_sd,
            wrench=solver.rows.residual,
        )
        left = self.powers(DataErrors.stacked([residuals]))
        for count in DRAWS:
            every = (self.drawn(sizes, random) for _ in range(count))
            tried = [
                (one.pose.shape[2], astuple(self.powers(one))) for one in self.residuals_of(every)
            ]
            numbers, powers = zip(*tried, strict=True)
            means = (np.average(own, axis=0, weights=numbers) for own in zip(*powers, strict=True))
            sizes = sizes.scaled(left, Sizes(*means))
        return sizes


def _flat(values: FloatArray) -> FloatArray:
    """(T, N, S) values as (T, N S)."""
    return np.ascontiguousarray(values).reshape(len(values), -1)


def _scaled(size: FloatArray, left: FloatArray, expected: FloatArray) -> FloatArray:
    faint = LEAST_SHARE * size
    found: FloatArray = size * (left + faint) / np.maximum(expected + faint, np.finfo(float).tiny)
    return found


@dataclass(frozen=True, eq=False)
class Draws:
    """S draws, less the fit."""

    coefficients: SingleArray
    """(K N, S) array. Of the splines: megabytes for every trial."""
    theta: FloatArray
    """(P, S) array. Of the parameters that are on."""


def drawn(response: Response, covariance: FloatArray, count: int, seed: int) -> Draws:
    """Draw from the distribution after a fit; `covariance` (P, P) of parameters that are on.

    ``C = Ĉ + A⁻¹ Jᵀ W e`` for errors e of the data, their weights W and the normal matrix ``A = Jᵀ
    W J``, given the parameters; these from their own covariance, the motion following them by the
    border: ``− A⁻¹ B (θ − θ̂)``.
    """
    random, solver = np.random.default_rng(seed), response.solver
    theta = square_root(covariance) @ _normal(solver, count, random)
    sizes = response.estimated_sizes(random)
    errors = (response.drawn(sizes, random) for _ in range(count))
    away = np.empty((len(solver.pull), count), dtype=np.float32)
    for some in chunks(count, AT_ONCE):
        pulls = response.pulls(islice(errors, some.stop - some.start))
        pulls -= solver.coupling @ theta[:, some]
        away[:, some] = solver.factor.solve(pulls)
    return Draws(away, theta)


def _normal(solver: Solver, count: int, random: np.random.Generator) -> FloatArray:
    """Independent standard normal numbers of the P parameters, (P, count).

    Those of the centres of mass are drawn along the segments' axes: signs of their own directions
    follow the last digit of a covariance, and so would the draws.
    """
    on, axes = solver.on, solver.runner.centre_axes
    normal = random.standard_normal((len(on), count))
    along = axes @ random.standard_normal((axes.shape[1], count))
    for row, name in enumerate(on):
        if name.startswith(CENTRES):
            normal[row] = along[centre_direction(name)]
    return normal
