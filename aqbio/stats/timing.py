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

    Fisher NI (1993), Statistical analysis of circular data, p. 70 (p value for small samples).
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
    """Time from the peak of force to the nearest peak of the swing leg, −0.5 to 0.5 steps."""
    away: FloatArray = (swing_peak - force_peak + 0.5) % 1.0 - 0.5
    return away


def time_deviation(duration: pd.Series[float], cell: list[pd.Series[Any]]) -> pd.Series[float]:
    """Absolute deviation of a step's duration from the mean of its cell; NaN below three steps."""
    enough = duration.groupby(cell, observed=True).transform("size") >= 3
    return centred(duration, cell).abs().where(enough)
