"""Inverse kinematics: the coordinates that bring a skeleton's markers nearest to recorded ones.

The true optimum of every frame: weighted least squares of marker distances, without limits, solved
for all frames together. Locked coordinates keep their values, dependent ones follow their couplers
exactly.

Arms and legs with few markers have several poses that fit almost as well, a bent elbow and an
elbow bent backwards. The first frame is therefore solved from many starts at once, and as the limbs
hardly depend on each other, the best of every limb are combined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.interpolate import make_interp_spline

from aqbio.inverse_kinematics.marker_fit import Descent, MarkerFit, Tracking, descend
from aqbio.multibody.motion import continuous, nearest_angles
from aqbio.multibody.poses import dependent_filled, segment_poses
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray

STARTS = 20
"""Random poses from which the first frame is solved."""

HEADINGS = 4
"""Headings of the root from which the first frame is solved."""

MAX_START_ANGLE_RAD = 2.1
"""Largest joint angle of a start, rad."""

ROUGH_TOLERANCE = 1e-4
"""Tolerance of descents that are only compared with one another."""

COMPLETED_STARTS = 5
"""Number of starts that are solved completely."""

ROUGH_ITERATIONS = 20
"""Iterations of each start."""

FINAL_ITERATIONS = 12
"""Iterations of the best starts."""

MAX_COST_DIFFERENCE = 0.02
"""Among minima whose costs differ by less than this share, the coordinates' ranges decide."""

MARKER_NOISE_M = 1e-4
"""Fits better than this count as equal, m."""

MAX_EQUAL_COST_DIFFERENCE = 1e-3
"""Minima whose costs differ by less are one pose in other angles: the nearest is taken."""


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
    rough = descend(several, poses, tolerance=ROUGH_TOLERANCE, most_iterations=ROUGH_ITERATIONS)
    plain = nearest_angles(skeleton, rough.q, start)
    best = plain[np.argsort(rough.cost)[:COMPLETED_STARTS]]
    candidates = np.concatenate([best, _best_limbs(several, plain, start)])
    problems = problem.copies(len(candidates))
    ended = descend(
        problems, candidates, tolerance=ROUGH_TOLERANCE, most_iterations=FINAL_ITERATIONS
    )
    plain = nearest_angles(skeleton, ended.q, start)
    cost = ended.cost + MARKER_NOISE_M**2 * problem.weight.sum()
    preferred = _preferred(skeleton, cost, plain, problem.tracking.limb_angles, start)
    chosen: FloatArray = plain[preferred]
    return chosen


def _best_heading(problem: MarkerFit, start: FloatArray) -> FloatArray:
    """Solve for the root only, from four headings."""
    tracking = problem.tracking
    if not len(tracking.root):
        return start
    poses = np.tile(start, (HEADINGS, 1))
    heading = _heading(tracking, start)
    if heading is not None:
        poses[:, heading] += 2.0 * np.pi * np.arange(HEADINGS) / HEADINGS
    root = replace(tracking, coordinate=tracking.root)
    root_problem = replace(problem, tracking=root).copies(HEADINGS)
    ended = descend(
        root_problem, poses, tolerance=ROUGH_TOLERANCE, most_iterations=ROUGH_ITERATIONS
    )
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
    low = np.clip(low, start[limbs] - MAX_START_ANGLE_RAD, start[limbs])
    high = np.clip(high, start[limbs], start[limbs] + MAX_START_ANGLE_RAD)
    poses = np.tile(start, (count, 1))
    poses[:, limbs] = np.random.default_rng(0).uniform(low, high, (count, len(limbs)))
    return poses


