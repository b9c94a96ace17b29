"""Robustness of a verdict: leave-one-out over athletes, and other choices of the analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import Hypothesis
from aqbio.stats.verdict import CLASSES, Examined, Label, Verdict, three_way


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """A result without one athlete."""

    hypothesis: str
    participant_id: str
    estimate: float
    ci_low: float
    ci_high: float
    verdict: Label
    """By the same rule, at Holm's strictest step."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How a result spreads over athletes; NaN where athletes have no number of their own."""

    n_showing: float
    """Athletes whose own number reaches the smallest effect in the predicted direction."""
    share_low: float
    share_high: float
    """share_low, share_high: 95 % interval of the share of such athletes (Wilson 1927)."""
    robust: float
    """Median of all means of two athletes, and of each alone (Hodges and Lehmann 1963)."""


def leave_one_out(one: Examined, family: int) -> tuple[LeaveOneOut, ...]:
    """The result with each of its athletes left out; ``family`` counts what was tested of it."""
    outcome = one.outcome
    if not one.tested or outcome is None:
        return ()
    known = outcome.values.index[outcome.complete]
    return tuple(_without(one.hypothesis, outcome, name, max(family, 1)) for name in known)


def _without(hypothesis: Hypothesis, outcome: Outcome, name: Any, family: int) -> LeaveOneOut:
    rest = outcome.test(outcome.values[outcome.complete].drop(index=name))
    verdict: Label = "inconclusive"
    if np.isfinite(rest.p):
        condition = outcome.result.condition if rest.condition is None else rest.condition
        adjusted = (min(1.0, family * one) for one in (rest.p, rest.p_against))
        verdict = CLASSES[three_way(hypothesis, replace(rest, condition=condition), *adjusted)[0]]
    return LeaveOneOut(hypothesis.id, str(name), rest.error.value, *rest.ci95, verdict)


def influential(rows: tuple[LeaveOneOut, ...], verdict: Label) -> tuple[str, ...]:
    """Athletes without whom the verdict would be another one."""
    return tuple(row.participant_id for row in rows if row.verdict != verdict)


def spread(hypothesis: Hypothesis, outcome: Outcome) -> Spread:
    """Spread of a result over athletes."""
    from scipy.stats import binomtest

    known = outcome.complete & bool(outcome.per_athlete)
    if not known.any():
        return Spread(np.nan, np.nan, np.nan, np.nan)
    own = outcome.values.loc[known, outcome.per_athlete].to_numpy(dtype=float)
    showing = int(np.count_nonzero(hypothesis.sign * own >= hypothesis.delta))
    share = binomtest(showing, len(own)).proportion_ci(method="wilson")
    first, second = np.triu_indices(len(own))
    middle = float(np.median((own[first] + own[second]) / 2.0))
    return Spread(float(showing), float(share.low), float(share.high), middle)


# fragility under other choices --------------------------------------------------------------------


SAME = 1e-7
"""Estimates that differ by less, relative, are one: a choice without effect is no analysis."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A verdict under other choices of the analysis."""

    specification: str
    """What differs, such as ``consistency=off``."""
    factor: str
    """The choice that is varied; empty for the study's own analysis."""
    verdict: Verdict

    @property
    def judges(self) -> bool:
        """Whether its own gates let it say anything."""
        return self.verdict.gates == "passed"


@dataclass(frozen=True, slots=True)
class Fragility:
    """What other choices do to a verdict."""

    fragile: Literal["yes", "no", "n/a"]
    overturned_by: tuple[str, ...]
    """Choices that give another verdict."""
    decisive: str
    """The factor whose choices move the estimate most; empty where none does."""
    lowest: float
    highest: float
    """lowest, highest: Of the estimates under all choices that judge."""
    silent: tuple[str, ...]
    """Choices under which a gate fails: nothing is known of them."""


NOTHING = Fragility("n/a", (), "", float("nan"), float("nan"), ())


def fragility(own: Verdict, every: Sequence[Arm]) -> Fragility:
    """Whether any other choice overturns a verdict; of all arms those of its hypothesis count.

    An analysis that repeats another to `SAME` is left out; one whose gates fail says nothing. A
    verdict that a gate decided cannot be fragile.
    """
    if own.gates != "passed":
        return NOTHING
    arms = [arm for arm in every if arm.factor and arm.verdict.hypothesis == own.hypothesis]
    different = _distinct(own, arms)
    if not different and all(arm.judges for arm in arms):
        return NOTHING
    judging = [arm for arm in different if arm.judges]
    overturned = tuple(arm.specification for arm in judging if arm.verdict.verdict != own.verdict)
    silent = [arm.specification for arm in arms if not arm.judges]
    away = sorted(judging, key=lambda arm: -abs(arm.verdict.estimate - own.estimate))
    values = [own.estimate, *(arm.verdict.estimate for arm in judging)]
    return Fragility(
        "yes" if overturned else "no",
        overturned,
        away[0].specification.partition("=")[0] if away else "",
        float(np.min(values)),
        float(np.max(values)),
        tuple(silent),
    )


def _distinct(own: Verdict, arms: Sequence[Arm]) -> list[Arm]:
    """Arms that repeat neither the study's own analysis nor each other."""

    def numbers(one: Verdict) -> tuple[float, float, float]:
        return one.estimate, one.ci_low, one.ci_high

    earlier, found = [numbers(own)], []
    for arm in arms:
        these = numbers(arm.verdict)
        if not any(np.allclose(these, one, rtol=SAME, atol=0.0, equal_nan=True) for one in earlier):
            earlier.append(these)
            found.append(arm)
    return found
