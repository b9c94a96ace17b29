"""Every sentence about a verdict: one place, so that the rules of wording can be tested.

A verdict concerns our operationalisation of a claim in the data at hand. It never says that a text,
a method or a person is right or wrong, and never that a change would make someone faster. It is
told twice: for a coach (`aqbio.report.coach`) and for a reviewer (`aqbio.report.reviewer`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aqbio.figures.numbers import MISSING, shown, shown_together
from aqbio.report.coach import coach_words
from aqbio.report.reviewer import choices, reviewer_words
from aqbio.report.sentences import capital, missing
from aqbio.stats.registry import Hypothesis

WORDS = {
    "supported": "supported",
    "not_supported": "not supported",
    "inconclusive": "inconclusive",
    "mechanically_implied": "mechanically implied",
    "not_testable": "not testable",
}
"""Verdicts as a reader sees them."""

FOUND = {
    "found": "found",
    "opposite_found": "opposite found",
    "not_enough_data": "not enough data",
    "too_imprecise": "too imprecise",
    "gate_failed": "gate failed",
    "condition_failed": "condition not met",
    "mechanically_implied": "",
    "not_testable": "",
}
"""What a verdict rests on; `found_words` has the other words."""

SCOPE = (
    "Verdicts concern our operationalisation of each claim, as the registry states it, in these "
    "data: the articles give no sizes, axes or time scales, so that every smallest effect of "
    "interest is ours. Associations between athletes or between steps are not effects of training."
)

LITERAL = {
    "implied": "implied by mechanics",
    "impossible": "out of reach of bodies",
    "testable": "testable",
}
"""Labels of a sentence that is taken by its words."""

JUDGED = ("supported", "not_supported", "inconclusive")


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
    """The verdict in two words or three, with marks."""
    found: str
    """What it rests on, in words that mean one thing."""
    coach: str
    """What was seen, in how many athletes, and what it does not say."""
    literal: str
    """The sentence of the article, taken by its words."""
    reviewer: tuple[tuple[str, str], ...]
    """(what, sentence): what the verdict rests on, and what would change it."""
    remarks: tuple[str, ...]
    """What must be said beside it."""

    @property
    def verdict(self) -> str:
        """Label and what was found, in one line."""
        return f"{self.label}: {self.found}" if self.found not in ("found", "") else self.label


def verdict_words(
    hypothesis: Hypothesis, row: Mapping[str, Any], literal: Sequence[Mapping[str, Any]] = ()
) -> VerdictWords:
    """What a verdict says, and what it does not."""
    verdict = str(row["verdict"])
    marks = ["non-discriminating"] if hypothesis.rivals and verdict == "supported" else []
    if row["post_hoc"] == "yes" and verdict in JUDGED:
        marks.append("post hoc")
    return VerdictWords(
        label=f"{WORDS[verdict]} ({', '.join(marks)})" if marks else WORDS[verdict],
        found=found_words(hypothesis, row),
        coach=coach_words(hypothesis, row, literal),
        literal=literal_words(hypothesis, literal),
        reviewer=reviewer_words(hypothesis, row),
        remarks=tuple(_remarks(row)),
    )


def found_words(hypothesis: Hypothesis, row: Mapping[str, Any]) -> str:
    """What a verdict rests on; empty where the verdict says it already."""
    found = str(row["found"])
    if found == "no_effect":
        return f"no effect larger than {shown(abs(float(row['smallest_effect'])))}"
    if found == "opposite_found" and hypothesis.two_sided:
        return "a change found"
    return FOUND[found]


def literal_words(hypothesis: Hypothesis, rows: Sequence[Mapping[str, Any]]) -> str:
    """What a sentence says by its words, its label, and the numbers that show it."""
    words = f"{capital(hypothesis.literal.words)} ({LITERAL[hypothesis.literal.label]})."
    return f"{words} {capital('; '.join(map(_literal_number, rows)))}." if rows else words


def _literal_number(row: Mapping[str, Any]) -> str:
    numbers = (float(row[name]) for name in ("estimate", "ci_low", "ci_high"))
    value, low, high = shown_together(*numbers)
    certain = MISSING in (low, high) or low == high
    told = f"{row['name']}: {value}" + ("" if certain else f" ({low} to {high})")
    if missing(row["n_showing"]):
        return told
    return f"{told}, shown by {int(row['n_showing'])} of {int(row['n_athletes'])} athletes"


def _remarks(row: Mapping[str, Any]) -> list[str]:
    """What must stand beside a verdict in both registers."""
    found = []
    if row["fragile"] == "yes":
        found.append(
            f"Fragile: with {choices(row['overturned_by'])} instead of the study's own choice the "
            "verdict is another one; see the specification curve."
        )
    if row["post_hoc"] == "yes":
        found.append(
            "Post hoc: the rule was changed after the data were first read; see the deviations "
            "from the registry."
        )
    return found


def _instant(text: str) -> str:
    """Write an instant as people do."""
    day, _, clock = text.partition("T")
    return f"{day}, {clock[:5]} UTC" if clock.endswith("+00:00") else text


def registry_words(record: Record | None, now: str) -> str:
    """Which registry was fixed when, and whether the verdicts rest on it."""
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
    """How the lines of both wrists and of both ankles turn (H2b); empty where unknown."""
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
