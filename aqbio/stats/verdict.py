"""Verdicts: gates first, then the three-way rule, with Holm's adjustment over what was tested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aqbio.stats.evidence import Evidence, counted, usable
from aqbio.stats.gates import LACKS, Case, Gate, gate_results, missing_needs
from aqbio.stats.inference import detectable_effect, detectable_margin, holm
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import outcome
from aqbio.stats.registry import Hypothesis, Registry

Label = Literal[
    "supported", "not_supported", "inconclusive", "mechanically_implied", "not_testable"
]
LABELS: tuple[Label, ...] = (
    "supported",
    "not_supported",
    "inconclusive",
    "mechanically_implied",
    "not_testable",
)

Found = Literal[
    "found",
    "opposite_found",
    "no_effect",
    "not_enough_data",
    "too_imprecise",
    "gate_failed",
    "condition_failed",
    "mechanically_implied",
    "not_testable",
]
CLASSES: dict[Found, Label] = {
    "found": "supported",
    "opposite_found": "not_supported",
    "no_effect": "not_supported",
    "not_enough_data": "inconclusive",
    "too_imprecise": "inconclusive",
    "gate_failed": "inconclusive",
    "condition_failed": "inconclusive",
    "mechanically_implied": "mechanically_implied",
    "not_testable": "not_testable",
}
"""What was found, in words that mean one thing, and the verdict that it is one of."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the verdict table; NaN and empty words where there is nothing to say."""

    hypothesis: str
    verdict: Label
    found: Found
    reason: str
    statistic: str
    estimate: float
    ci_low: float
    ci_high: float
    """estimate, ci_low, ci_high: 95 % interval, not adjusted."""
    smallest_effect: float
    """In the predicted direction; for equivalence the margin."""
    p: float
    p_holm: float
    """p, p_holm: For the predicted direction; adjusted over what was tested."""
    p_against: float
    p_against_holm: float
    """p_against, p_against_holm: Against an effect of interest; adjusted likewise."""
    n_athletes: int
    n_steps: int
    gates: str
    """"passed", or the names of those that failed."""
    mde: float
    """Smallest effect (for equivalence: margin) that a study like this finds with 80 % power."""
    registry_hash: str


@dataclass(frozen=True, slots=True)
class Examined:
    """A hypothesis before the rule: what was found, and whether it may be judged."""

    hypothesis: Hypothesis
    outcome: Outcome | None
    gates: tuple[Gate, ...]
    missing: tuple[str, ...]

    @property
    def tested(self) -> bool:
        """Whether it belongs to the family of tests."""
        return self.outcome is not None and all(gate.passed for gate in self.gates)


def verdicts(evidence: Evidence, registry: Registry) -> tuple[Verdict, ...]:
    """Verdicts of all hypotheses of a registry, in its order."""
    return judged(examined(evidence, registry), registry)


def examined(evidence: Evidence, registry: Registry) -> tuple[Examined, ...]:
    """Outcomes and gates of all hypotheses."""
    every = usable(evidence)
    return tuple(_examined(evidence, every, one) for one in registry.hypotheses)


def _examined(evidence: Evidence, every: Evidence, hypothesis: Hypothesis) -> Examined:
    if hypothesis.always is not None:
        return Examined(hypothesis, None, (), ())
    own = counted(every, hypothesis)
    found = outcome(own, hypothesis)
    missing = missing_needs(evidence, hypothesis, found)
    gates = () if found is None else gate_results(Case(evidence, own, hypothesis, found))
    return Examined(hypothesis, found, gates, missing)


def judged(every: Sequence[Examined], registry: Registry) -> tuple[Verdict, ...]:
    """Apply Holm's adjustment and the rule to what was examined, of one evidence or of several.

    Support and refusal are adjusted separately over all that was tested: in a family of true
    effects none is refused, and in one without effects none is supported, in 95 % of studies.
    """
    tested = [one for one in every if one.tested and one.outcome is not None]
    names = [one.hypothesis.id for one in tested]
    p, against = (
        dict(zip(names, holm([getattr(one.outcome, name) for one in tested]).tolist(), strict=True))
        for name in ("p", "p_against")
    )
    nothing, registry_hash = float("nan"), registry.hash
    return tuple(
        _verdict(
            one,
            (p.get(one.hypothesis.id, nothing), against.get(one.hypothesis.id, nothing)),
            len(tested),
            registry_hash,
        )
        for one in every
    )


