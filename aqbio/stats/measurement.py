"""Errors of measurement: their effect on estimates, and their share of a variance.

Errors of trials are joint draws (`Evidence.draws`): a world is the same error of tables and model
in all athletes, and the same body in all trials of one. The error of an estimate is its standard
deviation over worlds: what athletes share does not average out, what is their own does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from aqbio.names import MEDIAN_OF_NORMAL
from aqbio.stats.evidence import CELL, SIDED, TRIAL, Evidence, for_steps
from aqbio.stats.registry import NEXT_STEP, Hypothesis
from aqbio.stats.within import consecutive
from aqbio.vectors import BoolArray, FloatArray, IntArray

DRAWN = ("opposition", "arms_push_cosine", "lag", "caused_share")
"""Numbers of trials whose errors are drawn; columns ``error_<name>`` and ``common_<name>`` of the
trials have the standard deviation over worlds, and that of what athletes share."""

STEP_ERRORS = ("step_lag", "step_yaw_impulse")
"""Errors of single steps, without what all steps of a side share."""

ERRORS = (*DRAWN, *STEP_ERRORS)
"""Columns ``error_<name>`` of the trials: standard deviations of a trial's own number, or, where
the name begins with step, of a single step's."""

COMPARED = {
    "opposition": "opposition_difference",
    "arms_push_cosine": "arms_push_cosine",
    "lag": "lag",
}
"""Numbers of trials that are compared between models, with the columns in the table of steps."""

LEAST_RELIABLE = 0.5
"""Least share of a variance that is no error of measurement."""

LEAST_LEFT = 0.25
"""Least share of a variance that remains after errors are subtracted: they are not known well
enough to remove more."""


def error(evidence: Evidence, name: str) -> pd.Series[float]:
    """Return one of `ERRORS` by trial, (T,); NaN where it is not known."""
    sd: pd.Series[float] = evidence.trials[f"error_{name}"].astype(float)
    return sd


def trial_draws(evidence: Evidence, name: str) -> FloatArray:
    """Deviations (T, K) of one of `DRAWN` by trial in every world; NaN where they are not known."""
    draws_of_name = evidence.draws.get(name)
    if draws_of_name is None:
        return np.full((len(evidence.trials), 1), np.nan)
    return draws_of_name.reindex(evidence.trials.index).to_numpy(dtype=float)


