"""Labels that are exchanged for some frames, told from distances within segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from aqbio.labels.geometry import distance_spreads
from aqbio.vectors import BoolArray, FloatArray, IntArray

MISFIT = 0.020
"""A label whose distances differ from the static trial's by less is where it belongs, m."""

REPAIRED = 0.5
"""An exchange is proposed where it brings the misfit below this share of what it was."""

FITS = 0.015
"""... and below this, m: skin moves by less."""

FEWEST_DISTANCES = 2
FEWEST_ACROSS = 3
"""Distances that must agree on an exchange within a segment, and between two segments."""

SHARE = 0.05
"""Exchanges in fewer frames than this share of the trial are noise."""

MOST = 10
"""Exchanges of one trial that are looked for."""


@dataclass(frozen=True, eq=False)
class LabelSwap:
    """Two labels that sit on each other's markers."""

    first: str
    second: str
    frames: BoolArray
    """(T,) bool array. Where they do."""
    before: float
    after: float
    """before, after: Root mean square difference between their distances in these frames and those
    of the static trial, as labelled and exchanged, m."""
    witness: str
    """Label whose distances show it best."""
    static: tuple[float, float]
    """(float, float). Distances of ``first`` and ``second`` from the witness in the static trial,
    m."""
    trial: tuple[float, float]
    """(float, float). The same in this trial (medians)."""


@dataclass(frozen=True, eq=False)
class SegmentDistances:
    """Distances between the markers of every segment, in a trial and in the static trial."""

    labels: tuple[str, ...]
    """tuple of K str. Labels that both trials have."""
    positions: FloatArray
    """(T, K, 3) array, m."""
    static: FloatArray
    """(K, K) array, m."""
    segment: IntArray
    """(K,) int array. Number of the segment of each label."""

    @classmethod
    def of(
        cls,
        labels: Sequence[str],
        positions: FloatArray,
        reference: Mapping[str, FloatArray],
        segments: Mapping[str, str],
    ) -> SegmentDistances:
        """Keep the labels that have a segment and a place in the static trial.

        Parameters
        ----------
        labels : sequence of M str
        positions : (T, M, 3) array, m
        reference : mapping of (3,) arrays, m
            Static trial by label; any axes.
        segments : mapping
            Segment by label.
        """
        kept = [
            index
            for index, label in enumerate(labels)
            if label in reference and label in segments and np.isfinite(reference[label]).all()
        ]
        names = tuple(labels[index] for index in kept)
        places = np.array([reference[name] for name in names]).reshape(-1, 3)
        numbers = {name: number for number, name in enumerate(dict.fromkeys(segments.values()))}
        return cls(
            labels=names,
            positions=positions[:, kept],
            static=np.linalg.norm(places[:, None] - places, axis=2),
            segment=np.array([numbers[segments[name]] for name in names], dtype=np.int64),
        )

    def peers(self, index: int, without: int = -1) -> IntArray:
        """Other labels of a label's segment."""
        same = self.segment == self.segment[index]
        same[[index] if without < 0 else [index, without]] = False
        return np.flatnonzero(same)

    def apart(self, index: int, peers: IntArray) -> FloatArray:
        """Distances of a label from others, (T, P), m."""
        gap = self.positions[:, index, None] - self.positions[:, peers]
        distance: FloatArray = np.linalg.norm(gap, axis=2)
        return distance


def swapped_labels(distances: SegmentDistances) -> list[LabelSwap]:
    """Find pairs of labels that sit on each other's markers.

    Notes
    -----
    A label belongs to a marker if its distances from the others of its segment are those of the
    static trial. Two labels are exchanged where exchanging them brings their distances back. The
    largest repair is taken first, and the search repeated.
    """
    found: list[LabelSwap] = []
    for _ in range(MOST):
        best = max(_candidates(distances), key=_repair, default=None)
        if best is None:
            return found
        found.append(best)
        distances = _exchanged(distances, best)
    return found


ASIDE = 0.03
"""Limbs this far on the wrong side of each other are labelled the wrong way round, m: in 72 real
and virtual runs and static trials toes are 3 cm on their own side at least, thighs 18, arms 25.
Where nothing was measured across the body, nobody is on a wrong side."""

LINKED, CLEARLY = 0.04, 0.5
"""Two parts of one limb keep their distance, parts of two limbs do not: it varies by 1 to 15 mm
between foot and shank of one side, by 86 to 317 mm between those of two. Sides are read off where
the larger one is above this, m, and the other below this share of it."""


def exchanged_parts(
    parts: Sequence[tuple[FloatArray, FloatArray]], aside: Sequence[float]
) -> list[bool]:
    """Whether the labels of left and right are exchanged on each part of a limb.

    Parameters
    ----------
    parts : sequence of ((T, L, 3) array, (T, R, 3) array), m
        Markers labelled left and right, from the trunk outwards; any subset of the parts.
    aside : sequence of float, m
        How far the right ones are to the right of the left ones; NaN where that is not known.

    Notes
    -----
    By the distances from the part before, where it moves enough to tell; otherwise by its side.
    """
    found: list[bool] = []
    for number, (left, right) in enumerate(parts):
        wrong = aside[number] < -ASIDE
        if found:
            before = parts[number - 1]
            own = np.maximum(_link(before[0], left), _link(before[1], right))
            other = np.maximum(_link(before[0], right), _link(before[1], left))
            larger, smaller = np.maximum(own, other), np.minimum(own, other)
            if larger > LINKED and smaller < CLEARLY * larger:
                wrong = found[-1] != bool(other < own)
        found.append(wrong)
    return found


