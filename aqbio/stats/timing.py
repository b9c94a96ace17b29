"""Directions and instants that repeat with the step: circular statistics and lags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.stats.within import centred
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Direction:
    """Where shares of a cycle gather."""

    mean: float
    """Share of the cycle, −0.5 to 0.5."""
    sd: float
    """Circular standard deviation, share of the cycle."""
    length: float
    """Mean resultant length: 0 scattered, 1 all the same."""
    p: float
    """Rayleigh's test of no direction."""


def direction(shares: FloatArray) -> Direction:
    """Circular mean, spread and Rayleigh's test of shares of a cycle.

    Parameters
    ----------
    shares : (n,) array
        A cycle is 1; 0.99 and 0.01 are neighbours.

    References
    ----------
    Fisher NI (1993), Statistical analysis of circular data, Cambridge University Press, p. 70
    (Rayleigh's p value with its correction for small samples).

    Examples
    --------
    >>> found = direction(np.array([0.95, 0.05, 0.0]))
    >>> abs(round(found.mean, 12)), round(found.length, 3)
    (0.0, 0.967)
    """
    from scipy import stats  # a third of a second, for circular statistics alone

    known = shares[np.isfinite(shares)]
    angles = 2.0 * np.pi * known
    mean = float(stats.circmean(angles, high=np.pi, low=-np.pi)) / (2.0 * np.pi)
    spread = float(stats.circstd(angles)) / (2.0 * np.pi)
    length = float(np.abs(np.exp(1j * angles).mean()))
    count, z = len(known), len(known) * length**2
    series = (
        1.0
        + (2.0 * z - z**2) / (4.0 * count)
        - (24.0 * z - 132.0 * z**2 + 76.0 * z**3 - 9.0 * z**4) / (288.0 * count**2)
    )
    return Direction(mean, spread, length, float(np.clip(np.exp(-z) * series, 0.0, 1.0)))


def lag(swing_peak: FloatArray, force_peak: FloatArray) -> FloatArray:
    """Time from the peak of force to the peak of the swing leg, share of the step.

    Parameters
    ----------
    swing_peak, force_peak : (S,) arrays
        Instants as shares of the step, from 0 (touchdown) to 1.

    Returns
    -------
    (S,) array
        From −0.5 to 0.5: the nearer one of the peaks before and after.

    Examples
    --------
    >>> lag(np.array([0.25, 0.95]), np.array([0.2, 0.15])).round(12)
    array([ 0.05, -0.2 ])
    """
    away: FloatArray = (swing_peak - force_peak + 0.5) % 1.0 - 0.5
    return away


def cross_phase(one: FloatArray, other: FloatArray) -> FloatArray:
    """Phase of one curve after another at the frequency of the cycle.

    Parameters
    ----------
    one, other : (..., T) arrays
        One cycle at equal distances, without its last point (which is the first one of the next).

    Returns
    -------
    (...) array
        Share of the cycle, −0.5 to 0.5; positive where `one` is later.

    Examples
    --------
    >>> t = np.arange(100) / 100
    >>> float(cross_phase(np.cos(2 * np.pi * (t - 0.1)), np.cos(2 * np.pi * t)).round(12))
    0.1
    """
    turn = np.exp(-2j * np.pi * np.arange(one.shape[-1]) / one.shape[-1])
    phase: FloatArray = -np.angle((one @ turn) * np.conj(other @ turn)) / (2.0 * np.pi)
    return phase


def time_deviation(duration: pd.Series[float], cell: list[pd.Series[Any]]) -> pd.Series[float]:
    """Absolute difference of a step's duration from the athlete's mean of that side and speed.

    Parameters
    ----------
    duration : (S,) Series, s
    cell : list of (S,) Series
        Athlete, level and side.

    Returns
    -------
    (S,) Series, s
        NaN where the athlete has fewer than three such steps.
    """
    enough = duration.groupby(cell, observed=True).transform("size") >= 3
    return centred(duration, cell).abs().where(enough)
