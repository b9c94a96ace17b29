"""Motion, forces and body of one trial, made to obey Newton and Euler together.

Gauss and Newton's method over the coefficients of splines and a few global parameters. Markers,
residual force and moment weigh by their standard deviations: nothing is driven to zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.consistency.adjusted import adjusted_skeleton
from aqbio.consistency.curvature import Curvature, Information
from aqbio.consistency.data_errors import Response
from aqbio.consistency.descent import (
    free_descent,
    held_descent,
    near_descent,
    one_step,
)
from aqbio.consistency.observations import Observations
from aqbio.consistency.parameters import (
    Parameter,
    ParameterEstimate,
    estimates,
    prior_precision,
    priors,
)
from aqbio.consistency.problem import Place, Point, Problem
from aqbio.consistency.runner import Runner
from aqbio.consistency.skin import COARSE_M, Skin
from aqbio.consistency.trial_fit import Start, TrialFit
from aqbio.consistency.weights import Weights
from aqbio.vectors import FloatArray

SKIN_SEED = 0
"""Of the draws by which errors that last are learnt: the same data give the same fit."""


def fit_trial(
    runner: Runner,
    observations: Observations,
    weights: Weights | None = None,
    parameters: Sequence[Parameter] | None = None,
    fixed: Mapping[str, float] | None = None,
    start: TrialFit | Start | None = None,
) -> TrialFit:
    """Fit one trial.

    Parameters
    ----------
    parameters : sequence of Parameter, optional
        Those that are on are estimated, unless values are given. All with their default priors,
        if none are given.
    fixed : mapping, optional
        Values of the parameters; none is estimated then, and missing ones are their priors.
    start : TrialFit or Start, optional
        A fit of the same trial with the same knots from which to go on, with its skin. Of one from
        a file the markers alone are not known (`TrialFit.cost_alone` NaN, `q_alone` its own).

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
    held, begun = fixed is not None, {} if start is None else start.values
    known = {**priors(chosen), **(begun if fixed is None else fixed)}
    splines = start.problem.basis if isinstance(start, TrialFit) else None
    skin = None if start is None else start.skin
    problem = Problem(runner, observations, weights or Weights(), chosen, known, splines, skin)
    if not problem.measured.any():
        raise ValueError("no frame of the trial has all its contacts measured.")
    place, without = _begun(problem, start)
    if problem.learns_skin:
        if isinstance(start, TrialFit):  # the end of a fit whose errors are new
            learnt = start.learnt or learnt_skin(problem, Curvature.of(problem, place))
        else:
            place, learnt = _told(problem, place, held=held)
        problem, place = _with_skin(problem, place, learnt, held=held)
    if held:
        point, history, _ = held_descent(problem, place)
        return _ended(problem, point, history, without)
    descend = free_descent if problem.skin is None else near_descent
    point, history, last = descend(problem, place)
    found = _ended(problem, point, history, without, last.information(observations.rate))
    following = last.following.astype(np.float32)  # of starts: megabytes for every trial
    return replace(found, following=following, beside=last.factor.beside)


def held_fit(
    fit: TrialFit, values: Mapping[str, float], *, responds: bool
) -> tuple[TrialFit, Response | None]:
    """A fit moved to other values of all its parameters, and how it answers to data at its end.

    Parameters
    ----------
    responds : bool
        Whether the answer is asked for.
    """
    problem = fit.problem.beside(fixed=values)
    theta = np.array([values[name] for name in problem.on])
    point, history, here = held_descent(problem, Place(fit.near(theta), theta), fit.beside)
    found = _ended(problem, point, history, (fit.cost_alone, fit.q_alone))
    if not responds:
        return found, None
    here = _ended_at(problem, point, here)
    return found, Response(problem, here)


