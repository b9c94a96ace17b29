"""Stage multiverse: numbers of every step, under every specification and on other models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.config import Trial
from aqbio.contributions.files import CAUSES, failed_contributions, stored_contributions
from aqbio.contributions.other_models import drawn_deviations, same_steps
from aqbio.errors import AqbioError, Finding
from aqbio.gait.curves import no_steps
from aqbio.gait.roles import with_pelvis
from aqbio.gait.step_files import recorded_steps, step_file, trial_contacts, trial_steps
from aqbio.gait.steps import Step
from aqbio.io.netcdf import write_dataset
from aqbio.io.provenance import study_provenance
from aqbio.io.study import Study, compared_studies
from aqbio.io.tables import joined, read_columns, write_columns
from aqbio.multiverse.files import CURVES, STAGE, STEPS, evidence_file
from aqbio.multiverse.lines import line_angles, turning_numbers
from aqbio.multiverse.recomputed import (
    CachedTrial,
    MotionSource,
    loose_sources,
    source_kinematics,
    specified_trial,
)
from aqbio.multiverse.specifications import (
    BODY,
    PELVIS,
    Specification,
    all_specifications,
    is_computable,
    left_out_findings,
    pelvis_members,
)
from aqbio.multiverse.step_rows import (
    SCHEME,
    evidence_curves,
    lag_states,
    step_errors,
    step_numbers,
    stored_curves,
    vertical_stance,
)
from aqbio.names import SIDES
from aqbio.observed.parts import incomplete_reason
from aqbio.stats.measurement import COMPARED
from aqbio.stats.step_numbers import evidence_columns, momentum_numbers
from aqbio.study.internal import RULE as INTERNAL
from aqbio.study.internal import as_findings, contained
from aqbio.study.manifest import Report, TrialOutcome, participant_stage, run_trials, write_manifest


@dataclass(slots=True)
class OtherModelResults:
    """Numbers of a trial's steps on other models."""

    arms: dict[str, pd.DataFrame] = field(default_factory=dict)
    """Numbers of the steps by model, where every trial was processed on it."""
    deviations: list[dict[str, float]] = field(default_factory=list)
    """Finite values of :func:`model_deviations`, of every model."""
    findings: list[Finding] = field(default_factory=list)


def on_other_models(
    study: Study, trial: Trial, steps: Sequence[Step], numbers: pd.DataFrame
) -> OtherModelResults:
    """Compute a trial's steps on every other model on which it was processed."""
    person, results = trial.participant_id, OtherModelResults()
    for model_study in compared_studies(study, person):
        name = model_study.within.rpartition("/")[2]
        if trial.trial_id not in {moving.trial_id for moving in model_study.moving_of(person)}:
            continue
        try:
            with contained(study, STAGE, person, trial.trial_id, name):
                model_numbers = on_other_model(model_study, trial, steps)
        except AqbioError as error:  # stage contributions reported what is missing
            if error.rule == INTERNAL:
                results.findings.append(error.finding(trial=trial.trial_id))
            continue
        deviations = model_deviations(numbers, model_numbers).items()
        results.deviations.append({key: value for key, value in deviations if np.isfinite(value)})
        if is_arm(study):
            results.arms[name] = model_numbers
    return results


def is_arm(study: Study) -> bool:
    """Tell whether other models are arms: only if every trial was processed on them."""
    return study.settings.multiverse.enabled and not study.settings.other_models.trials


def model_deviations(numbers: pd.DataFrame, model_numbers: pd.DataFrame) -> dict[str, float]:
    """Mean difference over common steps on another model, by the names of `COMPARED`."""
    merged = numbers.merge(model_numbers, on="step", suffixes=("", "_other"))
    return {
        name: float((merged[f"{column}_other"] - merged[column]).mean())
        for name, column in COMPARED.items()
    }


def on_other_model(model_study: Study, trial: Trial, steps: Sequence[Step]) -> pd.DataFrame:
    """Numbers of the same steps on another model; steps that it lacks are left out."""
    person, name = trial.participant_id, trial.trial_id
    if why := failed_contributions(model_study, person, name):
        raise AqbioError(why, trial=name)
    data, _ = stored_contributions(model_study, person, name, without=CAUSES)
    model_steps = trial_steps(list(trial_contacts(data)), data["time"].values)
    parts = [
        replace(model_step, number=step.number, status=step.status, reason=step.reason)
        for step, model_step in same_steps(steps, model_steps)
    ]
    return step_numbers(evidence_curves(data, parts, model_study.model_map), parts)


