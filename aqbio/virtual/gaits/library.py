"""The gait library: solved gaits in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import aqbio
from aqbio.errors import AqbioError
from aqbio.io.atomic import atomic_path
from aqbio.mechanics.vectors import FloatArray, IntArray
from aqbio.virtual.athlete import Athlete, athlete_skeleton
from aqbio.virtual.gaits.gait import Gait
from aqbio.virtual.gaits.relative import ROOT
from aqbio.virtual.gaits.timeline import Timeline

DATA = Path(aqbio.__file__).parents[1] / "data" / "virtual_sprinters"
"""The demo study."""

CONDITIONS = ("normal", "restricted_arms")


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


def save_library(path: Path, gaits: Mapping[GaitName, Gait]) -> None:
    """Write solved gaits; the same gaits always give the same bytes.

    Parameters
    ----------
    path : Path
        Ends in ``.npz``.
    gaits : mapping
        All with the same number of steps.
    """
    some = list(gaits.values())
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            names=np.array([str(name) for name in gaits]),
            joints=np.array([gait.joints[_moved(gait.athlete)] for gait in some], dtype=np.float32),
            stance=np.array([gait.stance for gait in some]),
            flight=np.array([gait.flight for gait in some]),
            com=np.array([gait.com for gait in some]),
            drag=np.array([gait.drag for gait in some]),
            timeline=np.array(
                [
                    (gait.timeline.contact, gait.timeline.flight, gait.timeline.length)
                    for gait in some
                ]
            ),
        )


def load_library(path: Path, athletes: Mapping[str, Athlete]) -> dict[GaitName, Gait]:
    """Read solved gaits.

    Parameters
    ----------
    athletes : mapping from participant to Athlete

    Raises
    ------
    AqbioError
        When the file is missing.
    """
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


def _moved(athlete: Athlete) -> IntArray:
    """Rows of a gait's joints that the model does not hold."""
    moved: IntArray = athlete_skeleton(athlete).free[ROOT:] - ROOT
    return moved


def _all_joints(athlete: Athlete, moved: FloatArray) -> FloatArray:
    """Joints of a gait, those that are held at zero."""
    joints = np.zeros((len(athlete_skeleton(athlete).coordinates) - ROOT, moved.shape[1]))
    joints[_moved(athlete)] = moved
    return joints
