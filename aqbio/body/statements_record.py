"""Statements of sheets, settings and files: each is tested like a measurement, in one manner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aqbio.body.statements import Measured, contradictions, verdict
from aqbio.errors import AqbioError, Finding, Severity


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that a sheet, a setting or a file says about a recording."""

    rule: str
    """Name of the finding where it is contradicted."""
    says: str
    """Who says what, in words that the value can follow: "the sheet says a body mass of"."""
    value: float
    unit: str = ""
    """As it is told."""
    digits: int = 2
    """Digits behind the point that are told."""
    file: str = ""
    where: str = ""
    fix: str = ""
    """file, where, fix: As in a finding."""

    def told(self, value: float) -> str:
        """A value in words, with its unit."""
        return f"{value:.{self.digits}f} {self.unit}".strip()


def contradiction(
    statement: Statement,
    measured: Sequence[Measured],
    consequence: str,
    *,
    confirmed: bool = False,
) -> Finding | None:
    """The finding of a statement that measurements contradict, if they do: an error where refuted.

    A ``confirmed`` statement counts whatever was measured, and the finding explains.
    """
    found = verdict(statement.value, measured)
    if found == "agrees":
        return None
    against = contradictions(statement.value, measured)
    refuted = found == "refuted" and not confirmed
    severity: Severity = "error" if refuted else "warning"
    shown = " and ".join(f"{statement.told(one.value)} by {one.source}" for one in against)
    nearest = max(against, key=lambda one: one.error)
    return Finding(
        rule=statement.rule,
        severity="info" if confirmed else severity,
        what=f"{statement.says} {statement.told(statement.value)}, but it is {shown}, more than "
        f"{statement.told(nearest.error)} apart."
        + (f" {consequence}" if refuted else "")
        + (" The sheet confirms the statement." if confirmed else ""),
        number=against[0].value,
        limit=statement.value,
        unit=statement.unit,
        file=statement.file,
        where=statement.where,
        fix="" if confirmed else statement.fix,
    )


def raised(finding: Finding) -> AqbioError:
    """A finding as the error that stops a trial or a participant."""
    return AqbioError(
        finding.what,
        file=finding.file,
        where=finding.where,
        fix=finding.fix,
        rule=finding.rule,
    )
