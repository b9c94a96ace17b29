"""Corrections of recorded forces: they undo a change of signs, units, places, axes or clock.

Each takes a recording, the plates (P,) that have the fault, and its size, and returns the recording
without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy.ndimage import shift

from aqbio.force_plates.forces import PlateWrench, centre_of_pressure, plate_axes
from aqbio.io.recording import ForceRecording
from aqbio.prepare.frame_loads import surface_height
from aqbio.vectors import BoolArray, FloatArray, cross

MIN_PRESSURE_N = 20.0
"""Vertical force from which a recorded centre of pressure is kept, N."""

MIN_SIDE_M, MAX_SIDE_M = 0.03, 30.0
"""Sides of force plates in any unit but the metre are beyond these, m."""

# signs and units ----------------------------------------------------------------------------------


def flip_force(forces: ForceRecording, plates: BoolArray, _: float, *axes: int) -> ForceRecording:
    """Flip the sign of components of the force; moments or pressure stay as recorded."""
    wrench = forces.wrench
    force = _signs(plates, axes) * wrench.force
    if forces.lever is not None:  # moments were recorded, about another point
        moment = wrench.moment + cross(_lever(forces)[None], wrench.force - force)
    else:
        arm = np.nan_to_num(_pressure(forces) - wrench.point)
        moment = wrench.moment + cross(arm, force - wrench.force)
    return replace(forces, wrench=replace(wrench, force=force, moment=moment))


def flip_moment(forces: ForceRecording, plates: BoolArray, _: float, *axes: int) -> ForceRecording:
    """Flip the sign of components of the recorded moment."""
    lever, wrench = _lever(forces)[None], forces.wrench
    recorded = wrench.moment + cross(lever, wrench.force)
    moment = _signs(plates, axes) * recorded - cross(lever, wrench.force)
    return replace(forces, wrench=replace(wrench, moment=moment))


def flip_pressure(forces: ForceRecording, plates: BoolArray, _: float, axis: int) -> ForceRecording:
    """Flip the sign of a coordinate of the centre of pressure, in the laboratory's axes."""
    wrench, pressure = forces.wrench, _pressure(forces)
    step = np.zeros_like(pressure)
    step[..., axis] = -2.0 * np.where(plates, np.nan_to_num(pressure[..., axis]), 0.0)
    moment = wrench.moment + cross(step, wrench.force)
    return replace(forces, wrench=replace(wrench, moment=moment))


def scale(
    forces: ForceRecording,
    plates: BoolArray,
    _: float,
    force_factor: float,
    moment_factor: float,
    place_factor: float = 1.0,
) -> ForceRecording:
    """Multiply forces, recorded moments and places of plates by factors: units, signs of all."""
    by_force, by_moment, by_place = (
        np.where(plates[:, None], factor, 1.0)
        for factor in (force_factor, moment_factor, place_factor)
    )
    force, moment, point = forces.wrench.force, forces.wrench.moment, forces.wrench.point
    moved = cross(_lever(forces)[None], (by_moment - by_force) * force)
    return replace(
        forces,
        wrench=PlateWrench(by_force * force, by_moment * moment + moved, by_place * point),
        corners=by_place[..., None] * forces.corners,
    )


def divide_gain(forces: ForceRecording, plates: BoolArray, size: float) -> ForceRecording:
    """Divide forces and their moments by a gain, of which the size is the logarithm."""
    factor = float(np.exp(-size))
    return scale(forces, plates, size, factor, factor)


def _signs(plates: BoolArray, axes: tuple[int, ...]) -> FloatArray:
    """Signs (P, 3) that are flipped on some plates along some axes."""
    return np.where(plates[:, None] & np.isin(np.arange(3), axes), -1.0, 1.0)


def _lever(forces: ForceRecording) -> FloatArray:
    """(P, 3), m: from the points about which moments were recorded to those of the wrench."""
    lever = forces.lever
    return np.zeros_like(forces.wrench.point) if lever is None else np.nan_to_num(lever)


