"""Motion, forces and body of one trial, made to obey Newton and Euler together.

Gauss and Newton's method over the coefficients of splines and a few global parameters. Markers,
residual force and moment weigh by their standard deviations: nothing is driven to zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.mechanics.consistency.adjusted import adjusted_skeleton
from aqbio.mechanics.consistency.balance import Residual, balance
from aqbio.mechanics.consistency.band import BandFactor, MotionRows
from aqbio.mechanics.consistency.observations import Observations
from aqbio.mechanics.consistency.parameters import (
    Parameter,
    ParameterEstimate,
    discount,
    estimates,
    prior_precision,
    priors,
)
from aqbio.mechanics.consistency.problem import Equations, Point, Problem
from aqbio.mechanics.consistency.runner import Runner
from aqbio.mechanics.consistency.weights import Weights
from aqbio.mechanics.multibody.kinematics import segment_kinematics
from aqbio.mechanics.multibody.motion import Motion
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, IntArray

ENOUGH = 1e-3
"""The last step lowers the cost by less than this part of it."""

MOST_STEPS = 15

FIRST_DAMPING, MORE_DAMPING, LESS_DAMPING, MOST_DAMPING = 1e-4, 10.0, 0.2, 1e6
"""Steps are damped only after one that raised the cost."""


@dataclass(frozen=True, eq=False)
class Curvature:
    """What the data of a trial say about the motion: megabytes per second, so no fit keeps it."""

    factor: BandFactor
    """Of the normal matrix of the splines' coefficients."""
    border: FloatArray
    """(K N, P) array. ``L⁻¹`` of how the coefficients hang on the parameters that are on, with the
    factor L: ``−L⁻ᵀ`` of it is their change with each parameter."""
    point: Point
    """The end of the fit."""
    rows: MotionRows
    """The equations of motion there."""


@dataclass(frozen=True, eq=False)
class Information:
    """What the data of a trial say about the parameters."""

    about: FloatArray
    """(P, P) array. Information about the parameters when the motion follows them, all frames
    counted."""
    pull: FloatArray
    """(P,) array. Downhill for the parameters when the motion follows them, all frames counted."""
    discount: float
    """Frames that count as one independent observation of the parameters."""


@dataclass(frozen=True, eq=False)
class TrialFit:
    """A trial, made consistent."""

    problem: Problem
    """What was fitted, with runner, observations, weights and parameters."""
    skeleton: Skeleton
    """With the fitted masses and centres of mass."""
    estimates: tuple[ParameterEstimate, ...]
    """All parameters, in order."""
    coefficients: FloatArray
    """(K, N) array. Of the splines."""
    motion: Motion
    """All coordinates, speeds and accelerations in every frame."""
    q_alone: FloatArray
    """(T, C) array, rad or m. Of splines that follow the markers alone, weighted by segment."""
    cost: tuple[float, ...]
    """At the start and after each step."""
    cost_alone: float
    """Of markers alone: what the cost would be without forces."""
    known: Information | None
    """None where the parameters were held: few of these fits are asked for it."""
    covariance: FloatArray
    """(P, P) array. Of the parameters that are on."""

    @property
    def information(self) -> Information:
        """What the data say about the parameters at the end of the fit."""
        return self.known or self._at_the_end()[0]

    @property
    def curvature(self) -> Curvature:
        """What the data say about the motion at the end of the fit, computed anew."""
        return self._at_the_end()[1]

    def _at_the_end(self) -> tuple[Information, Curvature]:
        return _information(self.problem, self.problem.point(self.coefficients, self.theta))

    @cached_property
    def before(self) -> Residual:
        """Residual of the plain way: measured clock, given body, no air."""
        return residual(self.problem, self.observations.plain, {})

    @cached_property
    def after(self) -> Residual:
        """Residual of the fit."""
        return residual(self.problem, self.motion, self.values)

    @cached_property
    def marker_error_before(self) -> FloatArray:
        """(T, K) array, m: of inverse kinematics, in which all markers weigh alike."""
        return self.problem.marker_errors(self.observations.start)

    @cached_property
    def marker_error_alone(self) -> FloatArray:
        """(T, K) array, m: of the markers alone; NaN where a marker is missing."""
        return self.problem.marker_errors(self.q_alone)

    @cached_property
    def marker_error_after(self) -> FloatArray:
        """(T, K) array, m: of the fit; NaN where a marker is missing."""
        return self.problem.marker_errors(self.motion.q)

    @cached_property
    def markers_moved(self) -> FloatArray:
        """(T, K) array, m: from the markers alone to the fit; NaN where a marker is missing."""
        alone, after = (self.problem.recorded_markers(q) for q in (self.q_alone, self.motion.q))
        moved = np.linalg.norm(after - alone, axis=2)
        return np.where(self.observations.visible, moved, np.nan)

    @property
    def runner(self) -> Runner:
        """The runner before any adjustment."""
        return self.problem.runner

    @property
    def observations(self) -> Observations:
        """What was measured."""
        return self.problem.observations

    @property
    def weights(self) -> Weights:
        """How much it weighed."""
        return self.problem.weights

    @property
    def coordinates(self) -> IntArray:
        """(N,) int: coordinates that were fitted."""
        return self.problem.coordinates

    @property
    def values(self) -> dict[str, float]:
        """Parameters by name."""
        return {one.name: one.estimate for one in self.estimates}

    @property
    def drag_area(self) -> float:
        """Drag area that acted in this trial, m²; 0 on a treadmill."""
        return self.values.get("drag_area", 0.0) if self.observations.drag else 0.0

    @property
    def theta(self) -> FloatArray:
        """(P,) array: values of the parameters that are on."""
        return np.array([self.values[name] for name in self.problem.on])


