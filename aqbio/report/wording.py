"""Every sentence about a verdict: one place, so that the rules of wording can be tested.

A verdict concerns our operationalisation of a claim in the data at hand. It never says that a text,
a method or a person is right or wrong, and never that a change would make someone faster.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aqbio.figures.numbers import MISSING, shown
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

SET = "largely set by geometry and the small total"

GEOMETRY = (
    f"The sign is {SET}: both legs have the same sign of "
    "angular momentum about the vertical, and the rest must balance them."
)

SAME_SIGN = (
    "Both legs have the same sign of angular momentum about the vertical by geometry, and the rest "
    "must balance them."
)
"""What is left to say where the reason itself says that the sign is largely set."""

NON_DISCRIMINATING = (
    "This does not tell the articles' account from the classical one, in which arms balance both "
    "legs: both predict it."
)

OBSERVED = (
    "This is an association in what was observed; it does not say what a change of strength or "
    "technique would do."
)

IMPLIED = "It carries no information for or against the articles' account."

_MINUS = re.compile(r"(?<![\w.])-(?=\d)")
"""A hyphen that stands for minus: before a number, behind no letter and no digit."""

_PERCENT = re.compile(r"(?<=\d)%")

_ASSOCIATIONS = ("H3b", "H3e", "H8a", "H8b")
_JUDGED = ("supported", "not_supported", "inconclusive")


@dataclass(frozen=True, slots=True)
class Record:
    """The registry that was written down before the first recording was read."""

    hash: str
    recorded: str
    """When, in words of ISO 8601."""


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """What the page says about one hypothesis."""

    label: str
    """The verdict in two words or three."""
    sentence: str
    """The verdict as a sentence."""
    remarks: tuple[str, ...]
    """What must be said beside it."""


def verdict_words(hypothesis: Hypothesis, row: Mapping[str, Any]) -> VerdictWords:
    """What a verdict says, and what it does not.

    Parameters
    ----------
    row : mapping
        Its row of verdicts.tsv.
    """
    verdict = str(row["verdict"])
    marks = ["non-discriminating"] if hypothesis.id == "H7" and verdict == "supported" else []
    if row["post_hoc"] == "yes" and verdict in _JUDGED:
        marks.append("post hoc")
    label = f"{WORDS[verdict]} ({', '.join(marks)})" if marks else WORDS[verdict]
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
    """What the reason, which holds the registry's caveat, does not say already."""
    verdict, reason, found = str(row["verdict"]), str(row["reason"]), []
    if verdict in _JUDGED and hypothesis.id == "H2":
        found.append(SAME_SIGN if SET in reason else GEOMETRY)
    if verdict == "supported" and hypothesis.id == "H7" and "non-discriminating" not in reason:
        found.append(NON_DISCRIMINATING)
    if verdict in _JUDGED and hypothesis.id in _ASSOCIATIONS and "association" not in reason:
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
    """A title as part of a sentence."""
    return title[:1].lower() + title[1:]


def _closed(reason: str) -> str:
    """A reason that ends as a sentence, with real minus signs and a space before %.

    Examples
    --------
    >>> _closed("a same-leg null of -1.00 (-0.3 to 2e-05) in 30% of steps")
    'a same-leg null of −1.00 (−0.3 to 2e-05) in 30 % of steps.'
    """
    reason = _PERCENT.sub(" %", _MINUS.sub("−", reason))
    return reason if reason.endswith(".") else f"{reason}."


def _instant(text: str) -> str:
    """Write an instant as people do.

    Examples
    --------
    >>> _instant("2026-11-20T15:37:25+00:00"), _instant("not recorded")
    ('2026-11-20, 15:37 UTC', 'not recorded')
    """
    day, _, clock = text.partition("T")
    return f"{day}, {clock[:5]} UTC" if clock.endswith("+00:00") else text


def registry_words(record: Record | None, now: str) -> str:
    """Which registry was fixed when, and whether the verdicts rest on it.

    Parameters
    ----------
    record : Record or None
        What stands beside the results; None where it is missing.
    now : str
        Hash of the registry that the verdicts rest on.
    """
    if record is None:
        return (
            f"The verdicts rest on registry {now}. Nothing was written down of the one that was "
            "there when the data were first read (registry.json is missing), so that every verdict "
            "counts as post hoc."
        )
    fixed = (
        f"Registry {record.hash} was fixed on {_instant(record.recorded)}, before data were read"
    )
    if record.hash == now:
        return f"{fixed}; the verdicts rest on it, and nothing was changed."
    return f"{fixed}; the verdicts rest on {now}. What differs makes a verdict post hoc:"


LINE_COSINE, LINE_SHARE = "cosine_wrist_line_ankle_line_rate", "wrist_line_with_ankle_line_share"
"""Rows of secondary.tsv that say how the lines of wrists and ankles turn."""


def line_words(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """How the lines of both wrists and of both ankles turn (H2b); empty where unknown.

    Parameters
    ----------
    rows : mapping
        Rows of secondary.tsv of H2 in stance about the vertical, by name.
    """
    if not {LINE_COSINE, LINE_SHARE} <= set(rows):
        return ""
    share, cosine = rows[LINE_SHARE], rows[LINE_COSINE]
    return (
        "H2b, secondary, part of no verdict: a charitable reading takes the claim for which way "
        "the line of both wrists and that of both ankles turn, seen from above, and has them turn "
        f"together in contact. They did for {_percent(share)} of contact; the cosine of their "
        f"rates was {_number(cosine)}."
    )


def _percent(row: Mapping[str, Any]) -> str:
    """A share with its interval."""
    low, value, high = (float(row[name]) for name in ("ci_low", "estimate", "ci_high"))
    told = f"{100.0 * value:.0f} %"
    if math.isnan(low):
        return told
    return f"{told} ({100.0 * low:.0f} to {100.0 * high:.0f} %)"


def _number(row: Mapping[str, Any]) -> str:
    value, low, high = (shown(float(row[name])) for name in ("estimate", "ci_low", "ci_high"))
    return value if low == MISSING else f"{value} ({low} to {high}, over athletes)"
