"""Repeated measurements: mixed models with their fall-backs, correlation within athletes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats

from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.stats.athletes import centred, group_means, group_slopes
from aqbio.stats.inference import Estimate, mean_estimate

FEWEST = 20
"""Athletes from which on a mixed model is the primary inference."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """An estimate and the model that it comes from.

    Attributes
    ----------
    estimate : Estimate
    model : str
        In words, for the table.
    """

    estimate: Estimate
    model: str


def common_mean(values: FloatArray, athlete: IntArray) -> Fitted:
    """Mean over athletes of a number that every step has.

    Parameters
    ----------
    values : (S,) array
    athlete : (S,) int array

    Notes
    -----
    Below 20 athletes a t interval over athletes' means; from 20 on a mixed model with one intercept
    per athlete, whose degrees of freedom are set to athletes minus 1 (cautious, as Satterthwaite's
    would be). A model that does not converge falls back to the t interval.
    """
    count = int(athlete.max()) + 1 if len(athlete) else 0
    means = group_means(values, athlete, count)
    if np.isfinite(means).sum() >= FEWEST:
        known = np.isfinite(values)
        fitted = _mixed(np.ones((known.sum(), 1)), values[known], athlete[known], 0, slope=None)
        if fitted is not None:
            return fitted
    return Fitted(mean_estimate(means), "t over athletes' means")


def common_slope(x: FloatArray, y: FloatArray, athlete: IntArray) -> Fitted:
    """Slope within athletes of one number of a step on another one.

    Parameters
    ----------
    x, y : (S,) arrays
    athlete : (S,) int array

    Notes
    -----
    Below 20 athletes a t interval over athletes' own slopes. From 20 on a mixed model with the
    athlete's mean of x beside the deviation from it (Mundlak), so that differences between athletes
    do not leak into the slope within them; random intercept and slope, without the slope where
    that does not converge, and the t interval where that does not either.

    References
    ----------
    Mundlak Y (1978), Econometrica 46, 69-85.
    """
    count = int(athlete.max()) + 1 if len(athlete) else 0
    slopes = group_slopes(x, y, athlete, count)
    if np.isfinite(slopes).sum() >= FEWEST:
        known = np.isfinite(x) & np.isfinite(y)
        who, response = athlete[known], y[known]
        within = centred(x[known], who)
        table = np.column_stack((np.ones(known.sum()), within, x[known] - within))
        for slope in (within, None):
            fitted = _mixed(table, response, who, 1, slope=slope)
            if fitted is not None:
                return fitted
    return Fitted(mean_estimate(slopes), "t over athletes' slopes")


def _mixed(
    table: FloatArray,
    response: FloatArray,
    athlete: IntArray,
    wanted: int,
    *,
    slope: FloatArray | None,
) -> Fitted | None:
    """One coefficient of a mixed model; None where the fit did not converge."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    random = np.ones((len(response), 1))
    words = "mixed model, intercept by athlete"
    if slope is not None:
        random = np.column_stack((random, slope / slope.std()))
        words += " and slope"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether it converged is read from the result
        try:
            model = MixedLM(response, table, groups=athlete, exog_re=random)
            result = model.fit(reml=True, method=["bfgs", "powell"])
        except np.linalg.LinAlgError:
            return None
    error = float(result.bse_fe[wanted])
    if not (result.converged and np.isfinite(error) and error > 0):
        return None
    degrees = len(np.unique(athlete)) - 1.0
    return Fitted(Estimate(float(result.fe_params[wanted]), error, degrees), words)


@dataclass(frozen=True, slots=True)
class WithinCorrelation:
    """Correlation within athletes.

    Attributes
    ----------
    r, df, p : float
    """

    r: float
    df: float
    p: float


def within_correlation(x: FloatArray, y: FloatArray, athlete: IntArray) -> WithinCorrelation:
    """Correlation of two numbers within athletes, with one slope for all of them (rmcorr).

    Parameters
    ----------
    x, y : (S,) arrays
    athlete : (S,) int array

    Notes
    -----
    ``r = sign(b) √(SS_x/(SS_x + SS_e))`` of the analysis of covariance with athletes as a factor;
    degrees of freedom S − A − 1.

    References
    ----------
    Bakdash JZ, Marusich LR (2017), Frontiers in Psychology 8, 456.
    """
    known = np.isfinite(x) & np.isfinite(y)
    who = np.unique(athlete[known], return_inverse=True)[1]
    away_x, away_y = centred(x[known], who), centred(y[known], who)
    r = float(away_x @ away_y / np.sqrt((away_x @ away_x) * (away_y @ away_y)))
    df = float(known.sum() - (who.max() + 1) - 1)
    t = r * np.sqrt(df / max(1.0 - r**2, 1e-300))
    return WithinCorrelation(r, df, float(2.0 * stats.t.sf(abs(t), df)))
