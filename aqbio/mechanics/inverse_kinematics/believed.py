"""Poses that follow the markers as a calibrated body believes them: soft skin, human postures.

The cost of a frame is the calibration's (`calibration.problem`), its body being held: a marker
counts by the softness of its part, markers of a part have some of their error in common, one that
is elsewhere loses its weight, and a limb that no marker shows stays human.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aqbio.config import ModelMap
from aqbio.mechanics.calibration.beliefs import Beliefs, PostureBelief
from aqbio.mechanics.calibration.problem import Problem
from aqbio.mechanics.calibration.shape import MarkerPlaces, Template
from aqbio.mechanics.calibration.unknowns import ChosenFrames, State
from aqbio.mechanics.multibody.poses import dependent_filled
from aqbio.mechanics.multibody.skeleton import GROUND, Skeleton
from aqbio.mechanics.vectors import BoolArray, FloatArray, IntArray

BLOCK = 300
"""Frames that walk together: fewer cost more calls, more memory does not pay."""

MOST_STEPS = 60
"""Steps from the pose of plain inverse kinematics; most frames need 8 to 15."""

TOLERANCE = 1e-5
"""A frame is done when its next step is shorter than this, rad or m: 1e-4 degrees are left."""

LONGEST_TURN = 0.5
"""Longest change of an angle in one step, rad."""

FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-6, 1e-12, 1e6
ROUNDING = 1e-12

LEAST_HELD = 1e-12
"""Part of a frame's greatest stiffness that every coordinate gets: matrices can be inverted."""


@dataclass(frozen=True, eq=False)
class BodyBeliefs:
    """What a calibrated body says of markers and postures.

    Attributes
    ----------
    skin_sd : (K,) array, m
        Of each recorded marker about its place, each axis.
    common : float
        Share of the skin's variance that the markers of a part have in common.
    postures : PostureBelief
        Of all coordinates.
    mean_posture : (N,) array, rad or m
        The person's, of the skeleton's free coordinates.
    slide : (S, 3) array, m
        How far the skin of each sliding part moves with a right angle of flexion, body frame.
    slide_flexion : (S,) array, rad
        Flexion at which the skeleton's markers are in their places.
    """

    skin_sd: FloatArray
    common: float
    postures: PostureBelief
    mean_posture: FloatArray
    slide: FloatArray
    slide_flexion: FloatArray


@dataclass(frozen=True, eq=False)
class BelievedPoses:
    """The most likely poses, and how sure they are for the body as it is.

    Attributes
    ----------
    q : (T, C) array, rad or m
    covariance : (T, C, C) array
        Of the noise of single frames; zero rows and columns of coordinates that are not sought.
    """

    q: FloatArray
    covariance: FloatArray


def believed_poses(
    skeleton: Skeleton,
    model_map: ModelMap,
    markers: FloatArray,
    marker_index: IntArray,
    weights: FloatArray,
    *,
    beliefs: BodyBeliefs,
    start: FloatArray,
) -> BelievedPoses:
    """Most likely pose of every frame.

    Parameters
    ----------
    skeleton : Skeleton
        The calibrated body.
    model_map : ModelMap
    markers : (T, K, 3) array, m, ground
        NaN where a marker is missing.
    marker_index : (K,) int array
        Which of the skeleton's markers each is.
    weights : (K,) array
        What each marker's variance is divided by besides; 0 ignores it.
    beliefs : BodyBeliefs
    start : (T, C) array, rad or m
        Poses in the right valleys: of plain inverse kinematics. Frames with NaN are left.
    """
    followed = np.where((weights > 0.0)[:, None], markers, np.nan)
    places = (skeleton.marker_body[marker_index], skeleton.marker_position[marker_index])
    names = tuple(skeleton.markers[index] for index in marker_index)
    problem, theta = _problem(
        Template.of(skeleton, model_map, MarkerPlaces(names, *places)), followed, beliefs
    )
    solved = np.flatnonzero(np.isfinite(start).all(axis=1))
    q, count = start.copy(), len(skeleton.coordinates)
    covariance = np.full((len(q), count, count), np.nan)
    trust = np.where(weights > 0.0, weights, 1.0)
    for first in range(0, len(solved), BLOCK):
        own = solved[first : first + BLOCK]
        part, free = _part(problem, own), problem.free
        found = settled(part, theta, start[own][:, free], trust)
        q[own[:, None], free] = found
        covariance[own] = 0.0
        covariance[own[:, None, None], free[:, None], free] = pose_covariance(
            part, State(theta, found), trust
        )
    q[solved] = dependent_filled(skeleton, q[solved])
    return BelievedPoses(q, covariance)


