"""How odd a body and how soft its skin are, learnt with the body itself.

    s² = (ν + θ' C⁻¹ θ) / (ν + γ)                   γ = n − tr(C⁻¹ Σ) / s²
    s_k² = (ν s² + θ_k' C_k⁻¹ θ_k) / (ν + γ_k)       of the sizes of one kind of part
    κ² = (ν + κ² Σ w e' V⁻¹ e) / (ν + Σ w (3 K − h))    h = tr(V⁻¹ J Σ J')

s_k multiplies the deviations C of the n sizes θ, κ those V of the skin of one kind of part. Σ is
the posterior; γ is how many sizes the recordings determine, h what the posterior takes of the
errors e of K markers with derivatives J (MacKay DJC 1992, Neural Comput 4:415-447). Who is unlike
the survey's people, or whose skin is, has wider intervals; nobody else has. One part may be unlike
them while the others are not: its scale is believed to be the person's, as the person's to be 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.body import MarkerDerivatives
from aqbio.body.normal import weighed
from aqbio.body.problem import WEIGHT_PASSES, Problem
from aqbio.body.unknowns import State
from aqbio.vectors import BoolArray, FloatArray, IntArray

SCALE_FREEDOM = 4.0
"""ν: as many sizes or coordinates of markers are believed to have shown that a scale is one; its
logarithm has a standard deviation of 0.35. Women under men's statistics are 1.3 times as odd."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """How sure body and postures are."""

    covariance: FloatArray
    """(P + C, P + C) array. Of shape and mean posture."""
    by_theta: FloatArray
    """(F, C, P + C) array. How the postures of the frames follow these."""
    poses: FloatArray
    """(F, C, C) array. Covariance of a frame's posture when these are held, whatever the frame is
    worth as a witness of the body."""


def with_postures(covariance: FloatArray, by_theta: FloatArray, border: IntArray) -> FloatArray:
    """(F, A + B, A + B): covariance of A postures that follow shape, and of B of these."""
    frames, count, _ = by_theta.shape
    size = count + len(border)
    across, whole = by_theta @ covariance, np.empty((frames, size, size))
    whole[:, :count, :count] = across @ np.swapaxes(by_theta, 1, 2)
    whole[:, :count, count:] = across[..., border]
    whole[:, count:, :count] = np.swapaxes(across[..., border], 1, 2)
    whole[:, count:, count:] = covariance[border[:, None], border]
    return whole


def learned(problem: Problem, state: State, weights: FloatArray, posterior: Posterior) -> Problem:
    """The problem with the scales that body and errors tell."""
    odd = oddness(problem, state, posterior.covariance)
    soft = softness(problem, state, weights, posterior)
    return replace(problem, priors=replace(problem.priors, oddness=odd, softness=soft))


def oddness(problem: Problem, state: State, covariance: FloatArray) -> FloatArray:
    """(n,): scales of the deviations of the n sizes, alike for a kind of part.

    Kinds are as unusual as the person, unless their own sizes say otherwise.
    """
    count, believed, kinds = problem.sizes, problem.priors, problem.template.parts.kinds
    before = np.ones(count) * believed.oddness
    apart = (state.theta - problem.start)[:count]
    prior = np.asarray(np.linalg.inv(believed.precision[:count, :count]), dtype=np.float64)
    unknown = covariance[:count, :count] / np.outer(before, before)
    whole = _scale(np.ones(count, dtype=bool), apart, prior, unknown, 1.0)
    of_size, odd = np.repeat(kinds, 3), np.empty(count)
    for kind in dict.fromkeys(kinds):
        own = of_size == kind
        odd[own] = _scale(own, apart, prior, unknown, whole)
    return odd


def _scale(
    own: BoolArray, apart: FloatArray, prior: FloatArray, unknown: FloatArray, usual: float
) -> float:
    """Scale of the deviations of some sizes, believed to be the usual one."""
    precision = np.linalg.inv(prior[np.ix_(own, own)])
    freedom = SCALE_FREEDOM + own.sum() - np.trace(precision @ unknown[np.ix_(own, own)])
    squares = SCALE_FREEDOM * usual**2 + apart[own] @ precision @ apart[own]
    return float(np.sqrt(squares / freedom))


def softness(
    problem: Problem, state: State, weights: FloatArray, posterior: Posterior
) -> FloatArray:
    """(K,) array or 1: alike for all markers of a kind of part, left and right."""
    found, error = problem.derivatives(state)
    freedom = _freedom(problem, found, weights, posterior)
    for _ in range(WEIGHT_PASSES):
        softer = _softer(problem, error, weights, freedom)
        problem = replace(problem, priors=replace(problem.priors, softness=softer))
        weights = problem.weights(error)
    return np.asarray(problem.priors.softness)


def _softer(
    problem: Problem, error: FloatArray, weights: FloatArray, freedom: FloatArray
) -> FloatArray:
    """(K,) array: softness by errors that are weighted as they are."""
    worth, softer = _witnesses(problem), np.ones(len(weights.T)) * problem.priors.softness
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
    problem: Problem, found: MarkerDerivatives, weights: FloatArray, posterior: Posterior
) -> FloatArray:
    """(S,) array: ``Σ w (3 K − h)`` of each part."""
    worth, freedom = _witnesses(problem), np.zeros(len(problem.parts))
    for place, part in enumerate(problem.columns):
        own, some = part.markers, part.coordinates
        border = np.concatenate([part.common, part.offsets])
        spread = with_postures(posterior.covariance, posterior.by_theta[:, some], border)
        spread[:, : len(some), : len(some)] += posterior.poses[:, some[:, None], some]
        by_pose = found.by_pose[:, own][..., problem.free[some]]
        by_body, by_offset = found.by_body[:, own][..., part.shared], _each(found.by_offset[:, own])
        rows = np.concatenate([by_pose, by_body, by_offset], axis=3)
        pulled, flat = weighed(problem.part_precision(weights, place), rows), (len(rows), -1)
        taken = (rows.reshape(*flat, rows.shape[3]) @ spread).reshape(flat) * pulled.reshape(flat)
        seen = problem.visible[:, own].sum(axis=1)
        freedom[place] = worth @ (3.0 * seen - taken.sum(axis=1))
    return np.maximum(freedom, 0.0)


def _each(by_offset: FloatArray) -> FloatArray:
    """(F, N, 3, 3 N) array: each marker moves with its own offset, (F, N, 3, 3)."""
    frames, markers = by_offset.shape[:2]
    rows, every = np.zeros((frames, markers, 3, markers, 3)), np.arange(markers)
    rows[:, every, :, every] = np.swapaxes(by_offset, 0, 1)
    return rows.reshape(frames, markers, 3, -1)


def _witnesses(problem: Problem) -> FloatArray:
    """(F,) array: what each moving frame is worth; skin of still frames tells nothing."""
    return np.where(problem.frames.still, 0.0, problem.frames.worth)
