"""Bars of step outcomes: what is drawn is summarised here, before any drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aqbio.figures.step_columns import (
    StepColumn,
    refuse_other_columns,
)
from aqbio.figures.style import LineStyle
from aqbio.io.dictionary import columns

BAR_COLUMNS = columns("bars")
"""What the columns of a table of drawn bars mean."""


@dataclass(frozen=True, slots=True)
class Value:
    """A mean over steps and how sure it is."""

    mean: float
    sd: float
    """mean, sd: Over steps."""
    low: float
    high: float
    """low, high: 95 % interval of a step's value, mean over steps; NaN without one."""
    steps: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One source: a bar and what is marked beside it."""

    name: str
    label: str
    style: LineStyle
    """Its colour; a dashed line makes a hatched bar."""
    values: Mapping[str, Value]
    """`Value` by variant; the first is the bar, the others are marks."""


@dataclass(frozen=True, slots=True)
class BarRow:
    """Panels of the same quantity, one for every column."""

    key: str
    label: str
    quantity: str
    """What the bars measure, for the axis."""
    unit: str
    panels: tuple[tuple[Bar, ...], ...]


@dataclass(frozen=True, slots=True)
class BarChart:
    """A whole figure of bars."""

    name: str
    """File name without suffix."""
    columns: tuple[StepColumn, ...]
    rows: tuple[BarRow, ...]
    paired: bool = False
    """Whether all variants are bars of the same weight (phases), not a bar and marks (models)."""

    def __post_init__(self) -> None:
        """Refuse rows that do not have one panel per column."""
        refuse_other_columns(self.name, self.columns, {r.key: r.panels for r in self.rows})


def summarised(rows: pd.DataFrame) -> Value:
    """Summarise rows of one outcome over steps.

    Parameters
    ----------
    rows : DataFrame
        Columns value, low, high.

    Examples
    --------
    >>> summarised(pd.DataFrame({"value": [1.0, 3.0], "low": [0.0, 2.0], "high": [2.0, 4.0]}))
    Value(mean=2.0, sd=1.4142135623730951, low=1.0, high=3.0, steps=2)
    """
    value = rows["value"].to_numpy(dtype=float)
    bounds = rows[["low", "high"]].to_numpy(dtype=float)
    whole = np.isfinite(bounds).all()
    low, high = bounds.mean(axis=0) if whole else (np.nan, np.nan)
    sd = value.std(ddof=1) if len(value) > 1 else np.nan
    return Value(float(value.mean()), float(sd), float(low), float(high), len(value))


def bar_numbers(chart: BarChart) -> pd.DataFrame:
    """Every value of a figure as a long table.

    Returns
    -------
    DataFrame
        Columns as in `BAR_COLUMNS`.
    """
    found = [
        {
            "condition": column.condition or None,
            "speed_mps": column.speed_mps,
            "panel": row.key,
            "source": bar.name,
            "variant": variant,
            "mean": value.mean,
            "sd": value.sd,
            "low": value.low,
            "high": value.high,
            "steps": value.steps,
            "unit": row.unit,
        }
        for row in chart.rows
        for column, panel in zip(chart.columns, row.panels, strict=True)
        for bar in panel
        for variant, value in bar.values.items()
    ]
    return pd.DataFrame(found, columns=list(BAR_COLUMNS))
