"""A study's results in one file, and the numbers of a study compared with such a file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from aqbio.boundary import reads
from aqbio.errors import AqbioError, listed
from aqbio.faults import RunStoppedError
from aqbio.io.atomic import atomic_path
from aqbio.io.provenance import file_hash, git_commit, given_files, published, versions
from aqbio.io.study import Study
from aqbio.io.tables import MISSING, read_table
from aqbio.stage_table import PARTICIPANT_STAGES, STAGES, STUDY_STAGES
from aqbio.study.deposit import CRATE, crate
from aqbio.study.jobs import FILES, as_json, read_record, result_problems
from aqbio.version import __version__

REGISTRY_RECORD = "registry.json"
"""Record of the registry at the time when the data were first read."""

FACTS_FILE = "archive.json"
"""Origin of the results: settings, versions, hashes of input files and of all results."""

RESULT_SUFFIXES = (".tsv", ".json", ".svg", ".pdf", ".png")
"""Suffixes of the tables and figures that are archived."""

RESULT_FOLDERS = ("tables/", "figures/")
"""Folders of these files."""

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""Time of every file in an archive, so that the same results give the same bytes."""

MAX_ARCHIVE_BYTES = 2**33
"""Largest unpacked size of an archive, bytes."""


def write_archive(study: Study, path: Path) -> int:
    """Write a study's archive and give its number of files; refuses missing or damaged results."""
    if wrong := [problem for problem in result_problems(study) if problem.kind != "foreign"]:
        raise RunStoppedError(
            f"{len(wrong)} results are not what they should be, the first: {wrong[0]}.",
            fix=f"`aqbio run {study.file}`, then archive it.",
            rule="archive-unsound",
        )
    files = sorted(_archived_files(study))
    names = [FACTS_FILE, *(file.relative_to(study.root).as_posix() for file in files)]
    described = crate(study, names, read_record(study.root / REGISTRY_RECORD)["recorded"])
    with (
        atomic_path(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        _add(archive, CRATE, as_json(described).encode())
        _add(archive, FACTS_FILE, as_json(facts(study)).encode())
        for name, file in zip(names[1:], files, strict=True):
            _add(archive, name, file.read_bytes())
    return 2 + len(files)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, ZIP_TIME), content, zipfile.ZIP_DEFLATED)


def _archived_files(study: Study) -> Iterator[Path]:
    """Records of all stages, tables and figures."""
    yield study.root / REGISTRY_RECORD
    for participant in study.participants:
        yield from (
            study.manifest(participant.participant_id, stage) for stage in PARTICIPANT_STAGES
        )
    for stage in STUDY_STAGES:
        record = study.manifest("", stage)
        yield record
        for name in read_record(record)[FILES]:
            if name.startswith(RESULT_FOLDERS) and name.endswith(RESULT_SUFFIXES):
                yield record.parent / name


def facts(study: Study) -> dict[str, Any]:
    """Origin and hashes of the results of a study, without names of persons."""
    people = [participant.participant_id for participant in study.participants]
    records = {
        f"{participant_id} {stage}": study.manifest(participant_id, stage)
        for participant_id in people
        for stage in STAGES
    }
    records |= {stage: study.manifest("", stage) for stage in STUDY_STAGES}
    records_read = {name: read_record(path) for name, path in records.items()}
    settings: dict[str, Any] = {}
    for stage in STAGES:
        settings |= study.stage_settings(stage)
    return {
        "name": study.settings.name,
        "aqbio": __version__,
        "commit": git_commit(),
        "versions": versions(),
        "settings": published(study, settings),
        "rows": {participant_id: _rows(study, participant_id) for participant_id in people},
        "inputs": {
            label: file_hash(path)
            for path, label in sorted(given_files(study).items(), key=lambda item: item[1])
            if path.is_file()
        },
        "results": {
            name: record[FILES] for name, record in records_read.items() if FILES in record
        },
    }


def _rows(study: Study, participant_id: str) -> dict[str, Any]:
    """Values of a participant's rows, without files and identity."""
    person = study.participant(participant_id).model_dump(mode="json", exclude={"person"})
    trials = {
        trial.trial_id: trial.model_dump(mode="json", exclude={"participant_id", "trial_id"})
        for trial in study.trials_of(participant_id)
    }
    rows: dict[str, Any] = published(study, person | {"trials": trials}, participant_id)
    return rows


@reads("an archive of aqbio", "make it again with `aqbio archive`.", MAX_ARCHIVE_BYTES)
def unpacked(path: Path, folder: Path) -> dict[str, Any]:
    """Unpack an archive into a folder and give its facts."""
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
        if FACTS_FILE in archive.namelist() and size <= MAX_ARCHIVE_BYTES:
            archive.extractall(folder)  # which keeps names with ".." inside the folder
    if content := read_record(folder / FACTS_FILE):
        _refuse_altered(path, folder, content)
        return content
    raise AqbioError(
        "the file is no archive of aqbio.",
        file=str(path),
        fix="make it with `aqbio archive`.",
        rule="archive-format",
    )


