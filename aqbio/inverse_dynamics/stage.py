"""Stage inverse_dynamics: joint fit of motion, forces and body, once per session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import hypot
from typing import Any

import pandas as pd
import xarray as xr

from aqbio.body.records import ParticipantModel
from aqbio.config import Trial
from aqbio.errors import AqbioError, Finding, Invalidated
from aqbio.inverse_dynamics.balance import centre_estimates, laboratory_skeleton
from aqbio.inverse_dynamics.changes import change_rows, legs_of
from aqbio.inverse_dynamics.files import (
    PlainWorld,
    centres_dataset,
    fitted_dataset,
    plain_in_laboratory,
    plain_less_fit,
    posterior_variables,
    session_lag,
    state_variables,
    with_other_motion,
    without_contradicted_forces,
)
from aqbio.inverse_dynamics.findings import (
    clock_of_plain,
    clock_of_trial,
    estimate_numbers,
    fit_numbers,
    misfit_findings,
    plain_findings,
    session_findings,
    weighed_findings,
    without_refuted_advice,
    wrong_foot_findings,
)
from aqbio.inverse_dynamics.fitted import PLATE_POSITION_SD, centres_path, changes_path
from aqbio.inverse_dynamics.parameters import PLATE_SPREAD
from aqbio.inverse_dynamics.session import EVEN, Session
from aqbio.inverse_dynamics.session_inputs import fitted_session, static_stances
from aqbio.inverse_kinematics.solution import FITTED, PLAIN, SolvedTrial
from aqbio.io.dictionary import columns
from aqbio.io.netcdf import write_dataset
from aqbio.io.provenance import study_provenance
from aqbio.io.skeleton import load_skeleton, save_skeleton
from aqbio.io.study import Study
from aqbio.io.tables import write_columns
from aqbio.opensim.models import write_adjusted_model
from aqbio.opensim.skeleton import read_skeleton
from aqbio.prepare.prepared import PLACE_ERROR, foot_loads
from aqbio.stage_table import PARTICIPANT_STAGES
from aqbio.study.findings import against_use
from aqbio.study.internal import contained
from aqbio.study.manifest import (
    Report,
    TrialOutcome,
    earlier_failures,
    manifest_entry,
    participant_stage,
    run_trials,
    write_manifest,
)

STAGE = "inverse_dynamics"
EARLIER_STAGES = PARTICIPANT_STAGES[: PARTICIPANT_STAGES.index(STAGE)]
SWITCHED_OFF = "consistency is off"
NOT_RESOLVED_BY_FIT: tuple[Invalidated, ...] = ("moments", "times")
"""What findings invalidate whose cause no fit resolves: places of plates and rates of clocks."""


@dataclass(frozen=True)
class ParticipantFit:
    """Trials of a participant and their joint fit."""

    trials: dict[str, SolvedTrial]
    """By name."""
    fitted: Session
    """Without any fit where consistency is off or nothing was solved."""
    failed: dict[str, AqbioError]
    """Error of a trial that could be neither read nor fitted, by name."""


@participant_stage(STAGE, enabled=False, adjusted_model=False, parameters=[], standing=[])
def inverse_dynamics_participant(study: Study, participant_id: str, report: Report) -> None:
    """Fit all trials of a participant together, or keep their plain motion.

    Writes ``consistent/<trial>.nc``, and ``inverse_dynamics.json`` last; where
    trials were fitted, also the adjusted model ``consistent/<participant>.osim`` and
    ``<participant>.skeleton.npz``.
    """
    session = participant_session(study, participant_id)
    adjusted = bool(session.fitted.accepted)
    if adjusted:
        _write_model(study, participant_id, session.fitted)
    else:
        former = ParticipantModel.adjusted(study, participant_id)
        for file in (former.osim, former.table, centres_path(study, participant_id)):
            file.unlink(missing_ok=True)
    _write_changes(study, participant_id, session)
    run = partial(_trial, study, participant_id, session)
    entries = run_trials(study, participant_id, STAGE, run, report)
    write_manifest(
        study,
        participant_id,
        STAGE,
        entries,
        findings=session_findings(participant_id, session.fitted, legs_of(study)),
        enabled=study.settings.consistency.enabled,
        adjusted_model=adjusted,
        **estimate_numbers(session.fitted),
    )


def _write_changes(study: Study, participant_id: str, session: ParticipantFit) -> None:
    """Write the changes by the fit: no rows where nothing was fitted."""
    rows = change_rows(study, participant_id, session.trials, session.fitted)
    described = columns("fit_changes")
    table = pd.DataFrame([{"participant_id": participant_id, **row} for row in rows])
    source = study_provenance(study, STAGE, ())
    path = changes_path(study, participant_id)
    write_columns(table.reindex(columns=list(described)), path, described, source)


def participant_session(study: Study, participant_id: str) -> ParticipantFit:
    """Fit a participant's trials together."""
    study = study.recorded_with(participant_id)
    before = earlier_failures(study, participant_id, STAGE)
    names = [t.trial_id for t in study.moving_of(participant_id) if t.trial_id not in before]
    trials: dict[str, SolvedTrial] = {}
    failed: dict[str, AqbioError] = {}
    for name in names:
        try:
            with contained(study, STAGE, participant_id, name):
                trials[name] = SolvedTrial.read(study, participant_id, name)
        except AqbioError as error:
            failed[name] = error
    if not study.settings.consistency.enabled or not trials:
        plain = dict.fromkeys(trials, SWITCHED_OFF)
        return ParticipantFit(trials, Session(None, {}, {}, (), plain=plain), failed)
    skeleton = load_skeleton(ParticipantModel.of(study, participant_id).table)
    postures = static_stances(study, participant_id, skeleton)
    count = study.settings.consistency.samples
    draws = (count, study.settings.random.seed) if count else None

    def fit(names: Sequence[str]) -> Session:
        with contained(study, STAGE, participant_id, *(names if len(names) == 1 else ())):
            chosen = [trials[name] for name in names]
            return fitted_session(study, skeleton, chosen, postures, draws=draws)

    try:
        return ParticipantFit(trials, fit(list(trials)), failed)
    except AqbioError:
        unfittable = _unfittable(fit, trials)
        sound = [name for name in trials if name not in unfittable]
        if not unfittable:
            raise
        fitted = fit(sound) if sound else Session(None, {}, {}, ())
        return ParticipantFit(trials, fitted, failed | unfittable)


