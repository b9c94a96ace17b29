"""Left against right: what an athlete's steps are like on either foot, by speed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from aqbio.figures.stance_means import kept_steps
from aqbio.figures.step_columns import column_title, step_columns
from aqbio.vectors import FloatArray

MEASURES = {
    "contact_s": ("Contact time", "ms", 1000.0),
    "flight_s": ("Flight time", "ms", 1000.0),
    "step_length_m": ("Step length", "m", 1.0),
    "step_frequency_hz": ("Step frequency", "1/s", 1.0),
    "peak_vertical_force_bw": ("Peak upward force", "BW", 1.0),
    "H_push_side_y_stance_mean_kgm2ps": ("Turn of the push side", "kg m²/s", 1.0),
}
"""Words, unit on the page and factor to it of what is compared, by column of steps.tsv."""

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure on both feet, in the unit of the page."""

    label: str
    unit: str
    left: float
    right: float
    """left, right: Means over steps whose contact is on that foot."""
    difference: float
    low: float
    high: float
    """difference, low, high: Right less left, per cent of their mean, with its interval."""

    @property
    def sure(self) -> bool:
        """Whether the interval is on one side of 0."""
        return self.low > 0.0 or self.high < 0.0


@dataclass(frozen=True, slots=True)
class SpeedRows:
    """An athlete's steps at one speed in one condition."""

    title: str
    left: int
    right: int
    """left, right: Number of steps."""
    compared: tuple[Compared, ...]


def left_and_right(steps: pd.DataFrame, edges_mps: Sequence[float]) -> tuple[SpeedRows, ...]:
    """Compare both feet of an athlete."""
    kept = kept_steps(steps)
    return tuple(
        _speed_rows(column_title(column.condition, column.speed_mps), kept.iloc[column.rows])
        for column in step_columns(kept, edges_mps)
    )


def _speed_rows(title: str, steps: pd.DataFrame) -> SpeedRows:
    left, right = (steps[steps["side"] == side] for side in ("left", "right"))
    return SpeedRows(title, len(left), len(right), tuple(_compared(left, right)))


def _compared(left: pd.DataFrame, right: pd.DataFrame) -> Iterator[Compared]:
    for column, (label, unit, factor) in MEASURES.items():
        one, other = (factor * own[column].dropna().to_numpy(dtype=float) for own in (left, right))
        if len(one) or len(other):
            yield Compared(label, unit, _mean(one), _mean(other), *relative_difference(one, other))


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else math.nan


def relative_difference(left: FloatArray, right: FloatArray) -> tuple[float, float, float]:
    """Right − left, per cent of the size of their mean, with its 95 % interval (Welch 1947).

    Steps are taken as independent; NaN where a side has no step or the mean is 0, no interval from
    a single step.
    """
    if not (len(left) and len(right)):
        return math.nan, math.nan, math.nan
    size = abs(0.5 * (left.mean() + right.mean()))
    if size == 0.0:
        return math.nan, math.nan, math.nan
    difference = 100.0 * float(right.mean() - left.mean()) / size
    if min(len(left), len(right)) < 2 or (np.ptp(left) == 0.0 and np.ptp(right) == 0.0):
        return difference, math.nan, math.nan
    variances = np.array([one.var(ddof=1) / len(one) for one in (left, right)])
    own = variances**2 / [len(left) - 1, len(right) - 1]
    freedom = variances.sum() ** 2 / own.sum()
    half = 100.0 * stdtrit(freedom, 0.5 * (1.0 + CONFIDENCE)) * np.sqrt(variances.sum()) / size
    return difference, float(difference - half), float(difference + half)
