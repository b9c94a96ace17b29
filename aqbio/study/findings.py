"""Rows of the tables of findings, from the stages of all participants and of the study."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from aqbio.errors import Cause, Finding, causes, group_of
from aqbio.io.dictionary import columns
from aqbio.io.provenance import published, study_provenance
from aqbio.io.study import Study
from aqbio.io.tables import read_table, write_table
from aqbio.stage_table import PAGES, PARTICIPANT_STAGES, STUDY_STAGES

FINDINGS = columns("findings")
CAUSES = columns("causes")
"""Columns of findings grouped by cause: they differ only in trials, labels and numbers."""

_FIELDS = {definition.name for definition in fields(Finding)}

LATER_STAGES = tuple(stage for stage in STUDY_STAGES if stage != "tables")
"""Stages that run after the table of all findings is written."""

NUMBER_STAGES = tuple(stage for stage in PARTICIPANT_STAGES if stage not in PAGES)
"""Stages of participants that produce numbers."""


def stage_findings(
    study: Study, participant_id: str, stages: Iterable[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield stage and finding for all findings of stages of a participant."""
    for stage in stages:
        manifest = study.read_manifest(participant_id, stage)
        for entry in (manifest, *manifest["trials"]):
            for finding in entry["findings"]:
                yield stage, finding | {"participant": participant_id}


def against_use(
    study: Study, participant_id: str, trial_id: str, stages: Iterable[str]
) -> Iterator[Finding]:
    """Findings of a trial or its participant that forbid using results of the trial."""
    moving = {trial.trial_id for trial in study.moving_of(participant_id)}
    other_trials = moving - {trial_id}
    for _, finding in stage_findings(study, participant_id, stages):
        if finding["invalidates"] and finding["trial"] not in other_trials:
            yield Finding(**finding)


def participant_findings(
    study: Study, participant_id: str, stages: Iterable[str]
) -> Iterator[Finding]:
    """Findings of stages of a participant."""
    return (Finding(**content) for _, content in stage_findings(study, participant_id, stages))


def finding_rows(study: Study, participant_id: str) -> Iterator[dict[str, Any]]:
    """Rows of the findings of a participant's stages; the report adds those of pages."""
    for stage, finding in stage_findings(study, participant_id, NUMBER_STAGES):
        yield _row(finding, stage)


def _row(finding: Mapping[str, Any], stage: str) -> dict[str, Any]:
    fields_of = {name: finding[name] for name in finding if name in _FIELDS}
    return {
        "participant_id": finding["participant"] or None,
        "trial_id": finding["trial"] or None,
        "stage": stage,
        "severity": finding["severity"],
        "rule": finding["rule"],
        "what": finding["what"],
        "where": finding["where"] or None,
        "file": PurePath(finding["file"]).name or None,
        "fix": finding["fix"] or None,
        "label": finding.get("label") or None,
        "number": finding["number"],
        "limit": finding["limit"],
        "unit": finding["unit"] or None,
        "cause": group_of(Finding(**fields_of)),
        "invalidates": finding.get("invalidates") or None,
    }


def write_findings(
    study: Study,
    stage: str,
    findings: Iterable[Finding],
    further_findings: Iterable[tuple[str, dict[str, Any]]] = (),
) -> None:
    """Write the findings of a later stage of the study: ``tables/findings_<stage>.tsv``."""
    staged = [*((stage, finding.as_dict()) for finding in findings), *further_findings]
    rows = [_row(published(study, content, content["participant"]), of) for of, content in staged]
    source = study_provenance(study, stage, [])
    table = pd.DataFrame(rows, columns=list(FINDINGS))
    write_table(table, study.table(f"findings_{stage}.tsv"), FINDINGS, source)


def every_finding(study: Study, stages: Iterable[str] = LATER_STAGES) -> pd.DataFrame:
    """Read the findings of all participants' stages, and of later stages of the study."""
    later = [study.table(f"findings_{stage}.tsv") for stage in stages]
    first = read_table(study.table("findings.tsv"))
    later_tables = [table for table in map(read_table, filter(Path.is_file, later)) if len(table)]
    if not later_tables:
        return first
    return pd.concat([first, *later_tables] if len(first) else later_tables, ignore_index=True)


def study_causes(
    study: Study, stages: Iterable[str] = LATER_STAGES, further_findings: Iterable[Finding] = ()
) -> tuple[Cause, ...]:
    """Group all findings of a study, and further ones, by cause, the most severe first."""
    table = every_finding(study, stages)
    words = table.astype(object).where(table.notna(), None)
    return causes([*(_finding(row) for row in words.to_dict("records")), *further_findings])


def _finding(row: Mapping[Hashable, Any]) -> Finding:
    return Finding(
        rule=row["rule"],
        severity=row["severity"],
        what=row["what"],
        trial=row["trial_id"] or "",
        participant=row["participant_id"] or "",
        number=row["number"],
        limit=row["limit"],
        unit=row["unit"] or "",
        file=row["file"] or "",
        where=row["where"] or "",
        fix=row["fix"] or "",
        label=row["label"] or "",
        invalidates=row["invalidates"] or "",
    )


def cause_rows(causes: Iterable[Cause]) -> Iterator[dict[str, Any]]:
    """Rows of every cause, the most severe first."""
    for cause in causes:
        yield {
            "cause": group_of(cause.first),
            "severity": cause.first.severity,
            "rule": cause.first.rule,
            "count": len(cause.members),
            "concerns": cause.concerns or None,
            "labels": ", ".join(cause.labels) or None,
            "what": cause.first.what,
            "alike": cause.alike or None,
            "fix": cause.first.fix or None,
        }


def write_causes(study: Study, stage: str, causes: Iterable[Cause]) -> None:
    """Write ``tables/causes.tsv``: findings once per cause."""
    table = pd.DataFrame(list(cause_rows(causes)), columns=list(CAUSES))
    source = study_provenance(study, stage, [])
    write_table(table, study.table("causes.tsv"), CAUSES, source)
