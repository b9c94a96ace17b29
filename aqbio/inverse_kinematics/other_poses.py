"""The pose of a limb that fits the markers best among those that a person can take."""

from __future__ import annotations

import numpy as np

from aqbio.inverse_kinematics.descent import descend
from aqbio.inverse_kinematics.marker_fit import MarkerFit, Tracking
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray

STARTS = 12
"""Poses of the limb from which every frame is solved, by default."""

ITERATIONS = 60


def limb_errors(
    skeleton: Skeleton,
    markers: FloatArray,
    marker_index: IntArray,
    weights: FloatArray,
    q: FloatArray,
    limb: IntArray,
    bounds: FloatArray,
    *,
    starts: int = STARTS,
) -> FloatArray:
    """(T, K) m: marker errors when a limb must stay within bounds; NaN where a marker is missing.

    The best of the minima that ``starts`` poses of the limb lead to: the one found without bounds,
    q (T, C), and random ones, the same each time.
    """
    seen = np.asarray(np.isfinite(markers).all(axis=2))
    weight = np.where(seen, weights, 0.0)
    tracking = Tracking.of(skeleton, marker_index, skeleton.free)
    limits = bounds[tracking.coordinate]
    low, high = (np.clip(side, -np.pi, np.pi) for side in skeleton.coordinate_range[limb].T)
    random = np.random.default_rng(0)
    errors = np.full(seen.shape, np.nan)
    for frame in range(len(markers)):
        first = np.tile(q[frame], (starts, 1))
        first[1:, limb] = random.uniform(low, high, (starts - 1, len(limb)))
        first[:, tracking.coordinate] = np.clip(first[:, tracking.coordinate], *limits.T)
        one = np.full(starts, frame)
        target = np.asfortranarray(np.nan_to_num(markers[one]))
        problem = MarkerFit(tracking, target, np.asfortranarray(weight[one]), q[frame])
        ended = descend(problem, first, bounds=limits, most_iterations=ITERATIONS)
        best = int(np.argmin(ended.cost))
        distance = np.linalg.norm(problem.evaluate(ended.q).error[best], axis=1)
        errors[frame] = np.where(seen[frame], distance, np.nan)
    return errors
