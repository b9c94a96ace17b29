"""Errors of measurement: what they give an estimate, and what part of a spread they are.

One model for all hypotheses: a trial's posterior says how sure its numbers are (`ERRORS`). An error
of a trial is shared by its steps, one of a step is its own; those of one athlete's trials are taken
as one error (one body), those of different athletes as independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

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
"""Those of `ERRORS` of whole trials that are compared between models, and their columns in the
table of steps."""

MODEL = "model_"
"""How columns of the trials begin that say how far other models are from the study's own, root mean
square over the athlete's compared trials."""

SHARED = ("opposition", "arms_push_cosine")
"""Those of `ERRORS` that are stated apart; in the others it is a part of the error."""

LEAST_RELIABLE = 0.5
"""Share of a variance that must be no error of measurement."""

LEAST_LEFT = 0.25
"""Share of a variance that is left at least where errors are taken away: they are not known well
enough to leave less."""


def error(evidence: Evidence, name: str) -> pd.Series[float]:
    """One of `ERRORS` by trial, (T,); NaN where it is not known."""
    own: pd.Series[float] = evidence.trials[f"error_{name}"].astype(float)
    return own


def trusted_trials(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Trials whose moments about the vertical can be trusted, (T,).

    Not suspect, and the error of measurement is known where motion and force were made consistent
    or no force was measured, so that no residual can be; otherwise residual moment and smallest
    group rate over it are within their limits.
    """
    trials, limits = evidence.trials, evidence.limits
    close = (trials["residual_ratio"] >= limits.effect_to_residual) & (
        trials["residual_moment"] <= limits.yaw_residual_nm
    )
    known = ATHLETES.get(hypothesis.id)
    precise = close if known is None else error(evidence, known[0]).notna()
    judged = ~trials["consistent"] & trials["residual_moment"].notna()
    sound: pd.Series[bool] = close.where(judged, precise) & ~trials["suspect"]
    return sound


def estimate_error(evidence: Evidence, hypothesis: Hypothesis) -> float:
    """Standard deviation that errors of measurement give the mean over athletes; NaN: not known.

    Errors of athletes are independent and average out; the choice of the model is one error of all.
    """
    known = ATHLETES.get(hypothesis.id)
    if known is None:
        return np.nan
    own = known[1](evidence).dropna()
    if not len(own):
        return np.nan
    independent = float(np.sqrt((own**2).sum())) / len(own)
    return float(np.hypot(independent, model_error(evidence, known[0])))


def model_error(evidence: Evidence, name: str) -> float:
    """RMS deviation of other models over athletes; 0 where none was compared."""
    column = f"{MODEL}{name}"
    if column not in evidence.trials:
        return 0.0
    known = evidence.trials[column].astype(float).groupby(level=0).mean().dropna()
    return float(np.sqrt((known**2).mean())) if len(known) else 0.0


def _of_trials(name: str) -> tuple[str, Callable[[Evidence], pd.Series[float]]]:
    """An error, and from evidence to its mean over each athlete's trials, by their steps."""

    def athletes(evidence: Evidence) -> pd.Series[float]:
        known = for_steps(evidence, error(evidence, name)).set_axis(evidence.steps.index)
        return means_by(known, evidence.steps["participant_id"])

    return name, athletes


def lag_slope_errors(evidence: Evidence) -> pd.Series[float]:
    """Error of each athlete's slope of the lag on speed from errors of whole trials, (A,)."""
    own = evidence.steps[["speed_mps", "lag"]]
    means = own.groupby([evidence.steps[one] for one in TRIAL], observed=True).mean()
    return slope_errors(
        means["speed_mps"], means["lag"], error(evidence, "lag").reindex(means.index)
    )


def slope_errors(
    x: pd.Series[float], y: pd.Series[float], sd: pd.Series[float]
) -> pd.Series[float]:
    """Standard deviation of each athlete's slope over trials with errors ``sd`` of y.

    Errors count at most as the scatter of the trials about the athlete's own line, in which they
    show.
    """
    import pandas as pd

    points = pd.DataFrame({"x": x.to_numpy(), "y": y.to_numpy(), "sd": sd.to_numpy()})
    points = points.assign(who=x.index.get_level_values(0).astype(str)).dropna(subset=["x", "y"])
    who = points["who"]
    away = centred(points["x"], who)
    slope = slopes(points["x"], points["y"], who)
    rest = centred(points["y"], who) - who.map(slope).astype(float) * away
    own = who.groupby(who).size()
    scatter = (rest**2).groupby(who).sum() / (own - 2.0).where(own >= 3)
    stated = (points["sd"] ** 2).groupby(who).agg(lambda one: one.to_numpy().mean())
    variance = scatter.where(~(stated < scatter), stated).where(stated.notna())
    return (variance / (away**2).groupby(who).sum()).pow(0.5)


ATHLETES: dict[str, tuple[str, Callable[[Evidence], pd.Series[float]]]] = {
    "H1": _of_trials("opposition"),
    "H2": _of_trials("arms_push_cosine"),
    "H4": _of_trials("caused_share"),
    "H5a": ("lag", lag_slope_errors),
}
"""Hypotheses with a gate of precision: the error of a trial, and that of each athlete's number."""


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
"""Differences between steps that follow each other from which on a speed's spread is estimated."""

FEW_DIFFERENCES = 1.1
"""What the logarithm of that spread of n differences lacks, times n: of 20 000 drawn trials of 10
to 24 normal steps 1.0 to 1.2."""

MEDIAN_OF_NORMAL = 0.6744897501960817
"""Median size of a standard normal number."""


def lag_variances(evidence: Evidence) -> pd.DataFrame:
    """Variance of the lag within trials and that of its errors: ``whole`` and ``noise`` by `CELL`.

    From differences between steps of a trial that follow each other on the same side, by the median
    of their distances from the median: what differs between trials or sides, or drifts, is no
    scatter, and a few wrong peaks move nothing.
    """
    steps = evidence.steps
    before, after = consecutive(steps, TRIAL, apart=2)
    lag = steps["lag"].to_numpy(dtype=float)
    pairs = steps.iloc[before][CELL].assign(change=lag[after] - lag[before])
    cells = pairs.groupby(CELL, observed=True)["change"]
    away = (pairs["change"] - cells.transform("median")).abs()
    sizes = away.groupby([pairs[name] for name in CELL], observed=True)
    count = sizes.count()
    middle = sizes.median().where(count >= FEWEST_DIFFERENCES)
    noise = step_variances(evidence, "lag", CELL)["noise"]
    whole = 0.5 * (middle / MEDIAN_OF_NORMAL) ** 2 * np.exp(2.0 * FEW_DIFFERENCES / count)
    return noise.to_frame().assign(whole=whole.reindex(noise.index))[["whole", "noise"]]


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
    "H3b": capacity_variances,
    "H3e": partial(step_variances, column="yaw_impulse", cell=SIDED),
    "H5b": lag_variances,
}
"""Hypotheses about a spread, or on a predictor that is measured with error."""


def reliability(evidence: Evidence, hypothesis: Hypothesis) -> float:
    """Share of a hypothesis's variance that is no error; of strengths the lower one."""
    made = VARIANCES.get(hypothesis.id)
    if made is None:
        return np.nan
    variances = made(evidence)
    if hypothesis.id == "H3b":
        known = variances.dropna()
        return float((1.0 - known["noise"] / known["whole"]).min()) if len(known) else np.nan
    return reliable_share(variances)


def reliable_share(variances: pd.DataFrame) -> float:
    """Share of variances (``whole``) that is no error (``noise``); NaN: not known."""
    known = variances.dropna()
    known = known[known["whole"] > 0]
    return float(1.0 - known["noise"].sum() / known["whole"].sum()) if len(known) else np.nan


def errors_are_small(variances: pd.DataFrame) -> bool:
    """Whether errors are known and small enough to be removed from an estimate.

    Where they are not, the number without them would be further from the truth than the measured
    one.
    """
    return reliable_share(variances) >= LEAST_RELIABLE