def _pressure(forces: ForceRecording) -> FloatArray:
    """Centres of pressure (S, P, 3), m, of loads that press or pull; NaN of small ones."""
    wrench = forces.wrench
    way = np.where(wrench.force[..., 1:2] < 0.0, -1.0, 1.0)
    pressure, _free = centre_of_pressure(
        way * wrench.force, way * wrench.moment, wrench.point, surface_height(forces),
        MIN_PRESSURE_N,
    )  # fmt: skip
    return pressure


# places and axes ----------------------------------------------------------------------------------


def displace(forces: ForceRecording, plates: BoolArray, size: float, axis: int) -> ForceRecording:
    """Move plates back by a distance, m."""
    step = np.zeros((len(plates), 3))
    step[plates, axis] = -size
    wrench = replace(forces.wrench, point=forces.wrench.point + step)
    return replace(forces, wrench=wrench, corners=forces.corners + step[:, None])


def turn(
    forces: ForceRecording, plates: BoolArray, size: float, degrees: float | None = None
) -> ForceRecording:
    """Turn plates back about the vertical through their middles, by an angle, rad, or degrees."""
    angle = size if degrees is None else np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    rotation = np.array([[cosine, 0.0, -sine], [0.0, 1.0, 0.0], [sine, 0.0, cosine]])
    wrench, force, moment = forces.wrench, forces.wrench.force.copy(), forces.wrench.moment.copy()
    force[:, plates] = force[:, plates] @ rotation.T
    moment[:, plates] = moment[:, plates] @ rotation.T
    return replace(forces, wrench=PlateWrench(force, moment, wrench.point))


def mirror(forces: ForceRecording, _: BoolArray, __: float, axis: int) -> ForceRecording:
    """Mirror forces and places of all plates along an axis."""
    return mirrored_forces(forces, _reflection(axis))


def mirror_but_corners(
    forces: ForceRecording, _: BoolArray, __: float, axis: int
) -> ForceRecording:
    """Mirror forces and places, where the corners of plates are in their old order."""
    return mirrored_forces(forces, _reflection(axis), turned=False)


def _reflection(axis: int) -> FloatArray:
    return np.diag(np.where(np.arange(3) == axis, -1.0, 1.0))


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
    for plate in np.flatnonzero(have_corners(forces) & turned):
        rotation = plate_axes(corners[plate]) @ plate_axes(forces.corners[plate]).T
        force[:, plate] = wrench.force[:, plate] @ rotation.T
        moment[:, plate] = wrench.moment[:, plate] @ rotation.T
    mirrored = PlateWrench(force, moment, wrench.point @ mirror)
    lever = None if forces.lever is None else forces.lever @ mirror
    return replace(forces, wrench=mirrored, corners=corners, lever=lever)


def have_corners(forces: ForceRecording) -> BoolArray:
    """Plates (P,) whose corners are known."""
    return np.asarray(np.isfinite(forces.corners).all(axis=(1, 2)))


def exchange(forces: ForceRecording, plates: BoolArray, _: float) -> ForceRecording:
    """Give two plates each other's channels."""
    first, second = np.flatnonzero(plates)
    order = np.arange(len(plates))
    order[[first, second]] = second, first
    wrench, corners = forces.wrench, forces.corners
    force, moment, point = wrench.force[:, order], wrench.moment[:, order], wrench.point.copy()
    for plate in (first, second):
        pair = corners[[plate, order[plate]]]
        if np.isfinite(pair).all():
            rotation = plate_axes(pair[0]) @ plate_axes(pair[1]).T
            force[:, plate] = force[:, plate] @ rotation.T
            moment[:, plate] = moment[:, plate] @ rotation.T
        else:  # columns of a file: the pressure stays where it is recorded
            point[plate] = wrench.point[order[plate]]
    return replace(forces, wrench=PlateWrench(force, moment, point))


