"""Measures of quality in words, with those outside their limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from aqbio.contributions.measure import NOT_TESTED
from aqbio.figures.words import digits
from aqbio.pages.address import cell, marked, row_key, where
from aqbio.pages.filters import counted, rows
from aqbio.pages.words import measure_words

_SCIENTIFIC = ("opensim_position",)


@dataclass(frozen=True, slots=True)
class Cell:
    """One measured value against its limit."""

    value: float
    """As in the table."""
    text: str
    """As on the page, in the page's unit."""
    verdict: str
    """{"ok", "warning", "fail", "not tested", ""}."""
    against: str
    """The limit in words, or that it was not tested; empty where there is no limit."""
    note: str = ""
    """Remark on this trial's value."""
    factor: float = 1.0
    """From the table's unit to the page's."""
    key: str = ""
    """Of its row of the table of quality."""


@dataclass(frozen=True, slots=True)
class QualityTable:
    """Quality of the trials of one participant: measures by trials."""

    participant_id: str
    trials: tuple[str, ...]
    rows: tuple[tuple[str, str, str, str, tuple[Cell | None, ...]], ...]
    """tuple of (label, unit, note, key of the note, tuple of Cell or None)."""


def quality_tables(quality: pd.DataFrame) -> list[QualityTable]:
    """Arrange the quality table, closures apart, by participant, measure and trial."""
    plain = quality[~quality["measure"].str.startswith("closure_")]
    return [
        _participant_table(str(participant), rows_of_participant)
        for participant, rows_of_participant in plain.groupby("participant_id", sort=False)
    ]


def _participant_table(participant_id: str, participant_rows: pd.DataFrame) -> QualityTable:
    by_measure: dict[str, dict[str, dict[str, Any]]] = {}
    order: dict[str, None] = {}
    lines = []
    for row in rows(participant_rows):
        trial = row["trial_id"] if isinstance(row["trial_id"], str) else "model"
        by_measure.setdefault(row["measure"], {})[trial] = row
        order[trial] = None
    trials = tuple(order)
    for measure, values in by_measure.items():
        notes = {row["note"]: None for row in values.values() if isinstance(row["note"], str)}
        make = _with_note if len(notes) > 1 else _cell
        cells = {trial: make(row) for trial, row in values.items()}
        word = measure_words(measure, next(iter(values.values()))["unit"])
        note = next(iter(notes)) if len(notes) == 1 else ""
        key = where(participant_id=participant_id, measure=measure)
        of_trials = tuple(cells.get(trial) for trial in trials)
        lines.append((word.label, word.unit, note, key, of_trials))
    return QualityTable(participant_id, trials, tuple(lines))


def _with_note(row: dict[str, Any]) -> Cell:
    note = row["note"]
    return replace(_cell(row), note=note if isinstance(note, str) else "")


def _cell(row: dict[str, Any]) -> Cell:
    cell = quality_cell(row["measure"], row["value"], row["limit"], row["verdict"], row["unit"])
    return replace(cell, key=row_key("quality", row))


def quality_cell(measure: str, value: float, limit: float, verdict: object, unit: str) -> Cell:
    """Write one value and its limit in the page's unit."""
    word = measure_words(measure, unit)
    decimals = "" if measure in _SCIENTIFIC else word.unit
    text = digits(value * word.factor, decimals)
    rated = verdict if isinstance(verdict, str) else ""
    if rated == NOT_TESTED or not math.isfinite(limit):
        return Cell(value, text, rated, rated, factor=word.factor)  # no limit, no verdict: empty
    bound = marked(digits(limit * word.factor), "", "", "limit", factor=word.factor)
    if rated == "ok":
        return Cell(value, text, rated, f"limit {bound}", factor=word.factor)
    side = "above" if value > limit else "below"
    return Cell(value, text, rated, f"{side} the limit of {bound}", factor=word.factor)


BEFORE_FIT = "before the consistency fit"
"""Version of residuals without the fit."""

AFTER_FIT = "after it"
"""Version of residuals of a fitted trial."""

RESIDUALS = tuple(f"residual_{kind}_{axis}_rms" for kind in ("force", "moment") for axis in "xyz")
"""Measures of the residuals of forces and motion."""


@dataclass(frozen=True, slots=True)
class Residual:
    """Residuals of one trial."""

    participant_id: str
    trial_id: str
    version: str
    """{"", "before the consistency fit", "after it"}."""
    force: tuple[Cell, ...]
    moment: tuple[Cell, ...]
    """force, moment: RMS by axis, %BW and N m."""


