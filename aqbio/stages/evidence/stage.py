"""Stage evidence: what every step of a participant says, under every arm of the multiverse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config import Trial
from aqbio.errors import AqbioError, Finding
from aqbio.io.columnar import read_columns
from aqbio.io.netcdf import write_dataset
from aqbio.io.provenance import provenance
from aqbio.io.study import Study
from aqbio.mechanics.gait.step_measures import LINES
from aqbio.mechanics.gait.steps import Step
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_GROUPS, SIDES
from aqbio.records.evidence_files import ARMS, OWN, STAGE
from aqbio.records.internal import RULE as INTERNAL
from aqbio.records.internal import as_findings, contained
from aqbio.records.manifest import (
    Report,
    TrialOutcome,
    participant_stage,
    run_trials,
    write_manifest,
)
from aqbio.records.observed import why_not_whole
from aqbio.records.specifications import Arm, arms_left_out, carried, recomputed_arms
from aqbio.records.step_files import recorded_steps, step_file
from aqbio.stages.evidence.cached import CachedTrial, LooseFits, loose_fits
from aqbio.stages.evidence.lines import contact_line_rates, line_rates
from aqbio.stages.evidence.posterior import posterior_sds
from aqbio.stages.evidence.recomputed import (
    arm_trial,
    foot_velocities,
    observed_parts,
    own_kinematics,
)
from aqbio.stages.evidence.step_rows import (
    ARM_ROLES,
    arm_curves,
    evidence_curves,
    own_curves,
    step_numbers,
)
from aqbio.stats.evidence import CHAINS
from aqbio.steps.roles import flight_feet

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass
class Collected:
    """Rows of all trials of a participant, filled trial by trial.

    Attributes
    ----------
    loose : LooseFits
        Forces trusted a third as much.
    table : DataFrame
        The participant's steps, judged.
    own, arms : list of dict
        Steps under the study's own settings, and under the other arms.
    rates : dict
        The lower rate of markers and forces by trial, Hz.
    """

    loose: LooseFits
    table: pd.DataFrame
    own: list[dict[str, Any]] = field(default_factory=list)
    arms: list[dict[str, Any]] = field(default_factory=list)
    rates: dict[str, float] = field(default_factory=dict)


def _without_results(study: Study, participant_id: str) -> None:
    """Leave the files of a participant that nothing is known of."""
    import pandas as pd

    _write(study, participant_id, Collected(LooseFits(), pd.DataFrame()), [])


@participant_stage(STAGE, _without_results)
def evidence_participant(study: Study, participant_id: str, report: Report) -> None:
    """Gather the evidence of all trials of a participant.

    Writes ``evidence/steps.nc`` (the study's own settings), ``evidence/arms.nc`` (the other arms)
    and ``evidence.json`` last.
    """
    loose, findings = _loose_fits(study, participant_id)
    collected = Collected(loose, read_columns(step_file(study, participant_id, "steps")))
    trials = run_trials(
        study,
        participant_id,
        STAGE,
        lambda trial: evidence_trial(study, participant_id, trial, collected),
        report,
    )
    files = [Path(path) for done in trials for path in done.get("inputs", [])]
    _write(study, participant_id, collected, files)
    findings += arms_left_out(_arms(study), collected.rates, participant_id)
    write_manifest(study, participant_id, STAGE, trials, findings=findings)


def _write(study: Study, participant_id: str, collected: Collected, files: list[Path]) -> None:
    folder = study.folder(participant_id, STAGE)
    source = provenance(STAGE, files, study.stage_settings(STAGE))
    write_dataset(own_dataset(collected.own), folder / OWN, source)
    write_dataset(arms_dataset(collected.arms), folder / ARMS, source)


def _loose_fits(study: Study, participant_id: str) -> tuple[LooseFits, list[Finding]]:
    """Fit with looser forces; without it all other arms are there still."""
    try:
        with contained(study, STAGE, participant_id, "loose"):
            return loose_fits(study, participant_id), []
    except AqbioError as error:
        return LooseFits(), as_findings(error, participant=participant_id)


def _arms(study: Study) -> tuple[Arm, ...]:
    return recomputed_arms(study.settings, consistent=study.settings.consistency.enabled)


def evidence_trial(
    study: Study, participant_id: str, trial: Trial, collected: Collected
) -> TrialOutcome:
    """Gather the evidence of one trial."""
    inputs = tuple(
        study.folder(participant_id, stage) / f"{trial.trial_id}.nc"
        for stage in ("prepare", "solve", "consistency", "contributions")
    )
    cached = CachedTrial.read(study, participant_id, trial.trial_id, collected.loose)
    data = cached.contributions
    steps = recorded_steps(collected.table[collected.table["trial_id"] == trial.trial_id])
    own_arm, *others = _arms(study)
    kinematics = own_kinematics(cached)
    feet = foot_velocities(study, cached, kinematics)
    lines = line_rates(observed_parts(study, cached), kinematics)
    kept = [step for step in steps if step.status != "rejected"]
    curves = evidence_curves(
        data, kept, study.model_map, "angular_momentum_rate", "residual_moment", "hub_moment"
    )
    beside = own_curves(curves) | {
        "foot_velocity": np.array([flight_feet(step, cached.time, feet) for step in kept]),
        "line_rate": np.array([contact_line_rates(step, cached.time, lines) for step in kept]),
    }
    own_rows = _rows(study, trial, own_arm, kept, curves, beside)
    findings: list[Finding] = []
    arm_rows: list[dict[str, Any]] = []
    for arm in (one for one in others if carried(one, cached.rate)):
        try:
            with contained(study, STAGE, participant_id, trial.trial_id, arm.name):
                other, found = arm_trial(study, participant_id, cached, arm)
                told = [step for step in found if step.status != "rejected"]
                curves = evidence_curves(other, told, study.model_map)
                arm_rows += _rows(study, trial, arm, told, curves, arm_curves(curves))
        except AqbioError as error:
            findings.append(_missing_arm(arm, trial, error))
    numbers = {
        "recorded": sum(step.reason != CUT for step in steps),
        "kept": len(kept),
        "marker_rate": float(cached.prepared.attrs["marker_rate"]),
        "consistent": cached.fitted,
        "posterior_sd": _known(posterior_sds(data, steps)),
        "mass_kg": float(data.attrs["mass"]),
        "unseen": _unseen(study, cached, steps),
    }
    collected.rates[trial.trial_id] = cached.rate  # last: a trial that fails leaves nothing
    collected.own += own_rows
    collected.arms += arm_rows
    return TrialOutcome(numbers, tuple(findings), inputs)


def _unseen(study: Study, cached: CachedTrial, steps: Sequence[Step]) -> dict[str, str]:
    """Why the arms or the legs are not observed in any step of a trial, by what is lacking."""
    observed, time = observed_parts(study, cached).observed, cached.time
    contacts = [(time >= one.touchdown) & (time <= one.toe_off) for one in steps]
    found = {}
    for limb in ("arm", "leg"):
        names = [f"{limb}_{side}" for side in SIDES]
        groups = {name: study.model_map.groups.get(name, ()) for name in names}
        if lacking := [name for name in names if not groups[name]]:
            found[f"{limb}s"] = f"the model has no {' and no '.join(lacking)}"
            continue
        reasons = [why_not_whole(observed, groups, frames) for frames in contacts]
        if reasons and all(reasons):
            found[f"{limb}s"] = max(reasons, key=reasons.count)
    return found


def _known(values: dict[str, float]) -> dict[str, float]:
    """Numbers that are there."""
    return {name: value for name, value in values.items() if np.isfinite(value)}


CUT = "the recording cuts the contact"
"""Why a contact is no recorded step: what `aqbio.mechanics.gait.steps` says of it."""


def _rows(
    study: Study,
    trial: Trial,
    arm: Arm,
    steps: Sequence[Step],
    curves: xr.Dataset,
    beside: Mapping[str, FloatArray],
) -> list[dict[str, Any]]:
    """Numbers of every step, and what is kept of its curves."""
    limit = study.settings.steps.steady_speed_change
    return [
        {
            "trial_id": trial.trial_id,
            "condition": trial.condition,
            "arm": arm.name,
            "factor": arm.factor,
            "number": step.number,
            "side": step.side,
            "steady": abs(numbers["speed_change"]) < limit * numbers["speed"],
            **numbers,
            **{name: values[place] for name, values in beside.items()},
        }
        for place, (step, numbers) in enumerate(
            zip(steps, step_numbers(curves, steps), strict=True)
        )
    ]


def _missing_arm(arm: Arm, trial: Trial, error: AqbioError) -> Finding:
    if error.rule == INTERNAL:
        return error.finding(trial=trial.trial_id)
    return Finding(
        rule="arm-unavailable",
        severity="info",
        what=f"arm {arm.name} of the multiverse was not computed: {error.what}",
        trial=trial.trial_id,
        fix=error.fix,
    )


_TEXTS = ("trial_id", "condition", "arm", "factor", "side")

_NUMBERS = (
    "number", "touchdown", "contact", "flight", "speed", "speed_change", "steady", "force_peak",
    "swing_peak", "hub_share", "yaw_impulse", "lateral_ratio", "push_index", "swing_index",
    "lateral_position",
)  # fmt: skip
"""Numbers of a step; the dictionary says what they are."""

_OWN = {
    "momentum": ("phase", "percent", "group", "axis"),
    "rate": ("phase", "percent", "group", "axis"),
    "external_moment": ("phase", "percent", "axis"),
    "residual_moment": ("percent",),
    "hub_torque": ("percent", "chain"),
    "foot_velocity": ("percent", "foot_role"),
    "line_rate": ("percent", "line"),
    "arm_momentum_y": ("phase", "percent", "arm_role"),
}
"""Dimensions of the arrays of a step."""

_SIZES = {
    "phase": 2, "percent": 101, "group": len(ROLE_GROUPS), "axis": len(AXES), "chain": len(CHAINS),
    "foot_role": 2, "line": len(LINES), "arm_role": len(ARM_ROLES),
}  # fmt: skip


def own_dataset(rows: Sequence[dict[str, Any]]) -> xr.Dataset:
    """Evidence under the study's own settings, one entry per step."""
    return _dataset(rows, _OWN)


def arms_dataset(rows: Sequence[dict[str, Any]]) -> xr.Dataset:
    """Evidence under the other arms, one entry per arm and step."""
    return _dataset(rows, {"momentum_y": ("percent", "group")})


def _dataset(rows: Sequence[dict[str, Any]], arrays: Mapping[str, tuple[str, ...]]) -> xr.Dataset:
    import xarray as xr

    variables: dict[str, Any] = {
        name: ("row", np.array([row[name] for row in rows], dtype=str)) for name in _TEXTS
    }
    for name in _NUMBERS:
        variables[name] = ("row", np.array([row[name] for row in rows], dtype=float))
    for name, dimensions in arrays.items():
        shape = tuple(_SIZES[one] for one in dimensions)
        values = _stacked([row[name] for row in rows], shape)
        variables[name] = (("row", *dimensions), values)
    coordinates = {"group": list(ROLE_GROUPS), "axis": list(AXES), "chain": list(CHAINS)}
    coordinates["foot_role"] = ["push_leg", "swing_leg"]
    coordinates |= {"line": list(LINES), "arm_role": list(ARM_ROLES)}
    used = {one for dimensions in arrays.values() for one in dimensions}
    return xr.Dataset(
        variables,
        coords={name: values for name, values in coordinates.items() if name in used},
        attrs={"frame": "canonical: x forward, y up, z toward the stance side"},
    )


def _stacked(values: Sequence[FloatArray], shape: tuple[int, ...]) -> FloatArray:
    return np.stack(values).astype(float) if values else np.zeros((0, *shape))
