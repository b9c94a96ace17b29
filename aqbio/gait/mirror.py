"""Left steps seen as right ones: reflection in the sagittal (x-y) plane of the ground frame."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np

from aqbio.vectors import FloatArray

POLAR = np.array([1.0, 1.0, -1.0])
AXIAL = np.array([-1.0, -1.0, 1.0])

Kind = Literal["axial", "polar"]
"""How vectors reflect: momenta and moments are axial, forces and velocities polar."""

REFLECTION: Mapping[Kind, FloatArray] = MappingProxyType({"axial": AXIAL, "polar": POLAR})


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
