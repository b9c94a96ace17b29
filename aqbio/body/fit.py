"""The most likely body and postures, and the variances of its sizes and soft tissue.

Each frame's posture is coupled to the body only, so that the normal equations have the shape of an
arrow: postures are eliminated one by one (Schur) onto the border of some 250 unknowns.

    s² = (ν + θ' C⁻¹ θ) / (ν + γ)                   γ = n − tr(C⁻¹ Σ) / s²
    s_k² = (ν s² + θ_k' C_k⁻¹ θ_k) / (ν + γ_k)       of the sizes of one kind of part
    κ² = (ν + κ² Σ w e' V⁻¹ e) / (ν + Σ w (3 K − h))    h = tr(V⁻¹ J Σ J')

s_k multiplies the deviations C of the n sizes θ, κ those V of the soft tissue of one kind of part.
Σ is the posterior; γ is the number of sizes that the recordings determine, h the degrees of freedom
that the fit absorbs from the errors e of K markers with derivatives J (MacKay DJC 1992, Neural
Comput 4:415-447). A participant whose sizes or soft tissue are unusual for the survey has wider
intervals. One part may be unusual while the others are not: the prior of its scale is the
participant's, whose prior is 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from aqbio.body.derivatives import MarkerDerivatives, apply_precision
from aqbio.body.problem import WEIGHT_PASSES, Problem
from aqbio.body.shape import LIMB_PARTS, MIDLINE_PARTS, Blocks, State, Template
from aqbio.config import ModelMap
from aqbio.config.model_map import Sides
from aqbio.multibody.skeleton import GROUND
from aqbio.names import SIDES
from aqbio.vectors import BoolArray, FloatArray, IntArray

SCALE_FREEDOM = 4.0
"""ν: prior degrees of freedom of a scale of 1, whose logarithm has a standard deviation of 0.35.
Women under men's statistics have a scale of 1.3."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Covariances of body and postures."""

    covariance: FloatArray
    """(P + C, P + C) array. Of shape and mean posture."""
    by_theta: FloatArray
    """(F, C, P + C) array. Derivatives of the postures of the frames by these."""
    poses: FloatArray
    """(F, C, C) array. Covariance of a frame's posture given these, independent of the frame's
    weight in the fit of the body."""


def with_postures(covariance: FloatArray, by_theta: FloatArray, border: IntArray) -> FloatArray:
    """(F, A + B, A + B): joint covariance of A postures and of B unknowns of the body."""
    frames, count, _ = by_theta.shape
    size = count + len(border)
    across, joint = by_theta @ covariance, np.empty((frames, size, size))
    joint[:, :count, :count] = across @ np.swapaxes(by_theta, 1, 2)
    joint[:, :count, count:] = across[..., border]
    joint[:, count:, :count] = np.swapaxes(across[..., border], 1, 2)
    joint[:, count:, count:] = covariance[border[:, None], border]
    return joint


def learn_scales(
    problem: Problem, state: State, weights: FloatArray, posterior: Posterior
) -> Problem:
    """Return the problem with prior scales estimated from body and errors."""
    size = size_scales(problem, state, posterior.covariance)
    soft = soft_tissue_scales(problem, state, weights, posterior)
    return replace(problem, priors=replace(problem.priors, size_scale=size, soft_tissue_scale=soft))


def size_scales(problem: Problem, state: State, covariance: FloatArray) -> FloatArray:
    """(n,): scales of the prior standard deviations of the n sizes, one for each kind of part.

    The prior of a kind's scale is the scale of all sizes together.
    """
    count, priors, kinds = problem.sizes, problem.priors, problem.template.parts.kinds
    before = np.ones(count) * priors.size_scale
    deviation = (state.theta - problem.start)[:count]
    prior = np.asarray(np.linalg.inv(priors.precision[:count, :count]), dtype=np.float64)
    posterior = covariance[:count, :count] / np.outer(before, before)
    overall_scale = _scale(np.ones(count, dtype=bool), deviation, prior, posterior, 1.0)
    kind_of_size, scale = np.repeat(kinds, 3), np.empty(count)
    for kind in dict.fromkeys(kinds):
        of_kind = kind_of_size == kind
        scale[of_kind] = _scale(of_kind, deviation, prior, posterior, overall_scale)
    return scale


