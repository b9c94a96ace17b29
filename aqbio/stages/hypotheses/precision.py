"""How sure every trial is of what each verdict rests on: what the precision gate reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.stages.hypotheses.contact_models import vertical_forces
from aqbio.stats.athletes import cells, group_means, group_slopes, log_spread
from aqbio.stats.evidence import StepEvidence
from aqbio.stats.registry import Registry
from aqbio.stats.step_statistics import log_ratios
from aqbio.stats.timing import lag

if TYPE_CHECKING:
    import pandas as pd

Z95 = 1.96

FORCE_SOURCES = ("swing_leg", "arms", "torso")


def statistic_sds(
    steps: StepEvidence,
    athlete: IntArray,
    posterior: Sequence[Mapping[str, float]],
    share_sd: FloatArray,
    registry: Registry,
) -> dict[str, FloatArray]:
    """Standard deviation of every hypothesis's statistic by trial, as its gate reads it.

    Parameters
    ----------
    steps : StepEvidence
    athlete : (T,) int array
        Whose trial it is.
    posterior : sequence of T mappings
        From `aqbio.stages.evidence.posterior.posterior_sds`; empty for a plain trial.
    share_sd : (T,) array
        From :func:`share_sds`.
    registry : Registry

    Returns
    -------
    dict of (T,) arrays
        NaN where it is not known: the gate does not pass such a trial.

    Notes
    -----
    H1, H2: the posterior of the trial's own number. H4: the drawn intervals of the force shares.
    H3d, H5a: what the athlete's slope gets from errors of single trials; such errors are taken as
    large as the posterior says, but not larger than the scatter of the trials about the athlete's
    own line, in which they show. H5b: likewise, of the logarithm of the spread by speed. H3e: the
    error of a step's impulse dilutes the slope by its share of the impulse's variance; that share
    of the smallest effect.
    """
    known = {
        name: np.array([one.get(name, np.nan) for one in posterior])
        for name in ("opposition", "arms_push_cosine", "log_ratio", "lag", "step_yaw_impulse")
    }
    fastest = _by_athlete(steps.speed, steps.athlete, athlete, np.nanmax)
    relative = 10.0 * steps.speed / fastest[steps.athlete]
    lags = lag(steps.swing_peak, steps.force_peak)
    ratio = log_ratios(steps)["momentum"]
    return {
        "H1": known["opposition"],
        "H2": known["arms_push_cosine"],
        "H3d": _slope_sd(steps, athlete, (relative, ratio), known["log_ratio"]),
        "H3e": registry["H3e"].delta
        * _share_of_variance(steps, athlete, known["step_yaw_impulse"]),
        "H4": share_sd,
        "H5a": _slope_sd(steps, athlete, (steps.speed, lags), known["lag"]),
        "H5b": _spread_slope_sd(steps, athlete, lags),
    }


def _by_athlete(
    values: FloatArray, who: IntArray, athlete: IntArray, summary: Callable[[FloatArray], Any]
) -> FloatArray:
    """One number per athlete, NaN where there is none."""
    count = int(max(athlete.max(initial=-1), who.max(initial=-1))) + 1
    found = np.full(count, np.nan)
    for one in range(count):
        own = values[(who == one) & np.isfinite(values)]
        if len(own):
            found[one] = summary(own)
    return found


def _slope_sd(
    steps: StepEvidence, athlete: IntArray, columns: tuple[FloatArray, FloatArray], sd: FloatArray
) -> FloatArray:
    """Standard deviation of each athlete's slope over trials, given to all of the athlete's."""
    count = len(athlete)
    x, y = (group_means(column, steps.trial, count) for column in columns)
    people = int(athlete.max(initial=-1)) + 1
    result = np.full(count, np.nan)
    slopes = group_slopes(x, y, athlete, people)
    for one in range(people):
        own = np.flatnonzero((athlete == one) & np.isfinite(x + y))
        if len(own) < 3 or not np.isfinite(slopes[one]):
            continue
        away = x[own] - x[own].mean()
        rest = y[own] - y[own].mean() - slopes[one] * away
        scatter = float(np.sqrt((rest**2).sum() / (len(own) - 2)))
        error = min(float(np.sqrt(np.mean(sd[own] ** 2))), scatter)
        result[athlete == one] = error / np.sqrt((away**2).sum())
    return result


def _spread_slope_sd(steps: StepEvidence, athlete: IntArray, lags: FloatArray) -> FloatArray:
    """The same for the logarithm of the lags' spread, over speeds instead of trials."""
    cell, owner = cells(steps.athlete, steps.level)
    spread = log_spread(lags, cell, len(owner))
    speed = group_means(steps.speed, cell, len(owner))
    result = np.full(len(athlete), np.nan)
    for one in np.unique(owner):
        own = np.flatnonzero((owner == one) & np.isfinite(spread))
        if len(own) < 3:
            continue
        away = speed[own] - speed[own].mean()
        slope = (away * spread[own]).sum() / (away**2).sum()
        rest = spread[own] - spread[own].mean() - slope * away
        scatter = np.sqrt((rest**2).sum() / (len(own) - 2))
        result[athlete == one] = scatter / np.sqrt((away**2).sum())
    return result


def _share_of_variance(steps: StepEvidence, athlete: IntArray, sd: FloatArray) -> FloatArray:
    """Share of the error in the variance of the yaw impulse over an athlete's steps.

    NaN where nothing varies, as in a single step.
    """
    spread = _by_athlete(steps.yaw_impulse, steps.athlete, athlete, np.std)
    spread[spread == 0.0] = np.nan
    share: FloatArray = (sd / spread[athlete]) ** 2
    return share


def share_sds(tables: Iterable[pd.DataFrame], trials: Sequence[tuple[str, str]]) -> FloatArray:
    """Standard deviation of the share of swing leg, arms and torso in the vertical impulse.

    Parameters
    ----------
    tables : iterable of DataFrame
        Contributions of one participant after the other.
    trials : sequence of T (participant, trial)

    Returns
    -------
    (T,) array
        From the drawn 95 % intervals of the three shares, taken as independent, over the stance
        mean of the vertical force; NaN where none was drawn.
    """
    found: dict[tuple[str, str], float] = {}
    for table in tables:
        found |= _share_sds(table)
    return np.array([found.get(trial, np.nan) for trial in trials])


def _share_sds(table: pd.DataFrame) -> dict[tuple[str, str], float]:
    key = ["participant_id", "trial_id"]
    stance = table[(table["phase"] == "stance") & (table["axis"] == "y")]
    parts = stance[
        (stance["statistic"] == "relative_force_mean") & stance["source"].isin(FORCE_SOURCES)
    ]
    wide = parts.assign(variance=((parts["high"] - parts["low"]) / (2.0 * Z95)) ** 2)
    steps = wide.groupby([*key, "step"], observed=True)["variance"]
    by_step = steps.sum(min_count=len(FORCE_SOURCES))
    relative = np.sqrt(by_step) / vertical_forces(stance).reindex(by_step.index)
    mean: dict[tuple[str, str], float] = (
        relative.groupby(level=[0, 1], observed=True).mean().to_dict()
    )
    return mean