def _unfittable(
    fit: Callable[[Sequence[str]], Session], names: Iterable[str]
) -> dict[str, AqbioError]:
    """Find trials whose separate fit fails, so that the others can be fitted without them."""
    errors = {}
    for name in names:
        try:
            fit([name])
        except AqbioError as error:
            errors[name] = error
    return errors


def _write_model(study: Study, participant_id: str, fitted: Session) -> None:
    """Write the adjusted model, for OpenSim and for the stages that follow."""
    scaled = ParticipantModel.of(study, participant_id)
    adjusted = ParticipantModel.adjusted(study, participant_id)
    values = {estimate.name: estimate.estimate for estimate in fitted.estimates}
    write_adjusted_model(scaled.osim, laboratory_skeleton(fitted.runner, values), adjusted.osim)
    save_skeleton(read_skeleton(adjusted.osim), adjusted.table)
    shift_and_covariance = centre_estimates(fitted.runner, fitted.estimates, fitted.covariance)
    centres = centres_dataset(*shift_and_covariance, fitted.runner.skeleton.bodies)
    attributes = study_provenance(study, STAGE, (scaled.table,))
    write_dataset(centres, centres_path(study, participant_id), attributes)


def _trial(
    study: Study, participant_id: str, session: ParticipantFit, trial: Trial
) -> TrialOutcome:
    """Write one trial: as fitted, or plain with the reason."""
    if trial.trial_id in session.failed:
        raise session.failed[trial.trial_id]
    if trial.trial_id not in session.trials:
        raise AqbioError("the trial was not solved.", trial=trial.trial_id, rule="stage-order")
    solved, fitted = session.trials[trial.trial_id], session.fitted
    file = study.folder(participant_id, STAGE) / f"{trial.trial_id}.nc"
    inputs = (*solved.files, ParticipantModel.of(study, participant_id).table)
    attributes: dict[str, Any] = study_provenance(study, STAGE, inputs)
    before = list(against_use(study, participant_id, trial.trial_id, EARLIER_STAGES))
    lag = session_lag(session.trials.values())
    unfitted = [*before, *clock_of_plain(trial.trial_id, solved, fitted, lag)]
    if why := fitted.plain.get(trial.trial_id, ""):
        findings = [] if why == SWITCHED_OFF else [*plain_findings(trial.trial_id, why, fitted)]
        scaled = load_skeleton(ParticipantModel.of(study, participant_id).table)
        plain = PlainWorld.of(solved, scaled, fitted, lag)
        dataset, unused = _plain_trial(study, solved, plain, why, unfitted)
        write_dataset(dataset, file, attributes)
        findings += [finding for finding in unfitted if finding not in before]
        status: dict[str, Any] = {**_status(PLAIN, why)}
        status |= _reasons_against_use(unfitted, is_fitted=False)
        return TrialOutcome(status, (*findings, *unused), inputs)
    fit, support = fitted.fits[trial.trial_id], fitted.support(trial.trial_id)
    is_fitted = support >= EVEN
    loads = foot_loads(study.model_map, solved.prepared)
    body, later = plain_less_fit(solved, fit, fitted, lag)
    findings = list(misfit_findings(trial.trial_id, fitted))
    if is_fitted:
        findings += clock_of_trial(trial.trial_id, fit, fitted)
        findings += wrong_foot_findings(trial.trial_id, fit, loads)
        dataset, unused = without_contradicted_forces(
            fitted_dataset(study, solved, fit), trial.trial_id, findings
        )
        states = state_variables(study, participant_id, fit, dataset)
        dataset = dataset.assign(posterior_variables(fit, study.model_map) | states)
        plain_motion = fit.observations.plain
        dataset = with_other_motion(dataset, plain_motion, 1.0 - support, body, later)
    else:
        why = "the plain motion explains the recording better"
        findings += weighed_findings(trial.trial_id, fitted)
        findings += [finding for finding in unfitted if finding not in before]
        plain = PlainWorld.of(solved, fit.runner.skeleton, fitted, lag)
        dataset, unused = _plain_trial(study, solved, plain, why, [*unfitted, *findings])
        dataset = with_other_motion(dataset, fit.motion, support, -body, -later)
    findings += unused
    prepared = manifest_entry(study.read_manifest(participant_id, "prepare"), trial.trial_id)
    findings = list(without_refuted_advice(findings, prepared.get("considered", ())))
    write_dataset(dataset, file, attributes)
    numbers = fit_numbers(solved, fit) | {
        "support": support,
        "misfits": fitted.misfits[trial.trial_id],
        **_reasons_against_use([*unfitted, *findings], is_fitted=is_fitted),
    }
    status = _status(FITTED if is_fitted else PLAIN, why)
    return TrialOutcome({**status, **numbers}, tuple(findings), inputs)


