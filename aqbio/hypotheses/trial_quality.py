"""Quality of every trial that the gates read: steps recorded, rates, closures, residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.multiverse.files import STAGE
from aqbio.names import AGAINST_USE
from aqbio.stats.evidence import TRIAL
from aqbio.study.manifest import OK
from aqbio.tables.stage import CONSERVED

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {
    "residual_ratio": "effect_to_residual_y",
    "residual_moment": "residual_moment_y_stance_rms",
    "plain_residual_ratio": "plain_effect_to_residual_y",
    "plain_residual_moment": "plain_residual_moment_y_stance_rms",
}
"""Measures of the quality table that the gate of precision reads: of the study's own motion, and of
the one that was not made consistent with forces."""


def without_fit(trials: pd.DataFrame) -> pd.DataFrame:
    """Quality of the trials with their plain motion, not made consistent with forces."""
    errors = {  # of a trial without plates they are the same
        name: trials[name].where(~trials["consistent"])
        for name in map(str, trials)
        if name.startswith("error_")
    }
    residuals: dict[str, pd.Series[float]] = {
        name: trials[f"plain_{name}"].fillna(trials[name].where(~trials["consistent"]))
        for name in ("residual_ratio", "residual_moment")
    }
    suspect = trials["plain_suspect"]
    return trials.assign(**errors, **residuals).assign(consistent=False, suspect=suspect)


def trial_table(study: Study, steps: pd.DataFrame) -> pd.DataFrame:
    """Quality of every trial with a step in the normal condition, by `TRIAL`."""
    import pandas as pd

    quality = read_table(study.table("quality.tsv"))
    names = [*TRIAL, "measure"]
    measures = quality.astype(dict.fromkeys(names, str)).set_index(names)
    values, broken = measures["value"].to_dict(), set(measures.index[measures["verdict"] == "fail"])
    rows = []
    for name in steps["participant_id"].unique():
        entries = {entry["trial_id"]: entry for entry in study.read_manifest(name, STAGE)["trials"]}
        checks = {
            entry["trial_id"]: entry["closure"]["holds"]
            for entry in study.read_manifest(name, "contributions")["trials"]
            if entry["status"] == OK
        }
        fits = {
            entry["trial_id"]: entry
            for entry in study.read_manifest(name, "inverse_dynamics")["trials"]
        }
        rows += [
            {
                "participant_id": name,
                "trial_id": trial,
                "recorded": entries[trial]["recorded"],
                "marker_rate": float(entries[trial]["marker_rate"]),
                "consistent": bool(entries[trial]["consistent"]),
                **_suspicions(fits.get(trial, {}), broken, (name, trial)),
                "closures_pass": checks.get(trial, False),
                **{
                    key: float(values.get((name, trial, measure), np.nan))
                    for key, measure in MEASURES.items()
                },
            }
            for trial in steps.loc[steps["participant_id"] == name, "trial_id"].unique()
        ]
    columns = [*TRIAL, "recorded", "marker_rate", "consistent", *SUSPICIONS, "closures_pass"]
    return pd.DataFrame(rows, columns=[*columns, *MEASURES]).set_index(TRIAL)


SUSPICIONS = {"suspect": "", "plain_suspect": "plain_"}
"""Columns of trials that are not usable, of the study's own motion and of the one that was not
made consistent with forces, and the prefixes of their measures."""


def _suspicions(
    fit: dict[str, Any], broken: set[tuple[str, str, str]], key: tuple[str, str]
) -> dict[str, bool]:
    """Flag a trial whose fit is suspect or whose motion violates a conservation law."""
    return {
        column: bool(fit.get("suspect"))
        or any((*key, prefix + measure) in broken for measure in (AGAINST_USE, *CONSERVED))
        for column, prefix in SUSPICIONS.items()
    }
