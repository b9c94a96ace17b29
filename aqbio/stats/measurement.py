"""Errors of measurement of single steps: their share of a variance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from aqbio.stats.evidence import SIDED, Evidence, for_steps
from aqbio.stats.registry import Hypothesis

DRAWN = (
    "push_leg_offset", "lag", "caused_share_C1", "caused_share_C2", "caused_share_C3",
)  # fmt: skip
"""Columns of steps whose errors that athletes share are drawn for every study; columns
``common_<name>`` of the trials have the standard deviation over worlds."""

STEP_ERRORS = ("step_yaw_impulse",)
"""Errors of single steps, without what all steps of a side share: columns ``error_<name>`` of the
trials have the standard deviation."""

COMPARED = {"push_leg_offset": "push_leg_offset", "lag": "lag"}
"""Numbers of trials that are compared between models, with the columns in the table of steps."""

LEAST_RELIABLE = 0.5
"""Least share of a variance that is no error of measurement."""


def error(evidence: Evidence, name: str) -> pd.Series[float]:
    """Return one of `STEP_ERRORS` by trial, (T,); NaN where it is not known."""
    sd: pd.Series[float] = evidence.trials[f"error_{name}"].astype(float)
    return sd


def step_variances(evidence: Evidence, column: str, cell: Sequence[str]) -> pd.DataFrame:
    """Variance of a column of steps and that of its errors: ``whole`` and ``noise`` by cell."""
    groups = [evidence.steps[name] for name in cell]
    values = evidence.steps[column].groupby(groups, observed=True)
    sd = for_steps(evidence, error(evidence, f"step_{column}")).set_axis(evidence.steps.index)
    noise = (sd.where(evidence.steps[column].notna()) ** 2).groupby(groups, observed=True)
    return pd.DataFrame({"whole": values.var(), "noise": noise.mean()})


DEVIATIONS = {"scores(yaw_deviation)": "yaw_impulse"}
"""Predictors that are distances of steps from a person's mean, with the column whose errors of
single steps are known."""


def reliability(evidence: Evidence, hypothesis: Hypothesis) -> float:
    """Share of the variance behind a hypothesis's predictor that is no error of measurement."""
    terms = () if hypothesis.formula is None else hypothesis.formula.parsed[0].words[1:2]
    columns = [DEVIATIONS[term] for term in terms if term in DEVIATIONS]
    if not columns:
        return np.nan
    return reliable_share(step_variances(evidence, columns[0], SIDED))


def slope_left(evidence: Evidence, predictor: str) -> float:
    """Share of a slope on the size of a deviation that errors of single steps leave.

    1 where errors are not known, or too large to be removed.
    """
    if predictor not in DEVIATIONS:
        return 1.0
    variances = step_variances(evidence, DEVIATIONS[predictor], SIDED)
    if not errors_are_small(variances):
        return 1.0
    return sizes_correlation(float(np.sqrt(min(reliable_share(variances), 1.0))))


def sizes_correlation(correlation: float) -> float:
    """Correlation of the normal scores of the sizes of two correlated normal numbers."""
    shares = (np.arange(400) + 0.5) / 400.0
    normal, score = special.ndtri(shares), special.ndtri(np.abs(2.0 * shares - 1.0))
    other = correlation * normal[:, None] + np.sqrt(1.0 - correlation**2) * normal
    of_other = special.ndtri(np.clip(2.0 * special.ndtr(np.abs(other)) - 1.0, 1e-9, 1.0 - 1e-9))
    return float((score[:, None] * of_other).mean() / (score**2).mean())


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