def _scale(
    chosen: BoolArray, deviation: FloatArray, prior: FloatArray, posterior: FloatArray, usual: float
) -> float:
    """Scale of the prior standard deviations of some sizes, with the usual scale as its prior."""
    precision = np.linalg.inv(prior[np.ix_(chosen, chosen)])
    freedom = SCALE_FREEDOM + chosen.sum() - np.trace(precision @ posterior[np.ix_(chosen, chosen)])
    squares = SCALE_FREEDOM * usual**2 + deviation[chosen] @ precision @ deviation[chosen]
    return float(np.sqrt(squares / freedom))


def soft_tissue_scales(
    problem: Problem, state: State, weights: FloatArray, posterior: Posterior
) -> FloatArray:
    """(K,) array: one scale for all markers of a kind of part, left and right."""
    derivatives, error = problem.derivatives(state)
    freedom = _part_freedom(problem, derivatives, weights, posterior)
    for _ in range(WEIGHT_PASSES):
        scale = _reweighted_scales(problem, error, weights, freedom)
        problem = replace(problem, priors=replace(problem.priors, soft_tissue_scale=scale))
        weights = problem.weights(error)
    return np.asarray(problem.priors.soft_tissue_scale)


def _reweighted_scales(
    problem: Problem, error: FloatArray, weights: FloatArray, freedom: FloatArray
) -> FloatArray:
    """(K,) array: scales of soft tissue from errors with given Student weights."""
    frame_weight = _independent_frames(problem)
    scale = np.ones(len(weights.T)) * problem.priors.soft_tissue_scale
    squares = []
    for part, part_markers in enumerate(problem.parts):
        pulled = problem.part_precision(weights, part) @ error[:, part_markers]
        squares.append(frame_weight @ (pulled * error[:, part_markers]).sum(axis=(1, 2)))
    kinds = problem.template.parts.kinds
    of_part = np.array([kinds[part] for part in problem.marked_parts])
    for kind in dict.fromkeys(of_part):
        of_kind = of_part == kind
        markers = np.concatenate([problem.parts[part] for part in np.flatnonzero(of_kind)])
        misfit = scale[markers[0]] ** 2 * np.array(squares)[of_kind].sum()
        total_freedom = SCALE_FREEDOM + freedom[of_kind].sum()
        scale[markers] = np.sqrt((SCALE_FREEDOM + misfit) / total_freedom)
    return scale


def _part_freedom(
    problem: Problem, slopes: MarkerDerivatives, weights: FloatArray, posterior: Posterior
) -> FloatArray:
    """(S,) array: ``Σ w (3 K − h)`` of each part."""
    frame_weight, freedom = _independent_frames(problem), np.zeros(len(problem.parts))
    for index, part in enumerate(problem.columns):
        markers, coordinates = part.markers, part.coordinates
        border = np.concatenate([part.common, part.offsets])
        spread = with_postures(posterior.covariance, posterior.by_theta[:, coordinates], border)
        spread[:, : len(coordinates), : len(coordinates)] += posterior.poses[
            :, coordinates[:, None], coordinates
        ]
        by_pose = slopes.by_pose[:, markers][..., problem.free[coordinates]]
        by_body = slopes.by_body[:, markers][..., part.shared]
        by_offset = _own_offset_columns(slopes.by_offset[:, markers])
        rows = np.concatenate([by_pose, by_body, by_offset], axis=3)
        pulled = apply_precision(problem.part_precision(weights, index), rows)
        flat = len(rows), -1
        absorbed = (rows.reshape(*flat, rows.shape[3]) @ spread).reshape(flat) * pulled.reshape(
            flat
        )
        visible_count = problem.visible[:, markers].sum(axis=1)
        freedom[index] = frame_weight @ (3.0 * visible_count - absorbed.sum(axis=1))
    return np.maximum(freedom, 0.0)


def _own_offset_columns(by_offset: FloatArray) -> FloatArray:
    """(F, N, 3, 3 N) array from (F, N, 3, 3): each marker moves with its own offset only."""
    frames, markers = by_offset.shape[:2]
    rows, marker_indices = np.zeros((frames, markers, 3, markers, 3)), np.arange(markers)
    rows[:, marker_indices, :, marker_indices] = np.swapaxes(by_offset, 0, 1)
    return rows.reshape(frames, markers, 3, -1)


