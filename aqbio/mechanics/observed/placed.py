"""Points that stand for the mass of segments."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray

POINTS = 6
"""Equal masses that stand for a segment: its centre of mass and its inertia."""


def point_masses(skeleton: Skeleton) -> FloatArray:
    """Points of every segment, in its frame, with its centre of mass and inertia, (POINTS B, 3)."""
    mass = np.where(skeleton.mass > 0.0, skeleton.mass, np.inf)[:, None, None]
    trace = np.trace(skeleton.inertia, axis1=1, axis2=2)[:, None, None]
    second = (trace / 2 * np.eye(3) - skeleton.inertia) / mass
    size, axes = np.linalg.eigh(second)
    arms = np.sqrt(np.maximum(3 * size, 0.0))[:, :, None] * np.swapaxes(axes, 1, 2)
    points: FloatArray = skeleton.com[:, None] + np.concatenate([arms, -arms], axis=1)
    return points.reshape(-1, 3)
