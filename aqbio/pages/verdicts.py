"""Verdicts on the pages: rows, sentences, rulers, and values of single athletes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from aqbio.figures.words import format_interval
from aqbio.pages.address import marked, where
from aqbio.pages.filters import counted, enumerated, rows
from aqbio.pages.registry_words import Record, registry_words
from aqbio.pages.verdict_words import (
    SCOPE,
    VerdictWords,
    deviation_sentences,
    merge_sentences,
    power_words,
    verdict_words,
)
from aqbio.pages.words import LABELS
from aqbio.stats.registry import DENIALS, Hypothesis, Registry

SIGNS = {
    "supported": "✓",
    "not_supported": "✕",
    "inconclusive": "?",
    "described": "=",
    "not_testable": "–",
}

EQUIVALENT = "≈"
"""Signs next to the word of a verdict, so that colour is not needed to distinguish them; the last
where an effect that the claim denies is excluded."""

FAMILIES = ("Core", "Survey", "Imbalance", "Contrast", "Own")
"""Families of hypotheses with verdicts, in the order of reading."""

NumbersOfAthletes = Mapping[str, Mapping[str, float]]
"""Athletes' own numbers by hypothesis and participant."""


@dataclass(frozen=True, slots=True)
class VerdictTables:
    """Tables of stage hypotheses, and the registry that they rest on."""

    registry: Registry
    record: Record | None
    """Record of the registry in use when the data were first read."""
    verdicts: pd.DataFrame
    single: pd.DataFrame
    power: pd.DataFrame
    deviations: pd.DataFrame


@dataclass(frozen=True, slots=True)
class VerdictOnPage:
    """One hypothesis on the page."""

    hypothesis: Hypothesis
    row: dict[str, Any]
    """Its row of verdicts.tsv."""
    words: VerdictWords
    ruler: Markup
    """Empty where there is no number."""

    @property
    def sign(self) -> str:
        """Stands for the verdict."""
        equivalent = str(self.row["found"]) == "equivalent"
        return EQUIVALENT if equivalent else SIGNS.get(str(self.row["verdict"]), "")


@dataclass(frozen=True, slots=True)
class VerdictSection:
    """All verdicts and the words around them."""

    registry: Registry
    scope: str
    fixed: str
    """Rules that were fixed before the data were read."""
    verdicts: tuple[VerdictOnPage, ...]
    power_words: tuple[str, ...]
    deviations: tuple[str, ...]
    """Sentences about what was changed since the data were first read."""

    @property
    def parts(self) -> list[tuple[str, list[VerdictOnPage]]]:
        """Hypotheses in the order of reading, with the title of every part."""
        titles = {
            "described": "Described without a verdict",
            "not_testable": "Not testable with these data",
        }
        parts: dict[str, list[VerdictOnPage]] = {
            title: [] for title in (*FAMILIES, *titles.values())
        }
        for verdict in self.verdicts:
            title = titles.get(str(verdict.row["verdict"]), verdict.hypothesis.family.capitalize())
            parts.setdefault(title, []).append(verdict)
        return [(title, verdicts) for title, verdicts in parts.items() if verdicts]

    @property
    def counted(self) -> str:
        """Count hypotheses by verdict, in words."""
        counts = Counter(str(verdict.row["verdict"]) for verdict in self.verdicts)
        counts_in_words = [
            f"{_verdicts(counts[name], verdict=name)} {'is' if counts[name] == 1 else 'are'} "
            f"{label.partition(',')[0]}"
            for name, label in LABELS.items()
            if name in counts
        ]
        if not counts_in_words:
            return ""
        number = len(self.verdicts)
        noun = "hypothesis" if number == 1 else "hypotheses"
        return f"Of {_verdicts(number)} {noun} {enumerated(counts_in_words)}."


def _verdicts(count: int, **values: str) -> str:
    """Write the number of rows of verdicts.tsv that have these values."""
    return marked(count, "verdicts", where(**values), by="count")


def verdict_section(tables: VerdictTables) -> VerdictSection:
    """Lay out the verdicts of a study."""
    numbers = own_numbers(tables.single)
    on_page = []
    for row in rows(tables.verdicts):
        hypothesis = tables.registry[str(row["hypothesis"])]
        drawing = ruler(row, numbers.get(hypothesis.id, {}))
        on_page.append(VerdictOnPage(hypothesis, row, verdict_words(hypothesis, row), drawing))
    basis = next(iter(tables.verdicts["registry_hash"].astype(str)), tables.registry.hash)
    power = ((tables.registry[str(row["hypothesis"])], row) for row in rows(tables.power))
    return VerdictSection(
        registry=tables.registry,
        scope=SCOPE,
        fixed=registry_words(tables.record, basis),
        verdicts=tuple(on_page),
        power_words=merge_sentences(
            (
                hypothesis.heading if hypothesis.contrast else hypothesis.id,
                power_words(hypothesis, row),
            )
            for hypothesis, row in power
        ),
        deviations=deviation_sentences(rows(tables.deviations)),
    )


