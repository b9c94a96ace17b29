"""Primary statistics between athletes, or of their sprints: speeds, capacities, directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import Estimate, mean_estimate
from aqbio.stats.limiter import imbalance_cost, standardised_fit
from aqbio.stats.outcome import Outcome, inferred
from aqbio.stats.registry import Hypothesis
from aqbio.stats.within import centred, means_by

if TYPE_CHECKING:
    import pandas as pd

NORMAL, RESTRICTED = "normal", "restricted_arms"
"""Conditions of sprints that are compared."""

UNKNOWN = Estimate(np.nan, np.nan, np.nan)


def sprint_means(evidence: Evidence) -> pd.DataFrame:
    """Mean speed of every athlete's sprints by condition, m/s; NaN where there is none."""
    return _by_condition(evidence, "mean")


def sprint_counts(evidence: Evidence) -> pd.DataFrame:
    """Number of every athlete's sprints by condition."""
    return _by_condition(evidence, "count").fillna(0).astype(int)


def _by_condition(evidence: Evidence, what: Literal["mean", "count"]) -> pd.DataFrame:
    table = evidence.sprints.pivot_table(
        "speed_mps", "participant_id", "condition", aggfunc=what, observed=True
    )
    return table.reindex(index=evidence.athletes.index, columns=[NORMAL, RESTRICTED])


def restricted_change(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H7: change of speed with restricted arms, percent."""
    means = sprint_means(evidence)
    change = 100.0 * (means[RESTRICTED] / means[NORMAL] - 1.0)
    numbers = {"value": change, "normal": means[NORMAL], "restricted": means[RESTRICTED]}
    weights = sprint_counts(evidence).sum(axis=1)
    return inferred(hypothesis, mean_estimate(change, "t over athletes' changes"), numbers, weights)


def imbalance_cost_between(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3b: cost of imbalance over benefit of strength, between athletes."""
    columns = evidence.athletes[["push_capacity", "swing_capacity", "fastest"]]
    known, weights = columns.dropna(), 0 * evidence.count()
    if len(known) < 6:
        return inferred(hypothesis, UNKNOWN, columns, weights)
    ratio = imbalance_cost(*known.to_numpy().T)
    slope = Estimate(ratio.above, float(np.sqrt(ratio.variance_above)), ratio.df)
    words = "least squares between athletes, Fieller's interval"
    value = ratio.above / ratio.below
    found = inferred(
        hypothesis,
        Estimate(value, ratio.standard_error, ratio.df, model=words),
        columns,
        weights,
        ci95=ratio.interval(0.95),
        ci90=ratio.interval(0.90),
        p=slope.p("greater", 0.0) if ratio.below > 0 else 1.0,
    )
    words = f"beta {ratio.below:.3g} m/s per unit, gamma {ratio.above:.3g}"
    return found.saying(words, condition=ratio.below > 0)


def _between(evidence: Evidence, hypothesis: Hypothesis, *names: str) -> Outcome:
    """Standardised slope of highest speed on the first column, the others held, over athletes."""
    columns = evidence.athletes[[*names, "fastest"]]
    known, weights = columns.dropna(), evidence.count()
    if len(known) < columns.shape[1] + 2:
        return inferred(hypothesis, UNKNOWN, columns, weights)
    fit = standardised_fit(known[list(names)].to_numpy(), known["fastest"].to_numpy())
    value, error = float(fit.coefficients[1]), float(np.sqrt(fit.covariance[1, 1]))
    words = "least squares between athletes, standardised"
    return inferred(hypothesis, Estimate(value, error, fit.df, model=words), columns, weights)


def lateral_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H8a: highest speed on the lateral share of the impulse, contact time at equal speed held."""
    return _between(evidence, hypothesis, "lateral_ratio", "contact")


def vertical_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H8b: highest speed on the share of flight."""
    return _between(evidence, hypothesis, "vertical_excess")


def athletes_from_steps(steps: pd.DataFrame) -> pd.DataFrame:
    """What athletes do at their highest speed, from their steps.

    Parameters
    ----------
    steps : (S,) DataFrame

    Returns
    -------
    (A,) DataFrame
        ``fastest``, ``lateral_ratio``, ``contact`` and ``vertical_excess`` as in `Evidence`, of
        every athlete that the steps know; NaN where there is no step.
    """
    share = steps["flight_s"] / (steps["contact_s"] + steps["flight_s"])
    numbers = steps[["participant_id", "level", "lateral_ratio"]].assign(
        fastest=steps["speed_mps"], vertical_excess=share
    )
    means = numbers.groupby(["participant_id", "level"], observed=True).mean().reset_index("level")
    means = means.sort_values("fastest", kind="stable")
    top = means[~means.index.duplicated(keep="last")]
    names = steps["participant_id"].cat.categories
    found = top.set_index(top.index.astype(str)).reindex(names)
    return found.assign(contact=contact_excess(steps).to_numpy())


def contact_excess(steps: pd.DataFrame) -> pd.Series[float]:
    """Contact time of each athlete against the others' at the same speed, logarithm, (A,).

    Notes
    -----
    The law of contact time (a parabola of log contact time over log speed) comes from speeds within
    athletes only. Contact time at the highest speed itself would not do as a covariate of that
    speed: it is short because the athlete is fast, and holding it takes away what is tested.
    """
    known = steps[["speed_mps", "contact_s"]].dropna().map(np.log)
    who = steps["participant_id"][known.index]
    if known.empty:
        return means_by(known["contact_s"], who)
    away = known["speed_mps"] - known["speed_mps"].mean()
    powers = np.column_stack([centred(column, who) for column in (away, away**2)])
    response = centred(known["contact_s"], who)
    law = np.linalg.lstsq(powers, response.to_numpy(), rcond=None)[0]
    rest = known["contact_s"] - law[0] * away - law[1] * away**2
    excess = means_by(rest, who)
    return excess - excess.mean()
