"""Faults of forces, planted by the rows that undo them."""

from __future__ import annotations

import numpy as np

from aqbio.io.recording import ForceRecording
from aqbio.prepare.corrections import Correction
from aqbio.prepare.force_faults import TYPICAL_WEIGHT_N, ForceFault


def planted(
    fault: ForceFault,
    forces: ForceRecording,
    plates: np.ndarray,
    size: float,
    weight: float = TYPICAL_WEIGHT_N,
) -> ForceRecording:
    """A recording with a fault of some size on plates (P,): its row, the other way round.

    Of somebody of a weight, N.
    """
    undo = fault.undo
    if np.isfinite(fault.per_weight):
        return Correction("scale", (fault.per_weight / weight,) * 2)(forces, plates)
    if undo.name == "scale":
        return Correction("scale", tuple(1.0 / x for x in undo.arguments))(forces, plates)
    if undo.name == "turn":
        return Correction("turn", tuple(-x for x in undo.arguments))(forces, plates, -size)
    if undo.name == "slow-clock":
        return undo(forces, plates, 1.0 / (1.0 + size) - 1.0)
    return undo(forces, plates, -size)
