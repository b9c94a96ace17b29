"""Which results of a study are not what their stages left, or not what they would leave now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aqbio.io.atomic import PARTIAL
from aqbio.io.study import Study
from aqbio.names import STUDY_STAGES
from aqbio.records.current import REGISTRY, participant_stages, state
from aqbio.records.seals import FILES, RECORD, Kind, read_record

UNSEALED = ("logs", "opensim", "own_figures", "rows")
"""Folders of results that no stage answers for: logs, and what is written when somebody asks."""

MARKS = ("stages.json", "running.json", "running-study.json", REGISTRY)
"""Files beside records that are no results."""

MEANS = {
    "missing": "is not there",
    "damaged": "is not what the stage wrote",
    "outdated": "was made of something that is not the same any more",
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
    people = [one.participant_id for one in study.participants]
    every = [(on, one, stage) for one in people for on, stage in participant_stages(study, one)]
    every += [(study, "", stage) for stage in STUDY_STAGES]
    problems = []
    trials = study.table("trials.tsv")  # of a run that was not finished, when no stage has its own
    known = {trials, trials.with_suffix(".json")}
    for on, one, stage in every:
        record = on.manifest(one, stage)
        known |= {record, *(record.parent / name for name in read_record(record).get(FILES, {}))}
        for name, kind in state(on, one, stage).items():
            base = on.root if kind == "failed" else record.parent
            file = record if name == RECORD else base / name
            problems.append(ResultProblem(file, kind, stage, one))
    return [*problems, *(ResultProblem(file, "foreign") for file in _others(study, known))]


def _others(study: Study, known: set[Path]) -> Iterator[Path]:
    """Files among the results that no record names."""
    for path in sorted(study.root.rglob("*")):
        apart = path.relative_to(study.root).parts[0] in UNSEALED or path.name in MARKS
        if path.is_file() and path not in known and not apart and PARTIAL not in path.name:
            yield path
