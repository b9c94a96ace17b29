"""One recording, one trial: frames that two recordings share, and copies that were worked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from aqbio.io.movement import is_static
from aqbio.vectors import FloatArray

EQUAL = 1e-5
"""Distances between markers are the same within this, m: exports round to a hundredth of a
millimetre at most, and no movement repeats to a tenth of one."""

SHARED_FRAMES = 5
"""So many frames in the same order are no coincidence."""


class SharedFrames(NamedTuple):
    """What two recordings have in common."""

    first: int
    second: int
    """first, second: Places of the recordings."""
    frames: int
    start: int
    other_start: int
    """start, other_start: First of these frames in each recording, from 0."""


def shared_frames(recordings: Sequence[FloatArray]) -> list[SharedFrames]:
    """Pairs of recordings with the same frames in order, by marker distances (T, K) m of each."""
    from scipy.spatial import cKDTree

    complete = [np.flatnonzero(np.isfinite(one).all(axis=1)) for one in recordings]
    if not any(map(len, complete)):
        return []
    owner = np.repeat(np.arange(len(recordings)), list(map(len, complete)))
    frame = np.concatenate(complete)
    values = np.concatenate([one[which] for one, which in zip(recordings, complete, strict=True)])
    tree = cKDTree(values)
    pairs = tree.query_pairs(EQUAL, p=np.inf, output_type="ndarray")
    pairs = pairs[owner[pairs[:, 0]] != owner[pairs[:, 1]]]
    if not len(pairs):
        return []
    first, second = pairs[:, 0], pairs[:, 1]  # in the order of the recordings: i < j
    keys = np.stack([owner[first], owner[second], frame[second] - frame[first]], axis=1)
    order, place, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    best: dict[tuple[int, int], int] = {}
    for row in np.flatnonzero(count >= SHARED_FRAMES):
        pair = (int(order[row, 0]), int(order[row, 1]))
        if pair not in best or count[row] > count[best[pair]]:
            best[pair] = int(row)
    pairs_shared = []
    for (one, other), best_row in best.items():
        start, later = int(frame[first[place.ravel() == best_row]].min()), int(order[best_row, 2])
        pairs_shared.append(SharedFrames(one, other, int(count[best_row]), start, start + later))
    return pairs_shared


RATE = 100.0
"""Copies are compared at this rate, Hz: what of human movement lies above is small."""

SMOOTH = 0.25
"""Differences are averaged over this time, s: filters and noise leave slow movement as it is."""

AGREEMENT = 3e-3
"""Copies agree to this, lower quartile of the markers, and to half of it where their middles are
laid over each other, m. Filters of 8 Hz and more leave 0.1 to 1.1 mm, 6 Hz 0.2 to 2.4 mm, the noise
of video 1.3 mm. Parts of eight runs of four persons differ by 4.7 mm and more at any lag, the runs
of virtual sprinters, who repeat themselves, by 4.0 mm, and by 2.1 mm with their middles laid over
each other."""

LIMBS = 4.0
"""The upper quartile, where filters change most, agrees to this multiple of it."""

OF_MOVEMENT = 0.04
"""And to this share of the movement: postures before two runs are similar."""

STATIC_AGREEMENT = 1e-3
"""Copies of static trials agree to this, m: people sway by more."""

PRESENT_SHARE, FEW = 0.9, 4
"""Markers that are compared are present in this share of the frames; fewest markers."""


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """What a recording is compared by."""

    labels: tuple[str, ...] = ()
    """Those seen nearly always."""
    positions: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 3)))
    """(T, M, 3) array, m. Laboratory axes, at `RATE`, gaps bridged."""
    still: bool = False
    """Whether the person stands still."""

    @classmethod
    def of(cls, labels: Sequence[str], positions: FloatArray, rate: float) -> Movement:
        """Take over positions (T, M, 3), m, NaN where missing, recorded at a rate in Hz."""
        visible = np.asarray(np.isfinite(positions).all(axis=2))
        chosen = np.flatnonzero(visible.sum(axis=0) > PRESENT_SHARE * len(visible)).tolist()
        own = np.arange(len(positions)) / rate
        time = np.arange(0.0, own[-1] + 0.5 / rate, 1.0 / RATE) if len(own) else own
        path = [
            np.interp(time, own[visible[:, marker]], positions[visible[:, marker], marker, axis])
            for marker in chosen
            for axis in range(3)
        ]
        moved = np.reshape(path, (len(chosen), 3, len(time))).transpose(2, 0, 1)
        return cls(tuple(labels[one] for one in chosen), moved, is_static(positions))

    @property
    def roughness(self) -> float:
        """Root mean square of second differences, m: what filters take away."""
        return float(np.sqrt(np.mean(np.diff(self.positions, 2, axis=0) ** 2)))


def copy_lag(first: Movement, second: Movement) -> float | None:
    """Instant (s) of the first recording at which the second, a copy of it, begins; None if none.

    Copies may be filtered, resampled, cut or renamed. Distances between some markers, which no axes
    change, find the lag; velocities refine it. Then all shared markers are laid over each other by
    one rotation about the origin, as exports turn axes. Whole copies, which begin and end together,
    may have another origin, too.
    """
    labels = sorted({*first.labels} & {*second.labels})
    if len(labels) < FEW:
        return None
    one, two = (
        each.positions[:, [each.labels.index(label) for label in labels]]
        for each in (first, second)
    )
    still = first.still and second.still
    if abs(len(one) - len(two)) <= SAME_LENGTH:
        length = min(len(one), len(two))
        if _are_copies(one[:length], two[:length], still=still, centred=True):
            return 0.0
    lag, apart = _nearest_lag(one, two)
    if apart > DISTANCE_LIMIT:
        return None
    for _ in range(REFINED):
        start, stop = max(lag, 0.0), min(len(one) - 1.0, lag + len(two) - 1.0)
        frames = np.arange(start, stop + 1e-9)
        if len(frames) < 3:
            return None
        here, there = _at(one, frames), _at(two, frames - lag)
        velocity = np.gradient(here, axis=0)
        velocity -= velocity.mean(axis=(0, 1))
        error = here - _laid_over(there, here, centred=True)
        before, lag = lag, lag - float((error * velocity).sum() / max((velocity**2).sum(), 1e-12))
    return before / RATE if _are_copies(here, there, still=still, centred=False) else None


REFINED = 4
"""Steps in which the lag is refined."""

DISTANCE_LIMIT = 0.05
"""Distances between markers that differ by more, root mean square, are no copies', m."""