def _independent_frames(problem: Problem) -> FloatArray:
    """(F,) array: weights of the moving frames; 0 for static ones, whose skin does not move."""
    return np.where(problem.frames.is_static, 0.0, problem.frames.weight)


MAX_STEPS = 60
"""Maximum number of steps of the whole fit; it converges in 15 to 30."""

COST_TOLERANCE = 1e-3
"""Converged: the cost falls by less than this, or by a hundredth of it relative to large costs."""

WEIGHT_TOLERANCE = 0.05
"""Converged: no Student weight changes by more than this."""

ROUGH_TOLERANCE_FACTOR = 10.0
"""Factor on these tolerances at which the two fits before the estimation of the scales stop."""

MAX_TURN_RAD = 0.6
"""Largest rotation of a joint in one step, rad."""

MAX_LOG_STRETCH = 0.15
"""Largest stretch of a part in one step, logarithm."""

POSTURES = (
    {"hip": 0, "knee": 10, "ankle": 0},
    {"hip": 45, "knee": 70, "ankle": 0},
    {"hip": -15, "knee": 60, "ankle": -10},
    {"hip": 20, "knee": 100, "ankle": -20},
    {"hip": 70, "knee": 110, "ankle": 0},
)
"""Flexions from which the search for first poses starts, degrees: stance, early and late swing."""

ROUGH_POSE_STEPS = 10
"""Maximum number of steps of each of several candidate poses."""

FINE_POSE_STEPS = 25
"""Maximum number of steps of the selected pose."""


@dataclass(frozen=True, eq=False)
class BodyFit:
    """The most likely body, with Laplace's approximation about it."""

    problem: Problem
    state: State
    weights: FloatArray
    """(F, K) array. Student's weights of the markers."""
    covariance: FloatArray
    """(P + C, P + C) array. Of shape and mean posture."""
    by_theta: FloatArray
    """(F, C, P + C) array. Derivatives of the postures of the frames by shape and mean posture."""
    error: FloatArray
    """(F, K, 3) array, m. Recorded less model."""
    steps: int
    settled: bool

    @property
    def shape_covariance(self) -> FloatArray:
        """(P, P) array."""
        count = self.problem.shape_size
        return self.covariance[:count, :count]


def body_fit(problem: Problem, *, flexions: FlexionStarts, start: State | None = None) -> BodyFit:
    """Fit body and postures to the chosen frames, from the state ``start`` if one is known."""
    # Scales of an earlier fit may come from wrong labels.
    unscaled = replace(problem.priors, soft_tissue_scale=1.0, size_scale=1.0)
    problem = replace(problem, priors=unscaled)
    if start is None:
        start = State(problem.start, first_poses(problem, problem.start, flexions))
    state, weights, steps, _ = _descend(problem, start, ROUGH_TOLERANCE_FACTOR)
    problem = learn_scales(problem, state, weights, laplace(problem, state, weights))
    state, weights, second_steps, _ = _descend(problem, state, ROUGH_TOLERANCE_FACTOR)
    problem = learn_scales(problem, state, weights, laplace(problem, state, weights))
    state, weights, final_steps, settled = _descend(problem, state)
    posterior, error = laplace(problem, state, weights), problem.errors(state)
    steps += second_steps + final_steps
    return BodyFit(
        problem, state, weights, posterior.covariance, posterior.by_theta, error, steps, settled
    )


def laplace(problem: Problem, state: State, weights: FloatArray) -> Posterior:
    """Laplace's approximation about a state."""
    blocks = problem.blocks(state, weights)
    inverse = np.linalg.inv(blocks.poses)
    by_theta = np.asarray(-inverse @ blocks.across, dtype=np.float64)
    schur = blocks.border + _flat(blocks.across).T @ _flat(by_theta)
    covariance = np.asarray(np.linalg.inv((schur + schur.T) / 2.0), dtype=np.float64)
    return Posterior(covariance, by_theta, problem.frames.weight[:, None, None] * inverse)


