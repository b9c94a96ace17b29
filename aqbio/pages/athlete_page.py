"""The page of an athlete: who, trials, left and right, what to record better, what the fit changed.

What stands there beside the others' comes from `aqbio.pages.group`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aqbio.errors import Cause
from aqbio.pages.agreement import sessions
from aqbio.pages.before_after import before_and_after
from aqbio.pages.beside import comparisons
from aqbio.pages.body_witnesses import body_witnesses, postures
from aqbio.pages.filters import CONTENT_SECURITY, template
from aqbio.pages.fit_changes import BAR, fit_changes
from aqbio.pages.left_right import left_and_right
from aqbio.pages.lines import AthleteLine, TrialLine
from aqbio.pages.quality import quality_tables, residuals
from aqbio.pages.sections import rows

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
    changes: pd.DataFrame
    """The athlete's rows of fit_changes.tsv."""
    edges_mps: tuple[float, ...]
    """Of the speed classes, m/s."""
    consistency: Mapping[str, Any]
    """Manifest of stage consistency."""
    causes: tuple[Cause, ...]
    """What was found in this athlete's recordings."""


def athlete_page(content: AthleteContent) -> str:
    """Write the page of an athlete as HTML."""
    name = content.line.participant_id
    found = residuals(content.quality)
    wanted = [one for one in content.causes if one.first.severity != "info" and one.first.fix]
    return template("athlete.html.j2").render(
        security=CONTENT_SECURITY["folder"],
        root="../",
        participant=name,
        line=content.line,
        trials=content.trials,
        speeds=left_and_right(content.steps, content.edges_mps),
        steps=rows(content.steps),
        quality=quality_tables(content.quality),
        session=sessions([content.consistency], found)[0],
        wanted=wanted,
        changes=fit_changes(content.changes),
        fitted=before_and_after(content.changes),
        bar=BAR,
        beside=list(
            comparisons(content.steps, {one.trial_id for one in content.trials if one.page})
        ),
        witnesses=body_witnesses(content.changes),
        postures=postures(content.changes),
    )


def missing_page(name: str) -> str:
    """Write what stands for a page that could not be made."""
    return template("missing.html.j2").render(
        security=CONTENT_SECURITY["folder"], root="../", participant=name
    )
