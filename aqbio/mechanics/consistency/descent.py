"""Gauss and Newton's method: from a motion and parameters to those that cost least."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.consistency.curvature import Curvature
from aqbio.mechanics.consistency.problem import Point, Problem
from aqbio.mechanics.vectors import FloatArray

ENOUGH = 1e-3
"""The last step lowers the cost by less than this part of it."""

KEPT = 0.5
"""A step with the matrix of an earlier point keeps this part of what it promises at least, or calls
for a matrix of its own."""

MOST_STEPS = 15

FIRST_DAMPING, MORE_DAMPING, LESS_DAMPING, MOST_DAMPING = 1e-4, 10.0, 0.2, 1e6
"""Steps are damped only after one that raised the cost."""


def held_descent(
    problem: Problem, point: Point, near: FloatArray | None = None
) -> tuple[Point, tuple[float, ...], Curvature | None]:
    """Walk down from a point, the parameters held.

    Parameters
    ----------
    near : (A, A) array, optional
        What is beside the factor at a point nearby, perhaps of another problem of the same motion.

    Returns
    -------
    The end, the costs from the start on, and the last curvature that was computed; None where that
    was damped.

    Notes
    -----
    The motion's matrix is computed at every point. What is beside it, where errors of markers last,
    comes from the first (:class:`.factors.NearFactor`).
    """
    history, here = [point.cost], None
    for _ in range(MOST_STEPS):
        here = None  # one curvature at a time: it is the largest thing of a fit
        tried, here = _own_step(problem, point, near)
        near = near if here is None else here.factor.beside
        if tried.cost > point.cost:
            break
        gain = (point.cost - tried.cost) / point.cost
        point = tried
        history.append(point.cost)
        if gain < ENOUGH:
            break
    return point, tuple(history), here


def _own_step(
    problem: Problem, point: Point, near: FloatArray | None
) -> tuple[Point, Curvature | None]:
    """A step with the matrix of the point, damped where that is what it takes to lead down.

    The curvature of a damped one is for no other step: it would make all that follow too short.
    """
    damping = 0.0
    while True:
        here = Curvature.at(problem, point, damping, near)
        tried = problem.point(_moved(point, here.factor.solve(here.pulls[:, 0])), point.theta)
        if tried.cost <= point.cost or damping > MOST_DAMPING:
            return tried, None if damping else here
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
    """The same with few matrices, where they are dear: one serves until it promises too much.

    Notes
    -----
    A small gain does not show the end where the matrix is an earlier point's: only where that
    matrix promised little, too.
    """
    here, history, own = Curvature.at(problem, point), [point.cost], True
    while len(history) <= MOST_STEPS:
        change, step, promised = _change(problem, here)
        tried = problem.point(_moved(point, change), point.theta + step)
        kept = point.cost - tried.cost >= KEPT * promised
        if not (kept or own):
            if promised < ENOUGH * point.cost:
                break
            del here
            here, own = Curvature.at(problem, point), True
            continue
        if tried.cost > point.cost:
            point, more, here = free_descent(problem, point)
            return point, (*history, *more[1:]), here
        gain = (point.cost - tried.cost) / point.cost
        point, own = tried, not kept
        history.append(point.cost)
        if gain < ENOUGH:
            break
        if kept:
            here = here.moved(problem, point)
        else:
            del here
            here = Curvature.at(problem, point)
    return point, tuple(history), here


def one_step(problem: Problem, point: Point) -> Point:
    """One step of motion and parameters, wherever it leads."""
    return _stepped(problem, Curvature.at(problem, point), 0.0)


def _stepped(problem: Problem, here: Curvature, damping: float) -> Point:
    """Point after a step."""
    change, step, _ = _change(problem, here, damping)
    return problem.point(_moved(here.point, change), here.point.theta + step)


def _change(
    problem: Problem, here: Curvature, damping: float = 0.0
) -> tuple[FloatArray, FloatArray, float]:
    """A step of coefficients, (K N,), and parameters, (P,), and the fall of the cost it promises.

    The parameters' priors join here.
    """
    point, step = here.point, np.zeros_like(here.point.theta)
    pull, follow = here.half[:, 0], here.border
    promised = float(pull @ pull)
    if problem.on:
        matrix, parameters = here.matrix - follow.T @ follow, np.arange(len(step))
        matrix[parameters, parameters] += (1.0 + damping) * problem.precision
        believed = problem.precision * (problem.believed - point.theta)
        downhill = here.right + believed - follow.T @ pull
        step[:] = np.linalg.solve(matrix, downhill)
        promised += float(downhill @ step)
    return here.factor.back(pull - follow @ step), step, promised


def _moved(point: Point, change: FloatArray) -> FloatArray:
    """Coefficients of a point, (K, N), after a change, (K N,)."""
    moved: FloatArray = point.coefficients + change.reshape(point.coefficients.shape)
    return moved
