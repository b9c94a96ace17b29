"""Verdicts as cards: a sentence, the number on its ruler, what would change it and what not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from markupsafe import Markup

from aqbio.report.ruler import Ruler, ruler
from aqbio.report.sections import rows
from aqbio.report.verdicts import VerdictOnPage, VerdictSection

if TYPE_CHECKING:
    import pandas as pd

TOLD = {"What would change it": "Would change if", "Other choices": "Depends on"}
"""What a card takes from the reviewer's words, and what it calls it."""

SIGNS = {
    "supported": "✓",
    "not_supported": "✕",
    "inconclusive": "?",
    "mechanically_implied": "=",
    "not_testable": "–",
}
"""Beside the word of a verdict, so that colour is not needed to tell them apart."""


@dataclass(frozen=True, slots=True)
class Card:
    """One hypothesis on the first page."""

    id: str
    title: str
    verdict: str
    sign: str
    words: str
    coach: str
    remarks: tuple[str, ...]
    ruler: Markup
    """Empty where there is no number."""
    unit: str
    told: tuple[tuple[str, str], ...]


Own = Mapping[str, Mapping[str, float]]
"""Athletes' own numbers by hypothesis and participant."""


def own_numbers(single: pd.DataFrame) -> Own:
    """Athletes' own numbers."""
    found: dict[str, dict[str, float]] = {}
    for row in rows(single):
        own = found.setdefault(str(row["hypothesis"]), {})
        own[str(row["participant_id"])] = float(row["estimate"])
    return found


def cards(section: VerdictSection, own: Own) -> tuple[Card, ...]:
    """A card for every hypothesis."""
    return tuple(_card(one, own) for one in section.verdicts)


def verdict_ruler(
    one: VerdictOnPage, own: Own, marks: Mapping[str, float] = MappingProxyType({})
) -> Markup:
    """The estimate of a hypothesis on its ruler; empty where there is none."""
    row, numbers = one.row, own.get(one.hypothesis.id, {})
    if row["estimate"] != row["estimate"]:
        return Markup()
    return ruler(
        Ruler(
            estimate=float(row["estimate"]),
            low=float(row["ci_low"]),
            high=float(row["ci_high"]),
            smallest=float(row["smallest_effect"]),
            two_sided=one.hypothesis.two_sided,
            dots=tuple(numbers.values()),
            marks=tuple(marks.items()),
        )
    )


def _card(one: VerdictOnPage, own: Own) -> Card:
    reviewer = dict(one.words.reviewer)
    return Card(
        id=one.hypothesis.id,
        title=one.hypothesis.title,
        verdict=str(one.row["verdict"]),
        sign=SIGNS[str(one.row["verdict"])],
        words=one.words.verdict,
        coach=one.words.coach,
        remarks=one.words.remarks,
        ruler=verdict_ruler(one, own),
        unit=str(one.row["unit"]),
        told=tuple((name, reviewer[item]) for item, name in TOLD.items() if item in reviewer),
    )
