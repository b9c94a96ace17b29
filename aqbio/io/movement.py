"""Static or moving, depth that was not measured, quiet stretches, values that never change."""

from __future__ import annotations

import numpy as np

from aqbio.signals.runs import runs
from aqbio.vectors import BoolArray, FloatArray

STILL = 0.15
"""In a static trial three quarters of the markers stay within this, m."""


def stands_still(positions: FloatArray) -> bool:
    """Tell a static trial, which may be one frame, from a moving one.

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
    return len(positions) == 1 or (bool(ways) and float(np.percentile(ways, 75.0)) < STILL)


FLAT = 0.03
"""Spread of the markers across a plane over that along it, below which they lie in the plane. 42
recordings in three dimensions, walking to sprinting and static, show 0.12 and more."""

NO_DEPTH = 0.02
"""The same ratio of movement: 0.05 and more in whole recordings, 0.03 and more in 0.3 s of each."""

IN_PLANE = 0.1
"""A movement in a plane has this share of its largest direction in the second one, at least: of a
movement along a line nothing follows."""

FEWEST = 8
"""Markers that a body lies in one plane by; wands and single clusters do so anyway."""


def depth_not_measured(positions: FloatArray) -> tuple[str, float] | None:
    """Find out whether the markers of a recording have a direction that was not measured.

    Recordings by one video have a constant depth, or one constant for each marker, perhaps with
    noise, in any plane of the laboratory.

    Parameters
    ----------
    positions : (T, M, 3) array
        NaN where a marker is missing; any unit and axes.

    Returns
    -------
    (str, float) or None
        ``spread`` where the markers lie in one plane within each frame, ``movement`` where none of
        them moves out of its plane relative to the others; and the standard deviation across that
        plane, in the unit of the positions. None where three directions were measured.

    Notes
    -----
    Movement is what is left of the positions after the mean of each frame and of each marker. Its
    covariance is taken between successive frames, to which white noise adds nothing.

    Examples
    --------
    >>> body = np.random.default_rng(0).normal(size=(50, 9, 3))
    >>> depth_not_measured(body)
    >>> depth_not_measured(body * [1.0, 1.0, 0.0])
    ('spread', 0.0)
    """
    seen = np.asarray(np.isfinite(positions).all(axis=2))
    positions = positions[seen.sum(axis=1) > 2]
    positions = positions[:, np.isfinite(positions).all(axis=2).sum(axis=0) > 2]
    known = np.asarray(np.isfinite(positions).all(axis=2))
    if positions.shape[1] < FEWEST or len(positions) < FEWEST:
        return None
    path = np.where(known[..., None], positions, 0.0)
    within = _centred(path, known, 1)
    spread = _deviations(within[known].T @ within[known] / known.sum())
    for _ in range(ROUNDS):
        path = _centred(_centred(path, known, 0), known, 1)
    both = known[:-1] & known[1:]
    product = path[:-1][both].T @ path[1:][both] / max(int(both.sum()), 1)
    movement = _deviations(0.5 * (product + product.T))
    if spread[0] < FLAT * spread[2]:
        return "spread", float(spread[0])
    in_plane = movement[0] < NO_DEPTH * movement[2] and movement[1] > IN_PLANE * movement[2]
    return ("movement", float(movement[0])) if in_plane and not stands_still(positions) else None


ROUNDS = 5
"""Means of frames and of markers are taken out by turns: exact at once where none is missing."""


def _centred(path: FloatArray, known: BoolArray, axis: int) -> FloatArray:
    """Take the mean of the known positions along an axis off them; the others stay 0."""
    count = np.maximum(known.sum(axis=axis, keepdims=True), 1)[..., None]
    return np.where(known[..., None], path - path.sum(axis=axis, keepdims=True) / count, 0.0)


def _deviations(covariance: FloatArray) -> FloatArray:
    """Standard deviations (3,) along the principal axes, the smallest first."""
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(covariance), 0.0)))


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
    known = np.asarray(np.isfinite(positions).all(axis=2))
    path = np.where(known[..., None], positions, 0.0)
    path -= path.sum(axis=0) / np.maximum(known.sum(axis=0), 1)[:, None]  # squares stay precise
    seen = _window_sums(~known, length) == 0
    mean = _window_sums(path, length) / length
    variance = np.where(seen, (_window_sums(path**2, length) / length - mean**2).sum(axis=2), 0.0)
    counted = seen.sum(axis=1)
    movement = np.where(counted > 0, variance.sum(axis=1) / np.maximum(counted, 1), np.inf)
    start = int(np.argmin(movement))
    return slice(start, start + length)


def _window_sums(values: FloatArray | BoolArray, length: int) -> FloatArray:
    """Sums over all windows of so many frames, one after the other, (T - length + 1, ...)."""
    sums = np.cumsum(np.concatenate([np.zeros_like(values[:1]), values]), axis=0, dtype=np.float64)
    return np.asarray(sums[length:] - sums[:-length])


SAME = 1e-7
"""Values no further apart are the same, rad or m: far below what any text file rounds to."""

LONGEST_REST = 0.25
"""A joint of a runner does not rest longer, s: half a stride takes 0.25 to 0.4 s."""


def fixed_parameter_values(values: FloatArray, rate: float) -> BoolArray:
    """Where signals are held at one value for longer than a moving joint rests.

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
