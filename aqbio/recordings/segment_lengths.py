"""Lengths of segments, by which recordings of two persons are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from aqbio.io.movement import stands_still
from aqbio.vectors import BoolArray, FloatArray

RIGID = 0.015
"""Markers whose distance varies by less than this share of it (scaled median deviation), median of
the moving trials, are on one segment or on both ends of it."""

SHORTEST = 0.1
"""Shorter distances say more about where markers were put than about the person, m."""

FEWEST = 8
"""So many distances at least are compared."""

OTHER, AGREED = 0.025, 0.01
"""Median ratio of lengths that two persons differ by, and what three quarters of the lengths differ
by in the same direction. Between 350 pairs of trials of one person (ten persons, static to 9.5 m/s)
the medians are 1.2 % at most with markers and 3.3 % with video, and the quarters reach 0.0 and
0.7 %; people of one sex differ by 5 % (standard deviation of the ratio of statures)."""

UNIT = 2.0
"""No two adults differ by this ratio: files in two units of length do."""


@dataclass(frozen=True, slots=True, eq=False)
class Lengths:
    """Distances between the markers of a recording."""

    labels: tuple[str, ...] = ()
    median: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    """(M, M) array, m. NaN where two are not seen together in half of the frames."""
    spread: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    """(M, M) array. Scaled median deviation over the median."""
    still: bool = False
    """Of a person who stands still every distance is constant."""

    @classmethod
    def of(cls, labels: Sequence[str], positions: FloatArray) -> Lengths:
        """Take the distances from positions (T, M, 3), m; of fifty frames at most."""
        some = positions[:: -(-len(positions) // 50) or 1]
        enough = 2 * np.isfinite(some).all(axis=2).sum(axis=0) > len(some)
        some = some[:, enough]
        distance = np.linalg.norm(some[:, :, None] - some[:, None], axis=3)
        seen = 2 * np.isfinite(distance).sum(axis=0) > len(some)
        distance = np.where(seen, distance, 0.0)
        median = np.nanmedian(distance, axis=0)
        deviation = 1.4826 * np.nanmedian(np.abs(distance - median), axis=0)
        median = np.where(seen & (median > 0.0), median, np.nan)
        kept = tuple(label for label, one in zip(labels, enough.tolist(), strict=True) if one)
        return cls(kept, median, deviation / median, stands_still(positions))

    def among(self, labels: Sequence[str]) -> FloatArray:
        """Medians and spreads, (2, L, L), of all labels of a study; NaN of those not seen here."""
        table = np.full((2, len(labels), len(labels)), np.nan)
        place = [labels.index(one) for one in self.labels]
        table[:, np.array(place, int)[:, None], place] = self.median, self.spread
        return table


def compared_lengths(trials: Sequence[Lengths]) -> tuple[FloatArray, BoolArray]:
    """Compare the segments of recordings.

    Returns
    -------
    (N, N) array
        Median ratio of the lengths of a column's recording to a row's; NaN of too few.
    (N, N) bool array
        Whether it is another person's: the median ratio lies beyond 2.5 %, and three quarters of
        the lengths differ by 1 % or more in its direction.
    """
    labels = sorted({label for one in trials for label in one.labels})
    tables = [one.among(labels) for one in trials]
    rigid = _rigid(tables, trials)
    ratio = np.full((len(trials), len(trials)), np.nan)
    differs = np.zeros(ratio.shape, dtype=bool)
    for row, (mine, _) in enumerate(tables):
        for column, (theirs, _) in enumerate(tables[:row]):
            logs = np.log(theirs[rigid] / mine[rigid])
            logs = logs[np.isfinite(logs) & (mine[rigid] > SHORTEST)]
            if len(logs) < FEWEST:
                continue
            low, middle, high = np.percentile(logs, (25.0, 50.0, 75.0))
            ratio[row, column], ratio[column, row] = np.exp(middle), np.exp(-middle)
            differs[row, column] = differs[column, row] = (
                OTHER < abs(middle) < np.log(UNIT) and max(low, -high) > AGREED
            )
    return ratio, differs


def one_person_each(ratio: FloatArray, differs: BoolArray) -> list[list[int]]:
    """Sort recordings by the person whose segments they show, the one with most of them first.

    A recording joins the nearest person none of whose recordings it differs from. Takes what
    `compared_lengths` gives.

    Examples
    --------
    >>> body = np.random.default_rng(0).normal(0.0, 0.5, (1, 9, 3)) * np.ones((10, 1, 1))
    >>> trials = [Lengths.of("abcdefghi", size * body) for size in (1.0, 1.06, 1.01)]
    >>> one_person_each(*compared_lengths(trials))
    [[0, 2], [1]]
    """
    groups: list[list[int]] = []
    for trial in range(len(ratio)):
        away = {
            number: np.nan_to_num(np.abs(np.log(ratio[trial, own])), nan=OTHER).mean()
            for number, own in enumerate(groups)
            if not differs[trial, own].any()
        }
        if away:
            groups[min(away, key=lambda number: away[number])].append(trial)
        else:
            groups.append([trial])
    return sorted(groups, key=len, reverse=True)


def _rigid(tables: Sequence[FloatArray], trials: Sequence[Lengths]) -> BoolArray:
    """Pairs of markers (L, L), each once, whose distance hardly varies while people move."""
    moving = [spread for (_, spread), one in zip(tables, trials, strict=True) if not one.still]
    pairs = np.triu(np.ones(tables[0].shape[1:] if tables else (0, 0), dtype=bool), 1)
    if not moving:
        return pairs
    spreads = np.stack(moving)
    pairs &= np.isfinite(spreads).any(axis=0)
    pairs[pairs] = np.nanmedian(spreads[:, pairs], axis=0) < RIGID
    return pairs
