"""The page of a trial: its replay, steps, quality and findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aqbio.errors import SEVERITIES, Finding
from aqbio.figures.words import shown
from aqbio.pages.filters import CONTENT_SECURITY, template
from aqbio.pages.quality import quality_tables, residuals
from aqbio.pages.replay import Replayed
from aqbio.pages.sections import rows
from aqbio.pages.still import still

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TrialContent:
    """Everything that the page of a trial shows."""

    replayed: Replayed
    condition: str
    others: tuple[str, ...]
    """All moving trials of the participant, in the order of the sheet."""
    steps: pd.DataFrame
    quality: pd.DataFrame
    """steps, quality: Rows of the trial in these tables."""
    findings: tuple[Finding, ...]
    bones: str = ""
    """Address of the surfaces of the model; empty where it has none."""


def script(content: Mapping[str, Any]) -> str:
    """A script that holds numbers: nothing in it ends a script or a text, wherever it is put."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return "globalThis.REPLAY=" + text.replace("<", r"\u003c") + ";\n"


def trial_page(content: TrialContent) -> str:
    """Write the page of a trial as HTML."""
    replayed = content.replayed
    place = content.others.index(replayed.trial_id)
    kept = content.steps[content.steps["status"] == "ok"]
    by_severity = sorted(content.findings, key=lambda one: SEVERITIES.index(one.severity))
    return template("trial.html.j2").render(
        security=CONTENT_SECURITY["folder"],
        root="../../",
        participant=replayed.participant_id,
        trial=replayed.trial_id,
        condition=content.condition.replace("_", " "),
        before=content.others[place - 1] if place else "",
        after=content.others[place + 1] if place + 1 < len(content.others) else "",
        speed=shown(kept["speed_mps"].mean(), "m/s") if len(kept) else "",
        shown_from=f"{replayed.time[0]:.2f}",
        shown_to=f"{replayed.time[-1]:.2f}",
        roles=replayed.roles.words(),
        still=still(replayed),
        steps=rows(content.steps),
        residuals=residuals(content.quality),
        quality=quality_tables(content.quality),
        findings=by_severity,
        bones=content.bones,
    )
