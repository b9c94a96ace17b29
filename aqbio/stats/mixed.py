"""Repeated measurements: mixed models with their fall-backs."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.stats.inference import Estimate, mean_estimate
from aqbio.stats.within import centred, means_by, slopes
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 20
"""Athletes from which on a mixed model is the primary inference."""


def common_mean(values: pd.Series[float], athlete: pd.Series[Any]) -> Estimate:
    """Mean over athletes of a number that every step has.

    Below 20 athletes a t interval over athletes' means; from 20 on a mixed model with an intercept
    per athlete and athletes − 1 degrees of freedom (conservative, near Satterthwaite's). A model
    that does not converge falls back to the t interval.
    """
    means = means_by(values, athlete)
    if means.notna().sum() >= FEWEST:
        known = values.notna()
        table = np.ones((known.sum(), 1))
        found = _mixed(table, values[known], athlete[known], 0, slope=None)
        if found is not None:
            return found
    return mean_estimate(means, "t over athletes' means")


def common_slope(x: pd.Series[float], y: pd.Series[float], athlete: pd.Series[Any]) -> Estimate:
    """Slope within athletes of y on x.

    Below 20 athletes a t interval over athletes' own slopes. From 20 on a mixed model with the
    athlete's mean of x next to the deviation from it (Mundlak 1978, Econometrica 46), so that
    differences between athletes do not enter the slope within them; random intercept and slope,
    without the slope where that does not converge, then the t interval.
    """
    own = slopes(x, y, athlete)
    if own.notna().sum() >= FEWEST:
        known = x.notna() & y.notna()
        who, within = athlete[known], centred(x[known], athlete[known])
        table = np.column_stack((np.ones(known.sum()), within, x[known] - within))
        for slope in (within, None):
            found = _mixed(table, y[known], who, 1, slope=slope)
            if found is not None:
                return found
    return mean_estimate(own, "t over athletes' slopes")


def _mixed(
    table: FloatArray,
    response: pd.Series[float],
    athlete: pd.Series[Any],
    wanted: int,
    *,
    slope: pd.Series[float] | None,
) -> Estimate | None:
    """One coefficient of a mixed model; None where the fit did not converge."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    random = np.ones((len(response), 1))
    words = "mixed model, intercept by athlete"
    if slope is not None:
        random = np.column_stack((random, slope / slope.std(ddof=0)))
        words += " and slope"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether it converged is read from the result
        try:
            groups = athlete.factorize()[0]
            model = MixedLM(response.to_numpy(), table, groups=groups, exog_re=random)
            result = model.fit(reml=True, method=["bfgs", "powell"])
        except np.linalg.LinAlgError:
            return None
        error = float(result.bse_fe[wanted])  # computed here, and NaN without a covariance
    if not (result.converged and np.isfinite(error) and error > 0):
        return None
    value, degrees = float(result.fe_params[wanted]), athlete.nunique() - 1.0
    return Estimate(value, error, degrees, model=words)