def _best_limbs(problem: MarkerFit, q: FloatArray, start: FloatArray) -> FloatArray:
    """Combine the best of every limb, (1, C)."""
    skeleton, tracking = problem.skeleton, problem.tracking
    fit = problem.evaluate(q)
    squared = problem.weight * (fit.error**2).sum(axis=-1)
    strained = problem.pull * problem.strain(q) ** 2
    limb = _limbs(skeleton, tracking.body)
    combined_pose = q[[np.argmin(fit.cost)]]
    for number in np.unique(limb[tracking.body]):
        own_markers = limb[tracking.body] == number
        axes = tracking.axes[limb[skeleton.axes.body[tracking.axes]] == number]
        drivers = np.unique(skeleton.driver[axes])
        share = squared[:, own_markers].sum(axis=1) + MARKER_NOISE_M**2 * own_markers.sum()
        share += strained[:, np.isin(problem.coordinate, drivers)].sum(axis=1)
        angles = np.intersect1d(drivers, tracking.limb_angles)
        combined_pose[0, drivers] = q[_preferred(skeleton, share, q, angles, start), drivers]
    return combined_pose


def _limbs(skeleton: Skeleton, tracked: IntArray) -> IntArray:
    """Limb of every segment, (B,) int: a chain of segments without branches is one limb."""
    carries = skeleton.lineage[tracked].any(axis=0)
    limb = np.zeros(len(skeleton.bodies), dtype=np.int64)
    for body, parent in enumerate(skeleton.parent):
        siblings = int((carries & (skeleton.parent == parent)).sum())
        limb[body] = body if parent == GROUND or siblings > 1 else limb[parent]
    return limb


def _preferred(
    skeleton: Skeleton, cost: FloatArray, q: FloatArray, angles: IntArray, pose: FloatArray
) -> int:
    """Index of the minimum to take: of low cost, within the ranges of `angles`, near to a pose."""
    low, high = skeleton.coordinate_range[angles].T
    beyond = np.maximum(low - q[:, angles], 0.0) + np.maximum(q[:, angles] - high, 0.0)
    alike = cost <= (1.0 + MAX_COST_DIFFERENCE) * cost.min()
    excess = np.where(alike, beyond.sum(axis=1), np.inf)
    within = excess <= excess.min() + 1e-3
    equal = within & (cost <= (1.0 + MAX_EQUAL_COST_DIFFERENCE) * cost[within].min())
    distance = ((q[:, angles] - pose[angles]) ** 2).sum(axis=1)
    return int(np.argmin(np.where(equal, distance, np.inf)))


MIN_MARKERS = 3
"""A frame with fewer visible markers is not solved."""


def inverse_kinematics(
    skeleton: Skeleton,
    markers: FloatArray,
    marker_index: IntArray,
    weights: FloatArray,
    *,
    pose: FloatArray | None = None,
    near: FloatArray | None = None,
    stiffness: FloatArray | float = 0.0,
) -> FloatArray:
    """(T, C) rad or m: coordinates from markers (T, K, 3), m, ground; NaN where one is missing.

    Minimises ``Σ w |p(q) − p_recorded|²`` in each frame. A pull towards ``pose`` (C,), far too weak
    to be noticed elsewhere (`PRIOR_WEIGHT`), settles what the markers leave undetermined; it also
    holds the locked coordinates. ``stiffness`` (C,), m²/rad², pulls there too, where a prior of
    the posture says more than the markers. ``near`` (T, C): poses where the search begins.
    A coordinate that no visible marker moves is interpolated in time between frames in which one
    does; frames with fewer than ``MIN_MARKERS`` visible markers are NaN.
    ValueError: shapes do not fit, weights are negative, or no frame has enough markers.
    """
    weight = _weights(markers, marker_index, weights)
    solved = np.flatnonzero((weight > 0).sum(axis=1) >= MIN_MARKERS)
    if not len(solved):
        raise ValueError(f"no frame has {MIN_MARKERS} visible markers.")
    centre = np.array(skeleton.coordinate_default if pose is None else pose, dtype=np.float64)
    tracked = (weight > 0).any(axis=0)
    problem = MarkerFit(
        Tracking.of(skeleton, marker_index[tracked], skeleton.free),
        np.asfortranarray(np.nan_to_num(markers[:, tracked])),
        np.asfortranarray(weight[:, tracked]),
        centre,
        stiffness,
    ).frames(solved)
    ended = _solve_frames(problem, None if near is None else near[solved])
    ended = _unseen_filled(ended, _moved_by_markers(problem))
    q = np.full((len(markers), len(centre)), np.nan)
    q[solved] = dependent_filled(skeleton, ended)
    return q


