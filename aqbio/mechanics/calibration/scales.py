"""How odd a body and how soft its skin are, learnt with the body itself.

    s² = (ν + θ' C⁻¹ θ) / (ν + γ)                   γ = n − tr(C⁻¹ Σ) / s²
    κ² = (ν + κ² Σ w e' V⁻¹ e) / (ν + Σ w (3 K − h))    h = tr(V⁻¹ J Σ J')

s multiplies the deviations C of the n sizes θ, κ those V of the skin of one kind of part. Σ is the
posterior; γ is how many sizes the recordings determine, h what the posterior takes of the errors e
of K markers with derivatives J (MacKay DJC 1992, Neural Comput 4:415-447). Who is unlike the
survey's people, or whose skin is, has wider intervals; nobody else has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.mechanics.calibration.problem import WEIGHT_PASSES, Problem
from aqbio.mechanics.calibration.unknowns import State
from aqbio.mechanics.vectors import FloatArray

SCALE_FREEDOM = 4.0
"""ν: as many sizes or coordinates of markers are believed to have shown that a scale is one; its
logarithm has a standard deviation of 0.35. Women under men's statistics are 1.3 times as odd."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """How sure body and postures are.

    Attributes
    ----------
    covariance : (P + C, P + C) array
        Of shape and mean posture.
    by_theta : (F, C, P + C) array
        How the postures of the frames follow these.
    poses : (F, C, C) array
        Covariance of a frame's posture when these are held, whatever the frame is worth as a
        witness of the body.
    """

    covariance: FloatArray
    by_theta: FloatArray
    poses: FloatArray


def learned(problem: Problem, state: State, weights: FloatArray, posterior: Posterior) -> Problem:
    """Give the problem with the scales that body and errors tell."""
    odd = oddness(problem, state, posterior.covariance)
    soft = softness(problem, state, weights, posterior)
    return replace(problem, beliefs=replace(problem.beliefs, oddness=odd, softness=soft))


def oddness(problem: Problem, state: State, covariance: FloatArray) -> float:
    """Scale of the deviations of the sizes, the covariance of the shape being (P, P) or larger."""
    count, believed = problem.sizes, problem.beliefs
    precision = believed.precision[:count, :count]
    apart = state.theta[:count] - believed.mean[:count]
    unknown = np.trace(precision @ covariance[:count, :count]) / believed.oddness**2
    freedom = SCALE_FREEDOM + count - unknown
    return float(np.sqrt((SCALE_FREEDOM + apart @ precision @ apart) / freedom))


def softness(
    problem: Problem, state: State, weights: FloatArray, posterior: Posterior
) -> FloatArray:
    """(K,) array or 1: alike for all markers of a kind of part, left and right."""
    rows, error = problem.rows(state)
    freedom = _freedom(problem, rows, weights, posterior)
    for _ in range(WEIGHT_PASSES):
        softer = _softer(problem, error, weights, freedom)
        problem = replace(problem, beliefs=replace(problem.beliefs, softness=softer))
        weights = problem.weights(error)
    return np.asarray(problem.beliefs.softness)


def _softer(
    problem: Problem, error: FloatArray, weights: FloatArray, freedom: FloatArray
) -> FloatArray:
    """(K,) array: softness by errors that are weighted as they are."""
    worth, softer = _witnesses(problem), np.ones(len(weights.T)) * problem.beliefs.softness
    squares = []
    for part, own in enumerate(problem.parts):
        pulled = problem.part_precision(weights, part) @ error[:, own]
        squares.append(worth @ (pulled * error[:, own]).sum(axis=(1, 2)))
    kinds = problem.template.parts.kinds
    of_part = np.array([kinds[part] for part in problem.seen_parts])
    for kind in dict.fromkeys(of_part):
        same = of_part == kind
        markers = np.concatenate([problem.parts[part] for part in np.flatnonzero(same)])
        misfit = softer[markers[0]] ** 2 * np.array(squares)[same].sum()
        whole = SCALE_FREEDOM + freedom[same].sum()
        softer[markers] = np.sqrt((SCALE_FREEDOM + misfit) / whole)
    return softer


def _freedom(
    problem: Problem, rows: FloatArray, weights: FloatArray, posterior: Posterior
) -> FloatArray:
    """(S,) array: ``Σ w (3 K − h)`` of each part."""
    count, worth = len(problem.free), _witnesses(problem)
    freedom = np.zeros(len(problem.parts))
    for part, own in enumerate(problem.parts):
        precision, by_pose = problem.part_precision(weights, part), rows[:, own, :, :count]
        by_all = by_pose @ posterior.by_theta[:, None]
        by_all[..., : problem.shape_size] += rows[:, own, :, count:]
        taken = _trace(precision, by_pose, posterior.poses)
        taken += _trace(precision, by_all, posterior.covariance)
        freedom[part] = worth @ (3.0 * problem.visible[:, own].sum(axis=1) - taken)
    return np.maximum(freedom, 0.0)


def _witnesses(problem: Problem) -> FloatArray:
    """(F,) array: what each moving frame is worth; skin of still frames tells nothing."""
    return np.where(problem.frames.still, 0.0, problem.frames.worth)


def _trace(precision: FloatArray, rows: FloatArray, covariance: FloatArray) -> FloatArray:
    """(F,) array: ``tr(V⁻¹ J Σ J')`` of N markers in F frames, J (F, N, 3, P)."""
    spread = rows @ (covariance if covariance.ndim == 2 else covariance[:, None])
    trace: FloatArray = np.einsum("fkl,flap,fkap->f", precision, spread, rows, optimize=True)
    return trace
