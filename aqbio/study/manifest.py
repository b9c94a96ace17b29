"""Results of a stage for a participant: each trial's status, reason, numbers and findings.

The failure of one trial never stops the others: it is recorded with its reason, later stages pass
it on, and the report shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from aqbio.config import Trial
from aqbio.errors import AqbioError, Finding
from aqbio.faults import RunStoppedError
from aqbio.io.atomic import file_state, files_made, remove_partial, write_text
from aqbio.io.provenance import published, study_provenance
from aqbio.io.study import Study
from aqbio.stage_table import PARTICIPANT_STAGES, STAGE_TABLE
from aqbio.study.internal import STAGE_ORDER, as_findings, contained, in_one_line, internal_logs
from aqbio.study.jobs import (
    absent_files,
    as_json,
    files_read,
    made_of,
    records_read,
    refuse_damaged,
    refuse_loss,
    seal,
)

Report = Callable[[str], None]
"""Takes one line of progress."""

P = ParamSpec("P")

StudyStage = Callable[Concatenate[Study, P], None]

ParticipantStage = Callable[[Study, str, Report], None]

OK = "ok"
"""Status of a trial or a participant whose stage succeeded."""

FAILED = "failed"
"""Status of a trial or a participant whose stage failed."""


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """Result of a stage for one trial."""

    numbers: Mapping[str, Any] = field(default_factory=dict)
    """Values for later stages and the report, ready for JSON."""
    findings: tuple[Finding, ...] = ()
    inputs: tuple[Path, ...] = ()
    """Files that were read."""


def run_trials(
    study: Study,
    participant_id: str,
    stage: str,
    work: Callable[[Trial], TrialOutcome],
    report: Report,
) -> list[dict[str, Any]]:
    """Run a stage on every moving trial for which earlier stages succeeded.

    One entry per trial, in the order of the sheet, for `write_manifest`.
    """
    before = earlier_failures(study, participant_id, stage)
    entries = []
    for trial in study.moving_of(participant_id):
        if trial.trial_id in before:
            entries.append(entry(trial.trial_id, FAILED, before[trial.trial_id]))
            first = before[trial.trial_id].partition(":")[0]  # whose line has said why
            report(f"{participant_id} {trial.trial_id}: not possible (stage {first} failed)")
            continue
        entries.append(run_trial(study, participant_id, stage, trial, work))
        reason = entries[-1]["reason"]
        report(f"{participant_id} {trial.trial_id}: {'failed: ' + reason if reason else 'done'}")
    return entries


def run_trial(
    study: Study,
    participant_id: str,
    stage: str,
    trial: Trial,
    work: Callable[[Trial], TrialOutcome],
) -> dict[str, Any]:
    """Run a stage on one trial and return its manifest entry; its exceptions are contained."""
    try:
        with contained(study, stage, participant_id, trial.trial_id):
            outcome = work(trial)
            inputs = [str(path) for path in outcome.inputs]
            result = entry(
                trial.trial_id, OK, "", findings=outcome.findings, inputs=inputs, **outcome.numbers
            )
            as_json(result)  # a result that cannot be written fails this trial only
    except AqbioError as error:
        findings = as_findings(error, trial=trial.trial_id, participant=participant_id)
        # logs have it as well
        reason = published(study, in_one_line(error), participant_id, trial.trial_id)
        return entry(trial.trial_id, FAILED, reason, findings=findings)
    return result


def participant_stage(
    stage: str, cleared: Callable[[Study, str], None] | None = None, **numbers: Any
) -> Callable[[ParticipantStage], ParticipantStage]:
    """Turn any error of a stage for a participant into that participant's failure.

    ``cleared`` removes the files that later stages would read.
    """

    def decorated(work: ParticipantStage) -> ParticipantStage:
        @wraps(work)
        def safe(study: Study, participant_id: str, report: Report) -> None:
            with recorded(study, participant_id, stage):
                try:
                    with contained(study, stage, participant_id):
                        work(study, participant_id, report)
                except AqbioError as error:
                    if error.rule == STAGE_ORDER:
                        raise
                    reason = published(study, in_one_line(error), participant_id)
                    report(f"{participant_id}: failed: {reason}")
                    if cleared is not None:
                        cleared(study, participant_id)
                    _write_failure(study, participant_id, stage, error, numbers)

        return safe

    return decorated


def study_stage(stage: str) -> Callable[[StudyStage[P]], StudyStage[P]]:
    """Record the files of a stage of the whole study: ``<stage>.json`` next to its results."""

    def decorated(work: StudyStage[P]) -> StudyStage[P]:
        @wraps(work)
        def safe(study: Study, /, *arguments: P.args, **options: P.kwargs) -> None:
            with recorded(study, "", stage), contained(study, stage):
                work(study, *arguments, **options)
                write_text(study.manifest("", stage), as_json({"stage": stage}))

        return safe

    return decorated


@contextmanager
def recorded(study: Study, participant_id: str, stage: str) -> Iterator[None]:
    """Seal the record that a stage writes in the block, with all files that it makes there.

    After a contained internal error the stage is not done: the next run tries again.
    """
    records = records_read(study, participant_id, stage)
    refuse_damaged(records, study.file)
    if stage == "prepare":
        refuse_loss(absent_files(study, participant_id))
    inputs = [*records, *files_read(study, participant_id, stage)]
    stamps, content = [file_state(path) for path in inputs], made_of(study, participant_id, stage)
    record = study.manifest(participant_id, stage)
    record.unlink(missing_ok=True)
    if not participant_id:
        remove_partial(study.root / "tables")
    for name in STAGE_TABLE[stage].folders:  # the workflow waits for each
        (record.parent / name).mkdir(parents=True, exist_ok=True)
    with files_made() as written_files:
        yield
    if stamps != [file_state(path) for path in inputs]:
        record.unlink(missing_ok=True)
        raise RunStoppedError(
            f"a file that stage {stage} reads changed while it ran.",
            fix="let no other program write there, then run the same command again.",
            rule="input-changed",
        )
    left = (path for path in written_files if path.is_relative_to(record.parent))
    seal(record, left, internal_logs(study, written_files), content)


def _write_failure(
    study: Study, participant_id: str, stage: str, error: AqbioError, numbers: Mapping[str, Any]
) -> None:
    """Write the manifest of a participant for whom a stage failed."""
    before, reason = earlier_failures(study, participant_id, stage), in_one_line(error)
    trials = [
        entry(trial.trial_id, FAILED, before.get(trial.trial_id, reason))
        for trial in study.moving_of(participant_id)
    ]
    findings = as_findings(error, participant=participant_id)
    write_manifest(
        study, participant_id, stage, trials, reason=reason, findings=findings, **numbers
    )


def entry(
    trial_id: str, status: str, reason: str, *, findings: Iterable[Finding] = (), **numbers: Any
) -> dict[str, Any]:
    """One trial's entry of a manifest."""
    return {
        "trial_id": trial_id,
        "status": status,
        "reason": reason,
        **numbers,
        "findings": [finding.as_dict() for finding in findings],
    }


