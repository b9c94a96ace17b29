"""Short gaps in marker paths, and the splines that fill them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config.settings import Prepare
from aqbio.signals.runs import runs
from aqbio.vectors import BoolArray, FloatArray

if TYPE_CHECKING:
    from scipy.interpolate import BSpline

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
    from scipy.interpolate import CubicSpline

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


def longest_gap(prepare: Prepare, rate: float) -> int:
    """The longest gap that may be filled, frames."""
    return min(prepare.max_gap_frames, int(prepare.max_gap_s * rate + 1e-9))


def quintic_spline(time: FloatArray, values: FloatArray) -> BSpline:
    """Interpolating quintic spline with natural ends (third and fourth derivative zero).

    The same curve as OpenSim's ``GCVSpline`` of degree 5 without smoothing, so that both see the
    same speeds and accelerations.

    Parameters
    ----------
    time : (T,) array, s
        At least six samples, strictly increasing.
    values : (T, ...) array

    Returns
    -------
    scipy.interpolate.BSpline
        Call it at any time; ``.derivative(n)`` gives the derivatives.

    References
    ----------
    Woltring HJ (1986), Advances in Engineering Software 8, 104-113.
    """
    from scipy.interpolate import make_interp_spline

    if len(time) < 6:
        raise ValueError(f"a quintic spline needs at least 6 samples, got {len(time)}.")
    still = np.zeros(values.shape[1:])
    free: Any = [(3, still), (4, still)]
    return make_interp_spline(time, values, k=5, bc_type=(free, free))


def resampled(time: FloatArray, values: FloatArray, at: FloatArray) -> FloatArray:
    """Values of a sampled signal at other times, by a cubic spline through the samples.

    Parameters
    ----------
    time : (T,) array, s
    values : (T, ...) array
        NaN where a column was not measured.
    at : (N,) array, s
        Within the recording, by half a sample at most beyond its ends.

    Returns
    -------
    (N, ...) array
        NaN in columns that have a NaN among the samples around.

    Raises
    ------
    ValueError
        When a requested time lies more than half a sample outside the recording.
    """
    slack = 0.5 * (time[1] - time[0])
    if at.min() < time[0] - slack or at.max() > time[-1] + slack:
        raise ValueError(
            f"times {at.min():.4f} to {at.max():.4f} s lie outside the recording "
            f"({time[0]:.4f} to {time[-1]:.4f} s)."
        )
    margin = 4
    first = max(int(np.searchsorted(time, at.min())) - margin, 0)
    last = min(int(np.searchsorted(time, at.max())) + margin, len(time))
    columns = values[first:last].reshape(last - first, -1)
    result: FloatArray = _between(time[first:last].tobytes(), at.tobytes()) @ columns
    return result.reshape(len(at), *values.shape[1:])


@lru_cache(maxsize=128)
def _between(time: bytes, at: bytes) -> FloatArray:
    """(N, T) array: from samples to a cubic spline through them at other times, s.

    Signals of a step are cut at the same times, and those of all specifications with its events.
    """
    from scipy.interpolate import make_interp_spline

    samples = np.frombuffer(time)
    found: FloatArray = make_interp_spline(samples, np.eye(len(samples)), k=3)(np.frombuffer(at))
    return found
