"""Capacities of both sides on one scale, from the sheet of measurements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aqbio.config import Capacity
from aqbio.mechanics.vectors import FloatArray


def capacity_scores(
    rows: Sequence[Capacity], names: Sequence[str]
) -> tuple[FloatArray, FloatArray]:
    """Capacity of push side and swing side of every athlete.

    Parameters
    ----------
    rows : sequence of Capacity
        Repetitions of a measure are averaged.

    Returns
    -------
    push, swing : (A,) arrays
        Standardised over the athletes (mean 0, standard deviation 1) and averaged over the
        measures of the side; NaN for an athlete without every one of them, and for all where a
        measure does not vary.

    Notes
    -----
    Newton metres of a knee and watts of a hip cannot be compared; how far athletes are from each
    other can.
    """
    scores = []
    for side in ("push", "swing"):
        own = [row for row in rows if row.side == side]
        measures = list(dict.fromkeys(row.measure for row in own))
        columns = [_standardised([row for row in own if row.measure == m], names) for m in measures]
        scores.append(np.mean(columns, axis=0) if columns else np.full(len(names), np.nan))
    return scores[0], scores[1]


def _standardised(rows: Sequence[Capacity], names: Sequence[str]) -> FloatArray:
    """One measure of all athletes in standard deviations from their mean."""
    values = np.full(len(names), np.nan)
    for place, name in enumerate(names):
        own = [row.value for row in rows if row.participant_id == name]
        if own:
            values[place] = np.mean(own)
    known = np.isfinite(values)
    spread = float(np.std(values[known], ddof=1)) if known.sum() > 1 else 0.0
    if spread == 0.0:
        return np.full(len(names), np.nan)
    scores: FloatArray = (values - values[known].mean()) / spread
    return scores
