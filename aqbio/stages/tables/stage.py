"""Stage tables: what stage steps found of every participant, as the tables of the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aqbio.io.columnar import joined, read_columns
from aqbio.io.dictionary import Columns, columns
from aqbio.io.provenance import provenance
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.names import AXES
from aqbio.records.centres import changes_path
from aqbio.records.findings import FINDINGS, finding_rows
from aqbio.records.manifest import (
    FAILED,
    OK,
    Report,
    manifest_entry,
    study_stage,
    told_failure,
)
from aqbio.records.step_files import LAST, participant_rows, step_inputs, study_rows
from aqbio.records.step_files import STAGE as STEPS
from aqbio.steps.means import contribution_means
from aqbio.steps.roles import role_scheme
from aqbio.steps.uncertainty import uncertainty_budget

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

STAGE = "tables"

DIGITS = 5
"""Significant digits of means: a hundred-thousandth, far below any interval."""

Row = dict[str, Any]

AGREEMENT = (
    *(f"residual_{kind}_{axis}_rms" for kind in ("force", "moment") for axis in AXES),
    "residual_moment_y_stance_rms",
    "effect_to_residual_y",
    "flight_drift_y",
    "flight_acceleration",
    "foot_slip",
)
"""Measures that say how far motion, forces and body agree."""


@study_stage(STAGE)
def tables_study(study: Study, report: Report) -> None:
    """Write the study's tables: steps, contributions, uncertainty, quality, findings and trials.

    Rows of contributions become means, one participant after the other.
    """
    inputs = step_inputs(study, "steps", "quality", "contributions")
    source = provenance(STAGE, inputs, study.stage_settings(STAGE))
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
    described = columns("fit_changes")
    fitted = [one for one in people if study.read_manifest(one, "consistency")["adjusted_model"]]
    changed = joined((read_columns(changes_path(study, who)) for who in fitted), list(described))
    write_table(changed, study.table("fit_changes.tsv"), described, source, digits=DIGITS)
    for name, rows, described in (
        ("findings.tsv", finding_rows(study), FINDINGS),
        ("trials.tsv", trial_rows(study, (steps, measured)), columns("trials")),
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
    trials = (
        (intervals_of(files / f"{trial}.nc"), Counter(map(str, rows["side"])))
        for trial, rows in own.groupby("trial_id", observed=True)
    )
    return uncertainty_budget(trials).assign(participant_id=participant_id, phase="stance")


def intervals_of(path: Path) -> xr.Dataset:
    """Standard deviations of stance means of a trial's contributions, without its signals."""
    import xarray as xr

    with xr.open_dataset(path) as data:
        return data[[name for name in ("interval_sd",) if name in data]].load()


# trials ------------------------------------------------------------------------------------------


def trial_rows(study: Study, tables: tuple[pd.DataFrame, pd.DataFrame]) -> Iterator[Row]:
    """Rows of every trial.

    Parameters
    ----------
    tables : pair of DataFrame
        Steps and quality of the study.
    """
    steps, quality = tables
    verdicts = dict(iter(quality.groupby(["participant_id", "trial_id"], observed=True)))
    for participant in study.participants:
        name = participant.participant_id
        prepared = study.read_manifest(name, "prepare")
        last = study.read_manifest(name, LAST)
        fits = study.read_manifest(name, "consistency")
        cut = study.read_manifest(name, STEPS)
        surfaces = {entry["trial_id"]: entry.get("surface") for entry in prepared["trials"]}
        for trial in study.moving_of(name):
            entry, fit = manifest_entry(last, trial.trial_id), manifest_entry(fits, trial.trial_id)
            place = (name, trial.trial_id)
            own = steps[(steps["participant_id"] == name) & (steps["trial_id"] == trial.trial_id)]
            why = told_failure(entry["reason"], LAST) if entry["status"] != OK else ""
            row = {
                "participant_id": name,
                "trial_id": trial.trial_id,
                "condition": trial.condition,
                "status": FAILED if why else OK,
                "reason": why or None,
                "surface": surfaces.get(trial.trial_id),
                "motion": fit.get("motion"),
                "motion_reason": fit.get("motion_reason") or None,
                "speed_mps": own.loc[own["status"] != "rejected", "speed_mps"].mean(),
                "contacts": len(own),
                "steps_ok": own["status"].tolist().count("ok"),
                "steps_rejected": own["status"].tolist().count("rejected"),
                "unobserved": manifest_entry(cut, trial.trial_id).get("unobserved") or None,
            }
            yield row | {"state": _state(row)} | _agreement(verdicts.get(place))


def _state(row: Row) -> str:
    if row["status"] != OK:
        return "failed"
    if row["contacts"] == row["steps_rejected"]:
        return "without steps"
    return "usable without parts" if row["unobserved"] else "usable"


def _agreement(quality: pd.DataFrame | None) -> Row:
    """Worst verdict of what says how far motion, forces and body agree, before and after the fit.

    A trial that was not fitted has only a state before.
    """
    told = {} if quality is None else dict(zip(quality["measure"], quality["verdict"], strict=True))
    fitted = any(f"plain_{name}" in told for name in AGREEMENT)
    before = "plain_" if fitted else ""
    return {
        "agreement_before": _worst([told.get(f"{before}{name}") for name in AGREEMENT]),
        "agreement_after": _worst([told.get(name) for name in AGREEMENT]) if fitted else None,
    }


def _worst(verdicts: Sequence[object]) -> str | None:
    """The worst of some verdicts; None where nothing was held against a limit.

    Examples
    --------
    >>> _worst(["ok", None, "fail"]), _worst([None])
    ('fail', None)
    """
    order = ("fail", "warning", "not_testable", "ok")
    return next((one for one in order if one in verdicts), None)
