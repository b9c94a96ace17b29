"""Who counts: speeds of which enough steps are usable, and athletes with enough of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aqbio.stats.evidence import CELL, TRIAL, Evidence
from aqbio.stats.registry import Hypothesis
from aqbio.stats.within import longest_runs

if TYPE_CHECKING:
    import pandas as pd


MOST_ATHLETES = 100_000
"""Athletes beyond which nobody is told how many it would take."""

WHOLE = {"H5b": 0.9}
"""Share of recorded steps that a speed needs for hypotheses about a spread: where the latest
quarter of steps is lost, what is left scatters half as much."""


def usable(evidence: Evidence, share: float | None = None) -> Evidence:
    """The evidence without speeds of an athlete of which too few recorded steps are usable.

    What is missing of such a speed is not missing at random.
    """
    least = evidence.limits.usable_share if share is None else share
    steps = evidence.steps
    if not len(steps):
        return evidence
    trials = steps.drop_duplicates(TRIAL).set_index(TRIAL)["level"]
    recorded = evidence.trials["recorded"].reindex(trials.index)
    by_cell = recorded.groupby([recorded.index.get_level_values(0), trials.to_numpy()]).sum()
    found = evidence.cell_sizes
    asked = by_cell.reindex([*found.index]).to_numpy(dtype=float)
    enough = found >= least * asked
    if enough.all():
        return evidence
    kept = enough.reindex([*zip(*(steps[name] for name in CELL), strict=True)])
    return evidence.where(steps["level"].notna() & kept.to_numpy())


def counted(evidence: Evidence, hypothesis: Hypothesis) -> Evidence:
    """The usable evidence that a hypothesis is judged by.

    Athletes without the least data are left out where enough others have it, so that one with
    almost one speed cannot decide a slope; otherwise all stay, for the estimate is shown in any
    case.
    """
    if hypothesis.id in WHOLE:
        evidence = usable(evidence, max(WHOLE[hypothesis.id], evidence.limits.usable_share))
    enough = with_minimum(evidence, hypothesis)
    if int(enough.sum()) < max(hypothesis.minimum.athletes, 1) or enough.all():
        return evidence
    names = enough.index[enough]
    rest = evidence.where(evidence.steps["participant_id"].isin(names))
    athletes = rest.athletes.reindex(names).reindex(rest.athletes.index)
    sprints = rest.sprints[rest.sprints["participant_id"].isin(names)]
    return replace(rest, athletes=athletes, sprints=sprints)


def with_minimum(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes who have the least data that a hypothesis asks for, (A,)."""
    return COUNTED.get(hypothesis.id, _with_steps)(evidence, hypothesis)


def _with_steps(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes with enough speeds of enough steps each."""
    least = hypothesis.minimum
    if not least.steps:
        return evidence.count() >= 0
    return _count(evidence, evidence.cell_sizes >= least.steps) >= least.levels


def _with_rows(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes with a trial that has enough consecutive steps."""
    long = longest_runs(evidence.steps, TRIAL) >= hypothesis.minimum.steps
    return _count(evidence, long) >= hypothesis.minimum.levels


def _with_sprints(evidence: Evidence, hypothesis: Hypothesis) -> pd.Series[bool]:
    """Athletes with enough sprints in each condition."""
    from aqbio.stats.athlete_statistics import sprint_counts

    return (sprint_counts(evidence) >= hypothesis.minimum.steps).all(axis=1)


def _count(evidence: Evidence, enough: pd.Series[bool]) -> pd.Series[Any]:
    """How many of an athlete's speeds or trials are enough, by athlete."""
    names = evidence.athletes.index
    return enough.groupby(level=0, observed=True).sum().reindex(names, fill_value=0)


COUNTED: dict[str, Callable[[Evidence, Hypothesis], pd.Series[bool]]] = {
    "H3e": _with_rows,
    "H7": _with_sprints,
    "H7b": _with_sprints,
}
"""Hypotheses whose steps are counted in a way of their own."""


def used(evidence: Evidence, column: pd.Series[Any]) -> pd.Series[Any]:
    """Something of the trials, (T,), for every step."""
    return column.iloc[evidence.trial_of_step]