def with_known_error(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Mark trials with a known error of measurement, (T,).

    Where motion and force were not made consistent there is none: the residual moment judges them,
    whose failure invalidates what they show (`aqbio.observed.invalidated`).
    """
    trials = evidence.trials
    has_residual = ~trials["consistent"] & trials["residual_moment"].notna()
    precision = ESTIMATES.get(hypothesis.statistic)
    if precision is None:
        return has_residual
    is_drawn: BoolArray = np.asarray(np.isfinite(trial_draws(evidence, precision[0])).all(axis=1))
    return has_residual | is_drawn


def estimate_error(evidence: Evidence, hypothesis: Hypothesis) -> float:
    """Standard deviation over worlds of the mean over athletes; NaN: not known."""
    precision = ESTIMATES.get(hypothesis.statistic)
    if precision is None:
        return np.nan
    name, athletes = precision
    by_athlete = athletes(evidence, trial_draws(evidence, name))
    complete = by_athlete[np.isfinite(by_athlete).all(axis=1)]
    return float(complete.mean(axis=0).std()) if len(complete) else np.nan


def mean_draws(evidence: Evidence, draws: FloatArray) -> FloatArray:
    """Each athlete's mean over steps of deviations (T, K) of trials, (A, K)."""
    codes, steps = _athletes_of_trials(evidence)
    is_known = np.isfinite(draws).all(axis=1) & (steps > 0)
    sums = np.zeros((codes.max(initial=-1) + 1, draws.shape[1]))
    counts = np.zeros(len(sums))
    np.add.at(sums, codes[is_known], steps[is_known, None] * draws[is_known])
    np.add.at(counts, codes[is_known], steps[is_known])
    means: FloatArray = np.divide(
        sums, counts[:, None], out=np.full_like(sums, np.nan), where=counts[:, None] > 0
    )
    return means


def lag_slope_draws(evidence: Evidence, draws: FloatArray) -> FloatArray:
    """Each athlete's slope on speed of deviations (T, K) of whole trials, (A, K)."""
    codes, steps = _athletes_of_trials(evidence)
    speed = np.bincount(
        evidence.trial_of_step, evidence.steps["speed_mps"].to_numpy(dtype=float), len(codes)
    ) / np.maximum(steps, 1)
    slopes = np.full((codes.max(initial=-1) + 1, draws.shape[1]), np.nan)
    for athlete in range(len(slopes)):
        chosen = (codes == athlete) & (steps > 0) & np.isfinite(draws).all(axis=1)
        offset = speed[chosen] - speed[chosen].mean() if chosen.any() else np.zeros(0)
        if offset.any():
            slopes[athlete] = offset @ draws[chosen] / (offset @ offset)
    return slopes


def _athletes_of_trials(evidence: Evidence) -> tuple[IntArray, IntArray]:
    """Number of each trial's athlete, (T,), and of its steps, (T,)."""
    names = evidence.trials.index.get_level_values(0).astype(str)
    codes = np.unique(names, return_inverse=True)[1]
    counts: IntArray = np.bincount(evidence.trial_of_step, minlength=len(codes))
    return np.asarray(codes, dtype=np.int64), counts


ESTIMATES: dict[str, tuple[str, Callable[[Evidence, FloatArray], FloatArray]]] = {
    "opposition_difference": ("opposition", mean_draws),
    "arms_push_cosine": ("arms_push_cosine", mean_draws),
    "caused_share": ("caused_share", mean_draws),
    "lag_slope": ("lag", lag_slope_draws),
}
"""Statistics with a known precision: the number of a trial, and that of each athlete."""


def error_free_share(variance: pd.Series[float], noise: pd.Series[float]) -> pd.Series[float]:
    """Share of variances that is no error of measurement, at least `LEAST_LEFT`."""
    share: pd.Series[float] = (1.0 - noise / variance).clip(lower=LEAST_LEFT)
    return share


def step_variances(evidence: Evidence, column: str, cell: Sequence[str]) -> pd.DataFrame:
    """Variance of a column of steps and that of its errors: ``whole`` and ``noise`` by cell."""
    groups = [evidence.steps[name] for name in cell]
    values = evidence.steps[column].groupby(groups, observed=True)
    sd = for_steps(evidence, error(evidence, f"step_{column}")).set_axis(evidence.steps.index)
    noise = (sd.where(evidence.steps[column].notna()) ** 2).groupby(groups, observed=True)
    return pd.DataFrame({"whole": values.var(), "noise": noise.mean()})


FEWEST_DIFFERENCES = 4
"""Least differences between consecutive steps for an estimate of the spread at a speed."""

FEW_DIFFERENCES = 1.1
"""Bias of the logarithm of that spread of n differences, times n: 1.0 to 1.2 in 20 000 simulated
trials of 10 to 24 normal steps."""


def lag_variances(evidence: Evidence) -> pd.DataFrame:
    """Variance of the lag within trials and that of its errors: ``whole`` and ``noise`` by `CELL`.

    From differences between consecutive steps of a trial on the same side, by the median absolute
    deviation: differences between trials or sides and drift do not count as scatter, and a few
    wrong peaks have no effect.
    """
    steps = evidence.steps
    before, after = consecutive(steps, TRIAL, offset=2)
    lag = steps["lag"].to_numpy(dtype=float)
    pairs = steps.iloc[before][CELL].assign(change=lag[after] - lag[before])
    cells = pairs.groupby(CELL, observed=True)["change"]
    distance = (pairs["change"] - cells.transform("median")).abs()
    sizes = distance.groupby([pairs[name] for name in CELL], observed=True)
    count = sizes.count()
    middle = sizes.median().where(count >= FEWEST_DIFFERENCES)
    noise = step_variances(evidence, "lag", CELL)["noise"]
    variance = 0.5 * (middle / MEDIAN_OF_NORMAL) ** 2 * np.exp(2.0 * FEW_DIFFERENCES / count)
    return noise.to_frame().assign(whole=variance.reindex(noise.index))[["whole", "noise"]]


def capacity_variances(evidence: Evidence) -> pd.DataFrame:
    """Variance of both sides' strengths, one row per side; noise NaN without repeated tests."""
    sides = ["push", "swing"]
    return pd.DataFrame(
        {
            "whole": [evidence.athletes[f"{side}_capacity"].var() for side in sides],
            "noise": [evidence.athletes[f"{side}_noise"].mean() for side in sides],
        },
        index=sides,
    )


VARIANCES: dict[str, Callable[[Evidence], pd.DataFrame]] = {
    "imbalance_cost": capacity_variances,
    **dict.fromkeys(NEXT_STEP, partial(step_variances, column="yaw_impulse", cell=SIDED)),
    "lag_spread_slope": lag_variances,
}
"""Variances of statistics of a spread, or with a predictor that is measured with error."""

STRENGTHS = "imbalance_cost"
"""Statistic of strengths. They are usually tested once, so that their reliability is not known."""


def reliability(evidence: Evidence, hypothesis: Hypothesis) -> float:
    """Share of a hypothesis's variance that is no error; of strengths the lower of both sides."""
    estimate_variances = VARIANCES.get(hypothesis.statistic)
    if estimate_variances is None:
        return np.nan
    variances = estimate_variances(evidence)
    if hypothesis.statistic == STRENGTHS:
        complete = variances.dropna()
        return (
            float((1.0 - complete["noise"] / complete["whole"]).min()) if len(complete) else np.nan
        )
    return reliable_share(variances)


def reliable_share(variances: pd.DataFrame) -> float:
    """Share of variances (``whole``) that is no error (``noise``); NaN: not known."""
    complete = variances.dropna()
    complete = complete[complete["whole"] > 0]
    return (
        float(1.0 - complete["noise"].sum() / complete["whole"].sum()) if len(complete) else np.nan
    )


def errors_are_small(variances: pd.DataFrame) -> bool:
    """Tell whether errors are known and small enough to be removed from an estimate.

    Otherwise the corrected number would be further from the truth than the measured one.
    """
    return reliable_share(variances) >= LEAST_RELIABLE
