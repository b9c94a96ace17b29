"""Stage tables: steps, contributions, quality, trials, findings, faults of all participants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import pandas as pd

from aqbio.gait.curves import role_scheme
from aqbio.gait.step_files import (
    LAST_TRIAL_STAGE,
    MODELS,
    UNCERTAINTY,
    kept_steps,
    participant_rows,
    step_file,
    step_inputs,
)
from aqbio.gait.step_files import STAGE as CONTRIBUTIONS
from aqbio.intervals.step_uncertainty import uncertainty_budget
from aqbio.inverse_dynamics.fitted import changes_path
from aqbio.io.dictionary import Columns, columns
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import read_columns, write_table
from aqbio.names import AGAINST_USE, DOUBTFUL, NO_STEPS, PARTLY, TRIAL_FAILED, USABLE
from aqbio.observed.invalidated import DECISIVE_MEASURES, joined_outcomes, outcomes_of_cell
from aqbio.study.findings import FINDINGS, finding_rows
from aqbio.study.manifest import FAILED, OK, Report, failure_reason, manifest_entry, study_stage

# rows of trials -----------------------------------------------------------------------------------


Row = dict[str, Any]


def trial_rows(
    study: Study, participant_id: str, steps: pd.DataFrame, quality: pd.DataFrame
) -> Iterator[Row]:
    """Rows of every trial of a participant."""
    prepared = study.read_manifest(participant_id, "prepare")
    last = study.read_manifest(participant_id, LAST_TRIAL_STAGE)
    fits = study.read_manifest(participant_id, "inverse_dynamics")
    cut = study.read_manifest(participant_id, CONTRIBUTIONS)
    surfaces = {entry["trial_id"]: entry.get("surface") for entry in prepared["trials"]}
    for trial in study.moving_of(participant_id):
        name = trial.trial_id
        entry, fit = manifest_entry(last, name), manifest_entry(fits, name)
        trial_steps = steps[steps["trial_id"] == name]
        why = failure_reason(entry["reason"], LAST_TRIAL_STAGE) if entry["status"] != OK else ""
        row = {
            "participant_id": participant_id,
            "trial_id": name,
            "condition": trial.condition,
            "status": FAILED if why else OK,
            "reason": why or None,
            "surface": surfaces.get(name),
            "motion": fit.get("motion"),
            "motion_reason": fit.get("motion_reason") or None,
            "speed_mps": kept_steps(trial_steps)["speed_mps"].mean(),
            "contacts": len(trial_steps),
            "steps_ok": trial_steps["status"].tolist().count("ok"),
            "steps_rejected": trial_steps["status"].tolist().count("rejected"),
            "unobserved": manifest_entry(cut, name).get("unobserved") or None,
        }
        measured = quality[quality["trial_id"] == name]
        by_measure = invalidated_by_measures(measured)
        outside = [measure for measure in DECISIVE_MEASURES if by_measure.get(measure)]
        invalidated = joined_outcomes(
            chain.from_iterable(by_measure[measure] for measure in outside)
        )
        against = measured.loc[measured["measure"] == AGAINST_USE, "note"]
        row["against"] = next(iter(against), None)
        yield row | {
            "state": _state(row, outside),
            "outside": ", ".join(outside) or None,
            "invalidated": invalidated or None,
        }


def _state(row: Row, outside: Sequence[str]) -> str:
    """State of a trial, one of `TRIAL_STATES`."""
    if row["status"] != OK:
        return TRIAL_FAILED
    if row["contacts"] == row["steps_rejected"]:
        return NO_STEPS
    return DOUBTFUL if outside else PARTLY if row["unobserved"] else USABLE


def invalidated_by_measures(quality: pd.DataFrame) -> dict[str, frozenset[str]]:
    """Outcomes that each measure of a trial invalidates, by measure."""
    cells = zip(quality["measure"], quality["invalidates"], strict=True)
    return {str(measure): outcomes_of_cell(cell) for measure, cell in cells}


# means of contributions ---------------------------------------------------------------------------


OUTCOME_COLUMNS = ["level", "source", "target", "axis", "phase", "statistic", "unit"]
"""Columns that name an outcome of a step."""


def contribution_means(rows: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Mean, sd, count and mean interval by participant, condition, side and outcome."""
    step_key = ["participant_id", "trial_id", "step"]
    step_groups = steps[[*step_key, "condition", "side"]]
    # An empty table has no column types.
    keys: dict[str, Any] = dict.fromkeys(step_key[:2], object) | {"step": "Int64"}
    merged = rows.astype(keys).merge(
        step_groups.astype(keys), on=step_key, how="left", validate="m:1"
    )
    groups = merged.groupby(
        ["participant_id", "condition", "side", *OUTCOME_COLUMNS],
        observed=True,
        sort=False,
        dropna=False,
    )
    return groups.agg(
        mean=("value", "mean"),
        sd=("value", "std"),
        low=("low", "mean"),
        high=("high", "mean"),
        steps=("value", "count"),
    ).reset_index()


