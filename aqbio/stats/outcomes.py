"""Statistics of the registry, their outcomes, and what one athlete's own steps say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.stats.athlete_statistics import imbalance_cost_between, slope_between
from aqbio.stats.contrasts import paired_contrast
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import ANYTHING, POSSIBLE, Estimate, mean_estimate
from aqbio.stats.measurement import MEDIAN_OF_NORMAL
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import Hypothesis
from aqbio.stats.step_statistics import (
    arms_push_cosine,
    caused_share,
    direction_over_size,
    disattenuated_pairs,
    is_top_speed,
    lag_slope,
    lag_spread_slope,
    next_step_slope,
    opposition_difference,
)
from aqbio.stats.within import with_speeds

if TYPE_CHECKING:
    import pandas as pd


def outcome(own: Evidence, hypothesis: Hypothesis) -> Outcome | None:
    """Outcome of one hypothesis from what counts for it; None where there is no estimate."""
    if any(not getattr(own.presence, need) for need in hypothesis.needs):
        return None
    found = STATISTICS[hypothesis.statistic].outcome(own, hypothesis)
    if not own.choices.outliers:
        found = found.without(far_from_others(found.values))
    return found if np.isfinite(found.estimate) else None


FAR = 3.5
"""Distance from the median, in standard deviations by the median of distances, from which on an
athlete is far from the others (Iglewicz and Hoaglin 1993)."""


def far_from_others(values: pd.DataFrame) -> pd.Index[Any]:
    """Athletes of whom some number is far from the others'."""
    away = (values - values.median()).abs()
    scale = away.median() / MEDIAN_OF_NORMAL
    return values.index[(away > FAR * scale.where(scale > 0)).any(axis=1)]


# single athletes ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AthleteInterval:
    """Estimate of one athlete with its interval over steps."""

    hypothesis: str
    participant_id: str
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
    made = STATISTICS[hypothesis.statistic].points
    if made is None:
        return ()
    rows = []
    for name, points in made(evidence).groupby("participant_id", observed=True):
        found, count = _estimate(points[points.columns.intersection(["x", "y"])])
        if np.isfinite(found.value):
            found = replace(found, within=POSSIBLE.get(hypothesis.statistic, ANYTHING))
            low, high = found.interval(0.95) if np.isfinite(found.se) else (np.nan, np.nan)
            own_row = (found.value, low, high, count, found.se)
            rows.append(AthleteInterval(hypothesis.id, str(name), *own_row))
    return tuple(rows)


def _estimate(points: pd.DataFrame) -> tuple[Estimate, int]:
    """Mean of y, or its slope on x by least squares, and the number of steps behind it."""
    known = points.dropna()
    count = len(known)
    if "x" not in known:
        return mean_estimate(known["y"], errors="plain"), count
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
    """Caused shares at the highest speed under the contact model that favours the claim most."""
    top = evidence.where(is_top_speed(evidence.steps))
    means = {model: top.means(own).mean() for model, own in top.caused().items()}
    known = {model: value for model, value in means.items() if np.isfinite(value)}
    table = top.steps[["participant_id"]]
    if not known:
        return table.assign(y=np.nan)
    return table.assign(y=top.caused()[max(known, key=lambda model: known[model])])


# the table ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statistic:
    """A `statistic` of the registry."""

    outcome: Callable[..., Outcome]
    """function. From evidence and hypothesis to the outcome."""
    points: Callable[[Evidence], pd.DataFrame] | None = None
    """function. To ``y`` and, of a slope, ``x`` of every step behind an athlete's own number; None
    where that is no number of the athlete's steps."""


STATISTICS = {
    "opposition_difference": Statistic(opposition_difference, _points("opposition_difference")),
    "arms_push_cosine": Statistic(arms_push_cosine, _points("arms_push_cosine")),
    "imbalance_cost": Statistic(imbalance_cost_between),
    "next_step_slope": Statistic(next_step_slope, disattenuated_pairs),
    "caused_share": Statistic(caused_share, _caused),
    "direction_over_size": Statistic(direction_over_size),
    "lag_slope": Statistic(lag_slope, _points("lag", _speeds)),
    "lag_spread_slope": Statistic(lag_spread_slope),
    "paired_contrast": Statistic(paired_contrast),
    # highest speed on the first of these, at equal speed, the second in the model
    "lateral_slope": Statistic(partial(slope_between, names=("lateral", "contact"))),
    "vertical_slope": Statistic(partial(slope_between, names=("flight",))),
    "attack_slope": Statistic(partial(slope_between, names=("swing_drive", "push_drive"))),
}
