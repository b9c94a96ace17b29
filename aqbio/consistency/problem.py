"""The cost of a motion against markers, equations of motion and priors; normal equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from aqbio.consistency.balance import Balance, balance, rates_over_frames
from aqbio.consistency.marker_rows import ErrorBands, MarkerRows, stride_cycles
from aqbio.consistency.normal_equations import (
    BandedEquations,
    BandFactor,
    MotionRows,
    SplineBasis,
    assembled,
)
from aqbio.consistency.observations import SHORTEST_RUN, Observations
from aqbio.consistency.parameters import (
    LEAST_ACCELERATION,
    Parameter,
    Runner,
    Weights,
    discount,
    prior_precision,
)
from aqbio.inverse_kinematics.marker_fit import Tracking
from aqbio.multibody.kinematics import SegmentKinematics, marker_positions, posed_kinematics
from aqbio.multibody.momentum import momentum_jacobians
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.multibody.poses import SegmentPoses, segment_poses
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray, IntArray, of_frames


@dataclass(frozen=True, eq=False)
class Place:
    """A motion and parameters."""

    coefficients: FloatArray
    """(K, N) array. Of the splines of N coordinates."""
    theta: FloatArray
    """(P,) array. Values of the parameters that are on."""


@dataclass(frozen=True, eq=False)
class Point(Place):
    """The same, and what they cost: hundreds of times as large."""

    cost: float
    q: FloatArray
    """(T, C) array, rad or m. All coordinates."""
    poses: SegmentPoses
    """In all frames."""
    position: FloatArray
    force: FloatArray
    """position, force: (T, K, 3) arrays. Markers, and their weighted errors."""
    balance: Balance
    """In the frames that are measured completely."""


class Downhill(NamedTuple):
    """What pulls at a point."""

    motion: FloatArray
    """(K N,) array. At the splines' coefficients."""
    right: FloatArray
    """(P,) array. At the parameters."""
    rows: MotionRows
    """The equations of motion."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be made consistent in one trial."""

    runner: Runner
    observations: Observations
    weights: Weights
    parameters: tuple[Parameter, ...]
    """Tuple of Parameter. Those that are on are rows of the border, whether they are moved or
    not."""
    fixed: Mapping[str, float]
    """Mapping. Values of the parameters that are off."""
    splines: SplineBasis | None = None
    """Those of another problem of the same frames and knots."""

    @cached_property
    def on(self) -> tuple[str, ...]:
        """Names of the parameters that are on."""
        return tuple(parameter.name for parameter in self.parameters if parameter.on)

    @cached_property
    def tracking(self) -> Tracking:
        """Markers that were on the body, and the coordinates that move those that were recorded."""
        seen, skeleton = self.observations, self.runner.skeleton
        candidates = np.setdiff1d(skeleton.free, np.array(seen.unobservable, dtype=int))
        shown = Tracking.of(skeleton, seen.marker_index[seen.visible.any(axis=0)], candidates)
        return Tracking.of(skeleton, seen.marker_index[seen.on_body], shown.coordinate)

    @cached_property
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
        return self.splines or SplineBasis.over(self.observations.time, self.weights.knot_s)

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
    def deviations(self) -> FloatArray:
        """(T, N) array: coordinates by inverse kinematics."""
        return self.observations.start[:, self.coordinates]

    @cached_property
    def root(self) -> BoolArray:
        """(N,) bool: fitted coordinates that move the whole body."""
        skeleton = self.runner.skeleton
        whole = np.asarray(skeleton.lineage[:, skeleton.axes.body].all(axis=0))
        return np.array([whole[skeleton.driver == one].any() for one in self.coordinates])

    @cached_property
    def roughness_sd(self) -> FloatArray:
        """(N,) array: sd of each fitted fifth derivative.

        In proportion to that of a motion all of whose acceleration, the plain one's, swings at the
        cut-off: below it motion is free, above it the prior falls with the frequency's fifth power.
        """
        seen = self.observations
        frames = seen.measured if seen.measured.any() else np.ones_like(seen.measured)
        acceleration = seen.plain.udot[frames][:, self.coordinates]
        square = (acceleration**2).mean(axis=0)
        skeleton, root = self.runner.skeleton, self.root
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

    def replace(
        self,
        *,
        observations: Observations | None = None,
        parameters: tuple[Parameter, ...] | None = None,
        fixed: Mapping[str, float] | None = None,
    ) -> Problem:
        """The problem with other forces, measured frames, parameters or values; same markers."""
        seen = self.observations if observations is None else observations
        if seen.markers is not self.observations.markers:
            raise ValueError("other markers weigh otherwise.")
        found = replace(
            self,
            observations=seen,
            parameters=self.parameters if parameters is None else parameters,
            fixed=self.fixed if fixed is None else fixed,
            splines=self.basis,
        )
        stay = {name: getattr(self, name) for name in ("tracking", "markers", "bands")}
        vars(found).update(stay)
        return found

    def values(self, theta: FloatArray) -> dict[str, float]:
        """All parameters by name; theta, (P,), holds those that are on."""
        return {**self.fixed, **dict(zip(self.on, theta.tolist(), strict=True))}

    def motion(self, coefficients: FloatArray) -> Motion:
        """The motion of all coordinates from spline coefficients, (B, N)."""
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

    def predicted_markers(self, q: FloatArray) -> FloatArray:
        """The same, (T, K, 3), m, with the artefact of their segment that other markers show."""
        found, carried = self.recorded_markers(q), self.observations.on_body
        error = self.markers.errors(segment_poses(self.runner.skeleton, q))[1]
        found[:, carried] -= self.markers.expected(error)
        return found

    def point(self, coefficients: FloatArray, theta: FloatArray) -> Point:
        """The cost of a motion, coefficients (B, N), and of parameters, theta (P,)."""
        observations, measured = self.observations, self.measured
        motion = self.motion(coefficients)
        poses = segment_poses(self.runner.skeleton, motion.q)
        position, error, force = self.markers.errors(poses)
        away = motion.q[:, self.coordinates] - self.deviations
        equations = balance(
            self.runner,
            self.values(theta),
            self._moving(poses, motion),
            (observations.wrench, observations.time[measured]),
            drags=observations.drag,
        )
        rows = equations.residual.rows / self.sigma
        prior = self.precision @ (theta - self.prior_means) ** 2
        cost = (error * force).sum() + (rows**2).sum() + prior
        cost += ((away / self.weights.coordinate_sd) ** 2).sum()
        cost += ((self.basis.values[3] @ coefficients / self.roughness_sd) ** 2).sum()
        return Point(coefficients, theta, float(cost), motion.q, poses, position, force, equations)

    def _moving(self, poses: SegmentPoses, motion: Motion) -> SegmentKinematics:
        """How segments move in the measured frames: elsewhere nothing asks."""
        parts = (of_frames(one, self.measured) for one in (motion.q, motion.u, motion.udot))
        return posed_kinematics(self.runner.skeleton, poses.picked(self.measured), *parts)

    def equations(self, point: Point) -> tuple[BandedEquations, FloatArray, FloatArray, MotionRows]:
        """Gauss-Newton's normal equations at a point, without the parameters' priors.

        Of the motion; matrix (P, P) and right-hand side (P,) of the parameters; rows of motion.
        """
        gradient, matrix = self.markers.normal_equations(point.poses, point.position, point.force)
        every, stiffness = np.arange(matrix.shape[1]), 1.0 / self.weights.coordinate_sd**2
        matrix[:, every, every] += stiffness
        away = point.q[:, self.coordinates] - self.deviations
        gradient = gradient + stiffness * away
        rows = self._rows(point)
        downhill = rows.residual.ravel()
        by_parameter = rows.by_parameter.reshape(len(downhill), len(self.on))
        smooth = (1.0 / self.roughness_sd**2, point.coefficients)
        motion = assembled(self.basis, matrix, gradient, rows, smooth)
        return motion, by_parameter.T @ by_parameter, -by_parameter.T @ downhill, rows

    def downhill(self, point: Point) -> Downhill:
        """The right-hand sides of the normal equations, without the parameters' priors."""
        levers = self.markers.levers(point.poses, point.position)
        away = point.q[:, self.coordinates] - self.deviations
        gradient = self.markers.pull(*levers, point.force)
        gradient += away / self.weights.coordinate_sd**2
        rows = self._rows(point)
        pull = self.basis.values[0].T @ gradient + self.pulled(rows, rows.residual)
        pull += self.basis.roughness @ point.coefficients / self.roughness_sd**2
        by_parameter = rows.by_parameter.reshape(rows.residual.size, len(self.on))
        return Downhill(-pull.ravel(), -by_parameter.T @ rows.residual.ravel(), rows)

    def pulled(self, rows: MotionRows, residual: FloatArray) -> FloatArray:
        """How residuals (D, 6) of the equations of motion pull at the coefficients, (K, N)."""
        parts = zip(self.basis.values[:3], rows.by_motion, strict=True)
        pulls = (v[rows.frame].T @ np.einsum("dcn,dc->dn", by, residual) for v, by in parts)
        return np.asarray(sum(pulls))

    def _rows(self, point: Point) -> MotionRows:
        """Rows of the equations of motion, by their standard deviations."""
        equations, step = point.balance, 1.0 / self.observations.rate
        jacobians = momentum_jacobians(equations.skeleton, equations.kinematics, self.coordinates)
        rates = rates_over_frames(jacobians, self.measured, step)
        sigma = self.sigma[:, None]
        by_q, by_u, by_udot = (by / sigma for by in equations.by_motion(jacobians, rates))
        by_parameter = np.zeros((len(by_q), 6, len(self.on)))
        for column, name in enumerate(self.on):
            by_parameter[:, :, column] = equations.by_parameter(name) / self.sigma
        return MotionRows(
            frame=np.flatnonzero(self.measured),
            by_motion=(by_q, by_u, by_udot),
            by_parameter=by_parameter,
            residual=equations.residual.rows / self.sigma,
        )


