"""Clocks of a session: one for all trials, and one of its own for a trial that disagrees.

Cameras and plates of a laboratory are started together, so that the offset of their clocks is the
same in all trials; a trial that was started by hand, or whose frames were cut, has another one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aqbio.vectors import FloatArray

MIN_CLOCK_DIFFERENCE_S = 0.004
"""Least difference between a trial's clock and the others' that is another clock, s: those of four
trials of one runner at 2 to 5 m/s lie within 1 ms."""

MIN_CLOCK_DIFFERENCE_SD = 3.0
"""The same in standard deviations of the difference."""

MIN_LAG_SHARE = 0.5
"""Share of that difference by which the vertical force must lag, too, behind the centre of mass of
the markers: where plates are not where they are said to be, a centre of pressure that lies 60 mm
ahead of a runner at 7 m/s looks 9 ms early, and the vertical force does not."""

Information = tuple[FloatArray, FloatArray]
"""Equations (P, P) and (P,) of the parameters from one trial, without priors."""


def trials_of_other_clock(
    clocks: Mapping[str, tuple[float, float]], lags: Mapping[str, float]
) -> tuple[str, ...]:
    """Trials whose clock is another one than the median trial's, from offset and own SD, s.

    Of two that differ, both: which one is right is unknown. ``lags``: of the vertical forces behind
    the markers, s, NaN where unknown; a difference that they do not show is not one of clocks.
    """
    if len(clocks) < 2:
        return ()
    offset, sd = np.array(list(clocks.values())).T
    lag = np.array([lags.get(name, np.nan) for name in clocks])
    spread = np.sqrt(sd**2 + np.median(sd) ** 2)
    limit = np.maximum(MIN_CLOCK_DIFFERENCE_SD * spread, MIN_CLOCK_DIFFERENCE_S)
    difference = offset - _weighted_median(offset, 1.0 / sd**2)
    lag_difference = lag - (np.nanmedian(lag) if np.isfinite(lag).any() else np.nan)
    differs = np.abs(difference) > limit
    if len(clocks) == 2:
        difference, lag_difference = np.diff(offset), np.diff(lag)
        differs[:] = abs(difference) > limit.max()
    denied = lag_difference * np.sign(difference) < MIN_LAG_SHARE * np.abs(difference)
    return tuple(name for name, other in zip(clocks, differs & ~denied, strict=True) if other)


def _weighted_median(values: FloatArray, weights: FloatArray) -> float:
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(share, 0.5)])


def moved_clock(information: Information, at: int, shift: float) -> Information:
    """Equations of the session's clock, number `at`, from those of a trial's.

    With forces that were made earlier by a `shift`, s, the trial's clock is the session's less it.
    """
    matrix, right = information
    return matrix, right + shift * matrix[:, at]


def without_clock(information: Information, at: int, precision: float) -> Information:
    """Equations of the other parameters when the clock, number `at`, is the trial's own.

    Eliminated with its prior of mean 0, ``S' = S − s sᵀ / (S_cc + Λ_c)``: its row is empty.
    """
    matrix, right = information
    slope = matrix[:, at] / (matrix[at, at] + precision)
    reduced = matrix - np.outer(slope, matrix[at])
    reduced[at] = reduced[:, at] = 0.0
    rest = right - slope * right[at]
    rest[at] = 0.0
    return reduced, rest


def own_clock(
    information: Information, at: int, precision: float, theta: FloatArray, covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Parameters (P,) and their covariance (P, P) with a trial's own clock, given the others.

    ``τ = (g_c − s · θ) / (S_cc + Λ_c)`` over the others, and follows them through the draws.
    """
    matrix, right = information
    precision_at = matrix[at, at] + precision
    is_other = np.arange(len(theta)) != at
    follows = np.where(is_other, -matrix[at] / precision_at, 0.0)
    turn = np.diag(is_other.astype(float))
    turn[at] = follows
    values = theta.copy()
    values[at] = right[at] / precision_at + follows @ theta
    spread = turn @ covariance @ turn.T
    spread[at, at] += 1.0 / precision_at
    return values, spread
