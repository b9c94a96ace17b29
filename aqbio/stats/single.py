"""One athlete alone: estimates from the athlete's own steps, which say nothing of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import Estimate, mean_estimate, possible_values
from aqbio.stats.registry import Hypothesis
from aqbio.stats.step_statistics import is_top_speed, visible_pairs
from aqbio.stats.within import with_speeds

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class AthleteInterval:
    """Estimate of one athlete with its interval over steps."""

    hypothesis: str
    athlete: str
    estimate: float
    ci_low: float
    ci_high: float
    """estimate, ci_low, ci_high: 95 %, over the athlete's own steps."""
    n_steps: int
    se: float
    """Standard error behind the interval."""


def athlete_intervals(evidence: Evidence, hypothesis: Hypothesis) -> tuple[AthleteInterval, ...]:
    """Estimate of every athlete with an interval over the athlete's own steps.

    Empty where the statistic is no number of steps. Steps count as independent, which makes the
    intervals too narrow where they are not; they speak of this athlete on this day.
    """
    made = POINTS.get(hypothesis.statistic)
    if made is None:
        return ()
    rows = []
    for name, points in made(evidence).groupby("participant_id", observed=True):
        found, count = _estimate(points)
        if np.isfinite(found.value):
            found = replace(found, within=possible_values(hypothesis.statistic))
            low, high = found.interval(0.95) if np.isfinite(found.se) else (np.nan, np.nan)
            own_row = (found.value, low, high, count, found.se)
            rows.append(AthleteInterval(hypothesis.id, str(name), *own_row))
    return tuple(rows)


def _estimate(points: pd.DataFrame) -> tuple[Estimate, int]:
    """Mean of y, or its slope on x by least squares, and the number of steps behind it."""
    known = points.dropna()
    count = len(known)
    if "x" not in known:
        return mean_estimate(known["y"]), count
    if count < 4 or known["x"].std(ddof=0) == 0.0:
        return Estimate(np.nan, np.nan, np.nan), count
    from scipy import stats

    line = stats.linregress(known["x"], known["y"])
    return Estimate(float(line.slope), float(line.stderr), count - 2.0), count


def _points(
    y: str, x: Callable[[pd.DataFrame], pd.Series[float]] | None = None
) -> Callable[[Evidence], pd.DataFrame]:
    """From evidence to athlete, ``y`` and, for a slope, ``x`` of every step."""

    def points(evidence: Evidence) -> pd.DataFrame:
        steps = evidence.steps
        table = steps[["participant_id"]].assign(y=steps[y])
        return table if x is None else table.assign(x=x(steps))

    return points


def _speeds(steps: pd.DataFrame) -> pd.Series[float]:
    """Speeds of steps, NaN for athletes with one speed only."""
    return with_speeds(steps["speed_mps"], steps["participant_id"])


def _caused(evidence: Evidence) -> pd.DataFrame:
    """Caused shares at the highest speed under the contact model that is kindest to the claim."""
    top = evidence.where(is_top_speed(evidence.steps))
    means = {model: top.means(own).mean() for model, own in top.caused().items()}
    known = {model: value for model, value in means.items() if np.isfinite(value)}
    table = top.steps[["participant_id"]]
    if not known:
        return table.assign(y=np.nan)
    return table.assign(y=top.caused()[max(known, key=lambda model: known[model])])


POINTS: dict[str, Callable[[Evidence], pd.DataFrame]] = {
    "opposition_difference": _points("opposition_difference"),
    "arms_push_cosine": _points("arms_push_cosine"),
    "caused_share": _caused,
    "lag_slope": _points("lag", _speeds),
    "next_step_slope": lambda evidence: visible_pairs(evidence)[["participant_id", "x", "y"]],
}
"""Steps behind the statistics that one athlete alone can have."""