def fit_trial(
    runner: Runner,
    observations: Observations,
    weights: Weights | None = None,
    parameters: Sequence[Parameter] | None = None,
    fixed: Mapping[str, float] | None = None,
    start: TrialFit | FloatArray | None = None,
) -> TrialFit:
    """Fit one trial.

    Parameters
    ----------
    parameters : sequence of Parameter, optional
        Those that are on are estimated, unless values are given. All with their default priors,
        if none are given.
    fixed : mapping, optional
        Values of the parameters; none is estimated then, and missing ones are their priors.
    start : TrialFit or (T, C) array, optional
        A fit of the same trial with the same knots from which to go on; or its coordinates, rad
        or m: markers alone are not fitted then (`TrialFit.cost_alone` NaN, `q_alone` these).

    Raises
    ------
    ValueError
        No frame is measured completely.

    Notes
    -----
    Minimises ``Σ eᵀ S⁻¹ e + Σ (|r_F|²/σ_F² + |r_M|²/σ_M²) + Σ ((q − q_IK)/0.5)²
    + n Σ ((θ − θ₀)/σ_θ)²`` over the frames, with the markers' errors e and their covariance S by
    segment, and n the frames that count as one observation of the parameters θ.
    """
    chosen = tuple(runner.parameters if parameters is None else parameters)
    known = {**priors(chosen), **(fixed or {})}
    splines = start.problem.basis if isinstance(start, TrialFit) else None
    problem = Problem(runner, observations, weights or Weights(), chosen, known, splines)
    if not problem.measured.any():
        raise ValueError("no frame of the trial has all its contacts measured.")
    if start is None:
        markers = problem.of_markers_alone
        nearest = markers.point(problem.basis.nearest(problem.deviations), np.zeros(0))
        alone, _ = _descended(markers, nearest, moving=False)
        coefficients = alone.coefficients
        without = (alone.cost, alone.kinematics.q)
    elif isinstance(start, TrialFit):
        coefficients, without = start.coefficients, (start.cost_alone, start.q_alone)
    else:
        coefficients = problem.basis.nearest(start[:, problem.coordinates])
        without = np.nan, start
    first = problem.point(coefficients, np.array([known[name] for name in problem.on]))
    point, history = _descended(problem, first, moving=fixed is None)
    return _fit(problem, (point, history), without, estimated=fixed is None)


