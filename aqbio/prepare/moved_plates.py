"""Forces whose plates are elsewhere, turned, mirrored, inclined, or have each other's channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from aqbio.force_plates.forces import PlateWrench, plate_axes
from aqbio.io.recording import ForceRecording
from aqbio.vectors import BoolArray, FloatArray

Undo = Callable[[ForceRecording, BoolArray, float], ForceRecording]
"""A recording without a fault of some size on some plates (P,)."""


def displaced(axis: int) -> Undo:
    """Plates back by a distance, m."""

    def undo(forces: ForceRecording, plates: BoolArray, size: float) -> ForceRecording:
        step = np.zeros((len(plates), 3))
        step[plates, axis] = -size
        wrench = replace(forces.wrench, point=forces.wrench.point + step)
        return replace(forces, wrench=wrench, corners=forces.corners + step[:, None])

    return undo


def turned(forces: ForceRecording, plates: BoolArray, size: float) -> ForceRecording:
    """Plates turned back by an angle about the vertical through their middles, rad."""
    cosine, sine = np.cos(size), np.sin(size)
    rotation = np.array([[cosine, 0.0, -sine], [0.0, 1.0, 0.0], [sine, 0.0, cosine]])
    wrench, force, moment = forces.wrench, forces.wrench.force.copy(), forces.wrench.moment.copy()
    force[:, plates] = force[:, plates] @ rotation.T
    moment[:, plates] = moment[:, plates] @ rotation.T
    return replace(forces, wrench=PlateWrench(force, moment, wrench.point))


@dataclass(frozen=True, slots=True)
class TurnedBy:
    """Plates turned back by a fixed angle, rad."""

    angle: float

    def __call__(self, forces: ForceRecording, plates: BoolArray, _: float) -> ForceRecording:
        """Turn plates (P,)."""
        return turned(forces, plates, self.angle)


def mirrored_forces(
    forces: ForceRecording, mirror: FloatArray, *, turned: bool = True
) -> ForceRecording:
    """Forces in coordinates ``v -> S v`` with a symmetric orthogonal matrix (3, 3).

    Moments are axial vectors: ``M -> det(S) S M``. What was recorded in the axes of plates whose
    corners are known is ``turned`` with these axes instead: mirrored corners made a left-handed
    plate of them, whose third axis points the other way.
    """
    wrench, corners = forces.wrench, forces.corners @ mirror
    handed = float(np.linalg.det(mirror))
    force, moment = wrench.force @ mirror, handed * wrench.moment @ mirror
    for plate in np.flatnonzero(are_cornered(forces) & turned):
        turn = plate_axes(corners[plate]) @ plate_axes(forces.corners[plate]).T
        force[:, plate] = wrench.force[:, plate] @ turn.T
        moment[:, plate] = wrench.moment[:, plate] @ turn.T
    mirrored = PlateWrench(force, moment, wrench.point @ mirror)
    lever = None if forces.lever is None else forces.lever @ mirror
    return replace(forces, wrench=mirrored, corners=corners, lever=lever)


def are_cornered(forces: ForceRecording) -> BoolArray:
    """Plates (P,) whose corners are known."""
    return np.asarray(np.isfinite(forces.corners).all(axis=(1, 2)))


def mirrored(axis: int, *, turned: bool = True) -> Undo:
    """Forces and places of all plates with one coordinate of the other sign."""
    mirror = np.diag(np.where(np.arange(3) == axis, -1.0, 1.0))
    return lambda forces, _, __: mirrored_forces(forces, mirror, turned=turned)


def exchanged(forces: ForceRecording, plates: BoolArray, _: float) -> ForceRecording:
    """Two plates with each other's channels."""
    first, second = np.flatnonzero(plates)
    order = np.arange(len(plates))
    order[[first, second]] = second, first
    wrench, corners = forces.wrench, forces.corners
    force, moment, point = wrench.force[:, order], wrench.moment[:, order], wrench.point
    force, moment = force.copy(), moment.copy()
    for plate in (first, second):
        pair = corners[[plate, order[plate]]]
        if np.isfinite(pair).all():
            turn = plate_axes(pair[0]) @ plate_axes(pair[1]).T
            force[:, plate], moment[:, plate] = force[:, plate] @ turn.T, moment[:, plate] @ turn.T
        else:  # columns of a file: the pressure stays where it is recorded
            point = point.copy()
            point[plate] = wrench.point[order[plate]]
    return replace(forces, wrench=PlateWrench(force, moment, point))


def inclined(axis: int) -> Undo:
    """A true vertical that leans along x or z by an angle, rad."""

    def undo(forces: ForceRecording, _: BoolArray, size: float) -> ForceRecording:
        along, across = forces.slope
        lean = float(np.sin(size))
        slope = (along, across + lean) if axis else (along + lean, across)
        return replace(forces, slope=slope)

    return undo