def _weights(markers: FloatArray, marker_index: IntArray, weights: FloatArray) -> FloatArray:
    """Weight of every marker in every frame, (T, K); 0 where it is missing."""
    count = len(marker_index)
    if markers.ndim != 3 or markers.shape[1:] != (count, 3) or weights.shape != (count,):
        raise ValueError(
            f"markers {markers.shape} and weights {weights.shape} are not "
            f"(frames, {count}, 3) and ({count},) as marker_index is."
        )
    if (weights < 0).any() or not np.isfinite(weights).all():
        raise ValueError(f"weights {weights} are not all positive numbers or 0.")
    return np.where(np.isnan(markers).any(axis=-1), 0.0, weights)


def _solve_frames(problem: MarkerFit, near: FloatArray | None) -> FloatArray:
    """Coordinates of every frame of the problem."""
    skeleton, centre = problem.skeleton, problem.centre
    if near is None:
        first = int(np.argmax(problem.weight.sum(axis=1)))
        start = first_pose(problem.frames(np.array([first])), centre)
        ended = all_poses(problem, first, start)
    else:
        sought = np.isin(np.arange(len(centre)), problem.coordinate)
        ended = _refine(problem, np.where(sought, near, centre))
    return continuous(skeleton, ended.q, centre)


def _moved_by_markers(problem: MarkerFit) -> BoolArray:
    """Tell whether a visible marker moves with a coordinate, (T, C); true for those not sought."""
    skeleton, tracking = problem.skeleton, problem.tracking
    moved = skeleton.lineage[tracking.body][:, skeleton.axes.body[tracking.axes]]
    visible = (problem.weight > 0).astype(float) @ moved.astype(float) > 0
    driver = skeleton.driver[tracking.axes]
    determined = np.ones((len(visible), len(skeleton.coordinates)), dtype=bool)
    determined[:, skeleton.free] = False
    for coordinate in tracking.coordinate:
        determined[:, coordinate] = visible[:, driver == coordinate].any(axis=1)
    return determined


def _unseen_filled(q: FloatArray, visible: BoolArray) -> FloatArray:
    """Interpolate coordinates between the frames in which they are seen."""
    filled, frames = q.copy(), np.arange(len(q))
    for coordinate in np.flatnonzero(visible.any(axis=0) & ~visible.all(axis=0)):
        frames_seen = np.flatnonzero(visible[:, coordinate])
        filled[:, coordinate] = np.interp(frames, frames_seen, q[frames_seen, coordinate])
    return filled


ANCHOR_SPACING_FRAMES = 8
"""Frames from one anchor to the next."""

MAX_ANCHOR_DIFFERENCE_RAD = 0.8
"""Neighbouring anchors that differ by more, rad, try each other's pose."""

MAX_NEIGHBOUR_DIFFERENCE_RAD = 0.25
"""Frames that differ by more, rad, from the mean of their neighbours try their neighbours' poses:
at 100 frames a second, an angular acceleration of 5,000 rad/s²."""

MIN_COST_GAIN = 1e-8
"""A neighbour's pose is taken if it lowers the cost by more than this share ..."""

MIN_GAIN_M = 3e-7
"""... and brings the markers closer by more than this."""

ANCHOR_TOLERANCE = 1e-5
ANCHOR_ITERATIONS = 15
"""Tolerance and iterations at anchors, which only give starts: they need not be exact."""


