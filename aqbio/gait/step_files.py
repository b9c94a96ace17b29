"""What stage steps writes for every participant, and how later stages read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.gait.steps import (
    EDGE_DISTANCE_M,
    MAXIMUM_FLIGHT_S,
    Contact,
    Step,
    solved_steps,
    steps_from_contacts,
)
from aqbio.io.dictionary import columns
from aqbio.io.step_curves import StudyCurves, open_curves
from aqbio.io.study import Study
from aqbio.io.tables import joined, read_columns, write_table
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.study.jobs import refuse_damaged
from aqbio.study.manifest import OK, Report
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from aqbio.gait.steps import Step


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
    """Rows of a participant's table in full precision, of trials that passed all stages."""
    found = read_columns(step_file(study, participant_id, table))
    return found[found["trial_id"].isin(finished(study, participant_id))]


def study_rows(
    study: Study,
    table: str,
    names: Sequence[str] = (),
    wanted: Callable[[pd.DataFrame], Any] = lambda rows: np.ones(len(rows), dtype=bool),
) -> pd.DataFrame:
    """Wanted rows of all participants; ``names`` where the dictionary has placeholders."""
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
    from aqbio.gait.steps import Step

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
    """Open step curves of participants (all if none is named), of trials that passed."""
    names = people or [one.participant_id for one in study.participants]
    return open_curves(
        [step_file(study, who, CURVES) for who in names], [finished(study, who) for who in names]
    )


# contacts -----------------------------------------------------------------------------------------


CONTACT = tuple(
    f"contact_{name}"
    for name in (
        "foot", "touchdown", "toe_off", "complete", "edge_distance", "shared", "time_error",
    )
)  # fmt: skip
"""Variables of a trial's contacts."""


def trial_contacts(data: xr.Dataset) -> Iterator[Contact]:
    """Contacts whose foot is known, from a prepared trial or one of stage contributions."""
    count = data.sizes.get("contact", 0)
    known = {name: data.variables[name].values for name in CONTACT if name in data}
    shared = known.get("contact_shared", np.zeros(count, dtype=bool))
    errors = known.get("contact_time_error", np.full(count, np.nan))
    for index in range(count):
        side = str(known["contact_foot"][index])
        if side not in ("left", "right"):
            continue
        yield Contact(
            side="left" if side == "left" else "right",
            touchdown=float(known["contact_touchdown"][index]),
            toe_off=float(known["contact_toe_off"][index]),
            complete=bool(known["contact_complete"][index]),
            edge_distance=float(known["contact_edge_distance"][index]),
            shared=bool(shared[index]),
            time_error=float(errors[index]),
        )


def contact_span(data: xr.Dataset) -> tuple[float, float]:
    """First and last event of a trial that is known, s; it must have a contact."""
    known = np.concatenate((data["contact_touchdown"].values, data["contact_toe_off"].values))
    return float(np.nanmin(known)), float(np.nanmax(known))


def trial_steps(contacts: Sequence[Contact], time: FloatArray) -> tuple[Step, ...]:
    """Steps of a trial where its motion, at instants ``time`` (s), is known."""
    measured = steps_from_contacts(
        contacts,
        maximum_flight=MAXIMUM_FLIGHT_S,
        edge_distance=EDGE_DISTANCE_M,
    )
    return tuple(solved_steps(measured, float(time[0]), float(time[-1])))
