"""Clocks of a session: one for all trials, about which each trial's own scatters.

Cameras and plates of a laboratory are started together, so that the offset of their clocks is
nearly the same in all trials; a trial that was started by hand, or whose frames were cut, has
another one. Both are one law with long tails: there is no limit from which on a clock is another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.vectors import FloatArray

SCATTER_SD_S = 0.0007
"""Scatter of the clocks of one session's trials, s: trials of ten runners at 2 to 5 m/s."""

LAG_SD_S = 0.003
"""Error of the lag of the vertical force behind the centre of mass of the markers, s: where plates
are not where they are said to be, a centre of pressure that lies 60 mm ahead of a runner at 7 m/s
looks 9 ms early, and the vertical force does not."""

TAIL_GRID = 4001
"""Instants at which the law of a clock is evaluated: a twelfth of its SD apart at a lag of 1 s."""

Information = tuple[FloatArray, FloatArray]
"""Equations (P, P) and (P,) of the parameters from one trial, without priors."""


def tail_precision(deviation: float, sd: float) -> float:
    """Precision of a prior with long tails at a deviation: ``1 / (σ² + δ²/2)``, Cauchy's.

    Solved for again and again with it, a value far out is hardly pulled to the prior.
    """
    return 1.0 / (sd**2 + 0.5 * deviation**2)


def clock_by_lag(clock: float, sd: float, lag: float) -> tuple[float, float]:
    """Mean and standard deviation, s, of the clock of a trial that is not fitted.

    About a `clock` that is known to `sd`, with long tails (`tail_precision`), by the lag of the
    trial's forces, ± `LAG_SD_S`. A lag nearby hardly moves it, one far out is the clock, and
    between them it is as uncertain as both are apart. Without a lag (NaN) it is known no better
    than with one that agrees.
    """
    if not np.isfinite(lag):
        return clock, max(sd, clock_by_lag(clock, sd, clock)[1])
    reach = 8.0 * max(sd, LAG_SD_S)
    grid = np.linspace(min(clock, lag) - reach, max(clock, lag) + reach, TAIL_GRID)
    log_density = -np.log(sd**2 + 0.5 * (grid - clock) ** 2) - 0.5 * ((grid - lag) / LAG_SD_S) ** 2
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    mean = float(weight @ grid)
    return mean, float(np.sqrt(weight @ (grid - mean) ** 2))


@dataclass(frozen=True, slots=True)
class ClockScatter:
    """Prior of the deviation of a trial's clock from the session's, s."""

    mean: float
    precision: float

    @classmethod
    def about(
        cls, deviation: float, lag: float = float("nan"), own_share: float = 1.0
    ) -> ClockScatter:
        """Prior near a `deviation`; `lag`: that of the vertical force, less the session's.

        `own_share`: of the variance of the trial's clock, that it does not share with the session's
        other trials. Deviations are known better than clocks by it, and the prior weighs less.
        """
        precision = own_share * tail_precision(deviation, SCATTER_SD_S)
        if not np.isfinite(lag):
            return cls(0.0, precision)
        by_lag = 1.0 / LAG_SD_S**2
        return cls(lag * by_lag / (precision + by_lag), precision + by_lag)


def moved_clock(information: Information, at: int, shift: float) -> Information:
    """Equations of the session's clock, number `at`, from those of a trial's.

    With forces that were made earlier by a `shift`, s, the trial's clock is the session's less it.
    """
    matrix, right = information
    return matrix, right + shift * matrix[:, at]


def without_scatter(information: Information, at: int, scatter: ClockScatter) -> Information:
    """Equations of the session's parameters when the trial's clock scatters about theirs.

    The deviation δ of the clock, number `at`, is eliminated with its prior of mean m and precision
    λ: ``S' = S − s sᵀ / (S_cc + λ)``, ``g' = g − s (g_c + λ m) / (S_cc + λ)``.
    """
    matrix, right = information
    slope = matrix[:, at] / (matrix[at, at] + scatter.precision)
    pull = right[at] + scatter.precision * scatter.mean
    return matrix - np.outer(slope, matrix[at]), right - slope * pull


def deviation(information: Information, at: int, scatter: ClockScatter, theta: FloatArray) -> float:
    """Deviation of a trial's clock, s, given the session's parameters (P,)."""
    matrix, right = information
    pull = right[at] + scatter.precision * scatter.mean - matrix[at] @ theta
    return float(pull / (matrix[at, at] + scatter.precision))


def with_deviation(
    information: Information,
    at: int,
    scatter: ClockScatter,
    theta: FloatArray,
    covariance: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Parameters (P,) and their covariance (P, P) on a trial's own clock, given the session's."""
    matrix, _ = information
    precision = matrix[at, at] + scatter.precision
    turn = np.eye(len(theta))
    turn[at] -= matrix[at] / precision
    values = theta.copy()
    values[at] += deviation(information, at, scatter, theta)
    spread = turn @ covariance @ turn.T
    spread[at, at] += 1.0 / precision
    return values, spread
