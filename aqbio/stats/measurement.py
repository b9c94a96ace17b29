"""Errors of measurement: their effect on estimates, and their share of a variance.

One model for all hypotheses: the posterior of a trial gives the errors of its numbers (`ERRORS`).
An error of a trial is shared by its steps, one of a step is its own; those of one athlete's trials
are taken as one error (one body), those of different athletes as independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from aqbio.names import MEDIAN_OF_NORMAL
from aqbio.stats.evidence import CELL, SIDED, TRIAL, Evidence, for_steps
from aqbio.stats.registry import Hypothesis
from aqbio.stats.within import centred, consecutive, means_by, slopes

if TYPE_CHECKING:
    import pandas as pd

ERRORS = ("opposition", "arms_push_cosine", "lag", "caused_share", "step_lag", "step_yaw_impulse")
"""Columns ``error_<name>`` of the trials: standard deviations of a trial's own number, or, where
the name begins with step, of a single step's."""

COMPARED = {
    "opposition": "opposition_difference",
    "arms_push_cosine": "arms_push_cosine",
    "lag": "lag",
}
"""Subset of `ERRORS` of whole trials that is compared between models, with the columns in the table
of steps."""

MODEL = "model_"
"""Prefix of columns of the trials with the deviation of other models from the study's own, root
mean square over the athlete's compared trials."""

SHARED = ("opposition", "arms_push_cosine")
"""Subset of `ERRORS` whose deviation of models has its own column; in the others it is part of the
error."""

LEAST_RELIABLE = 0.5
"""Least share of a variance that is no error of measurement."""

LEAST_LEFT = 0.25
"""Least share of a variance that remains after errors are subtracted: they are not known well
enough to remove more."""


def error(evidence: Evidence, name: str) -> pd.Series[float]:
    """Return one of `ERRORS` by trial, (T,); NaN where it is not known."""
    sd: pd.Series[float] = evidence.trials[f"error_{name}"].astype(float)
    return sd


def with_known_error(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Mark trials with a known error of measurement, (T,).

    Where motion and force were not made consistent there is none: the residual moment judges them,
    whose failure spoils what they show (`aqbio.observed.spoilt`).
    """
    trials = evidence.trials
    has_residual = ~trials["consistent"] & trials["residual_moment"].notna()
    precision = PRECISION_ERRORS.get(hypothesis.statistic)
    known = has_residual if precision is None else error(evidence, precision[0]).notna()
    return known | has_residual


def estimate_error(evidence: Evidence, hypothesis: Hypothesis) -> float:
    """Standard deviation of the mean over athletes from errors of measurement; NaN: not known.

    Errors of athletes are independent and average out; the choice of the model is a common error.
    """
    precision = PRECISION_ERRORS.get(hypothesis.statistic)
    if precision is None:
        return np.nan
    sds = precision[1](evidence).dropna()
    if not len(sds):
        return np.nan
    independent = float(np.sqrt((sds**2).sum())) / len(sds)
    return float(np.hypot(independent, model_error(evidence, precision[0])))


def model_error(evidence: Evidence, name: str) -> float:
    """RMS deviation of other models over athletes; 0 where none was compared."""
    column = f"{MODEL}{name}"
    if column not in evidence.trials:
        return 0.0
    deviations = evidence.trials[column].astype(float).groupby(level=0).mean().dropna()
    return float(np.sqrt((deviations**2).mean())) if len(deviations) else 0.0


def _of_trials(name: str) -> tuple[str, Callable[[Evidence], pd.Series[float]]]:
    """An error, and from evidence to its mean over each athlete's trials, by their steps."""

    def athletes(evidence: Evidence) -> pd.Series[float]:
        step_errors = for_steps(evidence, error(evidence, name)).set_axis(evidence.steps.index)
        return means_by(step_errors, evidence.steps["participant_id"])

    return name, athletes


def lag_slope_errors(evidence: Evidence) -> pd.Series[float]:
    """Error of each athlete's slope of the lag on speed from errors of whole trials, (A,)."""
    table = evidence.steps[["speed_mps", "lag"]]
    means = table.groupby([evidence.steps[name] for name in TRIAL], observed=True).mean()
    return slope_errors(
        means["speed_mps"], means["lag"], error(evidence, "lag").reindex(means.index)
    )


def slope_errors(
    x: pd.Series[float], y: pd.Series[float], sd: pd.Series[float]
) -> pd.Series[float]:
    """Standard deviation of each athlete's slope over trials with errors ``sd`` of y.

    Errors count at most as the scatter of the trials about the athlete's own line, which contains
    them.
    """
    import pandas as pd

    points = pd.DataFrame({"x": x.to_numpy(), "y": y.to_numpy(), "sd": sd.to_numpy()})
    points = points.assign(athlete=x.index.get_level_values(0).astype(str)).dropna(
        subset=["x", "y"]
    )
    athlete = points["athlete"]
    offset = centred(points["x"], athlete)
    slope = slopes(points["x"], points["y"], athlete)
    residual = centred(points["y"], athlete) - athlete.map(slope).astype(float) * offset
    n_trials = athlete.groupby(athlete).size()
    scatter = (residual**2).groupby(athlete).sum() / (n_trials - 2.0).where(n_trials >= 3)
    stated_variance = (
        (points["sd"] ** 2).groupby(athlete).agg(lambda squares: squares.to_numpy().mean())
    )
    variance = scatter.where(~(stated_variance < scatter), stated_variance).where(
        stated_variance.notna()
    )
    return (variance / (offset**2).groupby(athlete).sum()).pow(0.5)


PRECISION_ERRORS: dict[str, tuple[str, Callable[[Evidence], pd.Series[float]]]] = {
    "opposition_difference": _of_trials("opposition"),
    "arms_push_cosine": _of_trials("arms_push_cosine"),
    "caused_share": _of_trials("caused_share"),
    "lag_slope": ("lag", lag_slope_errors),
}
"""Statistics with a known precision: the error of a trial, and that of each athlete's number."""


def error_free_share(variance: pd.Series[float], noise: pd.Series[float]) -> pd.Series[float]:
    """Share of variances that is no error of measurement, at least `LEAST_LEFT`."""
    share: pd.Series[float] = (1.0 - noise / variance).clip(lower=LEAST_LEFT)
    return share


def step_variances(evidence: Evidence, column: str, cell: Sequence[str]) -> pd.DataFrame:
    """Variance of a column of steps and that of its errors: ``whole`` and ``noise`` by cell."""
    import pandas as pd

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
    import pandas as pd

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
    "next_step_slope": partial(step_variances, column="yaw_impulse", cell=SIDED),
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
