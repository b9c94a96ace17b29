"""Errors of force plates that no constant of the laboratory describes."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import FloatArray, cross

LOADED = 20.0
"""Below this vertical force the centre of pressure has no place, N."""
WAVELENGTH = 0.6
"""Over which the error of the centre of pressure repeats along a plate, m. With 2 mm its slope is
at most 3 %; the linear terms of a maker's own correction are 4 to 11 % before the cubic ones take
some of it back (manual of Kistler's type 9287C, 9281E)."""


def plate_errors(
    force: FloatArray,
    moment: FloatArray,
    crosstalk: float,
    wandering_cop_m: float,
    random: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Force and moment that plates show too much.

    Returns force, moment (T, P, 3): what crosstalk adds acts at the centre of pressure; that is
    shown ``e`` too far back and left, ``sqrt(2) size sin(2π x / WAVELENGTH + phase)`` along each
    axis. Sizes: four plates as installed erred by 2.3, 2.6, 11.8 and 14 mm on average over their
    surface (Cappello et al. 2011); makers promise crosstalk of 0.5 to 2 % (recalled).
    """
    own = random.spawn(1)[0]
    count = force.shape[1]
    mixing = crosstalk * own.standard_normal((count, 3, 3))
    mixing[:, range(3), range(3)] = 0.0
    phase = own.uniform(0.0, 2.0 * np.pi, (2, count))
    vertical = force[..., 1]
    loaded = vertical > LOADED
    safe = np.where(loaded, vertical, np.inf)
    point = np.zeros_like(force)
    point[..., 0], point[..., 2] = moment[..., 2] / safe, -moment[..., 0] / safe
    apart = np.zeros_like(force)
    for axis, turn in zip((0, 2), phase, strict=True):
        wave = np.sin(2.0 * np.pi * point[..., 0] / WAVELENGTH + turn)
        apart[..., axis] = np.sqrt(2.0) * wandering_cop_m * wave
    more = np.einsum("pij,tpj->tpi", mixing, force)
    return more, cross(point, more) - cross(apart, force)