def own_numbers(single: pd.DataFrame) -> NumbersOfAthletes:
    """Athletes' own numbers."""
    numbers: dict[str, dict[str, float]] = {}
    for row in rows(single):
        by_participant = numbers.setdefault(str(row["hypothesis"]), {})
        by_participant[str(row["participant_id"])] = float(row["estimate"])
    return numbers


WIDTH, HEIGHT, MARGIN = 320.0, 62.0, 14.0
"""Size of a ruler, in its own units."""

MIN_LABEL_DISTANCE = 24.0
"""Distance between two labels at which both can be read."""

ESTIMATE_Y = 22.0
"""Height of the estimate."""

ATHLETES_Y = 36.0
"""Height of the athletes."""


def ruler(
    row: Mapping[str, Any], athlete_values: Mapping[str, float], *, marked: bool = False
) -> Markup:
    """Draw an estimate, its interval and athletes' own numbers as inline SVG.

    Grey marks the prediction. With ``marked``, ``data-of`` names the athlete of each value.
    """
    estimate, low_end, high_end, smallest = (
        float(row[name]) for name in ("estimate", "ci_low", "ci_high", "smallest_effect")
    )
    if math.isnan(estimate):
        return Markup()
    dots = list(athlete_values.values())
    predicted = str(row["predicted"])
    lowest = -smallest if predicted == "none" else 0.0
    values = [estimate, low_end, high_end, lowest, 0.0, smallest, *dots]
    finite = [value for value in values if math.isfinite(value)]
    room = 0.06 * (max(finite) - min(finite)) or 1.0
    low, high = min(finite) - room, max(finite) + room

    def at(value: float) -> float:
        return MARGIN + (WIDTH - 2.0 * MARGIN) * (value - low) / (high - low)

    begin, end = (smallest, high) if smallest > 0 else (low, smallest)
    if predicted in DENIALS:
        begin, end = (-smallest if predicted == "none" else low), smallest
    numbers = (estimate, low_end, high_end)
    parts = [
        (
            f'<svg class="ruler" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
            f'aria-label="{_ruler_words(numbers, smallest, predicted, dots)}">'
        ),
        (
            f'<rect x="{at(begin):.1f}" y="8" width="{at(end) - at(begin):.1f}" height="36" '
            'class="predicted"/>'
        ),
        f'<path d="M{MARGIN} 44H{WIDTH - MARGIN}" class="axis"/>',
        _upright(at(0.0), "zero", "0" if abs(at(0.0) - at(smallest)) > MIN_LABEL_DISTANCE else ""),
        _upright(at(smallest), "smallest", f"{smallest:.3g}".replace("-", "−")),
    ]
    parts += [f'<circle cx="{at(dot):.1f}" cy="{ATHLETES_Y}" r="2.6" class="one"/>' for dot in dots]
    parts += [
        f'<path d="M{at(value):.1f} {ATHLETES_Y - 6}l5 6l-5 6l-5 -6z" class="own" '
        f'data-of="{escape(participant_id)}"/>'
        for participant_id, value in athlete_values.items()
        if marked
    ]
    if math.isfinite(low_end):
        parts.append(
            f'<path d="M{at(low_end):.1f} {ESTIMATE_Y}H{at(high_end):.1f}" class="interval"/>'
        )
    parts.append(
        f'<circle cx="{at(estimate):.1f}" cy="{ESTIMATE_Y}" r="5" class="estimate"/></svg>'
    )
    return Markup("".join(parts))  # of numbers and words of ours, and escaped names


def _upright(x: float, kind: str, words: str) -> str:
    text = f'<text x="{x:.1f}" y="56" text-anchor="middle">{words}</text>' if words else ""
    return f'<path d="M{x:.1f} 8V46" class="{kind}"/>{text}'


def _ruler_words(
    numbers: tuple[float, float, float], smallest: float, predicted: str, dots: Sequence[float]
) -> str:
    value, low, high = format_interval(*numbers)
    interval = f", 95 % interval {low} to {high}" if math.isfinite(numbers[1]) else ""
    size = f"{smallest:.3g}".replace("-", "−")
    effect = f"less than {size}" if predicted in DENIALS else f"{size} or beyond"
    effect += " either way" if predicted == "none" else ""
    text = f"Estimate {value}{interval}; predicted: {effect}"
    return f"{text}; own numbers of {counted(len(dots), 'athlete')}" if dots else text
