"""Permutation test of curves between two conditions, within athletes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.vectors import BoolArray, FloatArray

MAX_FLIPS = 2048
"""Sign changes of athletes: all of them up to 12 athletes, otherwise so many drawn ones."""

SEED = 20_261_127
"""Seed of drawn sign changes: the same curves give the same result."""


@dataclass(frozen=True, slots=True)
class CurveTest:
    """Result at every sample of a curve."""

    t: FloatArray
    """(T,): t of the mean difference over athletes; NaN where an athlete's is not known."""
    p: FloatArray
    """(T,): adjusted over the whole curve: share of sign changes whose largest size of t over all
    samples is as large."""


def curve_test(differences: FloatArray) -> CurveTest:
    """Test the differences (A, T) of athletes' curves by their largest t over all samples.

    Without an effect an athlete's difference could as well have the other sign, at all samples
    together (Nichols and Holmes 2002, Hum Brain Mapp 15:1-25). Samples need not be independent or
    normal, athletes must be independent and their differences symmetric.
    """
    is_known = np.isfinite(differences).all(axis=0)
    t, p = (np.full(differences.shape[1], np.nan) for _ in range(2))
    values = differences[:, is_known]
    if len(values) < 2 or not values.shape[1]:
        return CurveTest(t, p)
    flipped = _t(_flips(len(values)), values)
    largest = np.sort(np.abs(flipped).max(axis=1))
    reached = len(largest) - np.searchsorted(largest, np.abs(flipped[0]) * (1.0 - 1e-9))
    t[is_known], p[is_known] = flipped[0], reached / len(largest)
    return CurveTest(t, p)


def _flips(count: int) -> FloatArray:
    """Sign changes (B, A) of athletes, that of none first; the first athlete's is never changed."""
    free = count - 1
    if 2**free <= MAX_FLIPS:
        bits = (np.arange(2**free)[:, None] >> np.arange(free)) & 1
    else:
        bits = np.random.default_rng(SEED).integers(0, 2, (MAX_FLIPS, free))
        bits[0] = 0
    signs: FloatArray = np.hstack([np.ones((len(bits), 1)), 1.0 - 2.0 * bits])
    return signs


def _t(signs: FloatArray, values: FloatArray) -> FloatArray:
    """T of the mean of values (A, T) with changed signs (B, A), (B, T)."""
    count = len(values)
    means = signs @ values / count
    variance = np.maximum((values**2).sum(axis=0) / count - means**2, 0.0) / (count - 1)
    t: FloatArray = np.zeros_like(means)
    np.divide(means, np.sqrt(variance), out=t, where=variance > 0)
    return t


def stretches(inside: BoolArray) -> list[tuple[int, int]]:
    """First and last sample of every stretch in which a mask (T,) is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
