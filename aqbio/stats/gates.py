"""Gates: what the data must be good for before any rule is applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from aqbio.stats.contrasts import LATER, lacking
from aqbio.stats.evidence import Evidence, for_steps, with_minimum
from aqbio.stats.measurement import LEAST_RELIABLE, estimate_error, reliability, trusted_trials
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import Hypothesis

FEWEST_ATHLETES = 6
"""Below, no exact two-sided test over athletes can reach 0.05."""

FEWEST_EACH_WAY = 3
"""Athletes whose condition came later than its reference, and as many whose came earlier, for an
order that can be separated from the condition."""

Lacks = Literal["not_enough_data", "too_imprecise", "gate_failed"]

LACKS: dict[str, Lacks] = {
    "athletes": "not_enough_data",
    "quality": "not_enough_data",
    "minimum_n": "not_enough_data",
    "marker_rate": "not_enough_data",
    "precision": "too_imprecise",
    "reliability": "too_imprecise",
    "order": "gate_failed",
    "closure": "gate_failed",
}
"""What a gate that fails says of the data."""

NEEDS = {
    "arms": "no step shows the arms",
    "legs": "no step shows both legs",
    "forces": "ground reaction forces were not measured",
    "causes": "what joint moments cause (level C) was not computed for any step",
    "capacities": "no strength of both sides was measured apart from sprinting (capacities.tsv)",
    "accelerations": "no trial speeds up over its steps",
}
"""What to say when something is missing."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate."""

    name: str
    passed: bool
    words: str
    """What was found against what is needed."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the gates of a hypothesis read."""

    evidence: Evidence
    """Everything that was recorded and is usable."""
    own: Evidence
    """What of it counts for the hypothesis."""
    hypothesis: Hypothesis
    outcome: Outcome


def missing_needs(
    evidence: Evidence, hypothesis: Hypothesis, outcome: Outcome | None
) -> tuple[str, ...]:
    """Say what the study lacks for a hypothesis; legs, where that left no athlete with numbers."""
    presence = evidence.presence
    own = hypothesis.contrast is None and outcome is None
    needs = (*hypothesis.needs, "legs") if own else hypothesis.needs
    missing = [need for need in needs if not getattr(presence, need)]
    words = tuple(presence.reasons.get(need, NEEDS[need]) for need in missing)
    if own and len(evidence.accelerating) and not len(evidence.steps):
        words = (
            *words,
            "every normal trial speeds up, and only H8c and contrasts read such trials",
        )
    return (*words, *(lacking(evidence, hypothesis) if outcome is None else ()))


def gate_results(case: Case) -> tuple[Gate, ...]:
    """Results of all gates of a hypothesis, in order; the first one counts athletes."""
    found = case.outcome.n_athletes
    count = Gate(
        "athletes",
        found >= FEWEST_ATHLETES,
        f"athletes with numbers: {found}, a test takes {FEWEST_ATHLETES}",
    )
    return (count, *(GATES[name](case) for name in case.hypothesis.gates))


def _quality(case: Case) -> Gate:
    evidence = case.evidence
    recorded, usable = int(evidence.trials["recorded"].sum()), len(evidence.steps)
    share, least = usable / recorded if recorded else 0.0, evidence.limits.usable_share
    words = f"{usable} of {recorded} steps usable ({share:.0%}), {least:.0%} needed"
    return Gate("quality", share >= least, words)


def _minimum(case: Case) -> Gate:
    least = case.hypothesis.minimum
    enough = with_minimum(case.own, case.hypothesis)
    complete = case.outcome.complete.reindex(enough.index, fill_value=False)
    count = int((enough & complete).sum())
    words = f"{count} of {least.athletes} athletes" + _per_athlete(case.hypothesis)
    return Gate("minimum_n", count >= least.athletes, words)


def _per_athlete(hypothesis: Hypothesis) -> str:
    least = hypothesis.minimum
    if not least.steps:
        return " with all numbers"
    units = {"H3e": "consecutive steps"}
    if hypothesis.contrast is not None:
        units[hypothesis.id] = "sprints in each condition"
    speeds = f"{least.levels} speeds with " if least.levels > 1 else ""
    return f" with {speeds}at least {least.steps} {units.get(hypothesis.id, 'steps')}"


def _marker_rate(case: Case) -> Gate:
    least = case.hypothesis.minimum.marker_rate_hz
    rates = for_steps(case.evidence, case.evidence.trials["marker_rate"])
    rate = float(rates.min()) if len(rates) else 0.0
    return Gate("marker_rate", rate >= least, f"markers at {rate:g} Hz, {least:g} Hz needed")


def _precision(case: Case) -> Gate:
    """Whether trials are usable, and errors of measurement are small in the mean."""
    good = for_steps(case.own, trusted_trials(case.own, case.hypothesis))
    share = float(good.mean()) if len(good) else 0.0
    least = case.evidence.limits.usable_share
    if share < least:
        words = f"{share:.0%} of steps in accepted trials, {least:.0%} needed"
        return Gate("precision", passed=False, words=words)
    found, most = estimate_error(case.own, case.hypothesis), case.hypothesis.precise
    if np.isnan(found):
        fitted = bool(case.own.trials["consistent"].any())
        words = "errors of measurement are not known"
        return Gate("precision", not fitted, words)
    words = f"errors of measurement of {found:.2g} in the mean, at most {most:g}"
    return Gate("precision", found <= most, words)


def _reliability(case: Case) -> Gate:
    found = reliability(case.own, case.hypothesis)
    if np.isnan(found):
        strengths = case.hypothesis.id == "H3b"  # tested once, as is usual: it costs power only
        return Gate("reliability", strengths, "errors of measurement are not known")
    most = 1.0 - LEAST_RELIABLE
    words = (
        f"errors of measurement may make {min(1.0 - found, 1.0):.0%} of the variance, "
        f"at most {most:.0%} are borne"
    )
    return Gate("reliability", found >= LEAST_RELIABLE, words)


def _order(case: Case) -> Gate:
    """Whether conditions can be distinguished from their place in the order of sprints."""
    values = case.outcome.values
    if LATER not in values:
        words = "the order of the sprints is not stated (trials.tsv: order)"
        return Gate("order", passed=False, words=words)
    places = values.loc[case.outcome.complete.to_numpy(), LATER]
    later, earlier = int((places > 0).sum()), int((places < 0).sum())
    words = (
        f"the condition came later in {later} athletes, earlier in {earlier}, at least "
        f"{FEWEST_EACH_WAY} each way are needed: otherwise a change with the order cannot be "
        "separated from one with the condition"
    )
    balanced = min(later, earlier) >= FEWEST_EACH_WAY or later == earlier == 0
    return Gate("order", balanced, words)


def _closure(case: Case) -> Gate:
    closed = for_steps(case.evidence, case.evidence.trials["closures_pass"])
    closed = closed[~closed.index.duplicated()]
    failed = int((~closed.astype(bool)).sum())
    return Gate("closure", failed == 0, f"closures fail in {failed} of {len(closed)} trials")


GATES: dict[str, Callable[[Case], Gate]] = {
    "quality": _quality,
    "minimum_n": _minimum,
    "marker_rate": _marker_rate,
    "precision": _precision,
    "reliability": _reliability,
    "order": _order,
    "closure": _closure,
}
"""Function behind every gate of the registry."""