def _problem(
    template: Template, markers: FloatArray, body: BodyBeliefs
) -> tuple[Problem, FloatArray]:
    """Every frame of a trial on a body that is held, and this body's unknowns."""
    held = replace(template, hinges=template.hinges[:0])
    backward = replace(held.shape(), slide=-body.slide)
    straight = held.moving_shape(backward, body.slide_flexion)
    shape = replace(straight, slide=body.slide)
    size, postures = len(shape.vector), _of_joints(template.skeleton, body.postures)
    prior = Beliefs(np.zeros(size), np.eye(size), body.skin_sd, postures, body.common)
    every = np.arange(len(markers))
    frames = ChosenFrames(
        markers, np.zeros(len(every), dtype=bool), np.ones(len(every)), 0 * every, every
    )
    return Problem(held, frames, prior), np.concatenate([shape.vector, body.mean_posture])


def _of_joints(skeleton: Skeleton, postures: PostureBelief) -> PostureBelief:
    """Believe nothing of the root: its angles are those of another posture in another heading."""
    hangs = skeleton.parent[skeleton.axes.body] == GROUND
    root = np.setdiff1d(skeleton.driver[hangs], [-1])
    low, high, sd = postures.low.copy(), postures.high.copy(), postures.frame_sd.copy()
    low[root], high[root], sd[root] = -np.inf, np.inf, np.inf
    return replace(postures, low=low, high=high, frame_sd=sd)


def settled(problem: Problem, theta: FloatArray, q: FloatArray, trust: FloatArray) -> FloatArray:
    """Walk every frame down to its minimum, markers weighed anew in each step.

    Parameters
    ----------
    theta : (P + C,) array
        The body, held.
    q : (T, C) array, rad or m
        Free coordinates at the start.
    trust : (K,) array
        Factors of the markers' weights.
    """
    q, active, damping = q.copy(), np.arange(len(q)), np.full(len(q), FIRST_DAMPING)
    for _ in range(MOST_STEPS):
        part, own = _part(problem, active), q[active]
        step, taken, length = _step(part, State(theta, own), trust, damping)
        q[active] = own + np.where(taken[:, None], step, 0.0)
        damping = np.clip(damping * np.where(taken, 0.2, 10.0), LEAST_DAMPING, None)
        left = (length > TOLERANCE) & (damping < MOST_DAMPING)
        active, damping = active[left], damping[left]
        if not len(active):
            break
    return q


def _part(problem: Problem, rows: IntArray) -> Problem:
    """Give the problem of some frames."""
    all_ = problem.frames
    others = (all_.still[rows], all_.worth[rows], all_.trial[rows], all_.frame[rows])
    return replace(problem, frames=ChosenFrames(all_.position[rows], *others))


def _step(
    problem: Problem, state: State, trust: FloatArray, damping: FloatArray
) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Gauss-Newton's step of every frame, whether it lowers the cost, and its length."""
    error = problem.errors(state)
    weights = trust * problem.weights(error)
    before = problem.costs_of(error, state, weights)
    hessian, gradient = problem.pose_blocks(state, weights)
    _hold(hessian, damping)
    step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
    turn = np.abs(step[:, problem.angles]).max(axis=1, initial=0.0)
    step *= np.minimum(1.0, LONGEST_TURN / np.maximum(turn, 1e-12))[:, None]
    after, _ = problem.frame_costs(State(state.theta, state.q + step), weights)
    taken: BoolArray = np.asarray(after <= before * (1.0 + ROUNDING))
    length: FloatArray = np.abs(step).max(axis=1)
    return np.asarray(step, dtype=np.float64), taken, length


def _hold(hessian: FloatArray, damping: FloatArray) -> None:
    """Stiffen in place; least where neither a marker nor a belief holds a coordinate."""
    diagonal = np.einsum("fcc->fc", hessian)
    diagonal += damping[:, None] * diagonal + LEAST_HELD * diagonal.max(axis=1, keepdims=True)


def pose_covariance(problem: Problem, state: State, trust: FloatArray) -> FloatArray:
    """(T, C, C) array: Laplace's approximation of each frame's posture, the body being held."""
    weights = trust * problem.weights(problem.errors(state))
    hessian, _ = problem.pose_blocks(state, weights)
    _hold(hessian, np.zeros(len(hessian)))
    return np.asarray(np.linalg.inv(hessian), dtype=np.float64)
