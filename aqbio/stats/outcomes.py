"""Outcomes: one per hypothesis, with all that a statistician needs to check it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from aqbio.mechanics.vectors import FloatArray
from aqbio.stats import athlete_statistics, step_statistics
from aqbio.stats.evidence import Evidence
from aqbio.stats.inference import Estimate, Interval, possible_values
from aqbio.stats.registry import Hypothesis, Registry
from aqbio.stats.result import Result


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the data say about one hypothesis, before gates and rules.

    Attributes
    ----------
    hypothesis : str
    estimate : float
    error : Estimate
        Standard error and degrees of freedom, for power; of a ratio the first-order ones.
    ci95, ci90 : pair of float
    p : float
        For the predicted direction, not adjusted.
    n_athletes, n_steps : int
    model : str
        Inference, in words.
    athletes : tuple of str
    values : mapping of column to (A,) array
        Athletes' own numbers that estimate, interval and p value are computed from.
    weights : (A,) array
        Steps behind each athlete's numbers.
    condition : bool or None
        What `supported` needs beside p and delta; None where nothing.
    note : str
        That condition, or which of several numbers decides, in words.
    blocked : str
        Why neither support nor its opposite can be said, whatever the numbers; empty: nothing.
    """

    hypothesis: str
    estimate: float
    error: Estimate
    ci95: Interval
    ci90: Interval
    p: float
    n_athletes: int
    n_steps: int
    model: str
    athletes: tuple[str, ...]
    values: Mapping[str, FloatArray]
    weights: FloatArray
    condition: bool | None = None
    note: str = ""
    blocked: str = ""


STATISTICS: dict[str, Callable[[Evidence, Hypothesis], Result]] = {
    "opposition_difference": step_statistics.opposition_difference,
    "arms_push_cosine": step_statistics.arms_push_cosine,
    "imbalance_cost": athlete_statistics.imbalance_cost_between,
    "ratio_slope": step_statistics.ratio_slope,
    "next_step_slope": step_statistics.next_step_slope,
    "hub_share_mean": step_statistics.hub_share_mean,
    "lag_slope": step_statistics.lag_slope,
    "lag_spread_slope": step_statistics.lag_spread_slope,
    "restricted_change": athlete_statistics.restricted_change,
    "lateral_slope": athlete_statistics.lateral_slope,
    "vertical_slope": athlete_statistics.vertical_slope,
}
"""Function behind every `statistic` of the registry."""


def outcomes(evidence: Evidence, registry: Registry) -> dict[str, Outcome]:
    """Outcomes of all hypotheses that the evidence says anything about."""
    found = {one.id: outcome(evidence, one) for one in registry.hypotheses}
    return {name: value for name, value in found.items() if value is not None}


def outcome(evidence: Evidence, hypothesis: Hypothesis) -> Outcome | None:
    """Outcome of one hypothesis; None where there is no number to be had."""
    if hypothesis.always is not None:
        return None
    if any(not getattr(evidence.presence, need) for need in hypothesis.needs):
        return None
    found = STATISTICS[hypothesis.statistic](evidence, hypothesis)
    within = possible_values(hypothesis.statistic)
    estimate = replace(found.fitted.estimate, within=within)
    if not np.isfinite(estimate.value):
        return None
    intervals = found.intervals or (estimate.interval(0.95), estimate.interval(0.90))
    p = estimate.p(hypothesis.predicted, hypothesis.delta) if found.p is None else found.p
    known = np.all([np.isfinite(column) for column in found.values.values()], axis=0)
    return Outcome(
        hypothesis=hypothesis.id,
        estimate=estimate.value,
        error=estimate,
        ci95=intervals[0],
        ci90=intervals[1],
        p=p,
        n_athletes=int(known.sum()),
        n_steps=int(found.weights[known].sum()),
        model=found.fitted.model,
        athletes=evidence.athletes.name,
        values=found.values,
        weights=found.weights,
        condition=found.condition,
        note=found.note,
        blocked=found.blocked,
    )
