"""Inputs, outputs and dependencies of a stage's job, for the workflow and `aqbio verify`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aqbio.errors import AqbioError, Finding, causes
from aqbio.faults import RunStoppedError, is_writable, writing
from aqbio.io.atomic import PARTIAL, write_text
from aqbio.io.meshes import mesh_files
from aqbio.io.provenance import file_hash, given_files, keep_hashes, recall_hashes
from aqbio.io.study import STUDY_NOTE, Study, as_plain_data, compared_studies, load_study
from aqbio.operating_system import FileClaimedError, claim_file, relative_path
from aqbio.stage_table import (
    PARTICIPANT,
    PARTICIPANT_STAGES,
    STAGE_TABLE,
    STAGES,
    STUDY,
    STUDY_STAGES,
)
from aqbio.version import __version__

Kind = Literal["missing", "damaged", "outdated", "foreign", "failed"]

FILES = "files"
"""Key of a record: hashes of the files of its stage, by path."""

SEAL = "seal"
"""Key of a record: digest of its own content."""

INTERNAL = "internal_errors"
"""Key of a record: logs of the internal errors of its stage."""

MADE_OF = "made_of"
"""Key of a record: settings, rows, records and files that its results follow from."""

RECORD = "the record"
"""Denotes the record itself in the list of files that have changed."""


def seal(
    record: Path,
    paths: Iterable[Path],
    internal: Sequence[str] = (),
    made_of: Mapping[str, Any] | None = None,
) -> None:
    """Write into a record the hashes of its stage's files, and their origin (`made_of`)."""
    logs = record.parent / "logs"
    files = {
        path.relative_to(record.parent).as_posix(): file_hash(path)
        for path in paths
        if path.is_file() and path != record and path.parent != logs
    }
    content = read_record(record) | {FILES: dict(sorted(files.items()))}
    if internal:
        content[INTERNAL] = list(internal)
    if made_of is not None:
        content[MADE_OF] = made_of
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
    for name, recorded_hash in record_content[FILES].items():
        path = record.parent / name
        if not path.is_file():
            problems[name] = "missing"
        elif file_hash(path) != recorded_hash:
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


UNSEALED_FOLDERS = ("logs", "opensim", "rows")
"""Folders of results that belong to no stage: logs, and files written on request."""

FOLDER_STAMP = ".snakemake_timestamp"
"""File whose time Snakemake takes for that of a folder."""

MARKER_FILES = ("registry.json", FOLDER_STAMP)
"""Files next to records that are no results."""

KIND_MEANINGS = {
    "missing": "is not there",
    "damaged": "is not what the stage wrote",
    "outdated": "is of other recordings, settings or earlier results than there are now",
    "failed": "is of an internal error, and what it stopped is not computed",
    "foreign": "is of no stage: aqbio never reads it",
}


def records_read(
    study: Study, participant_id: str, stage: str, *, direct: bool = False
) -> list[Path]:
    """Records of the stages that a stage depends on; ``direct`` leaves out indirect ones."""
    names = STAGE_TABLE[stage].reads
    if direct:
        names = tuple(
            name for name in names if not any(name in STAGE_TABLE[by].reads for by in names)
        )
    if not participant_id:
        people = [participant.participant_id for participant in study.participants]
        of_people = [name for name in names if name in PARTICIPANT_STAGES]
        records = [study.manifest(person, name) for person in people for name in of_people]
        return records + [study.manifest("", name) for name in names if name in STUDY_STAGES]
    described = STAGE_TABLE[stage]
    sessions = study.sessions_of(participant_id) if described.reads_sessions else (participant_id,)
    records = [study.manifest(person, name) for person in sessions for name in names]
    if described.compares_models:
        other_studies = compared_studies(study, participant_id)
        records += [
            other_study.manifest(participant_id, "contributions") for other_study in other_studies
        ]
    return records


def _recordings(study: Study, participant_id: str) -> Iterator[Path | None]:
    """Files of markers, angles and forces; those of virtual sprinters are made by the workflow."""
    for trial in () if study.is_virtual else study.trials_of(participant_id):
        yield from (study.recording(trial), study.forces(trial))


GIVEN_FILES: dict[str, Callable[[Study, str], Iterable[Path | None]]] = {
    "recordings": _recordings,
    "model": lambda study, participant_id: [study.model_file(participant_id)],
    "map": lambda study, _: [study.map_file],
    "markers": lambda study, participant_id: [study.recorded_with(participant_id).marker_file],
    "bones": lambda study, participant_id: mesh_files(study.model_file(participant_id)).values(),
    "registry": lambda study, _: [study.registry_file],
    "strength": lambda study, _: [study.strength_file],
    "reference": lambda study, _: [study.reference_file],
}
"""Kinds of files that no stage has written, by study and participant."""


