"""Findings of one trial, collected while it is prepared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from aqbio.errors import Finding, Severity


@dataclass(frozen=True, slots=True)
class Notes:
    """Collects findings and gives each the trial, participant and file that it belongs to."""

    trial: str
    participant: str
    file: str
    force_file: str
    found: list[Finding] = field(default_factory=list)

    def add(
        self,
        rule: str,
        severity: Severity,
        what: str,
        *,
        fix: str = "",
        where: str = "",
        number: float | None = None,
        limit: float | None = None,
        unit: str = "",
        label: str = "",
        forces: bool = False,
    ) -> None:
        """Note something; ``forces`` when its cause is in the file of the forces."""
        self.found.append(
            Finding(
                rule=rule,
                severity=severity,
                what=what,
                trial=self.trial,
                participant=self.participant,
                number=number,
                limit=limit,
                unit=unit,
                file=self.force_file if forces else self.file,
                where=where,
                fix=fix,
                label=label,
            )
        )

    def adopt(self, findings: tuple[Finding, ...]) -> None:
        """Take over what a reader noticed, which does not know the trial."""
        self.found.extend(
            replace(finding, trial=self.trial, participant=self.participant) for finding in findings
        )