def _descended(problem: Problem, point: Point, *, moving: bool) -> tuple[Point, tuple[float, ...]]:
    """Walk down from a point; parameters move or stay."""
    history, damping = [point.cost], 0.0
    for _ in range(MOST_STEPS):
        equations = problem.equations(point)
        while True:
            tried = _stepped(problem, point, equations, damping, moving=moving)
            if tried.cost <= point.cost or damping > MOST_DAMPING:
                break
            damping = max(damping * MORE_DAMPING, FIRST_DAMPING)
        if tried.cost > point.cost:
            break
        gain = (point.cost - tried.cost) / point.cost
        point, damping = tried, damping * LESS_DAMPING
        history.append(point.cost)
        if gain < ENOUGH:
            break
    return point, tuple(history)


def _stepped(
    problem: Problem, point: Point, equations: Equations, damping: float, *, moving: bool
) -> Point:
    """Point after a step; the parameters' priors join here."""
    motion = equations.motion
    factor, step = motion.factor(damping), np.zeros_like(point.theta)
    if not moving or not problem.on:
        change = factor.solve(motion.right)
    else:
        half = factor.forward(np.column_stack([motion.right, motion.border]))
        follow, parameters = half[:, 1:], np.arange(len(point.theta))
        matrix = equations.matrix - follow.T @ follow
        matrix[parameters, parameters] += (1.0 + damping) * problem.precision
        believed = problem.precision * (problem.believed - point.theta)
        step[:] = np.linalg.solve(matrix, equations.right + believed - follow.T @ half[:, 0])
        change = factor.back(half[:, 0] - follow @ step)
    moved = point.coefficients + change.reshape(point.coefficients.shape)
    return problem.point(moved, point.theta + step)


def _fit(
    problem: Problem,
    ended: tuple[Point, tuple[float, ...]],
    without: tuple[float, FloatArray],
    *,
    estimated: bool,
) -> TrialFit:
    """Gather what is wanted: the end and the costs there; cost and motion without forces."""
    point, history = ended
    known = _information(problem, point)[0] if estimated else None
    covariance: FloatArray = np.zeros((len(problem.on), len(problem.on)))
    if known is not None:
        believed = np.diag(prior_precision(problem.parameters))
        covariance = np.asarray(np.linalg.inv(believed + known.about / known.discount))
    values = problem.values(point.theta)
    return TrialFit(
        problem=problem,
        skeleton=adjusted_skeleton(problem.runner, values),
        estimates=estimates(problem.parameters, values, covariance),
        coefficients=point.coefficients,
        motion=problem.motion(point.coefficients),
        q_alone=without[1],
        cost=history,
        cost_alone=without[0],
        known=known,
        covariance=covariance,
    )


def _information(problem: Problem, point: Point) -> tuple[Information, Curvature]:
    equations = problem.equations(point)
    motion = equations.motion
    factor = motion.factor()
    half = factor.forward(np.column_stack([motion.right, motion.border]))
    border = half[:, 1:]
    known = Information(
        about=equations.matrix - border.T @ border,
        pull=equations.right - border.T @ half[:, 0],
        discount=discount(problem.observations.rate),
    )
    return known, Curvature(factor, border, point, equations.rows)


def residual(problem: Problem, motion: Motion, values: Mapping[str, float]) -> Residual:
    """Residual of a motion in every frame of a trial, for some values of the parameters."""
    observations = problem.observations
    kinematics = segment_kinematics(problem.runner.skeleton, motion.q, motion.u, motion.udot)
    wrench = (observations.wrench, observations.time)
    return balance(problem.runner, values, kinematics, wrench, drags=observations.drag).residual


def with_parameters(
    fit: TrialFit, found: Sequence[ParameterEstimate], covariance: FloatArray
) -> TrialFit:
    """A fit with parameters that were estimated elsewhere, from all trials of a session.

    Parameters
    ----------
    fit : TrialFit
        Made with these values.
    found : sequence of ParameterEstimate
        All parameters, in order.
    covariance : (P, P) array
        Of those that are on.
    """
    return replace(fit, estimates=tuple(found), covariance=covariance)
