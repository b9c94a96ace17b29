"""Rows of the trials table: what became of every trial, and what of it can be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aqbio.io.study import Study
from aqbio.names import AXES
from aqbio.records.manifest import FAILED, OK, told_failure
from aqbio.records.observed import read_observed, why_not_whole
from aqbio.records.step_files import LAST, STAGE
from aqbio.stages.stepping.measures import Row, manifest_entry
from aqbio.stages.stepping.quality import contact_window

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

AGREEMENT = (
    *(f"residual_{kind}_{axis}_rms" for kind in ("force", "moment") for axis in AXES),
    "residual_moment_y_stance_rms",
    "effect_to_residual_y",
    "flight_drift_y",
)
"""Measures that say how far motion, forces and body agree."""


def trial_rows(study: Study, tables: tuple[pd.DataFrame, pd.DataFrame]) -> Iterator[Row]:
    """Rows of every trial.

    Parameters
    ----------
    study : Study
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
        cut = study.read_manifest(name, STAGE)
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
                "steps_ok": int((own["status"] == "ok").sum()),
                "steps_rejected": int((own["status"] == "rejected").sum()),
                "unobserved": manifest_entry(cut, trial.trial_id).get("unobserved") or None,
            }
            yield row | {"state": _state(row)} | _agreement(verdicts.get(place))


def unobserved_parts(study: Study, data: xr.Dataset) -> str:
    """Say which parts were not observed during the contacts, and why."""
    return why_not_whole(read_observed(data), study.model_map.groups, contact_window(data))


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
    """Give the worst of some verdicts; None where nothing was held against a limit.

    Examples
    --------
    >>> _worst(["ok", None, "fail"]), _worst([None])
    ('fail', None)
    """
    order = ("fail", "warning", "not_testable", "ok")
    return next((one for one in order if one in verdicts), None)
