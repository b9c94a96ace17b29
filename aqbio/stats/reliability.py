"""Reliability of every outcome: ICC, SEM and MDC from repeated trials and repeated sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from aqbio.names import NORMAL_95
from aqbio.stats.claim_columns import SPEED
from aqbio.stats.evidence import TRIAL
from aqbio.stats.within import centred, means_by

if TYPE_CHECKING:
    Numbers = pd.Series[float]

Basis = Literal["trials", "speeds", "sessions"]
"""trials: of one athlete at one speed in one session; speeds: trials at several speeds, by what a
common law of speed leaves of them, which contains how athletes' laws differ; sessions: means of
an athlete's sessions at equal speed, less what all athletes changed by."""

MIN_DEGREES = 3
"""Least degrees of freedom of an error of measurement."""

PERCENT_OF_MEAN = 0.5
"""Least mean over the standard deviation between trials for a percentage of the mean."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """Reliability of the mean of one trial, or session, of one outcome."""

    outcome: str
    unit: str
    basis: Basis
    n_athletes: int
    n_trials: int
    """n_athletes, n_trials: Those that it is estimated from."""
    average: float
    sem: float
    """Standard error of measurement: standard deviation of one trial's mean about the athlete's."""
    df: int
    """Degrees of freedom of the SEM."""
    mdc: float
    """Minimal detectable change of one athlete between two trials, 95 %: 1.96 √2 SEM."""
    mdc_percent: float
    """The same in percent of the mean; NaN of an outcome around 0."""
    icc: float
    icc_low: float
    icc_high: float
    """icc, icc_low, icc_high: Intraclass correlation of single trials, one-way random effects
    (Shrout and Fleiss 1979, Psychol Bull 86:420-428), with its 95 % interval."""


def reliabilities(
    steps: pd.DataFrame,
    people: Mapping[str, str],
    units: Mapping[str, str],
    outcomes: Sequence[str],
) -> list[Reliability]:
    """Reliability of outcomes from steps in the normal condition, with a column ``level``.

    `people`: who each participant is; where persons have several participants, sessions too.
    """
    keys = [steps[name].astype(str) for name in TRIAL]
    names = [SPEED, "level", *(name for name in outcomes if name != SPEED)]
    trials = steps[names].astype(float).groupby(keys).mean().reset_index()
    trials = trials.assign(athlete=trials["participant_id"].map(dict(people)))
    single = trials["participant_id"].groupby(trials["athlete"]).transform("min")
    first = trials[trials["participant_id"] == single]
    rows = []
    for outcome in outcomes:
        if outcome == SPEED:
            continue
        rows += [_of_trials(first, outcome, units[outcome]), _of_sessions(trials, outcome, units)]
    return [row for row in rows if row is not None]


def at_common_speed(
    speed: Numbers, values: Numbers, athlete: pd.Series[Any]
) -> tuple[Numbers, int]:
    """Values less a common parabola of the logarithm of speed within athletes, and its terms."""
    logs = speed.map(np.log)
    offset = logs - logs.mean()
    powers = np.column_stack([centred(column, athlete) for column in (offset, offset**2)])
    rank = int(np.linalg.matrix_rank(powers, tol=1e-6))
    if rank == 0:
        return values, 0
    slopes = np.linalg.lstsq(powers[:, :rank], centred(values, athlete).to_numpy(), rcond=None)[0]
    law = np.column_stack([offset, offset**2])[:, :rank] @ slopes
    return values - law, rank


def _of_trials(trials: pd.DataFrame, outcome: str, unit: str) -> Reliability | None:
    """Reliability of trials at one speed where some were repeated, otherwise at several speeds."""
    complete = trials.dropna(subset=[outcome, SPEED])
    if complete["athlete"].nunique() < 2:
        return None
    values, terms = at_common_speed(complete[SPEED], complete[outcome], complete["athlete"])
    basis: Basis = "trials"
    cell = [complete["athlete"], complete["level"]]
    df = len(complete) - complete.groupby(["athlete", "level"]).ngroups
    squares = float((centred(complete[outcome], cell) ** 2).sum())
    if df < MIN_DEGREES:
        basis, df = "speeds", len(complete) - complete["athlete"].nunique() - terms
        squares = float((centred(values, complete["athlete"]) ** 2).sum())
    return _reliability(outcome, unit, basis, values, complete["athlete"], (squares, df))


def _of_sessions(
    trials: pd.DataFrame, outcome: str, units: Mapping[str, str]
) -> Reliability | None:
    """Reliability of sessions, of people who have several; all may have changed alike."""
    complete = trials.dropna(subset=[outcome, SPEED])
    sessions = complete.groupby("athlete")["participant_id"].transform("nunique")
    complete = complete[sessions > 1]
    if complete["athlete"].nunique() < 2:
        return None
    values, _ = at_common_speed(complete[SPEED], complete[outcome], complete["athlete"])
    means = values.groupby([complete["athlete"], complete["participant_id"]]).mean()
    athlete = means.index.get_level_values(0).to_series(means.index)
    number = means.groupby(level=0).cumcount()
    rest = centred(means, athlete)
    rest = rest - rest.groupby(number).transform("mean")
    df = (means.groupby(level=0).ngroups - 1) * int(number.max())
    error = (float((rest**2).sum()), df)
    return _reliability(outcome, units[outcome], "sessions", means, athlete, error)


def _reliability(
    outcome: str,
    unit: str,
    basis: Basis,
    values: Numbers,
    athlete: pd.Series[Any],
    error: tuple[float, int],
) -> Reliability | None:
    """Reliability from values of trials, and the sum of squares and freedom of their error."""
    squares, df = error
    if df < MIN_DEGREES:
        return None
    variance, count = squares / df, int(athlete.nunique())
    sizes = athlete.value_counts()
    mean_size = (len(values) - float((sizes**2).sum()) / len(values)) / (count - 1)
    between = mean_size * float(means_by(values, athlete).var())
    f = between / variance if variance > 0 else np.inf
    ratios = (f, f / stats.f.ppf(0.975, count - 1, df), f * stats.f.ppf(0.975, df, count - 1))
    icc, low, high = (
        1.0 if np.isinf(ratio) else max((ratio - 1.0) / (ratio + mean_size - 1.0), 0.0)
        for ratio in ratios
    )
    mean, sem = float(values.mean()), float(np.sqrt(variance))
    mdc = NORMAL_95 * float(np.sqrt(2.0)) * sem
    of_mean = abs(mean) > PERCENT_OF_MEAN * float(values.std())
    percent = 100.0 * mdc / abs(mean) if of_mean else np.nan
    return Reliability(
        outcome, unit, basis, count, len(values), mean, sem, df, mdc, percent, icc, low, high
    )
