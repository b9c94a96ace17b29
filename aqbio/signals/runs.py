"""Stretches of consecutive samples."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import BoolArray, IntArray


def runs(mask: BoolArray) -> IntArray:
    """Stretches (N, 2) in which a mask is true: first sample, and the sample after the last."""
    edges = np.diff(np.concatenate(([False], mask, [False])).astype(np.int8))
    return np.column_stack((np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)))


def joined(mask: BoolArray, shortest: int) -> BoolArray:
    """Fill the inner holes of a mask that are shorter than ``shortest`` samples."""
    filled = mask.copy()
    for start, stop in runs(~mask):
        if start > 0 and stop < len(mask) and stop - start < shortest:
            filled[start:stop] = True
    return filled


def shrunk(mask: BoolArray, margin: int) -> BoolArray:
    """Take ``margin`` samples off both ends of every stretch that has an inner end."""
    kept = np.zeros_like(mask)
    for start, stop in runs(mask):
        first = start + margin if start > 0 else start
        last = stop - margin if stop < len(mask) else stop
        if last > first:
            kept[first:last] = True
    return kept
