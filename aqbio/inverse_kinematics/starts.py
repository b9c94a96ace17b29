"""The first pose: from nothing but markers, the right one of many minima.

Arms and legs with few markers have several poses that fit almost as well, a bent elbow and an
elbow bent backwards. One frame is therefore solved from many starts at once, and as the limbs
hardly depend on each other, the best of every limb are put together.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.inverse_kinematics.descent import descend
from aqbio.inverse_kinematics.marker_fit import MarkerFit, Tracking
from aqbio.multibody.angles import near
from aqbio.multibody.poses import segment_poses
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import FloatArray, IntArray

STARTS = 20
HEADINGS = 4

WIDEST_TURN = 2.1
"""Starts bend no joint by more than this, rad."""

ROUGH = 1e-4
"""Tolerance of descents whose results are only compared."""

KEPT = 5
"""Starts that are followed to their end."""

ROUGH_ITERATIONS = 20
LAST_ITERATIONS = 12

ALIKE = 0.02
"""Minima that differ by less than this part are told apart by the coordinates' ranges."""

NOISE = 1e-4
"""Markers that fit better than this, m, fit alike."""

EQUAL = 1e-3
"""Minima that differ by less are the same pose, said in other angles: the nearest ones count."""


def first_pose(problem: MarkerFit, start: FloatArray) -> FloatArray:
    """Pose (C,) that fits the markers of a single frame best.

    The root alone from four headings; then all coordinates from ``STARTS`` random poses of the
    limbs within their ranges, always the same; then from the best of each limb together. Among
    minima of nearly the same cost, the one with the least excess over the coordinates' ranges.
    """
    skeleton = problem.skeleton
    rooted = _best_heading(problem, start)
    several = problem.copies(STARTS)
    poses = np.tile(rooted, (STARTS, 1))
    poses[1:] = _random_limbs(problem, rooted, STARTS - 1)
    rough = descend(several, poses, tolerance=ROUGH, most_iterations=ROUGH_ITERATIONS)
    plain = near(skeleton, rough.q, start)
    best = plain[np.argsort(rough.cost)[:KEPT]]
    candidates = np.concatenate([best, _best_limbs(several, plain, start)])
    every = problem.copies(len(candidates))
    ended = descend(every, candidates, tolerance=ROUGH, most_iterations=LAST_ITERATIONS)
    plain = near(skeleton, ended.q, start)
    cost = ended.cost + NOISE**2 * problem.weight.sum()
    meant = _preferred(skeleton, cost, plain, (problem.tracking.limb_angles, start))
    chosen: FloatArray = plain[meant]
    return chosen


def _best_heading(problem: MarkerFit, start: FloatArray) -> FloatArray:
    """Solve for the root alone, from four headings."""
    tracking = problem.tracking
    if not len(tracking.root):
        return start
    poses = np.tile(start, (HEADINGS, 1))
    heading = _heading(tracking, start)
    if heading is not None:
        poses[:, heading] += 2.0 * np.pi * np.arange(HEADINGS) / HEADINGS
    root = replace(tracking, coordinate=tracking.root)
    alone = replace(problem, tracking=root).copies(HEADINGS)
    ended = descend(alone, poses, tolerance=ROUGH, most_iterations=ROUGH_ITERATIONS)
    best: FloatArray = ended.q[np.argmin(ended.cost)]
    return best


def _heading(tracking: Tracking, start: FloatArray) -> int | None:
    """Find the root coordinate that turns the body about the vertical."""
    skeleton = tracking.skeleton
    up = -skeleton.gravity / max(float(np.linalg.norm(skeleton.gravity)), 1e-12)
    upright = segment_poses(skeleton, start[None]).axis_direction[0] @ up
    axes = np.flatnonzero(skeleton.axes.is_rotation & np.isin(skeleton.driver, tracking.root))
    if not len(axes):
        return None
    best = axes[np.argmax(np.abs(upright[axes]))]
    return int(skeleton.driver[best]) if abs(upright[best]) > 0.7 else None


def _random_limbs(problem: MarkerFit, start: FloatArray, count: int) -> FloatArray:
    """Poses with angles of the limbs anywhere within their ranges."""
    limbs = problem.tracking.limb_angles
    low, high = problem.skeleton.coordinate_range[limbs].T
    low = np.clip(low, start[limbs] - WIDEST_TURN, start[limbs])
    high = np.clip(high, start[limbs], start[limbs] + WIDEST_TURN)
    poses = np.tile(start, (count, 1))
    poses[:, limbs] = np.random.default_rng(0).uniform(low, high, (count, len(limbs)))
    return poses


def _best_limbs(problem: MarkerFit, q: FloatArray, start: FloatArray) -> FloatArray:
    """Put the best of every limb together, (1, C)."""
    skeleton, tracking = problem.skeleton, problem.tracking
    fit = problem.evaluate(q)
    squared = problem.weight * (fit.error**2).sum(axis=-1)
    limb = _limbs(skeleton, tracking.body)
    together = q[[np.argmin(fit.cost)]]
    for number in np.unique(limb[tracking.body]):
        own_markers = limb[tracking.body] == number
        share = squared[:, own_markers].sum(axis=1) + NOISE**2 * own_markers.sum()
        axes = tracking.axes[limb[skeleton.axes.body[tracking.axes]] == number]
        own = np.unique(skeleton.driver[axes])
        angles = np.intersect1d(own, tracking.limb_angles)
        together[0, own] = q[_preferred(skeleton, share, q, (angles, start)), own]
    return together


def _limbs(skeleton: Skeleton, tracked: IntArray) -> IntArray:
    """(B,) int: segments in a row, without a branch between them, are one limb."""
    carries = skeleton.lineage[tracked].any(axis=0)
    limb = np.zeros(len(skeleton.bodies), dtype=np.int64)
    for body, parent in enumerate(skeleton.parent):
        siblings = int((carries & (skeleton.parent == parent)).sum())
        limb[body] = body if parent == GROUND or siblings > 1 else limb[parent]
    return limb


def _preferred(
    skeleton: Skeleton, cost: FloatArray, q: FloatArray, wanted: tuple[IntArray, FloatArray]
) -> int:
    """Which of several minima is meant: low, within the ranges, near to a pose."""
    angles, pose = wanted
    low, high = skeleton.coordinate_range[angles].T
    beyond = np.maximum(low - q[:, angles], 0.0) + np.maximum(q[:, angles] - high, 0.0)
    alike = cost <= (1.0 + ALIKE) * cost.min()
    excess = np.where(alike, beyond.sum(axis=1), np.inf)
    within = excess <= excess.min() + 1e-3
    equal = within & (cost <= (1.0 + EQUAL) * cost[within].min())
    distance = ((q[:, angles] - pose[angles]) ** 2).sum(axis=1)
    return int(np.argmin(np.where(equal, distance, np.inf)))