def files_read(study: Study, participant_id: str, stage: str) -> list[Path]:
    """Files that a stage reads and no stage has written, whether they exist or not."""
    kinds = STAGE_TABLE[stage].files
    return [path for kind in kinds for path in _files_of_kind(study, participant_id, kind)]


def _files_of_kind(study: Study, participant_id: str, kind: str) -> list[Path]:
    try:
        return [path for path in GIVEN_FILES[kind](study, participant_id) if path is not None]
    except AqbioError:  # of a map or a model that cannot be read: the stage says so
        return []


def given_content(study: Study, participant_id: str, kind: str) -> list[str]:
    """Content of given files of one kind: what results call each, and its hash.

    Rules have this in their parameters, not the files in their inputs: neither the time of a file
    nor the letters of its path mean anything then. A file that cannot be opened now counts as the
    one that finished results were computed from.
    """
    names = given_files(study, participant_id)
    lines = []
    for path in _files_of_kind(study, participant_id, kind):
        name = names.get(path, path.name)
        content = _content(path)
        if content.endswith(UNREADABLE):
            content = _content_when_prepared(study, participant_id).get(name, content)
        lines.append(f"{name}: {content}")
    return lines


UNREADABLE = "Error"
"""End of what stands in place of the hash of a file that could not be opened."""


def _content(path: Path) -> str:
    try:
        return file_hash(path)
    except OSError as error:  # missing, a folder, not to be read: the stage says so
        return type(error).__name__


def _content_when_prepared(study: Study, participant_id: str) -> dict[str, str]:
    """Hashes of the files that a participant's finished results were computed from, by name."""
    record = read_record(study.manifest(participant_id, "prepare")) if participant_id else {}
    lines = record.get(MADE_OF, {}).get(FILES, ())
    return dict(line.rpartition(": ")[::2] for line in lines)


FILE_ABSENT = "file-absent"


def absent_files(study: Study, participant_id: str) -> list[Finding]:
    """Files that finished results were computed from and that cannot be opened now."""
    names = given_files(study, participant_id)
    before = _content_when_prepared(study, participant_id)
    return [
        Finding(
            rule=FILE_ABSENT,
            severity="error",
            what=f"{name} cannot be opened now; the results computed from it are kept.",
            participant=participant_id,
            file=str(path),
            fix="put the file back or connect its drive; for results without it, set include = no "
            "for its trial.",
            label=name,
        )
        for path in files_read(study, participant_id, "prepare")
        if _content(path).endswith(UNREADABLE)
        and not before.get(name := names.get(path, path.name), UNREADABLE).endswith(UNREADABLE)
    ]


def refuse_loss(absent: Iterable[Finding]) -> None:
    """Refuse to prepare people again whose results were computed from files that are away."""
    if listed := "\n".join(map(str, causes(absent))):
        what = "computing again would lose results that cannot be computed now."
        raise RunStoppedError(f"{what}\n{listed}", rule=FILE_ABSENT)


def settings_content(study: Study, sections: Iterable[str]) -> str:
    """Sections of the settings and the version of aqbio, as JSON."""
    names = tuple(sections)
    if names not in study.cache:  # the same for every participant
        plain = {name: as_plain_data(name, getattr(study.settings, name)) for name in names}
        content = {"aqbio": __version__, **plain}
        study.cache[names] = json.dumps(content, ensure_ascii=False, sort_keys=True)
    text: str = study.cache[names]
    return text


def sheet_rows(study: Study, participant_id: str) -> str:
    """A participant's rows of both sheets, as JSON."""
    rows = [study.participant(participant_id), *study.trials_of(participant_id)]
    content = [row.model_dump(mode="json") for row in rows]
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def made_of(study: Study, participant_id: str, stage: str) -> dict[str, Any]:
    """Origin of a stage's results if computed now: settings, records, given files."""
    described, records = STAGE_TABLE[stage], records_read(study, participant_id, stage)
    return {
        "settings": digest(settings_content(study, described.settings)),
        "rows": digest(sheet_rows(study, participant_id)) if described.reads_rows else "",
        "records": {
            record.relative_to(study.root).as_posix(): read_record(record).get(SEAL, "")
            for record in records
        },
        "files": [
            line for kind in described.files for line in given_content(study, participant_id, kind)
        ],
    }


def is_outdated(study: Study, participant_id: str, stage: str, content: Mapping[str, Any]) -> bool:
    """Tell whether settings, files or earlier results have changed since a record was written.

    A missing earlier record does not count: it may be restored unchanged.
    """
    recorded_sources = content[MADE_OF]
    now = made_of(study, participant_id, stage)
    same_records = recorded_sources["records"].keys() == now["records"].keys() and all(
        seal in ("", recorded_sources["records"][name]) for name, seal in now["records"].items()
    )
    return not same_records or any(
        recorded_sources[part] != now[part] for part in ("settings", "rows", "files")
    )


