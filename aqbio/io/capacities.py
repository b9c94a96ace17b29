"""The sheet of capacities: strengths of both sides, measured beside motion capture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from aqbio.config import Capacity, InvalidStudyError, closest
from aqbio.errors import Finding
from aqbio.io.sheets import read_sheet


def read_capacities(path: Path, participants: Sequence[str]) -> tuple[Capacity, ...]:
    """Read capacities.tsv."""
    rows = read_sheet(path, Capacity)
    findings = [*_unknown(rows, participants, path), *_mixed(rows, path)]
    if findings:
        raise InvalidStudyError(findings)
    return tuple(rows)


def _unknown(rows: Sequence[Capacity], known: Sequence[str], path: Path) -> Iterator[Finding]:
    for name in dict.fromkeys(row.participant_id for row in rows):
        if name not in known:
            near = closest(name, known)
            yield Finding(
                rule="participant-unknown",
                severity="error",
                what=f"capacities of {name}, who is not in the participants sheet.",
                file=str(path),
                where="column participant_id",
                fix=f"did you mean {near}?" if near else "add the participant.",
            )


def _mixed(rows: Sequence[Capacity], path: Path) -> Iterator[Finding]:
    """Measures whose rows cannot be compared with each other."""
    for measure in dict.fromkeys(row.measure for row in rows):
        own = [row for row in rows if row.measure == measure]
        for column in ("unit", "side"):
            found = list(dict.fromkeys(str(getattr(row, column)) for row in own))
            if len(found) > 1:
                yield Finding(
                    rule="capacity-mixed",
                    severity="error",
                    what=f"measure {measure} has rows of {len(found)} {column}s: "
                    f"{', '.join(found)}.",
                    file=str(path),
                    where=f"column {column}",
                    fix=f"convert the values, or give each {column} a measure of its own.",
                )