def _link(inner: FloatArray, outer: FloatArray) -> float:
    """How much the distance between two parts varies at their nearest markers, m; NaN if unseen."""
    found = [distance_spreads(outer[:, one], {0: inner}) for one in range(outer.shape[1])]
    return min((one[0] for one in found if one), default=np.nan)


def exchanged_positions(
    labels: Sequence[str], positions: FloatArray, swaps: Sequence[LabelSwap]
) -> FloatArray:
    """Exchange the positions (T, M, 3) of swapped labels in the frames where they are."""
    fixed = positions.copy()
    for swap in swaps:
        one, two = labels.index(swap.first), labels.index(swap.second)
        rows = np.flatnonzero(swap.frames)
        fixed[rows[:, None], [one, two]] = fixed[rows[:, None], [two, one]]
    return fixed


def _repair(swap: LabelSwap) -> float:
    return float(np.count_nonzero(swap.frames)) * (swap.before - swap.after)


def _candidates(distances: SegmentDistances) -> list[LabelSwap]:
    """Exchanges that would bring distances back."""
    doubtful = [index for index in range(len(distances.labels)) if _misfits(distances, index)]
    swaps = (_swap(distances, one, two) for one, two in combinations(doubtful, 2))
    return [swap for swap in swaps if swap is not None]


def _misfits(distances: SegmentDistances, index: int) -> bool:
    """Whether a distance of a label differs from the static trial's in some frames."""
    peers = distances.peers(index)
    if not len(peers):
        return False
    off = np.abs(distances.apart(index, peers) - distances.static[index, peers]) > MISFIT
    return bool(off.mean(axis=0).max() >= SHARE)


def _swap(distances: SegmentDistances, one: int, two: int) -> LabelSwap | None:
    """The exchange of two labels, if it brings their distances back in enough frames."""
    mine, theirs = distances.peers(one, two), distances.peers(two, one)
    across = distances.segment[one] != distances.segment[two]
    if len(mine) + len(theirs) < (FEWEST_ACROSS if across else FEWEST_DISTANCES):
        return None
    static = np.concatenate((distances.static[one, mine], distances.static[two, theirs]))
    labelled = np.hstack((distances.apart(one, mine), distances.apart(two, theirs)))
    exchanged = np.hstack((distances.apart(two, mine), distances.apart(one, theirs)))
    before, after = _difference(labelled, static), _difference(exchanged, static)
    known = np.isfinite(before) & np.isfinite(after)
    clear = np.zeros(len(before), dtype=np.bool_)
    clear[known] = (before[known] > MISFIT) & (after[known] < FITS)
    clear[known] &= after[known] < REPAIRED * before[known]
    if clear.mean() < SHARE:
        return None
    frames = _nearest_known(after < before, known)
    peers = np.concatenate((mine, theirs))
    change = np.abs(np.nanmedian(labelled[frames], axis=0) - static)
    witness = int(peers[int(np.nanargmax(change))])
    gaps = [distances.apart(label, np.array([witness]))[frames, 0] for label in (one, two)]
    return LabelSwap(
        first=distances.labels[one],
        second=distances.labels[two],
        frames=frames,
        before=float(np.sqrt(np.nanmean(before[frames] ** 2))),
        after=float(np.sqrt(np.nanmean(after[frames] ** 2))),
        witness=distances.labels[witness],
        static=(float(distances.static[one, witness]), float(distances.static[two, witness])),
        trial=(float(np.nanmedian(gaps[0])), float(np.nanmedian(gaps[1]))),
    )


def _nearest_known(decided: BoolArray, known: BoolArray) -> BoolArray:
    """Take the decision of the nearest frame that has one."""
    frames = np.flatnonzero(known)
    middles = 0.5 * (frames[1:] + frames[:-1])
    nearest: BoolArray = decided[frames[np.searchsorted(middles, np.arange(len(known)))]]
    return nearest


def _difference(measured: FloatArray, static: FloatArray) -> FloatArray:
    """Root mean square difference of the distances that are seen, (T,), m; NaN without any."""
    squares = (measured - static) ** 2
    seen = np.isfinite(squares)
    count = seen.sum(axis=1)
    total = np.where(seen, squares, 0.0).sum(axis=1)
    mean = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 1)
    difference: FloatArray = np.sqrt(mean)
    return difference


def _exchanged(distances: SegmentDistances, swap: LabelSwap) -> SegmentDistances:
    fixed = exchanged_positions(distances.labels, distances.positions, [swap])
    return SegmentDistances(distances.labels, fixed, distances.static, distances.segment)
