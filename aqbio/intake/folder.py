"""What a folder of recordings contains, file by file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from aqbio.boundary import refuse_unwritable_name
from aqbio.errors import AqbioError
from aqbio.intake.sessions import NOT_READ, SETTINGS, VideoSession, read_session
from aqbio.io.mot import Storage, read_storage, text_lines
from aqbio.io.mot_forces import (
    ExternalLoads,
    force_column,
    groups_by_name,
    is_external_loads,
    read_external_loads,
)
from aqbio.io.movement import is_static, standing_part
from aqbio.io.opensim_xml import model_names
from aqbio.io.recording import Recording
from aqbio.io.trc import storage_labels
from aqbio.io.trial_files import read_recording
from aqbio.labels.geometry import computed_points
from aqbio.recordings.body_size import Lengths
from aqbio.recordings.shared_frames import Movement
from aqbio.study.internal import contained


@dataclass(frozen=True, slots=True)
class MarkerFacts:
    """A marker recording."""

    file: Path
    """Relative to the folder."""
    labels: tuple[str, ...]
    frames: int
    rate: float
    """Hz."""
    first_time: float
    """On the file's own clock, s."""
    still: bool
    """Whether the person stands still."""
    plates: int
    """Force plates in the file itself."""
    movement: Movement = field(default_factory=Movement, compare=False)
    """Identifies the recording, and copies of it."""
    lengths: Lengths = field(default_factory=Lengths, compare=False)
    """Identifies the person."""
    computed: frozenset[str] = frozenset()
    """Labels of points that other software computed."""
    body: Mapping[str, float] = field(default_factory=dict, compare=False)
    """Body mass, kg, and stature, m, that the file states, by column of participants.tsv."""

    @property
    def seconds(self) -> float:
        """Length of the recording, s."""
        return (self.frames - 1) / self.rate


def marker_facts(path: Path, file: Path) -> MarkerFacts:
    """Read a C3D or TRC file and keep what is needed to sort it."""
    recording = read_recording(path)
    computed = computed_points(recording.positions, _axes(recording.labels))
    return MarkerFacts(
        file=file,
        labels=recording.labels,
        frames=len(recording.positions),
        rate=recording.rate,
        first_time=recording.first_time,
        still=stands_still(recording, file),
        plates=0 if recording.forces is None else len(recording.forces.numbers),
        movement=Movement.of(recording.labels, recording.positions, recording.rate),
        lengths=Lengths.of(recording.labels, recording.positions),
        computed=frozenset(recording.labels[index] for index in computed),
        body=recording.body,
    )


STANDING_NAME = re.compile(r"(?<![a-z])(static|standing|calib?(ration)?|[ant][-_ ]?pose)(?![a-z])")
"""Words of file names that call a recording a static trial."""


def stands_still(recording: Recording, file: Path) -> bool:
    """Whether it is a static trial: all of it, or a part where its name says so."""
    if is_static(recording.positions):
        return True
    named = STANDING_NAME.search(file.stem.casefold())
    return bool(named) and standing_part(recording.positions, recording.rate) is not None


def _axes(labels: Sequence[str]) -> set[frozenset[int]]:
    """Labels that differ only in a last X, Y and Z."""
    places = {label.upper(): index for index, label in enumerate(labels)}
    ends = ([name[:-1] + axis for axis in "XYZ"] for name in places if name[-1:] == "X")
    return {frozenset(map(places.__getitem__, one)) for one in ends if places.keys() >= set(one)}


MARKERS, STORAGES, MODELS = (".c3d", ".trc"), (".mot", ".sto"), (".osim",)
TABLE = ".tsv"
"""Exports of QTM, sheets of studies, and anything else."""

SHEET_COLUMNS = {"participant_id", "trial_id"}


def is_sheet(path: Path) -> bool:
    """Whether a table is one of a study, which is no recording."""
    first = next(iter(text_lines(path)), "")
    return not SHEET_COLUMNS.isdisjoint(cell.strip() for cell in first.split("\t"))


FEWEST = 6
"""A table of fewer points than this is no recording of markers."""

LOADS = ".xml"

