"""One athlete alone: estimates from the athlete's own steps, which say nothing of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.names import ROLE_GROUPS
from aqbio.stats.athletes import cells, centred, consecutive_pairs, with_speeds
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import Estimate, mean_estimate, possible_values
from aqbio.stats.partitions import BOTH_LEGS, SWING_ALONE, cosines, opposition
from aqbio.stats.registry import Hypothesis
from aqbio.stats.step_statistics import log_ratios
from aqbio.stats.timing import lag


@dataclass(frozen=True, slots=True)
class Points:
    """Steps behind a number of one athlete.

    Attributes
    ----------
    athlete : (n,) int array
    y : (n,) array
    x : (n,) array or None
        None for a mean, otherwise what the slope is over.
    """

    athlete: IntArray
    y: FloatArray
    x: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class AthleteInterval:
    """Estimate of one athlete with its interval over steps.

    Attributes
    ----------
    hypothesis, athlete : str
    estimate, ci_low, ci_high : float
        95 %, over the athlete's own steps.
    n_steps : int
    se : float
        Standard error behind the interval.
    """

    hypothesis: str
    athlete: str
    estimate: float
    ci_low: float
    ci_high: float
    n_steps: int
    se: float


def athlete_intervals(evidence: Evidence, hypothesis: Hypothesis) -> tuple[AthleteInterval, ...]:
    """Estimate of every athlete with an interval over the athlete's own steps.

    Parameters
    ----------
    evidence : Evidence
    hypothesis : Hypothesis

    Returns
    -------
    tuple of AthleteInterval
        Empty where the hypothesis's statistic is no number of steps, or nothing was measured.

    Notes
    -----
    Steps count as independent, which makes the intervals too narrow where they are not; they speak
    of this athlete on this day.
    """
    made = POINTS.get(hypothesis.statistic)
    if made is None:
        return ()
    points = made(evidence)
    rows = []
    for number, name in enumerate(evidence.athletes.name):
        own = points.athlete == number
        found, count = _estimate(points.y[own], None if points.x is None else points.x[own])
        if np.isfinite(found.value):
            found = replace(found, within=possible_values(hypothesis.statistic))
            low, high = found.interval(0.95) if np.isfinite(found.se) else (np.nan, np.nan)
            own_row = (found.value, low, high, count, found.se)
            rows.append(AthleteInterval(hypothesis.id, name, *own_row))
    return tuple(rows)


def _estimate(y: FloatArray, x: FloatArray | None) -> tuple[Estimate, int]:
    """Mean, or slope by least squares, and the number of steps behind it."""
    known = np.isfinite(y) if x is None else np.isfinite(y) & np.isfinite(x)
    if x is None:
        return mean_estimate(y[known]), int(known.sum())
    x, y = x[known], y[known]
    nothing = Estimate(np.nan, np.nan, np.nan)
    if len(y) < 4 or x.std() == 0.0:
        return nothing, len(y)
    from scipy import stats

    line = stats.linregress(x, y)
    return Estimate(float(line.slope), float(line.stderr), len(y) - 2.0), len(y)


def _oppositions(evidence: Evidence) -> Points:
    momentum = evidence.steps.momentum[:, 0, :, :, 1]
    both = opposition(momentum, (SWING_ALONE, BOTH_LEGS))
    return Points(evidence.steps.athlete, both[:, 0] - both[:, 1])


def _cosines(evidence: Evidence) -> Points:
    pair = [ROLE_GROUPS.index(name) for name in ("arms", "push_leg")]
    momentum = evidence.steps.momentum[:, 0, :, :, 1][..., pair]
    return Points(evidence.steps.athlete, cosines(momentum)[:, 0, 1])


def _shares(evidence: Evidence) -> Points:
    return Points(evidence.steps.athlete, evidence.steps.hub_share)


def _ratios(evidence: Evidence) -> Points:
    steps = evidence.steps
    relative = 10.0 * _speeds(evidence) / evidence.athletes.fastest[steps.athlete]
    return Points(steps.athlete, log_ratios(steps)["joint moments"], relative)


def _speeds(evidence: Evidence) -> FloatArray:
    """Speeds of steps, NaN for athletes with one speed only."""
    steps = evidence.steps
    return with_speeds(steps.speed, steps.athlete, len(evidence.athletes.name))


def _lags(evidence: Evidence) -> Points:
    steps = evidence.steps
    return Points(steps.athlete, lag(steps.swing_peak, steps.force_peak), _speeds(evidence))


def _next_steps(evidence: Evidence) -> Points:
    steps = evidence.steps
    before, after = consecutive_pairs(steps.trial, steps.number)
    x, y = steps.yaw_impulse[before], steps.time_deviation[after]
    known = np.isfinite(x) & np.isfinite(y)
    who = steps.athlete[before][known]
    cell, _ = cells(who, steps.level[before][known])
    away_x, away_y = centred(x[known], cell), centred(y[known], cell)
    for athlete in np.unique(who):
        own = who == athlete
        away_x[own] /= away_x[own].std() or np.nan
        away_y[own] /= away_y[own].std() or np.nan
    return Points(who, away_y, away_x)


POINTS: dict[str, Callable[[Evidence], Points]] = {
    "opposition_difference": _oppositions,
    "arms_push_cosine": _cosines,
    "hub_share_mean": _shares,
    "ratio_slope": _ratios,
    "lag_slope": _lags,
    "next_step_slope": _next_steps,
}
"""Steps behind the statistics that one athlete alone can have."""
