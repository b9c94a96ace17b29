"""Means of an athlete's steps by speed and foot, with the error of measurement of the mean.

An error of single steps shrinks with their number; one that they share (the body, the markers of a
session, the plates, a rule for touchdown that is late in this runner) does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.contributions.without_plates import STATED_ERROR_SDS
from aqbio.figures.step_means import StepColumn, column_title
from aqbio.figures.words import MISSING, with_error
from aqbio.gait.step_files import step_file
from aqbio.intervals.study_draws import study_draws
from aqbio.intervals.worlds import STEP
from aqbio.io.dictionary import columns
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import write_columns
from aqbio.names import NORMAL_95, SIDES
from aqbio.pages.address import cell, marked, where
from aqbio.pages.differences import OUTCOMES, STEPS_TABLE, Outcome, SessionSteps, file_unit
from aqbio.vectors import IntArray

TABLE = "step_means"

EVENT_SCATTER_S = 0.005
"""Standard deviation of single contact times from foot markers about a recording's own error: root
mean square of seven real runs at their own rates (benchmarks/results/foot_events.md). The rest of
what their contact times are off by is shared by all steps of a recording."""

CONTACT_ERROR = "contact_error_s"

NAMES = ("level", "source", "target", "statistic", "axis")
"""Columns of an outcome."""

KINEMATIC = "kinematic"
"""Steps whose events are from foot markers."""


def step_means(session: SessionSteps, event_draws: xr.Dataset | None = None) -> pd.DataFrame:
    """Means of a session's steps by condition, speed and foot, as the table ``step_means``.

    ``event_draws``: draws of the errors of single steps (`study_draws` with scope ``step``), where
    touchdown and toe-off are from foot markers.
    """
    events = None if event_draws is None else replace(session, draws=event_draws)
    rows = [
        _row(session, events, column, outcome, side, chosen)
        for column in session.columns
        for outcome in OUTCOMES.values()
        for side, chosen in session.feet(column.rows).items()
    ]
    known = [row for row in rows if row["steps"]]
    return pd.DataFrame(known, columns=list(columns(TABLE)))


def _row(
    session: SessionSteps,
    events: SessionSteps | None,
    column: StepColumn,
    outcome: Outcome,
    side: str,
    chosen: IntArray,
) -> dict[str, Any]:
    """Mean of an outcome over the steps in which it is known."""
    rows = chosen[np.isfinite(session.numbers(outcome, chosen).value)]
    numbers = session.numbers(outcome, rows)
    count = len(rows)
    row = {
        "participant_id": session.participant_id,
        "condition": session.condition(column),
        "speed_mps": column.speed_mps,
        "side": side,
        **{name: part or None for name, part in zip(NAMES, outcome.key, strict=True)},
        "unit": file_unit(session, outcome) if count else "",
        "steps": count,
        "trials": len(set(numbers.trial)),
    }
    if not count:
        return row
    steps = session.steps.iloc[rows]
    stated = drawn = math.nan
    if outcome.level != STEPS_TABLE:
        stated, drawn = 0.0, 0.0
        if events is not None:
            drawn = float(events.numbers(outcome, rows).deviation.var(axis=0).mean())
    elif outcome.error in steps:
        stated, drawn = (float(steps[outcome.error].mean()) / outcome.sds) ** 2, 0.0
    own = _own_share(steps) * (stated if outcome.error == CONTACT_ERROR else drawn)
    common = stated + drawn - own
    return row | {
        "mean": float(numbers.value.mean()),
        "error_sd": math.sqrt(numbers.deviation.mean(axis=1).var() + common + own / count),
        "step_error_sd": math.sqrt(numbers.deviation.var(axis=0).mean() + common + own),
        "step_sd": float(numbers.value.std(ddof=1)) if count > 1 else math.nan,
    }


def _own_share(steps: pd.DataFrame) -> float:
    """Share of the variance of errors of events that is of single steps; 0 on plates."""
    if not (steps["events"] == KINEMATIC).any():
        return 0.0
    event_sd = float(steps[CONTACT_ERROR].mean()) / STATED_ERROR_SDS
    return min(1.0, (EVENT_SCATTER_S / event_sd) ** 2) if event_sd > 0.0 else 0.0


# files --------------------------------------------------------------------------------------------


def step_means_path(study: Study, participant_id: str) -> Path:
    """File of the means of a participant's steps."""
    return study.folder(participant_id, "pages") / f"{TABLE}.nc"


