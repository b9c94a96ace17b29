"""Channels of a force plate (C3D types 1 to 4) to a wrench at the centre of its surface."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import FloatArray, cross

CHANNELS = {1: 6, 2: 6, 3: 8, 4: 6}
"""Number of channels by plate type."""


def plate_axes(corners: FloatArray) -> FloatArray:
    """Axes of a plate in the laboratory.

    Parameters
    ----------
    corners : (4, 3) array, m
        In the order of the C3D standard: quadrants (+x, +y), (−x, +y), (−x, −y), (+x, −y).

    Returns
    -------
    (3, 3) array
        Columns are the plate's x, y and z in laboratory axes; z usually points down.

    Raises
    ------
    ValueError
        When the corners do not span a rectangle.

    Examples
    --------
    >>> square = np.array([[0.6, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.4, 0.0], [0.6, 0.4, 0.0]])
    >>> plate_axes(square) + 0.0
    array([[ 1.,  0.,  0.],
           [ 0., -1.,  0.],
           [ 0.,  0., -1.]])
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
    """Force and moment about the centre of a plate's surface, in plate axes.

    Parameters
    ----------
    kind : {1, 2, 3, 4}
        Plate type of the C3D standard.
    channels : (T, 6) or (T, 8) array
        Type 1: Fx Fy Fz, point of application Px Py, free moment; 2: Fx Fy Fz Mx My Mz;
        3: Fx12 Fx34 Fy14 Fy23 Fz1 Fz2 Fz3 Fz4; 4: as 2 after multiplication by the calibration.
    origin : (3,) array, m
        Types 2 and 4: from the origin of the moments to the centre of the surface. Type 3: half
        distances of the sensors along x and y, and depth of the sensors below the surface.
    calibration : (6, 6) array or None
        Type 4 only.
    length : float
        Unit of length in the moments (types 2 and 4), or of the point and the free moment (type
        1), m.

    Returns
    -------
    force : (T, 3) array, N
    moment : (T, 3) array, N m
    lever : (3,) array, m
        From the point of the recorded moments to the centre; NaN for type 3, which records none.

    Notes
    -----
    The surface lies above the sensors, so that, with z down, the third number of ``origin`` is
    negative. Files with the opposite sign exist: for types 2 and 4 the whole vector is reversed
    then, for type 3 only the depth (reversing the half distances too would mirror the centre of
    pressure).

    References
    ----------
    The C3D file format, https://www.c3d.org/HTML/Documents/forceplatform.htm
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
