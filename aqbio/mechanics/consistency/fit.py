"""Motion, forces and body of one trial, made to obey Newton and Euler together.

Gauss and Newton's method over the coefficients of splines and a few global parameters. Markers,
residual force and moment weigh by their standard deviations: nothing is driven to zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.mechanics.consistency.adjusted import adjusted_skeleton
from aqbio.mechanics.consistency.balance import Residual, balance
from aqbio.mechanics.consistency.curvature import Curvature, Information
from aqbio.mechanics.consistency.data_errors import Response
from aqbio.mechanics.consistency.descent import (
    free_descent,
    held_descent,
    near_descent,
    one_step,
)
from aqbio.mechanics.consistency.observations import Observations
from aqbio.mechanics.consistency.parameters import (
    Parameter,
    ParameterEstimate,
    estimates,
    prior_precision,
    priors,
)
from aqbio.mechanics.consistency.problem import Point, Problem
from aqbio.mechanics.consistency.runner import Runner
from aqbio.mechanics.consistency.skin import COARSE_M, Skin
from aqbio.mechanics.consistency.weights import Weights
from aqbio.mechanics.multibody.kinematics import segment_kinematics
from aqbio.mechanics.multibody.motion import Motion
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray, IntArray

SKIN_SEED = 0
"""Of the draws by which errors that last are learnt: the same data give the same fit."""


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
    """At the last of the points from which a step was made, a short one. None where the parameters
    were held: few of these fits are asked for it."""
    following: FloatArray | None
    """(K N, P) array. Change of the coefficients with each parameter that is on, there; None where
    the parameters were held."""
    covariance: FloatArray
    """(P, P) array. Of the parameters that are on."""

    @property
    def information(self) -> Information:
        """What the data say about the parameters at the end of the fit."""
        return self.known or self.curvature.information(self.observations.rate)

    @property
    def curvature(self) -> Curvature:
        """What the data say about the motion at the end of the fit, computed anew."""
        return Curvature.at(self.problem, self.problem.point(self.coefficients, self.theta))

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

    def near(self, theta: FloatArray) -> FloatArray:
        """Coefficients (K, N) that follow the parameters that are on, (P,), to other values."""
        if self.following is None:
            return self.coefficients
        change = self.following @ (theta - self.theta)
        return np.asarray(self.coefficients + change.reshape(self.coefficients.shape))


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
    skin = start.problem.skin if isinstance(start, TrialFit) else None
    problem = Problem(runner, observations, weights or Weights(), chosen, known, splines, skin)
    if not problem.measured.any():
        raise ValueError("no frame of the trial has all its contacts measured.")
    theta = np.array([known[name] for name in problem.on])
    if start is None:
        coefficients, without = _of_markers(problem)
    elif isinstance(start, TrialFit):
        coefficients, without = start.near(theta), (start.cost_alone, start.q_alone)
    else:
        coefficients = problem.basis.nearest(start[:, problem.coordinates])
        without = np.nan, start
    point = problem.point(coefficients, theta)
    if problem.learns_skin:
        held = fixed is not None
        point = (held_descent if held else free_descent)(problem, point)[0]
        problem, point = _with_skin(problem, point, held=held)
    if fixed is not None:
        ended = held_descent(problem, point)
        return _ended(problem, *ended[:2], without)
    descend = free_descent if problem.skin is None else near_descent
    point, history, last = descend(problem, point)
    known_now = last.information(observations.rate)
    found = _ended(problem, point, history, without, known_now)
    return replace(found, following=last.following)


def _with_skin(problem: Problem, point: Point, *, held: bool) -> tuple[Problem, Point]:
    """The same with errors of markers that last, as large as a fit without them tells.

    Where the parameters are not held, one step with the largest errors goes most of the way.
    """
    response = Response(problem, Curvature.at(problem, point))
    sizes = response.learned(np.random.default_rng(SKIN_SEED)).markers
    skin = Skin(sizes, problem.motion(point.coefficients).q)
    if not held:
        coarse = replace(problem, skin=replace(skin, least=COARSE_M), splines=problem.basis)
        point = one_step(coarse, coarse.point(point.coefficients, point.theta))
    whole = replace(problem, skin=skin, splines=problem.basis)
    return whole, whole.point(point.coefficients, point.theta)


def _of_markers(problem: Problem) -> tuple[FloatArray, tuple[float, FloatArray]]:
    """Coefficients of splines that follow the markers alone; their cost, and coordinates."""
    markers = problem.of_markers_alone
    nearest = problem.basis.nearest(problem.deviations)
    alone = held_descent(markers, markers.point(nearest, np.zeros(0)))[0]
    return alone.coefficients, (alone.cost, alone.kinematics.q)


def fits_held(
    runner: Runner,
    observations: Observations,
    weights: Weights,
    parameters: Sequence[Parameter],
    near: FloatArray,
    held: Iterable[Mapping[str, float]],
    skin: Skin | None = None,
) -> Iterator[TrialFit]:
    """Fits of one trial with its parameters held at several sets of values.

    Parameters
    ----------
    near : (T, C) array
        Coordinates that a fit with similar values has found, rad or m.
    held : iterable of mapping
        Values of all parameters.
    skin : Skin, optional
        How the errors of that fit's markers last.

    Notes
    -----
    They share the normal matrix of the first, near which all of them are.
    """
    splines, factor = None, None
    for values in held:
        problem = Problem(runner, observations, weights, tuple(parameters), values, splines, skin)
        splines = problem.basis
        theta = np.array([values[name] for name in problem.on])
        first = problem.point(splines.nearest(near[:, problem.coordinates]), theta)
        point, history, factor = held_descent(problem, first, factor)
        yield _ended(problem, point, history, (np.nan, near))


def _ended(
    problem: Problem,
    point: Point,
    history: tuple[float, ...],
    without: tuple[float, FloatArray],
    known: Information | None = None,
) -> TrialFit:
    """The fit that ends at a point.

    Parameters
    ----------
    history : tuple of float
        Costs from the start on.
    without : float and (T, C) array
        Cost and coordinates of the markers alone.
    known : Information, optional
        What the data say about parameters that were estimated.
    """
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
        following=None,
        covariance=covariance,
    )


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