def write_step_means(
    study: Study, participant_id: str, read_session: Callable[[str], SessionSteps]
) -> pd.DataFrame:
    """Compute and write the means of a participant's steps."""
    session = read_session(participant_id)
    event_draws = None
    if (session.steps["events"] == KINEMATIC).any():
        levels = {outcome.level for outcome in OUTCOMES.values()} - {STEPS_TABLE}
        event_draws = study_draws(study, [participant_id], levels=levels, scopes=(STEP,))
    table = step_means(session, event_draws)
    source = study_provenance(study, "pages", [step_file(study, participant_id, "steps")])
    write_columns(table, step_means_path(study, participant_id), columns(TABLE), source)
    return table


# page ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MeanLine:
    """One measure at one speed."""

    label: str
    unit: str
    feet: tuple[str, str]
    """Mean ± error of the left and of the right foot, in words."""


def mean_lines(table: pd.DataFrame) -> dict[str, list[MeanLine]]:
    """Lines of the page by speed, in words: means of two and more steps of a foot."""
    lines: dict[str, list[MeanLine]] = {}
    for _, group in table.groupby(["condition", "speed_mps"], sort=False, observed=True):
        records: list[dict[str, Any]] = group.to_dict("records")  # type: ignore[assignment]
        counts = group.groupby("side", observed=True)["steps"].max()
        names = ("participant_id", "condition", "speed_mps")
        key = where(**{name: records[0][name] for name in names})
        steps = " and ".join(
            marked(counts[side], TABLE, f"{key};{where(side=side)}", "steps", by="most")
            + f" {side}"
            for side in SIDES
            if side in counts
        )
        if counts.max() < 2:
            continue
        head = records[0]
        title, speed = (
            column_title(str(head["condition"]), head["speed_mps"]), f"{head['speed_mps']:.1f}",
        )  # fmt: skip
        number = marked(speed, TABLE, key, "speed_mps", by="most")
        title = f"{title.replace(speed, number)}: {steps} steps"
        by_key = {(_key(row), row["side"]): row for row in records}
        lines[title] = [
            MeanLine(outcome.label, outcome.unit, (_words(outcome, left), _words(outcome, right)))
            for key, outcome in OUTCOMES.items()
            for left, right in [(by_key.get((key, "left")), by_key.get((key, "right")))]
            if left or right
        ]
    return lines


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Key of a row's outcome; empty cells are texts without letters."""
    return tuple(row[name] if isinstance(row[name], str) else "" for name in NAMES)


def _words(outcome: Outcome, row: Mapping[str, Any] | None) -> str:
    """Mean with its error, and that of one step in brackets."""
    if row is None:
        return MISSING
    to_page = NORMAL_95 * abs(outcome.factor)
    value, *halves = (
        outcome.factor * row["mean"], to_page * row["error_sd"], to_page * row["step_error_sd"],
    )  # fmt: skip
    text, *errors = with_error(value, halves, outcome.unit)
    mean = cell(TABLE, row, "mean", text, factor=outcome.factor)
    if math.isnan(row["error_sd"]):
        return mean
    error, single = (
        cell(TABLE, row, name, written, factor=to_page)
        for name, written in zip(("error_sd", "step_error_sd"), errors, strict=True)
    )
    return f"{mean} ± {error} (a step ± {single})"
