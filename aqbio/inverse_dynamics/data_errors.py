"""Data errors of a fit, estimated from its residuals, and posterior draws of the motion.

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

from aqbio.inverse_dynamics.normal_equations import SingleArray, pulls_of_rows
from aqbio.inverse_dynamics.parameters import (
    CENTRES,
    PLATE_SPREAD,
    SENSOR_SD,
    SOFT_TISSUE,
    STRIDE_SHARE,
    centre_direction,
)
from aqbio.inverse_dynamics.solver import Solver
from aqbio.multibody.jacobians import VelocityFields
from aqbio.multibody.poses import chunks
from aqbio.vectors import FloatArray, cross, rotate, square_root

PLACEMENT_SD = 0.005
"""Prior standard deviation of a marker's constant error along an axis, m."""

NOISE_SD = 0.001
"""Prior standard deviation of a marker's noise from frame to frame, m."""


MIN_REMAINING_SHARE = 0.02
"""Errors of which less than this share remains in the residuals keep their prior size."""

ROUGHNESS_SHARE = 0.52
"""Variance of the roughness that a fit suppresses, over its prior's: residuals do not reveal it.
With it intervals of the rates of groups cover the truth of eight virtual sprinters in 88 % of
frames or more; with the value estimated from residuals, in 78 %."""

MAX_STACK_FRAMES = 4000
"""Approximate number of frames, over all draws, processed at once."""

DRAWS_PER_SOLVE = 20
"""Draws solved for at once: each is as large as the trial's motion."""

SCALING_DRAWS = (2, 2, 8)
"""Draws per iteration of the variance-component estimate."""


@dataclass(frozen=True, eq=False)
class DataErrors:
    """Errors of all data of a fit, or their residuals."""

    markers: FloatArray
    """(T, K, 3) array, m, ground. 0 where a marker is missing."""
    pose: FloatArray
    roughness: FloatArray
    """pose, roughness: (T, N) arrays. Of coordinates about those of inverse kinematics, and
    of their fifth derivatives, by their prior standard deviation."""
    wrench: FloatArray
    """(D, 6) array. Of force and moment in the measured frames, by their weights."""

    @classmethod
    def stacked(cls, errors: Sequence[DataErrors]) -> DataErrors:
        """Stack S sets of errors along a new axis: markers (T, K, S, 3), the others last."""
        frames, markers, _ = errors[0].markers.shape
        placed = np.empty((frames, markers, len(errors), 3), order="F")
        for index, sample in enumerate(errors):
            placed[:, :, index] = sample.markers
        names = ("pose", "roughness", "wrench")
        return cls(placed, *(np.stack([vars(x)[name] for x in errors], axis=2) for name in names))


@dataclass(frozen=True, eq=False)
class ErrorVariances:
    """Variances of errors."""

    markers: FloatArray
    """(bands, S) array, m². Of each marker of a segment along an axis."""
    pose: FloatArray
    roughness: FloatArray
    """pose, roughness: (N,) arrays."""
    wrench: FloatArray
    """(6,) array. Without the assumed errors of plates."""

    def scaled(self, remaining: ErrorVariances, expected: ErrorVariances) -> ErrorVariances:
        """Scale variances by remaining over expected residual variance.

        Roughness keeps its prior variance: residuals do not reveal what the prior suppressed.
        """
        scaled_sizes = ErrorVariances(
            *map(_scale_by_residual, *(astuple(sizes) for sizes in (self, remaining, expected)))
        )
        return replace(scaled_sizes, roughness=self.roughness)