def residuals(quality: pd.DataFrame) -> list[Residual]:
    """Residuals of every trial by axis; a fitted trial has two entries, before and after."""
    entries = []
    for (participant, trial), trial_rows in quality.groupby(
        ["participant_id", "trial_id"], sort=False
    ):
        by_measure = {row["measure"]: row for row in rows(trial_rows)}
        fitted = f"plain_{RESIDUALS[0]}" in by_measure
        for prefix, version in (("plain_", BEFORE_FIT), ("", AFTER_FIT if fitted else "")):
            if {f"{prefix}{name}" for name in RESIDUALS} <= set(by_measure):
                cells = tuple(_cell(by_measure[f"{prefix}{name}"]) for name in RESIDUALS)
                trial_key = (str(participant), str(trial))
                entries.append(Residual(*trial_key, version, cells[:3], cells[3:]))
    return entries


BEYOND = ["warning", "fail"]
"""Verdicts on values beyond a limit: softly, and by so much that it counts."""


def beyond_limits(quality: pd.DataFrame) -> list[tuple[str, str]]:
    """Measures outside their limits, with the number of trials, before and after the fit."""
    labelled = []
    for name, measure_rows in quality.groupby("measure", sort=False):
        failed = int(measure_rows["verdict"].isin(BEYOND).sum())
        if failed:
            label = measure_words(str(name), str(measure_rows["unit"].iloc[0])).label
            number, of = (
                marked(count, "quality", where(measure=name, **verdict), by="count")
                for count, verdict in ((failed, {"verdict": BEYOND}), (len(measure_rows), {}))
            )
            labelled.append((label, f"{number} of {of}"))
    return labelled


def disagreement_words(quality: pd.DataFrame) -> str:
    """Count trials whose residuals exceed their limits, before and after the fit, in words."""
    parts = []
    for prefix, stage_words in (
        ("plain_", "before the consistency fit"),
        ("", "in the motion that the results rest on"),
    ):
        names = [
            f"{prefix}residual_{kind}_{axis}_rms" for kind in ("force", "moment") for axis in "xyz"
        ]
        selected = quality[quality["measure"].isin(names)]
        if len(selected):
            broken = selected["verdict"].isin(BEYOND)
            failed = broken.groupby([selected["participant_id"], selected["trial_id"]]).any()
            rated = where(measure=names)
            broken_key = where(measure=names, verdict=BEYOND)
            number = marked(int(failed.sum()), "quality", broken_key, by="trials")
            of = counted(len(failed), "trial", "quality", rated, by="trials")
            parts.append(f"{stage_words} in {number} of {of}")
    after = " (fitted values, which are no evidence of good data)" if len(parts) > 1 else ""
    return (
        f"Residual forces or moments lie outside their limits {', '.join(parts)}{after}."
        if parts
        else ""
    )


MAX_STATED_ODDS = 1000.0
"""Odds beyond which none are stated."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Explanations of the forces, sides or labels of a trial: winner and runner-up."""

    participant_id: str
    trial_id: str
    winner: str
    """The most probable explanation."""
    decided: bool
    runner_up: str
    """Empty where nothing else came near."""
    odds: str
    """How much more probable the winner is, in words."""


def explained_trials(faults: pd.DataFrame) -> list[Explained]:
    """Forces, sides and labels of trials that have a fault or where one is near."""
    lines = []
    for (participant, trial, _), considered in faults.groupby(
        ["participant_id", "trial_id", "about"], sort=False
    ):
        if considered["fault"].isna().all():
            continue
        first, *others = rows(considered.sort_values("rank"))
        second = others[0] if others else None
        lines.append(
            Explained(
                participant_id=str(participant),
                trial_id=str(trial),
                winner=_explanation(first),
                decided=first["verdict"] == "identified",
                runner_up="" if second is None else _explanation(second),
                odds="" if second is None else _odds(first, second),
            )
        )
    return lines


def _explanation(row: dict[str, Any]) -> str:
    return cell("faults", row, "explanation", row["explanation"])


def _odds(first: dict[str, Any], second: dict[str, Any]) -> str:
    """Odds of an explanation against the next one, in words."""
    log_odds = first["log_odds"] - second["log_odds"]
    size = abs(log_odds)
    both = where(
        participant_id=first["participant_id"],
        trial_id=first["trial_id"],
        about=first["about"],
        rank=[first["rank"], second["rank"]],
    )
    if size > math.log(MAX_STATED_ODDS):
        most = marked(f"{MAX_STATED_ODDS:.0f}", "faults", both, "log_odds", by="odds above")
        number = f"over {most}"
    else:
        text = f"{math.exp(size):.{'0f' if size > math.log(10.0) else '2g'}}"
        number = marked(text, "faults", both, "log_odds", by="odds")
    return f"{number} to 1" if log_odds >= 0.0 else f"1 to {number}"
