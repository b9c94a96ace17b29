"""From the pose of one frame to those of all frames, without landing in wrong minima.

Every few frames there is an anchor. Anchors are solved from the first pose, then from each other's
poses where neighbours differ much, and keep the lowest cost; the right pose spreads along the
trial. The frames between start from curves through the anchors, already next to their minimum.
At the end, frames that stand out from their neighbours try their neighbours' poses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import numpy as np
from scipy.interpolate import make_interp_spline

from aqbio.mechanics.inverse_kinematics.descent import Descent, descend
from aqbio.mechanics.inverse_kinematics.marker_fit import MarkerFit
from aqbio.mechanics.multibody.angles import continuous
from aqbio.mechanics.vectors import FloatArray, IntArray


class Effort(TypedDict, total=False):
    """How exactly to descend."""

    tolerance: float
    most_iterations: int


SPACING = 8
"""Frames from one anchor to the next."""

STRIDE = 0.8
"""Neighbouring anchors that differ by more, rad, try each other's pose."""

STANDING_OUT = 0.25
"""Frames that differ by more, rad, from the mean of their neighbours try their neighbours' poses:
at 100 frames a second, an angular acceleration of 5,000 rad/s²."""

GAIN = 1e-8
"""A neighbour's pose is taken if it lowers the cost by more than this part,"""

LEAST_GAIN = 3e-7
"""and brings the markers closer by more than this, m."""

ROUGH: Effort = {"tolerance": 1e-5, "most_iterations": 15}
"""Anchors only give starts: they need not be exact."""


def all_poses(problem: MarkerFit, first: int, pose: FloatArray) -> Descent:
    """Poses of all frames, from that of one frame.

    Parameters
    ----------
    first : int
        The frame whose pose is known.
    pose : (C,) array, rad or m
    """
    frames = len(problem.target)
    anchors = np.unique(np.r_[first, np.arange(0, frames, SPACING), frames - 1])
    at_anchors = problem.frames(anchors)
    rough = descend(at_anchors, np.tile(pose, (len(anchors), 1)), **ROUGH)
    rough = _exchanged(at_anchors, rough, _far_apart, ROUGH, rounds=len(anchors))
    known = continuous(problem.skeleton, rough.q, pose)
    ended = descend(problem, _through(anchors, known, frames))
    return _exchanged(problem, ended, _standing_out, {}, rounds=SPACING)


def _through(anchors: IntArray, q: FloatArray, frames: int) -> FloatArray:
    """Curves through the anchors, cubic where there are enough."""
    if len(anchors) == 1:
        return q
    curve = make_interp_spline(anchors.astype(float), q, k=min(3, len(anchors) - 1))
    poses: FloatArray = curve(np.arange(float(frames)))
    return poses


def _exchanged(
    problem: MarkerFit,
    ended: Descent,
    suspects: Callable[[FloatArray], IntArray],
    effort: Effort,
    *,
    rounds: int,
) -> Descent:
    """Let frames try the poses of their neighbours until none of them gains.

    A frame takes over all but the root coordinates, which are its own in any minimum. A pose moves
    on by one frame in each round.
    """
    q, cost, iterations = ended.q.copy(), ended.cost.copy(), ended.iterations.copy()
    limbs = np.setdiff1d(problem.coordinate, problem.tracking.root)
    changed = np.ones(len(q), dtype=bool)
    nothing = LEAST_GAIN**2 * problem.weight.sum(axis=1)
    for _ in range(rounds):
        left = suspects(q[:, problem.tracking.limb_angles])
        taker = np.concatenate([left + 1, left])
        giver = np.concatenate([left, left + 1])
        taker, giver = taker[changed[giver]], giver[changed[giver]]
        if not len(taker):
            break
        start = q[taker].copy()
        start[:, limbs] = q[giver][:, limbs]
        tried = descend(problem.frames(taker), start, **effort)
        iterations[taker] = np.maximum(iterations[taker], tried.iterations)
        changed[:] = False
        for row in np.flatnonzero(tried.cost < (cost * (1.0 - GAIN) - nothing)[taker]):
            if tried.cost[row] < cost[taker[row]]:
                frame = taker[row]
                q[frame], cost[frame], changed[frame] = tried.q[row], tried.cost[row], True
    return Descent(q, cost, iterations)


def _far_apart(angles: FloatArray) -> IntArray:
    """Left one of neighbours that differ much."""
    return np.flatnonzero((np.abs(np.diff(angles, axis=0)) > STRIDE).any(axis=1))


def _standing_out(angles: FloatArray) -> IntArray:
    """Left one of neighbours of which at least one is far from the mean of its neighbours."""
    if len(angles) < 3:
        return _far_apart(angles)
    bend = np.abs(angles[1:-1] - (angles[:-2] + angles[2:]) / 2.0).max(axis=1, initial=0.0)
    out = np.zeros(len(angles), dtype=bool)
    out[1:-1] = bend > STANDING_OUT
    return np.flatnonzero(out[:-1] | out[1:])