def incline(forces: ForceRecording, _: BoolArray, size: float, axis: int) -> ForceRecording:
    """Lean the true vertical along x or z by an angle, rad."""
    slope = list(forces.slope)
    slope[axis // 2] += float(np.sin(size))
    return replace(forces, slope=(slope[0], slope[1]))


# clocks -------------------------------------------------------------------------------------------


def advance(forces: ForceRecording, _: BoolArray, size: float) -> ForceRecording:
    """Make the forces earlier by a lag, s."""
    return replace(forces, start=forces.start - size)


def advance_plates(forces: ForceRecording, plates: BoolArray, size: float) -> ForceRecording:
    """Make the forces of some plates earlier by the samples of a lag, s."""
    wrench, lag = forces.wrench, (-round(size * forces.rate), 0)
    force, moment = wrench.force.copy(), wrench.moment.copy()
    for plate in np.flatnonzero(plates):
        force[:, plate] = shift(force[:, plate], lag, order=0, mode="nearest")
        moment[:, plate] = shift(moment[:, plate], lag, order=0, mode="nearest")
    return replace(forces, wrench=replace(wrench, force=force, moment=moment))


def slow_clock(forces: ForceRecording, _: BoolArray, size: float) -> ForceRecording:
    """Slow the clock of the forces by a share."""
    return replace(forces, rate=forces.rate * (1.0 + size))


def stretch_time(forces: ForceRecording, _: BoolArray, size: float) -> ForceRecording:
    """Stretch the time of markers and forces alike: the size is the logarithm of a factor."""
    return replace(forces, time_factor=forces.time_factor * float(np.exp(size)))


# by name ------------------------------------------------------------------------------------------

CORRECTIONS: MappingProxyType[str, Callable[..., ForceRecording]] = MappingProxyType(
    {
        "flip-force": flip_force,
        "flip-moment": flip_moment,
        "flip-pressure": flip_pressure,
        "scale": scale,
        "divide-gain": divide_gain,
        "displace": displace,
        "turn": turn,
        "mirror": mirror,
        "mirror-but-corners": mirror_but_corners,
        "exchange": exchange,
        "incline": incline,
        "advance": advance,
        "advance-plates": advance_plates,
        "slow-clock": slow_clock,
        "stretch-time": stretch_time,
    }
)
"""Functions by the first word of column correction of force_faults.tsv."""

AXES = "xyz"

N_FACTORS = 3
"""Arguments of `scale` where it concerns places."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction with its arguments."""

    name: str
    """One of `CORRECTIONS`."""
    arguments: tuple[float, ...] = ()
    """Numbers, or indices of axes."""

    @classmethod
    def of(cls, words: str) -> Correction:
        """Read a name and its arguments: axes x, y, z, or numbers."""
        name, *arguments = words.split()
        return cls(name, tuple(AXES.index(x) if x in AXES else float(x) for x in arguments))

    def __call__(
        self, forces: ForceRecording, plates: BoolArray, size: float = float("nan")
    ) -> ForceRecording:
        """Correct some plates (P,) of a recording."""
        return CORRECTIONS[self.name](forces, plates, size, *self.arguments)

    def applies_to(self, forces: ForceRecording) -> BoolArray:
        """Plates (P,) that can have the fault."""
        if self.name == "mirror-but-corners" or (self.name == "turn" and self.arguments):
            return have_corners(forces)
        if self.name == "scale" and len(self.arguments) == N_FACTORS:
            sides = np.linalg.norm(np.diff(forces.corners[:, :3], axis=1), axis=2).max(axis=1)
            is_too_small = self.arguments[-1] > 1.0
            return np.asarray(sides < MIN_SIDE_M if is_too_small else sides > MAX_SIDE_M)
        return np.ones(len(forces.numbers), dtype=np.bool_)
