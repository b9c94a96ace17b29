"""Capacities of both sides on one scale, from the sheet of measurements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aqbio.config import Capacity
from aqbio.vectors import FloatArray


def capacity_scores(rows: Sequence[Capacity], names: Sequence[str]) -> dict[str, FloatArray]:
    """Capacity of push and swing side of every athlete, and the variance of its errors.

    Each measure is standardised over athletes (newton metres of a knee and watts of a hip have no
    common unit) and averaged over the side; NaN for an athlete without every measure.
    ``push_noise`` and ``swing_noise`` come from the scatter of repetitions; NaN without any.
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
    """A measure in standard deviations from the athletes' mean, and the variance of its errors."""
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
