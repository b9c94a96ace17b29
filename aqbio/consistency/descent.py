"""Gauss and Newton's method: from a motion and parameters to those that cost least."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from aqbio.consistency.problem import Curvature, Place, Point, Problem
from aqbio.vectors import FloatArray

CONVERGED = 1e-3
"""The last step lowers the cost by less than this part of it; of shortened ones the last two do."""

MOST_STEPS = 15

MOST_TRIES = 10
"""Shares of a step that are tried, each less than half of the one before,"""

SHORTEST = 0.1
"""and not less than this: far off, a cost says nothing of the parabola here."""

Descent = tuple[Point, tuple[float, ...], Curvature]
"""The end, the costs from the start on, and the last curvature that was computed."""


class Step(NamedTuple):
    """From a point to where the equations there have the least cost."""

    motion: FloatArray
    """(K N,) array. Of the coefficients."""
    parameters: FloatArray
    """(P,) array."""
    promised: float
    """Fall of the cost by these equations."""


def motion_descent(problem: Problem, start: Place) -> Descent:
    """Minimise over the motion with the parameters fixed."""
    point = _start(problem, start)
    history, ended, here = [point.cost], False, None
    while here is None or not ended:
        here = None  # one curvature at a time: it is the largest thing of a fit
        here = Curvature.at(problem, point)
        point, ended = _next(problem, point, _motion_step(here), history)
    return point, tuple(history), here


def full_descent(problem: Problem, start: Place) -> Descent:
    """Walk down with motion and parameters."""
    point = _start(problem, start)
    history, ended, here = [point.cost], False, None
    while here is None or not ended:
        here = None
        here = Curvature.at(problem, point)
        point, ended = _next(problem, point, _step(problem, here), history)
    return point, tuple(history), here


def _start(problem: Problem, start: Place) -> Point:
    return problem.point(start.coefficients, start.theta)


def _next(problem: Problem, point: Point, step: Step, history: list[float]) -> tuple[Point, bool]:
    """The point after the largest share of a step that lowers the cost, and whether to end.

    A share that raises the cost gives way to the minimum of the parabola that begins as the
    equations say and goes through that cost (Nocedal & Wright 2006, chapter 3.5).
    """
    share, promised = 1.0, step.promised
    for _ in range(MOST_TRIES):
        tried = _at(problem, point, step, share)
        if tried.cost <= point.cost:
            history.append(tried.cost)
            return tried, _converged(history, share)
        best = share * promised / (tried.cost - point.cost + 2.0 * share * promised)
        share *= max(SHORTEST, best)
    return point, True


def _converged(history: Sequence[float], share: float = 1.0) -> bool:
    """Whether a share of a step was the last: a whole one or the second that gained little."""
    asked = 1 if share == 1.0 else 2
    little = [before - after < CONVERGED * before for before, after in pairwise(history)][-asked:]
    return (len(little) == asked and all(little)) or len(history) > MOST_STEPS


def _motion_step(here: Curvature) -> Step:
    """A step of the motion, parameters fixed."""
    pull = here.pull
    change = here.factor.solve(pull)
    return Step(change, np.zeros_like(here.point.theta), float(pull @ change))


def _step(problem: Problem, here: Curvature) -> Step:
    """A step of motion and parameters, whose priors join here."""
    point, step = here.point, np.zeros_like(here.point.theta)
    pull, follow = here.half
    promised = float(pull @ pull)
    if problem.on:
        matrix, parameters = here.matrix - follow.T @ follow, np.arange(len(step))
        matrix[parameters, parameters] += problem.precision
        prior = problem.precision * (problem.prior_means - point.theta)
        downhill = here.right + prior - follow.T @ pull
        step[:] = np.linalg.solve(matrix, downhill)
        promised += float(downhill @ step)
    return Step(here.factor.back(pull - follow @ step), step, promised)


def _at(problem: Problem, point: Point, step: Step, share: float) -> Point:
    """The point after a share of a step."""
    return _start(problem, _after(point, step, share))


def _after(place: Place, step: Step, share: float) -> Place:
    change = share * step.motion.reshape(place.coefficients.shape)
    return Place(place.coefficients + change, place.theta + share * step.parameters)
