"""A planar model of the virtual sprinter: what moves out of the sagittal plane is locked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aqbio.io.mot import read_storage, write_storage
from aqbio.opensim.session import opensim

SAGITTAL = (
    "pelvis_tilt", "pelvis_tx", "pelvis_ty", "hip_flexion", "knee_angle", "ankle_angle",
    "mtp_angle", "lumbar_extension", "arm_flex", "elbow_flex",
)  # fmt: skip
"""Beginnings of the names of coordinates that turn about z, or move along x and y."""


def write_planar(model: Path, motion: Path, folder: Path) -> tuple[Path, Path]:
    """Write the model with its other coordinates locked at 0, and the motion without them."""
    planar, path = opensim.Model(str(model)), folder / "planar.osim"
    coordinates = planar.updCoordinateSet()
    for index in range(coordinates.getSize()):
        coordinate = coordinates.get(index)
        if not coordinate.getName().startswith(SAGITTAL):
            coordinate.setDefaultValue(0.0)
            coordinate.setDefaultLocked(True)
    planar.finalizeConnections()
    planar.printToXML(str(path))
    storage, file = read_storage(motion), folder / "planar.mot"
    kept = [name for name in storage.columns if name.startswith(SAGITTAL)]
    values = np.column_stack([storage.column(name) for name in kept])
    write_storage(file, kept, storage.time, values, in_degrees=bool(storage.in_degrees))
    return path, file