@dataclass(frozen=True, eq=False)
class FlexionStarts:
    """Coordinates from whose flexion the search for first poses starts."""

    coordinates: Mapping[tuple[str, str], tuple[int, int]]
    """By joint and side: index among the free coordinates, and sign of flexion."""
    root: IntArray
    """(R,) int array. Free coordinates of the pelvis."""
    trunk: IntArray
    """(N,) int array. Markers of pelvis and torso."""
    leg_left: IntArray
    """(L,) int array. Free coordinates of the left leg."""

    @classmethod
    def of(cls, template: Template, model_map: ModelMap) -> FlexionStarts:
        """Find these coordinates in a model with a map."""
        skeleton, parts = template.skeleton, template.parts
        free = skeleton.free.tolist()
        coordinates = {}
        for joint in ("hip", "knee", "ankle", "elbow"):
            names, sign = model_map.sagittal.get(joint), model_map.flexion.get(joint)
            if isinstance(names, Sides) and sign is not None:
                for side in SIDES:
                    index = skeleton.coordinates.index(getattr(names, side))
                    if index in free:
                        coordinates[joint, side] = free.index(index), int(sign)
        rooted = np.flatnonzero(skeleton.parent[skeleton.axes.body] == GROUND)
        root = [free.index(c) for c in np.unique(skeleton.driver[rooted]) if c in free]
        trunk = [parts.index(name) for name in MIDLINE_PARTS if name in parts.names]
        left = [
            parts.index(f"{part}_left")
            for part in LIMB_PARTS["leg"]
            if f"{part}_left" in parts.names
        ]
        axes = np.isin(parts.of_body[skeleton.axes.body], left)
        legs = [free.index(c) for c in np.unique(skeleton.driver[axes]) if c in free]
        return cls(
            coordinates,
            np.array(root),
            np.flatnonzero(np.isin(parts.of_body[template.markers.body], trunk)),
            np.array(legs),
        )


def first_poses(problem: Problem, theta: FloatArray, starts: FlexionStarts) -> FloatArray:
    """(F, C): initial poses of the frames, without a previous estimate.

    The pelvis from the trunk's markers, then limbs from several flexions; for each frame the pose
    of least cost.
    """
    loose = replace(problem, loose=True)
    ended = np.stack([_root_poses(loose, theta, starts)] * len(POSTURES))
    for q, flexions in zip(ended, POSTURES, strict=True):
        for (joint, _), (index, sign) in starts.coordinates.items():
            q[:, index] = sign * np.radians(flexions.get(joint, 80))
    repeated = replace(loose, frames=loose.frames.repeated(len(POSTURES)))
    ended = settled_poses(repeated, theta, np.concatenate(ended), ROUGH_POSE_STEPS).reshape(
        ended.shape
    )
    mixed = np.repeat(_cheapest(repeated, theta, ended)[None], len(POSTURES), axis=0)
    mixed[..., starts.leg_left] = ended[..., starts.leg_left]
    return settled_poses(loose, theta, _cheapest(repeated, theta, mixed), FINE_POSE_STEPS)


def _cheapest(repeated: Problem, theta: FloatArray, q: FloatArray) -> FloatArray:
    """(F, C) array: the pose of least cost among N poses (N, F, C) of every frame."""
    state = State(theta, q.reshape(-1, q.shape[2]))
    costs, _ = repeated.frame_costs(state, np.ones(repeated.visible.shape))
    best: FloatArray = q[np.argmin(costs.reshape(q.shape[:2]), axis=0), np.arange(q.shape[1])]
    return best


def _root_poses(problem: Problem, theta: FloatArray, starts: FlexionStarts) -> FloatArray:
    """(F, C) array: the pelvis fitted to the trunk's markers, other coordinates at their means."""
    frames = problem.frames
    on_trunk = np.zeros(len(problem.template.markers.labels), dtype=bool)
    on_trunk[starts.trunk] = True
    position = np.where(on_trunk[:, None], frames.position, np.nan)
    trunk = replace(problem, frames=replace(frames, position=position))
    q = np.tile(problem.start[problem.shape_size :], (len(frames.is_static), 1))
    number = np.maximum(trunk.visible.sum(axis=1, keepdims=True), 1)
    shift = starts.root[~problem.angles[starts.root]]
    q[:, shift] += trunk.errors(State(theta, q)).sum(axis=1) / number
    return settled_poses(trunk, theta, q, ROUGH_POSE_STEPS, starts.root)


