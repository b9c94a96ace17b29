"""Gates: what the data must be good for before any rule is applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aqbio.stats.athlete_statistics import sprint_counts
from aqbio.stats.evidence import CELL, TRIAL, Evidence
from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import Hypothesis
from aqbio.stats.within import longest_runs

if TYPE_CHECKING:
    import pandas as pd

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
    """One gate."""

    name: str
    passed: bool
    words: str
    """What was found against what is needed."""


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
    recorded, usable = int(evidence.trials["recorded"].sum()), len(evidence.steps)
    share, least = usable / recorded if recorded else 0.0, evidence.limits.usable_share
    words = f"{usable} of {recorded} steps usable ({share:.0%}), {least:.0%} needed"
    return Gate("quality", share >= least, words)


def _minimum(evidence: Evidence, hypothesis: Hypothesis, outcome: Outcome) -> Gate:
    least = hypothesis.minimum
    enough = COUNTED.get(hypothesis.id, _with_steps)(evidence, hypothesis)
    count = int((enough.to_numpy() & outcome.known.to_numpy()).sum())
    words = f"{count} of {least.athletes} athletes" + _per_athlete(hypothesis)
    return Gate("minimum_n", count >= least.athletes, words)


def _per_athlete(hypothesis: Hypothesis) -> str:
    least = hypothesis.minimum
    if not least.steps:
        return " with all numbers"
    unit = {"H7": "sprints in each condition", "H3e": "consecutive steps"}
    speeds = f"{least.levels} speeds with " if least.levels > 1 else ""
    return f" with {speeds}at least {least.steps} {unit.get(hypothesis.id, 'steps')}"


def _with_steps(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes with enough speeds of enough steps each."""
    least = hypothesis.minimum
    if not least.steps:
        return evidence.count() >= 0
    cell = [evidence.steps[name] for name in CELL]
    full = evidence.steps.groupby(cell, observed=True).size() >= least.steps
    return _count(evidence, full) >= least.levels


def _with_rows(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes with a trial that has enough consecutive steps."""
    long = longest_runs(evidence.steps, TRIAL) >= hypothesis.minimum.steps
    return _count(evidence, long) >= hypothesis.minimum.levels


def _with_sprints(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes with enough sprints in each condition."""
    return (sprint_counts(evidence) >= hypothesis.minimum.steps).all(axis=1)


def _count(evidence: Evidence, enough: pd.Series[bool]) -> pd.Series[Any]:
    """How many of an athlete's speeds or trials are enough, by athlete."""
    names = evidence.athletes.index
    return enough.groupby(level=0, observed=True).sum().reindex(names, fill_value=0)


COUNTED: dict[str, Callable[[Evidence, Hypothesis], pd.Series[bool]]] = {
    "H3e": _with_rows,
    "H7": _with_sprints,
}
"""Hypotheses whose steps are counted in a way of their own."""


def _used(evidence: Evidence, column: pd.Series[Any]) -> pd.Series[Any]:
    """Something of the trials, (T,), for every step."""
    return column.reindex([*zip(*(evidence.steps[name] for name in TRIAL), strict=True)])


def _marker_rate(evidence: Evidence, hypothesis: Hypothesis, _: Outcome) -> Gate:
    least = hypothesis.minimum.marker_rate_hz
    rates = _used(evidence, evidence.trials["marker_rate"])
    rate = float(rates.min()) if len(rates) else 0.0
    return Gate("marker_rate", rate >= least, f"markers at {rate:g} Hz, {least:g} Hz needed")


def _precision(evidence: Evidence, hypothesis: Hypothesis, _: Outcome) -> Gate:
    good = _used(evidence, precise_trials(evidence, hypothesis))
    share = float(good.mean()) if len(good) else 0.0
    least = evidence.limits.usable_share
    words = f"{share:.0%} of steps in trials that are precise enough, {least:.0%} needed"
    return Gate("precision", share >= least, words)


def precise_trials(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Trials whose statistic is known precisely enough, (T,).

    Notes
    -----
    Where motion and force were made consistent and the statistic's posterior standard deviation is
    given: at most half the smallest effect of interest. Otherwise the residual yaw moment itself,
    and the smallest rate of a group over it, within their limits. A suspect trial never.
    """
    trials, limits = evidence.trials, evidence.limits
    good = (trials["residual_ratio"] >= limits.effect_to_residual) & (
        trials["residual_moment"] <= limits.yaw_residual_nm
    )
    sd = trials.get(f"sd_{hypothesis.id}")
    if sd is not None:
        good = good.where(~trials["consistent"], sd <= hypothesis.precise)
    return good & ~trials["suspect"]


def _closure(evidence: Evidence, _: Hypothesis, __: Outcome) -> Gate:
    closed = _used(evidence, evidence.trials["closures_pass"])
    closed = closed[~closed.index.duplicated()]
    failed = int((~closed.astype(bool)).sum())
    return Gate("closure", failed == 0, f"closures fail in {failed} of {len(closed)} trials")


GATES: dict[str, Callable[[Evidence, Hypothesis, Outcome], Gate]] = {
    "quality": _quality,
    "minimum_n": _minimum,
    "marker_rate": _marker_rate,
    "precision": _precision,
    "closure": _closure,
}
"""Function behind every gate of the registry."""
