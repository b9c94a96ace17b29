"""Capacities of both sides on one scale, from the sheet of measurements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aqbio.config import Capacity
from aqbio.vectors import FloatArray


def capacity_scores(rows: Sequence[Capacity], names: Sequence[str]) -> dict[str, FloatArray]:
    """Capacity of push side and swing side of every athlete, and how sure it is.

    Parameters
    ----------
    rows : sequence of Capacity
        Repetitions of a measure are averaged.

    Returns
    -------
    dict of (A,) arrays
        ``push_capacity``, ``swing_capacity``: standardised over the athletes (mean 0, standard
        deviation 1) and averaged over the measures of the side; NaN for an athlete without every
        one of them, and for all where a measure does not vary. ``push_noise``, ``swing_noise``:
        variance of their errors, from the scatter of repetitions; NaN without repetitions.

    Notes
    -----
    Newton metres of a knee and watts of a hip cannot be compared; how far athletes are from each
    other can.
    """
    found: dict[str, FloatArray] = {}
    for side in ("push", "swing"):
        own = [row for row in rows if row.side == side]
        measures = list(dict.fromkeys(row.measure for row in own))
        columns = [_standardised([row for row in own if row.measure == m], names) for m in measures]
        unknown = np.full(len(names), np.nan)
        scores = np.mean([one for one, _ in columns], axis=0) if columns else unknown
        noise = np.mean([one for _, one in columns]) / len(columns) if columns else np.nan
        found |= {f"{side}_capacity": scores, f"{side}_noise": np.full(len(names), noise)}
    return found


def _standardised(rows: Sequence[Capacity], names: Sequence[str]) -> tuple[FloatArray, float]:
    """One measure of all athletes in standard deviations from their mean, and its errors' variance.

    The variance of a mean of repetitions, from the scatter about it pooled over athletes.
    """
    values = np.full(len(names), np.nan)
    squares, free, counts = 0.0, 0, []
    for place, name in enumerate(names):
        own = [row.value for row in rows if row.participant_id == name]
        if own:
            values[place] = np.mean(own)
            squares += float(np.sum((np.array(own) - values[place]) ** 2))
            free += len(own) - 1
            counts.append(len(own))
    known = np.isfinite(values)
    spread = float(np.std(values[known], ddof=1)) if known.sum() > 1 else 0.0
    if spread == 0.0:
        return np.full(len(names), np.nan), np.nan
    noise = squares / free * float(np.mean(1.0 / np.array(counts))) if free else np.nan
    scores: FloatArray = (values - values[known].mean()) / spread
    return scores, noise / spread**2
