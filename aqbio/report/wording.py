"""Every sentence about a verdict: one place, so that the rules of wording can be tested.

A verdict concerns our operationalisation of a claim in the data at hand. It never says that a text,
a method or a person is right or wrong, and never that a change would make someone faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aqbio.stats.registry import Hypothesis

WORDS = {
    "supported": "supported",
    "not_supported": "not supported",
    "inconclusive": "inconclusive",
    "mechanically_implied": "mechanically implied",
    "not_testable": "not testable",
}
"""Verdicts as a reader sees them."""

SCOPE = (
    "Verdicts concern our operationalisation of each claim, as the registry states it, in these "
    "data: the articles give no sizes, axes or time scales, so that every smallest effect of "
    "interest is ours. Associations between athletes or between steps are not effects of training."
)

GEOMETRY = (
    "The sign is largely set by geometry and the small total: both legs have the same sign of "
    "angular momentum about the vertical, and the rest must balance them."
)

NON_DISCRIMINATING = (
    "This does not tell the articles' account from the classical one, in which arms balance both "
    "legs: both predict it."
)

OBSERVED = (
    "This is an association in what was observed; it does not say what a change of strength or "
    "technique would do."
)

IMPLIED = "It carries no information for or against the articles' account."

_SPECIFIC = {"H2": GEOMETRY, "H7": NON_DISCRIMINATING}
_ASSOCIATIONS = ("H3b", "H3e", "H8a", "H8b")
_JUDGED = ("supported", "not_supported", "inconclusive")


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """What the page says about one hypothesis.

    Attributes
    ----------
    label : str
        The verdict in two words or three.
    sentence : str
        The verdict as a sentence.
    remarks : tuple of str
        What must be said beside it.
    """

    label: str
    sentence: str
    remarks: tuple[str, ...]


def verdict_words(hypothesis: Hypothesis, row: Mapping[str, Any]) -> VerdictWords:
    """Say what a verdict says, and what it does not.

    Parameters
    ----------
    hypothesis : Hypothesis
    row : mapping
        Its row of verdicts.tsv.
    """
    verdict = str(row["verdict"])
    label = WORDS[verdict]
    if hypothesis.id == "H7" and verdict == "supported":
        label = f"{label} (non-discriminating)"
    return VerdictWords(label, _sentence(hypothesis, row), tuple(_remarks(hypothesis, row)))


def _sentence(hypothesis: Hypothesis, row: Mapping[str, Any]) -> str:
    claim = f"the operationalised claim {hypothesis.id} ({_lowered(hypothesis.title)})"
    reason = _closed(str(row["reason"]))
    verdict = str(row["verdict"])
    if verdict == "mechanically_implied":
        return f"In any running, {claim} is implied by mechanics: {reason} {IMPLIED}"
    if verdict == "not_testable":
        return f"In these data, {claim} was not testable: {reason}"
    if verdict == "inconclusive":
        return f"In these data, {claim} was neither supported nor rejected: {reason}"
    return f"In these data, {claim} was {WORDS[verdict]}: {reason}"


def _remarks(hypothesis: Hypothesis, row: Mapping[str, Any]) -> list[str]:
    verdict, found = str(row["verdict"]), []
    if verdict in _JUDGED and hypothesis.id in _SPECIFIC:
        specific = _SPECIFIC[hypothesis.id]
        if specific != NON_DISCRIMINATING or verdict == "supported":
            found.append(specific)
    if verdict in _JUDGED and hypothesis.id in _ASSOCIATIONS:
        found.append(OBSERVED)
    if row["fragile"] == "yes":
        found.append(
            "Fragile: other reasonable choices of the analysis change the verdict; see the "
            "specification curve."
        )
    if row["post_hoc"] == "yes":
        found.append(
            "Post hoc: the rule was changed after the data were first read; see the deviations "
            "from the registry."
        )
    return found


def _lowered(title: str) -> str:
    """Give a title as part of a sentence."""
    return title[:1].lower() + title[1:]


def _closed(reason: str) -> str:
    """Give a reason that ends as a sentence."""
    return reason if reason.endswith(".") else f"{reason}."
