"""Joint centres that no marker shows, from markers that are there."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import FloatArray, cross

DEPTH_SLOPE, DEPTH_OFFSET = -0.24, -0.0099
HEIGHT_SLOPE, HEIGHT_OFFSET = -0.30, -0.0109
SIDE_SLOPE, SIDE_OFFSET = 0.33, 0.0073
"""Slopes and offsets (m) of the three components (Harrington et al. 2007)."""


def hip_centres(
    right_front: FloatArray, left_front: FloatArray, middle_back: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Right and left hip centre (..., 3), m, from the iliac spines.

    In the pelvic plane with its origin between the anterior spines, x forward, y up, z right:
    ``x = -0.24 PD - 9.9 mm``, ``y = -0.30 PW - 10.9 mm``, ``z = ±(0.33 PW + 7.3 mm)``, where PW is
    the distance of the anterior spines and PD that of their middle to the posterior one.
    Source: Harrington ME et al. (2007), J Biomech 40:595-602.
    """
    middle = (right_front + left_front) / 2
    across, forward = right_front - left_front, middle - middle_back
    width = np.linalg.norm(across, axis=-1, keepdims=True)
    depth = np.linalg.norm(forward, axis=-1, keepdims=True)
    z = across / width
    x = forward - (forward * z).sum(axis=-1, keepdims=True) * z
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    y = cross(z, x)
    centre = middle + (DEPTH_SLOPE * depth + DEPTH_OFFSET) * x
    centre += (HEIGHT_SLOPE * width + HEIGHT_OFFSET) * y
    side = (SIDE_SLOPE * width + SIDE_OFFSET) * z
    return centre + side, centre - side
