"""Whether the free moment of the plates was recorded, and has the right sign."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from aqbio.vectors import FloatArray, IntArray

REVERSED = -2.0
"""Slope of the residual on a free moment whose sign is reversed: it is missing twice."""

CONFIDENCE = 0.95
FEWEST = 3
"""Contacts from which on a standard error is known."""


LEAST_FREE_MOMENT = 0.1
"""A measured free moment is larger at some instant of a contact, N m: runners reach 5 to 25, and
plates are noisier than this."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope through the origin and how sure it is."""

    value: float
    error: float
    """Standard error, contacts being independent of each other."""
    contacts: int

    @property
    def reversed(self) -> bool:
        """Whether the free moment is reversed: the slope is nearer to −2 than to anything else.

        Its 95 % interval holds no slope nearer to 0 (sound) than to −2, and none as far beyond −2,
        where a fault of another kind is at work.
        """
        if self.contacts < FEWEST:
            return False
        reach = float(special.stdtrit(self.contacts - 1, CONFIDENCE)) * self.error
        near = self.value + reach < 0.5 * REVERSED
        return near and self.value - reach > 1.5 * REVERSED


def free_moment_slope(residual: FloatArray, free_moment: FloatArray, contact: IntArray) -> Slope:
    """Slope of the residual moment about the vertical on the measured free moment.

    Parameters
    ----------
    residual : (T,) array, N m
        What the measured forces do not explain of the rate of angular momentum, about y.
    free_moment : (T,) array, N m
    contact : (T,) int array
        Number of the contact that each frame belongs to.

    Returns
    -------
    Slope
        NaN without any contact or free moment.

    Notes
    -----
    ``residual = rate − lever − T``. A sound T leaves no trace of itself: slope 0. Reversed,
    ``−T`` was measured, and the residual is ``2 T``: slope −2. Errors within a contact depend on
    each other, so that the standard error is that of contacts.

    Examples
    --------
    >>> measured = np.array([4.0, 6.0, 5.0, -2.0, 3.0, 2.0])
    >>> found = free_moment_slope(-2.0 * measured, measured, np.array([0, 0, 1, 1, 2, 2]))
    >>> round(found.value, 6), found.reversed
    (-2.0, True)
    """
    numbers, of_frame = np.unique(contact, return_inverse=True)
    products = np.bincount(of_frame, residual * free_moment, len(numbers))
    squares = np.bincount(of_frame, free_moment**2, len(numbers))
    whole = float(squares.sum())
    if whole == 0.0:
        return Slope(math.nan, math.nan, len(numbers))
    value = float(products.sum()) / whole
    if len(numbers) < 2:
        return Slope(value, math.nan, len(numbers))
    apart = products - value * squares
    error = math.sqrt(float((apart**2).sum()) * len(numbers) / (len(numbers) - 1)) / whole
    return Slope(value, error, len(numbers))


def free_moment_measured(free_moment: FloatArray) -> bool:
    """Whether the free moment of every foot that was loaded was recorded.

    Parameters
    ----------
    free_moment : (S, 2) array, N m
        Of both feet; NaN where a foot is not loaded.

    Returns
    -------
    bool
        False where a foot's is never larger than ``LEAST_FREE_MOMENT``: absent or all-zero columns.

    Examples
    --------
    >>> turning = 8.0 * np.sin(np.linspace(0.0, 3.0, 50))
    >>> free_moment_measured(np.stack([turning, np.full(50, np.nan)], axis=1))
    True
    >>> free_moment_measured(np.stack([turning, np.zeros(50)], axis=1))
    False
    """
    size = np.abs(np.nan_to_num(free_moment)).max(axis=0, initial=0.0)
    loaded = np.isfinite(free_moment).any(axis=0)
    return bool((size > LEAST_FREE_MOMENT)[loaded].all())
