"""Outcomes: one per hypothesis that the evidence says anything about."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aqbio.stats import athlete_statistics, step_statistics
from aqbio.stats.counting import counted, usable
from aqbio.stats.evidence import Evidence
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import Hypothesis, Registry

STATISTICS: dict[str, Callable[[Evidence, Hypothesis], Outcome]] = {
    "opposition_difference": step_statistics.opposition_difference,
    "arms_push_cosine": step_statistics.arms_push_cosine,
    "imbalance_cost": athlete_statistics.imbalance_cost_between,
    "next_step_slope": step_statistics.next_step_slope,
    "contributor_growth": step_statistics.contributor_growth,
    "caused_share": step_statistics.caused_share,
    "lag_slope": step_statistics.lag_slope,
    "lag_spread_slope": step_statistics.lag_spread_slope,
    "restricted_change": athlete_statistics.restricted_change,
    "restricted_lateral": athlete_statistics.restricted_lateral,
    "lateral_slope": athlete_statistics.lateral_slope,
    "vertical_slope": athlete_statistics.vertical_slope,
    "attack_slope": athlete_statistics.attack_slope,
}
"""Function behind every `statistic` of the registry."""


def outcomes(evidence: Evidence, registry: Registry) -> dict[str, Outcome]:
    """Outcomes of all hypotheses that the evidence says anything about."""
    every = usable(evidence)
    found = {
        one.id: outcome(counted(every, one), one)
        for one in registry.hypotheses
        if one.always is None
    }
    return {name: value for name, value in found.items() if value is not None}


def outcome(own: Evidence, hypothesis: Hypothesis) -> Outcome | None:
    """Outcome of one hypothesis from what counts for it; None where there is no estimate."""
    if hypothesis.always is not None:
        return None
    if any(not getattr(own.presence, need) for need in hypothesis.needs):
        return None
    found = STATISTICS[hypothesis.statistic](own, hypothesis)
    return found if np.isfinite(found.estimate) else None