@dataclass(frozen=True, eq=False)
class Information:
    """Information of a trial's data on the parameters."""

    about: FloatArray
    """(P, P) array. Information about the parameters when the motion follows them, all frames
    counted."""
    pull: FloatArray
    """(P,) array. Downhill for the parameters when the motion follows them, all frames counted."""
    theta: FloatArray
    """(P,) array. The parameters at which this is so."""
    discount: float
    """Frames that count as one independent observation of the parameters."""


@dataclass(frozen=True, eq=False)
class Curvature:
    """Normal equations at a point and their factor: megabytes per second, so no fit keeps it."""

    factor: BandFactor
    """Of the normal matrix of the splines' coefficients."""
    point: Point
    """Where this is so."""
    pull: FloatArray
    """(K N,) array. What pulls at the coefficients."""
    coupling: FloatArray
    """(K N, P) array. Their coupling with the parameters."""
    matrix: FloatArray
    """(P, P) array. Of the parameters only, from the data."""
    right: FloatArray
    """(P,) array. Downhill for the parameters, from the data."""
    rows: MotionRows
    """The equations of motion there."""

    @classmethod
    def of(cls, problem: Problem, place: Place) -> Curvature:
        """That of a problem with a motion and parameters."""
        return cls.at(problem, problem.point(place.coefficients, place.theta))

    @classmethod
    def at(cls, problem: Problem, point: Point) -> Curvature:
        """That of a problem at a point."""
        motion, matrix, right, rows = problem.equations(point)
        factor = motion.factor(overwrite=True)
        return cls(factor, point, motion.right, motion.border, matrix, right, rows)

    def moved(self, problem: Problem, point: Point) -> Curvature:
        """The same with what pulls at another point nearby."""
        pull, right, rows = problem.downhill(point)
        found = replace(self, point=point, pull=pull, right=right, rows=rows)
        if "half" in vars(self):
            vars(found)["half"] = self.factor.forward(pull[:, None])[:, 0], self.border
        return found

    @cached_property
    def half(self) -> tuple[FloatArray, FloatArray]:
        """(…,) and (…, P) arrays: half of the way to the solutions for `pull` and `coupling`."""
        both = self.factor.forward(np.column_stack([self.pull, self.coupling]))
        return both[:, 0], both[:, 1:]

    @property
    def border(self) -> FloatArray:
        """(…, P) array: less the other half of the way, the coefficients follow each parameter."""
        return self.half[1]

    @property
    def following(self) -> FloatArray:
        """(K N, P) array: change of the coefficients with each parameter that is on."""
        return -self.factor.back(self.border)

    def information(self, rate: float) -> Information:
        """Information on the parameters, of frames at a rate, Hz."""
        border = self.border
        return Information(
            about=self.matrix - border.T @ border,
            pull=self.right - border.T @ self.half[0],
            theta=self.point.theta,
            discount=discount(rate),
        )
