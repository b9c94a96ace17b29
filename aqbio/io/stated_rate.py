"""Rates that a file states twice."""

from __future__ import annotations

from pathlib import Path

from aqbio.errors import Finding

MIN_RATE_CONTRADICTION = 0.02
"""Two statements of a rate contradict each other when they differ by this share."""


def rate_findings(
    path: Path, header_rate: float, used_rate: float, *, rule: str, source: str, where: str
) -> list[Finding]:
    """Finding that a header states another rate, Hz, than the source whose rate is used."""
    if abs(header_rate - used_rate) <= MIN_RATE_CONTRADICTION * used_rate:
        return []
    return [
        Finding(
            rule=rule,
            severity="warning",
            what=f"the header says {header_rate:g} Hz, {source} {used_rate:g} Hz, which is used.",
            number=header_rate,
            limit=used_rate,
            unit="Hz",
            file=path.name,
            where=where,
            fix="check the rate of the cameras: speeds follow it, accelerations its square.",
        )
    ]
