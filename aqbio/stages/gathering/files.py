"""What a folder of recordings holds, file by file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aqbio.errors import AqbioError
from aqbio.io.force_columns import force_groups
from aqbio.io.mot import read_storage
from aqbio.stages.gathering.facts import MarkerFacts, marker_facts

MARKERS, STORAGES, MODELS = (".c3d", ".trc"), (".mot", ".sto"), (".osim",)

PELVIS_COORDINATES = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
"""Columns that tell coordinates of a model from any other storage."""


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """A file of forces, or of coordinates.

    Attributes
    ----------
    file : Path
        Relative to the folder.
    start, end : float
        First and last instant, s.
    rate : float
        Hz.
    columns : tuple of str
    """

    file: Path
    start: float
    end: float
    rate: float
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that is left out, and why."""

    file: Path
    why: str


@dataclass(frozen=True, slots=True)
class FolderContent:
    """Everything that a folder holds, by kind; paths relative to the folder.

    Attributes
    ----------
    markers : tuple of MarkerFacts
    forces, coordinates : tuples of StorageFacts
    models : tuple of Path
    unusable : tuple of Unusable
        Recordings that cannot be read, and storages of another kind.
    others : int
        Files of kinds that no study needs.
    """

    markers: tuple[MarkerFacts, ...]
    forces: tuple[StorageFacts, ...]
    coordinates: tuple[StorageFacts, ...]
    models: tuple[Path, ...]
    unusable: tuple[Unusable, ...]
    others: int


def folder_content(folder: Path) -> FolderContent:
    """Look at every file of a folder and of the folders in it.

    Raises
    ------
    AqbioError
        When the folder does not exist.
    """
    if not folder.is_dir():
        raise AqbioError(
            "the folder of the recordings does not exist.",
            file=str(folder),
            fix="give the folder that holds the C3D files, or the TRC and MOT files.",
            rule="data-folder",
        )
    markers: list[MarkerFacts] = []
    storages: dict[str, list[StorageFacts]] = {"forces": [], "coordinates": []}
    unusable: list[Unusable] = []
    models, others = [], 0
    for path in _files(folder):
        file, suffix = path.relative_to(folder), path.suffix.lower()
        try:
            if suffix in MARKERS:
                markers.append(marker_facts(path, file))
            elif suffix in STORAGES:
                kind, facts = _storage(path, file)
                storages[kind].append(facts)
            elif suffix in MODELS:
                models.append(file)
            else:
                others += 1
        except AqbioError as error:
            unusable.append(Unusable(file, error.what))
    return FolderContent(
        markers=tuple(markers),
        forces=tuple(storages["forces"]),
        coordinates=tuple(storages["coordinates"]),
        models=tuple(models),
        unusable=tuple(unusable),
        others=others,
    )


def _files(folder: Path) -> Iterator[Path]:
    """Files by name; hidden ones and the results of a study of ours are left out."""
    results = [place.parent for place in folder.rglob("participants") if _is_result(place)]
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        ours = any(path.is_relative_to(place) for place in results)
        if path.is_file() and not hidden and not ours:
            yield path


def _is_result(place: Path) -> bool:
    """Whether a folder ``participants`` holds what the stages made."""
    return place.is_dir() and any(place.glob("*/prepare.json"))


def _storage(path: Path, file: Path) -> tuple[str, StorageFacts]:
    """Read a storage and tell what it is.

    Raises
    ------
    AqbioError
        When it holds neither forces nor coordinates.
    """
    storage = read_storage(path)
    span = float(storage.time[-1] - storage.time[0])
    rate = (len(storage.time) - 1) / span if span > 0.0 else 0.0
    start, end = float(storage.time[0]), float(storage.time[-1])
    facts = StorageFacts(file, start, end, rate, storage.columns)
    plain = {part for column in storage.columns for part in column.split("/")}
    if plain.issuperset(PELVIS_COORDINATES):
        return "coordinates", facts
    force_groups(storage.columns, path.name)
    return "forces", facts
