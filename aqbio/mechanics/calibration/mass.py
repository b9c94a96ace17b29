"""Masses and inertias of a template's segments at a person's size."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray


def stretched_masses(
    skeleton: Skeleton, factors: FloatArray, total: float
) -> tuple[FloatArray, FloatArray]:
    """Masses and inertias of segments that are stretched along their axes.

    Parameters
    ----------
    skeleton : Skeleton
        The template.
    factors : (B, 3) array
        Scale factors of every segment.
    total : float, kg
        Mass of the person.

    Returns
    -------
    (B,) array, kg
        The template's, by volume, adding up to the person's: a longer thigh is a heavier one.
    (B, 3, 3) array, kg m²
        About the centre of mass.

    Notes
    -----
    A stretched solid keeps its density everywhere: the second moments of its mass,
    ``S = tr(I)/2 1 − I``, become ``D S D m'/m`` with D the factors, and ``I' = tr(S') 1 − S'`` is
    always that of some body. OpenSim's own scaling takes segments for cylinders and boxes, which
    differs by up to a third where three factors are unlike, and not at all where they are alike.
    """
    volume = factors.prod(axis=1)
    heavier = volume * total / (skeleton.mass @ volume)
    half = 0.5 * np.trace(skeleton.inertia, axis1=1, axis2=2)[:, None, None]
    second = half * np.eye(3) - skeleton.inertia
    second = second * factors[:, :, None] * factors[:, None, :] * heavier[:, None, None]
    trace = np.trace(second, axis1=1, axis2=2)[:, None, None]
    return skeleton.mass * heavier, trace * np.eye(3) - second