def _verdict(
    one: Examined, adjusted: tuple[float, float], family: int, registry_hash: str
) -> Verdict:
    hypothesis, outcome = one.hypothesis, one.outcome
    found, reason = _found(one, *adjusted)
    nothing = float("nan")
    failed = [gate.name for gate in one.gates if not gate.passed]
    return Verdict(
        hypothesis=hypothesis.id,
        verdict=CLASSES[found],
        found=found,
        reason=reason,
        statistic=hypothesis.statistic,
        estimate=outcome.estimate if outcome else nothing,
        ci_low=outcome.ci95[0] if outcome else nothing,
        ci_high=outcome.ci95[1] if outcome else nothing,
        smallest_effect=nothing if hypothesis.always else hypothesis.sign * hypothesis.delta,
        p=outcome.p if outcome else nothing,
        p_holm=adjusted[0],
        p_against=outcome.p_against if outcome else nothing,
        p_against_holm=adjusted[1],
        n_athletes=outcome.n_athletes if outcome else 0,
        n_steps=outcome.n_steps if outcome else 0,
        gates="n/a" if not one.gates else ", ".join(failed) or "passed",
        mde=_detectable(hypothesis, outcome, max(family, 1)) if outcome else nothing,
        registry_hash=registry_hash,
    )


def _detectable(hypothesis: Hypothesis, outcome: Outcome, family: int) -> float:
    if outcome.diluted:
        return float("nan")
    alpha = hypothesis.alpha / family
    if hypothesis.predicted == "equivalent":
        return detectable_margin(outcome.error, alpha=alpha)
    return hypothesis.sign * detectable_effect(outcome.error, hypothesis.delta, alpha=alpha)


def _found(one: Examined, p_holm: float, against: float) -> tuple[Found, str]:
    hypothesis = one.hypothesis
    if hypothesis.always is not None:
        return hypothesis.always, hypothesis.implied_if
    if one.missing:
        return "not_testable", "; ".join(one.missing)
    if one.outcome is None:
        return "not_enough_data", "no athlete has the numbers that it takes"
    failed = [gate for gate in one.gates if not gate.passed]
    if failed:
        return LACKS[failed[0].name], "; ".join(gate.words for gate in failed)
    found, reason = three_way(hypothesis, one.outcome, p_holm, against)
    extra = [words for words in (one.outcome.note, hypothesis.caveat) if words]
    return found, "; ".join((reason, *extra))


def three_way(
    hypothesis: Hypothesis, outcome: Outcome, p_holm: float, against: float
) -> tuple[Found, str]:
    """What was found where the gates passed, and the rule that said so.

    Found: p below alpha in the predicted direction, an estimate of at least delta, and the
    hypothesis's own condition. Not supported: p below alpha against an effect of delta or more; the
    opposite is found where the 95 % interval lies on the other side of 0. For equivalence: found
    where p is below alpha, not supported where the p against it is. Too imprecise: neither.
    """
    delta, alpha = hypothesis.delta, hypothesis.alpha
    if hypothesis.predicted == "equivalent":
        if p_holm < alpha:
            return "found", f"the 90 % interval lies within ±{delta:g}"
        if against < alpha:
            return "opposite_found", f"the 95 % interval lies outside ±{delta:g}"
        return "too_imprecise", _why_open(hypothesis, outcome)
    large = hypothesis.sign * outcome.estimate >= delta
    if p_holm < alpha and large:
        if outcome.condition is False:
            return "condition_failed", "p and size would do, but not its own condition"
        return "found", f"adjusted p < {alpha:g} and at least the smallest effect"
    if against < alpha:
        if max(hypothesis.sign * bound for bound in outcome.ci95) < 0:
            return "opposite_found", "the 95 % interval lies on the other side of 0"
        size = f"an effect of {hypothesis.sign * delta:g} or beyond"
        return "no_effect", f"{size} is excluded: adjusted p against it < {alpha:g}"
    return "too_imprecise", _why_open(hypothesis, outcome)


def _why_open(hypothesis: Hypothesis, outcome: Outcome) -> str:
    """Say why neither rule applies, in agreement with the intervals that stand beside it."""
    delta, sign = hypothesis.delta, hypothesis.sign
    adjusted = f"adjusted p is not below {hypothesis.alpha:g}, though the"
    if hypothesis.predicted == "equivalent":
        if -delta < outcome.ci90[0] and outcome.ci90[1] < delta:
            return f"{adjusted} 90 % interval alone lies within ±{delta:g}"
        return f"the interval reaches into and out of ±{delta:g}"
    low, high = sorted(sign * bound for bound in outcome.ci95)
    if low > 0 and sign * outcome.estimate >= delta:
        return f"{adjusted} 95 % interval alone excludes 0"
    if high < delta:
        return f"{adjusted} 95 % interval alone excludes an effect of {sign * delta:g}"
    less = "0" if low <= 0 else "effects too small to matter"
    return f"the 95 % interval holds both {less} and effects of interest"
