"""The quietest part of a trial."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import FloatArray


def quiet_window(positions: FloatArray, rate: float, seconds: float) -> slice:
    """Find the part of a trial in which the markers move least.

    Parameters
    ----------
    positions : (T, M, 3) array, m
        NaN where a marker is missing.
    rate : float
        Hz.
    seconds : float
        Length of the part; the whole trial when it is shorter.

    Returns
    -------
    slice
        Frames of the window with the smallest mean variance of marker positions.

    Examples
    --------
    >>> still = np.zeros((10, 1, 3))
    >>> still[:5, 0, 0] = [5, 4, 3, 2, 1]
    >>> quiet_window(still, rate=1.0, seconds=4.0)
    slice(5, 9, None)
    """
    frames = len(positions)
    length = min(frames, max(2, round(seconds * rate)))
    windows = np.lib.stride_tricks.sliding_window_view(positions, length, axis=0)
    seen = np.isfinite(windows).all(axis=(-1, -2))
    variance = np.where(seen, windows.var(axis=-1).sum(axis=-1), 0.0)
    counted = seen.sum(axis=1)
    movement = np.where(counted > 0, variance.sum(axis=1) / np.maximum(counted, 1), np.inf)
    start = int(np.argmin(movement))
    return slice(start, start + length)
