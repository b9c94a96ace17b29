"""Errors and warnings of the stages, found by running them in a scratch folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from aqbio.body.records import ParticipantModel
from aqbio.boundary import in_own_process
from aqbio.config import Trial
from aqbio.errors import AqbioError, Finding
from aqbio.intake.contents import finding_of_trial, sheet_line
from aqbio.inverse_kinematics.stage import trial_to_solve
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import CheckedStudy, Study
from aqbio.multiverse.specifications import all_specifications, left_out_findings, lower_rate
from aqbio.prepare.stage import prepare_participant
from aqbio.prepare.stated_faults import AS_STATED
from aqbio.scale.stage import scale_participant
from aqbio.study.internal import as_findings, contained
from aqbio.study.manifest import OK, TrialOutcome, earlier_failures, run_trial

STAGE = "check"

FINDING_FIELDS = {field.name for field in fields(Finding)}


def dry_run_problems(study: Study, participants: Sequence[str]) -> list[Finding]:
    """Errors and warnings of the stages, run in a scratch folder as far as files decide them.

    What the sheets state is reported too. Findings that need a solved pose are not predicted.
    """
    with tempfile.TemporaryDirectory(prefix="aqbio-check-", ignore_cleanup_errors=True) as folder:
        scratch_study = replace(
            study, settings=study.settings.model_copy(update={"results": folder})
        )
        findings = _without_crash(scratch_study, participants)
        for log in (scratch_study.root / "logs").glob("internal-*"):
            log_copy = study.root / "logs" / log.name
            log_copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(log, log_copy)
    return [x for x in findings if x.severity != "info" or AS_STATED in x.what]


def _without_crash(study: Study, participants: Sequence[str]) -> list[Finding]:
    """Run all participants in one child process; if it crashes, each one in another."""
    try:
        return in_own_process(partial(_of_participants, study, participants))
    except AqbioError as error:
        if len(participants) == 1:
            model = study.model_file(participants[0])
            return [replace(error.finding(participant=participants[0]), file=str(model))]
    return [finding for name in participants for finding in _without_crash(study, [name])]


def _of_participants(study: Study, participants: Sequence[str]) -> list[Finding]:
    """Findings of the stages, by participant; all sessions are prepared before any body is scaled.

    A body is fitted to all sessions of its person.
    """
    sessions = (session for name in participants for session in (name, *study.sessions_of(name)))
    findings = {name: _prepare(study, name) for name in dict.fromkeys(sessions)}
    return [
        finding
        for name in participants
        for finding in (
            *findings[name][0],
            *(_participant(study, name) if findings[name][1] else ()),
        )
    ]


def _prepare(study: Study, name: str) -> tuple[list[Finding], bool]:
    """Findings of stage prepare, and whether it was finished."""
    study = study.recorded_with(name)
    try:
        with contained(study, STAGE, name):
            prepare_participant(study, name, lambda _: None)
            return list(_noted(study.read_manifest(name, "prepare"), name)), True
    except AqbioError as error:
        return list(as_findings(error, participant=name)), False


def _participant(study: Study, name: str) -> Iterator[Finding]:
    study = study.recorded_with(name)
    try:
        with contained(study, STAGE, name):
            scale_participant(study, name, lambda _: None)
            yield from _noted(study.read_manifest(name, "scale"), name)
            yield from _of_solve(study, name)
            yield from _of_evidence(study, name)
    except AqbioError as error:
        yield from as_findings(error, participant=name)


def _noted(manifest: Mapping[str, Any], name: str) -> Iterator[Finding]:
    """Findings of a manifest, each with its participant."""
    entries = [entry for outcome in manifest["trials"] for entry in outcome["findings"]]
    for entry in (*manifest["findings"], *entries):
        yield Finding(**{key: entry[key] for key in FINDING_FIELDS} | {"participant": name})


def _of_solve(study: Study, name: str) -> Iterator[Finding]:
    """Findings of stage inverse_kinematics before it solves."""
    model, before = (
        ParticipantModel.of(study, name),
        earlier_failures(study, name, "inverse_kinematics"),
    )

    def work(trial: Trial) -> TrialOutcome:
        *_, left_out = trial_to_solve(study, model, trial)
        return TrialOutcome(findings=tuple(left_out))

    for trial in study.moving_of(name):
        if trial.trial_id not in before:
            outcome = run_trial(study, name, "inverse_kinematics", trial, work)
            yield from _noted({"findings": (), "trials": [outcome]}, name)


def _of_evidence(study: Study, name: str) -> Iterator[Finding]:
    """Specifications of the multiverse that stage evidence would leave out."""
    moving = {trial.trial_id for trial in study.moving_of(name)}
    outcomes = study.read_manifest(name, "prepare")["trials"]
    trials = [
        outcome["trial_id"]
        for outcome in outcomes
        if outcome["status"] == OK and outcome["trial_id"] in moving
    ]
    folder = study.folder(name, "prepare")
    rates = {trial: lower_rate(read_dataset(folder / f"{trial}.nc").attrs) for trial in trials}
    specifications = all_specifications(
        study.settings, consistent=study.settings.consistency.enabled
    )
    yield from left_out_findings(specifications, rates, name)


def with_location(finding: Finding, checked: CheckedStudy) -> Finding:
    """Add the line of its trial in the sheet and the path of its file to a finding."""
    study, rows = checked.study, zip(checked.study.trials, checked.trial_lines, strict=True)
    key = (finding.participant, finding.trial)
    row = next(((t, n) for t, n in rows if (t.participant_id, t.trial_id) == key), None)
    if row is None:
        return finding
    trial, line = row
    return finding_of_trial(finding, study, trial, sheet_line(checked, line))
