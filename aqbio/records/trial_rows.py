"""Rows of the table of trials: what became of each, and whether motion and forces agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from aqbio.io.study import Study
from aqbio.names import AXES
from aqbio.records.manifest import FAILED, OK, manifest_entry, told_failure
from aqbio.records.step_files import LAST, STAGE

if TYPE_CHECKING:
    import pandas as pd

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


def trial_rows(
    study: Study, participant_id: str, steps: pd.DataFrame, quality: pd.DataFrame
) -> Iterator[Row]:
    """Rows of every trial of a participant.

    Parameters
    ----------
    steps, quality : DataFrame
        The participant's.
    """
    prepared = study.read_manifest(participant_id, "prepare")
    last = study.read_manifest(participant_id, LAST)
    fits = study.read_manifest(participant_id, "inverse_dynamics")
    cut = study.read_manifest(participant_id, STAGE)
    surfaces = {entry["trial_id"]: entry.get("surface") for entry in prepared["trials"]}
    for trial in study.moving_of(participant_id):
        name = trial.trial_id
        entry, fit = manifest_entry(last, name), manifest_entry(fits, name)
        own = steps[steps["trial_id"] == name]
        why = told_failure(entry["reason"], LAST) if entry["status"] != OK else ""
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
        yield row | {"state": _state(row)} | _agreement(quality[quality["trial_id"] == name])


def _state(row: Row) -> str:
    if row["status"] != OK:
        return "failed"
    if row["contacts"] == row["steps_rejected"]:
        return "without steps"
    return "usable without parts" if row["unobserved"] else "usable"


def _agreement(quality: pd.DataFrame) -> Row:
    """Worst verdict of what says how far motion, forces and body agree, before and after the fit.

    A trial that was not fitted has only a state before.
    """
    told = dict(zip(quality["measure"], quality["verdict"], strict=True))
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
