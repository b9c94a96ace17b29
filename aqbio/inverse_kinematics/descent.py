"""Damped Newton descent of many frames at once, each with its own damping."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.inverse_kinematics.marker_fit import Fit, MarkerFit
from aqbio.vectors import BoolArray, FloatArray, IntArray

CHUNK = 2000
"""Frames that walk together."""

BLOCK = 100
"""Frames whose matrices fit the processor's cache."""

NEAR = 0.05
"""A Gauss-Newton step that promises less than this part of the cost is near the minimum:
from there on Newton's method converges in a few steps, farther away it may go anywhere."""

LONGEST_TURN = 0.7
"""Longest change of an angle in one step, rad."""

FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-4, 1e-10, 1e10
LEAST_STIFFENING = 1e-3
"""What an indefinite matrix gets first, as a part of each coordinate's own stiffness."""

SMALL_DAMPING = 1e-2
"""Below it a step promises nearly all that the undamped one does."""

ROUNDING = 1e-12
"""Relative rounding error of a cost: places of metres are rounded to 1e-15 m, and squared are
their distances, of millimetres. With less, chance decides whether the last step is taken."""

TINY = 1e-300
"""Keeps quotients of zeros finite."""

SMALLEST_DISTANCE = 1e-12
"""Markers closer than this, m, are fitted."""


@dataclass(frozen=True, eq=False)
class Descent:
    """Where a descent ended."""

    q: FloatArray
    """(T, C) array, rad or m."""
    cost: FloatArray
    """(T,) array, m²."""
    iterations: IntArray
    """(T,) int array. Steps tried."""


