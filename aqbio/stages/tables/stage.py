"""Stage tables: what stage contributions found of every participant, as the tables of the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from aqbio.io.columnar import read_columns
from aqbio.io.dictionary import Columns, columns
from aqbio.io.given import study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.records.centres import changes_path
from aqbio.records.findings import FINDINGS, finding_rows
from aqbio.records.manifest import Report, study_stage
from aqbio.records.step_files import (
    MODELS,
    UNCERTAINTY,
    participant_rows,
    step_file,
    step_inputs,
)
from aqbio.records.trial_rows import Row, trial_rows
from aqbio.steps.means import contribution_means
from aqbio.steps.roles import role_scheme
from aqbio.steps.uncertainty import uncertainty_budget

if TYPE_CHECKING:
    import pandas as pd

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
        found = (part(who) for who in people)
        rows = (one[list(described)] for one in found if len(one))
        write_table(rows, study.table(f"{name}.tsv"), described, source, digits=digits)
    kept = contacts["ok"]
    report(f"{contacts.total()} contacts in {len(people)} participants, {kept} whole steps kept")


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
    found = uncertainty_budget(trials).assign(participant_id=participant_id, phase="stance")
    return found.reindex(columns=list(columns(UNCERTAINTY)))  # n/a: no other model was asked
