"""Parts of the markers' errors: constant, repeated in every stride, slow, and from frame to frame.

Skin swings with the stride: what it does in one stride it does in the next, so that errors of
steps are alike, their difference is smaller than each, and their mean is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.fft import dct, idct

from aqbio.vectors import BoolArray, FloatArray, IntArray

HIGHEST = 20.0
"""Harmonics of the stride up to here are told apart, Hz: skin and muscle swing at 8 to 20 Hz after
touchdown (Pain and Challis 2006)."""

STRIDES = 2.0
"""What repeats can be told from what does not when there are so many strides."""

SLOW = 10.0
"""Errors that do not repeat are slow below this, Hz."""


@dataclass(frozen=True, eq=False)
class ErrorBands:
    """Constant; harmonics of the stride, if there are strides enough; slow; and fast errors."""

    waves: FloatArray
    """(T, W) array. Constant, and cosine and sine of every harmonic."""
    band: IntArray
    """(W,) int array. The harmonic of each, 0 for the constant."""
    rate: float
    """Frames per second, Hz."""

    @classmethod
    def over(cls, time: FloatArray, cycles: FloatArray | None) -> ErrorBands:
        """The bands of a trial.

        Parameters
        ----------
        time : (T,) array, s
        cycles : (T,) array or None
            From :func:`stride_cycles`.
        """
        rate, harmonics = (len(time) - 1) / (time[-1] - time[0]), 0
        if cycles is not None and cycles[-1] - cycles[0] >= STRIDES:
            stride = (time[-1] - time[0]) / (cycles[-1] - cycles[0])
            harmonics = int(HIGHEST * stride)
        band = np.repeat(np.arange(harmonics + 1), 2)[1:]
        turns = 2.0 * np.pi * (np.zeros_like(time) if cycles is None else cycles)[:, None] * band
        sine = np.diff(band, prepend=-1) == 0
        return cls(np.where(sine, np.sin(turns), np.cos(turns)), band, rate)

    @property
    def harmonics(self) -> int:
        """How many harmonics of the stride there are."""
        return int(self.band[-1])

    @property
    def count(self) -> int:
        """Bands: the constant, the harmonics, slow and fast."""
        return self.harmonics + 3

    @cached_property
    def inverse(self) -> FloatArray:
        """(W, T) array: from values in all frames to amplitudes, by least squares."""
        return np.asarray(np.linalg.pinv(self.waves))

    @cached_property
    def slow(self) -> IntArray:
        """(T,) int array: of every cosine over the trial whether it is slow, 1, or fast, 2."""
        frequency = 0.5 * self.rate * np.arange(len(self.waves)) / len(self.waves)
        found: IntArray = np.where(frequency < min(SLOW, 0.2 * self.rate), 1, 2)
        found[0] = 0
        return found

    def drawn(
        self, own: FloatArray, shared: FloatArray, table: FloatArray, random: np.random.Generator
    ) -> FloatArray:
        """Errors of K markers on S segments along three axes, (T, K, 3).

        Parameters
        ----------
        own : (bands, K) array
            Standard deviations of each marker's own errors.
        shared : (bands, S) array
            Of those that the markers of a segment have in common; the last band has none.
        table : (K, S) array of zeros and ones
            Which segment each marker is on.
        """

        def amplitudes(band: IntArray, sd: FloatArray) -> FloatArray:
            drawn = random.standard_normal((len(band), sd.shape[1], 3)) * sd[band][..., None]
            return np.asarray(drawn)

        found = amplitudes(self.band, own) + table @ amplitudes(self.band, shared)
        found = np.tensordot(self.waves, found, axes=1)
        few = int((self.slow < 2).sum())
        each = np.sqrt(len(self.slow) / np.maximum(np.bincount(self.slow, minlength=3), 1))
        lasting = each[:, None] * np.stack([np.zeros_like(own[0]), *own[-2:]])
        cosines = amplitudes(self.slow, lasting)
        common = each[1] * np.stack([np.zeros_like(shared[0]), shared[-2]])
        cosines[:few] += table @ amplitudes(self.slow[:few], common)
        found += idct(cosines, axis=0, norm="ortho")
        return np.asarray(found)

    def power(self, values: FloatArray) -> FloatArray:
        """Mean square by band, (bands, M), of values (T, M): :func:`drawn`'s variances."""
        amplitudes = self.inverse @ values
        cosines = dct(values - self.waves @ amplitudes, axis=0, norm="ortho") ** 2 / len(values)
        found = np.zeros((self.count, values.shape[1]))
        np.add.at(found, self.band, amplitudes**2)
        found[1:-2] *= 0.5
        found[-2], found[-1] = (cosines[self.slow == kind].sum(axis=0) for kind in (1, 2))
        return found


def stride_cycles(time: FloatArray, touchdown: FloatArray, left: BoolArray) -> FloatArray | None:
    """Strides since some instant, (T,), straight lines between touchdowns and beyond.

    Parameters
    ----------
    time : (T,) array, s
    touchdown : (N,) array, s
        Ascending; NaN where one was not found. Others may lie between.
    left : (N,) bool array
        Whether it is the left foot's.

    Returns
    -------
    (T,) array or None
        None without two touchdowns.

    Examples
    --------
    Left, right and, after a right one that was not seen, right again:

    >>> feet = np.array([True, False, False])
    >>> cycles = stride_cycles(np.arange(5.0), np.array([1.0, 2.0, 4.0]), feet)
    >>> [float(one) for one in cycles]
    [-0.5, 0.0, 0.5, 1.0, 1.5]
    """
    known = np.isfinite(touchdown)
    touchdown, left = touchdown[known], left[known]
    if len(touchdown) < 2:
        return None
    apart, least = np.diff(touchdown), np.where(np.diff(left.astype(int)) != 0, 1, 2)
    step = float((apart / least).min())
    more = np.maximum(np.round(0.5 * (apart / step - least)), 0.0)
    number = 0.5 * np.concatenate([[0.0], np.cumsum(least + 2.0 * more)])
    pace = number[-1] / (touchdown[-1] - touchdown[0])
    found = np.interp(time, touchdown, number)
    found += pace * (np.minimum(time - touchdown[0], 0.0) + np.maximum(time - touchdown[-1], 0.0))
    return np.asarray(found)
