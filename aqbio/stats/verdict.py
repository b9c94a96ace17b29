"""Verdicts: gates first, then the three-way rule, with Holm's adjustment over what was tested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from aqbio.stats.corrected import corrected_opposition
from aqbio.stats.evidence import Evidence
from aqbio.stats.gates import Gate, gate_results, missing_needs
from aqbio.stats.inference import SIGNS, detectable_effect, detectable_margin, holm
from aqbio.stats.outcome import Outcome
from aqbio.stats.outcomes import outcomes
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

UNTESTED: tuple[Label, ...] = ("mechanically_implied", "not_testable")
"""Verdicts that rest on no number."""

ROBUST_SHARE = 0.80
"""Share of the multiverse that must give the same label."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row of the verdict table; NaN and empty words where there is nothing to say."""

    hypothesis: str
    verdict: Label
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
    n_athletes: int
    n_steps: int
    gates: str
    """"passed", or the names of those that failed."""
    fragile: Literal["yes", "no", "n/a"]
    """{"yes", "no", "n/a"}."""
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
    every = examined(evidence, registry)
    return against_shifted(evidence, every, registry)


def against_shifted(
    evidence: Evidence, every: Sequence[Examined], registry: Registry
) -> tuple[Verdict, ...]:
    """Judge, and mark H1 fragile where it changes without what shifted waveforms give."""
    given = judged(every, registry)
    if not any(one.hypothesis.id == "H1" and one.tested for one in every):
        return given
    corrected = [
        replace(one, outcome=corrected_opposition(evidence, one.hypothesis, one.outcome))
        if one.hypothesis.id == "H1" and one.outcome is not None
        else one
        for one in every
    ]
    return tuple(
        replace(one, fragile="yes")
        if one.hypothesis == "H1" and one.verdict != again.verdict
        else one
        for one, again in zip(given, judged(corrected, registry), strict=True)
    )


def examined(evidence: Evidence, registry: Registry) -> tuple[Examined, ...]:
    """Outcomes and gates of all hypotheses."""
    found = outcomes(evidence, registry)
    return tuple(_examined(evidence, one, found.get(one.id)) for one in registry.hypotheses)


def _examined(evidence: Evidence, hypothesis: Hypothesis, outcome: Outcome | None) -> Examined:
    missing = () if hypothesis.always else missing_needs(evidence, hypothesis, outcome)
    gates = () if outcome is None else gate_results(evidence, hypothesis, outcome)
    return Examined(hypothesis, outcome, gates, missing)


def judged(every: Sequence[Examined], registry: Registry) -> tuple[Verdict, ...]:
    """Apply Holm's adjustment and the rule to what was examined.

    Parameters
    ----------
    every : sequence of Examined
        They may come from different evidence, for example from different groups of athletes.
    """
    tested = [one for one in every if one.tested]
    adjusted = dict(
        zip(
            (one.hypothesis.id for one in tested),
            holm([one.outcome.p for one in tested if one.outcome is not None]).tolist(),
            strict=True,
        )
    )
    return tuple(
        _verdict(one, adjusted.get(one.hypothesis.id, float("nan")), len(tested), registry.hash)
        for one in every
    )


def _verdict(one: Examined, p_holm: float, family: int, registry_hash: str) -> Verdict:
    hypothesis, outcome = one.hypothesis, one.outcome
    label, reason = _label(one, p_holm)
    sign = SIGNS.get(hypothesis.predicted, 1.0)
    nothing = float("nan")
    failed = [gate.name for gate in one.gates if not gate.passed]
    return Verdict(
        hypothesis=hypothesis.id,
        verdict=label,
        reason=reason,
        statistic=hypothesis.statistic,
        estimate=outcome.estimate if outcome else nothing,
        ci_low=outcome.ci95[0] if outcome else nothing,
        ci_high=outcome.ci95[1] if outcome else nothing,
        smallest_effect=nothing if hypothesis.always else sign * hypothesis.delta,
        p=outcome.p if outcome else nothing,
        p_holm=p_holm,
        n_athletes=outcome.n_athletes if outcome else 0,
        n_steps=outcome.n_steps if outcome else 0,
        gates="n/a" if not one.gates else ", ".join(failed) or "passed",
        fragile="n/a",
        mde=_detectable(hypothesis, outcome, max(family, 1)) if outcome else nothing,
        registry_hash=registry_hash,
    )


def _detectable(hypothesis: Hypothesis, outcome: Outcome, family: int) -> float:
    alpha = hypothesis.alpha / family
    if hypothesis.predicted == "equivalent":
        return detectable_margin(outcome.error, alpha=alpha)
    return SIGNS[hypothesis.predicted] * detectable_effect(
        outcome.error, hypothesis.delta, alpha=alpha
    )


