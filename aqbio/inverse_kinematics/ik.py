"""Inverse kinematics: the coordinates that bring a skeleton's markers nearest to recorded ones.

The true optimum of every frame: weighted least squares of marker distances, without limits unless
they are asked for, solved for all frames together (``starts.py``, ``descent.py``).
Locked coordinates keep their values, dependent ones follow their couplers exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from aqbio.inverse_kinematics.descent import Descent, descend
from aqbio.inverse_kinematics.marker_fit import MarkerFit, Tracking
from aqbio.inverse_kinematics.starts import first_pose
from aqbio.multibody.angles import continuous
from aqbio.multibody.kinematics import marker_positions
from aqbio.multibody.poses import dependent_filled
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray

FEWEST_MARKERS = 3
"""A frame with fewer visible markers is not solved."""


@dataclass(frozen=True, eq=False)
class IkSolution:
    """Coordinates of every frame, and how well they fit."""

    q: FloatArray
    """(T, C) array, rad or m. NaN in frames with fewer than ``FEWEST_MARKERS`` visible markers."""
    errors: FloatArray
    """(T, K) array, m. Distance of each recorded marker from the skeleton's; NaN where it is
    missing."""
    iterations: IntArray
    """(T,) int array. Steps of the last descent of each frame; 0 where not solved."""
    seen: BoolArray
    """(T, C) bool array. Whether a visible marker moves with the coordinate. Where not, the
    coordinate is interpolated in time between frames in which it is seen."""


def inverse_kinematics(
    skeleton: Skeleton,
    markers: FloatArray,
    marker_index: IntArray,
    weights: FloatArray,
    *,
    pose: FloatArray | None = None,
    bounds: FloatArray | None = None,
    near: FloatArray | None = None,
) -> IkSolution:
    """Solve for the coordinates of all frames from markers (T, K, 3), m, ground; NaN where missing.

    Minimises ``Σ w |p(q) − p_recorded|²`` in each frame. A pull towards ``pose`` (C,), far too weak
    to be noticed elsewhere (``marker_fit.PRIOR``), settles what the markers leave open; it also
    holds the locked coordinates. ``near`` (T, C): poses of the frames, where the search begins.
    With ``bounds`` (C, 2), rad or m, the optimum without limits is found first and then moved
    inside: a search that starts at a limit can stick there. ValueError: shapes do not fit, weights
    are negative, or no frame has enough markers.
    """
    weight = _weights(markers, marker_index, weights)
    solved = np.flatnonzero((weight > 0).sum(axis=1) >= FEWEST_MARKERS)
    if not len(solved):
        raise ValueError(f"no frame has {FEWEST_MARKERS} visible markers.")
    centre = np.array(skeleton.coordinate_default if pose is None else pose, dtype=np.float64)
    problem = _problem(skeleton, markers, marker_index, weight, centre).frames(solved)
    ended, iterations = _solved(problem, bounds, None if near is None else near[solved])

    seen = _seen(problem)
    ended = _unseen_filled(ended, seen)
    q = np.full((len(markers), len(centre)), np.nan)
    q[solved] = dependent_filled(skeleton, ended)
    return IkSolution(
        q,
        _errors(skeleton, markers, marker_index, q),
        _spread(iterations, solved, len(markers)),
        _spread(seen, solved, len(markers)),
    )


def _problem(
    skeleton: Skeleton,
    markers: FloatArray,
    marker_index: IntArray,
    weight: FloatArray,
    centre: FloatArray,
) -> MarkerFit:
    """Every frame's fit, of the markers that are seen in any."""
    tracked = (weight > 0).any(axis=0)
    return MarkerFit(
        Tracking.of(skeleton, marker_index[tracked], skeleton.free),
        np.asfortranarray(np.nan_to_num(markers[:, tracked])),
        np.asfortranarray(weight[:, tracked]),
        centre,
    )


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


