"""What a file of joint angles determines, and how joints are led over what is lost."""

from __future__ import annotations

import numpy as np

from aqbio.multibody.poses import dependent_filled
from aqbio.multibody.skeleton import GROUND, Skeleton
from aqbio.observed.determined import (
    MarkerNoise,
    coordinate_covariance,
    determined,
    range_sd,
    segment_sds,
)
from aqbio.vectors import BoolArray, FloatArray


def determined_by_file(skeleton: Skeleton, q: FloatArray, recorded: BoolArray) -> BoolArray:
    """(T, S): which segments a file of joint angles determines, by its coordinates (T, C)."""
    no_marker = MarkerNoise.alike(0)
    prior_sd = np.where(recorded, 0.0, range_sd(skeleton))
    unseen = np.zeros(0, dtype=int), np.zeros((len(q), 0))
    covariance = coordinate_covariance(skeleton, q, *unseen, prior_sd, no_marker)
    return determined(skeleton, *segment_sds(skeleton, q, covariance))


def bridged(skeleton: Skeleton, q: FloatArray, finite: BoolArray) -> FloatArray:
    """Lead joints whose segment is lost (known (T, S)) straight from the last to the next pose.

    Inverse kinematics takes what no marker shows nearest to the default pose: a jump, which the
    low-pass would carry into neighbouring frames.
    """
    led, frames = q.copy(), np.arange(len(q))
    for body, parent in enumerate(skeleton.parent):
        # a joint with anything known beyond it holds that where its markers are
        seen = finite[:, skeleton.lineage[:, body]].any(axis=1)
        if seen.all() or not seen.any() or parent == GROUND:
            continue
        own = skeleton.driver[(skeleton.axes.body == body) & (skeleton.driver >= 0)]
        for column in set(own.tolist()):
            led[:, column] = np.interp(frames, frames[seen], q[seen, column])
    return dependent_filled(skeleton, led)


def filled_coordinates(skeleton: Skeleton, q: FloatArray) -> FloatArray:
    """Fill what a file does not tell: between known frames by lines, else the default."""
    filled, frames = q.copy(), np.arange(len(q))
    for place, column in enumerate(filled.T):
        known = np.isfinite(column)
        if not known.any():
            column[:] = skeleton.coordinate_default[place]
        elif not known.all():
            column[:] = np.interp(frames, frames[known], column[known])
    return dependent_filled(skeleton, filled)