@dataclass
class ParticipantEvidence:
    """Results of a participant, filled trial by trial."""

    loose: Mapping[str, MotionSource]
    """Motions with a third of the weight on forces, by trial."""
    table: pd.DataFrame
    """The participant's steps, judged."""
    rows: list[pd.DataFrame] = field(default_factory=list)
    """Numbers of steps under every specification, one table per trial."""
    curves: list[xr.Dataset] = field(default_factory=list)
    """Under the study's own settings, one per trial."""
    rates: dict[str, float] = field(default_factory=dict)
    """The lower rate of markers and forces by trial, Hz."""


def _without_results(study: Study, participant_id: str) -> None:
    """Write empty files for a participant without results."""
    _write(study, participant_id, ParticipantEvidence({}, pd.DataFrame()), [])


@participant_stage(STAGE, _without_results)
def multiverse_participant(study: Study, participant_id: str, report: Report) -> None:
    """Gather the evidence of all trials of a participant.

    Writes ``evidence/steps.nc`` (numbers of the steps under every specification),
    ``evidence/curves.nc`` (under the study's own settings) and ``multiverse.json`` last.
    """
    loose, findings = _loose_sources(study, participant_id)
    collected = ParticipantEvidence(loose, read_columns(step_file(study, participant_id, "steps")))
    trials = run_trials(
        study,
        participant_id,
        STAGE,
        lambda trial: evidence_trial(study, participant_id, trial, collected),
        report,
    )
    files = [Path(path) for outcome in trials for path in outcome.get("inputs", [])]
    _write(study, participant_id, collected, files)
    findings += left_out_findings(_specifications(study), collected.rates, participant_id)
    write_manifest(study, participant_id, STAGE, trials, findings=findings)


def _write(
    study: Study, participant_id: str, collected: ParticipantEvidence, files: list[Path]
) -> None:
    source = study_provenance(study, STAGE, files)
    columns = evidence_columns()
    rows = joined(collected.rows, list(columns))
    write_columns(rows, evidence_file(study, participant_id, STEPS), columns, source)
    curves = curves_dataset(collected.curves)
    write_dataset(curves, evidence_file(study, participant_id, CURVES), source)


def curves_dataset(trials: Sequence[xr.Dataset]) -> xr.Dataset:
    """Curves of all trials of a participant, one entry per step."""
    if trials:
        return xr.concat(trials, "step", combine_attrs="override")
    return stored_curves(no_steps(SCHEME), "")


def _loose_sources(
    study: Study, participant_id: str
) -> tuple[dict[str, MotionSource], list[Finding]]:
    """Motions with looser weights; without them all other specifications are still computed."""
    try:
        with contained(study, STAGE, participant_id, "fits"):
            return loose_sources(study, participant_id), []
    except AqbioError as error:
        return {}, as_findings(error, participant=participant_id)


def _specifications(study: Study) -> tuple[Specification, ...]:
    return all_specifications(study.settings, consistent=study.settings.consistency.enabled)