def descend(
    problem: MarkerFit,
    start: FloatArray,
    *,
    bounds: FloatArray | None = None,
    tolerance: float = 1e-12,
    most_iterations: int = 100,
) -> Descent:
    """Descend in every frame to the minimum of its cost near its start, (T, C).

    Levenberg-Marquardt: each step solves ``(H + λ S) d = −g`` with S the stiffness of each
    coordinate by itself. A step that lowers the cost is taken, and λ shrinks the more, the better
    the step kept its promise; otherwise λ grows. H is Gauss-Newton's matrix far from the minimum
    and Newton's near it. Where Newton's leads uphill, from a saddle or a ridge, so much of S is
    added that it is positive definite. A coordinate at a limit through which the cost would fall
    stays there. A frame is done when a step promises to lower its cost by less than ``tolerance``
    of it; a step of Newton's method that promises less than a hundredth of the root is the last
    one. Sources: Marquardt DW (1963) J Soc Indust Appl Math 11:431-441; Nielsen HB (1999) Damping
    parameter in Marquardt's method, IMM-REP-1999-05, TU Denmark.
    """
    parts = []
    for first in range(0, max(len(start), 1), CHUNK):
        part = slice(first, first + CHUNK)
        trust = _Trust.at_first(len(start[part]))
        limits = (bounds, tolerance, most_iterations)
        parts.append(_walk(problem.frames(part), start[part], trust, *limits))
    return Descent(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _walk(
    problem: MarkerFit,
    start: FloatArray,
    trust: _Trust,
    bounds: FloatArray | None,
    tolerance: float,
    most_iterations: int,
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Walk a chunk of frames; those that are done drop out."""
    fit = problem.evaluate(start)
    q, cost, iterations = start.copy(), fit.cost.copy(), np.zeros(len(start), dtype=np.int64)
    active = np.arange(len(start))
    for _ in range(most_iterations if len(start) else 0):
        step, promise = _steps(problem, fit, trust, bounds)
        trial = problem.evaluate(_moved(problem, fit.q, step, bounds))
        floor = SMALLEST_DISTANCE**2 * problem.weight.sum(axis=1)
        enough = np.where(trust.newton, max(tolerance, 0.01 * tolerance**0.5), tolerance)
        little = promise <= enough * fit.cost + floor
        done = (little & (trust.damping < SMALL_DAMPING)) | (trust.damping > MOST_DAMPING)
        taken = trial.cost <= fit.cost * (1.0 + ROUNDING)
        kept = (fit.cost - trial.cost) / np.maximum(promise, TINY)
        trust = trust.after(taken, kept, promise / np.maximum(fit.cost, TINY))
        fit = trial.but(fit, ~taken)
        q[active], cost[active] = fit.q, fit.cost
        iterations[active] += 1
        if done.all():
            break
        if done.any():
            active, problem = active[~done], problem.frames(~done)
            fit, trust = fit.frames(~done), trust.frames(~done)
    return q, cost, iterations


@dataclass(frozen=True, eq=False)
class _Trust:
    """How far every frame trusts its matrix, and which matrix it wants."""

    damping: FloatArray
    newton: BoolArray

    @classmethod
    def at_first(cls, frames: int) -> _Trust:
        return cls(np.full(frames, FIRST_DAMPING), np.zeros(frames, dtype=bool))

    def after(self, taken: BoolArray, kept: FloatArray, promise: FloatArray) -> _Trust:
        """Trust after steps that kept some part of their promise (a part of the cost)."""
        shrink = np.clip(1.0 - (2.0 * kept - 1.0) ** 3, 0.1, 2.0)
        damping = np.where(
            taken, self.damping * shrink, np.maximum(self.damping, FIRST_DAMPING) * 8.0
        )
        newton = np.where(taken, promise < NEAR, self.newton)
        return _Trust(np.maximum(damping, LEAST_DAMPING), newton)

    def frames(self, chosen: BoolArray | slice) -> _Trust:
        """The same for some of the frames."""
        return _Trust(self.damping[chosen], self.newton[chosen])


def _steps(
    problem: MarkerFit, fit: Fit, trust: _Trust, bounds: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Step of every frame, (T, N), and the decrease of the cost that it promises, (T,)."""
    parts = []
    for first in range(0, len(fit.q), BLOCK):
        part = slice(first, first + BLOCK)
        block, own = fit.frames(part), trust.frames(part)
        equations = problem.frames(part).normal_equations(block, newton=own.newton)
        gradient, matrix = equations.gradient, equations.hessian
        every = np.arange(matrix.shape[1])
        matrix[:, every, every] += own.damping[:, None] * equations.scale
        if bounds is not None:
            blocked = _blocked(problem, block.q, gradient, bounds)
            gradient = np.where(blocked, 0.0, gradient)
            matrix *= ~(blocked[:, :, None] | blocked[:, None, :])
            matrix[:, every, every] += blocked
        step = _downhill(matrix, gradient, equations.scale)
        turn = np.abs(step[:, problem.tracking.turns]).max(axis=1, initial=LONGEST_TURN)
        share = LONGEST_TURN / turn
        slope = -(gradient * step).sum(axis=1)
        parts.append((step * share[:, None], share * (1.0 - share / 2.0) * slope))
    steps, promises = zip(*parts, strict=True)
    return np.concatenate(steps), np.concatenate(promises)


def _downhill(matrix: FloatArray, gradient: FloatArray, scale: FloatArray) -> FloatArray:
    """Solution of ``matrix step = −gradient``, stiffened where it would lead uphill."""
    step = np.asarray(-np.linalg.solve(matrix, gradient[..., None])[..., 0], dtype=np.float64)
    # a few frames, one by one: eigenvalues of many matrices take longer, with threads far longer
    for frame in np.flatnonzero((gradient * step).sum(axis=1) > 0):
        stiffened = _positive_definite(matrix[frame], scale[frame])
        step[frame] = -np.linalg.solve(stiffened, gradient[frame])
    return step


def _positive_definite(matrix: FloatArray, scale: FloatArray) -> FloatArray:
    """Add as little of the scale to the diagonal as makes a matrix positive definite."""
    share = LEAST_STIFFENING
    while True:
        stiffened = matrix + share * np.diag(scale)
        try:
            np.linalg.cholesky(stiffened)
        except np.linalg.LinAlgError:
            share *= 4.0
        else:
            return stiffened


def _blocked(
    problem: MarkerFit, q: FloatArray, gradient: FloatArray, bounds: FloatArray
) -> BoolArray:
    """Coordinates at a limit through which the cost would fall."""
    at, (low, high) = q[:, problem.coordinate], bounds.T
    blocked: BoolArray = ((at <= low) & (gradient > 0)) | ((at >= high) & (gradient < 0))
    return blocked


def _moved(
    problem: MarkerFit, q: FloatArray, step: FloatArray, bounds: FloatArray | None
) -> FloatArray:
    moved = q.copy()
    moved[:, problem.coordinate] += step
    if bounds is not None:
        moved[:, problem.coordinate] = np.clip(moved[:, problem.coordinate], *bounds.T)
    return moved
