"""Rows of the findings table, and of the causes behind the findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import PurePath
from typing import Any

from aqbio.errors import Cause, Finding, causes
from aqbio.io.study import Study
from aqbio.names import PARTICIPANT_STAGES
from aqbio.stages.stepping.measures import Row

_KNOWN = {one.name for one in fields(Finding)}


@dataclass(frozen=True, slots=True)
class Found:
    """Findings of all stages of a study.

    Attributes
    ----------
    findings : tuple of (stage, Finding)
    causes : tuple of Cause
    """

    findings: tuple[tuple[str, Finding], ...]
    causes: tuple[Cause, ...]


def found_in(study: Study) -> Found:
    """Read the findings of every stage from the manifests."""
    findings = tuple(_findings(study))
    return Found(findings, causes(finding for _, finding in findings))


def _findings(study: Study) -> Iterator[tuple[str, Finding]]:
    for participant in study.participants:
        name = participant.participant_id
        for stage in PARTICIPANT_STAGES:
            manifest = study.read_manifest(name, stage)
            own = [*manifest["findings"]]
            own += [one for entry in manifest["trials"] for one in entry["findings"]]
            for one in own:
                given: dict[str, Any] = {key: one[key] for key in one if key in _KNOWN}
                yield stage, Finding(**given | {"participant": name})


def finding_rows(found: Found) -> Iterator[Row]:
    """Rows of every finding, with the number of its cause."""
    causes_of = {
        id(member): number
        for number, cause in enumerate(found.causes, start=1)
        for member in cause.members
    }
    for stage, finding in found.findings:
        yield {
            "participant_id": finding.participant,
            "trial_id": finding.trial or None,
            "stage": stage,
            "severity": finding.severity,
            "rule": finding.rule,
            "what": finding.what,
            "where": finding.where or None,
            "file": PurePath(finding.file).name or None,
            "fix": finding.fix or None,
            "label": finding.label or None,
            "number": finding.number,
            "limit": finding.limit,
            "unit": finding.unit or None,
            "cause": causes_of[id(finding)],
        }


def cause_rows(found: Sequence[Cause]) -> Iterator[Row]:
    """Rows of every cause, the gravest first."""
    for number, cause in enumerate(found, start=1):
        yield {
            "cause": number,
            "severity": cause.first.severity,
            "rule": cause.first.rule,
            "count": len(cause.members),
            "concerns": cause.concerns or None,
            "labels": ", ".join(cause.labels) or None,
            "what": cause.first.what,
            "alike": cause.alike or None,
            "fix": cause.first.fix or None,
        }
