"""Frames that two recordings have in common: a cut-out is no trial of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.vectors import FloatArray

EQUAL = 1e-5
"""Distances between markers are the same within this, m: exports round to a hundredth of a
millimetre at most, and nobody moves twice alike to a tenth of one."""

SHARED_FRAMES = 5
"""So many frames in the same order are no coincidence."""


@dataclass(frozen=True, slots=True)
class SharedFrames:
    """What two recordings have in common."""

    first: int
    second: int
    """first, second: Places of the recordings."""
    frames: int
    start: int
    other_start: int
    """start, other_start: First of these frames in each recording, from 0."""


def shared_frames(recordings: Sequence[FloatArray]) -> list[SharedFrames]:
    """Pairs of recordings that hold the same frames in the same order.

    Parameters
    ----------
    recordings : sequence of (T, K) arrays, m
        Distances between the same markers, frame by frame; NaN where one is missing. They do not
        depend on axes, units once read, nor on where the clock begins.

    Returns
    -------
    list of SharedFrames
        One per pair.

    Examples
    --------
    >>> time = np.arange(60.0)[:, None]
    >>> whole = 1.0 + 0.3 * np.sin(time * [[0.11, 0.17, 0.23]])
    >>> [(one.frames, one.start) for one in shared_frames([whole, whole[20:50]])]
    [(30, 20)]
    >>> shared_frames([whole, whole[:, ::-1]])
    []
    """
    from scipy.spatial import cKDTree

    known = [np.flatnonzero(np.isfinite(one).all(axis=1)) for one in recordings]
    if not any(map(len, known)):
        return []
    owner = np.repeat(np.arange(len(recordings)), list(map(len, known)))
    frame = np.concatenate(known)
    values = np.concatenate([one[which] for one, which in zip(recordings, known, strict=True)])
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
    found = []
    for (one, other), best_row in best.items():
        start, later = int(frame[first[place.ravel() == best_row]].min()), int(order[best_row, 2])
        found.append(SharedFrames(one, other, int(count[best_row]), start, start + later))
    return found
