"""The page of an athlete: who, trials, left and right, own numbers, what the fit changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from aqbio.errors import Cause
from aqbio.report.agreement import sessions
from aqbio.report.cards import Own, verdict_ruler
from aqbio.report.filters import CONTENT_SECURITY, template
from aqbio.report.left_right import left_and_right
from aqbio.report.lines import AthleteLine, TrialLine
from aqbio.report.page import FEW, FigureOnPage
from aqbio.report.quality import quality_tables, residuals
from aqbio.report.sections import rows
from aqbio.report.verdicts import VerdictOnPage

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class AthleteContent:
    """Everything that the page of an athlete shows."""

    line: AthleteLine
    trials: tuple[TrialLine, ...]
    steps: pd.DataFrame
    quality: pd.DataFrame
    """steps, quality: Rows of the athlete in these tables."""
    edges_mps: tuple[float, ...]
    """Of the speed classes, m/s."""
    consistency: Mapping[str, Any]
    """Manifest of stage consistency."""
    verdicts: tuple[VerdictOnPage, ...]
    singles: Mapping[str, Mapping[str, Any]]
    """The athlete's rows of the table of single athletes, by hypothesis."""
    own: Own
    curves: Markup
    """The athlete's curves on the group's band; empty without any."""
    figures: tuple[FigureOnPage, ...]
    causes: tuple[Cause, ...]
    """What was found in this athlete's recordings."""
    before: str
    after: str
    """before, after: The athletes beside this one; empty at the ends."""


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """An athlete's own estimate of a hypothesis."""

    id: str
    title: str
    unit: str
    ruler: Markup
    row: Mapping[str, Any]


def athlete_page(content: AthleteContent) -> str:
    """Write the page of an athlete as HTML."""
    name = content.line.participant_id
    found = residuals(content.quality)
    wanted = [one for one in content.causes if one.first.severity != "info" and one.first.fix]
    return template("athlete.html.j2").render(
        security=CONTENT_SECURITY["folder"],
        root="../",
        single=False,
        few=FEW,
        participant=name,
        line=content.line,
        trials=content.trials,
        speeds=left_and_right(content.steps, content.edges_mps),
        steps=rows(content.steps),
        quality=quality_tables(content.quality),
        session=sessions([content.consistency], found)[0],
        numbers=_own_numbers(content, name),
        curves=content.curves,
        figures=content.figures,
        wanted=wanted,
        before=content.before,
        after=content.after,
    )


def _own_numbers(content: AthleteContent, name: str) -> list[OwnNumber]:
    """The hypotheses of which the athlete has a number."""
    return [
        OwnNumber(
            one.hypothesis.id,
            one.hypothesis.title,
            str(one.row["unit"]),
            verdict_ruler(one, content.own, name),
            content.singles[one.hypothesis.id],
        )
        for one in content.verdicts
        if one.hypothesis.id in content.singles
    ]


def missing_page(name: str, why: str) -> str:
    """Write what stands for a page that could not be made."""
    return template("missing.html.j2").render(
        security=CONTENT_SECURITY["folder"], root="../", participant=name, why=why
    )
