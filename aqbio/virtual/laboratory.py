"""The laboratory of a virtual recording: its axes and units, and eight force plates in a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from aqbio.vectors import FloatArray, cross
from aqbio.virtual.truth import GroundLoads

GROUND_AXES: tuple[tuple[float, ...], ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
VICON_AXES: tuple[tuple[float, ...], ...] = ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
"""x right, y along the runway, z up."""
QUALISYS_AXES: tuple[tuple[float, ...], ...] = ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
"""Runs along -x, z up."""

PRESSURE_LENGTH = 0.06
"""Length over which a foot presses on the floor around the centre of pressure, m."""
LIGHT = 5.0
"""Below this vertical force the centre of pressure is held, N."""


@dataclass(frozen=True, slots=True)
class PlateRow:
    """Force plates one behind the other along the runway."""

    count: int = 8
    length: float = 1.2
    width: float = 0.6
    """length, width: Along and across the runway, m."""
    start: float = 0.0
    """Edge of the first plate, ground x, m."""
    depth: float = 0.045
    """Of the plates' origin below their surface, m."""

    def __post_init__(self) -> None:
        """Refuse rows without plates."""
        if self.count < 1 or min(self.length, self.width) <= 0.0:
            raise ValueError(f"{self.count} plates of {self.length} m x {self.width} m.")

    @property
    def end(self) -> float:
        """Edge of the last plate, m."""
        return self.start + self.count * self.length

    def centres(self) -> FloatArray:
        """(P, 3) centres of the surfaces, m, ground."""
        along = self.start + self.length * (np.arange(self.count) + 0.5)
        return np.stack((along, 0.0 * along, 0.0 * along), axis=1)

    def corners(self) -> FloatArray:
        """(P, 4, 3) corners, m, ground: plate axes are x forward, y right and z down."""
        ahead, right = self.length / 2.0, self.width / 2.0
        around = np.array(
            [[ahead, 0.0, right], [-ahead, 0.0, right], [-ahead, 0.0, -right], [ahead, 0.0, -right]]
        )
        corners: FloatArray = self.centres()[:, None] + around
        return corners


PLATE_AXES = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Columns are the plates' x, y and z in ground axes."""


@dataclass(frozen=True, slots=True)
class Laboratory:
    """Where and how a recording is made."""

    axes: tuple[tuple[float, ...], ...] = VICON_AXES
    """3 x 3 tuples. Rows are the laboratory's axes in ground axes: ``v_lab = axes v``."""
    marker_unit: Literal["mm", "m"] = "mm"
    """{"mm", "m"}. Of markers, corners and, with N, of moments."""
    marker_rate: float = 200.0
    force_rate: float = 1000.0
    """marker_rate, force_rate: float, Hz."""
    plates: PlateRow = field(default_factory=PlateRow)

    def __post_init__(self) -> None:
        """Refuse left-handed axes and rates that do not go together."""
        matrix = np.array(self.axes)
        if not np.allclose(matrix @ matrix.T, np.eye(3)) or np.linalg.det(matrix) < 0.0:
            raise ValueError("the laboratory's axes are not a right-handed orthonormal system.")
        if self.force_rate % self.marker_rate:
            raise ValueError(
                f"{self.force_rate:g} Hz is no multiple of the markers' {self.marker_rate:g} Hz."
            )

    @property
    def matrix(self) -> FloatArray:
        """(3, 3) rotation from ground to laboratory axes."""
        return np.array(self.axes)


def plate_loads(loads: GroundLoads, row: PlateRow) -> tuple[FloatArray, FloatArray]:
    """Force and moment that each plate measures, (T, P, 3), N and N m, on the runner, ground axes.

    Moments about the centre of each plate; what is beside the row is lost.

    A foot presses evenly over 6 cm around its centre of pressure; a plate takes the share w of it
    that lies on it, at the middle p' of that part: ``F' = w F``, ``M' = w (M + (p' - p) × F)``.
    Over all plates both add up to the foot's load.
    """
    centres = row.centres()
    shape = (len(loads.force), row.count, 3)
    force, moment = np.zeros(shape), np.zeros(shape)
    for foot in range(loads.force.shape[1]):
        load, about = loads.force[:, foot], loads.moment[:, foot]
        if not (load[:, 1] > LIGHT).any():
            continue
        along, across = _held_cop(load, about)
        off_the_row = np.abs(across) > row.width / 2.0
        back, front = along - PRESSURE_LENGTH / 2.0, along + PRESSURE_LENGTH / 2.0
        for plate in range(row.count):
            low = row.start + plate * row.length
            first, last = np.maximum(back, low), np.minimum(front, low + row.length)
            share = np.clip(last - first, 0.0, None) / PRESSURE_LENGTH
            share = np.where(off_the_row, 0.0, share)[:, None]
            shift = np.zeros_like(load)
            shift[:, 0] = np.where(share[:, 0] > 0.0, (first + last) / 2.0 - along, 0.0)
            part = share * load
            force[:, plate] += part
            moved = share * (about + cross(shift, load))
            moment[:, plate] += moved - cross(np.broadcast_to(centres[plate], part.shape), part)
    return force, moment


def _held_cop(force: FloatArray, moment: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Centre of pressure along and across the runway, held where the foot is hardly loaded."""
    loaded = np.flatnonzero(force[:, 1] > LIGHT)
    frames = np.arange(len(force))
    after = np.clip(np.searchsorted(loaded, frames), 0, len(loaded) - 1)
    before = np.clip(after - 1, 0, len(loaded) - 1)
    nearer = np.abs(loaded[before] - frames) < np.abs(loaded[after] - frames)
    source = np.where(nearer, loaded[before], loaded[after])
    return moment[source, 2] / force[source, 1], -moment[source, 0] / force[source, 1]
