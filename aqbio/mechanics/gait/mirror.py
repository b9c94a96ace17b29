"""Left steps seen as right ones: reflection in the sagittal (x-y) plane of the ground frame."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np

from aqbio.mechanics.vectors import FloatArray

POLAR = np.array([1.0, 1.0, -1.0])
AXIAL = np.array([-1.0, -1.0, 1.0])

Kind = Literal["axial", "polar"]
"""How vectors reflect: momenta and moments are axial, forces and velocities polar."""

REFLECTION: Mapping[Kind, FloatArray] = MappingProxyType({"axial": AXIAL, "polar": POLAR})


def mirrored_polar(vectors: FloatArray) -> FloatArray:
    """Reflection of positions, velocities, accelerations and forces.

    Parameters
    ----------
    vectors : (..., 3) array
        Ground frame, x forward, y up, z right.

    Returns
    -------
    (..., 3) array
        ``(x, y, z)`` becomes ``(x, y, -z)``.

    Examples
    --------
    >>> mirrored_polar(np.array([1.0, 2.0, 3.0]))
    array([ 1.,  2., -3.])
    """
    reflected: FloatArray = vectors * POLAR
    return reflected


def mirrored_axial(vectors: FloatArray) -> FloatArray:
    """Reflection of angular velocities, angular momenta, moments and free moments.

    Parameters
    ----------
    vectors : (..., 3) array
        Ground frame, x forward, y up, z right.

    Returns
    -------
    (..., 3) array
        ``(x, y, z)`` becomes ``(-x, -y, z)``: a cross product of polar vectors keeps its meaning.

    Examples
    --------
    A leg that turns the body to the left becomes one that turns it to the right:

    >>> mirrored_axial(np.array([0.0, 5.0, 1.0]))
    array([-0., -5.,  1.])
    """
    reflected: FloatArray = vectors * AXIAL
    return reflected


def rotation_about_vertical(angle: float) -> FloatArray:
    """Matrix that turns vectors to the left by ``angle`` (rad) about the vertical (+y).

    Examples
    --------
    A quarter turn to the left brings forward (+x) to left (-z):

    >>> rotation_about_vertical(np.pi / 2).round(12) @ np.array([1.0, 0.0, 0.0])
    array([ 0.,  0., -1.])
    """
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
