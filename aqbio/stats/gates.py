"""Gates: what the data must be good for before any rule is applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.vectors import BoolArray, IntArray
from aqbio.stats.athletes import cells, longest_runs
from aqbio.stats.evidence import Evidence
from aqbio.stats.outcomes import Outcome
from aqbio.stats.registry import Hypothesis

FEWEST_ATHLETES = 6
"""Below, no exact two-sided test over athletes can reach 0.05."""

NEEDS = {
    "arms": "no step shows the arms",
    "legs": "no step shows both legs",
    "forces": "ground reaction forces were not measured",
    "capacities": "no strength of both sides was measured apart from sprinting (capacities.tsv)",
    "restricted_arms": "no maximal sprints both with free and with restricted arms (trials.tsv: "
    "condition restricted_arms, effort maximal)",
    "one_sided_loads": "no sprints with a load on one side",
    "matched_speed": "no manipulation at matched speed",
    "accelerating": "no accelerating steps",
}
"""What to say when something is missing."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate.

    Attributes
    ----------
    name : str
    passed : bool
    words : str
        What was found against what is needed.
    """

    name: str
    passed: bool
    words: str


def missing_needs(
    evidence: Evidence, hypothesis: Hypothesis, outcome: Outcome | None
) -> tuple[str, ...]:
    """Say what the study lacks for a hypothesis; legs, where that left no athlete with numbers."""
    presence = evidence.presence
    needs = hypothesis.needs if outcome is not None else (*hypothesis.needs, "legs")
    lacking = [need for need in needs if not getattr(presence, need)]
    return tuple(presence.reasons.get(need, NEEDS[need]) for need in lacking)


def gate_results(evidence: Evidence, hypothesis: Hypothesis, outcome: Outcome) -> tuple[Gate, ...]:
    """Results of all gates of a hypothesis, in order; the first one counts athletes."""
    count = Gate(
        "athletes",
        outcome.n_athletes >= FEWEST_ATHLETES,
        f"athletes with numbers: {outcome.n_athletes}, a test takes {FEWEST_ATHLETES}",
    )
    return (count, *(GATES[name](evidence, hypothesis, outcome) for name in hypothesis.gates))


def _quality(evidence: Evidence, _: Hypothesis, __: Outcome) -> Gate:
    recorded, usable = int(evidence.trials.recorded.sum()), len(evidence.steps)
    share, least = usable / recorded if recorded else 0.0, evidence.limits.usable_share
    words = f"{usable} of {recorded} steps usable ({share:.0%}), {least:.0%} needed"
    return Gate("quality", share >= least, words)


def _minimum(evidence: Evidence, hypothesis: Hypothesis, outcome: Outcome) -> Gate:
    least = hypothesis.minimum
    enough = COUNTED.get(hypothesis.id, _with_steps)(evidence, hypothesis)
    known = np.all([np.isfinite(column) for column in outcome.values.values()], axis=0)
    count = int((enough & known).sum())
    words = f"{count} of {least.athletes} athletes" + _per_athlete(hypothesis)
    return Gate("minimum_n", count >= least.athletes, words)


def _per_athlete(hypothesis: Hypothesis) -> str:
    least = hypothesis.minimum
    if not least.steps:
        return " with all numbers"
    unit = {"H7": "sprints in each condition", "H3e": "consecutive steps"}
    speeds = f"{least.levels} speeds with " if least.levels > 1 else ""
    return f" with {speeds}at least {least.steps} {unit.get(hypothesis.id, 'steps')}"


def _with_steps(evidence: Evidence, hypothesis: Hypothesis) -> BoolArray:
    """Athletes with enough speeds of enough steps each."""
    least, count = hypothesis.minimum, len(evidence.athletes.name)
    if not least.steps:
        return np.ones(count, dtype=bool)
    cell, owner = cells(evidence.steps.athlete, evidence.steps.level)
    full = np.bincount(cell, minlength=len(owner)) >= least.steps
    return _levels(owner[full], count) >= least.levels


def _with_rows(evidence: Evidence, hypothesis: Hypothesis) -> BoolArray:
    """Athletes with a trial that has enough consecutive steps."""
    steps, count = evidence.steps, len(evidence.athletes.name)
    long = longest_runs(steps.trial, steps.number) >= hypothesis.minimum.steps
    owner = evidence.trials.athlete[: len(long)][long]
    return _levels(owner, count) >= hypothesis.minimum.levels


def _with_sprints(evidence: Evidence, hypothesis: Hypothesis) -> BoolArray:
    """Athletes with enough sprints in each condition."""
    athletes, least = evidence.athletes, hypothesis.minimum.steps
    both = [np.isfinite(one).sum(axis=1) >= least for one in (athletes.normal, athletes.restricted)]
    enough: BoolArray = np.logical_and(*both)
    return enough


def _levels(owner: IntArray, count: int) -> IntArray:
    return np.bincount(owner, minlength=count)


COUNTED: dict[str, Callable[[Evidence, Hypothesis], BoolArray]] = {
    "H3e": _with_rows,
    "H7": _with_sprints,
}
"""Hypotheses whose steps are counted in a way of their own."""


def _marker_rate(evidence: Evidence, hypothesis: Hypothesis, _: Outcome) -> Gate:
    least = hypothesis.minimum.marker_rate_hz
    used = np.unique(evidence.steps.trial)
    rate = float(evidence.trials.marker_rate[used].min()) if len(used) else 0.0
    return Gate("marker_rate", rate >= least, f"markers at {rate:g} Hz, {least:g} Hz needed")


def _precision(evidence: Evidence, hypothesis: Hypothesis, _: Outcome) -> Gate:
    good = precise_trials(evidence, hypothesis)
    share = float(good[evidence.steps.trial].mean()) if len(evidence.steps) else 0.0
    least = evidence.limits.usable_share
    words = f"{share:.0%} of steps in trials that are precise enough, {least:.0%} needed"
    return Gate("precision", share >= least, words)


def precise_trials(evidence: Evidence, hypothesis: Hypothesis) -> BoolArray:
    """Trials whose statistic is known precisely enough, (T,).

    Notes
    -----
    Where motion and force were made consistent and the statistic's posterior standard deviation is
    given: at most half the smallest effect of interest. Otherwise the residual yaw moment itself,
    and the smallest rate of a group over it, within their limits. A suspect trial never.
    """
    trials, limits = evidence.trials, evidence.limits
    by_residual = (trials.residual_ratio >= limits.effect_to_residual) & (
        trials.residual_moment <= limits.yaw_residual_nm
    )
    sd = trials.statistic_sd.get(hypothesis.id)
    if sd is None:
        good = by_residual
    else:
        good = np.where(trials.consistent, sd <= hypothesis.precise, by_residual)
    precise: BoolArray = good & ~trials.suspect
    return precise


def _closure(evidence: Evidence, _: Hypothesis, __: Outcome) -> Gate:
    used = np.unique(evidence.steps.trial)
    failed = int((~evidence.trials.closures_pass[used]).sum())
    return Gate("closure", failed == 0, f"closures fail in {failed} of {len(used)} trials")


GATES: dict[str, Callable[[Evidence, Hypothesis, Outcome], Gate]] = {
    "quality": _quality,
    "minimum_n": _minimum,
    "marker_rate": _marker_rate,
    "precision": _precision,
    "closure": _closure,
}
"""Function behind every gate of the registry."""
