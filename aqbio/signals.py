"""Sampled signals: stretches of samples, low-pass filter, gaps and splines."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from scipy.interpolate import BSpline, CubicSpline, make_interp_spline
from scipy.linalg.lapack import dtbtrs

from aqbio.config.settings import Prepare
from aqbio.vectors import BoolArray, FloatArray, IntArray


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


PASSES_CORRECTION = (np.sqrt(2.0) - 1.0) ** 0.25
"""0.802: two passes of a second-order Butterworth filter lower its cut-off by this factor."""

PADDING_PERIODS = 3.0
"""Length of the reflected padding at each end, in periods of the cut-off."""

MAX_CUTOFF_SHARE = 0.4
"""Highest cut-off in shares of the rate: nearer to half the rate the design is warped too much."""


def lowest_rate(cutoff: float) -> float:
    """Rate above which a cut-off can be used, Hz."""
    return cutoff / MAX_CUTOFF_SHARE


def design_cutoff(rate: float, cutoff: float) -> float:
    """Cut-off of a single pass for which two passes have ``cutoff``, Hz.

    ``f = rate/π · atan(tan(π cutoff/rate) / 0.802)``: ``cutoff/0.802`` with the frequency warping
    of a digital filter, so that two signals of different rates get the same cut-off. Winter (2009),
    Biomechanics and Motor Control of Human Movement, 4th ed., 67-72. ValueError: rate too low.
    """
    if not 0.0 < cutoff < MAX_CUTOFF_SHARE * rate:
        raise ValueError(
            f"a cut-off of {cutoff:g} Hz needs a rate of more than {lowest_rate(cutoff):g} Hz, "
            f"not {rate:g} Hz."
        )
    warped = np.tan(np.pi * cutoff / rate) / PASSES_CORRECTION
    return float(rate / np.pi * np.arctan(warped))


def low_pass(signal: FloatArray, rate: float, cutoff: float) -> FloatArray:
    """Fourth-order zero-lag Butterworth low-pass along the first axis of a signal (T, ...).

    ``cutoff`` (Hz) halves the power. NaN is a gap and stays one; each stretch between gaps is
    filtered by itself, padded by its point reflection over three periods of the cut-off (or its own
    length). ValueError: rate too low.
    """
    warped = np.tan(np.pi * design_cutoff(rate, cutoff) / rate)
    padding = int(np.ceil(PADDING_PERIODS * rate / cutoff))
    columns = signal.reshape(len(signal), -1)
    filtered = np.full_like(columns, np.nan)
    present = np.isfinite(columns)
    for columns_alike in _alike(present):
        for start, stop in runs(present[:, columns_alike[0]]):
            stretch = columns[start:stop, columns_alike]
            if stop - start > 1:
                length = min(padding, stop - start - 1)
                stretch = _there_and_back(stretch, warped, length)
            filtered[start:stop, columns_alike] = stretch
    return filtered.reshape(signal.shape)


def low_pass_gain(frequency: FloatArray, rate: float, cutoff: float) -> FloatArray:
    """Amplitude gain of :func:`low_pass` at ``frequency`` (F,) Hz, far from the ends of a trial."""
    ends = np.tan(np.pi * design_cutoff(rate, cutoff) / rate)
    return np.asarray(1.0 / (1.0 + (np.tan(np.pi * frequency / rate) / ends) ** 4))


def _there_and_back(signal: FloatArray, warped: float, padding: int) -> FloatArray:
    """Two passes over a signal (T, N) padded by its point reflections, the second from the end."""
    before = 2.0 * signal[:1] - signal[padding:0:-1]
    after = 2.0 * signal[-1:] - signal[-2 : -2 - padding : -1]
    passed = np.concatenate([before, signal, after])
    for _ in range(2):
        passed = _passed(passed, warped)[::-1]
    return passed[padding : padding + len(signal)]


def _passed(signal: FloatArray, warped: float) -> FloatArray:
    """One pass of a second-order Butterworth filter, with the first value as its past.

    ``(1 + √2 w + w²) y_t + 2 (w² − 1) y_{t−1} + (1 − √2 w + w²) y_{t−2} = w² (x_t + 2 x_{t−1} +
    x_{t−2})`` with ``w = tan(π f / rate)``: a triangular system with three diagonals, of the
    deviations from the first value.
    """
    lead = 1.0 + np.sqrt(2.0) * warped + warped**2
    diagonals = np.ones((3, len(signal)))
    diagonals[1] = 2.0 * (warped**2 - 1.0) / lead
    diagonals[2] = (1.0 - np.sqrt(2.0) * warped + warped**2) / lead
    deviation = signal - signal[:1]
    driven = deviation.copy(order="F")
    driven[1:] += 2.0 * deviation[:-1]
    driven[2:] += deviation[:-2]
    driven *= warped**2 / lead
    followed, _ = dtbtrs(diagonals, driven, uplo="L", diag="U", overwrite_b=1)
    return np.asarray(signal[:1] + followed)


def lagging(signal: FloatArray, rate: float, cutoff: float) -> FloatArray:
    """First-order low-pass, one way, of a signal (T, ...) that kept its first value before.

    ``(1 + w) y_t − (1 − w) y_{t−1} = w (x_t + x_{t−1})`` with ``w = tan(π cutoff / rate)``.
    """
    warped = np.tan(np.pi * cutoff / rate)
    columns = signal.reshape(len(signal), -1)
    driven = np.array(columns - columns[:1], order="F")
    driven[1:] += driven[:-1].copy()
    driven *= warped / (1.0 + warped)
    diagonals = np.ones((2, len(columns)))
    diagonals[1] = (warped - 1.0) / (warped + 1.0)
    followed, _ = dtbtrs(diagonals, driven, uplo="L", diag="U", overwrite_b=1)
    return np.asarray(columns[:1] + followed).reshape(signal.shape)


def _alike(present: BoolArray) -> list[list[int]]:
    """Groups of columns that have their gaps in common."""
    groups: dict[bytes, list[int]] = {}
    for column, pattern in enumerate(np.packbits(present, axis=0).T):
        groups.setdefault(pattern.tobytes(), []).append(column)
    return list(groups.values())


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
