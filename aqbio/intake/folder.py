"""Inventory of a folder of recordings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from aqbio.boundary import refuse_unwritable_name
from aqbio.errors import AqbioError
from aqbio.intake.sessions import SETTINGS_FILES, UNSUPPORTED_FORMATS, VideoSession, read_session
from aqbio.intake.shared_frames import Movement
from aqbio.intake.strength import is_strength_sheet
from aqbio.io.c3d import NO_MARKERS, read_c3d_plates
from aqbio.io.force_columns import force_column, groups_by_name
from aqbio.io.mot import Storage, read_storage, storage_columns, text_lines
from aqbio.io.mot_forces import GROUND_FIX, ExternalLoads, is_external_loads, read_external_loads
from aqbio.io.movement import is_static, standing_part
from aqbio.io.opensim_xml import model_names
from aqbio.io.recording import CaptureClock, Recording
from aqbio.io.trc import storage_labels
from aqbio.io.trial_files import read_recording
from aqbio.labels.geometry import computed_points
from aqbio.prepare.body_size import Lengths
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
    is_static: bool
    """True if the person stands still."""
    plates: int
    """Force plates in the file itself."""
    movement: Movement = field(default_factory=Movement, compare=False)
    """Identifies the recording, and copies of it."""
    lengths: Lengths = field(default_factory=Lengths, compare=False)
    """Identifies the person."""
    computed: frozenset[str] = frozenset()
    """Labels of points that other software computed."""
    clock: CaptureClock | None = None
    """Of a C3D file."""
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
        is_static=stands_still(recording, file),
        plates=0 if recording.forces is None else len(recording.forces.numbers),
        movement=Movement.of(recording.labels, recording.positions, recording.rate),
        lengths=Lengths.of(recording.labels, recording.positions),
        computed=frozenset(recording.labels[index] for index in computed),
        clock=recording.clock if path.suffix.lower() == C3D_SUFFIX else None,
        body=recording.body,
    )


def marker_or_plate_facts(path: Path, file: Path) -> MarkerFacts | StorageFacts:
    """Facts of a file of markers, or of a C3D file that holds force plates and no marker."""
    try:
        return marker_facts(path, file)
    except AqbioError as error:
        if error.rule != NO_MARKERS:
            raise
        try:
            forces, clock, _ = read_c3d_plates(path)
        except AqbioError:
            raise error from None
        return StorageFacts(
            file, clock.start, clock.start + clock.seconds, forces.rate, clock=clock
        )


STANDING_NAME = re.compile(r"(?<![a-z])(static|standing|calib?(ration)?|[ant][-_ ]?pose)(?![a-z])")
"""Words of file names that call a recording a static trial."""


MOVING_NAME = re.compile(r"(?<![a-z])(run(ning)?|sprint|walk(ing)?|jog(ging)?|gait)(?![a-z])")
"""Words of file names that call a recording a trial in which the person moves."""


def stands_still(recording: Recording, file: Path) -> bool:
    """Tell whether a recording is a static trial: throughout, or in part if its name says so.

    One frame is one unless its name says that the person moves, which raises AqbioError.
    """
    standing_name = STANDING_NAME.search(file.stem.casefold())
    moving_name = MOVING_NAME.search(file.stem.casefold())
    if len(recording.positions) == 1 and moving_name and not standing_name:
        raise AqbioError(
            "the file holds one frame, in which no movement is seen, and its name is not that of a "
            "static trial.",
            file=file.name,
            fix="export the whole trial; if the person stands in it, call it static.",
            rule="one-frame",
        )
    if is_static(recording.positions):
        return True
    return bool(standing_name) and standing_part(recording.positions, recording.rate) is not None


def _axes(labels: Sequence[str]) -> set[frozenset[int]]:
    """Indices of labels that differ only in a final X, Y and Z."""
    index_of_label = {label.upper(): index for index, label in enumerate(labels)}
    ends = ([name[:-1] + axis for axis in "XYZ"] for name in index_of_label if name[-1:] == "X")
    return {
        frozenset(map(index_of_label.__getitem__, triple))
        for triple in ends
        if index_of_label.keys() >= set(triple)
    }


C3D_SUFFIX = ".c3d"
MARKER_SUFFIXES, STORAGE_SUFFIXES, MODEL_SUFFIXES = (
    (C3D_SUFFIX, ".trc"),
    (".mot", ".sto"),
    (".osim",),
)
TABLE_SUFFIX = ".tsv"
"""Exports of QTM, sheets of studies, and anything else."""

SHEET_COLUMNS = {"participant_id", "trial_id"}


def is_sheet(path: Path) -> bool:
    """Tell whether a table is a sheet of a study, which is no recording."""
    first = next(iter(text_lines(path)), "")
    return not SHEET_COLUMNS.isdisjoint(cell.strip() for cell in first.split("\t"))


MIN_POINTS = 6
"""Smallest number of points in a table of marker positions."""

LOADS_SUFFIX = ".xml"

PELVIS_COORDINATES = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
"""Columns by which coordinates of a model are recognised; those of a planar one lack the last."""


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
    clock: CaptureClock | None = None
    """Of the plates of a C3D file."""
    described: Path | None = None
    """File of external loads that says which columns of forces are whose foot."""

    @property
    def cell(self) -> str:
        """Entry for the column force_file: the external loads file if there is one."""
        return (self.described or self.file).as_posix()


@dataclass(frozen=True, slots=True)
class UnusedFile:
    """A file that is left out, with the reason."""

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
    unusable: tuple[UnusedFile, ...]
    """Recordings that cannot be read, and storages of another kind."""
    other_files: int
    """Files of kinds that no study needs."""
    sessions: tuple[VideoSession, ...] = ()
    """Folders of video systems."""


def folder_content(folder: Path) -> FolderContent:
    """Read every file of a folder and its subfolders."""
    if not folder.is_dir():
        raise AqbioError(
            "the folder of the recordings does not exist.",
            file=str(folder),
            fix="give the folder that holds the C3D files, or the TRC and MOT files.",
            rule="data-folder",
        )
    markers: list[MarkerFacts] = []
    storages: dict[str, list[StorageFacts]] = {"forces": [], "coordinates": []}
    unusable: list[UnusedFile] = []
    described: dict[Path, ExternalLoads] = {}
    models, sessions, other_files = [], [], 0
    for path in _files(folder):
        file, suffix = path.relative_to(folder), path.suffix.lower()
        try:
            with contained(None, "new", str(file)):
                refuse_unwritable_name(file)
                if is_strength_sheet(path) or (suffix == TABLE_SUFFIX and is_sheet(path)):
                    other_files += 1
                elif suffix in (*MARKER_SUFFIXES, TABLE_SUFFIX, *STORAGE_SUFFIXES) or (
                    suffix in SHEET_SUFFIXES and groups_by_name(storage_columns(path), path.name)
                ):
                    for kind, facts in _recorded(path, file).items():
                        if isinstance(facts, MarkerFacts):
                            markers.append(facts)
                        else:
                            storages[kind].append(facts)
                elif suffix == LOADS_SUFFIX and is_external_loads(path):
                    described[file] = read_external_loads(path)
                elif suffix in MODEL_SUFFIXES:
                    model_names(path)  # a model that cannot be read is of no use
                    models.append(file)
                elif path.name.casefold() in SETTINGS_FILES:
                    sessions += read_session(path, file)
                elif suffix in UNSUPPORTED_FORMATS:
                    unusable.append(UnusedFile(file, UNSUPPORTED_FORMATS[suffix]))
                else:
                    other_files += 1
        except AqbioError as error:
            unwritable_name = error.rule == "file-name"
            unusable.append(
                UnusedFile(Path(error.file) if unwritable_name else file, error.what, error.fix)
            )
    turns = bool(models and storages["coordinates"])
    forces = [
        loads
        for found in storages["forces"]
        if (loads := _described(found, folder, described, unusable, turns=turns)) is not None
    ]
    return FolderContent(
        markers=tuple(markers),
        forces=tuple(forces),
        coordinates=tuple(storages["coordinates"]),
        models=tuple(models),
        unusable=tuple(unusable),
        other_files=other_files,
        sessions=tuple(sessions),
    )


SHEET_SUFFIXES = (".csv", ".txt")
"""Ends of names of tables that spreadsheets save; those of forces are read."""


def _files(folder: Path) -> Iterator[Path]:
    """Files by name, without hidden ones and results of aqbio studies."""
    result_folders = (path for path in folder.rglob("participants") if path.is_dir())
    results = [path.parent for path in result_folders if any(path.glob("*/prepare.json"))]
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        ours = any(path.is_relative_to(result) for result in results)
        if path.is_file() and not hidden and not ours:
            yield path


def _recorded(path: Path, file: Path) -> Mapping[str, MarkerFacts | StorageFacts]:
    """Facts of a file by kind: markers; forces, coordinates, or both."""
    if path.suffix.lower() in (*MARKER_SUFFIXES, TABLE_SUFFIX):
        found = marker_or_plate_facts(path, file)
        return {"markers" if isinstance(found, MarkerFacts) else "forces": found}
    storage = read_storage(path)
    groups = groups_by_name(storage.columns, path.name)
    if len(storage_labels(storage.columns)) >= MIN_POINTS and not groups:
        return {"markers": marker_facts(path, file)}
    return _storage(storage, path, file)


def _storage(storage: Storage, path: Path, file: Path) -> dict[str, StorageFacts]:
    """Forces, coordinates, or both in one file; OpenSim exports angles that are zero throughout."""
    if len(storage.time) < 2:
        raise AqbioError(
            "the file holds one row: forces and coordinates of one instant are not used.",
            file=path.name,
            fix="export the whole trial.",
            rule="one-frame",
        )
    span = float(storage.time[-1] - storage.time[0])
    rate = (len(storage.time) - 1) / span if span > 0.0 else 0.0
    start, end = float(storage.time[0]), float(storage.time[-1])
    groups = groups_by_name(storage.columns, path.name)
    plates = {group.plate for group in groups}
    force_columns = ((name, force_column(name)) for name in storage.columns)
    angles = tuple(
        name for name, column in force_columns if column is None or column.plate not in plates
    )
    facts = {}
    if any(np.any(storage.column(name)) for group in groups for name in group.force):
        facts["forces"] = StorageFacts(file, start, end, rate, storage.columns)
    plain = {part for column in angles for part in column.split("/")}
    moves = any(np.ptp(storage.column(name)) > 0.0 for name in angles)
    if plain.issuperset(PELVIS_COORDINATES) and moves:
        facts["coordinates"] = StorageFacts(file, start, end, rate, angles)
    if not facts:
        recognised = bool(groups) or plain.issuperset(PELVIS_COORDINATES)
        message = "its forces are zero and its coordinates constant: nothing was recorded in it."
        if not recognised and plain.issuperset(PELVIS_COORDINATES[:2]):
            raise AqbioError(
                "its coordinates are those of a planar model (no pelvis_tz), which a study does "
                "not compute.",
                file=path.name,
                fix=f"`aqbio look MODEL {path.name}` shows what each joint causes in it.",
                rule="motion-planar",
            )
        if not recognised:
            message = "no columns are forces, such as ground_force_vx, or coordinates of a model."
        raise AqbioError(message, file=path.name, rule="force-columns")
    return facts


def _described(
    forces: StorageFacts,
    folder: Path,
    described: Mapping[Path, ExternalLoads],
    unusable: list[UnusedFile],
    *,
    turns: bool,
) -> StorageFacts | None:
    """Add the file of external loads that names a force file, if it fits; the first of several.

    None for forces in the axes of bodies, unless the motion of a model ``turns`` them.
    """
    force_path = (folder / forces.file).resolve()
    for file, loads in sorted(described.items()):
        if loads.data.resolve() != force_path:
            continue
        try:
            groups = loads.groups(forces.columns)
        except AqbioError as error:
            unusable.append(UnusedFile(file, error.what))
            continue
        if not turns and (frames := sorted({f for group in groups for f in group.frames})):
            words = f"by {file.name} its loads are in the axes of {', '.join(frames)}"
            what = f"{words}, whose motion is not known before markers are solved."
            unusable.append(UnusedFile(forces.file, what, GROUND_FIX))
            return None
        return replace(forces, described=file)
    return forces