# the stage ----------------------------------------------------------------------------------------

STAGE = "tables"

STORED_DIGITS = 15
MEAN_DIGITS = 5
"""Significant digits of means and log odds: a hundred-thousandth, far below any interval."""


Part = Callable[[str], "pd.DataFrame"]
"""From a participant to rows of a table."""


@study_stage(STAGE)
def tables_study(study: Study, report: Report) -> None:
    """Write the study's tables: steps, contributions, quality, findings, trials, faults and more.

    One participant after the other: memory does not grow with the study. Rows of contributions
    become means.
    """
    inputs = step_inputs(study, "steps", "quality", "contributions", UNCERTAINTY)
    source = study_provenance(study, STAGE, inputs)
    people = [participant.participant_id for participant in study.participants]
    contacts: Counter[str] = Counter()

    def counted(participant_id: str) -> pd.DataFrame:
        steps = participant_rows(study, participant_id, "steps")
        contacts.update(steps["status"].tolist())
        return steps

    for name, (part, digits) in (parts_of(study) | {"steps": (counted, STORED_DIGITS)}).items():
        group = role_scheme(study).items if name == "steps" else ()
        described = columns(name, group=group)
        tables = (part(participant_id) for participant_id in people)
        rows = (table[list(described)] for table in tables if len(table))
        write_table(rows, study.table(f"{name}.tsv"), described, source, digits=digits)
    whole_steps = contacts["ok"]
    report(
        f"{contacts.total()} contacts in {len(people)} participants, {whole_steps} whole steps kept"
    )


def parts_of(study: Study) -> dict[str, tuple[Part, int]]:
    """Function from participant to rows, and significant digits, for every table."""

    def rows(table: str) -> Part:
        return lambda participant_id: participant_rows(study, participant_id, table)

    steps, quality = rows("steps"), rows("quality")

    def means(participant_id: str) -> pd.DataFrame:
        return contribution_means(
            participant_rows(study, participant_id, "contributions"), steps(participant_id)
        )

    def changed(participant_id: str) -> pd.DataFrame:

        fitted = study.read_manifest(participant_id, "inverse_dynamics")["adjusted_model"]
        return read_columns(changes_path(study, participant_id)) if fitted else _frame((), {})

    def trials(participant_id: str) -> pd.DataFrame:
        return _frame(
            trial_rows(study, participant_id, steps(participant_id), quality(participant_id)),
            columns("trials"),
        )

    return {
        "steps": (steps, STORED_DIGITS),
        "contribution_means": (means, MEAN_DIGITS),
        "quality": (quality, STORED_DIGITS),
        "uncertainty": (
            lambda participant_id: uncertainty_rows(study, participant_id),
            MEAN_DIGITS,
        ),
        "model_differences": (
            lambda participant_id: read_columns(step_file(study, participant_id, MODELS)),
            MEAN_DIGITS,
        ),
        "fit_changes": (changed, MEAN_DIGITS),
        "findings": (
            lambda participant_id: _frame(finding_rows(study, participant_id), FINDINGS),
            STORED_DIGITS,
        ),
        "trials": (trials, STORED_DIGITS),
        "faults": (
            lambda participant_id: _frame(fault_rows(study, participant_id), columns("faults")),
            MEAN_DIGITS,
        ),
    }


def fault_rows(study: Study, participant_id: str) -> Iterator[Row]:
    """Explanations that came near, of the forces, sides and labels of every trial."""
    for entry in study.read_manifest(participant_id, "prepare")["trials"]:
        for considered in entry.get("considered", ()):
            yield {"participant_id": participant_id, "trial_id": entry["trial_id"], **considered}


def _frame(rows: Iterable[Row], described: Columns) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(described))


def uncertainty_rows(study: Study, participant_id: str) -> pd.DataFrame:
    """Contributions of the sources to the intervals of a participant's stance means."""
    trials = participant_rows(study, participant_id, UNCERTAINTY)
    budget = uncertainty_budget(trials).assign(participant_id=participant_id, phase="stance")
    return budget.reindex(columns=list(columns(UNCERTAINTY)))  # n/a without another model
