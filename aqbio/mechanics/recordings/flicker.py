"""Markers that jump to another place for a moment and come back."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.vectors import BoolArray, FloatArray

LONGEST = 3
"""Longest excursion that is looked for, frames."""

NOISE = 0.03
"""A marker that is found leaves its path by more than this, m."""

ACCELERATION = 1500.0
"""No marker on a person is accelerated by more, m/s²: feet of sprinters at touchdown reach about
two thirds of it."""


def flickers(positions: FloatArray, rate: float) -> BoolArray:
    """Frames in which a marker is elsewhere than on its path.

    Parameters
    ----------
    positions : (T, M, 3) array, m
        Any reference frame; NaN where a marker is missing.
    rate : float
        Hz.

    Returns
    -------
    (T, M) array of bool

    Notes
    -----
    Of one to three frames, every one lies farther from the straight line between the frames before
    and after them than any acceleration of a body allows: ``a t² / 8`` over the time t between
    those two. The largest excursion is taken first; frames beside it are not judged by it.

    Examples
    --------
    >>> path = np.zeros((9, 1, 3))
    >>> path[4, 0, 1] = 0.5
    >>> flickers(path, 250.0)[:, 0].astype(int)
    array([0, 0, 0, 0, 1, 0, 0, 0, 0])
    """
    found = np.zeros(positions.shape[:2], dtype=np.bool_)
    candidates: list[tuple[float, int, int, int]] = []
    for length in range(1, LONGEST + 1):
        beyond = _beyond(positions, length, rate)
        for first, marker in np.argwhere(beyond > 0.0):
            candidates.append((float(beyond[first, marker]), int(first), length, int(marker)))
    for _, first, length, marker in sorted(candidates, key=lambda one: (-one[0], one[2])):
        if not found[max(first - 1, 0) : first + length + 1, marker].any():
            found[first : first + length, marker] = True
    return found


def _beyond(positions: FloatArray, length: int, rate: float) -> FloatArray:
    """Least distance from the chord over excursions of a length, less what a body can do, m.

    Shape (T, M), by the first frame of the excursion; -1 where that cannot be told.
    """
    frames = len(positions)
    beyond = np.full(positions.shape[:2], -1.0)
    if frames < length + 2:
        return beyond
    before, after = positions[: frames - length - 1], positions[length + 1 :]
    limit = NOISE + ACCELERATION * ((length + 1) / rate) ** 2 / 8.0
    least = np.full(before.shape[:2], np.inf)
    for step in range(1, length + 1):
        share = step / (length + 1)
        chord = (1.0 - share) * before + share * after
        away = positions[step : step + len(before)] - chord
        least = np.minimum(least, np.linalg.norm(away, axis=2))
    beyond[1 : len(before) + 1] = np.where(np.isnan(least), -1.0, least - limit)
    return beyond