@dataclass(frozen=True, eq=False)
class Response:
    """Linear response of a fit, near its solution, to errors of the data."""

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
        observations = self.solver.observations
        return observations.wrench.at(time + observations.clock)[0]

    @cached_property
    def levers(self) -> tuple[VelocityFields, FloatArray]:
        """Velocity fields of the coordinates, and the markers' arms: see `MarkerRows.levers`."""
        point = self.solver.point
        return self.solver.markers.levers(point.poses, point.position)

    @cached_property
    def prior_sizes(self) -> ErrorVariances:
        """Prior variances, from the weights."""
        rows, number = self.solver.markers, len(self.solver.coordinates)
        skin = rows.own_variance - SENSOR_SD**2
        sizes = np.zeros((self.solver.bands.count, len(skin)))
        sizes[0], sizes[-1] = PLACEMENT_SD**2, NOISE_SD**2
        harmonics = 1.0 / np.arange(1.0, self.solver.bands.harmonics + 1.0) ** 2
        repeated = STRIDE_SHARE if len(harmonics) else 0.0
        sizes[1:-2] = repeated * np.outer(harmonics / max(harmonics.sum(), 1.0), skin)
        sizes[-2] = (1.0 - repeated) * skin
        return ErrorVariances(sizes, np.ones(number), np.full(number, ROUGHNESS_SHARE), np.ones(6))

    def draw_errors(self, sizes: ErrorVariances, random: np.random.Generator) -> DataErrors:
        """Draw one set of errors."""
        rows, shape = self.solver.markers, (len(self.solver.bands.waves), len(sizes.pose))
        sd, likeness = np.sqrt(sizes.markers), self.solver.weights.correlation
        skin = sd * np.sqrt(likeness / (1.0 - likeness))
        skin[0] = skin[-1] = 0.0  # placement errors and noise are independent between markers
        errors = self.solver.bands.draw_errors(sd @ rows.segment.T, skin, rows.segment, random)
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
        observations, force = self.solver.observations, self.force
        time, effect = observations.time[self.solver.rows.frame], np.zeros((len(force), 6))
        spans = observations.contacts if observations.drag else np.array([[-np.inf, np.inf]])
        for first, end in zip(
            np.searchsorted(time, spans[:, 0]),
            np.searchsorted(time, spans[:, 1], side="right"),
            strict=True,
        ):
            on = slice(first, end)
            force_gain = PLATE_SPREAD.gain * random.standard_normal((3, 3))
            displacement = PLATE_SPREAD.position * random.standard_normal(3) * [1.0, 0.0, 1.0]
            effect[on, :3] = force[on] @ force_gain.T
            effect[on, 3:] = cross(np.broadcast_to(displacement, force[on].shape), force[on])
        return effect / self.solver.sigma

    def pulls(self, errors: Iterable[DataErrors]) -> FloatArray:
        """(K N, S) array: gradient on the spline coefficients for S sets of errors."""
        return np.concatenate([self._pull(stack) for stack in self._stacks(errors)], axis=1)

    def pulls_on_both(self, errors: Iterable[DataErrors]) -> tuple[FloatArray, FloatArray]:
        """`pulls`, and those on the parameters at a fixed motion, (P, S)."""
        pairs = [
            (self._pull(stack), self._pull_on_parameters(stack)) for stack in self._stacks(errors)
        ]
        motion, parameters = (np.concatenate(part, axis=1) for part in zip(*pairs, strict=True))
        return motion, parameters

    def residuals_of(self, errors: Iterable[DataErrors]) -> Iterator[DataErrors]:
        """Residuals that the fit leaves of errors, in stacks: its response less the errors."""
        for stack in self._stacks(errors):
            yield self._residual(stack, self.solver.factor.solve(self._pull(stack)))

    def _stacks(self, errors: Iterable[DataErrors]) -> Iterator[DataErrors]:
        """Group errors into stacks small enough for the processor cache."""
        remaining, number = (
            iter(errors),
            max(MAX_STACK_FRAMES // len(self.solver.observations.time), 1),
        )
        while stack := list(islice(remaining, number)):
            yield DataErrors.stacked(stack)

    def _pull(self, errors: DataErrors) -> FloatArray:
        """(K N, S) array: gradient on the coefficients for stacked errors."""
        solver = self.solver
        basis = solver.basis
        pull = solver.markers.pull(*self.levers, solver.markers.weighted(errors.markers))
        pull += errors.pose / solver.weights.coordinate_sd
        roughness = errors.roughness / solver.roughness_sd[:, None]
        coefficient_pull = basis.values[0].T @ _flat(pull) + basis.values[3].T @ _flat(roughness)
        by_markers = np.asarray(coefficient_pull.reshape(-1, pull.shape[2]))
        return by_markers + self.wrench_pulls(errors.wrench)

    def _pull_on_parameters(self, errors: DataErrors) -> FloatArray:
        """(P, S) array: gradient on the parameters, at a fixed motion, for stacked errors."""
        solver, (_, _, count) = self.solver, errors.wrench.shape
        pull = solver.by_parameter.T @ errors.wrench.reshape(-1, count)
        visible = solver.markers.visible[..., None]
        for row, name in enumerate(solver.on):
            if name in SOFT_TISSUE:
                force = solver.markers.weighted(
                    np.asfortranarray(solver.displacements[name] * visible)
                )
                pull[row] += np.einsum("tkd,tksd->s", force, errors.markers)
        return np.asarray(pull)

    def wrench_pulls(self, errors: FloatArray) -> FloatArray:
        """(K N, S) array: gradient on the coefficients for errors (D, 6, S) of force and moment."""
        return pulls_of_rows(self.solver.basis, self.solver.rows, errors)

    def _residual(self, errors: DataErrors, responses: FloatArray) -> DataErrors:
        """Responses, as changes of the coefficients (K N, S), less the errors that caused them."""
        solver, motion = self.solver, self.solver.rows
        change = responses.reshape(solver.basis.count, -1)
        moved = [(table @ change).reshape(errors.pose.shape) for table in solver.basis.values]
        by_motion = zip(motion.by_motion, moved[:3], strict=True)
        wrench = sum(by @ values[motion.frame] for by, values in by_motion)
        visible = solver.markers.visible[..., None, None]
        return DataErrors(
            markers=solver.markers.moved(*self.levers, moved[0]) * visible - errors.markers,
            pose=moved[0] / solver.weights.coordinate_sd - errors.pose,
            roughness=moved[3] / solver.roughness_sd[:, None] - errors.roughness,
            wrench=np.asarray(wrench) - errors.wrench,
        )

    def powers(self, errors: DataErrors) -> ErrorVariances:
        """Mean squares of stacked errors: of markers by segment and band, in the segments' axes."""
        rows = self.solver.markers
        values = rotate(self.rotation.swapaxes(-1, -2)[:, :, None], errors.markers)
        power = self.solver.bands.power(values.reshape(len(values), -1))
        by_marker = power.reshape(len(power), rows.visible.shape[1], -1).mean(axis=2)
        return ErrorVariances(
            markers=by_marker @ (rows.segment / rows.segment.sum(axis=0)),
            pose=(errors.pose**2).mean(axis=(0, 2)),
            roughness=(errors.roughness**2).mean(axis=(0, 2)),
            wrench=(errors.wrench**2).mean(axis=(0, 2)),
        )

    def estimated_sizes(self, random: np.random.Generator) -> ErrorVariances:
        """Estimate the error variances whose expected residuals are those of the fit."""
        solver, point, sizes = self.solver, self.solver.point, self.prior_sizes
        deviation = point.motion.q[:, solver.coordinates] - solver.solved
        fifth = solver.basis.values[3] @ point.coefficients
        residuals = DataErrors(
            markers=point.error,
            pose=deviation / solver.weights.coordinate_sd,
            roughness=fifth / solver.roughness_sd,
            wrench=solver.rows.residual,
        )
        remaining = self.powers(DataErrors.stacked([residuals]))
        for count in SCALING_DRAWS:
            draws = (self.draw_errors(sizes, random) for _ in range(count))
            tried = [
                (residual.pose.shape[2], astuple(self.powers(residual)))
                for residual in self.residuals_of(draws)
            ]
            numbers, powers = zip(*tried, strict=True)
            means = (
                np.average(power, axis=0, weights=numbers) for power in zip(*powers, strict=True)
            )
            sizes = sizes.scaled(remaining, ErrorVariances(*means))
        return sizes


def _flat(values: FloatArray) -> FloatArray:
    """(T, N, S) values as (T, N S)."""
    return np.ascontiguousarray(values).reshape(len(values), -1)


def _scale_by_residual(size: FloatArray, remaining: FloatArray, expected: FloatArray) -> FloatArray:
    faint = MIN_REMAINING_SHARE * size
    scaled_size: FloatArray = (
        size * (remaining + faint) / np.maximum(expected + faint, np.finfo(float).tiny)
    )
    return scaled_size


@dataclass(frozen=True, eq=False)
class Draws:
    """S posterior draws, less the fit."""

    own: SingleArray
    """(K N, S) array. Of the splines' coefficients, given the parameters: megabytes for every
    trial."""
    theta: FloatArray
    """(P, S) array. Of the parameters that are on: the same in all trials of a session."""
    following: SingleArray
    """(K N, P) array. Change of the coefficients with each parameter."""
    pulls: FloatArray
    """(P, S) array. Pull of each draw's errors of the data on the parameters when the motion
    follows, in independent observations."""
    covariance: FloatArray
    """(P, P) array. Of the parameters: of their priors and of errors of all trials' data as
    residuals show them; before these are known, that of the fit, which takes weights for errors."""
    by_inertia: FloatArray | None = None
    """(P, J) array. Change of the parameters, as the session's fit answers each body of other
    masses and moments of inertia (`aqbio.inverse_dynamics.posterior_states.inertia_states`)."""

    def redrawn(self, solver: Solver, covariance: FloatArray, seed: int) -> Draws:
        """The same draws with parameters of another covariance (P, P)."""
        normal = _normal(solver, self.theta.shape[1], np.random.default_rng(seed))
        return replace(self, theta=square_root(covariance) @ normal, covariance=covariance)

    @property
    def coefficients(self) -> Iterator[FloatArray]:
        """Coefficients (K N,) of each draw, the motion following the parameters."""
        for own, theta in zip(self.own.T, self.theta.T, strict=True):
            yield own + self.following @ theta


def draw_posterior(response: Response, covariance: FloatArray, count: int, seed: int) -> Draws:
    """Draw from the posterior of a fit; `covariance` (P, P) of parameters that are on.

    ``C = Ĉ + A⁻¹ Jᵀ W e`` for errors e of the data, their weights W and the normal matrix ``A = Jᵀ
    W J``, given the parameters; these from their own covariance, the motion following them by the
    border: ``− A⁻¹ B (θ − θ̂)``.
    """
    random, solver = np.random.default_rng(seed), response.solver
    theta = square_root(covariance) @ _normal(solver, count, random)
    sizes = response.estimated_sizes(random)
    errors = (response.draw_errors(sizes, random) for _ in range(count))
    deviation = np.empty((len(solver.pull), count), dtype=np.float32)
    pulls = np.empty((len(solver.on), count))
    following = solver.following
    for columns in chunks(count, DRAWS_PER_SOLVE):
        motion, direct = response.pulls_on_both(islice(errors, columns.stop - columns.start))
        deviation[:, columns] = solver.factor.solve(motion)
        pulls[:, columns] = (direct + following.T @ motion) / solver.frames_per_observation
    return Draws(deviation, theta, following.astype(np.float32), pulls, covariance)


def _normal(solver: Solver, count: int, random: np.random.Generator) -> FloatArray:
    """Independent standard normal numbers of the P parameters, (P, count).

    Those of the centres of mass are drawn along the segments' axes: the signs of the fitted
    directions depend on round-off in the covariance, and so would the draws.
    """
    on, axes = solver.on, solver.runner.centre_axes
    normal = random.standard_normal((len(on), count))
    along = axes @ random.standard_normal((axes.shape[1], count))
    for row, name in enumerate(on):
        if name.startswith(CENTRES):
            normal[row] = along[centre_direction(name)]
    return normal