def report_outdated(
    study: Study, participant_id: str, stage: str, report: Callable[[str], None]
) -> None:
    """Say which earlier stages of a participant have other recordings, rows or settings now."""
    for name in STAGE_TABLE[stage].reads:
        content = read_record(study.manifest(participant_id, name))
        if MADE_OF in content and is_outdated(study, participant_id, name, content):
            report(
                f"{participant_id}: warning: recordings, sheets or settings of stage {name} have "
                f"changed since it ran; aqbio run {study.file.parent} computes it again."
            )
            return


def table_files(study: Study, stage: str) -> list[Path]:
    """Tables of the study that a stage writes, each with its sidecar."""
    names = STAGE_TABLE[stage].tables
    return [study.table(f"{name}{end}") for name in names for end in (".tsv", ".json")]


def every_job(study: Study) -> Iterator[tuple[Study, str, str]]:
    """All jobs of a study: study or study on another model, participant or "", stage."""
    for participant in study.participants:
        participant_id = participant.participant_id
        for other_study in compared_studies(study, participant_id):
            yield from (
                (other_study, participant_id, stage.name)
                for stage in PARTICIPANT
                if stage.each_model
            )
        yield from ((study, participant_id, stage.name) for stage in PARTICIPANT)
    yield from ((study, "", stage.name) for stage in STUDY)


PLANS = frozenset({"-n", "--dry-run", "--dryrun"})
"""Options of snakemake that show what a run would do."""

INSPECTIONS = PLANS | frozenset(
    {
        "--dag",
        "--rulegraph",
        "--filegraph",
        "--d3dag",
        "--summary",
        "--detailed-summary",
        "-D",
        "--list-rules",
        "-l",
        "--list-target-rules",
        "--lint",
        "--report",
        "--unlock",
        "--list-changes",
        "--list-untracked",
        "--delete-all-output",
    }
)
"""Options of snakemake that show something, or change only what it keeps itself."""


def tidy_results(study: Study) -> None:
    """Claim the results and remove damaged or outdated ones, before a run."""
    refuse_special_paths(study)
    claim_results(study)
    remove_unsound_records(study)
    put_times_in_order(study)
    keep_hashes(_hash_memory(study))


def _hash_memory(study: Study) -> Path:
    return study.root / "logs" / "hashes.json"


def records_to_make(study: Study) -> list[Path]:
    """Records that a run would make: missing or unsound ones, and those that rest on them.

    Nothing is changed, and another run may work on the results.
    """
    recall_hashes(_hash_memory(study))
    records: dict[Path, None] = {}
    for on, participant_id, stage in jobs_in_order(study):
        record = on.manifest(participant_id, stage)
        if (
            not record.exists()
            or not records.keys().isdisjoint(records_read(on, participant_id, stage))
            or _is_unsound(on, participant_id, stage)
        ):
            records[record] = None
    return list(records)


def remove_unsound_records(study: Study) -> None:
    """Remove records of results that were damaged, deleted or edited, or are outdated."""
    for on, participant_id, stage in jobs_in_order(study):
        if _is_unsound(on, participant_id, stage):
            on.manifest(participant_id, stage).unlink()


def _is_unsound(study: Study, participant_id: str, stage: str) -> bool:
    """Tell whether there is a record of results that were damaged or edited, or are outdated."""
    record = study.manifest(participant_id, stage)
    content = read_record(record)
    return record.exists() and (
        bool(broken(record, content))
        or INTERNAL in content
        or is_outdated(study, participant_id, stage, content)
    )


def jobs_in_order(study: Study) -> list[tuple[Study, str, str]]:
    """All jobs of a study, each after the jobs whose results it reads."""
    return sorted(every_job(study), key=lambda job: (STAGES.index(job[2]), not job[0].within))


def put_times_in_order(study: Study) -> None:
    """Set the time of results to now if it lies in the future or before that of their inputs.

    Copies, archives and other machines' clocks mix times up. Applied to sound records only: their
    content decides, and Snakemake, which compares times first, then agrees.
    """
    now = time.time()
    for on, participant_id, stage in jobs_in_order(study):
        record = on.manifest(participant_id, stage)
        if not record.exists():
            continue
        outputs = [record, *_other_outputs(on, participant_id, stage)]
        times = [path.stat().st_mtime for path in outputs]
        before = records_read(on, participant_id, stage)
        newest = max((path.stat().st_mtime for path in before if path.exists()), default=0.0)
        if max(times) > now or min(times) < newest:
            for path in outputs:
                os.utime(path)


