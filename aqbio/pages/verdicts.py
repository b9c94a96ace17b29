"""Verdicts on the pages: rows, sentences, rulers, and what single athletes show."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from aqbio.figures.words import format_interval
from aqbio.pages.filters import capital, counted, enumerated, rows
from aqbio.pages.verdict_words import (
    SCOPE,
    Record,
    VerdictWords,
    literal_numbers,
    merge_sentences,
    power_words,
    registry_words,
    verdict_words,
)
from aqbio.pages.words import LABELS
from aqbio.stats.registry import Hypothesis, Registry, Untested

if TYPE_CHECKING:
    import pandas as pd

SIGNS = {
    "supported": "✓",
    "not_supported": "✕",
    "inconclusive": "?",
    "described": "=",
    "not_testable": "–",
}
"""Beside the word of a verdict, so that colour is not needed to tell them apart."""

FAMILIES = ("Core", "Survey", "Contrast")
"""Families of hypotheses with verdicts, in the order of reading."""

Own = Mapping[str, Mapping[str, float]]
"""Athletes' own numbers by hypothesis and participant."""


@dataclass(frozen=True, slots=True)
class VerdictTables:
    """Tables of stage hypotheses, and the registry that they rest on."""

    registry: Registry
    record: Record | None
    """Of the registry that was there when the data were first read."""
    verdicts: pd.DataFrame
    literal: pd.DataFrame
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
        return SIGNS.get(str(self.row["verdict"]), "")


@dataclass(frozen=True, slots=True)
class VerdictSection:
    """All verdicts and what stands around them."""

    registry: Registry
    scope: str
    fixed: str
    """What was fixed before the data were read."""
    verdicts: tuple[VerdictOnPage, ...]
    untested: tuple[tuple[Untested, str], ...]
    """Claims that were not tested, and the numbers that show what of them is true of any runner."""
    power_words: tuple[str, ...]
    deviations: list[dict[str, Any]]

    @property
    def parts(self) -> list[tuple[str, list[VerdictOnPage]]]:
        """Hypotheses in the order of reading, with the title of every part."""
        apart = {
            "described": "Described without a verdict",
            "not_testable": "Not testable with these data",
        }
        found: dict[str, list[VerdictOnPage]] = {one: [] for one in (*FAMILIES, *apart.values())}
        for one in self.verdicts:
            title = apart.get(str(one.row["verdict"]), one.hypothesis.family.capitalize())
            found.setdefault(title, []).append(one)
        return [(title, every) for title, every in found.items() if every]

    @property
    def counted(self) -> str:
        """How many hypotheses got which verdict, in words."""
        parts = []
        for judged in (True, False):
            own = [one for one in self.verdicts if one.hypothesis.judged == judged]
            counts = Counter(str(one.row["verdict"]) for one in own)
            found = [
                f"{counts[name]} {'is' if counts[name] == 1 else 'are'} {label.partition(',')[0]}"
                for name, label in LABELS.items()
                if name in counts
            ]
            noun = "hypothesis" if len(own) == 1 else "hypotheses"
            who = f"of {len(own)} {noun} with a decision rule"
            who = who if judged else f"of the other {len(own)}, without such a rule,"
            if found:
                parts.append(f"{who} {enumerated(found)}")
        return f"{capital('; '.join(parts))}." if parts else ""


def verdict_section(tables: VerdictTables) -> VerdictSection:
    """Lay out the verdicts of a study."""
    every = own_numbers(tables.single)
    shown = []
    for row in rows(tables.verdicts):
        one = tables.registry[str(row["hypothesis"])]
        literal = rows(tables.literal[tables.literal["hypothesis"] == one.id])
        drawn = ruler(row, every.get(one.id, {}))
        shown.append(VerdictOnPage(one, row, verdict_words(one, row, literal), drawn))
    basis = next(iter(tables.verdicts["registry_hash"].astype(str)), tables.registry.hash)
    power = ((tables.registry[str(row["hypothesis"])], row) for row in rows(tables.power))
    return VerdictSection(
        registry=tables.registry,
        scope=SCOPE,
        fixed=registry_words(tables.record, basis),
        verdicts=tuple(shown),
        untested=tuple(
            (one, literal_numbers(rows(tables.literal[tables.literal["hypothesis"] == one.id])))
            for one in tables.registry.untested
        ),
        power_words=merge_sentences(power_words(one, row) for one, row in power),
        deviations=rows(tables.deviations.fillna("n/a").astype(str)),
    )


