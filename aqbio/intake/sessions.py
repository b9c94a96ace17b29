"""Sessions of video systems, and files of other systems that are not read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from aqbio.boundary import MAX_RECORDING_BYTES, reads
from aqbio.config import read_yaml
from aqbio.config.sheets import Participant

UNSUPPORTED_FORMATS = {
    ".forces": (
        "forces of Cortex in a form that is not read: export the trial with its force plates as "
        "C3D, or the forces as OpenSim's MOT file"
    ),
    ".mvnx": (
        "segments of Xsens' inertial sensors, which are not read: export the trial from MVN as "
        "C3D, which holds its landmarks"
    ),
    ".b3d": (
        "a subject of AddBiomechanics in its own format, which is not read: take its OpenSim files "
        "(TRC of the markers, MOT of the forces, OSIM of the model)"
    ),
}
"""Advice for files of unsupported formats, by suffix."""

OPENCAP, POSE2SIM = "OpenCap", "Pose2Sim"

SETTINGS_FILES = {"sessionmetadata.yaml": OPENCAP, "config.toml": POSE2SIM}
"""Files, in small letters, by which a session is recognised.

OpenCap asks for mass, stature and sex of everybody who is recorded."""

POSE2SIM_SECTIONS = {"pose", "triangulation", "filtering", "markerAugmentation", "kinematics"}
"""Sections of Pose2Sim's settings; any of them, or a value of `POSE2SIM_DEFAULTS`, identifies the
file."""

POSE2SIM_DEFAULTS = {"participant_mass": (70.0, 63.5), "participant_height": (1.72, 1.40)}
"""Values that Pose2Sim writes into new projects, kg and m: defaults, not measurements."""


@dataclass(frozen=True, slots=True)
class VideoSession:
    """Settings of a video system about the person in its folder."""

    system: str
    file: Path
    """The settings, relative to the folder of the recordings."""
    cells: Mapping[str, str]
    """Cells of participants.tsv."""
    doubts: tuple[str, ...] = ()
    """Values that are not used, and the reason."""


class OpenCapSession(BaseModel):
    """Entries of sessionMetadata.yaml that are used; the name of the subject is not."""

    gender_mf: Any = None
    mass_kg: Any = None
    height_m: Any = None


@reads(
    "settings of a video system", "correct or remove it; fill in the sheets.", MAX_RECORDING_BYTES
)
def read_session(path: Path, file: Path) -> list[VideoSession]:
    """Session that a settings file describes; empty for settings of other software."""
    system = SETTINGS_FILES[path.name.casefold()]
    if system == OPENCAP:
        metadata = read_yaml(path, OpenCapSession)
        sex = {"m": "male", "f": "female"}.get(str(metadata.gender_mf).casefold())
        values = {"sex": sex, "mass_kg": metadata.mass_kg, "height_m": metadata.height_m}
        return [VideoSession(system, file, *_cells(values))]
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    project = content.get("project", {})
    if not (POSE2SIM_SECTIONS & content.keys() or POSE2SIM_DEFAULTS.keys() & project.keys()):
        return []
    values, doubts = {}, []
    names = {"mass_kg": "participant_mass", "height_m": "participant_height"}
    for cell, name in names.items():
        value = project.get(name, "auto")
        if isinstance(value, list):
            doubts.append(f"{name} is given for several people: whose is whose is not said")
        elif value in POSE2SIM_DEFAULTS[name]:
            doubts.append(f"{name} is {value:g}, as in every new project of Pose2Sim: not taken")
        elif value != "auto":
            values[cell] = value
    cells, cell_doubts = _cells(values)
    return [VideoSession(system, file, cells, (*doubts, *cell_doubts))]


def _cells(values: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Valid cells of a row of participants.tsv, and the reasons for the values not used."""
    cells, doubts = {}, []
    for name, value in values.items():
        if value is None:
            continue
        try:
            Participant.model_validate({"participant_id": "x", name: value})
        except ValidationError as error:
            doubts.append(f"{name} is {value!r}: {error.errors()[0]['msg'].casefold()}")
        else:
            cells[name] = f"{value:g}" if isinstance(value, float) else str(value)
    return cells, tuple(doubts)


def cells_of_sessions(
    sessions: Sequence[VideoSession], owners: Mapping[Path, str]
) -> dict[str, dict[str, str]]:
    """Cells of each participant, from sessions whose recordings are all of that person.

    Settings of an inner folder replace those around it; where two contradict each other, neither
    counts.
    """
    cells_of_person: dict[str, dict[str, str]] = {}
    for person in set(owners.values()):
        person_sessions = [
            session for session in sessions if people_of_session(session, owners) == {person}
        ]
        values: dict[str, set[str]] = {}
        for session in person_sessions:
            within = [
                inner
                for inner in person_sessions
                if session.file.parent in inner.file.parent.parents
            ]
            for name, value in session.cells.items():
                if not any(name in inner.cells for inner in within):
                    values.setdefault(name, set()).add(value)
        cells_of_person[person] = {
            name: options.pop() for name, options in values.items() if len(options) == 1
        }
    return cells_of_person


def people_of_session(session: VideoSession, owners: Mapping[Path, str]) -> set[str]:
    """People whose recordings lie in the folder of a session's settings or below it."""
    return {owner for file, owner in owners.items() if file.is_relative_to(session.file.parent)}
