"""Gauss and Newton's method: from a motion and parameters to those that cost least."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.consistency.band import BandFactor, BorderedFactor
from aqbio.mechanics.consistency.curvature import Curvature
from aqbio.mechanics.consistency.problem import Point, Problem
from aqbio.mechanics.vectors import FloatArray

ENOUGH = 1e-3
"""The last step lowers the cost by less than this part of it."""

FAR = 0.1
"""A step with the matrix of an earlier point that lowers the cost by more than this part of it
calls for a matrix of its own."""

MOST_STEPS = 15

SHORTER, LEAST_SHARE = 0.5, 0.2
"""A step with an earlier matrix that raised the cost is tried again as short, but no shorter."""

FIRST_DAMPING, MORE_DAMPING, LESS_DAMPING, MOST_DAMPING = 1e-4, 10.0, 0.2, 1e6
"""Steps are damped only after one that raised the cost."""


def held_descent(
    problem: Problem, point: Point, factor: BandFactor | BorderedFactor | None = None
) -> tuple[Point, tuple[float, ...], BandFactor | BorderedFactor | None]:
    """Walk down from a point, the parameters held.

    Parameters
    ----------
    factor : BandFactor, optional
        Of the normal matrix at a point nearby.

    Returns
    -------
    The end, the costs from the start on, and the factor of the last matrix.

    Notes
    -----
    The pull is computed at every point, the matrix at the first, and again only where it does not
    lead down or leads far: near the end it hardly changes, and an old one leads to the same end.
    """
    history = [point.cost]
    for _ in range(MOST_STEPS):
        if factor is None:
            tried, factor = _own_step(problem, point)
        else:
            change = factor.solve(problem.downhill(point).motion)
            tried = problem.point(_moved(point, change), point.theta)
            if tried.cost > point.cost:
                tried, factor = _own_step(problem, point)
            elif tried.cost < (1.0 - FAR) * point.cost:
                factor = None
        if tried.cost > point.cost:
            break
        gain = (point.cost - tried.cost) / point.cost
        point = tried
        history.append(point.cost)
        if gain < ENOUGH:
            break
    return point, tuple(history), factor


def _own_step(problem: Problem, point: Point) -> tuple[Point, BandFactor | BorderedFactor | None]:
    """A step with the matrix of the point, damped where that is what it takes to lead down.

    The factor of a damped one is for no other step: it would make all that follow too short.
    """
    damping = 0.0
    while True:
        here = Curvature.at(problem, point, damping)
        tried = problem.point(_moved(point, here.factor.solve(here.pulls[:, 0])), point.theta)
        if tried.cost <= point.cost or damping > MOST_DAMPING:
            return tried, None if damping else here.factor
        damping = max(damping * MORE_DAMPING, FIRST_DAMPING)


def free_descent(problem: Problem, point: Point) -> tuple[Point, tuple[float, ...], Curvature]:
    """Walk down from a point with motion and parameters.

    Returns
    -------
    The end, the costs from the start on, and the curvature at the last point before the end.

    Notes
    -----
    One curvature at a time is held: it is the largest thing of a fit.
    """
    history, damping = [point.cost], 0.0
    here: Curvature | None = None
    while True:
        here, tried, used = None, point, damping
        while here is None:
            here = Curvature.at(problem, point, damping)
            tried, used = _stepped(problem, here, damping), damping
            if tried.cost > point.cost and damping <= MOST_DAMPING:
                here, damping = None, max(damping * MORE_DAMPING, FIRST_DAMPING)
        if tried.cost > point.cost:
            break
        gain = (point.cost - tried.cost) / point.cost
        point, damping = tried, damping * LESS_DAMPING
        history.append(point.cost)
        if gain < ENOUGH or len(history) > MOST_STEPS:
            break
    return point, tuple(history), Curvature.at(problem, here.point) if used else here


def near_descent(problem: Problem, point: Point) -> tuple[Point, tuple[float, ...], Curvature]:
    """The same from near the end: all steps have the matrix of the first, and some are short."""
    here, history, share = Curvature.at(problem, point), [point.cost], 1.0
    while len(history) <= MOST_STEPS:
        tried = _stepped(problem, here, 0.0, share)
        if tried.cost > point.cost:
            share *= SHORTER
            if share < LEAST_SHARE:
                break
            continue
        gain = (point.cost - tried.cost) / point.cost
        point = tried
        history.append(point.cost)
        if gain < ENOUGH:
            break
        here = here.moved(problem, point)
    return (point, tuple(history), here) if len(history) > 1 else free_descent(problem, point)


def one_step(problem: Problem, point: Point) -> Point:
    """One step of motion and parameters, wherever it leads."""
    return _stepped(problem, Curvature.at(problem, point), 0.0)


def _stepped(problem: Problem, here: Curvature, damping: float, share: float = 1.0) -> Point:
    """Point after a share of a step; the parameters' priors join here."""
    point, step = here.point, np.zeros_like(here.point.theta)
    pull, follow = here.half[:, 0], here.border
    if problem.on:
        matrix, parameters = here.matrix - follow.T @ follow, np.arange(len(step))
        matrix[parameters, parameters] += (1.0 + damping) * problem.precision
        believed = problem.precision * (problem.believed - point.theta)
        step[:] = np.linalg.solve(matrix, here.right + believed - follow.T @ pull)
    change = here.factor.back(pull - follow @ step)
    return problem.point(_moved(point, share * change), point.theta + share * step)


def _moved(point: Point, change: FloatArray) -> FloatArray:
    """Coefficients of a point, (K, N), after a change, (K N,)."""
    moved: FloatArray = point.coefficients + change.reshape(point.coefficients.shape)
    return moved
