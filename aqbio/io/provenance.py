"""Origin of a result: inputs, settings, versions, and the names of given files in results."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil

from aqbio.config.settings import Files
from aqbio.io.atomic import write_text
from aqbio.io.study import FILE_SETTINGS, MODELS, Study
from aqbio.version import __version__

LIBRARIES = ("opensim", "ezc3d", "numpy", "scipy", "pandas", "xarray", "matplotlib")


_HASHES: dict[str, tuple[list[int], str]] = {}
_EARLIER_HASHES: dict[str, tuple[list[int], str]] = {}
"""State and hash of files: by path of those asked for in this process, by hash of the path (names
of recordings may be names of persons) of those of an earlier one."""

MIN_SETTLED_AGE_NS = 2_000_000_000
"""Age of a file from which on its state tells one content from another: clocks of disks are as
coarse as this (FAT)."""


def file_hash(path: Path) -> str:
    """The first 16 hexadecimal digits of a file's SHA-256; read again when the file is another."""
    name, state = str(path), _state(path)
    if name not in _HASHES and (recalled := _EARLIER_HASHES.get(_short_hash(name))):
        _HASHES[name] = recalled
    if name not in _HASHES or _HASHES[name][0] != state:
        with path.open("rb") as stream:
            _HASHES[name] = (state, hashlib.file_digest(stream, "sha256").hexdigest()[:16])
    return _HASHES[name][1]


def _state(path: Path) -> list[int]:
    state = path.stat()
    return [state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino]


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


def recall_hashes(memory: Path) -> None:
    """Take hashes of files that have not changed since from a file that `keep_hashes` wrote."""
    try:
        hashes = json.loads(memory.read_text(encoding="utf-8"))
        _EARLIER_HASHES.update(
            {name: (state, content) for name, (state, content) in hashes.items()}
        )
    except (OSError, ValueError, AttributeError, TypeError):
        return  # there is none yet, or it is damaged


def keep_hashes(memory: Path) -> None:
    """Write down the hashes of all files that were read, for the next process."""
    latest = time.time_ns() - MIN_SETTLED_AGE_NS
    settled = {_short_hash(name): entry for name, entry in _HASHES.items() if entry[0][1] < latest}
    write_text(memory, json.dumps(settled))


