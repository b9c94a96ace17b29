"""Static or moving, depth that was not measured, quiet stretches, values that never change."""

from __future__ import annotations

import numpy as np

from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray

STILL = 0.15
"""In a static trial three quarters of the markers stay within this, m."""


def is_static(positions: FloatArray) -> bool:
    """Whether three quarters of the markers stay in a small box: a static trial, or one frame."""
    ranges = []
    for path in positions.transpose(1, 0, 2):
        seen = path[np.isfinite(path).all(axis=1)]
        if len(seen) > 1:
            low, high = np.percentile(seen, (5.0, 95.0), axis=0)
            ranges.append(float(np.linalg.norm(high - low)))
    return len(positions) == 1 or (bool(ranges) and float(np.percentile(ranges, 75.0)) < STILL)


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
    """Whether the markers (T, M, 3) have a direction that was not measured, as in one video.

    Their depth is constant then, or constant for each marker, perhaps with noise, in any plane of
    the laboratory. ``spread`` where the markers lie in one plane within each frame, ``movement``
    where none moves out of its plane relative to the others; and the standard deviation across that
    plane. Movement is the residual after the mean of each frame and of each marker; its covariance
    is taken between successive frames, to which white noise adds nothing.
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
    return ("movement", float(movement[0])) if in_plane and not is_static(positions) else None


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
    """Frames of the ``seconds`` with the smallest mean variance of marker positions (T, M, 3)."""
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


def constant_stretches(values: FloatArray, rate: float) -> BoolArray:
    """Where signals (T, C) keep one value for longer than a moving joint rests, or throughout."""
    same = np.abs(np.diff(values, axis=0)) <= SAME
    constant = np.zeros(values.shape, dtype=bool)
    for column in range(values.shape[1]):
        for start, stop in runs(same[:, column]):
            if stop - start > LONGEST_REST * rate or stop - start == len(same):
                constant[start : stop + 1, column] = True
    return constant
