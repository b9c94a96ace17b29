"""Stage tables: what stage steps found of every participant, as the tables of the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from aqbio.io.columnar import joined, read_columns
from aqbio.io.dictionary import Columns, columns
from aqbio.io.given import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.records.centres import changes_path
from aqbio.records.findings import FINDINGS, finding_rows
from aqbio.records.manifest import Report, study_stage
from aqbio.records.step_files import (
    MODELS,
    participant_rows,
    step_file,
    step_inputs,
    study_rows,
)
from aqbio.records.trial_rows import Row, trial_rows
from aqbio.steps.means import contribution_means
from aqbio.steps.other_models import model_sds, with_model
from aqbio.steps.roles import role_scheme
from aqbio.steps.uncertainty import uncertainty_budget

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

STAGE = "tables"

DIGITS = 5
"""Significant digits of means: a hundred-thousandth, far below any interval."""


@study_stage(STAGE)
def tables_study(study: Study, report: Report) -> None:
    """Write the study's tables: steps, contributions, uncertainty, quality, findings and trials.

    Rows of contributions become means, one participant after the other.
    """
    inputs = step_inputs(study, "steps", "quality", "contributions")
    source = study_provenance(study, STAGE, inputs)
    columns_of_steps = columns("steps", group=role_scheme(study).items)
    steps = study_rows(study, "steps", list(columns_of_steps))
    measured = study_rows(study, "quality")
    people = [one.participant_id for one in study.participants]
    write_table(steps, study.table("steps.tsv"), columns_of_steps, source)
    write_table(
        (
            contribution_means(
                participant_rows(study, who, "contributions"), steps[steps["participant_id"] == who]
            )
            for who in people
        ),
        study.table("contribution_means.tsv"),
        columns("contribution_means"),
        source,
        digits=DIGITS,
    )
    write_table(measured, study.table("quality.tsv"), columns("quality"), source)
    described = columns("uncertainty")
    budget = joined((uncertainty_rows(study, who, steps) for who in people), list(described))
    write_table(budget, study.table("uncertainty.tsv"), described, source, digits=DIGITS)
    described = columns("model_differences")
    apart = (read_columns(step_file(study, who, MODELS)) for who in people)
    write_table(
        joined(apart, list(described)), study.table("model_differences.tsv"), described, source,
        digits=DIGITS,
    )  # fmt: skip
    described = columns("fit_changes")
    fitted = [one for one in people if study.read_manifest(one, "consistency")["adjusted_model"]]
    changed = joined((read_columns(changes_path(study, who)) for who in fitted), list(described))
    write_table(changed, study.table("fit_changes.tsv"), described, source, digits=DIGITS)
    trials = (
        row
        for who in people
        for row in trial_rows(
            study, who, *(one[one["participant_id"] == who] for one in (steps, measured))
        )
    )
    for name, rows, described in (
        ("findings.tsv", finding_rows(study), FINDINGS),
        ("trials.tsv", trials, columns("trials")),
    ):
        write_table(_frame(rows, described), study.table(name), described, source)
    kept = steps["status"].tolist().count("ok")
    report(f"{len(steps)} contacts in {len(inputs) // 3} participants, {kept} whole steps kept")


def _frame(rows: Iterable[Row], described: Columns) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(described))


def uncertainty_rows(study: Study, participant_id: str, steps: pd.DataFrame) -> pd.DataFrame:
    """Where the intervals of a participant's stance means come from.

    Parameters
    ----------
    study : Study
    participant_id : str
    steps : DataFrame
        Of the study; rejected ones are left out.
    """
    own = steps[(steps["participant_id"] == participant_id) & (steps["status"] != "rejected")]
    files = study.folder(participant_id, "contributions")
    models = model_sds(read_columns(step_file(study, participant_id, MODELS)))
    trials = (
        (with_model(intervals_of(files / f"{trial}.nc"), models), Counter(map(str, rows["side"])))
        for trial, rows in own.groupby("trial_id", observed=True)
    )
    found = uncertainty_budget(trials).assign(participant_id=participant_id, phase="stance")
    return found.reindex(columns=list(columns("uncertainty")))  # n/a: no other model was asked


def intervals_of(path: Path) -> xr.Dataset:
    """Standard deviations of stance means of a trial's contributions, without its signals."""
    import xarray as xr

    with xr.open_dataset(path) as data:
        return data[[name for name in ("interval_sd",) if name in data]].load()