def own_numbers(single: pd.DataFrame) -> Own:
    """Athletes' own numbers."""
    found: dict[str, dict[str, float]] = {}
    for row in rows(single):
        own = found.setdefault(str(row["hypothesis"]), {})
        own[str(row["participant_id"])] = float(row["estimate"])
    return found


WIDTH, HEIGHT, MARGIN = 320.0, 62.0, 14.0
"""Of a ruler, in its own units."""

APART = 24.0
"""Of two labels that can both be read."""

LINE, DOTS = 22.0, 36.0
"""Heights of the estimate and of the athletes."""


def ruler(row: Mapping[str, Any], own: Mapping[str, float], *, marked: bool = False) -> Markup:
    """Draw an estimate, its interval and athletes' own numbers as inline SVG.

    Grey is where the prediction lies. With marks, ``data-of`` says whose number each is.
    """
    estimate, low_end, high_end, smallest = (
        float(row[name]) for name in ("estimate", "ci_low", "ci_high", "smallest_effect")
    )
    if math.isnan(estimate):
        return Markup()
    dots = list(own.values())
    every = [estimate, low_end, high_end, 0.0, smallest, *dots]
    known = [one for one in every if math.isfinite(one)]
    room = 0.06 * (max(known) - min(known)) or 1.0
    low, high = min(known) - room, max(known) + room

    def at(value: float) -> float:
        return MARGIN + (WIDTH - 2.0 * MARGIN) * (value - low) / (high - low)

    begin, end = (smallest, high) if smallest > 0 else (low, smallest)
    numbers = (estimate, low_end, high_end)
    parts = [
        (
            f'<svg class="ruler" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
            f'aria-label="{_ruler_words(numbers, smallest, dots)}">'
        ),
        (
            f'<rect x="{at(begin):.1f}" y="8" width="{at(end) - at(begin):.1f}" height="36" '
            'class="predicted"/>'
        ),
        f'<path d="M{MARGIN} 44H{WIDTH - MARGIN}" class="axis"/>',
        _upright(at(0.0), "zero", "0" if abs(at(0.0) - at(smallest)) > APART else ""),
        _upright(at(smallest), "smallest", f"{smallest:.3g}".replace("-", "−")),
    ]
    parts += [f'<circle cx="{at(one):.1f}" cy="{DOTS}" r="2.6" class="one"/>' for one in dots]
    parts += [
        f'<path d="M{at(one):.1f} {DOTS - 6}l5 6l-5 6l-5 -6z" class="own" data-of="{escape(who)}"/>'
        for who, one in own.items()
        if marked
    ]
    if math.isfinite(low_end):
        parts.append(f'<path d="M{at(low_end):.1f} {LINE}H{at(high_end):.1f}" class="interval"/>')
    parts.append(f'<circle cx="{at(estimate):.1f}" cy="{LINE}" r="5" class="estimate"/></svg>')
    return Markup("".join(parts))  # of numbers and words of ours, and escaped names


def _upright(x: float, kind: str, words: str) -> str:
    text = f'<text x="{x:.1f}" y="56" text-anchor="middle">{words}</text>' if words else ""
    return f'<path d="M{x:.1f} 8V46" class="{kind}"/>{text}'


def _ruler_words(
    numbers: tuple[float, float, float], smallest: float, dots: Sequence[float]
) -> str:
    value, low, high = format_interval(*numbers)
    interval = f", 95 % interval {low} to {high}" if math.isfinite(numbers[1]) else ""
    size = f"{smallest:.3g}".replace("-", "−")
    text = f"Estimate {value}{interval}; predicted: {size} or beyond"
    return f"{text}; own numbers of {counted(len(dots), 'athlete')}" if dots else text
