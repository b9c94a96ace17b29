"""A trial, made consistent: what a fit found, and what it began with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.consistency.balance import Residual, adjusted_skeleton, balance
from aqbio.consistency.data_errors import Draws, Response
from aqbio.consistency.descent import full_descent, motion_descent
from aqbio.consistency.normal_equations import SingleArray
from aqbio.consistency.observations import Observations
from aqbio.consistency.parameters import (
    Parameter,
    ParameterEstimate,
    Runner,
    Weights,
    estimates,
    prior_precision,
    priors,
)
from aqbio.consistency.problem import Curvature, Information, Place, Point, Problem
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Start:
    """Where a fit begins: at one that was made before, from its file."""

    q: FloatArray
    """(T, C) array, rad or m. All coordinates."""
    values: Mapping[str, float]
    """Of the parameters, by name."""


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
    q_markers_only: FloatArray
    """(T, C) array, rad or m. Of splines that follow only the markers, weighted by segment."""
    cost: tuple[float, ...]
    """At the start and after each step."""
    cost_markers_only: float
    """Of markers only: what the cost would be without forces."""
    stored_information: Information | None
    """At the last of the points from which a step was made, a short one. None where the parameters
    were fixed: it is rarely needed then."""
    following: SingleArray | None
    """(K N, P) array. Change of the coefficients with each parameter that is on, there; None where
    the parameters were fixed."""
    covariance: FloatArray
    """(P, P) array. Of the parameters that are on."""
    draws: Draws | None = None
    """What else the data allow, where it was asked for."""

    @property
    def information(self) -> Information:
        """Information on the parameters at the end of the fit."""
        return self.stored_information or self.curvature.information(self.observations.rate)

    @property
    def curvature(self) -> Curvature:
        """Normal equations at the end of the fit, recomputed."""
        return Curvature.of(self.problem, Place(self.coefficients, self.theta))

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
    def marker_error_markers_only(self) -> FloatArray:
        """(T, K) array, m: of markers only; NaN where a marker is missing."""
        return self.problem.marker_errors(self.q_markers_only)

    @cached_property
    def marker_error_after(self) -> FloatArray:
        """(T, K) array, m: of the fit; NaN where a marker is missing."""
        return self.problem.marker_errors(self.motion.q)

    @cached_property
    def markers_moved(self) -> FloatArray:
        """(T, K) array, m: from markers only to the fit; NaN if missing."""
        both = (self.q_markers_only, self.motion.q)
        alone, after = (self.problem.recorded_markers(q) for q in both)
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

    def near(self, theta: FloatArray) -> FloatArray:
        """Coefficients (K, N) that follow the parameters that are on, (P,), to other values."""
        if self.following is None:
            return self.coefficients
        change = self.following @ (theta - self.theta)
        return np.asarray(self.coefficients + change.reshape(self.coefficients.shape))


def residual(problem: Problem, motion: Motion, values: Mapping[str, float]) -> Residual:
    """Residual of a motion in every frame of a trial, for some values of the parameters."""
    observations = problem.observations
    kinematics = segment_kinematics(problem.runner.skeleton, motion.q, motion.u, motion.udot)
    wrench = (observations.wrench, observations.time)
    return balance(problem.runner, values, kinematics, wrench, drags=observations.drag).residual


def fit_trial(
    runner: Runner,
    observations: Observations,
    weights: Weights | None = None,
    parameters: Sequence[Parameter] | None = None,
    fixed: Mapping[str, float] | None = None,
    start: TrialFit | None = None,
) -> TrialFit:
    """Fit one trial.

    Parameters that are on are estimated, unless values are `fixed` (missing ones are their priors).
    `start` is a fit of the same trial with the same knots to go on from.

    Minimises ``Σ eᵀ S⁻¹ e + Σ (|r_F|²/σ_F² + |r_M|²/σ_M²) + Σ ((q − q_IK)/0.5)² + n Σ ((θ −
    θ₀)/σ_θ)²`` over the frames, with the markers' errors e and their covariance S by segment, and n
    the frames that count as one observation of the parameters θ. Raises ValueError where no frame
    is measured completely.
    """
    chosen = tuple(runner.parameters if parameters is None else parameters)
    held, begun = fixed is not None, {} if start is None else start.values
    known = {**priors(chosen), **(begun if fixed is None else fixed)}
    splines = None if start is None else start.problem.basis
    problem = Problem(runner, observations, weights or Weights(), chosen, known, splines)
    if not problem.measured.any():
        raise ValueError("no frame of the trial has all its contacts measured.")
    place, without = _initial(problem, start)
    if held:
        point, history, _ = motion_descent(problem, place)
        return _result(problem, point, history, without)
    point, history, last = full_descent(problem, place)
    found = _result(problem, point, history, without, last.information(observations.rate))
    following = last.following.astype(np.float32)  # of starts: megabytes for every trial
    return replace(found, following=following)


def fit_at_values(
    fit: TrialFit, values: Mapping[str, float], *, responds: bool
) -> tuple[TrialFit, Response | None]:
    """A fit moved to other values of all parameters and, if asked for, its response to data."""
    problem = fit.problem.replace(fixed=values)
    theta = np.array([values[name] for name in problem.on])
    point, history, here = motion_descent(problem, Place(fit.near(theta), theta))
    found = _result(problem, point, history, (fit.cost_markers_only, fit.q_markers_only))
    if not responds:
        return found, None
    here = _final_curvature(problem, point, here)
    return found, Response(problem, here)


def _initial(problem: Problem, start: TrialFit | None) -> tuple[Place, tuple[float, FloatArray]]:
    """Where a fit begins, and cost and coordinates of the fit to markers only."""
    theta = np.array([problem.fixed[name] for name in problem.on])
    if start is None:
        coefficients, without = fit_of_markers(problem)
    else:
        coefficients, without = start.near(theta), (start.cost_markers_only, start.q_markers_only)
    return Place(coefficients, theta), without


def _final_curvature(problem: Problem, point: Point, here: Curvature | None) -> Curvature:
    """The curvature at the end, with the matrix of the last step where that has one."""
    return Curvature.at(problem, point) if here is None else here.moved(problem, point)


def fit_of_markers(problem: Problem) -> tuple[FloatArray, tuple[float, FloatArray]]:
    """Coefficients of splines fitted to the markers only; their cost, and coordinates."""
    nowhere = np.zeros_like(problem.observations.measured)
    blind = replace(problem.observations, measured=nowhere)
    markers = problem.replace(observations=blind, parameters=())
    nearest = problem.basis.nearest(problem.deviations)
    alone = motion_descent(markers, Place(nearest, np.zeros(0)))[0]
    return alone.coefficients, (alone.cost, alone.q)


def _result(
    problem: Problem,
    point: Point,
    history: tuple[float, ...],
    without: tuple[float, FloatArray],
    known: Information | None = None,
) -> TrialFit:
    """The fit that ends at a point; `without`: cost and coordinates (T, C) of markers only."""
    covariance: FloatArray = np.zeros((len(problem.on), len(problem.on)))
    if known is not None:
        prior = np.diag(prior_precision(problem.parameters))
        covariance = np.asarray(np.linalg.inv(prior + known.about / known.discount))
    values = problem.values(point.theta)
    return TrialFit(
        problem=replace(problem, splines=problem.basis),
        skeleton=adjusted_skeleton(problem.runner, values),
        estimates=estimates(problem.parameters, values, covariance),
        coefficients=point.coefficients,
        motion=problem.motion(point.coefficients),
        q_markers_only=without[1],
        cost=history,
        cost_markers_only=without[0],
        stored_information=known,
        following=None,
        covariance=covariance,
    )