def _refuse_altered(path: Path, folder: Path, archived: Mapping[str, Any]) -> None:
    """Refuse an archive in which a result is not what the archive says that it was."""
    recorded = {
        name: digest
        for stage in STUDY_STAGES
        for name, digest in archived.get("results", {}).get(stage, {}).items()
    }
    altered = [
        name
        for name, digest in recorded.items()
        if (folder / name).is_file() and file_hash(folder / name) != digest
    ]
    if altered:
        raise AqbioError(
            f"{listed(altered)} of the archive differ from the checksums that it holds.",
            file=str(path),
            fix="take another copy of the archive; no run can mend it.",
            rule="archive-altered",
        )


MAX_RELATIVE_DIFFERENCE = 1e-6
"""Of the largest value of a column: other processors and libraries sum in another order, which
eigenvalues and fits make up to a thousand times larger than the 1e-15 of one sum; the smallest
difference of practical interest is 1e-3."""

COMPARED_FACTS = ("aqbio", "commit", "versions", "settings", "rows", "inputs")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Results of a study compared with an archive of it."""

    identical_tables: int
    """Tables with the same bytes."""
    close: tuple[str, ...]
    """Tables whose numbers differ by less than the tolerance, each with its largest difference."""
    different: tuple[str, ...]
    """Differences from the archived results, one line per column."""
    identical_figures: int
    """Figures with the same bytes as in the archive."""
    figures: int
    reasons: tuple[str, ...]
    """Changes of settings, rows, files and versions since the archive."""


def compared(study: Study, archive: Path, tolerance: float = MAX_RELATIVE_DIFFERENCE) -> Comparison:
    """Compare every table with an archive's, relative to a column's largest value."""
    with TemporaryDirectory(prefix="aqbio-archive-", ignore_cleanup_errors=True) as folder:
        before = Path(folder)
        archived = unpacked(archive, before)
        ours, theirs = _files(study.root, ".tsv"), _files(before, ".tsv")
        different = [f"{name}: only in the archive" for name in sorted(theirs - ours)]
        different += [f"{name}: not in the archive" for name in sorted(ours - theirs)]
        identical_count, close = 0, []
        for name in sorted(ours & theirs):
            current_path, earlier_path = study.root / name, before / name
            if current_path.read_bytes() == earlier_path.read_bytes():
                identical_count += 1
                continue
            largest, differences = _differences(
                read_table(current_path), read_table(earlier_path), tolerance
            )
            different += [f"{name}: {difference}" for difference in differences]
            close += (
                [] if differences else [f"{name} ({largest:.1g} of the largest value of a column)"]
            )
        figures = _files(before, ".svg") | _files(before, ".pdf")
        identical = [
            name
            for name in figures
            if (current_file := study.root / name).is_file()
            and current_file.read_bytes() == (before / name).read_bytes()
        ]
    reasons = _reasons(facts(study), archived)
    return Comparison(
        identical_count,
        tuple(close),
        tuple(different),
        len(identical),
        len(figures),
        tuple(reasons),
    )


def _files(root: Path, suffix: str) -> set[str]:
    paths = (path for name in ("tables", "figures") for path in (root / name).glob(f"*{suffix}"))
    return {path.relative_to(root).as_posix() for path in paths}


def _differences(
    current: pd.DataFrame, earlier: pd.DataFrame, tolerance: float
) -> tuple[float, list[str]]:
    """Largest difference relative to a column's largest value, and differences beyond it."""
    if list(current.columns) != list(earlier.columns):
        return np.inf, ["it has other columns"]
    if len(current) != len(earlier):
        return np.inf, [f"{len(current)} rows, {len(earlier)} in the archive"]
    largest, differences = 0.0, []
    for name in current.columns:
        ours, theirs = current[name], earlier[name]
        if all(column.dtype.kind in "iufb" for column in (ours, theirs)):
            deviation = _relative_differences(
                ours.to_numpy(dtype=float), theirs.to_numpy(dtype=float)
            )
        else:
            words = (column.astype(str).fillna(MISSING).to_numpy() for column in (ours, theirs))
            deviation = np.where(np.not_equal(*words), np.inf, 0.0)
        if (beyond := deviation > tolerance).any():
            row = int(deviation.argmax())
            differences.append(
                f"{beyond.sum()} of {len(deviation)} cells of {name}, most in row {row + 1}: "
                f"{ours.iloc[row]}, {theirs.iloc[row]} in the archive"
            )
        else:
            largest = max(largest, float(deviation.max(initial=0.0)))
    return largest, differences


def _relative_differences(
    ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Differences relative to the largest value; infinite where only one is missing or infinite."""
    with np.errstate(invalid="ignore"):
        scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0)
        deviation = np.abs(ours - theirs) / (scale or 1.0)
    identical = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    return np.where(identical, 0.0, np.where(np.isfinite(deviation), deviation, np.inf))


def _reasons(current: Mapping[str, Any], earlier: Mapping[str, Any]) -> Iterator[str]:
    """Differences in the origin of results: settings, rows, recordings, versions."""
    for part in COMPARED_FACTS:
        ours, theirs = (
            dict(_flat(part, facts_of_study.get(part))) for facts_of_study in (current, earlier)
        )
        names = [name for name in {**theirs, **ours} if ours.get(name) != theirs.get(name)]
        if part == "inputs" and names:
            yield f"other files: {listed([name.removeprefix('inputs.') for name in names])}"
            continue
        for name in names:
            yield f"{name}: {ours.get(name, 'none')}, {theirs.get(name, 'none')} in the archive"


def _flat(name: str, content: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _flat(f"{name}.{key}", value)
    else:
        yield name, content
