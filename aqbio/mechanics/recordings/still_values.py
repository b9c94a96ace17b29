"""Signals that stay at one value: nobody measured them there."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.recordings.runs import runs
from aqbio.mechanics.vectors import BoolArray, FloatArray

SAME = 1e-7
"""Values no further apart are the same, rad or m: far below what any text file rounds to."""

LONGEST_REST = 0.25
"""A joint of a runner does not rest longer, s: half a stride takes 0.25 to 0.4 s."""


def held_values(values: FloatArray, rate: float) -> BoolArray:
    """Say where signals are held at one value for longer than a moving joint rests.

    Parameters
    ----------
    values : (T, C) array, rad or m
    rate : float, Hz

    Returns
    -------
    (T, C) bool array
        Also true in all frames of a signal that never changes, however short the recording.

    Examples
    --------
    >>> moving = np.arange(6.0)
    >>> held_values(np.stack([moving, np.zeros(6)], axis=1), 100.0)[0]
    array([False,  True])
    """
    same = np.abs(np.diff(values, axis=0)) <= SAME
    held = np.zeros(values.shape, dtype=bool)
    for column in range(values.shape[1]):
        for start, stop in runs(same[:, column]):
            if stop - start > LONGEST_REST * rate or stop - start == len(same):
                held[start : stop + 1, column] = True
    return held
