"""Inertial parameters of a skeleton, written out for comparison."""

from __future__ import annotations

import numpy as np

from aqbio.multibody.jacobians import TENSOR_ENTRIES
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray


def inertial_parameters(skeleton: Skeleton) -> FloatArray:
    """(B, 10): inertial parameters of every segment in the order of ``PARAMETERS``.

    Inertia about the body origin: ``I + m (c² 1 − c cᵀ)``, as tensor entries (``xy`` is the
    entry, not the positive product of inertia).
    """
    com, mass = skeleton.com, skeleton.mass
    square = (com**2).sum(axis=1)[:, None, None] * np.eye(3)
    shifted = mass[:, None, None] * (square - com[:, :, None] * com[:, None, :])
    tensor = skeleton.inertia + shifted
    entries = np.stack([tensor[:, row, column] for row, column in TENSOR_ENTRIES], axis=1)
    return np.concatenate([mass[:, None], mass[:, None] * com, entries], axis=1)