def _begun(
    problem: Problem, start: TrialFit | Start | None
) -> tuple[Place, tuple[float, FloatArray]]:
    """Where a fit begins, and the cost and the coordinates of its markers alone."""
    theta = np.array([problem.fixed[name] for name in problem.on])
    if start is None:
        coefficients, without = of_markers(problem)
    elif isinstance(start, TrialFit):
        coefficients, without = start.near(theta), (start.cost_alone, start.q_alone)
    else:
        coefficients = problem.basis.nearest(start.q[:, problem.coordinates])
        without = np.nan, start.q
    return Place(coefficients, theta), without


def _ended_at(problem: Problem, point: Point, here: Curvature | None) -> Curvature:
    """The curvature at the end, with the matrix of the last step where that has one."""
    return Curvature.at(problem, point) if here is None else here.moved(problem, point)


def _told(problem: Problem, place: Place, *, held: bool) -> tuple[Place, Skin]:
    """The end of a fit whose errors are new, and what it tells of those that last."""
    point, _, here = (held_descent if held else free_descent)(problem, place)
    here = _ended_at(problem, point, here)
    return Place(point.coefficients, point.theta), learnt_skin(problem, here)


def learnt_skin(problem: Problem, curvature: Curvature) -> Skin:
    """How large errors that last are, as the end of a fit whose errors are new tells it."""
    sizes = Response(problem, curvature).learned(np.random.default_rng(SKIN_SEED)).markers
    return Skin(sizes, problem.motion(curvature.point.coefficients).q)


def _with_skin(problem: Problem, place: Place, skin: Skin, *, held: bool) -> tuple[Problem, Place]:
    """The same with errors of markers that last, and where it begins.

    Where the parameters are not held, one step with the largest errors goes most of the way.
    """
    if not held:
        coarse = replace(problem, skin=replace(skin, least=COARSE_M), splines=problem.basis)
        place = one_step(coarse, place)
    return replace(problem, skin=skin, splines=problem.basis), place


def of_markers(problem: Problem) -> tuple[FloatArray, tuple[float, FloatArray]]:
    """Coefficients of splines that follow the markers alone; their cost, and coordinates."""
    markers = problem.of_markers_alone
    nearest = problem.basis.nearest(problem.deviations)
    alone = held_descent(markers, Place(nearest, np.zeros(0)))[0]
    return alone.coefficients, (alone.cost, alone.q)


def fits_held(
    runner: Runner,
    observations: Observations,
    parameters: Sequence[Parameter],
    near: Start,
    held: Iterable[tuple[Weights, Mapping[str, float]]],
) -> Iterator[TrialFit]:
    """Fits of one trial with its parameters held at several sets of values.

    Parameters
    ----------
    near : Start
        A fit with similar values.
    held : iterable of Weights and mapping
        Weights with the same knots, and values of all parameters.

    Notes
    -----
    The motion's matrix is that of the first one with these weights, near which all others are, as
    long as it serves; what is beside it is the first one's of all.
    """
    off = tuple(replace(one, on=False) for one in parameters)
    problem: Problem | None = None
    beside = like = None
    for weights, values in held:
        if problem is None or weights != problem.weights:
            splines, like = None if problem is None else problem.basis, None
            problem = Problem(runner, observations, weights, off, values, splines, near.skin)
        problem = problem.beside(fixed=values)
        place, without = _begun(problem, near)
        point, history, like = held_descent(problem, place, beside, like)
        beside = like.factor.beside if beside is None else beside
        yield _ended(problem, point, history, without)


def _ended(
    problem: Problem,
    point: Point,
    history: tuple[float, ...],
    without: tuple[float, FloatArray],
    known: Information | None = None,
) -> TrialFit:
    """The fit that ends at a point, without what its problem made for itself: most of its size.

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
        problem=replace(problem, splines=problem.basis),
        skeleton=adjusted_skeleton(problem.runner, values),
        estimates=estimates(problem.parameters, values, covariance),
        coefficients=point.coefficients,
        motion=problem.motion(point.coefficients),
        q_alone=without[1],
        cost=history,
        cost_alone=without[0],
        known=known,
        following=None,
        beside=None,
        covariance=covariance,
    )


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
