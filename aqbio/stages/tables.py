"""Stage tables: what stage steps found of every participant, as the tables of the study."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aqbio.io.dictionary import Columns
from aqbio.io.provenance import provenance
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.records.findings import finding_rows
from aqbio.records.manifest import Report
from aqbio.records.step_files import participant_rows, step_inputs, study_rows
from aqbio.stages.stepping import columns as step_columns
from aqbio.stages.stepping.measures import Row
from aqbio.stages.stepping.trial_states import trial_rows
from aqbio.steps.roles import role_scheme

if TYPE_CHECKING:
    import pandas as pd

STAGE = "tables"

DIGITS = 5
"""Significant digits of the long table: a hundred-thousandth, far below any interval."""


def tables_study(study: Study, report: Report) -> None:
    """Write the study's tables: steps, contributions, quality, findings and trials.

    The long table is written participant by participant.
    """
    inputs = step_inputs(study, "steps", "quality", "contributions")
    source = provenance(STAGE, inputs, study.stage_settings(STAGE))
    columns_of_steps = step_columns.step_table(role_scheme(study).items)
    steps = study_rows(study, "steps", list(columns_of_steps))
    measured = study_rows(study, "quality")
    people = [one.participant_id for one in study.participants]
    write_table(steps, study.table("steps.tsv"), columns_of_steps, source)
    write_table(
        (participant_rows(study, who, "contributions") for who in people),
        study.table("contributions.tsv"),
        step_columns.CONTRIBUTIONS,
        source,
        digits=DIGITS,
    )
    write_table(measured, study.table("quality.tsv"), step_columns.QUALITY, source)
    for name, rows, columns in (
        ("findings.tsv", finding_rows(study), step_columns.FINDINGS),
        ("trials.tsv", trial_rows(study, (steps, measured)), step_columns.TRIALS),
    ):
        write_table(_frame(rows, columns), study.table(name), columns, source)
    kept = int((steps["status"] == "ok").sum())
    report(f"{len(steps)} contacts in {len(inputs) // 3} participants, {kept} whole steps kept")


def _frame(rows: Iterable[Row], columns: Columns) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns))
