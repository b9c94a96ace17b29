"""What the job of a stage reads, leaves and depends on: for the workflow and for `aqbio verify`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aqbio
from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError, writing
from aqbio.io.atomic import PARTIAL, write_text
from aqbio.io.meshes import mesh_files
from aqbio.io.provenance import file_hash
from aqbio.io.study import Study, compared_studies, load_study
from aqbio.operating_system import FileClaimedError, claim_file, relative_path
from aqbio.stage_table import PARTICIPANT, PARTICIPANT_STAGES, STAGE_TABLE, STUDY, STUDY_STAGES

Kind = Literal["missing", "damaged", "foreign", "failed"]

FILES, SEAL, INTERNAL = "files", "seal", "internal_errors"

RECORD = "the record"
"""Denotes the record itself in the list of files that have changed."""


def seal(record: Path, made: Iterable[Path], internal: Sequence[str] = ()) -> None:
    """Write into a record what its stage left."""
    logs = record.parent / "logs"
    files = {
        path.relative_to(record.parent).as_posix(): file_hash(path)
        for path in made
        if path.is_file() and path != record and path.parent != logs
    }
    content = read_record(record) | {FILES: dict(sorted(files.items()))}
    if internal:
        content[INTERNAL] = list(internal)
    content[SEAL] = _seal(content)
    write_text(record, as_json(content))


def broken(record: Path, content: Mapping[str, Any] | None = None) -> dict[str, Kind]:
    """Files that differ from a record, by name: ``missing`` or ``damaged``."""
    record_content = read_record(record) if content is None else content
    if not record_content:
        return {RECORD: "damaged" if record.exists() else "missing"}
    if record_content.get(SEAL) != _seal(record_content):
        return {RECORD: "damaged"}
    problems: dict[str, Kind] = {}
    for name, stated in record_content[FILES].items():
        path = record.parent / name
        if not path.is_file():
            problems[name] = "missing"
        elif file_hash(path) != stated:
            problems[name] = "damaged"
    return problems


def read_record(record: Path) -> dict[str, Any]:
    """Content of a record; empty where there is none that can be read."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def as_json(content: Mapping[str, Any]) -> str:
    """A record as text."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def digest(content: object) -> str:
    """16 hexadecimal digits that identify plain content."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _seal(content: Mapping[str, Any]) -> str:
    return digest({name: value for name, value in content.items() if name != SEAL})


COMPARING = ("contributions", "multiverse")
"""Stages that hold the other models' contributions against those of the study's own."""

UNSEALED = ("logs", "opensim", "rows")
"""Folders of results that belong to no stage: logs, and files written on request."""

MARKS = ("registry.json", ".snakemake_timestamp")
"""Files next to records that are no results."""

MEANS = {
    "missing": "is not there",
    "damaged": "is not what the stage wrote",
    "failed": "is of an internal error, and what it stopped is not computed",
    "foreign": "is of no stage: aqbio never reads it",
}


def records_read(
    study: Study, participant_id: str, stage: str, *, direct: bool = False
) -> list[Path]:
    """Records of the stages that a stage depends on; ``direct`` leaves out indirect ones."""
    names = STAGE_TABLE[stage].reads
    if direct:
        names = tuple(one for one in names if not any(one in STAGE_TABLE[by].reads for by in names))
    if not participant_id:
        people = [one.participant_id for one in study.participants]
        of_people = [name for name in names if name in PARTICIPANT_STAGES]
        records = [study.manifest(who, name) for who in people for name in of_people]
        return records + [study.manifest("", name) for name in names if name in STUDY_STAGES]
    people = list(study.sessions_of(participant_id)) if stage == "scale" else [participant_id]
    records = [study.manifest(who, name) for who in people for name in names]
    if stage in COMPARING:
        others = compared_studies(study, participant_id)
        records += [other.manifest(participant_id, "contributions") for other in others]
    return records


def files_read(study: Study, participant_id: str, stage: str) -> list[Path]:
    """Files that a stage reads and no stage has written, whether they exist or not."""
    trials = study.trials_of(participant_id) if participant_id else ()
    given: list[Path | None] = []
    if stage == "prepare":
        given += [path for one in trials for path in (study.recording(one), study.forces(one))]
    if stage in ("prepare", "scale"):
        given += [study.map_file, study.marker_file]
    if stage == "scale" or any(trial.coordinates_file for trial in trials):
        given.append(_model(study, participant_id))
    if stage == "pages":
        given += _surfaces(study, participant_id)
    if stage in ("contributions", "hypotheses"):
        given.append(study.registry_file)
    if stage == "hypotheses":
        given.append(study.capacities_file)
    return [path for path in given if path is not None]


