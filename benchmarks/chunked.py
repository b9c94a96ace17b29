"""Inverse dynamics of long motions, chunk by chunk: in the memory of one of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aqbio.multibody.dynamics import ExternalLoad, inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.poses import chunks
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray


def motion_forces(
    skeleton: Skeleton,
    motion: tuple[FloatArray, FloatArray, FloatArray],
    loads: Sequence[ExternalLoad] = (),
    *,
    simbody_compat: bool = False,
) -> FloatArray:
    """Generalised forces that explain a motion, without keeping its kinematics."""
    parts = []
    for chunk in chunks(len(motion[0])):
        moves = segment_kinematics(
            skeleton, *(values[chunk] for values in motion), simbody_compat=simbody_compat
        )
        parts.append(inverse_dynamics(skeleton, moves, [load.frames(chunk) for load in loads]))
    return np.concatenate(parts)
