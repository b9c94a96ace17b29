"""Sampled signals: stretches of samples, gaps and splines."""

from __future__ import annotations

from functools import lru_cache
from math import comb
from typing import Any

import numpy as np
from scipy.interpolate import BSpline, CubicSpline, make_interp_spline

from aqbio.config.settings import Prepare
from aqbio.names import MEDIAN_OF_NORMAL
from aqbio.vectors import BoolArray, FloatArray, IntArray, finite_medians


def runs(mask: BoolArray) -> IntArray:
    """Stretches (N, 2) in which a mask is true: first sample, and the sample after the last."""
    edges = np.diff(np.concatenate(([False], mask, [False])).astype(np.int8))
    return np.column_stack((np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)))


def joined(mask: BoolArray, shortest: int) -> BoolArray:
    """Fill the inner holes of a mask that are shorter than ``shortest`` samples."""
    filled = mask.copy()
    for start, stop in runs(~mask):
        if start > 0 and stop < len(mask) and stop - start < shortest:
            filled[start:stop] = True
    return filled


def shrunk(mask: BoolArray, margin: int) -> BoolArray:
    """Take ``margin`` samples off both ends of every stretch that has an inner end."""
    inner = np.zeros_like(mask)
    for start, stop in runs(mask):
        first = start + margin if start > 0 else start
        last = stop - margin if stop < len(mask) else stop
        if last > first:
            inner[first:last] = True
    return inner


NOISE_ORDERS = (4, 8)
"""Orders of differences by which the scatter from frame to frame is told from motion."""


def white_noise(positions: FloatArray) -> FloatArray:
    """Scatter (M,) of paths (T, M, 3) from frame to frame: standard deviation along each axis.

    ``σ² = E(Δᵏx)² / Σ C(k, j)²`` for differences of order k, of which a path that frames resolve
    has next to none; the smaller one of two orders. By medians, so that single jumps and landings
    hardly count; NaN of a path that is too short.
    """
    estimates = np.full((len(NOISE_ORDERS), *positions.shape[1:]), np.nan)
    for row, order in enumerate(NOISE_ORDERS):
        size = np.abs(np.diff(positions, order, axis=0)) / np.sqrt(comb(2 * order, order))
        estimates[row] = finite_medians(size)
    scatter = np.sqrt(np.mean((estimates / MEDIAN_OF_NORMAL) ** 2, axis=2))
    return np.asarray(scatter.min(axis=0))


FRAMES_BESIDE_GAP = 10
"""Frames on each side of a gap that the spline goes through."""


def fill_gaps(
    positions: FloatArray, longest: int, barriers: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Fill gaps of at most ``longest`` frames in (T, M, 3) by a cubic spline; also where, (T, M).

    No gap is filled at an end, with fewer than two frames on one side, or across ``barriers``:
    touchdowns and toe-offs in frames (fractions allowed), where paths bend.
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
            first = max(start - FRAMES_BESIDE_GAP, 0)
            before = first + np.flatnonzero(present[first:start, marker])
            after = stop + np.flatnonzero(present[stop : stop + FRAMES_BESIDE_GAP, marker])
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

    The same curve as OpenSim's ``GCVSpline`` of degree 5 without smoothing (Woltring 1986, Advances
    in Engineering Software 8, 104-113), so that both see the same speeds and accelerations.
    """
    if len(time) < 6:
        raise ValueError(f"a quintic spline needs at least 6 samples, got {len(time)}.")
    zero = np.zeros(values.shape[1:])
    free: Any = [(3, zero), (4, zero)]
    return make_interp_spline(time, values, k=5, bc_type=(free, free))


def resampled(time: FloatArray, values: FloatArray, at: FloatArray) -> FloatArray:
    """Values (N, ...) of a sampled signal at other times by a cubic spline; NaN near a NaN."""
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
    """(N, T) array: from samples to a cubic spline through them at other times, s."""
    samples = np.frombuffer(time)
    return np.asarray(make_interp_spline(samples, np.eye(len(samples)), k=3)(np.frombuffer(at)))
