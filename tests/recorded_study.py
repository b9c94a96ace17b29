"""Recordings of the small study: a stick figure that stands or runs, as C3D, or TRC with MOT."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aqbio.config import MarkerSet, read_yaml
from aqbio.io.mot import write_storage
from aqbio.io.study import MODELS, Study, load_study
from aqbio.io.trc import write_trc
from tests.io.made_c3d import write_c3d

RATE, FRAMES, SPEED = 100.0, 40, 8.0
HEIGHTS = {
    "pelvis": 1.0, "torso": 1.4, "femur": 0.7, "tibia": 0.3, "foot": 0.05, "toes": 0.03,
    "humerus": 1.2, "radius": 1.0, "hand": 1.0, "clavicle": 1.4, "head": 1.4,
}  # fmt: skip
FORWARD = {"RASI": 0.1, "LASI": 0.1, "RPSI": -0.1, "LPSI": -0.1, "RHEE": -0.1, "LHEE": -0.1}


def standing_figure() -> dict[str, np.ndarray]:
    """Position of every label of the sprint model's marker set, m, y up."""
    markers = read_yaml(MODELS / "sprint" / "markers.yaml", MarkerSet).markers
    positions = {}
    for index, (label, marker) in enumerate(markers.items()):
        side = {"R": 0.1, "L": -0.1}.get(label[0], 0.0)
        height = HEIGHTS[marker.body.split("_")[0]] + 1e-3 * index
        positions[label] = np.array([FORWARD.get(label, 0.0), height, side])
    return positions


def recorded_figure(*, moving: bool, turns: float = 0.0) -> tuple[tuple[str, ...], np.ndarray]:
    """Give labels and positions (T, M, 3), m; ``turns`` makes one recording differ from another."""
    positions = standing_figure()
    time = np.arange(FRAMES)[:, None] / RATE
    displacement = np.zeros((FRAMES, len(positions), 3))
    swing = np.array([0.3 if position[1] < 0.5 else 0.0 for position in positions.values()])
    if moving:
        displacement[..., 0] = SPEED * time + swing * np.sin(20.0 * time + turns)
    return tuple(positions), np.array(list(positions.values())) + displacement


def record(file: Path) -> Study:
    """Write all recordings of a study and give it."""
    study = load_study(file)
    for number, trial in enumerate(study.trials):
        path, forces = study.recording(trial), study.forces(trial)
        labels, positions = recorded_figure(moving=trial.task != "static", turns=0.37 * number)
        positions = positions + 1e-3 * number  # nobody stands twice in the same place
        if path.suffix == ".c3d":
            write_c3d(path, list(labels), positions * 1e3, (RATE, 1000.0))
        else:
            write_trc(path, labels, positions, RATE)
        if forces is not None:
            write_forces(forces, 1500.0 + number)
    return study


def write_forces(path: Path, peak: float = 1500.0) -> None:
    """Write the forces of a foot that stands for a moment."""
    columns = [f"ground_force_v{axis}" for axis in "xyz"]
    columns += [f"ground_force_p{axis}" for axis in "xyz"]
    time = np.arange(10 * FRAMES) / (10 * RATE)
    values = np.zeros((len(time), 6))
    values[100:220, 1] = peak
    write_storage(path, columns, time, values, in_degrees=False)
