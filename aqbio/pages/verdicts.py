"""Verdicts as the page tells them: rows, sentences, and what single athletes show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from aqbio.pages.power import power_words, told_together
from aqbio.pages.sections import rows
from aqbio.pages.throughout import throughout
from aqbio.pages.wording import (
    SCOPE,
    Record,
    VerdictWords,
    registry_words,
    verdict_words,
)
from aqbio.stats.registry import Hypothesis, Registry, Untested

SHOWN_SINGLE = 24
"""Athletes of whom the page tells single estimates; the table has all of them."""


@dataclass(frozen=True, slots=True)
class VerdictTables:
    """Tables of stage hypotheses, and the registry that they rest on."""

    registry: Registry
    record: Record | None
    """Of the registry that was there when the data were first read."""
    verdicts: pd.DataFrame
    literal: pd.DataFrame
    waveforms: pd.DataFrame
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
    literal: list[dict[str, Any]]
    """Its rows of literal.tsv."""
    single: list[dict[str, Any]]
    """Estimates of single athletes."""


@dataclass(frozen=True, slots=True)
class PowerOnPage:
    """What the study could have found of one hypothesis."""

    hypothesis: Hypothesis
    row: dict[str, Any]
    """Its row of power.tsv."""


@dataclass(frozen=True, slots=True)
class VerdictSection:
    """The section of the page."""

    hash: str
    scope: str
    fixed: str
    """hash, scope, fixed: Of the registry; what verdicts concern; what was fixed before the data
    were read."""
    verdicts: tuple[VerdictOnPage, ...]
    untested: tuple[Untested, ...]
    """Claims of the articles without a hypothesis."""
    power: tuple[PowerOnPage, ...]
    power_words: tuple[str, ...]
    """What it means, hypothesis by hypothesis."""
    deviations: list[dict[str, Any]]
    athletes: tuple[str, ...]
    """Those whose estimates are shown."""

    @property
    def counted(self) -> str:
        """How many hypotheses got which verdict, in words."""
        labels = [one.words.label for one in self.verdicts]
        counts = {label: labels.count(label) for label in dict.fromkeys(labels)}
        return ", ".join(f"{count} {label}" for label, count in counts.items())


def verdict_section(tables: VerdictTables) -> VerdictSection:
    """Lay out the section."""
    people = list(dict.fromkeys(tables.single["participant_id"]))[:SHOWN_SINGLE]
    power = tuple(_power(tables))
    return VerdictSection(
        hash=tables.registry.hash,
        scope=SCOPE,
        fixed=registry_words(tables.record, tables.registry.hash),
        verdicts=tuple(_verdicts(tables, people)),
        untested=tables.registry.untested,
        power=power,
        power_words=told_together(power_words(one.hypothesis, one.row) for one in power),
        deviations=rows(tables.deviations.fillna("n/a").astype(str)),
        athletes=tuple(people),
    )


def _verdicts(tables: VerdictTables, people: list[str]) -> Iterator[VerdictOnPage]:
    for row in rows(tables.verdicts):
        hypothesis = tables.registry[str(row["hypothesis"])]
        own = tables.single[tables.single["hypothesis"] == hypothesis.id]
        shown = rows(own[own["participant_id"].isin(people)])
        literal = rows(tables.literal[tables.literal["hypothesis"] == hypothesis.id])
        words = verdict_words(hypothesis, row, literal)
        curves = tables.waveforms[tables.waveforms["hypothesis"] == hypothesis.id]
        if told := throughout(rows(curves)):
            items = (*words.reviewer, ("Over the contact", told))
            words = replace(words, reviewer=items)
        yield VerdictOnPage(hypothesis, row, words, literal, shown)


def _power(tables: VerdictTables) -> Iterator[PowerOnPage]:
    for row in rows(tables.power):
        yield PowerOnPage(tables.registry[str(row["hypothesis"])], row)