def _label(one: Examined, p_holm: float) -> tuple[Label, str]:
    hypothesis = one.hypothesis
    if hypothesis.always is not None:
        return hypothesis.always, hypothesis.implied_if
    if one.missing:
        return "not_testable", "; ".join(one.missing)
    if one.outcome is None:
        return "inconclusive", "no athlete has the numbers that it takes"
    failed = [gate.words for gate in one.gates if not gate.passed]
    if failed:
        return "inconclusive", "; ".join(failed)
    label, reason = three_way(hypothesis, one.outcome, p_holm)
    extra = [words for words in (one.outcome.note, hypothesis.caveat) if words]
    return label, "; ".join((reason, *extra))


def three_way(hypothesis: Hypothesis, outcome: Outcome, p_holm: float) -> tuple[Label, str]:
    """The label of an outcome that passed its gates, and the rule that gave it.

    Parameters
    ----------
    hypothesis : Hypothesis
        Its predicted direction, smallest effect (delta) and alpha.
    outcome : Outcome
        Estimate with its 90 and 95 % intervals, in the hypothesis's unit.
    p_holm : float
        For the predicted direction, adjusted over all that was tested.

    Notes
    -----
    supported: adjusted p below alpha in the predicted direction and the estimate at least delta
    (equivalence: adjusted p below alpha), and the hypothesis's own condition.
    not_supported: the 95 % interval wholly on the other side of 0, or the 90 % interval wholly
    within ±delta (equivalence: the 95 % interval wholly outside ±delta). Otherwise inconclusive.
    """
    if outcome.blocked:
        return "inconclusive", outcome.blocked
    delta = hypothesis.delta
    significant = bool(p_holm < hypothesis.alpha)
    if hypothesis.predicted == "equivalent":
        if significant:
            return "supported", f"the 90 % interval lies within ±{delta:g}"
        if outcome.ci95[0] > delta or outcome.ci95[1] < -delta:
            return "not_supported", f"the 95 % interval lies outside ±{delta:g}"
        return "inconclusive", _why_open(hypothesis, outcome, significant=False, large=True)
    sign = SIGNS[hypothesis.predicted]
    high = max(sign * bound for bound in outcome.ci95)
    large = sign * outcome.estimate >= delta
    if significant and large and outcome.condition is not False:
        return "supported", f"adjusted p < {hypothesis.alpha:g} and at least the smallest effect"
    if high < 0:
        return "not_supported", "the 95 % interval lies on the other side of 0"
    if -delta < outcome.ci90[0] and outcome.ci90[1] < delta:
        return "not_supported", f"equivalent to 0: the 90 % interval lies within ±{delta:g}"
    return "inconclusive", _why_open(hypothesis, outcome, significant=significant, large=large)


def _why_open(hypothesis: Hypothesis, outcome: Outcome, *, significant: bool, large: bool) -> str:
    """Say why neither rule applies, in agreement with the intervals that stand beside it."""
    if not significant:
        adjusted, delta = f"adjusted p is not below {hypothesis.alpha:g}", hypothesis.delta
        if hypothesis.predicted == "equivalent":
            if -delta < outcome.ci90[0] and outcome.ci90[1] < delta:
                return f"{adjusted}, though the 90 % interval alone lies within ±{delta:g}"
            return f"the interval reaches into and out of ±{delta:g}"
        if min(SIGNS[hypothesis.predicted] * bound for bound in outcome.ci95) > 0:
            return f"{adjusted}, though the 95 % interval alone excludes 0"
        return f"{adjusted}, and 0 is not excluded either way"
    if not large:
        return "the estimate is below the smallest effect of interest"
    return f"p and size would do, but not its own condition ({outcome.note})"


def with_robustness(
    given: Sequence[Verdict], labels: Mapping[str, Sequence[Label]]
) -> tuple[Verdict, ...]:
    """Mark verdicts that other choices of the analysis change.

    Parameters
    ----------
    labels : mapping of hypothesis to labels
        One label per specification of the multiverse.

    Notes
    -----
    Robust: the verdict is the most frequent label, and the label of at least 80 % of the
    specifications. What was not tested cannot be fragile: it stays n/a.
    """
    marked = []
    for one in given:
        given_labels = labels.get(one.hypothesis, ())
        if not given_labels or one.verdict in UNTESTED:
            marked.append(one)
            continue
        share = Counter(given_labels)[one.verdict] / len(given_labels)
        fragile = one.fragile == "yes" or share < ROBUST_SHARE
        marked.append(replace(one, fragile="yes" if fragile else "no"))
    return tuple(marked)