def _reasons_against_use(
    findings: Sequence[Finding], *, is_fitted: bool
) -> dict[str, list[dict[str, str]]]:
    """Findings that forbid use of a trial: as it is used, and of its motion before any fit.

    An accepted fit resolves earlier findings, clock and mass being then those at which motion and
    forces agree, but for `NOT_RESOLVED_BY_FIT`.
    """
    used = [f for f in findings if not is_fitted or f.invalidates in NOT_RESOLVED_BY_FIT]
    return {
        name: [{"what": f.what, "invalidates": f.invalidates} for f in chosen if f.invalidates]
        for name, chosen in (("against", used), ("against_plain", findings))
    }


def _plain_trial(
    study: Study, trial: SolvedTrial, plain: PlainWorld, why: str, against: Iterable[Finding]
) -> tuple[xr.Dataset, list[Finding]]:
    """Dataset of an unfitted trial, without forces inconsistent with its motion; findings."""
    dataset = plain_in_laboratory(study, trial, why, plain)
    person = str(trial.prepared.attrs["participant_id"])
    prepared = study.read_manifest(person, "prepare")
    if error := manifest_entry(prepared, trial.trial_id).get(PLACE_ERROR):
        dataset.attrs[PLATE_POSITION_SD] = hypot(PLATE_SPREAD.position, error)
    return without_contradicted_forces(dataset, trial.trial_id, against)


def _status(motion: str, why: str) -> dict[str, str]:
    return {"motion": motion, "motion_reason": why}