def _other_outputs(study: Study, participant_id: str, stage: str) -> Iterator[Path]:
    """Outputs of a job other than its record: tables, time stamps of folders, benchmark."""
    folders = [
        study.manifest(participant_id, stage).parent / folder
        for folder in STAGE_TABLE[stage].folders
    ]
    stamps = (
        folder / FOLDER_STAMP if (folder / FOLDER_STAMP).exists() else folder for folder in folders
    )
    tables = table_files(study, stage) if not participant_id else ()
    log = benchmark_file(study, participant_id, stage)
    yield from (path for path in (*stamps, *tables, log) if path.exists())


def benchmark_file(study: Study, participant_id: str, stage: str) -> Path:
    """Path of Snakemake's benchmark of a job: run time and memory."""
    logs = study.results_folder / study.settings.name / "logs"
    return (
        logs / stage / study.within / f"{participant_id}.tsv"
        if participant_id
        else logs / f"{stage}.tsv"
    )


SPECIAL_PATH_PARTS = re.compile(r"\{[^{}]*\}|<[a-z][a-z0-9_]*>")
"""Parts of a path that Snakemake replaces: wildcards and path variables."""


def rule_path(path: Path, working_folder: Path | None = None) -> str:
    """Path as rules write it: relative to the working folder if it lies below."""
    base = working_folder or Path.cwd()
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()


def working_folder(study: Study) -> Path | None:
    """Folder that Snakemake has to work in instead of this one; None where this one will do.

    It writes here, and takes parts of the names of folders for something else: seen from where
    all results lie, there are none of these.
    """
    needed = SPECIAL_PATH_PARTS.search(rule_path(study.root)) or not is_writable(Path.cwd())
    return study.root.parent if needed and study.root.is_absolute() else None


def refuse_special_paths(study: Study, working_folder: Path | None = None) -> None:
    """Refuse folders in which rules write and whose names Snakemake would replace by others.

    ``working_folder`` is where Snakemake runs; by default the current folder.
    """
    written = {"results": study.root} | ({"recordings": study.data} if study.is_virtual else {})
    for purpose, folder in written.items():
        if part := SPECIAL_PATH_PARTS.search(rule_path(folder, working_folder)):
            raise AqbioError(
                f"the folder of the {purpose} has {part[0]} in its path, which Snakemake would "
                "replace by something else.",
                file=str(folder),
                fix="rename that folder, or give files.data and results other ones in study.yaml.",
                rule="path-special",
            )


def claim_results(study: Study) -> None:
    """Refuse other runs in these results until this process ends, and another study of the name."""
    note, root = study.root / STUDY_NOTE, study.root.resolve()
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
    other_root = root / note.read_text(encoding="utf-8")
    if (
        other_root.is_file()
        and not other_root.samefile(study.file)
        and _root_of(other_root) == root
    ):
        raise RunStoppedError(
            f"these are results of another study of the same name, {os.path.normpath(other_root)}: "
            "they would be written over.",
            file=str(study.root),
            fix="give one of the two another name, or run it in another folder.",
            rule="results-of-another",
        )
    with writing(note):
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


@dataclass(frozen=True, slots=True)
class ResultProblem:
    """A missing, damaged, outdated, failed or foreign file."""

    file: Path
    kind: Kind
    stage: str = ""
    participant: str = ""
    """stage, participant: Empty for a foreign file; the latter for a stage of the study too."""

    def __str__(self) -> str:
        owner = f"{self.participant} {self.stage}".strip()
        return f"{self.kind}: {f'{owner}: ' if owner else ''}{self.file} {KIND_MEANINGS[self.kind]}"


def result_problems(study: Study) -> list[ResultProblem]:
    """Problems with the results of a study, including files that are no results."""
    problems, recorded = [], set()
    for on, participant_id, stage in every_job(study):
        record = on.manifest(participant_id, stage)
        content = read_record(record)
        recorded |= {record, *(record.parent / name for name in content.get(FILES, {}))}
        wrong = broken(record, content)
        if not wrong and is_outdated(on, participant_id, stage, content):
            wrong = {RECORD: "outdated"}
        for name, kind in wrong.items():
            file = record if name == RECORD else record.parent / name
            problems.append(ResultProblem(file, kind, stage, participant_id))
        logs = (on.root / "logs" / name for name in content.get(INTERNAL, ()))
        problems += [ResultProblem(log, "failed", stage, participant_id) for log in logs]
    return [
        *problems,
        *(ResultProblem(file, "foreign") for file in _unrecorded_files(study, recorded)),
    ]


def _unrecorded_files(study: Study, recorded: set[Path]) -> Iterator[Path]:
    """Files among the results that no record names."""
    for path in sorted(study.root.rglob("*")):
        unsealed = (
            path.relative_to(study.root).parts[0] in UNSEALED_FOLDERS or path.name in MARKER_FILES
        )
        if path.is_file() and path not in recorded and not unsealed and PARTIAL not in path.name:
            yield path
