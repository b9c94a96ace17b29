"""Verdicts: gates first, then the three-way rule, with Holm's adjustment over all tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aqbio.stats.designs import Design, design
from aqbio.stats.evidence import Evidence
from aqbio.stats.gates import LACKS, Case, Gate, gate_results, missing_needs
from aqbio.stats.inference import holm
from aqbio.stats.outcome import Outcome, Result
from aqbio.stats.outcomes import examined_outcome, sound_evidence
from aqbio.stats.registry import Hypothesis, Predicted, Registry

Label = Literal["supported", "not_supported", "inconclusive", "described", "not_testable"]
ResultCode = Literal[
    "found",
    "equivalent",
    "change_found",
    "opposite_found",
    "no_effect",
    "not_enough_data",
    "too_imprecise",
    "gate_failed",
    "condition_failed",
    "described",
    "not_testable",
]
CLASSES: dict[ResultCode, Label] = {
    "found": "supported",
    "equivalent": "supported",
    "change_found": "not_supported",
    "opposite_found": "not_supported",
    "no_effect": "not_supported",
    "not_enough_data": "inconclusive",
    "too_imprecise": "inconclusive",
    "gate_failed": "inconclusive",
    "condition_failed": "inconclusive",
    "described": "described",
    "not_testable": "not_testable",
}
"""Result codes, each with its verdict."""

TOO_FEW = ("athletes", "minimum_n")
"""Gates that count athletes."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the verdict table; NaN and empty text where there is no value."""

    hypothesis: str
    verdict: Label
    found: ResultCode
    reason: str
    statistic: str
    estimate: float
    ci_low: float
    ci_high: float
    """estimate, ci_low, ci_high: 95 % interval, not adjusted."""
    predicted: Predicted
    smallest_effect: float
    """In the predicted direction, or the size of one that is denied."""
    p: float
    p_holm: float
    """p, p_holm: For the predicted direction; adjusted over the tests of the family."""
    p_against: float
    p_against_holm: float
    """p_against, p_against_holm: Against an effect of interest; adjusted likewise."""
    n_athletes: int
    n_steps: int
    gates: str
    """"passed", or the names of those that failed."""
    registry_hash: str
    design: Design
    """The design from which it is judged."""


@dataclass(frozen=True, slots=True)
class ExaminedHypothesis:
    """Hypothesis with outcome, gates and missing data, before the rule."""

    hypothesis: Hypothesis
    outcome: Outcome | None
    gates: tuple[Gate, ...]
    missing: tuple[str, ...]
    design: Design = "observed"
    counted: Evidence | None = None
    """Evidence behind the outcome."""

    @property
    def tested(self) -> bool:
        """True if it belongs to a family of tests."""
        passed = self.outcome is not None and all(gate.passed for gate in self.gates)
        return passed and not self.missing


def verdicts(evidence: Evidence, registry: Registry) -> tuple[Verdict, ...]:
    """Verdicts of all hypotheses of a registry, in its order."""
    return judge(examine(evidence, registry), registry)


def examine(evidence: Evidence, registry: Registry) -> tuple[ExaminedHypothesis, ...]:
    """Outcomes and gates of all hypotheses."""
    return tuple(_examine_hypothesis(evidence, hypothesis) for hypothesis in registry.hypotheses)


def _examine_hypothesis(evidence: Evidence, hypothesis: Hypothesis) -> ExaminedHypothesis:
    counted, outcome = examined_outcome(evidence, hypothesis)
    missing = missing_needs(evidence, hypothesis, outcome)
    plan = design(evidence, hypothesis)
    if outcome is None:
        return ExaminedHypothesis(hypothesis, None, (), missing, plan)
    sound = sound_evidence(evidence, hypothesis)
    invalidated = len(evidence.steps) - len(sound.steps)
    gates = gate_results(Case(sound, counted, hypothesis, outcome, invalidated))
    return ExaminedHypothesis(hypothesis, outcome, gates, missing, plan, counted)


def families(candidates: Sequence[ExaminedHypothesis]) -> Counter[str]:
    """Number of tested hypotheses of every family."""
    return Counter(candidate.hypothesis.family for candidate in candidates if candidate.tested)


def judge(candidates: Sequence[ExaminedHypothesis], registry: Registry) -> tuple[Verdict, ...]:
    """Apply Holm's adjustment and the rule to examined hypotheses, of one study or of several.

    Support and refusal are adjusted separately over all tests of a family: in a family of true
    effects none is refused, and in one without effects none is supported, in 95 % of studies.
    """
    sizes, registry_hash = families(candidates), registry.hash
    adjusted: dict[str, tuple[float, float]] = {}
    for family in sizes:
        members = [
            candidate
            for candidate in candidates
            if candidate.tested and candidate.hypothesis.family == family
        ]
        results = [member.outcome.result for member in members if member.outcome is not None]
        p_columns = (
            holm([result.p for result in results]),
            holm([result.p_against for result in results]),
        )
        names = [member.hypothesis.id for member in members]
        adjusted |= dict(
            zip(names, zip(*(column.tolist() for column in p_columns), strict=True), strict=True)
        )
    not_adjusted = (float("nan"), float("nan"))
    return tuple(
        _verdict(candidate, adjusted.get(candidate.hypothesis.id, not_adjusted), registry_hash)
        for candidate in candidates
    )