def _solved(
    problem: MarkerFit, bounds: FloatArray | None, near: FloatArray | None
) -> tuple[FloatArray, IntArray]:
    """Coordinates of every frame of the problem, and the number of steps."""
    skeleton, centre = problem.skeleton, problem.centre
    if near is None:
        first = int(np.argmax(problem.weight.sum(axis=1)))
        start = first_pose(problem.frames(np.array([first])), centre)
        ended = all_poses(problem, first, start)
    else:
        sought = np.isin(np.arange(len(centre)), problem.coordinate)
        ended = _settled(problem, np.where(sought, near, centre))
    q = continuous(skeleton, ended.q, centre)
    if bounds is None:
        return q, ended.iterations
    limits = bounds[problem.coordinate]
    inside = q.copy()
    inside[:, problem.coordinate] = np.clip(q[:, problem.coordinate], *limits.T)
    bounded = descend(problem, inside, bounds=limits)
    return bounded.q, bounded.iterations


def _seen(problem: MarkerFit) -> BoolArray:
    """Whether a visible marker moves with a coordinate, (T, C); true for those not sought."""
    skeleton, tracking = problem.skeleton, problem.tracking
    carried = skeleton.lineage[tracking.body][:, skeleton.axes.body[tracking.axes]]
    visible = (problem.weight > 0).astype(float) @ carried.astype(float) > 0
    driver = skeleton.driver[tracking.axes]
    seen = np.ones((len(visible), len(skeleton.coordinates)), dtype=bool)
    seen[:, skeleton.free] = False
    for coordinate in tracking.coordinate:
        seen[:, coordinate] = visible[:, driver == coordinate].any(axis=1)
    return seen


def _unseen_filled(q: FloatArray, seen: BoolArray) -> FloatArray:
    """Interpolate coordinates between the frames in which they are seen."""
    filled, frames = q.copy(), np.arange(len(q))
    for coordinate in np.flatnonzero(seen.any(axis=0) & ~seen.all(axis=0)):
        known = np.flatnonzero(seen[:, coordinate])
        filled[:, coordinate] = np.interp(frames, known, q[known, coordinate])
    return filled


def _errors(
    skeleton: Skeleton, markers: FloatArray, marker_index: IntArray, q: FloatArray
) -> FloatArray:
    """Distances of the markers, (T, K), m."""
    distance = np.full(markers.shape[:2], np.nan)
    solved = ~np.isnan(q).any(axis=1)
    positions = marker_positions(skeleton, q[solved])[:, marker_index]
    distance[solved] = np.linalg.norm(positions - markers[solved], axis=-1)
    return distance


def _spread(values: np.ndarray, solved: IntArray, frames: int) -> np.ndarray:
    """Values of solved frames their place among all frames, zero elsewhere."""
    spread = np.zeros((frames, *values.shape[1:]), dtype=values.dtype)
    spread[solved] = values
    return spread


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
    """Poses of all frames, from the known pose (C,) of frame ``first``."""
    frames = len(problem.target)
    anchors = np.unique(np.r_[first, np.arange(0, frames, SPACING), frames - 1])
    at_anchors = problem.frames(anchors)
    rough = descend(at_anchors, np.tile(pose, (len(anchors), 1)), **ROUGH)
    rough = _exchanged(at_anchors, rough, _far_apart, ROUGH, rounds=len(anchors))
    known = continuous(problem.skeleton, rough.q, pose)
    return _settled(problem, _through(anchors, known, frames))


def _settled(problem: MarkerFit, start: FloatArray) -> Descent:
    """Poses of all frames, from poses nearby, (T, C)."""
    return _exchanged(problem, descend(problem, start), _standing_out, {}, rounds=SPACING)


def _through(anchors: IntArray, q: FloatArray, frames: int) -> FloatArray:
    """Curves through the anchors, cubic where there are enough."""
    from scipy.interpolate import make_interp_spline

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
