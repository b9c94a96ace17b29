"""Short gaps in marker paths."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from aqbio.config.settings import Prepare
from aqbio.mechanics.recordings.runs import runs
from aqbio.mechanics.vectors import BoolArray, FloatArray

NEIGHBOURS = 10
"""Frames on each side of a gap that the spline goes through."""


def fill_gaps(
    positions: FloatArray, longest: int, barriers: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Fill short gaps by a cubic spline through the frames on both sides.

    Parameters
    ----------
    positions : (T, M, 3) array, m
        Any reference frame; NaN where a marker is missing.
    longest : int
        Longest gap that is filled, frames.
    barriers : (N,) array, frames
        Instants that no gap is filled across, in frames from the first one (fractions allowed):
        touchdowns and toe-offs, where paths bend.

    Returns
    -------
    positions : (T, M, 3) array, m
        NaN where a gap stays open: too long, at an end of the trial, across a barrier, or with
        fewer than two frames on one side.
    filled : (T, M) array of bool
        Where a position was interpolated.

    Examples
    --------
    >>> path = np.arange(6.0).reshape(6, 1, 1).repeat(3, axis=2)
    >>> path[2:4] = np.nan
    >>> fill_gaps(path, 2, np.array([]))[0][:, 0, 0]
    array([0., 1., 2., 3., 4., 5.])
    """
    complete = positions.copy()
    present = ~np.isnan(positions.sum(axis=2))
    complete[~present] = np.nan
    filled = np.zeros(present.shape, dtype=np.bool_)
    for marker in np.flatnonzero(~present.all(axis=0)):
        for start, stop in runs(~present[:, marker]):
            crossed = np.any((barriers > start - 1) & (barriers < stop))
            if stop - start > longest or crossed:
                continue
            first = max(start - NEIGHBOURS, 0)
            before = first + np.flatnonzero(present[first:start, marker])
            after = stop + np.flatnonzero(present[stop : stop + NEIGHBOURS, marker])
            if len(before) < 2 or len(after) < 2:
                continue
            frames = np.concatenate((before, after))
            spline = CubicSpline(frames, positions[frames, marker])
            complete[start:stop, marker] = spline(np.arange(start, stop))
            filled[start:stop, marker] = True
    return complete, filled


def missing_share(positions: FloatArray) -> FloatArray:
    """Share of frames in which each marker is missing.

    Parameters
    ----------
    positions : (T, M, 3) array, m

    Returns
    -------
    (M,) array, between 0 and 1

    Examples
    --------
    >>> missing_share(np.array([[[0.0, 1.0, np.nan]], [[0.0, 1.0, 2.0]]]))
    array([0.5])
    """
    share: FloatArray = np.isnan(positions.sum(axis=2)).mean(axis=0)
    return share


def longest_gap(prepare: Prepare, rate: float) -> int:
    """The longest gap that may be filled, frames."""
    return min(prepare.max_gap_frames, int(prepare.max_gap_s * rate + 1e-9))
