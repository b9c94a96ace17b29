"""A study's results to keep: tables, figures, records and settings in one file, without raw data.

Whoever runs the same recordings elsewhere holds the numbers against it
(`aqbio.study.reproduced`).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aqbio
from aqbio.boundary import reads
from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.atomic import atomic_path
from aqbio.io.provenance import file_hash, git_commit, given_files, versions
from aqbio.io.study import Study
from aqbio.stage_table import PARTICIPANT_STAGES, STAGES, STUDY_STAGES
from aqbio.study.deposit import CRATE, crate
from aqbio.study.jobs import result_problems
from aqbio.study.places import published
from aqbio.study.seals import FILES, as_json, read_record

REGISTRY = "registry.json"
"""Record of the registry that was there when the data were first read."""

FACTS = "archive.json"
"""What the results follow from: settings, versions, hashes of what was read and of all results."""

KEPT = (".tsv", ".json", ".svg", ".pdf", ".png")
"""Ends of the files of tables and figures that are kept."""

PLACES = ("tables/", "figures/")
"""Where they lie."""

NO_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file in an archive: the same results give the same bytes."""

LARGEST = 2**33
"""Bytes of an archive, and of what it unpacks to."""


def write_archive(study: Study, path: Path) -> int:
    """Write a study's archive and give its number of files; refuses missing or damaged results."""
    if wrong := [one for one in result_problems(study) if one.kind != "foreign"]:
        raise RunStoppedError(
            f"{len(wrong)} results are not what they should be, the first: {wrong[0]}.",
            fix=f"`aqbio run {study.file}`, then archive it.",
            rule="archive-unsound",
        )
    files = sorted(_kept(study))
    names = [FACTS, *(file.relative_to(study.root).as_posix() for file in files)]
    described = crate(study, names, read_record(study.root / REGISTRY)["recorded"])
    with (
        atomic_path(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        _add(archive, CRATE, as_json(described).encode())
        _add(archive, FACTS, as_json(facts(study)).encode())
        for name, file in zip(names[1:], files, strict=True):
            _add(archive, name, file.read_bytes())
    return 2 + len(files)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, NO_TIME), content, zipfile.ZIP_DEFLATED)


def _kept(study: Study) -> Iterator[Path]:
    """Records of all stages, tables and figures."""
    yield study.root / REGISTRY
    for one in study.participants:
        yield from (study.manifest(one.participant_id, stage) for stage in PARTICIPANT_STAGES)
    for stage in STUDY_STAGES:
        record = study.manifest("", stage)
        yield record
        for name in read_record(record)[FILES]:
            if name.startswith(PLACES) and name.endswith(KEPT):
                yield record.parent / name


def facts(study: Study) -> dict[str, Any]:
    """What the results of a study follow from, and what they are, without names of persons."""
    people = [one.participant_id for one in study.participants]
    records = {f"{who} {stage}": study.manifest(who, stage) for who in people for stage in STAGES}
    records |= {stage: study.manifest("", stage) for stage in STUDY_STAGES}
    known = {name: read_record(path) for name, path in records.items()}
    settings: dict[str, Any] = {}
    for stage in STAGES:
        settings |= study.stage_settings(stage)
    return {
        "name": study.settings.name,
        "aqbio": aqbio.__version__,
        "commit": git_commit(),
        "versions": versions(),
        "settings": published(study, settings),
        "rows": {who: _rows(study, who) for who in people},
        "inputs": {
            called: file_hash(path)
            for path, called in sorted(given_files(study).items(), key=lambda one: one[1])
            if path.is_file()
        },
        "results": {name: one[FILES] for name, one in known.items() if FILES in one},
    }


def _rows(study: Study, participant_id: str) -> dict[str, Any]:
    """What a participant's rows say, without files and without who it is."""
    person = study.participant(participant_id).model_dump(mode="json", exclude={"person"})
    trials = {
        one.trial_id: one.model_dump(mode="json", exclude={"participant_id", "trial_id"})
        for one in study.trials_of(participant_id)
    }
    rows: dict[str, Any] = published(study, person | {"trials": trials}, participant_id)
    return rows


@reads("an archive of aqbio", "make it again with `aqbio archive`.", LARGEST)
def unpacked(path: Path, folder: Path) -> dict[str, Any]:
    """Unpack an archive into a folder and give its facts."""
    with zipfile.ZipFile(path) as archive:
        size = sum(one.file_size for one in archive.infolist())
        if FACTS in archive.namelist() and size <= LARGEST:
            archive.extractall(folder)  # which keeps names with ".." inside the folder
    if content := read_record(folder / FACTS):
        return content
    raise AqbioError(
        "the file is no archive of aqbio.",
        file=str(path),
        fix="make it with `aqbio archive`.",
        rule="archive-format",
    )
