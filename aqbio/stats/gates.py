"""Gates: conditions on the data before any rule is applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aqbio.errors import percent_and_limit
from aqbio.stats.contrasts import missing_for_contrast, no_percentage, shared_form
from aqbio.stats.designs import FEWEST_EACH_WAY, is_balanced, later_by, unlike_measurement
from aqbio.stats.evidence import Evidence, for_steps, with_minimum
from aqbio.stats.measurement import LEAST_RELIABLE, reliability
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import PAIRED, Hypothesis

FEWEST_ATHLETES = 6
"""Least athletes: with fewer no exact two-sided test over athletes can reach 0.05."""

Lacks = Literal["not_enough_data", "too_imprecise", "gate_failed"]

LACKS: dict[str, Lacks] = {
    "athletes": "not_enough_data",
    "quality": "not_enough_data",
    "minimum_n": "not_enough_data",
    "reliability": "too_imprecise",
    "order": "gate_failed",
    "closure": "gate_failed",
}
"""Class of the verdict when a gate fails."""

NEEDS = {
    "arms": "no step shows the arms",
    "legs": "no step shows both legs",
    "forces": "ground reaction forces were not measured",
    "causes": "what joint moments cause (level C) was not computed for any step",
    "capacities": "no strength of both sides was measured apart from sprinting (strength.tsv)",
    "strength_sessions": "no strengths of both sides were measured in two sessions of the same "
    "people (strength.tsv: session; participants.tsv: person and session)",
}
"""Message for every missing kind of data."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate."""

    name: str
    passed: bool
    words: str
    """Measured value against the needed one."""


@dataclass(frozen=True, slots=True)
class Case:
    """Input of the gates of a hypothesis."""

    evidence: Evidence
    """Usable steps of trials whose failed measures invalidate nothing that the hypothesis reads."""
    counted: Evidence
    """Part of the evidence that counts for the hypothesis."""
    hypothesis: Hypothesis
    outcome: Outcome
    invalidated: int = 0
    """Number of usable steps that a failed measure invalidates for the hypothesis."""


def missing_needs(
    evidence: Evidence, hypothesis: Hypothesis, outcome: Outcome | None
) -> tuple[str, ...]:
    """Say what the study lacks for a hypothesis; legs only where no athlete has numbers."""
    presence = evidence.presence
    needs_legs = hypothesis.contrast is None and outcome is None
    needs = (*hypothesis.needs, "legs") if needs_legs else hypothesis.needs
    missing = [need for need in needs if not getattr(presence, need)]
    words = tuple(presence.reasons.get(need, NEEDS[need]) for need in missing)
    words = (*words, *shared_form(hypothesis))
    if needs_legs and presence.accelerations and not len(evidence.steps):
        words = (*words, "every normal trial speeds up, and only contrasts read such trials")
    if outcome is None:
        return (*words, *missing_for_contrast(evidence, hypothesis))
    return (*words, *no_percentage(evidence, hypothesis), *unlike_measurement(evidence, hypothesis))


def gate_results(case: Case) -> tuple[Gate, ...]:
    """Results of all gates of a hypothesis, in order; the first one counts athletes."""
    outcome, clusters = case.outcome, case.evidence.clusters
    n_athletes, names = outcome.n_athletes, map(str, outcome.values.index[outcome.complete])
    n_clusters = len({clusters.get(name, f"alone {name}") for name in names})
    of_clusters = f" of {n_clusters} clusters" if n_clusters < n_athletes else ""
    words = f"athletes with numbers: {n_athletes}{of_clusters}, a test takes {FEWEST_ATHLETES}"
    if of_clusters and not np.isfinite(outcome.error.se):
        words += " and more clusters than terms of its model"
    has_enough = n_athletes >= FEWEST_ATHLETES and not (
        of_clusters and not np.isfinite(outcome.error.se)
    )
    count = Gate("athletes", has_enough, words)
    return (count, *(GATES[name](case) for name in case.hypothesis.gates))


def _quality(case: Case) -> Gate:
    evidence = case.evidence
    recorded, usable = int(evidence.trials["recorded"].sum()), len(evidence.steps)
    share, min_share = usable / recorded if recorded else 0.0, evidence.limits.usable_share
    written, needed = percent_and_limit(share, min_share)
    words = f"{usable} of {recorded} steps usable ({written}), {needed} needed"
    if case.invalidated:
        words += f"; {case.invalidated} more are invalidated by measures outside their limits"
        words += " (trials.tsv)"
    return Gate("quality", share >= min_share, words)


def _minimum(case: Case) -> Gate:
    minimum = case.hypothesis.minimum
    sufficient = with_minimum(case.counted, case.hypothesis)
    sound = with_minimum(case.evidence, case.hypothesis)
    sufficient &= sound.reindex(sufficient.index, fill_value=False)
    complete = case.outcome.complete.reindex(sufficient.index, fill_value=False)
    count = int((sufficient & complete).sum())
    words = f"{count} of {minimum.athletes} athletes" + _per_athlete(case.hypothesis)
    return Gate("minimum_n", count >= minimum.athletes, words)


def _per_athlete(hypothesis: Hypothesis) -> str:
    minimum = hypothesis.minimum
    if not minimum.steps:
        return " with all numbers"
    unit = "sprints in each condition" if hypothesis.statistic == PAIRED else "steps at one speed"
    if hypothesis.formula is not None and hypothesis.formula.rows == "consecutive":
        unit = "consecutive steps"
    speeds = f"{minimum.levels} speeds with " if minimum.levels > 1 else ""
    unit = unit.removesuffix(" at one speed") if speeds else unit
    return f" with {speeds}at least {minimum.steps} {unit}"


def _reliability(case: Case) -> Gate:
    error_free = reliability(case.counted, case.hypothesis)
    if np.isnan(error_free):
        words = "errors of measurement are not known"
        return Gate("reliability", passed=False, words=words)
    share, tolerated = percent_and_limit(min(1.0 - error_free, 1.0), 1.0 - LEAST_RELIABLE)
    words = (
        f"errors of measurement may make {share} of the variance, at most {tolerated} is tolerated"
    )
    return Gate("reliability", error_free >= LEAST_RELIABLE, words)


def _order(case: Case) -> Gate:
    """Require an order of sprints that can be separated from the condition."""
    contrast = case.hypothesis.contrast
    assert contrast is not None
    shifts = later_by(case.counted, contrast)
    complete = case.outcome.complete.reindex(shifts.index, fill_value=False)
    shifts = shifts[complete].dropna()
    if not len(shifts):
        words = "the order of the sprints is not stated (trials.tsv: order)"
        return Gate("order", passed=False, words=words)
    later, earlier = int((shifts > 0).sum()), int((shifts < 0).sum())
    words = (
        f"the condition came later in {later} athletes, earlier in {earlier}, at least "
        f"{FEWEST_EACH_WAY} each way are needed: otherwise a change with the order cannot be "
        "separated from one with the condition"
    )
    return Gate("order", is_balanced(shifts), words)


def _closure(case: Case) -> Gate:
    closed = for_steps(case.evidence, case.evidence.trials["closures_pass"])
    closed = closed[~closed.index.duplicated()]
    failed = int((~closed.astype(bool)).sum())
    return Gate("closure", failed == 0, f"closures fail in {failed} of {len(closed)} trials")


GATES: dict[str, Callable[[Case], Gate]] = {
    "quality": _quality,
    "minimum_n": _minimum,
    "reliability": _reliability,
    "order": _order,
    "closure": _closure,
}
"""Function behind every gate of the registry."""
