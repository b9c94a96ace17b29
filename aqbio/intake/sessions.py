"""Sessions of video systems, and files of other systems that are not read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from aqbio.boundary import RECORDED, reads
from aqbio.config import read_yaml
from aqbio.config.sheets import Participant

NOT_READ = {
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
"""What is said of files by the end of their names."""

OPENCAP, POSE2SIM = "OpenCap", "Pose2Sim"

SETTINGS = {"sessionmetadata.yaml": OPENCAP, "config.toml": POSE2SIM}
"""Files, in small letters, by which a session is recognised.

OpenCap asks for mass, stature and sex of everybody who is recorded."""

SECTIONS = {"pose", "triangulation", "filtering", "markerAugmentation", "kinematics"}
"""Sections of Pose2Sim's settings: any of them, or a value of `UNCHANGED`, recognises the file."""

UNCHANGED = {"participant_mass": (70.0, 63.5), "participant_height": (1.72, 1.40)}
"""What Pose2Sim writes into new projects, kg and m: a default, not a measurement."""


@dataclass(frozen=True, slots=True)
class VideoSession:
    """What the settings of a video system say of the person in its folder."""

    system: str
    file: Path
    """The settings, relative to the folder of the recordings."""
    cells: Mapping[str, str]
    """Cells of participants.tsv."""
    doubts: tuple[str, ...] = ()
    """Values that are not taken over, and why."""


class OpenCapSession(BaseModel):
    """What is taken from sessionMetadata.yaml; the name of the subject is not."""

    gender_mf: Any = None
    mass_kg: Any = None
    height_m: Any = None


@reads("settings of a video system", "correct or remove it; fill in the sheets.", RECORDED)
def read_session(path: Path, file: Path) -> list[VideoSession]:
    """The session that a file of settings describes; none for one of something else."""
    system = SETTINGS[path.name.casefold()]
    if system == OPENCAP:
        said = read_yaml(path, OpenCapSession)
        sex = {"m": "male", "f": "female"}.get(str(said.gender_mf).casefold())
        stated = {"sex": sex, "mass_kg": said.mass_kg, "height_m": said.height_m}
        return [VideoSession(system, file, *_cells(stated))]
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    project = content.get("project", {})
    if not (SECTIONS & content.keys() or UNCHANGED.keys() & project.keys()):
        return []
    stated, doubts = {}, []
    names = {"mass_kg": "participant_mass", "height_m": "participant_height"}
    for cell, name in names.items():
        value = project.get(name, "auto")
        if isinstance(value, list):
            doubts.append(f"{name} is given for several people: whose is whose is not said")
        elif value in UNCHANGED[name]:
            doubts.append(f"{name} is {value:g}, as in every new project of Pose2Sim: not taken")
        elif value != "auto":
            stated[cell] = value
    cells, more = _cells(stated)
    return [VideoSession(system, file, cells, (*doubts, *more))]


def _cells(stated: Mapping[str, Any]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The values that a row of participants.tsv may have, and why others are not taken over."""
    cells, doubts = {}, []
    for name, value in stated.items():
        if value is None:
            continue
        try:
            Participant.model_validate({"participant_id": "x", name: value})
        except ValidationError as error:
            doubts.append(f"{name} is {value!r}: {error.errors()[0]['msg'].casefold()}")
        else:
            cells[name] = f"{value:g}" if isinstance(value, float) else str(value)
    return cells, tuple(doubts)


def stated_cells(
    sessions: Sequence[VideoSession], owners: Mapping[Path, str]
) -> dict[str, dict[str, str]]:
    """Cells of each participant that the sessions state whose recordings are all theirs.

    Settings of an inner folder replace those around it; where two contradict each other, neither
    counts.
    """
    found: dict[str, dict[str, str]] = {}
    for person in set(owners.values()):
        own = [one for one in sessions if people_of_session(one, owners) == {person}]
        values: dict[str, set[str]] = {}
        for one in own:
            within = [two for two in own if one.file.parent in two.file.parent.parents]
            for name, value in one.cells.items():
                if not any(name in two.cells for two in within):
                    values.setdefault(name, set()).add(value)
        found[person] = {name: one.pop() for name, one in values.items() if len(one) == 1}
    return found


def people_of_session(session: VideoSession, owners: Mapping[Path, str]) -> set[str]:
    """Whose recordings lie beside the settings of a session, or in folders below."""
    return {owner for file, owner in owners.items() if file.is_relative_to(session.file.parent)}
