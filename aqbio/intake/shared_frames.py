"""One recording, one trial: frames that two recordings share, and processed copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from aqbio.io.movement import is_static
from aqbio.vectors import FloatArray

MAX_DISTANCE_DIFFERENCE_M = 1e-5
"""Tolerance of equal distances between markers, m: exports round to a hundredth of a
millimetre at most, and no movement repeats to a tenth of one."""

MIN_SHARED_FRAMES = 5
"""Frames in the same order that are no coincidence."""


class SharedFrames(NamedTuple):
    """Frames that two recordings have in common."""

    first: int
    second: int
    """first, second: Indices of the recordings."""
    frames: int
    start: int
    other_start: int
    """start, other_start: First of these frames in each recording, from 0."""


def shared_frames(recordings: Sequence[FloatArray]) -> list[SharedFrames]:
    """Find pairs of recordings with the same frames in order, by marker distances (T, K), m."""
    complete = [np.flatnonzero(np.isfinite(first_index).all(axis=1)) for first_index in recordings]
    if not any(map(len, complete)):
        return []
    owner = np.repeat(np.arange(len(recordings)), list(map(len, complete)))
    frame = np.concatenate(complete)
    values = np.concatenate(
        [first_index[frames] for first_index, frames in zip(recordings, complete, strict=True)]
    )
    tree = cKDTree(values)
    pairs = tree.query_pairs(MAX_DISTANCE_DIFFERENCE_M, p=np.inf, output_type="ndarray")
    pairs = pairs[owner[pairs[:, 0]] != owner[pairs[:, 1]]]
    if not len(pairs):
        return []
    first, second = pairs[:, 0], pairs[:, 1]  # in the order of the recordings: i < j
    keys = np.stack([owner[first], owner[second], frame[second] - frame[first]], axis=1)
    order, group, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    best: dict[tuple[int, int], int] = {}
    for row in np.flatnonzero(count >= MIN_SHARED_FRAMES):
        pair = (int(order[row, 0]), int(order[row, 1]))
        if pair not in best or count[row] > count[best[pair]]:
            best[pair] = int(row)
    pairs_shared = []
    for (first_index, second_index), best_row in best.items():
        start, later = int(frame[first[group.ravel() == best_row]].min()), int(order[best_row, 2])
        pairs_shared.append(
            SharedFrames(first_index, second_index, int(count[best_row]), start, start + later)
        )
    return pairs_shared


COMPARISON_RATE_HZ = 100.0
"""Rate at which copies are compared, Hz: human movement has little power above half of it."""

AVERAGING_S = 0.25
"""Time over which differences are averaged, s: filters and noise do not affect slow movement."""

MAX_COPY_DIFFERENCE_M = 3e-3
"""Copies agree within this, m, lower quartile of the markers, and within half of it with their
centroids superimposed. Filters of 8 Hz and more leave 0.1 to 1.1 mm, 6 Hz 0.2 to 2.4 mm, the noise
of video 1.3 mm. Parts of eight runs of four persons differ by 4.7 mm and more at any lag, the runs
of virtual sprinters, who repeat themselves, by 4.0 mm, and by 2.1 mm with their
centroids superimposed."""

UPPER_QUARTILE_RATIO = 4.0
"""Multiple of `MAX_COPY_DIFFERENCE_M` for the upper quartile, which filters change most."""

MAX_MOVEMENT_SHARE = 0.04
"""Largest difference of copies as a share of the movement: postures before two runs are similar."""

MAX_STATIC_DIFFERENCE_M = 1e-3
"""Largest difference of copies of static trials, m: people sway by more."""

MIN_PRESENT_SHARE = 0.9
"""Share of the frames in which a compared marker is present."""

MIN_MARKERS = 4
"""Shared markers required for a comparison."""


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """Movement by which recordings are compared."""

    labels: tuple[str, ...] = ()
    """Labels visible in nearly all frames."""
    positions: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 3)))
    """(T, M, 3) array, m. Laboratory axes, at `COMPARISON_RATE_HZ`, gaps bridged."""
    static: bool = False
    """True if the person stands still."""
    start: float = 0.0
    """Instant of the recording at which the person comes into view, s."""

    @classmethod
    def of(cls, labels: Sequence[str], positions: FloatArray, rate: float) -> Movement:
        """Resample positions (T, M, 3), m, NaN where missing, recorded at a rate in Hz.

        From the first to the last frame with half as many markers as are seen at once.
        """
        visible = np.asarray(np.isfinite(positions).all(axis=2))
        count = visible.sum(axis=1)
        in_view = np.flatnonzero(count >= max(0.5 * count.max(initial=0), 1))
        begin, end = (in_view[0], in_view[-1] + 1) if len(in_view) else (0, 0)
        static = is_static(positions)
        positions, visible = positions[begin:end], visible[begin:end]
        chosen = np.flatnonzero(visible.sum(axis=0) > MIN_PRESENT_SHARE * len(visible)).tolist()
        recorded_time = np.arange(len(positions)) / rate
        time = (
            np.arange(0.0, recorded_time[-1] + 0.5 / rate, 1.0 / COMPARISON_RATE_HZ)
            if len(recorded_time)
            else recorded_time
        )
        path = [
            np.interp(
                time, recorded_time[visible[:, marker]], positions[visible[:, marker], marker, axis]
            )
            for marker in chosen
            for axis in range(3)
        ]
        moved = np.reshape(path, (len(chosen), 3, len(time))).transpose(2, 0, 1)
        names = tuple(labels[column] for column in chosen)
        return cls(names, moved, static, float(begin / rate))

    @property
    def roughness(self) -> float:
        """Root mean square of second differences, m, which filters reduce."""
        return float(np.sqrt(np.mean(np.diff(self.positions, 2, axis=0) ** 2)))


def copy_lag(first: Movement, second: Movement) -> float | None:
    """Instant (s) of the first recording at which the second, a copy of it, begins; None if none.

    Copies may be filtered, resampled, cut or renamed. Distances between some markers, which no axes
    change, give the lag; velocities refine it. Then all shared markers are superimposed by one
    rotation about the origin, as exports rotate axes. Whole copies, which begin and end together,
    may have another origin, too.
    """
    labels = sorted({*first.labels} & {*second.labels})
    if len(labels) < MIN_MARKERS:
        return None
    first_positions, second_positions = (
        movement.positions[:, [movement.labels.index(label) for label in labels]]
        for movement in (first, second)
    )
    both_static = first.static and second.static
    starts = first.start - second.start
    if abs(len(first_positions) - len(second_positions)) <= MAX_LENGTH_DIFFERENCE_FRAMES:
        length = min(len(first_positions), len(second_positions))
        if _are_copies(
            first_positions[:length], second_positions[:length], static=both_static, centred=True
        ):
            return starts
    lag, difference = _nearest_lag(first_positions, second_positions)
    if difference > MAX_RMS_DIFFERENCE_M:
        return None
    for _ in range(LAG_ITERATIONS):
        start, stop = (
            max(lag, 0.0),
            min(len(first_positions) - 1.0, lag + len(second_positions) - 1.0),
        )
        frames = np.arange(start, stop + 1e-9)
        if len(frames) < 3:
            return None
        first_part, second_part = (
            _interpolated(first_positions, frames),
            _interpolated(second_positions, frames - lag),
        )
        velocity = np.gradient(first_part, axis=0)
        velocity -= velocity.mean(axis=(0, 1))
        error = first_part - _superimposed(second_part, first_part, centred=True)
        before, lag = lag, lag - float((error * velocity).sum() / max((velocity**2).sum(), 1e-12))
    return (
        before / COMPARISON_RATE_HZ + starts
        if _are_copies(first_part, second_part, static=both_static, centred=False)
        else None
    )


LAG_ITERATIONS = 4
"""Iterations that refine the lag."""

MAX_RMS_DIFFERENCE_M = 0.05
"""Largest root mean square difference of distances between markers of copies, m."""

MAX_LENGTH_DIFFERENCE_FRAMES = 3
"""Largest difference in length of copies of a whole recording, frames."""


def _are_copies(first: FloatArray, second: FloatArray, *, static: bool, centred: bool) -> bool:
    lower, upper = _slow_deviations(first - _superimposed(second, first, centred=centred))
    moved, _ = _slow_deviations(first - first.mean(axis=0))
    allowed = (
        MAX_STATIC_DIFFERENCE_M
        if static
        else min(MAX_COPY_DIFFERENCE_M / (1 + centred), MAX_MOVEMENT_SHARE * moved)
    )
    return lower <= allowed and upper <= UPPER_QUARTILE_RATIO * MAX_COPY_DIFFERENCE_M


def _nearest_lag(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """Frame of the first at which the second (T, M, 3) begins, and RMS distance error, m."""
    markers = np.unique(np.linspace(0, first.shape[1] - 1, 8).astype(np.int64))
    first_marker, second_marker = np.triu_indices(len(markers), 1)
    first_distances, second_distances = (
        np.linalg.norm(
            positions[:, markers[first_marker]] - positions[:, markers[second_marker]], axis=2
        )
        for positions in (first, second)
    )
    min_overlap = min(len(first_distances), len(second_distances)) // 2 + 1
    lags = np.arange(min_overlap - len(second_distances), len(first_distances) - min_overlap + 1)
    length = len(first_distances) + len(second_distances)
    product = (
        np.fft.rfft(first_distances, length, axis=0)
        * np.fft.rfft(second_distances, length, axis=0).conj()
    )
    shared = np.fft.irfft(product.sum(axis=1), length)[lags]
    start, stop = (
        np.maximum(lags, 0),
        np.minimum(len(first_distances), lags + len(second_distances)),
    )
    sums = [
        np.cumsum([0.0, *(positions**2).sum(axis=1)])
        for positions in (first_distances, second_distances)
    ]
    squares = sums[0][stop] - sums[0][start] + sums[1][stop - lags] - sums[1][start - lags]
    error = (squares - 2.0 * shared) / ((stop - start) * first_distances.shape[1])
    best = int(np.argmin(error + LAG_PENALTY_M2 * np.abs(lags)))
    return float(lags[best]), float(np.sqrt(max(error[best], 0.0)))


LAG_PENALTY_M2 = 1e-10
"""Penalty of a lag, m² a frame: for persons who do not sway, the smallest lag is chosen."""


def _interpolated(positions: FloatArray, frames: FloatArray) -> FloatArray:
    """Interpolate positions (T, M, 3) at fractional frames."""
    lower = np.clip(frames.astype(np.int64), 0, len(positions) - 2)
    share = (frames - lower)[:, None, None]
    return np.asarray((1.0 - share) * positions[lower] + share * positions[lower + 1])


def _superimposed(positions: FloatArray, target: FloatArray, *, centred: bool) -> FloatArray:
    """Rotate positions (T, M, 3) about the origin or centroid to the best fit with ``target``."""
    middle, target_middle = (
        positions.mean(axis=(0, 1)) * centred for positions in (positions, target)
    )
    left, _, right = np.linalg.svd(
        np.einsum("tmi,tmj->ij", positions - middle, target - target_middle)
    )
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return np.asarray((positions - middle) @ (left @ flip @ right) + target_middle)


def _slow_deviations(difference: FloatArray) -> tuple[float, float]:
    """Lower and upper quartile of the markers' root mean square of slow differences, m."""
    frames = max(1, min(round(AVERAGING_S * COMPARISON_RATE_HZ), len(difference) // 2))
    sums = np.cumsum(np.concatenate([np.zeros_like(difference[:1]), difference]), axis=0)
    slow = (sums[frames:] - sums[:-frames]) / frames
    low, high = np.percentile(np.sqrt((slow**2).sum(axis=2).mean(axis=0)), (25.0, 75.0))
    return float(low), float(high)
