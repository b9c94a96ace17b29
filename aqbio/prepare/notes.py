"""Findings of one trial, collected while it is prepared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypedDict, Unpack

from aqbio.errors import Finding, Invalidated, Severity


class Details(TypedDict, total=False):
    """Further fields of a finding, as in `aqbio.errors.Finding`."""

    fix: str
    where: str
    number: float | None
    limit: float | None
    unit: str
    label: str
    invalidates: Invalidated


About = Literal["forces", "sides", "labels", "session"]
"""What explanations are about, which compete with each other alone."""


@dataclass(frozen=True, slots=True)
class Considered:
    """An explanation of a recording: a row of the table ``faults``, without its trial."""

    about: About
    rank: int
    explanation: str
    fault: str | None
    plates: str | None
    size: float | None
    size_sd: float | None
    unit: str | None
    log_odds: float | None
    evidence: str | None
    verdict: Literal["accepted", "near", "considered"]


@dataclass(frozen=True, slots=True)
class Notes:
    """Collects findings and gives each the trial, participant and file that it belongs to."""

    trial: str
    participant: str
    file: str
    force_file: str
    findings: list[Finding] = field(default_factory=list)
    first_time: float = 0.0
    """Instant of the first frame on the clock on which sentences state instants, s."""
    considered: list[Considered] = field(default_factory=list)
    """Explanations that came near."""

    def at(self, time: float, digits: int = 3) -> str:
        """Write an instant, s from the first frame, on that clock."""
        return f"{time + self.first_time:.{digits}f}"

    def add(
        self,
        rule: str,
        severity: Severity,
        what: str,
        *,
        forces: bool = False,
        **details: Unpack[Details],
    ) -> None:
        """Note something; ``forces`` when its cause is in the file of the forces."""
        self.findings.append(
            Finding(
                rule=rule,
                severity=severity,
                what=what,
                trial=self.trial,
                participant=self.participant,
                file=self.force_file if forces else self.file,
                **details,
            )
        )

    def adopt(self, findings: tuple[Finding, ...]) -> None:
        """Add the findings of a reader, which does not know the trial."""
        self.findings.extend(
            replace(finding, trial=self.trial, participant=self.participant) for finding in findings
        )