def settled_poses(
    problem: Problem, theta: FloatArray, q: FloatArray, steps: int, sought: IntArray | None = None
) -> FloatArray:
    """Levenberg-Marquardt descent of each frame separately, with the body fixed."""
    chosen = np.arange(q.shape[1]) if sought is None else sought
    damping = np.full(len(q), 1e-2)
    error = problem.errors(State(theta, q))
    weights = problem.weights(error)
    cost = problem.costs_of(error, State(theta, q), weights)
    for step in range(steps):
        hessian, gradient = problem.pose_blocks(State(theta, q), weights)
        hessian, gradient = hessian[:, chosen[:, None], chosen], gradient[:, chosen]
        diagonal = np.einsum("fcc->fc", hessian)
        diagonal += damping[:, None] * (diagonal + 1e-6)
        change = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        turn = np.abs(change[:, problem.angles[chosen]]).max(axis=1)
        trial = q.copy()
        trial[:, chosen] += change * np.minimum(1.0, MAX_TURN_RAD / np.maximum(turn, 1e-9))[:, None]
        trial_cost, trial_error = problem.frame_costs(State(theta, trial), weights)
        good = trial_cost < cost
        q, error = (
            np.where(good[:, None], trial, q),
            np.where(good[:, None, None], trial_error, error),
        )
        gain = np.where(good, cost - trial_cost, 0.0)
        cost = np.where(good, trial_cost, cost)
        damping = np.where(good, 0.3 * damping, 5.0 * damping)
        if step % 5 == 4:
            weights = problem.weights(error)
            cost = problem.costs_of(error, State(theta, q), weights)
        elif (gain < COST_TOLERANCE * cost).all() and step > 5:
            break
    return q


def _descend(
    problem: Problem, state: State, share: float = 1.0
) -> tuple[State, FloatArray, int, bool]:
    """Levenberg-Marquardt descent of body and postures; ``share`` times the limits end it."""
    error = problem.errors(state)
    weights = replace(problem, loose=True).weights(error)
    value = problem.cost_of(error, state, weights)
    start = 1e-2
    for step in range(MAX_STEPS):
        blocks = problem.blocks(state, weights)
        for damping in _growing(start):
            trial = _stepped(problem, state, blocks, damping)
            trial_value, trial_error = problem.cost(trial, weights)
            if trial_value < value:
                break
        gain = value - trial_value
        if trial_value < value:
            state, error, start = trial, trial_error, max(0.2 * damping, 1e-8)
        former, weights = weights, problem.weights(error)
        value = problem.cost_of(error, state, weights)
        gain_is_small = gain < share * COST_TOLERANCE * max(1.0, 1e-2 * abs(trial_value))
        if gain_is_small and np.abs(weights - former).max() < share * WEIGHT_TOLERANCE:
            return state, weights, step + 1, True
    return state, weights, MAX_STEPS, False


def _growing(damping: float) -> Iterator[float]:
    while damping <= 1e6:
        yield damping
        damping *= 6.0


def _stepped(problem: Problem, state: State, blocks: Blocks, damping: float) -> State:
    """One damped Gauss-Newton step, postures eliminated."""
    poses, border = blocks.poses.copy(), blocks.border.copy()
    diagonal = np.einsum("fcc->fc", poses)
    diagonal += damping * (diagonal + 1e-6)
    border[np.diag_indices_from(border)] *= 1.0 + damping
    columns = np.concatenate([blocks.across, blocks.pose_gradient[..., None]], axis=2)
    solved = np.linalg.solve(poses, columns)
    across = _flat(blocks.across)
    schur = border - across.T @ _flat(solved[..., :-1])
    change = np.linalg.solve(schur, blocks.border_gradient - across.T @ solved[..., -1].ravel())
    moved = solved[..., -1] - solved[..., :-1] @ change
    turn = np.abs(moved[:, problem.angles]).max()
    stretch = np.abs(change[: problem.template.sizes[0]]).max()
    part = min(1.0, MAX_TURN_RAD / max(turn, 1e-12), MAX_LOG_STRETCH / max(stretch, 1e-12))
    return State(state.theta + part * change, state.q + part * moved)


def _flat(blocks: FloatArray) -> FloatArray:
    """(F, C, P) as (F C, P)."""
    flat: FloatArray = np.ascontiguousarray(blocks).reshape(-1, blocks.shape[-1])
    return flat
