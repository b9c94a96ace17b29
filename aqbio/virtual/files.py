"""Virtual recordings as C3D files."""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np

from aqbio.io.atomic import atomic_path
from aqbio.vectors import FloatArray, cross
from aqbio.virtual.laboratory import PLATE_AXES, Laboratory
from aqbio.virtual.recording import VirtualRecording

CHANNELS = ("Fx", "Fy", "Fz", "Mx", "My", "Mz")


def write_c3d(path: Path, recording: VirtualRecording, laboratory: Laboratory) -> None:
    """Write a recording as a C3D file with type 2 plates, in the laboratory's axes and units."""
    scale = 1000.0 if laboratory.marker_unit == "mm" else 1.0
    turn = laboratory.matrix.T
    file = ezc3d.c3d()
    points = np.ones((4, len(recording.labels), len(recording.markers)))
    points[:3] = (recording.markers @ turn * scale).transpose(2, 1, 0)
    parameters = file["parameters"]
    parameters["POINT"]["RATE"]["value"] = [recording.marker_rate]
    parameters["POINT"]["LABELS"]["value"] = list(recording.labels)
    parameters["POINT"]["UNITS"]["value"] = [laboratory.marker_unit]
    file["data"]["points"] = points
    channels, labels, units = _channels(recording, laboratory, scale)
    analog = parameters["ANALOG"]
    analog["RATE"]["value"] = [recording.force_rate]
    analog["LABELS"]["value"] = labels
    analog["UNITS"]["value"] = units
    analog["SCALE"]["value"] = [1.0] * len(labels)
    analog["OFFSET"]["value"] = [0] * len(labels)
    analog["GEN_SCALE"]["value"] = [1.0]
    file["data"]["analogs"] = channels[None]
    _add_plates(file, recording.corners @ turn * scale, laboratory.plates.depth * scale)
    with atomic_path(path) as temporary:
        file.write(str(temporary))


def _channels(
    recording: VirtualRecording, laboratory: Laboratory, scale: float
) -> tuple[FloatArray, list[str], list[str]]:
    """Reaction on the runner in plate axes, moments about the plates' origins."""
    below = np.array([0.0, -laboratory.plates.depth, 0.0])
    origin = cross(np.broadcast_to(below, recording.force.shape), recording.force)
    force = recording.force @ PLATE_AXES
    moment = (recording.moment - origin) @ PLATE_AXES * scale
    table = np.concatenate((force, moment), axis=2)
    samples, plates = table.shape[:2]
    labels = [f"{name}{plate + 1}" for plate in range(plates) for name in CHANNELS]
    units = (["N"] * 3 + ["Nmm" if scale > 1.0 else "Nm"] * 3) * plates
    return table.reshape(samples, -1).T, labels, units


def _add_plates(file: ezc3d.c3d, corners: FloatArray, depth: float) -> None:
    count = len(corners)
    numbers = np.arange(1.0, 6.0 * count + 1.0).reshape(count, 6).T
    origin = np.tile([[0.0], [0.0], [-depth]], (1, count))
    for name, value in (
        ("USED", [count]),
        ("TYPE", [2] * count),
        ("ZERO", [1, 0]),
        ("CORNERS", corners.transpose(2, 1, 0)),
        ("ORIGIN", origin),
        ("CHANNEL", numbers),
    ):
        file.add_parameter("FORCE_PLATFORM", name, value)