@functools.cache
def versions() -> dict[str, str]:
    """The versions of aqbio, Python and the libraries that numbers depend on."""
    by_library = {"aqbio": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            by_library[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            by_library[library] = "absent"
    return by_library


@functools.cache
def git_commit() -> str:
    """The commit of aqbio's own checkout, with ``+changes`` when files differ from it."""
    root = Path(__file__).parents[2]
    try:
        if not root.samefile(_git(root, "rev-parse", "--show-toplevel")):
            return "unknown"  # installed into a checkout of something else
        commit = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+changes" if changed else commit


def version_lines() -> list[str]:
    """Version and commit, and what a report of a fault needs to know of the machine."""
    libraries = versions() | {"snakemake": metadata.version("snakemake")}
    memory_gb = psutil.virtual_memory().total / 2**30
    python = f"Python {libraries.pop('python')}, {platform.platform()}"
    return [
        f"aqbio {libraries.pop('aqbio')}",
        f"commit {git_commit()}, installed in {Path(__file__).parents[1]}",
        f"{python}, {os.cpu_count()} cores, {memory_gb:.0f} GB memory",
        ", ".join(f"{name} {number}" for name, number in libraries.items()),
    ]


def _short_names(paths: Iterable[Path], names_of_given: Mapping[Path, str]) -> dict[str, Path]:
    """Paths by name: given files by theirs, others by the shortest end that no other path has."""
    all_paths = sorted(set(paths))
    parts = {path: path.parts for path in all_paths if path not in names_of_given}
    path_by_name = {names_of_given[path]: path for path in all_paths if path in names_of_given}
    for path, parts_of_path in parts.items():
        other_parts = [candidate for candidate in parts.values() if candidate != parts_of_path]
        length = 1
        while length < len(parts_of_path) and any(
            candidate[-length:] == parts_of_path[-length:] for candidate in other_parts
        ):
            length += 1
        path_by_name["/".join(parts_of_path[-length:])] = path
    return path_by_name


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def provenance(
    stage: str,
    inputs: Iterable[Path],
    settings: Mapping[str, object],
    names_of_given: Mapping[Path, str] = MappingProxyType({}),
) -> dict[str, str]:
    """The provenance attributes of every output; inputs are named without their folders."""
    path_by_name = _short_names(inputs, names_of_given)
    return {
        "stage": stage,
        "inputs": json.dumps({name: file_hash(path) for name, path in path_by_name.items()}),
        "settings": json.dumps(settings, sort_keys=True),
        "versions": json.dumps(versions()),
        "commit": git_commit(),
    }


UNNAMED_FILE = "another file of the laboratory"
"""Name of a file that no cell and no setting names, or that shares its name with another."""


NO_PARTICIPANT = " "
"""Owner of what the settings name; no participant is called so."""


def study_provenance(study: Study, stage: str, inputs: Iterable[Path]) -> dict[str, str]:
    """Provenance of what a stage makes, in which the laboratory's files have no names."""
    return provenance(stage, inputs, study.stage_settings(stage), given_files(study))


def given_files(study: Study, participant_id: str = "") -> dict[Path, str]:
    """Names in results of the files that sheets and settings name; shipped ones keep theirs."""
    if "given" not in study.cache:  # every record asks: a study of all trials is gone through once
        study.cache["given"] = _by_owner(study)
    by_owner: dict[str, dict[Path, str]] = study.cache["given"]
    return by_owner.get(participant_id, by_owner[NO_PARTICIPANT])


def _by_owner(study: Study) -> dict[str, dict[Path, str]]:
    """Files of each participant with the study's; of `NO_PARTICIPANT` the study's, of "" all."""
    owners = {path: name for path, name in _of_settings(study) if not path.is_relative_to(MODELS)}
    names = {NO_PARTICIPANT: owners, "": dict(owners)}
    for owner, path, name in _of_sheets(study):
        for files in (names[""], names.setdefault(owner, dict(owners))):
            files.setdefault(path, name)  # a file in several cells: the first one
    return names


def _of_sheets(study: Study) -> Iterator[tuple[str, Path, str]]:
    """Participant, file and cell, of all cells that name files."""
    for participant in study.participants:
        if participant.model_file:
            file = study.model_file(participant.participant_id)
            yield participant.participant_id, file, f"model_file of {participant.participant_id}"
        if participant.marker_set:
            file = study.path_of(participant.marker_set)
            yield participant.participant_id, file, f"marker_set of {participant.participant_id}"
    for trial in study.trials:
        ids = f"{trial.participant_id} {trial.trial_id}"
        column = "coordinates_file" if trial.coordinates_file else "file"
        yield trial.participant_id, study.recording(trial), f"{column} of {ids}"
        if (forces := study.forces(trial)) is not None:
            yield trial.participant_id, forces, f"force_file of {ids}"


def _of_settings(study: Study) -> Iterator[tuple[Path, str]]:
    """Files that settings name, with the setting."""
    for section, name in FILE_SETTINGS:
        if setting := getattr(getattr(study.settings, section), name):
            path = study.path_of(setting)
            if path.is_file():
                yield path, f"{section}.{name}"


def in_ids(study: Study, content: Any, participant_id: str = "", trial_id: str = "") -> Any:
    """Plain content (texts, lists, mappings) with the laboratory's files as results call them.

    Of files with the same name in two folders, those of the content's own trial are meant.
    """
    return _with_texts(content, partial(_renamed, given_files(study, participant_id)), trial_id)


USUAL_NAMES = {
    f"files.{name}": str(Files.model_fields[name].default) for name in ("participants", "trials")
}
"""Names of the sheets, by setting, that every study has if it says nothing else: they tell no more
of a laboratory than the setting, and people know them."""


def _renamed(names_of_given: Mapping[Path, str], text: str, trial_id: str) -> str:
    """Text with every end of these paths replaced by what the file is called."""
    files = {path: label for path, label in names_of_given.items() if path.name in text}
    if not files:
        return text
    names: dict[str, set[str]] = {}
    for path, label in files.items():
        label = path.name if USUAL_NAMES.get(label) == path.name else label
        for parts in range(len(path.parts)):
            end = "/".join(path.parts[parts:]).replace("//", "/")
            names.setdefault(end, set()).add(label)
    any_of = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(
        rf"(?<![\w-])(?:{any_of})(?![\w-])",
        lambda match: _unambiguous_name(names[match[0]], trial_id),
        text,
    )


def _unambiguous_name(names: set[str], trial_id: str) -> str:
    """The only name of a file, or the only one of a trial; `UNNAMED_FILE` where neither exists."""
    if len(names) > 1:
        names = {name for name in names if name.endswith(f" {trial_id}")}
    return next(iter(names)) if len(names) == 1 else UNNAMED_FILE


PATH_START = re.compile(r"(?<![\w/.~])/(?=[^\s/])")
"""Where a path from the root on may begin."""


def published(study: Study, content: Any, participant_id: str = "", trial_id: str = "") -> Any:
    """Plain content as results may have it: no folder of this machine, no name of a given file."""
    return without_folders(in_ids(study, content, participant_id, trial_id))


def without_folders(content: Any) -> Any:
    """Plain content (texts, lists, mappings) without the folders of this machine."""
    return _with_texts(content, lambda text, _: _text_without_folders(text))


def _with_texts(content: Any, change: Callable[[str, str], str], trial_id: str = "") -> Any:
    """Plain content with every text changed, by the text and the trial that it belongs to."""
    if isinstance(content, str):
        return change(content, trial_id)
    if isinstance(content, Mapping):
        own_trial_id = str(content.get("trial_id") or content.get("trial") or trial_id)
        return {name: _with_texts(value, change, own_trial_id) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_with_texts(value, change, trial_id) for value in content]
    return content


def _text_without_folders(text: str) -> str:
    pieces, position = [], 0
    for slash_match in PATH_START.finditer(text):
        start = end = slash_match.start()
        while (slash := text.find("/", end + 1)) >= 0 and _is_folder(text[start:slash]):
            end = slash
        if end > start >= position:
            pieces.append(text[position:start])
            position = end + 1
    return "".join([*pieces, text[position:]])


def _is_folder(text: str) -> bool:
    try:
        return Path(text).is_dir()
    except (OSError, ValueError):
        return False