def parameters(study: Study, participant_id: str, stage: str) -> str:
    """The settings that a stage reads, as JSON; for the first stage the rows of the sheets too."""
    value: dict[str, object] = {"aqbio": aqbio.__version__, **study.stage_settings(stage)}
    if stage == "prepare":
        value["participant"] = study.participant(participant_id).model_dump(mode="json")
        trials = study.trials_of(participant_id)
        value["trials"] = [one.model_dump(mode="json") for one in trials]
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def table_files(study: Study, stage: str) -> list[Path]:
    """Tables of the study that a stage writes, each with its sidecar."""
    names = STAGE_TABLE[stage].tables
    return [study.table(f"{name}{end}") for name in names for end in (".tsv", ".json")]


def every_job(study: Study) -> Iterator[tuple[Study, str, str]]:
    """All jobs of a study: study or study on another model, participant or "", stage."""
    for participant in study.participants:
        who = participant.participant_id
        for other in compared_studies(study, who):
            yield from ((other, who, stage.name) for stage in PARTICIPANT if stage.each_model)
        yield from ((study, who, stage.name) for stage in PARTICIPANT)
    yield from ((study, "", stage.name) for stage in STUDY)


def remove_unsound_records(study: Study) -> None:
    """Remove the records of stages whose results were deleted, edited, cut or broke."""
    for on, who, stage in every_job(study):
        record = on.manifest(who, stage)
        content = read_record(record)
        if record.exists() and (broken(record, content) or INTERNAL in content):
            record.unlink()


def claim_results(study: Study) -> None:
    """Refuse other runs in these results until this process ends, and another study of the name."""
    note, root = study.root / "logs" / "study", study.root.resolve()
    with writing(study.root):
        for folder in (study.root / "participants", note.parent):
            folder.mkdir(parents=True, exist_ok=True)
        note.touch()
    try:
        claim_file(note.with_suffix(".lock"))
    except FileClaimedError as error:
        raise RunStoppedError(
            "another run works on these results.",
            file=str(study.root),
            fix="wait until it has ended.",
            rule="results-in-use",
        ) from error
    other = root / note.read_text(encoding="utf-8")
    if other.is_file() and not other.samefile(study.file) and _root_of(other) == root:
        raise RunStoppedError(
            f"these are results of another study of the same name, {os.path.normpath(other)}: "
            "they would be written over.",
            file=str(study.root),
            fix="give one of the two another name, or run it in another folder.",
            rule="results-of-another",
        )
    note.write_text(relative_path(study.file.resolve(), root), encoding="utf-8")


def _root_of(study_file: Path) -> Path | None:
    """Folder of the results of another study; None where it cannot be read any more."""
    try:
        return load_study(study_file).root.resolve()
    except AqbioError:
        return None


def refuse_damaged(records: Iterable[Path], study_file: Path) -> None:
    """Refuse to go on from damaged results: libraries crash over them."""
    for record in records:
        content = read_record(record)
        for name, kind in broken(record, content).items() if SEAL in content else ():
            raise RunStoppedError(
                f"a result of stage {record.stem} is {kind}.",
                file=str(record if name == RECORD else record.parent / name),
                fix=f"`aqbio run {study_file}` makes it again.",
                rule="result-damaged",
            )


def _surfaces(study: Study, participant_id: str) -> list[Path]:
    """Files of bones beside a participant's generic model."""
    model = _model(study, participant_id)
    try:
        return [] if model is None else list(mesh_files(model).values())
    except AqbioError:  # of a model that cannot be read: stage scale says so
        return []


def _model(study: Study, participant_id: str) -> Path | None:
    """A participant's generic model; if there is none, stage scale reports why."""
    try:
        return study.model_file(participant_id)
    except AqbioError:
        return None


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
    problems, recorded = [], set()
    for on, who, stage in every_job(study):
        record = on.manifest(who, stage)
        content = read_record(record)
        recorded |= {record, *(record.parent / name for name in content.get(FILES, {}))}
        for name, kind in broken(record, content).items():
            file = record if name == RECORD else record.parent / name
            problems.append(ResultProblem(file, kind, stage, who))
        logs = (on.root / "logs" / name for name in content.get(INTERNAL, ()))
        problems += [ResultProblem(log, "failed", stage, who) for log in logs]
    return [*problems, *(ResultProblem(file, "foreign") for file in _others(study, recorded))]


def _others(study: Study, recorded: set[Path]) -> Iterator[Path]:
    """Files among the results that no record names."""
    for path in sorted(study.root.rglob("*")):
        apart = path.relative_to(study.root).parts[0] in UNSEALED or path.name in MARKS
        if path.is_file() and path not in recorded and not apart and PARTIAL not in path.name:
            yield path
