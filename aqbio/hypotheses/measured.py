"""Measurement of each trial: laboratory, plates, error of events, number of steps."""

from __future__ import annotations

import pandas as pd

from aqbio.gait.step_files import participant_rows, step_file
from aqbio.io.study import Study
from aqbio.io.tables import joined
from aqbio.stats.evidence import TRIAL

STEPS = "steps"
COLUMNS = [*TRIAL, "status", "events", "contact_error_s"]

PLATES = "plates"
"""Events that force plates measured."""


def with_measurement(study: Study, sprints: pd.DataFrame) -> pd.DataFrame:
    """Add to trials how they were measured (`aqbio.stats.designs.MEASURED`)."""
    laboratories = {row.participant_id: row.laboratory for row in study.participants}
    measured = _measured(study).reindex(columns=["plates", "event_error_s", "n_steps"])
    keys = [tuple(key) for key in sprints[TRIAL].astype(str).to_numpy()]
    columns = measured.reindex(keys).reset_index(drop=True)
    return sprints.assign(
        laboratory=sprints["participant_id"].map(laboratories),
        **{str(name): column.to_numpy() for name, column in columns.items()},
    )


def _measured(study: Study) -> pd.DataFrame:
    """Share of a trial's usable steps with events of plates, mean error of events, and number."""
    key = f"{__name__}.measured"
    if key not in study.cache:
        tables = [
            participant_rows(study, row.participant_id, STEPS)
            for row in study.participants
            if step_file(study, row.participant_id, STEPS).is_file()
        ]
        steps = joined(tables, COLUMNS) if tables else pd.DataFrame(columns=COLUMNS)
        usable = steps[steps["status"] == "ok"].astype(dict.fromkeys(TRIAL, str))
        groups = usable.assign(plates=(usable["events"] == PLATES) * 1.0).groupby(TRIAL)
        study.cache[key] = pd.DataFrame(
            {
                "plates": groups["plates"].mean(),
                "event_error_s": groups["contact_error_s"].mean(),
                "n_steps": groups.size(),
            }
        )
    table: pd.DataFrame = study.cache[key]
    return table
