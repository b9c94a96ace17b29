"""Static or moving, told from the markers alone."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import FloatArray

STILL = 0.15
"""In a static trial three quarters of the markers stay within this, m."""


def stands_still(positions: FloatArray) -> bool:
    """Tell a static trial from a moving one.

    Parameters
    ----------
    positions : (T, M, 3) array, m
        NaN where a marker is missing.

    Notes
    -----
    The way of a marker is the diagonal of the box that holds the middle 90 % of its positions. Of
    a treadmill runner's markers more than a quarter are on limbs that swing.

    Examples
    --------
    >>> stands_still(np.zeros((10, 4, 3)))
    True
    """
    ways = []
    for path in positions.transpose(1, 0, 2):
        seen = path[np.isfinite(path).all(axis=1)]
        if len(seen) > 1:
            low, high = np.percentile(seen, (5.0, 95.0), axis=0)
            ways.append(float(np.linalg.norm(high - low)))
    return bool(ways) and float(np.percentile(ways, 75.0)) < STILL