SAME_LENGTH = 3
"""Copies of a whole recording differ in length by less, frames."""


def _are_copies(here: FloatArray, there: FloatArray, *, still: bool, centred: bool) -> bool:
    apart, most = _slow_deviations(here - _laid_over(there, here, centred=centred))
    moved, _ = _slow_deviations(here - here.mean(axis=0))
    allowed = STATIC_AGREEMENT if still else min(AGREEMENT / (1 + centred), OF_MOVEMENT * moved)
    return apart <= allowed and most <= LIMBS * AGREEMENT


def _nearest_lag(one: FloatArray, two: FloatArray) -> tuple[float, float]:
    """Frame of the one at which the other (T, M, 3) begins, and how far distances differ, m."""
    some = np.unique(np.linspace(0, one.shape[1] - 1, 8).astype(np.int64))
    first, second = np.triu_indices(len(some), 1)
    mine, theirs = (
        np.linalg.norm(each[:, some[first]] - each[:, some[second]], axis=2) for each in (one, two)
    )
    least = min(len(mine), len(theirs)) // 2 + 1
    lags = np.arange(least - len(theirs), len(mine) - least + 1)
    length = len(mine) + len(theirs)
    product = np.fft.rfft(mine, length, axis=0) * np.fft.rfft(theirs, length, axis=0).conj()
    shared = np.fft.irfft(product.sum(axis=1), length)[lags]
    start, stop = np.maximum(lags, 0), np.minimum(len(mine), lags + len(theirs))
    sums = [np.cumsum([0.0, *(each**2).sum(axis=1)]) for each in (mine, theirs)]
    squares = sums[0][stop] - sums[0][start] + sums[1][stop - lags] - sums[1][start - lags]
    error = (squares - 2.0 * shared) / ((stop - start) * mine.shape[1])
    best = int(np.argmin(error + NEARLY * np.abs(lags)))
    return float(lags[best]), float(np.sqrt(max(error[best], 0.0)))


NEARLY = 1e-10
"""A lag counts so much, m² a frame: of persons who do not sway the smallest one is taken."""


def _at(positions: FloatArray, frames: FloatArray) -> FloatArray:
    """Positions (T, M, 3) at fractions of frames."""
    lower = np.clip(frames.astype(np.int64), 0, len(positions) - 2)
    share = (frames - lower)[:, None, None]
    return np.asarray((1.0 - share) * positions[lower] + share * positions[lower + 1])


def _laid_over(moved: FloatArray, onto: FloatArray, *, centred: bool) -> FloatArray:
    """Positions (T, M, 3) turned, about the origin or their middle, as near to others as can be."""
    middle, other = (each.mean(axis=(0, 1)) * centred for each in (moved, onto))
    left, _, right = np.linalg.svd(np.einsum("tmi,tmj->ij", moved - middle, onto - other))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return np.asarray((moved - middle) @ (left @ flip @ right) + other)


def _slow_deviations(difference: FloatArray) -> tuple[float, float]:
    """Lower and upper quartile of the markers' root mean square of slow differences, m."""
    frames = max(1, min(round(SMOOTH * RATE), len(difference) // 2))
    sums = np.cumsum(np.concatenate([np.zeros_like(difference[:1]), difference]), axis=0)
    slow = (sums[frames:] - sums[:-frames]) / frames
    low, high = np.percentile(np.sqrt((slow**2).sum(axis=2).mean(axis=0)), (25.0, 75.0))
    return float(low), float(high)
