"""Primary statistics between athletes, or of their sprints: speeds, capacities, directions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aqbio.mechanics.vectors import FloatArray
from aqbio.stats.athletes import group_counts, group_means
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import Estimate, mean_estimate
from aqbio.stats.limiter import imbalance_cost, standardised_fit
from aqbio.stats.mixed import Fitted
from aqbio.stats.registry import Hypothesis
from aqbio.stats.result import Result, athlete_count


def restricted_change(evidence: Evidence, _: Hypothesis) -> Result:
    """H7: change of speed with restricted arms, percent."""
    athletes = evidence.athletes
    normal, restricted = (
        group_means(values.ravel(), np.repeat(np.arange(len(values)), values.shape[1]), len(values))
        for values in (athletes.normal, athletes.restricted)
    )
    sprints = np.isfinite(athletes.normal).sum(axis=1) + np.isfinite(athletes.restricted).sum(
        axis=1
    )
    change = 100.0 * (restricted / normal - 1.0)
    return Result(
        Fitted(mean_estimate(change), "t over athletes' changes"),
        {"value": change, "normal": normal, "restricted": restricted},
        sprints.astype(float),
    )


def imbalance_cost_between(evidence: Evidence, _: Hypothesis) -> Result:
    """H3b: cost of imbalance over benefit of strength, between athletes."""
    athletes = evidence.athletes
    columns = {
        "push_capacity": athletes.push_capacity,
        "swing_capacity": athletes.swing_capacity,
        "fastest": athletes.fastest,
    }
    known = np.all([np.isfinite(column) for column in columns.values()], axis=0)
    weights = np.zeros(len(known))
    if known.sum() < 6:
        nothing = Fitted(Estimate(np.nan, np.nan, np.nan), "")
        return Result(nothing, columns, weights)
    ratio = imbalance_cost(*[column[known] for column in columns.values()])
    slope = Estimate(ratio.above, float(np.sqrt(ratio.variance_above)), ratio.df)
    estimate = Estimate(ratio.above / ratio.below, ratio.standard_error, ratio.df)
    return Result(
        Fitted(estimate, "least squares between athletes, Fieller's interval"),
        columns,
        weights,
        intervals=(ratio.interval(0.95), ratio.interval(0.90)),
        p=slope.p("greater", 0.0) if ratio.below > 0 else 1.0,
        condition=ratio.below > 0,
        note=f"beta {ratio.below:.3g} m/s per unit, gamma {ratio.above:.3g}",
    )


def _between(evidence: Evidence, columns: Mapping[str, FloatArray]) -> Result:
    """Standardised slope of highest speed on the first column, the others held, over athletes."""
    every = {**columns, "fastest": evidence.athletes.fastest}
    known = np.all([np.isfinite(column) for column in every.values()], axis=0)
    count, who = athlete_count(evidence), evidence.steps.athlete
    weights = group_counts(np.ones(len(who)), who, count)
    if known.sum() < len(every) + 2:
        return Result(Fitted(Estimate(np.nan, np.nan, np.nan), ""), every, weights)
    table = np.column_stack([column[known] for column in columns.values()])
    fit = standardised_fit(table, evidence.athletes.fastest[known])
    error = float(np.sqrt(fit.covariance[1, 1]))
    words = "least squares between athletes, standardised"
    return Result(
        Fitted(Estimate(float(fit.coefficients[1]), error, fit.df), words), every, weights
    )


def lateral_slope(evidence: Evidence, _: Hypothesis) -> Result:
    """H8a: highest speed on the lateral share of the impulse, contact time at equal speed held."""
    athletes = evidence.athletes
    return _between(
        evidence, {"lateral_ratio": athletes.lateral_ratio, "contact": athletes.contact}
    )


def vertical_slope(evidence: Evidence, _: Hypothesis) -> Result:
    """H8b: highest speed on the share of flight."""
    return _between(evidence, {"vertical_excess": evidence.athletes.vertical_excess})
