"""Vectors seen in a mirror: reflection in the sagittal (x-y) plane of the ground frame."""

from __future__ import annotations

from aqbio.gait.steps import AXIAL, POLAR
from aqbio.vectors import FloatArray


def mirrored_polar(vectors: FloatArray) -> FloatArray:
    """Reflection of positions, velocities, accelerations and forces."""
    reflected: FloatArray = vectors * POLAR
    return reflected


def mirrored_axial(vectors: FloatArray) -> FloatArray:
    """Reflection of angular velocities, angular momenta, moments and free moments."""
    reflected: FloatArray = vectors * AXIAL
    return reflected
