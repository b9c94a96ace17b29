"""Faults of forces, planted by the rows that undo them."""

from __future__ import annotations

import numpy as np

from aqbio.io.recording import ForceRecording
from aqbio.prepare.force_faults import FORCE_FAULTS, ForceFault

OPPOSITES = {
    "force-kilonewtons": "force-millinewtons",
    "moment-metres": "moment-millimetres",
    "all-kilonewtons": "all-millinewtons",
    "corner-metres": "corner-millimetres",
}


def planted(
    fault: ForceFault, forces: ForceRecording, plates: np.ndarray, size: float
) -> ForceRecording:
    """A recording with a fault of some size on plates (P,): its row, the other way round."""
    opposites = OPPOSITES | {other: name for name, other in OPPOSITES.items()}
    if fault.name in opposites:
        [opposite] = [row for row in FORCE_FAULTS if row.name == opposites[fault.name]]
        return opposite.undo(forces, plates, size)
    if fault.name == "force-rate":
        return fault.undo(forces, plates, 1.0 / (1.0 + size) - 1.0)
    return fault.undo(forces, plates, size if np.isnan(size) else -size)
