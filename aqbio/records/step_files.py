"""The steps of every participant, which stage contributions leaves: how later stages read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.columnar import joined, read_columns
from aqbio.io.dictionary import columns
from aqbio.io.step_curves import StudyCurves, open_curves
from aqbio.io.study import Study
from aqbio.io.tables import write_table
from aqbio.records.jobs import refuse_damaged
from aqbio.records.manifest import OK, Report
from aqbio.stage_table import PARTICIPANT_STAGES

if TYPE_CHECKING:
    import pandas as pd

    from aqbio.mechanics.gait.steps import Step

STAGE = "contributions"

LAST = "multiverse"
"""Stage whose manifest says what became of a trial: it passes all failures on, and what comes
after it only shows."""

CURVES = "curves"

MODELS = "models"
"""What the steps of a participant are on other models than the study's own."""

UNCERTAINTY = "uncertainty"
"""Where the intervals of a participant's stance means come from, by trial and foot."""


def step_file(study: Study, participant_id: str, name: str) -> Path:
    """File of a participant: a table's name, or the curves."""
    return study.folder(participant_id, STAGE).with_name("steps") / f"{name}.nc"


def step_inputs(study: Study, *names: str) -> list[Path]:
    """Files of all participants, those of one after those of the other."""
    people = [one.participant_id for one in study.participants]
    return [step_file(study, who, name) for who in people for name in names]


def finished(study: Study, participant_id: str) -> set[str]:
    """Trials of a participant that all stages could do."""
    entries = study.read_manifest(participant_id, LAST)["trials"]
    return {one["trial_id"] for one in entries if one["status"] == OK}


def participant_rows(study: Study, participant_id: str, table: str) -> pd.DataFrame:
    """Rows of a participant's table in full precision, of trials that all stages could do.

    Parameters
    ----------
    table : {"steps", "quality", "contributions", "uncertainty"}
    """
    found = read_columns(step_file(study, participant_id, table))
    return found[found["trial_id"].isin(finished(study, participant_id))]


def study_rows(
    study: Study,
    table: str,
    names: Sequence[str] = (),
    wanted: Callable[[pd.DataFrame], Any] = lambda rows: np.ones(len(rows), dtype=bool),
) -> pd.DataFrame:
    """Rows of all participants.

    Parameters
    ----------
    table : {"steps", "quality", "contributions"}
    names : sequence of str
        Columns, where the dictionary leaves holes in their names.
    wanted : callable
        From the rows of a participant to those that are kept of them.
    """
    parts = (participant_rows(study, one.participant_id, table) for one in study.participants)
    return joined((part[wanted(part)] for part in parts), names or list(columns(table)))


def write_rows(study: Study, participant_id: str, report: Report) -> None:
    """Write ``rows/<participant>_contributions.tsv``: contributions of every step, every digit."""
    records = [study.manifest(participant_id, stage) for stage in PARTICIPANT_STAGES]
    refuse_damaged(records, study.file)
    path = study.root / "rows" / f"{participant_id}_contributions.tsv"
    rows = participant_rows(study, participant_id, "contributions")
    write_table(rows, path, columns("contributions"), {"stage": STAGE})
    report(f"{path}: {len(rows)} rows")


def recorded_steps(rows: pd.DataFrame) -> tuple[Step, ...]:
    """Steps of a trial as its rows of the step table hold them, judged, on the markers' clock."""
    from aqbio.mechanics.gait.steps import Step

    return tuple(
        Step(
            number=int(row["step"]),
            side=row["side"],
            touchdown=row["touchdown_fitted_s"],
            toe_off=row["toe_off_fitted_s"],
            next_touchdown=row["next_touchdown_fitted_s"],
            status=row["status"],
            reason=row["reason"] if isinstance(row["reason"], str) else "",
            time_error=row["contact_error_s"],
        )
        for row in rows.to_dict("records")
    )


def study_curves(study: Study, *people: str) -> AbstractContextManager[StudyCurves]:
    """Open the step curves of participants, of trials that all stages could do.

    Parameters
    ----------
    *people : str
        All participants if none is named.
    """
    names = people or [one.participant_id for one in study.participants]
    return open_curves(
        [step_file(study, who, CURVES) for who in names], [finished(study, who) for who in names]
    )
