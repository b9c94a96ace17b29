"""Which results of a study are not what their stages left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aqbio.io.atomic import PARTIAL
from aqbio.io.study import Study
from aqbio.study.jobs import every_job
from aqbio.study.seals import FILES, INTERNAL, RECORD, Kind, broken, read_record

UNSEALED = ("logs", "opensim", "rows")
"""Folders of results that no stage answers for: logs, and what is written when somebody asks."""

MARKS = ("registry.json", ".snakemake_timestamp")
"""Files beside records that are no results."""

MEANS = {
    "missing": "is not there",
    "damaged": "is not what the stage wrote",
    "failed": "is of an internal error, and what it stopped is not computed",
    "foreign": "is of no stage: aqbio never reads it",
}


@dataclass(frozen=True, slots=True)
class ResultProblem:
    """A file that is not what it should be."""

    file: Path
    kind: Kind
    stage: str = ""
    participant: str = ""
    """stage, participant: Empty for a foreign file; the latter for a stage of the study too."""

    def __str__(self) -> str:
        who = f"{self.participant} {self.stage}".strip()
        return f"{self.kind}: {f'{who}: ' if who else ''}{self.file} {MEANS[self.kind]}"


def result_problems(study: Study) -> list[ResultProblem]:
    """Everything that is wrong with the results of a study, and files that are no results."""
    problems, known = [], set()
    for on, who, stage in every_job(study):
        record = on.manifest(who, stage)
        content = read_record(record)
        known |= {record, *(record.parent / name for name in content.get(FILES, {}))}
        for name, kind in broken(record, content).items():
            file = record if name == RECORD else record.parent / name
            problems.append(ResultProblem(file, kind, stage, who))
        logs = (on.root / "logs" / name for name in content.get(INTERNAL, ()))
        problems += [ResultProblem(log, "failed", stage, who) for log in logs]
    return [*problems, *(ResultProblem(file, "foreign") for file in _others(study, known))]


def _others(study: Study, known: set[Path]) -> Iterator[Path]:
    """Files among the results that no record names."""
    for path in sorted(study.root.rglob("*")):
        apart = path.relative_to(study.root).parts[0] in UNSEALED or path.name in MARKS
        if path.is_file() and path not in known and not apart and PARTIAL not in path.name:
            yield path
