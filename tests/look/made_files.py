"""Files as OpenSim leaves them, of a virtual sprinter whose levels are known."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from aqbio.io.mot import write_storage
from aqbio.opensim.session import quiet
from aqbio.virtual.demo import DATA, SPRINTERS, GaitName, load_library, sprinter
from aqbio.virtual.truth import RunTruth, run_truth
from models.sprint.make_model import build_sprint_model

RATE, FORCE_RATE = 250.0, 1000.0
START = 2.0
"""First instant of the files, s: clocks of recordings seldom begin at zero."""

SECONDS = 1.3
COLUMNS = [
    f"{quantity}{side}_{letter}{axis}"
    for side in ("l", "r")
    for quantity, letter in (("ground_force_", "v"), ("ground_force_", "p"), ("ground_torque_", ""))
    for axis in "xyz"
]


class Files(NamedTuple):
    """The files of one motion, and what is true of it."""

    model: Path
    motion: Path
    forces: Path
    truth: RunTruth
    """At the rate of the motion."""


def gait(name: str = "V06", level: int = 0):
    athletes = {sprinter.athlete.name: sprinter.athlete for sprinter in SPRINTERS}
    return load_library(DATA / "gait_library.npz", athletes)[GaitName(name, "normal", level)]


def write_files(folder: Path, name: str = "V06", level: int = 0, *, degrees: bool = True) -> Files:
    """Write model, coordinates and forces of a run over flat ground."""
    folder.mkdir(parents=True, exist_ok=True)
    athlete, run = sprinter(name).athlete, gait(name, level)
    model, motion, forces = (folder / file for file in (f"{name}.osim", "run.mot", "run_grf.mot"))
    with quiet(folder / "opensim.log"):
        build_sprint_model(model, athlete.sex, mass=athlete.mass, stature=athlete.stature)
    truth = run_truth(run, np.arange(round(SECONDS * RATE)) / RATE)
    write_motion(motion, truth, degrees=degrees)
    write_forces(forces, run_truth(run, np.arange(round(SECONDS * FORCE_RATE)) / FORCE_RATE))
    return Files(model, motion, forces, truth)


def write_motion(path: Path, truth: RunTruth, *, degrees: bool = True, **changed) -> None:
    """Coordinates of a run; `changed` replaces columns by name."""
    skeleton = gait().skeleton
    q = truth.motion.q.copy()
    if degrees:
        q[:, skeleton.coordinate_is_rotation] *= 180.0 / np.pi
    for name, values in changed.items():
        q[:, skeleton.coordinates.index(name)] = values
    time = START + np.arange(len(q)) / RATE
    write_storage(path, skeleton.coordinates, time, q, in_degrees=degrees)


def force_table(truth: RunTruth) -> np.ndarray:
    """Force, centre of pressure and free moment of both feet, (T, 18)."""
    cop, free = truth.loads.cop(1.0)
    loaded = np.isfinite(free)
    table = np.zeros((len(free), 2, 3, 3))
    table[:, :, 0] = np.where(loaded[..., None], truth.loads.force, 0.0)
    table[:, :, 1] = np.nan_to_num(cop)
    table[:, :, 2, 1] = np.nan_to_num(free)
    return table.reshape(len(table), -1)


def write_forces(path: Path, truth: RunTruth, change=lambda table: table, start=START) -> None:
    """Forces of a run; `change` alters their table (T, 18)."""
    table = change(force_table(truth))
    time = start + np.arange(len(table)) / FORCE_RATE
    write_storage(path, COLUMNS, time, table, in_degrees=False)
