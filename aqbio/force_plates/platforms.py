"""Channels of a force plate (C3D types 1 to 4) to a wrench at the centre of its surface."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import FloatArray, cross

CHANNELS = {1: 6, 2: 6, 3: 8, 4: 6}
"""Number of channels by plate type."""


def plate_axes(corners: FloatArray) -> FloatArray:
    """Axes (3, 3) of a plate in the laboratory, as columns; z usually points down.

    Corners (4, 3) in the order of the C3D standard: quadrants (+x, +y), (−x, +y), (−x, −y), (+x,
    −y). ValueError: they do not span a rectangle.
    """
    one, two, three, four = corners
    along = one + four - two - three
    across = one + two - three - four
    normal = np.cross(along, across)
    if np.linalg.norm(normal) < 1e-8:
        raise ValueError("the corners do not span a rectangle.")
    x = along / np.linalg.norm(along)
    z = normal / np.linalg.norm(normal)
    return np.column_stack((x, np.cross(z, x), z))


def platform_wrench(
    kind: int,
    channels: FloatArray,
    origin: FloatArray,
    calibration: FloatArray | None,
    length: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Force (T, 3) N and moment (T, 3) N m about the centre of a plate's surface, in plate axes.

    Channels by the plate type of the C3D standard
    (https://www.c3d.org/HTML/Documents/forceplatform.htm): 1: Fx Fy Fz, point of application Px Py,
    free moment; 2: Fx Fy Fz Mx My Mz; 3: Fx12 Fx34 Fy14 Fy23 Fz1 Fz2 Fz3 Fz4; 4: as 2 after
    multiplication by the calibration (6, 6).

    ``origin`` (3,) m is, for types 2 and 4, from the origin of the moments to the centre of the
    surface; for type 3 the half distances of the sensors along x and y, and their depth below the
    surface. ``length`` (m) is the unit of length in the moments (2 and 4), or of the point and the
    free moment (1). ``lever`` (3,) m is from the point of the recorded moments to the centre; NaN
    for type 3, which records none.

    The surface lies above the sensors, so that, with z down, the third number of ``origin`` is
    negative. Files with the opposite sign exist: for types 2 and 4 the whole vector is reversed
    then, for type 3 only the depth (reversing the half distances too would mirror the centre of
    pressure).
    """
    if kind == 1:
        force = channels[:, :3]
        point = np.column_stack((channels[:, 3:5], np.zeros(len(channels)))) * length
        moment = cross(point, force)
        moment[:, 2] += channels[:, 5] * length
        return force, moment, np.zeros(3)
    if kind == 3:
        force, about = _piezoelectric(channels, np.abs(origin[:2]))
        surface = np.array([0.0, 0.0, -abs(origin[2])])
    else:
        values = channels if calibration is None else channels @ calibration.T
        force, about = values[:, :3], values[:, 3:6] * length
        surface = -origin if origin[2] > 0.0 else origin
    moment = about - cross(np.broadcast_to(surface, force.shape), force)
    return force, moment, np.full(3, np.nan) if kind == 3 else surface


def _piezoelectric(channels: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Force and moment about the centre of four sensors at (±half_x, ±half_y)."""
    x12, x34, y14, y23, z1, z2, z3, z4 = channels.T
    along, across = half
    force = np.column_stack((x12 + x34, y14 + y23, z1 + z2 + z3 + z4))
    moment = np.column_stack(
        (
            across * (z1 + z2 - z3 - z4),
            along * (-z1 + z2 + z3 - z4),
            across * (x34 - x12) + along * (y14 - y23),
        )
    )
    return force, moment
