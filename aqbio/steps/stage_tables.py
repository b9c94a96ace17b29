"""Stage tables: findings and measures of every participant, as the tables of the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from aqbio.consistency.files import changes_path
from aqbio.gait.curves import role_scheme
from aqbio.gait.step_files import (
    LAST_TRIAL_STAGE,
    MODELS,
    UNCERTAINTY,
    participant_rows,
    step_file,
    step_inputs,
)
from aqbio.gait.step_files import STAGE as CONTRIBUTIONS
from aqbio.intervals.step_uncertainty import uncertainty_budget
from aqbio.inverse_kinematics.solution import FITTED
from aqbio.io.dictionary import Columns, columns
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import read_columns, write_table
from aqbio.names import AGAINST_USE, DOUBTFUL, NO_STEPS, PARTLY, TRIAL_FAILED, USABLE
from aqbio.study.findings import FINDINGS, finding_rows
from aqbio.study.manifest import FAILED, OK, Report, failure_reason, manifest_entry, study_stage

if TYPE_CHECKING:
    import pandas as pd


# rows of trials -----------------------------------------------------------------------------------


Row = dict[str, Any]


CONSERVED = ("flight_drift_y", "flight_acceleration", "foot_slip")
"""Measures of physical laws that hold in every recording: in flight the body keeps its angular
momentum and falls freely, and shoes do not slide."""

DECISIVE = (AGAINST_USE, *CONSERVED, "consistency_suspicions", "labels_against_names")
"""Measures of quality.tsv that decide whether a trial is doubtful."""

DECISIVE_PLAIN = ("residual_moment_y_stance_rms", "effect_to_residual_y")
"""The same of a trial whose motion was not fitted: after a fit residuals are fitted quantities."""


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
        own = steps[steps["trial_id"] == name]
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
            "speed_mps": own.loc[own["status"] != "rejected", "speed_mps"].mean(),
            "contacts": len(own),
            "steps_ok": own["status"].tolist().count("ok"),
            "steps_rejected": own["status"].tolist().count("rejected"),
            "unobserved": manifest_entry(cut, name).get("unobserved") or None,
        }
        measured = quality[quality["trial_id"] == name]
        outside = _outside(measured, fitted=row["motion"] == FITTED)
        against = measured.loc[measured["measure"] == AGAINST_USE, "note"]
        row["against"] = next(iter(against), None)
        yield row | {"state": _state(row, outside), "outside": ", ".join(outside) or None}


def _state(row: Row, outside: Sequence[str]) -> str:
    """One of `TRIAL_STATES`."""
    if row["status"] != OK:
        return TRIAL_FAILED
    if row["contacts"] == row["steps_rejected"]:
        return NO_STEPS
    return DOUBTFUL if outside else PARTLY if row["unobserved"] else USABLE


def _outside(quality: pd.DataFrame, *, fitted: bool) -> list[str]:
    """Measures outside their limits of those that decide the state of a trial."""
    broken = set(quality.loc[quality["verdict"] == "fail", "measure"])
    return [one for one in DECISIVE + (() if fitted else DECISIVE_PLAIN) if one in broken]


# means of contributions ---------------------------------------------------------------------------


OUTCOME = ["level", "source", "target", "axis", "phase", "statistic", "unit"]
"""Columns that name an outcome of a step."""


def contribution_means(rows: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Mean, sd, count and mean interval by participant, condition, side and outcome."""
    place = ["participant_id", "trial_id", "step"]
    whose = steps[[*place, "condition", "side"]]
    # An empty table has no column types.
    keys: dict[str, Any] = dict.fromkeys(place[:2], object) | {"step": "Int64"}
    merged = rows.astype(keys).merge(whose.astype(keys), on=place, how="left", validate="m:1")
    groups = merged.groupby(
        ["participant_id", "condition", "side", *OUTCOME], observed=True, sort=False, dropna=False
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

EVERY_DIGIT = 15
DIGITS = 5
"""Significant digits of means: a hundred-thousandth, far below any interval."""


Part = Callable[[str], "pd.DataFrame"]
"""From a participant to rows of a table."""


@study_stage(STAGE)
def tables_study(study: Study, report: Report) -> None:
    """Write the study's tables: steps, contributions, uncertainty, quality, findings and trials.

    One participant after the other: memory does not grow with the study. Rows of contributions
    become means.
    """
    inputs = step_inputs(study, "steps", "quality", "contributions", UNCERTAINTY)
    source = study_provenance(study, STAGE, inputs)
    people = [one.participant_id for one in study.participants]
    contacts: Counter[str] = Counter()

    def counted(who: str) -> pd.DataFrame:
        steps = participant_rows(study, who, "steps")
        contacts.update(steps["status"].tolist())
        return steps

    for name, (part, digits) in (parts_of(study) | {"steps": (counted, EVERY_DIGIT)}).items():
        group = role_scheme(study).items if name == "steps" else ()
        described = columns(name, group=group)
        tables = (part(who) for who in people)
        rows = (one[list(described)] for one in tables if len(one))
        write_table(rows, study.table(f"{name}.tsv"), described, source, digits=digits)
    whole_steps = contacts["ok"]
    report(
        f"{contacts.total()} contacts in {len(people)} participants, {whole_steps} whole steps kept"
    )


def parts_of(study: Study) -> dict[str, tuple[Part, int]]:
    """How every table's rows of a participant are made, and their significant digits."""

    def rows(table: str) -> Part:
        return lambda who: participant_rows(study, who, table)

    steps, quality = rows("steps"), rows("quality")

    def means(who: str) -> pd.DataFrame:
        return contribution_means(participant_rows(study, who, "contributions"), steps(who))

    def changed(who: str) -> pd.DataFrame:

        fitted = study.read_manifest(who, "inverse_dynamics")["adjusted_model"]
        return read_columns(changes_path(study, who)) if fitted else _frame((), {})

    def trials(who: str) -> pd.DataFrame:
        return _frame(trial_rows(study, who, steps(who), quality(who)), columns("trials"))

    return {
        "steps": (steps, EVERY_DIGIT),
        "contribution_means": (means, DIGITS),
        "quality": (quality, EVERY_DIGIT),
        "uncertainty": (lambda who: uncertainty_rows(study, who), DIGITS),
        "model_differences": (lambda who: read_columns(step_file(study, who, MODELS)), DIGITS),
        "fit_changes": (changed, DIGITS),
        "findings": (lambda who: _frame(finding_rows(study, who), FINDINGS), EVERY_DIGIT),
        "trials": (trials, EVERY_DIGIT),
    }


def _frame(rows: Iterable[Row], described: Columns) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(described))


def uncertainty_rows(study: Study, participant_id: str) -> pd.DataFrame:
    """Where the intervals of a participant's stance means come from."""
    trials = participant_rows(study, participant_id, UNCERTAINTY)
    budget = uncertainty_budget(trials).assign(participant_id=participant_id, phase="stance")
    return budget.reindex(columns=list(columns(UNCERTAINTY)))  # n/a: no other model was asked
