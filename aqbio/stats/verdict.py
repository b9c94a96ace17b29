"""Verdicts: gates first, then the three-way rule, with Holm's adjustment over what was tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aqbio.stats.evidence import Evidence, counted, usable
from aqbio.stats.gates import LACKS, Case, Gate, gate_results, missing_needs
from aqbio.stats.inference import detectable_effect, holm
from aqbio.stats.outcome import Outcome, Result
from aqbio.stats.outcomes import outcome
from aqbio.stats.registry import Hypothesis, Registry

Label = Literal["supported", "not_supported", "inconclusive", "described", "not_testable"]
Found = Literal[
    "found",
    "opposite_found",
    "no_effect",
    "not_enough_data",
    "too_imprecise",
    "gate_failed",
    "condition_failed",
    "described",
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
    "described": "described",
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
    """In the predicted direction."""
    p: float
    p_holm: float
    """p, p_holm: For the predicted direction; adjusted over what was tested of the family."""
    p_against: float
    p_against_holm: float
    """p_against, p_against_holm: Against an effect of interest; adjusted likewise."""
    n_athletes: int
    n_steps: int
    gates: str
    """"passed", or the names of those that failed."""
    mde: float
    """Smallest effect that a study like this finds with 80 % power."""
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
        """Whether it belongs to a family of tests."""
        passed = self.outcome is not None and all(gate.passed for gate in self.gates)
        return passed and self.hypothesis.judged


def verdicts(evidence: Evidence, registry: Registry) -> tuple[Verdict, ...]:
    """Verdicts of all hypotheses of a registry, in its order."""
    return judged(examined(evidence, registry), registry)


def examined(evidence: Evidence, registry: Registry) -> tuple[Examined, ...]:
    """Outcomes and gates of all hypotheses."""
    every = usable(evidence)
    return tuple(_examined(evidence, every, one) for one in registry.hypotheses)


def _examined(evidence: Evidence, every: Evidence, hypothesis: Hypothesis) -> Examined:
    own = counted(every, hypothesis)
    found = outcome(own, hypothesis)
    missing = missing_needs(evidence, hypothesis, found)
    gates = () if found is None else gate_results(Case(evidence, own, hypothesis, found))
    return Examined(hypothesis, found, gates, missing)


def families(every: Sequence[Examined]) -> Counter[str]:
    """How many hypotheses of every family were tested."""
    return Counter(one.hypothesis.family for one in every if one.tested)


def judged(every: Sequence[Examined], registry: Registry) -> tuple[Verdict, ...]:
    """Apply Holm's adjustment and the rule to what was examined, of one evidence or of several.

    Support and refusal are adjusted separately over all that was tested of a family: in a family of
    true effects none is refused, and in one without effects none is supported, in 95 % of studies.
    """
    sizes, registry_hash = families(every), registry.hash
    adjusted: dict[str, tuple[float, float]] = {}
    for family in sizes:
        own = [one for one in every if one.tested and one.hypothesis.family == family]
        found = [one.outcome.result for one in own if one.outcome is not None]
        both = (holm([one.p for one in found]), holm([one.p_against for one in found]))
        names = [one.hypothesis.id for one in own]
        adjusted |= dict(zip(names, zip(*(one.tolist() for one in both), strict=True), strict=True))
    nothing = (float("nan"), float("nan"))
    return tuple(
        _verdict(
            one,
            adjusted.get(one.hypothesis.id, nothing),
            max(sizes[one.hypothesis.family], 1),
            registry_hash,
        )
        for one in every
    )


def _verdict(
    one: Examined, adjusted: tuple[float, float], family: int, registry_hash: str
) -> Verdict:
    hypothesis, outcome = one.hypothesis, one.outcome
    found, reason = _what_was_found(one, *adjusted)
    nothing = float("nan")
    failed = [gate.name for gate in one.gates if not gate.passed]
    result = outcome.result if outcome else None
    low, high = result.ci95 if result else (nothing, nothing)
    return Verdict(
        hypothesis=hypothesis.id,
        verdict=CLASSES[found],
        found=found,
        reason=reason,
        statistic=hypothesis.statistic,
        estimate=outcome.estimate if outcome else nothing,
        ci_low=low,
        ci_high=high,
        smallest_effect=hypothesis.sign * hypothesis.delta,
        p=result.p if result and hypothesis.judged else nothing,
        p_holm=adjusted[0],
        p_against=result.p_against if result and hypothesis.judged else nothing,
        p_against_holm=adjusted[1],
        n_athletes=outcome.n_athletes if outcome else 0,
        n_steps=outcome.n_steps if outcome else 0,
        gates="n/a" if not one.gates else ", ".join(failed) or "passed",
        mde=_detectable(hypothesis, outcome, family),
        registry_hash=registry_hash,
    )


def _detectable(hypothesis: Hypothesis, outcome: Outcome | None, family: int) -> float:
    if outcome is None or outcome.diluted or not hypothesis.judged:
        return float("nan")
    alpha = hypothesis.alpha / family
    return hypothesis.sign * detectable_effect(outcome.error, hypothesis.delta, alpha=alpha)


def _what_was_found(one: Examined, p_holm: float, against: float) -> tuple[Found, str]:
    hypothesis, outcome = one.hypothesis, one.outcome
    if one.missing:
        return "not_testable", "; ".join(one.missing)
    failed = [gate for gate in one.gates if not gate.passed]
    words = [gate.words for gate in failed]
    if outcome is None:
        words = ["no athlete has the numbers that it takes"]
    elif not failed:
        words = [text for text in (outcome.result.note, hypothesis.caveat) if text]
    if not hypothesis.judged:
        return "described", "; ".join(["described, without a verdict", *words])
    if outcome is None:
        return "not_enough_data", words[0]
    if failed:
        return LACKS[failed[0].name], "; ".join(words)
    found, reason = three_way(hypothesis, outcome.result, p_holm, against)
    return found, "; ".join((reason, *words))


def three_way(
    hypothesis: Hypothesis, result: Result, p_holm: float, against: float
) -> tuple[Found, str]:
    """What was found where the gates passed, and the rule that said so.

    Found: p below alpha in the predicted direction, an estimate of at least delta, and the
    hypothesis's own condition. Not supported: p below alpha against an effect of delta or more; the
    opposite is found where the 95 % interval lies on the other side of 0. Too imprecise: neither.
    """
    delta, alpha = hypothesis.delta, hypothesis.alpha
    if p_holm < alpha and hypothesis.sign * result.error.value >= delta:
        if result.condition is False:
            return "condition_failed", "p and size would do, but not its own condition"
        return "found", f"adjusted p < {alpha:g} and at least the smallest effect"
    if against < alpha:
        if max(hypothesis.sign * bound for bound in result.ci95) < 0:
            return "opposite_found", "the 95 % interval lies on the other side of 0"
        size = f"an effect of {hypothesis.sign * delta:g} or beyond"
        return "no_effect", f"{size} is excluded: adjusted p against it < {alpha:g}"
    return "too_imprecise", _why_open(hypothesis, result)


def _why_open(hypothesis: Hypothesis, result: Result) -> str:
    """Say why neither rule applies, in agreement with the intervals that stand beside it."""
    delta, sign = hypothesis.delta, hypothesis.sign
    adjusted = f"adjusted p is not below {hypothesis.alpha:g}, though the"
    low, high = sorted(sign * bound for bound in result.ci95)
    if low > 0 and sign * result.error.value >= delta:
        return f"{adjusted} 95 % interval alone excludes 0"
    if high < delta:
        return f"{adjusted} 95 % interval alone excludes an effect of {sign * delta:g}"
    less = "0" if low <= 0 else "effects too small to matter"
    return f"the 95 % interval holds both {less} and effects of interest"