def _verdict(
    candidate: ExaminedHypothesis, adjusted: tuple[float, float], registry_hash: str
) -> Verdict:
    hypothesis, outcome = candidate.hypothesis, candidate.outcome
    code, reason = _result_code(candidate, *adjusted)
    nan = float("nan")
    failed = [gate.name for gate in candidate.gates if not gate.passed]
    result = outcome.result if outcome else None
    low, high = result.ci95 if result else (nan, nan)
    return Verdict(
        hypothesis=hypothesis.id,
        verdict=CLASSES[code],
        found=code,
        reason=reason,
        statistic=hypothesis.statistic,
        estimate=outcome.estimate if outcome else nan,
        ci_low=low,
        ci_high=high,
        predicted=hypothesis.predicted,
        smallest_effect=hypothesis.sign * hypothesis.delta,
        p=result.p if result else nan,
        p_holm=adjusted[0],
        p_against=result.p_against if result else nan,
        p_against_holm=adjusted[1],
        n_athletes=outcome.n_athletes if outcome else 0,
        n_steps=outcome.n_steps if outcome else 0,
        gates="n/a" if not candidate.gates else ", ".join(failed) or "passed",
        registry_hash=registry_hash,
        design=candidate.design,
    )


def _result_code(
    candidate: ExaminedHypothesis, p_holm: float, against: float
) -> tuple[ResultCode, str]:
    hypothesis, outcome = candidate.hypothesis, candidate.outcome
    if candidate.missing:
        return "not_testable", "; ".join(candidate.missing)
    failed = [gate for gate in candidate.gates if not gate.passed]
    words = [gate.words for gate in failed]
    if outcome is None:
        words = ["no athlete has the numbers that it takes"]
    elif not failed:
        words = [text for text in (outcome.result.note, hypothesis.caveat) if text]
    too_few = outcome is None or (bool(failed) and failed[0].name in TOO_FEW)
    if hypothesis.family == "imbalance" and too_few:
        return "described", "; ".join(["described, without a verdict", *words])
    if outcome is None:
        return "not_enough_data", words[0]
    if failed:
        return LACKS[failed[0].name], "; ".join(words)
    code, reason = three_way(hypothesis, outcome.result, p_holm, against)
    return code, "; ".join((reason, *words))


def three_way(
    hypothesis: Hypothesis, result: Result, p_holm: float, against: float
) -> tuple[ResultCode, str]:
    """Apply the three-way rule where the gates passed: result code, and the reason in words.

    Found: p below alpha in the predicted direction, an estimate of at least delta, and the
    hypothesis's own condition. Not supported: p below alpha against an effect of delta or more; the
    opposite is found where the 95 % interval lies on the other side of 0. Too imprecise: neither.
    """
    delta, alpha = hypothesis.delta, hypothesis.alpha
    if hypothesis.denies:
        return _equivalence(hypothesis, result, p_holm, against)
    if p_holm < alpha and hypothesis.sign * result.error.value >= delta:
        if result.condition is False:
            return "condition_failed", "p and size would do, but not its own condition"
        return "found", f"adjusted p < {alpha:g} and at least the smallest effect"
    if against < alpha:
        if max(hypothesis.sign * bound for bound in result.ci95) < 0:
            return "opposite_found", "the 95 % interval, not adjusted, is on the other side of 0"
        size = f"an effect of {hypothesis.sign * delta:g} or beyond"
        return "no_effect", f"{size} is excluded: adjusted p against it < {alpha:g}"
    return "too_imprecise", _imprecision_reason(hypothesis, result)


def _equivalence(
    hypothesis: Hypothesis, result: Result, p_holm: float, against: float
) -> tuple[ResultCode, str]:
    """Rule of a claim that denies an effect: equivalent, changed, or too imprecise.

    Equivalent: p against every denied effect of delta or more is below alpha. Changed: p for an
    effect is below alpha, and the estimate is one of delta or more in a denied direction.
    """
    delta, alpha, value = hypothesis.delta, hypothesis.alpha, result.error.value
    upwards = "" if hypothesis.predicted == "none" else " upwards"
    effect = f"a change of {delta:g} {hypothesis.unit} or more{upwards}"
    if p_holm < alpha:
        return "equivalent", f"{effect} is excluded: adjusted p against it < {alpha:g}"
    size = abs(value) if hypothesis.predicted == "none" else value
    if against < alpha and size >= delta:
        return "change_found", f"adjusted p for a change < {alpha:g}, and at least the smallest"
    return "too_imprecise", f"{effect} is neither shown nor excluded"


def _imprecision_reason(hypothesis: Hypothesis, result: Result) -> str:
    """Say why neither rule applies, in agreement with the reported intervals."""
    delta, sign = hypothesis.delta, hypothesis.sign
    adjusted = f"adjusted p is not below {hypothesis.alpha:g}, though the"
    low, high = sorted(sign * bound for bound in result.ci95)
    if low > 0 and sign * result.error.value >= delta:
        return f"{adjusted} 95 % interval alone excludes 0"
    if high < delta:
        return f"{adjusted} 95 % interval alone excludes an effect of {sign * delta:g}"
    small_effects = "0" if low <= 0 else "effects too small to matter"
    return f"the 95 % interval holds both {small_effects} and effects of interest"
