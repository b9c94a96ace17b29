"""Outcomes: one per hypothesis that the evidence says anything about."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aqbio.stats import athlete_statistics, step_statistics
from aqbio.stats.evidence import Evidence
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import Hypothesis, Registry

STATISTICS: dict[str, Callable[[Evidence, Hypothesis], Outcome]] = {
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
    return found if np.isfinite(found.estimate) else None
