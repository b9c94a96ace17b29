"""Gauss and Newton's method for one trial: its point, the cost there and the descent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from aqbio.consistency.balance import Balance, Residual, rates_over_frames
from aqbio.consistency.marker_rows import ErrorBands, MarkerRows, stride_cycles
from aqbio.consistency.normal_equations import BandFactor, MotionRows, SplineBasis, add_rows, banded
from aqbio.consistency.observations import SHORTEST_RUN, Observations
from aqbio.consistency.parameters import (
    LEAST_ACCELERATION,
    Parameter,
    Runner,
    Weights,
    discount,
    prior_precision,
    priors,
)
from aqbio.inverse_kinematics.marker_fit import Tracking
from aqbio.multibody.kinematics import marker_positions, posed_kinematics, segment_kinematics
from aqbio.multibody.momentum import momentum_jacobians
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.multibody.poses import SegmentPoses, segment_poses
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray, of_frames

CONVERGED = 1e-3
"""The last step lowers the cost by less than this part of it; of shortened ones the last two do."""

MOST_STEPS = 15

MOST_TRIES = 10
"""Shares of a step that are tried, each less than half of the one before,"""

SHORTEST = 0.1
"""and not less than this: far off, a cost says nothing of the parabola here."""

SHOWN, SHARED = ("markers", "unobservable", "contacts"), ("tracking", "markers", "bands")
"""Observations, and what solvers of the same ones and the same weights have in common."""


@dataclass(eq=False)
class Point:
    """A motion and parameters, and what they cost."""

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
    force: FloatArray
    """position, force: (T, K, 3) arrays. Markers, and their weighted errors."""
    balance: Balance
    """In the frames that are measured completely."""


Step = tuple[FloatArray, FloatArray, float]
"""From a point to where the equations there have the least cost: of the coefficients, (K N,), and
the parameters, (P,); fall of the cost by these equations."""


class Solver:
    """One trial: its data, the point of the fit, the equations there and their factor.

    The cost is a sum over markers, balance of the whole body, smoothness, closeness to inverse
    kinematics, and priors of the parameters. Equations and factor are megabytes per second of
    recording: :meth:`release` gives them back.
    """

    point: Point
    """The point of the fit."""
    factor: BandFactor
    """Of the normal matrix of the splines' coefficients."""
    rows: MotionRows
    """The equations of motion."""
    pull: FloatArray
    """(K N,) array. What pulls at the coefficients."""
    coupling: FloatArray
    """(K N, P) array. Of the coefficients with the parameters."""
    right: FloatArray
    """(P,) array. Downhill for the parameters, from the data."""
    matrix: FloatArray
    """(P, P) array. Of the parameters only, from the data."""

    def __init__(
        self,
        runner: Runner,
        observations: Observations,
        weights: Weights | None = None,
        parameters: Sequence[Parameter] | None = None,
        values: Mapping[str, float] | None = None,
        like: Solver | None = None,
    ) -> None:
        """Parameters that are off have `values`, or their priors.

        `like` is a solver of the same frames and knots, whose parts are shared as far as markers
        and weights are the same.
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
            pairs = [(getattr(observations, n), getattr(like.observations, n)) for n in SHOWN]
            if all(a is b for a, b in (*pairs, (self.weights, like.weights))):
                vars(self).update({name: getattr(like, name) for name in SHARED})

    @cached_property
    def tracking(self) -> Tracking:
        """Markers that were recorded, and the coordinates that move them."""
        seen, skeleton = self.observations, self.runner.skeleton
        candidates = np.setdiff1d(skeleton.free, np.array(seen.unobservable, dtype=int))
        return Tracking.of(skeleton, seen.marker_index[seen.on_body], candidates)

    @property
    def coordinates(self) -> IntArray:
        """(N,) int: coordinates that are fitted."""
        return self.tracking.coordinate

    @cached_property
    def markers(self) -> MarkerRows:
        """How markers weigh."""
        return MarkerRows.of(self.runner, self.observations, self.weights, self.tracking)

    @cached_property
    def bands(self) -> ErrorBands:
        """Bands of the markers' errors."""
        seen = self.observations
        return ErrorBands.over(seen.time, stride_cycles(seen.time, seen.contacts[:, 0], seen.left))

    @cached_property
    def basis(self) -> SplineBasis:
        """Splines over the whole trial."""
        return SplineBasis.over(self.observations.time, self.weights.knot_s)

    @cached_property
    def measured(self) -> BoolArray:
        """(T,) bool: frames in which the equations of motion hold, enough of them in a row."""
        usable = self.observations.measured.copy()
        for start, stop in runs(usable):
            if stop - start < SHORTEST_RUN:
                usable[start:stop] = False
        return usable

    @cached_property
    def fixed_pose(self) -> FloatArray:
        """(C,) array: where coordinates that are not fitted stay."""
        pose: FloatArray = np.median(self.observations.start, axis=0)
        return pose

    @cached_property
    def solved(self) -> FloatArray:
        """(T, N) array: fitted coordinates by inverse kinematics."""
        return self.observations.start[:, self.coordinates]

    @cached_property
    def roughness_sd(self) -> FloatArray:
        """(N,) array: sd of each fitted fifth derivative.

        In proportion to that of a motion all of whose acceleration, the plain one's, swings at the
        cut-off: below it motion is free, above it the prior falls with the frequency's fifth power.
        """
        seen, skeleton = self.observations, self.runner.skeleton
        frames = seen.measured if seen.measured.any() else np.ones_like(seen.measured)
        square = (seen.plain.udot[frames][:, self.coordinates] ** 2).mean(axis=0)
        root = self.runner.root[self.coordinates]
        for turns in (True, False):  # together: their axes are the laboratory's
            same = root & (skeleton.coordinate_is_rotation[self.coordinates] == turns)
            if same.any():
                square[same] = square[same].mean()
        size = np.maximum(np.sqrt(square), LEAST_ACCELERATION)
        return np.asarray(self.weights.roughness * size * (2.0 * np.pi * seen.cutoff) ** 3)

    @cached_property
    def sigma(self) -> FloatArray:
        """(6,) array: standard deviations of residual force and moment."""
        return np.repeat([self.weights.sigma_force_n, self.weights.sigma_moment_nm], 3)

    @cached_property
    def precision(self) -> FloatArray:
        """(P,) array: inverse variances of the priors, in units of the frames' cost."""
        return discount(self.observations.rate) * prior_precision(self.parameters)

    @cached_property
    def prior_means(self) -> FloatArray:
        """(P,) array: priors of the parameters that are on."""
        return np.array([parameter.prior for parameter in self.parameters if parameter.on])

    def values(self, theta: FloatArray) -> dict[str, float]:
        """All parameters by name; theta, (P,), holds those that are on."""
        return {**self.fixed, **dict(zip(self.on, theta.tolist(), strict=True))}

    def theta(self, values: Mapping[str, float]) -> FloatArray:
        """(P,) array: those that are on, of all parameters by name."""
        return np.array([values[name] for name in self.on])

    # motion, markers and balance ------------------------------------------------------------------

    def motion(self, coefficients: FloatArray) -> Motion:
        """The motion of all coordinates from spline coefficients, (K, N)."""
        parts = []
        for order in range(3):
            values = np.zeros((len(self.observations.time), len(self.fixed_pose)), order="F")
            if order == 0:
                values[:] = self.fixed_pose
            values[:, self.coordinates] = self.basis.values[order] @ coefficients
            parts.append(values)
        return with_dependent(self.runner.skeleton, Motion(*parts))

    def recorded_markers(self, q: FloatArray) -> FloatArray:
        """Places of the model's markers that were recorded at q (T, C), (T, K, 3), m."""
        every = marker_positions(self.runner.skeleton, q)
        return every[:, self.observations.marker_index]

    def marker_errors(self, q: FloatArray) -> FloatArray:
        """Distances of recorded markers from the model's at q (T, C), (T, K), m; NaN in gaps."""
        apart = self.recorded_markers(q) - self.observations.markers
        return np.asarray(np.linalg.norm(apart, axis=2))

    def residual(self, motion: Motion, values: Mapping[str, float]) -> Residual:
        """Residual of a motion in every frame, for some values of the parameters."""
        seen, skeleton = self.observations, self.runner.skeleton
        moves = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
        wrench = (seen.wrench, seen.time)
        return Balance(self.runner, values, moves, wrench, drags=seen.drag).residual

    # cost, equations and factor -------------------------------------------------------------------

    def evaluate(self, coefficients: FloatArray, theta: FloatArray) -> Point:
        """The cost of a motion, coefficients (K, N), and of parameters, theta (P,)."""
        seen, measured, motion = self.observations, self.measured, self.motion(coefficients)
        poses = segment_poses(self.runner.skeleton, motion.q)
        position, error, force = self.markers.errors(poses)
        parts = (of_frames(one, measured) for one in (motion.q, motion.u, motion.udot))
        moves = posed_kinematics(self.runner.skeleton, poses.picked(measured), *parts)
        wrench = (seen.wrench, seen.time[measured])
        here = Balance(self.runner, self.values(theta), moves, wrench, drags=seen.drag)
        away = motion.q[:, self.coordinates] - self.solved
        cost = (error * force).sum() + ((here.residual.rows / self.sigma) ** 2).sum()
        cost += self.precision @ (theta - self.prior_means) ** 2
        cost += ((away / self.weights.coordinate_sd) ** 2).sum()
        cost += ((self.basis.values[3] @ coefficients / self.roughness_sd) ** 2).sum()
        return Point(coefficients, theta, float(cost), motion, poses, position, force, here)

    def begin(self, coefficients: FloatArray, theta: FloatArray) -> None:
        """Stand at a motion, coefficients (K, N), and parameters, theta (P,)."""
        self.release()
        self.point = self.evaluate(coefficients, theta)
        self.history = [self.point.cost]

    def linearise(self) -> None:
        """Gauss-Newton's normal equations at the point, without priors of parameters."""
        point = self.point
        self.release()  # one factor at a time: it is the largest thing of a fit
        self.point = point
        matrix = self.markers.normal_matrix(point.poses, point.position)
        every = np.arange(matrix.shape[1])
        matrix[:, every, every] += 1.0 / self.weights.coordinate_sd**2
        band = banded(self.basis, matrix, 1.0 / self.roughness_sd**2)
        del matrix  # as large as half of the band
        self.pull, self.rows = self.downhill(point)
        by_parameter = np.zeros((self.rows.residual.size, len(self.on)))
        for column, name in enumerate(self.on):
            by_parameter[:, column] = (point.balance.by_parameter(name) / self.sigma).ravel()
        self.coupling = add_rows(band, self.basis, self.rows, by_parameter)
        self.right = -by_parameter.T @ self.rows.residual.ravel()
        self.matrix = by_parameter.T @ by_parameter
        self.factor = BandFactor.of(band)
        self.linearised_at = point.theta
        self._half: tuple[FloatArray, FloatArray] | None = None

    def downhill(self, point: Point) -> tuple[FloatArray, MotionRows]:
        """What pulls at the coefficients at a point, (K N,); its rows."""
        levers = self.markers.levers(point.poses, point.position)
        away = point.motion.q[:, self.coordinates] - self.solved
        gradient = self.markers.pull(*levers, point.force)
        gradient += away / self.weights.coordinate_sd**2
        rows = self._rows(point)
        pull = self.basis.values[0].T @ gradient
        for values, by in zip(self.basis.values[:3], rows.by_motion, strict=True):
            pull += values[rows.frame].T @ np.einsum("dcn,dc->dn", by, rows.residual)
        pull += self.basis.roughness @ point.coefficients / self.roughness_sd**2
        return -pull.ravel(), rows

    def refresh(self) -> None:
        """What pulls at the motion at the point, for the factor of another one nearby."""
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
        """Give back all that belongs to a point."""
        for name in ("point", "factor", "rows", "pull", "coupling", "matrix", "right", "_half"):
            vars(self).pop(name, None)

    # the way down ---------------------------------------------------------------------------------

    def descend(self, *, motion_only: bool = False) -> None:
        """Walk down with motion and parameters, or with the motion only.

        The factor that is left is that of one of the last points from which a step was made: with
        fixed parameters every other whole step has the one before's, and most often is the last.
        """
        self.history, ended, again = [self.point.cost], False, False
        while not ended:
            if again:
                self.refresh()
            else:
                self.linearise()
            ended, whole = self.advance(self.step(motion_only=motion_only))
            again = motion_only and whole and not again

    def step(self, *, motion_only: bool = False) -> Step:
        """A step of motion and parameters, whose priors join here, or of the motion only."""
        step = np.zeros_like(self.point.theta)
        if motion_only:
            change = self.factor.solve(self.pull)
            return change, step, float(self.pull @ change)
        pull, follow = self.half
        promised = float(pull @ pull)
        if self.on:
            matrix, parameters = self.matrix - follow.T @ follow, np.arange(len(step))
            matrix[parameters, parameters] += self.precision
            prior = self.precision * (self.prior_means - self.point.theta)
            downhill = self.right + prior - follow.T @ pull
            step[:] = np.linalg.solve(matrix, downhill)
            promised += float(downhill @ step)
        return self.factor.back(pull - follow @ step), step, promised

    def advance(self, step: Step) -> tuple[bool, bool]:
        """Go the largest share of a step that lowers the cost; whether it is the end, and whole.

        A share that raises the cost gives way to the minimum of the parabola that begins as the
        equations say and goes through that cost (Nocedal & Wright 2006, chapter 3.5).
        """
        coefficients, theta, cost = self.point.coefficients, self.point.theta, self.point.cost
        share, (ahead, parameters, promised) = 1.0, step
        for _ in range(MOST_TRIES):
            del self.point  # as large as the next
            change = share * ahead.reshape(coefficients.shape)
            self.point = self.evaluate(coefficients + change, theta + share * parameters)
            if self.point.cost <= cost:
                self.history.append(self.point.cost)
                return converged(self.history, share), share == 1.0
            if promised < CONVERGED * cost:
                break  # nothing worth a shorter step
            best = share * promised / (self.point.cost - cost + 2.0 * share * promised)
            share *= max(SHORTEST, best)
        del self.point
        self.point = self.evaluate(coefficients, theta)
        return True, False

    # parameters, the motion following them --------------------------------------------------------

    @property
    def half(self) -> tuple[FloatArray, FloatArray]:
        """(K N,) and (K N, P) arrays: half of the way to the solutions for pull and coupling."""
        if self._half is None:
            pull = self.factor.forward(self.pull[:, None])[:, 0]
            self._half = pull, self.factor.forward(self.coupling)
        return self._half

    @property
    def following(self) -> FloatArray:
        """(K N, P) array: change of the coefficients with each parameter that is on."""
        change = self.factor.back(self.half[1])
        return np.negative(change, out=change)

    def information(self) -> tuple[FloatArray, FloatArray]:
        """Equations (P, P), (P,) of the parameters when the motion follows, without priors.

        In independent observations: neighbouring frames count as one.
        """
        pull, border = self.half
        about = self.matrix - border.T @ border
        right = about @ self.linearised_at + self.right - border.T @ pull
        counted = discount(self.observations.rate)
        return about / counted, right / counted


def converged(history: Sequence[float], share: float = 1.0) -> bool:
    """Whether a share of a step was the last: a whole one or the second that gained little."""
    asked = 1 if share == 1.0 else 2
    little = [before - after < CONVERGED * before for before, after in pairwise(history)][-asked:]
    return (len(little) == asked and all(little)) or len(history) > MOST_STEPS
