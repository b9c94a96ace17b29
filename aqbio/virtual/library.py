"""The gait library: solved gaits in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aqbio.errors import AqbioError
from aqbio.shipped import shipped
from aqbio.vectors import FloatArray, IntArray
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from aqbio.virtual.gait import ROOT, Gait, Timeline

DATA = shipped("data/virtual_sprinters")
"""The demo study."""


@dataclass(frozen=True, slots=True)
class GaitName:
    """Which gait of whom."""

    participant: str
    condition: str
    """{"normal", "restricted_arms"}."""
    level: int
    """0 is the slowest speed."""

    def __str__(self) -> str:
        return f"{self.participant}/{self.condition}/{self.level}"


def load_library(path: Path, athletes: Mapping[str, Athlete]) -> dict[GaitName, Gait]:
    """Read solved gaits."""
    if not path.is_file():
        raise AqbioError(
            "the gait library does not exist.",
            file=str(path),
            fix="take it from the repository, or make it again there: "
            "python -m validation.gaits.regenerate",
            rule="file-missing",
        )
    with np.load(path, allow_pickle=False) as file:
        table = {name: file[name] for name in file.files}
    gaits = {}
    for index, text in enumerate(table["names"].tolist()):
        participant, condition, level = text.split("/")
        contact, flight, length = table["timeline"][index]
        athlete = athletes[participant]
        gaits[GaitName(participant, condition, int(level))] = Gait(
            athlete=athlete,
            timeline=Timeline(contact, flight, length),
            joints=_all_joints(athlete, table["joints"][index].astype(np.float64)),
            stance=table["stance"][index],
            flight=table["flight"][index],
            com=table["com"][index],
            drag=float(table["drag"][index]),
        )
    return gaits


def moved_joints(athlete: Athlete) -> IntArray:
    """Rows of a gait's joints that the model does not hold."""
    moved: IntArray = athlete_skeleton(athlete).free[ROOT:] - ROOT
    return moved


def _all_joints(athlete: Athlete, moved: FloatArray) -> FloatArray:
    """Joints of a gait, those that are held at zero."""
    joints = np.zeros((len(athlete_skeleton(athlete).coordinates) - ROOT, moved.shape[1]))
    joints[moved_joints(athlete)] = moved
    return joints
