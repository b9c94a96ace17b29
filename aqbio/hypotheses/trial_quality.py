"""Quality of every trial that the gates read: steps recorded, rates, closures, residuals."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pandas as pd

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.multiverse.files import STAGE
from aqbio.names import AGAINST_USE
from aqbio.observed.invalidated import joined_outcomes
from aqbio.stats.evidence import TRIAL
from aqbio.study.manifest import OK
from aqbio.tables.stage import invalidated_by_measures

MEASURES = {
    "residual_moment": "residual_moment_y_stance_rms",
    "plain_residual_moment": "plain_residual_moment_y_stance_rms",
}
"""Columns of the trials, and the measures of the quality table in them: of the study's own motion,
and of the one that was not made consistent with forces."""

PLAIN = "plain_"
"""Prefix of measures of the motion before the fit."""

FITTED_ONLY = (AGAINST_USE,)
"""Measures of a fitted motion that say nothing about the plain motion of the same trial."""


def without_fit(trials: pd.DataFrame) -> pd.DataFrame:
    """Quality of the trials with their plain motion, not made consistent with forces."""
    errors = {  # of a trial without plates they are the same
        name: trials[name].where(~trials["consistent"])
        for name in map(str, trials)
        if name.startswith("error_")
    }
    unfitted = trials["residual_moment"].where(~trials["consistent"])
    residual = trials["plain_residual_moment"].fillna(unfitted)
    return trials.assign(**errors, residual_moment=residual).assign(
        consistent=False, invalidated=trials["plain_invalidated"]
    )


def trial_table(study: Study, steps: pd.DataFrame) -> pd.DataFrame:
    """Quality of every trial with a step in the normal condition, by `TRIAL`."""
    quality = read_table(study.table("quality.tsv"))
    names = [*TRIAL, "measure"]
    measures = quality.astype(dict.fromkeys(names, str)).set_index(names)
    values, invalidated = measures["value"].to_dict(), invalidated_outcomes(study, quality)
    rows = []
    for name in steps["participant_id"].unique():
        entries = {entry["trial_id"]: entry for entry in study.read_manifest(name, STAGE)["trials"]}
        checks = {
            entry["trial_id"]: entry["closure"]["holds"]
            for entry in study.read_manifest(name, "contributions")["trials"]
            if entry["status"] == OK
        }
        rows += [
            {
                "participant_id": name,
                "trial_id": trial,
                "recorded": entries[trial]["recorded"],
                "marker_rate": float(entries[trial]["marker_rate"]),
                "consistent": bool(entries[trial]["consistent"]),
                **invalidated.get((name, trial), {}),
                "closures_pass": checks.get(trial, False),
                **{
                    key: float(values.get((name, trial, measure), np.nan))
                    for key, measure in MEASURES.items()
                },
            }
            for trial in steps.loc[steps["participant_id"] == name, "trial_id"].unique()
        ]
    columns = [*TRIAL, "recorded", "marker_rate", "consistent", *INVALIDATED, "closures_pass"]
    table = pd.DataFrame(rows, columns=[*columns, *MEASURES]).set_index(TRIAL)
    return table.assign(**{name: table[name].fillna("") for name in INVALIDATED})


INVALIDATED = ("invalidated", "plain_invalidated")
"""Columns of trials with the outcomes that failed measures invalidate, of the study's own motion
and of the one that was not made consistent with forces."""


def invalidated_outcomes(
    study: Study, quality: pd.DataFrame
) -> dict[tuple[str, str], dict[str, str]]:
    """Outcomes that failed measures invalidate (`INVALIDATED`), by participant and trial."""
    fitted = {
        (person.participant_id, entry["trial_id"])
        for person in study.participants
        for entry in study.read_manifest(person.participant_id, STAGE)["trials"]
        if entry.get("consistent")
    }
    table = quality[quality["trial_id"].notna()].astype(dict.fromkeys(TRIAL, str))
    outcomes: dict[tuple[str, str], dict[str, str]] = {}
    for (person, trial), rows in table.groupby(TRIAL, sort=False):
        by_measure = invalidated_by_measures(rows)
        own = {name for name in by_measure if not name.startswith(PLAIN)}
        plain = by_measure.keys() - own
        before = plain | own - set(FITTED_ONLY) if (person, trial) in fitted else own
        outcomes[str(person), str(trial)] = {
            column: joined_outcomes(chain.from_iterable(by_measure[name] for name in names))
            for column, names in zip(INVALIDATED, (own, before), strict=True)
        }
    return outcomes
