"""Robustness of a verdict: without each unit, and under other choices of the analysis."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from scipy.stats import binomtest

from aqbio.stats.outcome import Outcome
from aqbio.stats.registry import Hypothesis
from aqbio.stats.verdict import CLASSES, ExaminedHypothesis, Label, Verdict, three_way


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """A result without one athlete, or without a whole cluster."""

    hypothesis: str
    participant_id: str
    """Who is left out; members of a cluster, joined by ``+``."""
    estimate: float
    ci_low: float
    ci_high: float
    verdict: Label
    """By the same rule, at Holm's strictest step."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Spread of a result over athletes; NaN where athletes have no number of their own."""

    n_showing: float
    """Athletes whose own number reaches the smallest effect in the predicted direction, or stays
    below it where the claim denies an effect."""
    share_low: float
    share_high: float
    """share_low, share_high: 95 % interval of the share of such athletes (Wilson 1927)."""
    robust: float
    """Median of all means of two athletes, and of each alone (Hodges and Lehmann 1963)."""


def leave_one_out(
    candidate: ExaminedHypothesis, family: int, clusters: Mapping[str, str]
) -> tuple[LeaveOneOut, ...]:
    """Recompute the result without each independent unit: an athlete, or a whole cluster.

    ``family`` is the number of tests of its family, ``clusters`` names those of athletes in one.
    """
    outcome = candidate.outcome
    if not candidate.tested or outcome is None:
        return ()
    units = defaultdict[str, list[Any]](list)
    for name in outcome.values.index[outcome.complete]:
        units[clusters.get(str(name), f"alone {name}")].append(name)
    return tuple(
        _without(candidate.hypothesis, outcome, members, max(family, 1))
        for members in units.values()
    )


def _without(
    hypothesis: Hypothesis, outcome: Outcome, members: Sequence[Any], family: int
) -> LeaveOneOut:
    refit = outcome.test(outcome.values[outcome.complete].drop(index=members))
    verdict: Label = "inconclusive"
    if np.isfinite(refit.p):
        condition = outcome.result.condition if refit.condition is None else refit.condition
        adjusted = (min(1.0, family * p) for p in (refit.p, refit.p_against))
        verdict = CLASSES[three_way(hypothesis, replace(refit, condition=condition), *adjusted)[0]]
    unit = " + ".join(map(str, members))
    return LeaveOneOut(hypothesis.id, unit, refit.error.value, *refit.ci95, verdict)


def influential(rows: tuple[LeaveOneOut, ...], verdict: Label) -> tuple[str, ...]:
    """Athletes, or clusters, without whom the verdict changes."""
    return tuple(row.participant_id for row in rows if row.verdict != verdict)


def spread(hypothesis: Hypothesis, outcome: Outcome) -> Spread:
    """Spread of a result over athletes."""
    has_effect = outcome.complete & bool(outcome.per_athlete)
    if not has_effect.any():
        return Spread(np.nan, np.nan, np.nan, np.nan)
    effects = outcome.values.loc[has_effect, outcome.per_athlete].to_numpy(dtype=float)
    reached = hypothesis.sign * effects >= hypothesis.delta
    if hypothesis.denies:
        sizes = np.abs(effects) if hypothesis.predicted == "none" else effects
        reached = sizes < hypothesis.delta
    showing = int(np.count_nonzero(reached))
    share = binomtest(showing, len(effects)).proportion_ci(method="wilson")
    first, second = np.triu_indices(len(effects))
    middle = float(np.median((effects[first] + effects[second]) / 2.0))
    return Spread(float(showing), float(share.low), float(share.high), middle)


# fragility under other choices --------------------------------------------------------------------


SAME = 1e-7
"""Relative difference below which estimates count as equal: a choice without effect is not another
analysis."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A verdict under other choices of the analysis."""

    specification: str
    """Changed choice, such as ``consistency=off``."""
    factor: str
    """The choice that is varied; empty for the study's own analysis."""
    verdict: Verdict

    @property
    def judges(self) -> bool:
        """True if its own gates passed."""
        return self.verdict.gates == "passed"


@dataclass(frozen=True, slots=True)
class Fragility:
    """Effect of alternative choices on a verdict."""

    fragile: Literal["yes", "no", "n/a"]
    overturned_by: tuple[str, ...]
    """Choices that give another verdict."""
    decisive: str
    """The factor whose choices move the estimate most; empty where none does."""
    lowest: float
    highest: float
    """lowest, highest: Of the estimates under all choices that judge."""
    silent: tuple[str, ...]
    """Choices without a verdict, because a gate fails."""


NOT_APPLICABLE = Fragility("n/a", (), "", float("nan"), float("nan"), ())


def fragility(verdict: Verdict, all_arms: Sequence[Arm]) -> Fragility:
    """Fragility of a verdict under alternative choices; only arms of its hypothesis count.

    An analysis that repeats another to `SAME` is left out, and so is one whose gates fail. A
    verdict that a gate decided cannot be fragile.
    """
    if verdict.gates != "passed":
        return NOT_APPLICABLE
    arms = [arm for arm in all_arms if arm.factor and arm.verdict.hypothesis == verdict.hypothesis]
    different = _distinct(verdict, arms)
    if not different and all(arm.judges for arm in arms):
        return NOT_APPLICABLE
    judging = [arm for arm in different if arm.judges]
    overturned = tuple(
        arm.specification for arm in judging if arm.verdict.verdict != verdict.verdict
    )
    silent = [arm.specification for arm in arms if not arm.judges]
    by_distance = sorted(judging, key=lambda arm: -abs(arm.verdict.estimate - verdict.estimate))
    values = [verdict.estimate, *(arm.verdict.estimate for arm in judging)]
    return Fragility(
        "yes" if overturned else "no",
        overturned,
        by_distance[0].specification.partition("=")[0] if by_distance else "",
        float(np.min(values)),
        float(np.max(values)),
        tuple(silent),
    )


def _distinct(verdict: Verdict, arms: Sequence[Arm]) -> list[Arm]:
    """Arms that repeat neither the study's own analysis nor each other."""

    def numbers(judged: Verdict) -> tuple[float, float, float]:
        return judged.estimate, judged.ci_low, judged.ci_high

    earlier, distinct = [numbers(verdict)], []
    for arm in arms:
        arm_numbers = numbers(arm.verdict)
        if not any(
            np.allclose(arm_numbers, previous, rtol=SAME, atol=0.0, equal_nan=True)
            for previous in earlier
        ):
            earlier.append(arm_numbers)
            distinct.append(arm)
    return distinct