def earlier_failures(study: Study, participant_id: str, stage: str) -> dict[str, str]:
    """Reasons for which earlier stages failed, by trial."""
    failures: dict[str, str] = {}
    for name in STAGE_TABLE[stage].failures_of:
        manifest = study.read_manifest(participant_id, name)
        for trial_entry in manifest["trials"]:
            if trial_entry["status"] != OK:
                failures.setdefault(
                    trial_entry["trial_id"], failure_reason(trial_entry["reason"], name)
                )
        if manifest["status"] != OK:
            why = f"{name}: {manifest['reason']}"
            for trial in study.moving_of(participant_id):
                failures.setdefault(trial.trial_id, why)
    return failures


def failure_reason(reason: str, stage: str) -> str:
    """The reason of a failure that a stage recorded, with the stage that it happened in."""
    staged = any(reason.startswith(f"{earlier_stage}: ") for earlier_stage in PARTICIPANT_STAGES)
    return reason if staged else f"{stage}: {reason}"


def write_manifest(
    study: Study,
    participant_id: str,
    stage: str,
    trials: list[dict[str, Any]],
    *,
    reason: str = "",
    findings: Iterable[Finding] = (),
    **numbers: Any,
) -> None:
    """Write a stage's manifest, last and atomically: a killed stage leaves no manifest."""
    inputs = [Path(path) for trial_entry in trials for path in trial_entry.pop("inputs", [])]
    content = {
        "participant_id": participant_id,
        "stage": stage,
        "status": FAILED if reason else OK,
        "reason": reason,
        **numbers,
        "trials": trials,
        "findings": [finding.as_dict() for finding in findings],
        "provenance": study_provenance(study, stage, inputs),
    }
    public_content = published(study, content, participant_id)
    write_text(study.manifest(participant_id, stage), as_json(public_content))


def manifest_entry(manifest: dict[str, Any], trial_id: str) -> dict[str, Any]:
    """Entry of a trial in a manifest."""
    entries: list[dict[str, Any]] = manifest["trials"]
    return next(entry for entry in entries if entry["trial_id"] == trial_id)
