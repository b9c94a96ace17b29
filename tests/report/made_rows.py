"""Made-up rows of verdicts.tsv: every hypothesis with everything that could have been found."""

from __future__ import annotations

from typing import Any

from aqbio.pages.words import STATISTICS
from aqbio.stats.registry import Hypothesis, read_registry
from aqbio.stats.verdict import CLASSES, Found

REGISTRY = read_registry()
NAN = float("nan")

TIMES: dict[Found, float] = {
    "found": 3.217,
    "condition_failed": 3.217,
    "opposite_found": -2.718,
    "no_effect": 0.1357,
    "too_imprecise": 0.8642,
    "not_enough_data": 1.4142,
    "gate_failed": 1.4142,
    "described": 1.1414,
}
"""Estimate over the smallest effect of interest, by what was found."""

GATES: dict[Found, str] = {"not_enough_data": "minimum_n, reliability", "gate_failed": "order"}
REASON = "what the rule says of 71 % and -0.53"


def kinds(hypothesis: Hypothesis) -> tuple[Found, ...]:
    """What could have been found of a hypothesis."""
    judged = tuple(one for one in TIMES if (one != "described") == hypothesis.judged)
    return (*judged, "not_testable")


EVERY: list[tuple[Hypothesis, Found]] = [
    (one, found) for one in REGISTRY.hypotheses for found in kinds(one)
]


def made_row(hypothesis: Hypothesis, found: Found, **changes: Any) -> dict[str, Any]:
    """A row as stage hypotheses writes it; numbers are such that each is known again."""
    told = found in TIMES
    gates = GATES.get(found, "passed") if told else NAN
    judged = gates == "passed" and hypothesis.judged
    own = told and hypothesis.statistic in STATISTICS and "between" not in hypothesis.estimand
    smallest = hypothesis.sign * hypothesis.delta
    estimate = TIMES[found] * smallest if told else NAN
    return {
        "hypothesis": hypothesis.id, "verdict": CLASSES[found], "found": found,
        "reason": REASON,
        "condition": "no" if found == "condition_failed" else NAN,
        "note": "median rank 8 of 15" if found == "condition_failed" else NAN,
        "statistic": hypothesis.statistic, "estimate": estimate,
        "ci_low": estimate - 0.25 * hypothesis.delta, "ci_high": estimate + 0.25 * hypothesis.delta,
        "smallest_effect": smallest, "p_holm": 0.0321 if judged else NAN,
        "p_against_holm": 0.0654 if judged else NAN, "n_athletes": 29 if told else 0,
        "n_steps": 641 if told else 0, "n_showing": 17.0 if own else NAN,
        "share_low": 0.4123 if own else NAN, "share_high": 0.7345 if own else NAN,
        "robust": 1.1 * estimate if own else NAN, "influential": "V05, V11" if judged else NAN,
        "gates": gates, "fragile": "no" if judged else NAN, "overturned_by": NAN,
        "decisive": "cutoff" if judged else NAN,
        "lowest": estimate - 0.4 * hypothesis.delta if judged else NAN,
        "highest": estimate + 0.5 * hypothesis.delta if judged else NAN,
        "silent": NAN, "mde": 0.2, "p": 0.01, "p_against": 0.02, "unit": hypothesis.unit,
        "model": "t over athletes' means" if told else NAN, "post_hoc": "no",
    } | changes  # fmt: skip
