"""Gauss-Newton minimisation for one trial: point, cost and descent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from aqbio.inverse_dynamics.balance import Balance, Residual, rates_over_frames
from aqbio.inverse_dynamics.marker_rows import ErrorBands, MarkerRows, stride_cycles
from aqbio.inverse_dynamics.normal_equations import (
    BandFactor,
    MotionRows,
    SplineBasis,
    add_rows,
    banded,
    pulls_of_rows,
)
from aqbio.inverse_dynamics.observations import MIN_RUN_FRAMES, Observations
from aqbio.inverse_dynamics.parameters import (
    MIN_ACCELERATION,
    SOFT_TISSUE,
    Parameter,
    Runner,
    Weights,
    frames_per_observation,
    prior_precision,
    priors,
)
from aqbio.inverse_dynamics.soft_tissue import marker_displacements
from aqbio.inverse_kinematics.marker_fit import Tracking
from aqbio.multibody.kinematics import marker_positions, posed_kinematics, segment_kinematics
from aqbio.multibody.momentum import momentum_jacobians
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.multibody.poses import SegmentPoses, segment_poses
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray, of_frames

MIN_COST_FALL = 1e-3
"""Relative fall of the cost below which a full step, or two shortened ones, end the descent."""

MAX_STEPS = 15
"""Steps of one descent."""

MAX_STEP_TRIALS = 10
"""Shares of a step that are tried, each less than half of the previous one."""

MIN_STEP_SHARE = 0.1
"""Minimum ratio of successive shares: a distant cost tells little about the local parabola."""

SHARING_OBSERVATIONS = ("markers", "plain", "unobservable", "contacts")
"""Solvers share parts where these observations, and the weights, are the same objects."""

SHARED_PARTS = ("tracking", "markers", "bands", "displacements")
"""Parts of a solver that depend on nothing else."""


@dataclass(eq=False)
class Point:
    """Motion, parameters and their cost."""

    coefficients: FloatArray
    """(K, N) array. Of the splines of N coordinates."""
    theta: FloatArray
    """(P,) array. Values of the parameters that are on."""
    cost: float
    motion: Motion
    """All coordinates, speeds and accelerations in every frame."""
    poses: SegmentPoses
    """In all frames."""
    position: FloatArray
    error: FloatArray
    force: FloatArray
    """position, error, force: (T, K, 3) arrays. Markers, their errors, and these weighted."""
    balance: Balance
    """In the frames that are measured completely."""


Step = tuple[FloatArray, FloatArray, float]
"""Step to the minimum of the linearised cost: changes of the coefficients, (K N,), and of the
parameters, (P,), and the fall of the cost that the linearisation predicts."""


class Solver:
    """One trial: its data, the point of the fit, the equations there and their factor.

    The cost is a sum over markers, balance of the whole body, smoothness, closeness to inverse
    kinematics, and priors of the parameters. Equations and factor are megabytes per second of
    recording: :meth:`release` frees them.
    """

    point: Point
    """The point of the fit."""
    factor: BandFactor
    """Of the normal matrix of the splines' coefficients."""
    rows: MotionRows
    """The equations of motion."""
    pull: FloatArray
    """(K N,) array. Negative gradient of half the cost by the coefficients."""
    coupling: FloatArray
    """(K N, P) array. Of the coefficients with the parameters."""
    right: FloatArray
    """(P,) array. Negative gradient by the parameters, from the data."""
    matrix: FloatArray
    """(P, P) array. Of the parameters only, from the data."""
    linearised_at: FloatArray
    """(P,) array. Parameters at which these equations were formed."""
    by_parameter: FloatArray
    """(6 D, P) array. Derivatives of the rows of the equations of motion."""

    def __init__(
        self,
        runner: Runner,
        observations: Observations,
        weights: Weights | None = None,
        parameters: Sequence[Parameter] | None = None,
        values: Mapping[str, float] | None = None,
        like: Solver | None = None,
    ) -> None:
        """Set up the cost; parameters that are off have `values`, or their priors.

        `like`: a solver of the same frames and knots; parts are shared where markers and weights
        are the same.
        """
        self.runner, self.observations = runner, observations
        self.weights = weights or Weights()
        self.parameters = tuple(runner.parameters if parameters is None else parameters)
        self.fixed = {**priors(self.parameters), **(values or {})}
        self.on = tuple(parameter.name for parameter in self.parameters if parameter.on)
        self.history: list[float] = []
        """Costs of the last descent, from its start on."""
        if like is not None:
            self.basis = like.basis
            pairs = [
                (getattr(observations, n), getattr(like.observations, n))
                for n in SHARING_OBSERVATIONS
            ]
            if all(a is b for a, b in (*pairs, (self.weights, like.weights))):
                vars(self).update({name: getattr(like, name) for name in SHARED_PARTS})

    @cached_property
    def tracking(self) -> Tracking:
        """Markers that were recorded, and the coordinates that move them."""
        observations, skeleton = self.observations, self.runner.skeleton
        candidates = np.setdiff1d(skeleton.free, np.array(observations.unobservable, dtype=int))
        return Tracking.of(skeleton, observations.marker_index[observations.on_body], candidates)

    @property
    def coordinates(self) -> IntArray:
        """(N,) int: coordinates that are fitted."""
        return self.tracking.coordinate

    @cached_property
    def markers(self) -> MarkerRows:
        """Markers and their weights."""
        return MarkerRows.of(self.runner, self.observations, self.weights, self.tracking)

    @cached_property
    def bands(self) -> ErrorBands:
        """Bands of the markers' errors."""
        observations = self.observations
        return ErrorBands.over(
            observations.time,
            stride_cycles(observations.time, observations.contacts[:, 0], observations.left),
        )

    @cached_property
    def basis(self) -> SplineBasis:
        """Splines over the whole trial."""
        return SplineBasis.over(self.observations.time, self.weights.knot_s)

    @cached_property
    def measured(self) -> BoolArray:
        """(T,) bool: frames in which the equations hold, in runs of at least `MIN_RUN_FRAMES`."""
        usable = self.observations.measured.copy()
        for start, stop in runs(usable):
            if stop - start < MIN_RUN_FRAMES:
                usable[start:stop] = False
        return usable

    @cached_property
    def fixed_pose(self) -> FloatArray:
        """(C,) array: pose of the coordinates that are not fitted."""
        pose: FloatArray = np.median(self.observations.start, axis=0)
        return pose

    @cached_property
    def solved(self) -> FloatArray:
        """(T, N) array: fitted coordinates by inverse kinematics."""
        return self.observations.start[:, self.coordinates]

    @cached_property
    def roughness_sd(self) -> FloatArray:
        """(N,) array: sd of each fitted fifth derivative.

        Proportional to that of a motion whose acceleration, the plain one's, oscillates entirely at
        the cut-off: below it motion is free, above it the prior falls with the fifth power of
        frequency.
        """
        observations, skeleton = self.observations, self.runner.skeleton
        frames = (
            observations.measured
            if observations.measured.any()
            else np.ones_like(observations.measured)
        )
        square = (observations.plain.udot[frames][:, self.coordinates] ** 2).mean(axis=0)
        root = self.runner.root[self.coordinates]
        for turns in (True, False):  # pooled: their axes are the laboratory's
            joint_axes = root & (skeleton.coordinate_is_rotation[self.coordinates] == turns)
            if joint_axes.any():
                square[joint_axes] = square[joint_axes].mean()
        size = np.maximum(np.sqrt(square), MIN_ACCELERATION)
        return np.asarray(self.weights.roughness * size * (2.0 * np.pi * observations.cutoff) ** 3)

    @cached_property
    def sigma(self) -> FloatArray:
        """(6,) array: standard deviations of residual force and moment."""
        return np.repeat([self.weights.sigma_force_n, self.weights.sigma_moment_nm], 3)

    @cached_property
    def precision(self) -> FloatArray:
        """(P,) array: inverse variances of the priors, in units of the frames' cost."""
        return self.frames_per_observation * prior_precision(self.parameters)

    @cached_property
    def strides(self) -> float:
        """Number of strides that the plates show, 1 where their time is not known."""
        observations = self.observations
        cycles = stride_cycles(observations.time, observations.contacts[:, 0], observations.left)
        if cycles is None or not self.measured.any():
            return 1.0
        return float(np.ptp(cycles[self.measured]))

    @property
    def frames_per_observation(self) -> float:
        """Frames that count as one independent observation of the parameters."""
        return frames_per_observation(self.observations.rate, self.strides)

    @cached_property
    def prior_means(self) -> FloatArray:
        """(P,) array: priors of the parameters that are on."""
        return np.array([parameter.prior for parameter in self.parameters if parameter.on])

    def values(self, theta: FloatArray) -> dict[str, float]:
        """All parameters by name; theta, (P,), holds those that are on."""
        return {**self.fixed, **dict(zip(self.on, theta.tolist(), strict=True))}

    def theta(self, values: Mapping[str, float]) -> FloatArray:
        """(P,) array: values of fitted parameters, from all parameters by name."""
        return np.array([values[name] for name in self.on])

    # motion, markers and balance ------------------------------------------------------------------

    def motion(self, coefficients: FloatArray) -> Motion:
        """Motion of all coordinates from spline coefficients, (K, N)."""
        parts = []
        for order in range(3):
            values = np.zeros((len(self.observations.time), len(self.fixed_pose)), order="F")
            if order == 0:
                values[:] = self.fixed_pose
            values[:, self.coordinates] = self.basis.values[order] @ coefficients
            parts.append(values)
        return with_dependent(self.runner.skeleton, Motion(*parts))

    @cached_property
    def displacements(self) -> dict[str, FloatArray]:
        """Displacement of markers from the bone by a unit of each soft-tissue parameter.

        (T, K, 3) arrays, of the markers that were recorded.
        """
        observations, tracking = self.observations, self.tracking
        return marker_displacements(
            self.runner, observations.plain, observations.rate, tracking.body, tracking.station
        )

    def displacement(self, values: Mapping[str, float]) -> FloatArray:
        """Displacement of the markers from the bone at parameter values, (T, K, 3), m."""
        shape = (len(self.observations.time), len(self.tracking.body), 3)
        total = np.zeros(shape, order="F")
        for name in SOFT_TISSUE:
            if values.get(name, 0.0):
                total += values[name] * self.displacements[name]
        return total

    def recorded_markers(
        self, q: FloatArray, values: Mapping[str, float] | None = None
    ) -> FloatArray:
        """Positions of the model's recorded markers at q (T, C), (T, K, 3), m.

        With parameter values, where soft tissue is expected to take them.
        """
        observations = self.observations
        positions = marker_positions(self.runner.skeleton, q)[:, observations.marker_index]
        positions[:, observations.on_body] += self.displacement(values or {})
        return np.asarray(positions)

    def marker_errors(self, q: FloatArray, values: Mapping[str, float] | None = None) -> FloatArray:
        """Distances of recorded markers from the model's at q (T, C), (T, K), m; NaN in gaps."""
        error = self.recorded_markers(q, values) - self.observations.markers
        return np.asarray(np.linalg.norm(error, axis=2))

    def residual(self, motion: Motion, values: Mapping[str, float]) -> Residual:
        """Residual of a motion in every frame, at given parameter values."""
        observations, skeleton = self.observations, self.runner.skeleton
        moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
        balance = Balance(
            self.runner,
            values,
            moves,
            observations.wrench,
            observations.time,
            drags=observations.drag,
        )
        return balance.residual

    # cost, equations and factor -------------------------------------------------------------------

    def evaluate(self, coefficients: FloatArray, theta: FloatArray) -> Point:
        """Evaluate the cost of a motion, coefficients (K, N), and parameters, theta (P,)."""
        observations, measured, motion = self.observations, self.measured, self.motion(coefficients)
        poses = segment_poses(self.runner.skeleton, motion.q)
        values = self.values(theta)
        position, error, force = self.markers.errors(poses, self.displacement(values))
        parts = (of_frames(values, measured) for values in (motion.q, motion.u, motion.udot))
        moves = posed_kinematics(self.runner.skeleton, poses.picked(measured), *parts)
        balance = Balance(
            self.runner,
            values,
            moves,
            observations.wrench,
            observations.time[measured],
            drags=observations.drag,
        )
        deviation = motion.q[:, self.coordinates] - self.solved
        cost = (error * force).sum() + ((balance.residual.rows / self.sigma) ** 2).sum()
        cost += self.precision @ (theta - self.prior_means) ** 2
        cost += ((deviation / self.weights.coordinate_sd) ** 2).sum()
        cost += ((self.basis.values[3] @ coefficients / self.roughness_sd) ** 2).sum()
        return Point(
            coefficients, theta, float(cost), motion, poses, position, error, force, balance
        )

    def begin(self, coefficients: FloatArray, theta: FloatArray) -> None:
        """Start at a motion, coefficients (K, N), and parameters, theta (P,)."""
        self.release()
        self.point = self.evaluate(coefficients, theta)
        self.history = [self.point.cost]

    def linearise(self, *, motion_only: bool = False) -> None:
        """Form Gauss-Newton normal equations at the point, without priors of parameters.

        Of the motion only, those of the parameters can be added by :meth:`couple`.
        """
        point = self.point
        self.release()  # one factor at a time: it is the largest thing of a fit
        self.point = point
        matrix = self.markers.normal_matrix(point.poses, point.position)
        diagonal = np.arange(matrix.shape[1])
        matrix[:, diagonal, diagonal] += 1.0 / self.weights.coordinate_sd**2
        band = banded(self.basis, matrix, 1.0 / self.roughness_sd**2)
        del matrix  # as large as half of the band
        self.pull, self.rows = self.downhill(point)
        columns = self._columns(() if motion_only else self.on)
        coupling = add_rows(band, self.basis, self.rows, columns)
        if not motion_only:
            self._add_parameters(columns, coupling)
        self.factor = BandFactor.of(band)
        self._half: tuple[FloatArray, FloatArray] | None = None

    def couple(self) -> None:
        """Add the equations of the parameters to those of the motion at the point."""
        columns = self._columns(self.on)
        by_frame = columns.reshape(*self.rows.residual.shape, -1)
        self._add_parameters(columns, pulls_of_rows(self.basis, self.rows, by_frame))
        self._half = None

    def free(self, parameters: Sequence[Parameter]) -> None:
        """Let further parameters of a balance, last of all, vary from where they are.

        Their equations are added to those at the point of the last linearisation.
        """
        pull, follow = self.half
        names = [parameter.name for parameter in parameters if parameter.on][len(self.on) :]
        columns, residual = self._columns(names), self.rows.residual
        by_frame = columns.reshape(*residual.shape, -1)
        coupling = pulls_of_rows(self.basis, self.rows, by_frame)
        self.right = np.concatenate([self.right, -columns.T @ residual.ravel()])
        corner = columns.T @ self.by_parameter
        self.matrix = np.block([[self.matrix, corner.T], [corner, columns.T @ columns]])
        self._half = pull, np.concatenate([follow, self._forward(coupling)], axis=1)
        start = np.array([self.fixed[name] for name in names])
        self.linearised_at = np.concatenate([self.linearised_at, start])
        self.point.theta = np.concatenate([self.point.theta, start])
        self.parameters, self.on = tuple(parameters), (*self.on, *names)
        for name in ("precision", "prior_means"):
            vars(self).pop(name, None)

    def _columns(self, names: Sequence[str]) -> FloatArray:
        """Derivatives (6 D, P) of the rows of the equations of motion by parameters."""
        columns = np.zeros((self.rows.residual.size, len(names)))
        for column, name in enumerate(names):
            columns[:, column] = (self.point.balance.by_parameter(name) / self.sigma).ravel()
        return columns

    def _add_parameters(self, columns: FloatArray, coupling: FloatArray) -> None:
        """Equations of the parameters, from their columns (6 D, P) and coupling (K N, P)."""
        self.coupling, self.by_parameter = coupling, columns
        self.right = -columns.T @ self.rows.residual.ravel()
        self.matrix = columns.T @ columns
        self._add_soft_tissue()
        self.linearised_at = self.point.theta

    def _add_soft_tissue(self) -> None:
        """Add the markers' rows to the equations of the parameters of soft tissue."""
        columns = [column for column, name in enumerate(self.on) if name in SOFT_TISSUE]
        point, levers = self.point, self.markers.levers(self.point.poses, self.point.position)
        visible = self.markers.visible[..., None]
        moved = [self.displacements[self.on[column]] * visible for column in columns]
        weighted = [self.markers.weighted(np.asfortranarray(shift)) for shift in moved]
        for column, shift, force in zip(columns, moved, weighted, strict=True):
            work = self.markers.pull(*levers, force)
            self.coupling[:, column] += (self.basis.values[0].T @ work).ravel()
            self.right[column] -= (shift * point.force).sum()
            self.matrix[column, columns] += [(shift * other).sum() for other in weighted]

    def downhill(self, point: Point) -> tuple[FloatArray, MotionRows]:
        """Negative gradient by the coefficients at a point, (K N,), and its rows."""
        levers = self.markers.levers(point.poses, point.position)
        deviation = point.motion.q[:, self.coordinates] - self.solved
        gradient = self.markers.pull(*levers, point.force)
        gradient += deviation / self.weights.coordinate_sd**2
        rows = self._rows(point)
        pull = self.basis.values[0].T @ gradient
        for values, by in zip(self.basis.values[:3], rows.by_motion, strict=True):
            pull += values[rows.frame].T @ np.einsum("dcn,dc->dn", by, rows.residual)
        pull += self.basis.roughness @ point.coefficients / self.roughness_sd**2
        return -pull.ravel(), rows

    def refresh(self) -> None:
        """Update the gradient at the point and keep the factor of a nearby one."""
        self.pull, self.rows = self.downhill(self.point)
        self._half = None

    def _rows(self, point: Point) -> MotionRows:
        """Rows of the equations of motion, by their standard deviations."""
        equations, step = point.balance, 1.0 / self.observations.rate
        jacobians = momentum_jacobians(equations.skeleton, equations.kinematics, self.coordinates)
        rates = rates_over_frames(jacobians, self.measured, step)
        by_motion = equations.by_motion(jacobians, rates)
        for by in by_motion:
            by /= self.sigma[:, None]
        residual = equations.residual.rows / self.sigma
        return MotionRows(np.flatnonzero(self.measured), by_motion, residual)

    def release(self) -> None:
        """Free everything that belongs to a point."""
        equations = ("coupling", "by_parameter", "matrix", "right", "_half")
        for name in ("point", "factor", "rows", "pull", *equations):
            vars(self).pop(name, None)

    # descent --------------------------------------------------------------------------------------

    def descend(self, *, motion_only: bool = False) -> None:
        """Minimise over motion and parameters, or over the motion only.

        With fixed parameters every other full step reuses the factor of the previous one; the
        factor at the end is therefore that of one of the last points.
        """
        self.history, ended, reuse_factor = [self.point.cost], False, False
        while not ended:
            if reuse_factor:
                self.refresh()
            else:
                self.linearise(motion_only=motion_only)
            ended, full_step = self.advance(self.step(motion_only=motion_only))
            reuse_factor = motion_only and full_step and not reuse_factor

    def step(self, *, motion_only: bool = False) -> Step:
        """Solve for a step of motion and parameters, with their priors, or of the motion only."""
        step = np.zeros_like(self.point.theta)
        if motion_only:
            change = self.factor.solve(self.pull)
            return change, step, float(self.pull @ change)
        pull, follow = self.half
        expected_fall = float(pull @ pull)
        if self.on:
            matrix, parameters = self.matrix - follow.T @ follow, np.arange(len(step))
            matrix[parameters, parameters] += self.precision
            prior = self.precision * (self.prior_means - self.point.theta)
            downhill = self.right + prior - follow.T @ pull
            step[:] = np.linalg.solve(matrix, downhill)
            expected_fall += float(downhill @ step)
        return self.factor.back(pull - follow @ step), step, expected_fall

    def advance(self, step: Step) -> tuple[bool, bool]:
        """Take the largest share of a step that lowers the cost; True where it ended, was full.

        A share that raises the cost is replaced by the minimum of the parabola with the
        linearised slope through that cost (Nocedal & Wright 2006, chapter 3.5). A full step that
        gains little of much that was expected lies across the valley and does not end a descent.
        """
        coefficients, theta, cost = self.point.coefficients, self.point.theta, self.point.cost
        share, (coefficient_step, parameters, expected_fall) = 1.0, step
        for _ in range(MAX_STEP_TRIALS):
            del self.point  # as large as the next
            change = share * coefficient_step.reshape(coefficients.shape)
            self.point = self.evaluate(coefficients + change, theta + share * parameters)
            if self.point.cost <= cost:
                self.history.append(self.point.cost)
                across = share == 1.0 and expected_fall > MIN_COST_FALL * cost
                ended = converged(self.history, share)
                return ended and not (across and len(self.history) <= MAX_STEPS), share == 1.0
            if expected_fall < MIN_COST_FALL * cost:
                break  # a shorter step would gain nothing
            best = share * expected_fall / (self.point.cost - cost + 2.0 * share * expected_fall)
            share *= max(MIN_STEP_SHARE, best)
        del self.point
        self.point = self.evaluate(coefficients, theta)
        return True, False

    # parameters, the motion following them --------------------------------------------------------

    @property
    def half(self) -> tuple[FloatArray, FloatArray]:
        """(K N,) and (K N, P) arrays: forward-substituted pull and coupling."""
        if self._half is None:
            pull = self.factor.forward(self.pull[:, None])[:, 0]
            self._half = pull, self._forward(self.coupling)
        return self._half

    def _forward(self, coupling: FloatArray) -> FloatArray:
        """Forward-substituted coupling; plates that bear nothing in the trial have none."""
        used = np.flatnonzero(coupling.any(axis=0))
        follow = np.zeros_like(coupling)
        follow[:, used] = self.factor.forward(np.ascontiguousarray(coupling[:, used]))
        return follow

    @property
    def following(self) -> FloatArray:
        """(K N, P) array: change of the coefficients with each parameter that is on."""
        follow = self.half[1]
        used, change = np.flatnonzero(follow.any(axis=0)), np.zeros_like(follow)
        change[:, used] = -self.factor.back(np.ascontiguousarray(follow[:, used]))
        return change

    def information(self) -> tuple[FloatArray, FloatArray]:
        """Equations (P, P), (P,) of the parameters when the motion follows, without priors.

        In independent observations: neighbouring frames count as one, and so nearly do strides.
        """
        pull, border = self.half
        about = self.matrix - border.T @ border
        right = about @ self.linearised_at + self.right - border.T @ pull
        counted = self.frames_per_observation
        return about / counted, right / counted


def converged(history: Sequence[float], share: float = 1.0) -> bool:
    """Tell whether a descent is over: a full step, or two shortened ones, gained little."""
    needed = 1 if share == 1.0 else 2
    small_falls = [before - after < MIN_COST_FALL * before for before, after in pairwise(history)][
        -needed:
    ]
    return (len(small_falls) == needed and all(small_falls)) or len(history) > MAX_STEPS