PELVIS_COORDINATES = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
"""Columns by which coordinates of a model are recognised."""


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """A file of forces, or of coordinates."""

    file: Path
    """Relative to the folder."""
    start: float
    end: float
    """start, end: First and last instant, s."""
    rate: float
    """Hz."""
    columns: tuple[str, ...] = ()
    """Of coordinates, those that are no force, point or moment."""
    described: Path | None = None
    """File of external loads that says which columns of forces are whose foot."""

    @property
    def cell(self) -> str:
        """What the column force_file names: the description, where there is one."""
        return (self.described or self.file).as_posix()


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that is left out, and why."""

    file: Path
    why: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class FolderContent:
    """Contents of a folder by kind; paths relative to the folder."""

    markers: tuple[MarkerFacts, ...]
    forces: tuple[StorageFacts, ...]
    coordinates: tuple[StorageFacts, ...]
    models: tuple[Path, ...]
    unusable: tuple[Unusable, ...]
    """Recordings that cannot be read, and storages of another kind."""
    others: int
    """Files of kinds that no study needs."""
    sessions: tuple[VideoSession, ...] = ()
    """Folders of video systems."""


def folder_content(folder: Path) -> FolderContent:
    """Look at every file of a folder and of the folders in it."""
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
    described: dict[Path, ExternalLoads] = {}
    models, sessions, others = [], [], 0
    for path in _files(folder):
        file, suffix = path.relative_to(folder), path.suffix.lower()
        try:
            with contained(None, "new", str(file)):
                refuse_unwritable_name(file)
                if suffix == TABLE and is_sheet(path):
                    others += 1
                elif suffix in (*MARKERS, TABLE):
                    markers.append(marker_facts(path, file))
                elif suffix in STORAGES:
                    storage = read_storage(path)
                    groups = groups_by_name(storage.columns, path.name)
                    if len(storage_labels(storage.columns)) >= FEWEST and not groups:
                        markers.append(marker_facts(path, file))
                    else:
                        for kind, facts in _storage(storage, path, file).items():
                            storages[kind].append(facts)
                elif suffix == LOADS and is_external_loads(path):
                    described[file] = read_external_loads(path)
                elif suffix in MODELS:
                    model_names(path)  # a model that cannot be read is of no use
                    models.append(file)
                elif path.name.casefold() in SETTINGS:
                    sessions += read_session(path, file)
                elif suffix in NOT_READ:
                    unusable.append(Unusable(file, NOT_READ[suffix]))
                else:
                    others += 1
        except AqbioError as error:
            known = error.rule == "file-name"
            unusable.append(Unusable(Path(error.file) if known else file, error.what, error.fix))
    forces = [_described(one, folder, described, unusable) for one in storages["forces"]]
    return FolderContent(
        markers=tuple(markers),
        forces=tuple(forces),
        coordinates=tuple(storages["coordinates"]),
        models=tuple(models),
        unusable=tuple(unusable),
        others=others,
        sessions=tuple(sessions),
    )


def _files(folder: Path) -> Iterator[Path]:
    """Files by name; hidden ones and the results of a study of ours are left out."""
    made = (one for one in folder.rglob("participants") if one.is_dir())
    results = [place.parent for place in made if any(place.glob("*/prepare.json"))]
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        ours = any(path.is_relative_to(place) for place in results)
        if path.is_file() and not hidden and not ours:
            yield path


def _storage(storage: Storage, path: Path, file: Path) -> dict[str, StorageFacts]:
    """Forces, coordinates, or both in one file; OpenSim exports angles that are zero throughout."""
    span = float(storage.time[-1] - storage.time[0])
    rate = (len(storage.time) - 1) / span if span > 0.0 else 0.0
    start, end = float(storage.time[0]), float(storage.time[-1])
    groups = groups_by_name(storage.columns, path.name)
    plates = {group.plate for group in groups}
    read = ((name, force_column(name)) for name in storage.columns)
    angles = tuple(name for name, own in read if own is None or own.plate not in plates)
    found = {}
    if any(np.any(storage.column(name)) for group in groups for name in group.force):
        found["forces"] = StorageFacts(file, start, end, rate, storage.columns)
    plain = {part for column in angles for part in column.split("/")}
    moves = any(np.ptp(storage.column(name)) > 0.0 for name in angles)
    if plain.issuperset(PELVIS_COORDINATES) and moves:
        found["coordinates"] = StorageFacts(file, start, end, rate, angles)
    if not found:
        known = bool(groups) or plain.issuperset(PELVIS_COORDINATES)
        what = "its forces are zero and its coordinates constant: nothing was recorded in it."
        if not known:
            what = "no columns are forces, such as ground_force_vx, or coordinates of a model."
        raise AqbioError(what, file=path.name, rule="force-columns")
    return found


def _described(
    forces: StorageFacts,
    folder: Path,
    described: Mapping[Path, ExternalLoads],
    unusable: list[Unusable],
) -> StorageFacts:
    """Add the file of external loads that names a force file, if it fits; the first of several."""
    place = (folder / forces.file).resolve()
    for file, loads in sorted(described.items()):
        if loads.data.resolve() != place:
            continue
        try:
            loads.groups(forces.columns)
        except AqbioError as error:
            unusable.append(Unusable(file, error.what))
            continue
        return replace(forces, described=file)
    return forces