def evidence_trial(
    study: Study, participant_id: str, trial: Trial, collected: ParticipantEvidence
) -> TrialOutcome:
    """Gather the evidence of one trial."""
    inputs = tuple(
        study.folder(participant_id, stage) / f"{trial.trial_id}.nc"
        for stage in ("prepare", "inverse_kinematics", "inverse_dynamics", "contributions")
    )
    cached = CachedTrial.read(
        study, participant_id, trial.trial_id, collected.loose.get(trial.trial_id)
    )
    data = cached.contributions
    steps = recorded_steps(collected.table[collected.table["trial_id"] == trial.trial_id])
    default, *alternatives = _specifications(study)
    accepted = [step for step in steps if step.status != "rejected"]
    curves = evidence_curves(
        data, accepted, study.model_map, "angular_momentum_rate", "hub_moment", "free_moment"
    )
    observed, kinematics = cached.observed(study), source_kinematics(cached.study_motion)
    numbers = step_numbers(curves, accepted).assign(
        **turning_numbers(accepted, cached.time, line_angles(observed, kinematics), curves)
    )
    tables = {(default.name, default.factor): numbers}
    findings: list[Finding] = []
    for specification in (
        specification for specification in alternatives if is_computable(specification, cached.rate)
    ):
        try:
            with contained(study, STAGE, participant_id, trial.trial_id, specification.name):
                dataset, specified_steps = specified_trial(
                    study, participant_id, cached, specification
                )
                parts = [step for step in specified_steps if step.status != "rejected"]
                specified_curves = evidence_curves(dataset, parts, study.model_map)
                tables[specification.name, specification.factor] = step_numbers(
                    specified_curves, parts
                )
        except AqbioError as error:
            findings.append(_missing(specification, trial, error))
    models = on_other_models(study, trial, accepted, numbers)
    tables |= {
        (f"model={name}", BODY): model_numbers for name, model_numbers in models.arms.items()
    }
    findings += models.findings
    for member in pelvis_members(study.settings):
        momenta = momentum_numbers(with_pelvis(vertical_stance(curves), member, axis=-1))
        tables[f"pelvis={member}", PELVIS] = numbers.assign(**momenta)
    recorded = {
        "recorded": sum(step.reason != CUT_CONTACT for step in steps),
        "kept": len(accepted),
        "marker_rate": float(cached.prepared.attrs["marker_rate"]),
        "consistent": cached.fitted,
        "error_sd": _finite_numbers(step_errors(data, steps)),
        "lag_states": lag_states(data, steps),
        "model_deviations": models.deviations or _on_second_model(data),
        "mass_kg": float(data.attrs["mass"]),
        "unseen": _unseen(study, cached, steps),
    }
    stored = stored_curves(curves, trial.trial_id)
    collected.rates[trial.trial_id] = cached.rate  # last: a trial that fails leaves nothing
    collected.rows.append(_stored_rows(tables, trial))
    collected.curves.append(stored)
    return TrialOutcome(recorded, tuple(findings), inputs)


def _on_second_model(data: xr.Dataset) -> list[dict[str, float]]:
    """Deviations of a trial's statistics on the second model; empty where none was drawn."""
    deviations = drawn_deviations(data)
    return [deviations] if deviations else []


def _stored_rows(tables: Mapping[tuple[str, str], pd.DataFrame], trial: Trial) -> pd.DataFrame:
    """Numbers of steps under every specification with their labels, as stored."""
    parts = [
        table.assign(specification=specification, factor=factor)
        for (specification, factor), table in tables.items()
    ]
    rows = pd.concat(parts).assign(trial_id=trial.trial_id, condition=trial.condition)
    return rows.reindex(columns=list(evidence_columns()))


def _unseen(study: Study, cached: CachedTrial, steps: Sequence[Step]) -> dict[str, str]:
    """Reasons why arms or legs are not observed in any step of a trial, by limb."""
    observed, time = cached.observed(study).observed, cached.time
    contacts = [(time >= step.touchdown) & (time <= step.toe_off) for step in steps]
    unseen = {}
    for limb in ("arm", "leg"):
        names = [f"{limb}_{side}" for side in SIDES]
        groups = {name: study.model_map.groups.get(name, ()) for name in names}
        if lacking := [name for name in names if not groups[name]]:
            unseen[f"{limb}s"] = f"the model has no {' and no '.join(lacking)}"
            continue
        reasons = [incomplete_reason(observed, groups, frames) for frames in contacts]
        if reasons and all(reasons):
            unseen[f"{limb}s"] = max(reasons, key=reasons.count)
    return unseen


def _finite_numbers(values: dict[str, float]) -> dict[str, float]:
    """Select finite values."""
    return {name: value for name, value in values.items() if np.isfinite(value)}


CUT_CONTACT = "the recording cuts the contact"
"""Reason for which a contact is no recorded step, in the words of `aqbio.gait.steps`."""


def _missing(specification: Specification, trial: Trial, error: AqbioError) -> Finding:
    if error.rule == INTERNAL:
        return error.finding(trial=trial.trial_id)
    return Finding(
        rule="specification-unavailable",
        severity="info",
        what=f"specification {specification.name} of the multiverse was not computed: {error.what}",
        trial=trial.trial_id,
        fix=error.fix,
    )
