"""Verdicts for a reviewer: statistic, rule, what would change it, and what it withstands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aqbio.figures.choice_words import choice_words, factor_words
from aqbio.figures.numbers import MISSING, shown, shown_together
from aqbio.report.biases import bias_words
from aqbio.report.sentences import capital, closed, missing
from aqbio.stats.registry import Hypothesis

Row = Mapping[str, Any]
Item = tuple[str, str]
"""What is told, and the sentence."""


def reviewer_words(hypothesis: Hypothesis, row: Row) -> tuple[Item, ...]:
    """What a verdict rests on; empty where no number was looked for."""
    if missing(row["estimate"]):
        return ()
    items = [
        ("Statistic", _statistic(hypothesis, row)),
        ("Estimate", _estimate(hypothesis, row)),
        ("Rule", _rule(hypothesis, row)),
        ("What would change it", _change(hypothesis, row)),
        ("Other choices", _choices(row)),
        ("Athletes", _athletes(row)),
        ("Set by mechanics", capital(hypothesis.implied_if)),
        ("What no interval holds", bias_words(hypothesis.id)),
    ]
    return tuple((name, closed(words)) for name, words in items if words)


def _statistic(hypothesis: Hypothesis, row: Row) -> str:
    model = "" if missing(row["model"]) else f"; {row['model']}"
    return (
        f"{row['statistic']}: {hypothesis.estimand}{model}. Held against: {hypothesis.null_model}."
    )


def _estimate(hypothesis: Hypothesis, row: Row) -> str:
    value, low, high = _numbers(row, "estimate", "ci_low", "ci_high")
    interval = "" if MISSING in (low, high) else f" (95 % interval {low} to {high})"
    margin = "±" if hypothesis.two_sided else ""
    return (
        f"{value}{interval}; smallest effect of interest {margin}"
        f"{shown(float(row['smallest_effect']))}; unit: {row['unit']}. From "
        f"{int(row['n_athletes'])} {_people(row['n_athletes'])} and {int(row['n_steps'])} steps "
        "or sprints."
    )


def _people(count: float) -> str:
    return "athlete" if count == 1 else "athletes"


def _numbers(row: Row, *names: str) -> tuple[str, str, str]:
    """Three numbers, to the digit that the range of the last two can carry."""
    value, low, high = (float(row[name]) for name in names)
    return shown_together(value, low, high)


def _rule(hypothesis: Hypothesis, row: Row) -> str:
    """The rule or gate, and both p values."""
    told = closed(capital(str(row["reason"])))
    if missing(row["p_holm"]):
        return f"{told} Not judged: gates that failed: {_gates(row)}."
    return (
        f"{told} Adjusted p {_p(row['p_holm'])} for it and {_p(row['p_against_holm'])} against an "
        f"effect of interest, both at {hypothesis.alpha:g}."
    )


def _change(hypothesis: Hypothesis, row: Row) -> str:
    needed, found = _needed(hypothesis, row), str(row["found"])
    if missing(row["p_holm"]):
        gates = f"Judged if the gates passed ({_gates(row)})"
        return f"{gates}; then supported if {needed}; {_is(row)}."
    told = "Supported only if" if found == "found" else "Supported if"
    if str(row["verdict"]) != "inconclusive":
        return f"{told} {needed}; {_is(row)}."
    return (
        f"{told} {needed}; {_is(row)}. Not supported if the adjusted p against an effect of "
        f"interest were below {hypothesis.alpha:g}; it is {_p(row['p_against_holm'])}."
    )


def _needed(hypothesis: Hypothesis, row: Row) -> str:
    """What the rule asks for."""
    smallest, alpha = shown(float(row["smallest_effect"])), f"{hypothesis.alpha:g}"
    if hypothesis.two_sided:
        needed = f"the 90 % interval lies within ±{smallest} and the adjusted p below {alpha}"
    else:
        most = "most" if hypothesis.predicted == "less" else "least"
        needed = f"the estimate is at {most} {smallest} and its adjusted p below {alpha}"
    return needed + ("" if missing(row["condition"]) else ", and its own condition holds")


def _is(row: Row) -> str:
    """What the numbers of the rule are."""
    told = f"it is {_numbers(row, 'estimate', 'ci_low', 'ci_high')[0]}"
    if not missing(row["p_holm"]):
        told += f", p {_p(row['p_holm'])}"
    if missing(row["condition"]):
        return told
    note = "" if missing(row["note"]) else f" ({row['note']})"
    return f"{told}, and the condition {'holds' if row['condition'] == 'yes' else 'fails'}{note}"


def _choices(row: Row) -> str:
    """Range over the choices of the analysis, and what they do to the verdict."""
    if missing(row["lowest"]):
        return "No other choice was judged."
    _, low, high = _numbers(row, "estimate", "lowest", "highest")
    told = f"Estimates from {low} to {high} over all choices that judge"
    if not missing(row["decisive"]):
        told += f"; what moves them most is {factor_words(str(row['decisive']))}"
    turned, silent = choices(row["overturned_by"]), choices(row["silent"])
    told += f". Another verdict with: {turned}." if turned else ". None gives another verdict."
    return told + (f" Nothing is known of: {silent}, where its gates fail." if silent else "")


def choices(names: Any) -> str:
    """Name the choices of a cell as a reader would; empty where there is none."""
    return "" if missing(names) else ", ".join(map(choice_words, str(names).split(", ")))


def _athletes(row: Row) -> str:
    if missing(row["n_showing"]):
        return "The number is one of differences between athletes; none has it alone."
    low, high = (f"{100.0 * float(row[name]):.0f}" for name in ("share_low", "share_high"))
    told = (
        f"{int(row['n_showing'])} of {int(row['n_athletes'])} reach the smallest effect of "
        f"interest (share {low} to {high} %, 95 % interval). "
        f"Hodges-Lehmann estimate {shown(float(row['robust']))}."
    )
    if missing(row["p_holm"]):
        return told
    if missing(row["influential"]):
        return f"{told} Without any one of them the verdict stays."
    return f"{told} Another verdict without {row['influential']} (one at a time)."


def _gates(row: Row) -> str:
    return str(row["gates"]).replace("_", " ")


def _p(value: Any) -> str:
    """A p value as journals write it."""
    return "<0.001" if float(value) < 0.001 else f"{float(value):.3f}"
