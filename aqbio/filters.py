"""Low-pass filters of sampled signals."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, lfilter, lfilter_zi, sosfiltfilt

from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray

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
    sections = butter(2, design_cutoff(rate, cutoff), fs=rate, output="sos")
    padding = int(np.ceil(PADDING_PERIODS * rate / cutoff))
    columns = signal.reshape(len(signal), -1)
    filtered = np.full_like(columns, np.nan)
    present = np.isfinite(columns)
    for columns_alike in _alike(present):
        for start, stop in runs(present[:, columns_alike[0]]):
            stretch = columns[start:stop, columns_alike]
            if stop - start > 1:
                length = min(padding, stop - start - 1)
                stretch = sosfiltfilt(sections, stretch, axis=0, padlen=length)
            filtered[start:stop, columns_alike] = stretch
    return filtered.reshape(signal.shape)


def low_pass_gain(frequency: FloatArray, rate: float, cutoff: float) -> FloatArray:
    """Amplitude gain of :func:`low_pass` at ``frequency`` (F,) Hz, far from the ends of a trial."""
    ends = np.tan(np.pi * design_cutoff(rate, cutoff) / rate)
    return np.asarray(1.0 / (1.0 + (np.tan(np.pi * frequency / rate) / ends) ** 4))


def lagging(signal: FloatArray, rate: float, cutoff: float) -> FloatArray:
    """First-order low-pass, one way, of a signal (T, ...) that kept its first value before."""
    columns = signal.reshape(len(signal), -1)
    numerator, denominator = butter(1, cutoff, fs=rate)
    past = lfilter_zi(numerator, denominator)[:, None] * columns[:1]
    filtered, _ = lfilter(numerator, denominator, columns, axis=0, zi=past)
    return np.asarray(filtered).reshape(signal.shape)


def _alike(present: BoolArray) -> list[list[int]]:
    """Groups of columns that have their gaps in common."""
    groups: dict[bytes, list[int]] = {}
    for column, pattern in enumerate(np.packbits(present, axis=0).T):
        groups.setdefault(pattern.tobytes(), []).append(column)
    return list(groups.values())
