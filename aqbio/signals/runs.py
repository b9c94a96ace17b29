"""Stretches of consecutive samples."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import BoolArray, IntArray


def runs(mask: BoolArray) -> IntArray:
    """Stretches in which a mask is true.

    Parameters
    ----------
    mask : (T,) array of bool

    Returns
    -------
    (N, 2) array of int
        First sample of each stretch and the sample after its last one.

    Examples
    --------
    >>> runs(np.array([True, False, True, True]))
    array([[0, 1],
           [2, 4]])
    """
    edges = np.diff(np.concatenate(([False], mask, [False])).astype(np.int8))
    return np.column_stack((np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)))


def joined(mask: BoolArray, shortest: int) -> BoolArray:
    """Fill the inner holes of a mask that are shorter than ``shortest`` samples.

    Examples
    --------
    >>> joined(np.array([True, False, True, False, False, True]), 2).astype(int)
    array([1, 1, 1, 0, 0, 1])
    """
    filled = mask.copy()
    for start, stop in runs(~mask):
        if start > 0 and stop < len(mask) and stop - start < shortest:
            filled[start:stop] = True
    return filled


def shrunk(mask: BoolArray, margin: int) -> BoolArray:
    """Take ``margin`` samples off both ends of every stretch that has an inner end.

    Examples
    --------
    >>> shrunk(np.array([True, True, True, False, True]), 1).astype(int)
    array([1, 1, 0, 0, 0])
    """
    kept = np.zeros_like(mask)
    for start, stop in runs(mask):
        first = start + margin if start > 0 else start
        last = stop - margin if stop < len(mask) else stop
        if last > first:
            kept[first:last] = True
    return kept
