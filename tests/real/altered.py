"""One recording in other forms: what another laboratory's software would have written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from aqbio.io.c3d_process import C3dContent, c3d_content
from aqbio.io.mot import write_storage
from tests.io.made_c3d import MadePlate, write_c3d

FORCE, MOMENT = ("N",) * 3, ("Nmm",) * 3


def labels_of(content: C3dContent) -> list[str]:
    """Labels of all points, unlabelled ones too."""
    return content.strings("POINT", "LABELS")[: content.points.shape[1]]


def plates_of(content: C3dContent) -> list[MadePlate]:
    """Plates of a recording whose moments or points are in mm, of type 1 or 2."""
    corners = np.asarray(content.values("FORCE_PLATFORM", "CORNERS"), dtype=float)
    origin = np.asarray(content.values("FORCE_PLATFORM", "ORIGIN"), dtype=float)
    channel = np.asarray(content.values("FORCE_PLATFORM", "CHANNEL")).astype(int) - 1
    return [
        MadePlate(
            int(np.ravel(content.values("FORCE_PLATFORM", "TYPE"))[index]),
            corners[:, :, index].T,
            origin[:, index],
            content.analogs[channel[:6, index]].T,
            FORCE + MOMENT,
        )
        for index in range(corners.shape[2])
    ]


def rewritten(
    source: Path,
    target: Path,
    *,
    rotation: np.ndarray | None = None,
    metres: bool = False,
    order: np.ndarray | None = None,
    prefix: str = "",
    shuffle: int | None = None,
    hidden: tuple[str, ...] = (),
    hidden_share: float = 1.0,
    first_frame: int = 1,
    change: Callable[[list[MadePlate]], None] | None = None,
) -> Path:
    """Write a C3D file again with other axes, units, plate order, labels or first frame.

    ``hidden`` labels are not seen in the first ``hidden_share`` of the frames; ``change`` may do
    anything to the plates.
    """
    content = c3d_content(source)
    points = content.points.transpose(2, 1, 0).copy()
    labels, plates = labels_of(content), plates_of(content)
    gone = [place for place, label in enumerate(labels) if label in hidden]
    points[: round(hidden_share * len(points)), gone] = np.nan
    if change is not None:
        change(plates)
    turn = np.eye(3) if rotation is None else rotation
    size = 0.001 if metres else 1.0
    for plate in plates:
        plate.corners = size * plate.corners @ turn.T
        plate.origin = size * plate.origin
        plate.channels = plate.channels * ([1.0] * 3 + [size] * 3)
        plate.units = FORCE + (("Nm",) * 3 if metres else MOMENT)
    if order is not None:
        plates = [plates[index] for index in order]
    if shuffle is not None:
        new = np.random.default_rng(shuffle).permutation(len(labels))
        labels, points = [labels[index] for index in new], points[:, new]
    labels = [label if label.startswith("*") else prefix + label for label in labels]
    rates = (content.point_rate, content.analog_rate)
    unit = "m" if metres else "mm"
    made = tuple(plates)
    return write_c3d(target, labels, size * points @ turn.T, rates, made, unit, first_frame)


def write_foot_columns(path: Path, trial, loads, rotation: np.ndarray, start: float) -> Path:
    """Write prepared loads as a MOT file with columns per foot, laboratory axes."""
    time = trial["force_time"].values + start
    columns: list[str] = []
    blocks = []
    for foot, letter in ((1, "r"), (0, "l")):
        force, moment = loads.force[:, foot], loads.moment[:, foot]
        place = held(loads.cop[:, foot])
        about = moment - np.cross(place, force)
        for name, values in (
            (f"ground_force_{letter}_v", force),
            (f"ground_force_{letter}_p", place),
            (f"ground_torque_{letter}_", about),
        ):
            columns += [f"{name}{axis}" for axis in "xyz"]
            blocks.append(values @ rotation)
    write_storage(path, columns, time, np.concatenate(blocks, axis=1), in_degrees=False)
    return path


def held(place: np.ndarray) -> np.ndarray:
    """Centre of pressure, held where the foot is unloaded."""
    known = np.flatnonzero(np.isfinite(place).all(axis=1))
    nearest = known[np.abs(np.arange(len(place))[:, None] - known).argmin(axis=1)]
    return place[nearest]