def all_poses(problem: MarkerFit, first: int, pose: FloatArray) -> Descent:
    """Poses of all frames, from the known pose (C,) of frame ``first``."""
    frames = len(problem.target)
    anchors = np.unique(np.r_[first, np.arange(0, frames, ANCHOR_SPACING_FRAMES), frames - 1])
    at_anchors = problem.frames(anchors)
    start = np.tile(pose, (len(anchors), 1))
    rough = descend(
        at_anchors, start, tolerance=ANCHOR_TOLERANCE, most_iterations=ANCHOR_ITERATIONS
    )
    rough = _exchange_poses(
        at_anchors, rough, _far_apart,
        rounds=len(anchors), tolerance=ANCHOR_TOLERANCE, most_iterations=ANCHOR_ITERATIONS,
    )  # fmt: skip
    unwrapped = continuous(problem.skeleton, rough.q, pose)
    return _refine(problem, _interpolate(anchors, unwrapped, frames))


def _refine(problem: MarkerFit, start: FloatArray) -> Descent:
    """Poses of all frames, from poses nearby, (T, C)."""
    return _exchange_poses(
        problem, descend(problem, start), _standing_out, rounds=ANCHOR_SPACING_FRAMES
    )


def _interpolate(anchors: IntArray, q: FloatArray, frames: int) -> FloatArray:
    """Curves through the anchors, cubic where there are enough."""
    if len(anchors) == 1:
        return q
    curve = make_interp_spline(anchors.astype(float), q, k=min(3, len(anchors) - 1))
    poses: FloatArray = curve(np.arange(float(frames)))
    return poses


def _exchange_poses(
    problem: MarkerFit,
    ended: Descent,
    suspects: Callable[[FloatArray], IntArray],
    *,
    rounds: int,
    tolerance: float = 1e-12,
    most_iterations: int = 100,
) -> Descent:
    """Let frames try the poses of their neighbours until none of them gains.

    A frame takes over all but the root coordinates, which are its own in any minimum. A pose moves
    on by one frame in each round.
    """
    q, cost = ended.q.copy(), ended.cost.copy()
    limbs = np.setdiff1d(problem.coordinate, problem.tracking.root)
    changed = np.ones(len(q), dtype=bool)
    min_gain = MIN_GAIN_M**2 * problem.weight.sum(axis=1)
    for _ in range(rounds):
        left = suspects(q[:, problem.tracking.limb_angles])
        taker = np.concatenate([left + 1, left])
        giver = np.concatenate([left, left + 1])
        taker, giver = taker[changed[giver]], giver[changed[giver]]
        if not len(taker):
            break
        start = q[taker].copy()
        start[:, limbs] = q[giver][:, limbs]
        tried = descend(
            problem.frames(taker), start, tolerance=tolerance, most_iterations=most_iterations
        )
        changed[:] = False
        for row in np.flatnonzero(tried.cost < (cost * (1.0 - MIN_COST_GAIN) - min_gain)[taker]):
            if tried.cost[row] < cost[taker[row]]:
                frame = taker[row]
                q[frame], cost[frame], changed[frame] = tried.q[row], tried.cost[row], True
    return Descent(q, cost)


def _far_apart(angles: FloatArray) -> IntArray:
    """Left one of neighbours that differ much."""
    return np.flatnonzero((np.abs(np.diff(angles, axis=0)) > MAX_ANCHOR_DIFFERENCE_RAD).any(axis=1))


def _standing_out(angles: FloatArray) -> IntArray:
    """Left one of neighbours of which at least one is far from the mean of its neighbours."""
    if len(angles) < 3:
        return _far_apart(angles)
    bend = np.abs(angles[1:-1] - (angles[:-2] + angles[2:]) / 2.0).max(axis=1, initial=0.0)
    out = np.zeros(len(angles), dtype=bool)
    out[1:-1] = bend > MAX_NEIGHBOUR_DIFFERENCE_RAD
    return np.flatnonzero(out[:-1] | out[1:])
