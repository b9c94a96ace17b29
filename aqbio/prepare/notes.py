"""Findings of one trial and explanations that came near, collected while it is prepared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypedDict, TypeVar, Unpack

import numpy as np
import yaml

from aqbio.errors import Finding, Invalidated, Severity, distinct
from aqbio.prepare.explanations import Explanation, Ranking, Suspect


class Details(TypedDict, total=False):
    """Further fields of a finding, as in `aqbio.errors.Finding`."""

    fix: str
    where: str
    number: float | None
    limit: float | None
    unit: str
    label: str
    invalidates: Invalidated
    proposal: str


@cache
def _finding_rows() -> dict[str, dict[str, Any]]:
    """Rows of ``findings.yaml`` by rule and case."""
    text = files("aqbio.prepare").joinpath("findings.yaml").read_text(encoding="utf-8")
    rows: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return rows


About = Literal["forces"]
"""What explanations are about, which compete with each other alone."""


@dataclass(frozen=True, slots=True)
class Considered:
    """An explanation of a recording: a row of the table ``faults``, without its trial."""

    about: About
    rank: int
    explanation: str
    fault: str | None
    plates: str | None
    size: float | None
    size_sd: float | None
    unit: str | None
    log_odds: float | None
    evidence: str | None
    verdict: Literal["identified", "plausible"]


@dataclass(frozen=True, slots=True)
class Notes:
    """Collects findings and gives each the trial, participant and file that it belongs to."""

    trial: str
    participant: str
    file: str
    force_file: str
    findings: list[Finding] = field(default_factory=list)
    first_time: float = 0.0
    """Instant of the first frame on the clock on which sentences state instants, s."""
    considered: list[Considered] = field(default_factory=list)
    """Explanations that came near."""

    def at(self, time: float, digits: int = 3) -> str:
        """Write an instant, s from the first frame, on that clock."""
        return f"{time + self.first_time:.{digits}f}"

    def add(
        self,
        rule: str,
        severity: Severity,
        what: str,
        *,
        forces: bool = False,
        **details: Unpack[Details],
    ) -> None:
        """Note something; ``forces`` when its cause is in the file of the forces."""
        self.findings.append(
            Finding(
                rule=rule,
                severity=severity,
                what=what,
                trial=self.trial,
                participant=self.participant,
                file=self.force_file if forces else self.file,
                **details,
            )
        )

    def report(
        self,
        key: str,
        *,
        number: float | None = None,
        limit: float | None = None,
        where: str = "",
        label: str = "",
        **words: object,
    ) -> None:
        """Note a row of ``findings.yaml``, by its rule and case, with words in its sentences.

        ``number`` has as many digits as tell it from ``limit`` where a sentence says ``value``.
        """
        row = _finding_rows()[key]
        value = distinct(number, limit) if number is not None and limit is not None else ""
        words |= {"number": number, "limit": limit, "value": value, "label": label}
        self.add(
            key.partition(",")[0],
            row["severity"],
            row["what"].format_map(words),
            forces=row.get("forces", False),
            fix=row.get("fix", "").format_map(words),
            number=number,
            limit=limit,
            unit=row.get("unit", ""),
            where=where,
            label=label,
        )

    def adopt(self, findings: tuple[Finding, ...]) -> None:
        """Add the findings of a reader, which does not know the trial."""
        self.findings.extend(
            replace(finding, trial=self.trial, participant=self.participant) for finding in findings
        )


Recorded = TypeVar("Recorded")


def finite(number: float) -> float | None:
    """A number, or None where it is not known."""
    return float(number) if np.isfinite(number) else None


MAX_LISTED = 5
"""Explanations of a recording that are listed, at most."""


def considered_rows(
    about: About,
    ranking: Ranking[Recorded],
    *,
    faults_words: Callable[[Sequence[Suspect[Recorded]]], str],
    place: Callable[[str], str] = str,
    agreement: Callable[..., str],
) -> Iterator[Considered]:
    """Plausible explanations; of those with the same faults the most probable one.

    Words for faults with their places and sizes, for the ``place`` of a scope, and for what speaks
    most for faults that are undone together (``agreement``).
    """
    by_faults = dict[frozenset[str], Explanation[Recorded]]()
    for explanation in ranking.plausible:
        by_faults.setdefault(explanation.faults, explanation)
    for rank, explanation in enumerate([*by_faults.values()][:MAX_LISTED], 1):
        faults = explanation.unusual
        usual = [x for x in explanation.suspects if x.is_usual]
        words, suspects = faults_words(faults) or "sound", faults or usual
        if usual:
            words += f"; usual in laboratories: {faults_words(usual)}"
        size, sd, unit = float("nan"), float("nan"), ""
        if len(suspects) == 1 and (sizes := suspects[0].candidate.sizes) is not None:
            size, sd, unit = suspects[0].size, suspects[0].sd, sizes.unit
        is_identified = rank == 1 and {x.name for x in ranking.identified} == explanation.faults
        yield Considered(
            about=about,
            rank=rank,
            explanation=words,
            fault="; ".join(x.candidate.fault for x in faults) or None,
            plates="; ".join(place(x.candidate.scope) for x in suspects) or None,
            size=finite(size),
            size_sd=finite(sd),
            unit=unit or None,
            log_odds=finite(ranking.sound.improbability - explanation.improbability),
            evidence=agreement(*explanation.suspects) or None if suspects else None,
            verdict="identified" if is_identified else "plausible",
        )
