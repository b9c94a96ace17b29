"""What was measured, what was kept and what failed: the first lines of the page."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aqbio.figures.numbers import shown
from aqbio.figures.stance_means import kept_steps
from aqbio.report.rows import rows


@dataclass(frozen=True, slots=True)
class Summary:
    """The study in a few numbers.

    Attributes
    ----------
    facts : tuple of (label, text)
    failed : tuple of (participant, trial, reason)
        Trials without results.
    left_out : tuple of (reason, number of steps)
        Why contacts did not become whole steps.
    """

    facts: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str, str], ...]
    left_out: tuple[tuple[str, int], ...]


def study_summary(participants: int, trials: pd.DataFrame, steps: pd.DataFrame) -> Summary:
    """Count trials and steps, and say why some are missing.

    Parameters
    ----------
    participants : int
        Number of rows of the participants sheet.
    trials, steps : DataFrame
        The study's tables.
    """
    failed = trials[trials["status"] != "ok"]
    count = steps["status"].value_counts()
    kept, rejected, incomplete = (
        int(count.get(status, 0)) for status in ("ok", "rejected", "incomplete")
    )
    facts = [
        ("Participants", str(participants)),
        ("Trials", f"{len(trials)}, of which {len(failed)} failed"),
        ("Contacts", str(len(steps))),
        ("Steps", f"{kept} kept, {rejected} rejected, {incomplete} incomplete"),
    ]
    whole = kept_steps(steps)
    if len(whole):
        facts.append(("Speed", _range(whole["speed_mps"], "m/s")))
        facts.append(("Contact time", _range(whole["contact_s"], "s")))
        facts.append(("Flight time", _range(whole["flight_s"], "s")))
    reasons = steps.loc[steps["status"] != "ok", "reason"].astype(object)
    reasons = reasons.where(reasons.notna(), "no reason recorded")
    return Summary(
        tuple(facts),
        tuple((row["participant_id"], row["trial_id"], str(row["reason"])) for row in rows(failed)),
        tuple((str(reason), int(number)) for reason, number in reasons.value_counts().items()),
    )


def _range(values: pd.Series, unit: str) -> str:
    low, high = shown(values.min(), unit), shown(values.max(), unit)
    return f"{low}\xa0{unit}" if low == high else f"{low} to {high}\xa0{unit}"
