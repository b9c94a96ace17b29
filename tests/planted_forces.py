"""Faults of forces, planted by the rows that undo them."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np

from aqbio.io.recording import ForceRecording
from aqbio.prepare.force_faults import TYPICAL_WEIGHT_N, ForceFault, Times, fast
from aqbio.prepare.moved_plates import TurnedBy


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
    if np.isfinite(fault.per_weight):
        share = fault.per_weight / weight
        return Times(share, share)(forces, plates, size)
    if isinstance(fault.undo, Times):
        done = Times(*(1.0 / factor for factor in astuple(fault.undo)))
        return done(forces, plates, size)
    if isinstance(fault.undo, TurnedBy):
        return TurnedBy(-fault.undo.angle)(forces, plates, size)
    if fault.undo is fast:
        return fast(forces, plates, 1.0 / (1.0 + size) - 1.0)
    return fault.undo(forces, plates, -size)
