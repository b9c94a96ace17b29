"""C3D files whose content is known, written by ezc3d."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import ezc3d
import numpy as np

NAME = "Jane Doe"
"""A person's name, hidden wherever capture software puts it."""


@dataclass
class MadePlate:
    """One plate: its parameters in millimetres and the channels that the file holds."""

    kind: int
    corners: np.ndarray
    origin: np.ndarray
    channels: np.ndarray
    units: tuple[str, ...]
    calibration: np.ndarray = field(default_factory=lambda: np.zeros((6, 6)))


def write_c3d(
    path: Path,
    labels: list[str],
    points: np.ndarray,
    rates: tuple[float, float] = (250.0, 1000.0),
    plates: tuple[MadePlate, ...] = (),
    unit: str = "mm",
    first_frame: int = 1,
    groups: Mapping[str, list[str]] | None = None,
) -> Path:
    """Write points (T, M, 3), in ``unit``, and plates; NaN is a missing marker.

    ``groups`` are parameters, listed in TYPE_GROUPS, of labels that are values of a model.
    """
    c3d = ezc3d.c3d()
    parameters = c3d["parameters"]
    parameters["POINT"]["RATE"]["value"] = [rates[0]]
    parameters["POINT"]["LABELS"]["value"] = labels
    parameters["POINT"]["UNITS"]["value"] = [unit]
    data = np.ones((4, points.shape[1], len(points)))
    data[:3] = points.transpose(2, 1, 0)
    c3d["data"]["points"] = data
    c3d["header"]["points"]["first_frame"] = first_frame - 1
    c3d.add_parameter("SUBJECTS", "NAMES", [NAME])
    for name, listed in (groups or {}).items():
        c3d.add_parameter("POINT", name, listed)
        c3d.add_parameter("POINT", "TYPE_GROUPS", [name, f"{name}_UNITS"])
    if plates:
        _add_plates(c3d, plates, rates[1])
    c3d.write(str(path))
    return path


def _add_plates(c3d: ezc3d.c3d, plates: tuple[MadePlate, ...], rate: float) -> None:
    channels = np.concatenate([plate.channels.T for plate in plates])
    analog = c3d["parameters"]["ANALOG"]
    analog["RATE"]["value"] = [rate]
    analog["LABELS"]["value"] = [f"channel{index}" for index in range(len(channels))]
    analog["UNITS"]["value"] = [unit for plate in plates for unit in plate.units]
    analog["SCALE"]["value"] = [1.0] * len(channels)
    analog["OFFSET"]["value"] = [0] * len(channels)
    analog["GEN_SCALE"]["value"] = [1.0]
    c3d["data"]["analogs"] = channels[None]
    max_channels = max(plate.channels.shape[1] for plate in plates)
    numbers, first = np.zeros((max_channels, len(plates))), 1
    for index, plate in enumerate(plates):
        count = plate.channels.shape[1]
        numbers[:count, index] = np.arange(first, first + count)
        first += count
    for name, value in (
        ("USED", [len(plates)]),
        ("TYPE", [plate.kind for plate in plates]),
        ("ZERO", [1, 0]),
        ("CORNERS", np.stack([plate.corners.T for plate in plates], axis=-1)),
        ("ORIGIN", np.stack([plate.origin for plate in plates], axis=-1)),
        ("CHANNEL", numbers),
        ("CAL_MATRIX", np.stack([plate.calibration for plate in plates], axis=-1)),
    ):
        c3d.add_parameter("FORCE_PLATFORM", name, value)
