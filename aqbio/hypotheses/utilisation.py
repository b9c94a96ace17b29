"""How much of their strength athletes use at their highest speed, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aqbio.config import Capacity
from aqbio.stats.evidence import Evidence
from aqbio.stats.step_statistics import is_top_speed
from aqbio.vectors import FloatArray

UNIT = "N m/kg"
"""Unit of strengths that can be held against joint moments."""


def utilisations(
    evidence: Evidence, rows: Sequence[Capacity], unit: Mapping[str, float]
) -> dict[str, FloatArray]:
    """Joint moments of both sides at the highest speed over the strengths of both sides.

    Parameters
    ----------
    rows : sequence of Capacity
        Measures in N m/kg count; those of one side are averaged.
    unit : mapping
        N m/kg behind one unit of the evidence's joint-moment indices, by athlete.

    Returns
    -------
    dict of (A,) arrays
        ``push_utilisation``, ``swing_utilisation``; NaN for who has no such strength.

    Notes
    -----
    Demand is the root mean square over contact of the side's joint moments together. Strengths are
    tested joint by joint, so that 1 is no limit to be reached; that one side is used up in every
    athlete, and the other is not, would show in the larger of both being alike.
    """
    known = [row for row in rows if row.unit == UNIT]
    names = list(evidence.athletes.index)
    top = evidence.steps[is_top_speed(evidence.steps)]
    scale = np.array([unit[name] for name in names])
    found = {}
    for side in ("push", "swing"):
        demand = top[f"{side}_index"].groupby(top["participant_id"], observed=False).mean()
        strengths = [
            [one.value for one in known if (one.participant_id, one.side) == (name, side)]
            for name in names
        ]
        own = np.array([np.mean(values) if values else np.nan for values in strengths])
        found[f"{side}_utilisation"] = demand.reindex(names).to_numpy(dtype=float) * scale / own
    return found
