"""Zero-lag low-pass filter that respects gaps and the ends of a trial."""

from __future__ import annotations

import numpy as np

from aqbio.signals.runs import runs
from aqbio.vectors import BoolArray, FloatArray

PASSES_CORRECTION = (np.sqrt(2.0) - 1.0) ** 0.25
"""0.802: two passes of a second-order Butterworth filter lower its cut-off by this factor."""

PADDING_PERIODS = 3.0
"""Length of the reflected padding at each end, in periods of the cut-off."""

HIGHEST_SHARE = 0.4
"""Highest cut-off in shares of the rate: nearer to half the rate the design is warped too much."""


def lowest_rate(cutoff: float) -> float:
    """Rate above which a cut-off can be used, Hz.

    Examples
    --------
    >>> lowest_rate(20.0)
    50.0
    """
    return cutoff / HIGHEST_SHARE


def design_cutoff(rate: float, cutoff: float) -> float:
    """Cut-off of a single pass for which two passes have ``cutoff``.

    Parameters
    ----------
    rate : float
        Sampling rate, Hz.
    cutoff : float
        Frequency at which the zero-lag filter halves the power, Hz.

    Raises
    ------
    ValueError
        When the rate is too low for this cut-off.

    Notes
    -----
    ``f = rate/π · atan(tan(π cutoff/rate) / 0.802)``: ``cutoff/0.802`` with the frequency warping
    of a digital filter, so that two signals of different rates get the same cut-off.

    References
    ----------
    Winter (2009), Biomechanics and Motor Control of Human Movement, 4th ed., 67-72.

    Examples
    --------
    >>> round(design_cutoff(100_000.0, 20.0), 2)
    24.93
    """
    if not 0.0 < cutoff < HIGHEST_SHARE * rate:
        raise ValueError(
            f"a cut-off of {cutoff:g} Hz needs a rate of more than {lowest_rate(cutoff):g} Hz, "
            f"not {rate:g} Hz."
        )
    warped = np.tan(np.pi * cutoff / rate) / PASSES_CORRECTION
    return float(rate / np.pi * np.arctan(warped))


def low_pass(signal: FloatArray, rate: float, cutoff: float) -> FloatArray:
    """Fourth-order zero-lag Butterworth low-pass along the first axis.

    Parameters
    ----------
    signal : (T, ...) array
        Any unit; NaN is a gap.
    rate : float
        Sampling rate, Hz.
    cutoff : float
        Frequency at which the power is halved, Hz.

    Returns
    -------
    (T, ...) array
        NaN exactly where the signal is. Each stretch between gaps is filtered by itself, padded by
        its point reflection over three periods of the cut-off (or its own length).

    Raises
    ------
    ValueError
        When the rate is too low for this cut-off.

    Examples
    --------
    A straight line passes unchanged, also at its ends:

    >>> line = np.arange(50.0)
    >>> bool(np.allclose(low_pass(line, 100.0, 6.0), line, atol=1e-5))
    True
    """
    warped = np.tan(np.pi * design_cutoff(rate, cutoff) / rate)
    padding = int(np.ceil(PADDING_PERIODS * rate / cutoff))
    columns = signal.reshape(len(signal), -1)
    filtered = np.full_like(columns, np.nan)
    present = np.isfinite(columns)
    for which in _alike(present):
        for start, stop in runs(present[:, which[0]]):
            stretch = columns[start:stop, which]
            if stop - start > 1:
                length = min(padding, stop - start - 1)
                stretch = _there_and_back(stretch, warped, length)
            filtered[start:stop, which] = stretch
    return filtered.reshape(signal.shape)


def low_pass_gain(frequency: FloatArray, rate: float, cutoff: float) -> FloatArray:
    """What :func:`low_pass` leaves of the amplitude of waves, far from the ends of a trial.

    Parameters
    ----------
    frequency : (F,) array, Hz
    rate, cutoff : float, Hz

    Examples
    --------
    The power is halved at the cut-off:

    >>> low_pass_gain(np.array([0.0, 20.0]), 200.0, 20.0).round(4)
    array([1.    , 0.7071])
    """
    ends = np.tan(np.pi * design_cutoff(rate, cutoff) / rate)
    gain: FloatArray = 1.0 / (1.0 + (np.tan(np.pi * frequency / rate) / ends) ** 4)
    return gain


def _there_and_back(signal: FloatArray, warped: float, padding: int) -> FloatArray:
    """Two passes over a signal (T, N) padded by its point reflections, the second from the end."""
    before = 2.0 * signal[:1] - signal[padding:0:-1]
    after = 2.0 * signal[-1:] - signal[-2 : -2 - padding : -1]
    passed = np.concatenate([before, signal, after])
    for _ in range(2):
        passed = _passed(passed, warped)[::-1]
    return passed[padding : padding + len(signal)]


def _passed(signal: FloatArray, warped: float) -> FloatArray:
    """One pass of a second-order Butterworth filter, as if the first value had always been.

    Parameters
    ----------
    signal : (T, N) array
    warped : float
        ``w = tan(π f / rate)`` of the cut-off f.

    Notes
    -----
    ``(1 + √2 w + w²) y_t + 2 (w² − 1) y_{t−1} + (1 − √2 w + w²) y_{t−2} = w² (x_t + 2 x_{t−1} +
    x_{t−2})``: a triangular system with three diagonals, of the deviations from the first value.
    """
    from scipy.linalg.lapack import dtbtrs  # a tenth of a second that reading files need not wait

    lead = 1.0 + np.sqrt(2.0) * warped + warped**2
    diagonals = np.ones((3, len(signal)))
    diagonals[1] = 2.0 * (warped**2 - 1.0) / lead
    diagonals[2] = (1.0 - np.sqrt(2.0) * warped + warped**2) / lead
    own = signal - signal[:1]
    driven = own.copy(order="F")
    driven[1:] += 2.0 * own[:-1]
    driven[2:] += own[:-2]
    driven *= warped**2 / lead
    followed, _ = dtbtrs(diagonals, driven, uplo="L", diag="U", overwrite_b=1)
    passed: FloatArray = signal[:1] + followed
    return passed


def _alike(present: BoolArray) -> list[list[int]]:
    """Columns that have their gaps in common."""
    groups: dict[bytes, list[int]] = {}
    for column, pattern in enumerate(np.packbits(present, axis=0).T):
        groups.setdefault(pattern.tobytes(), []).append(column)
    return list(groups.values())
