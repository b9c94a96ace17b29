"""Bars of step outcomes: what is drawn is summarised here, before any drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aqbio.figures.step_columns import (
    StepColumn,
    refuse_other_columns,
)
from aqbio.io.dictionary import columns
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    from aqbio.figures.style import LineStyle

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


def summarised(rows: pd.DataFrame, by: Sequence[str]) -> dict[tuple[str, ...], Value]:
    """Summarise the rows of every outcome over steps."""
    values = rows["value"].to_numpy(dtype=float)
    bounds = np.stack([rows[name].to_numpy(dtype=float) for name in ("low", "high")])
    outcomes = rows.groupby(list(by), sort=False, observed=True).ngroup().to_numpy()
    order = np.argsort(outcomes, kind="stable")
    order = order[outcomes[order] >= 0]  # the others lack a name
    if not len(order):
        return {}
    names = [rows[name].to_numpy() for name in by]
    places = np.split(order, np.flatnonzero(np.diff(outcomes[order])) + 1)
    return {
        tuple(str(name[own[0]]) for name in names): _summary(values[own], bounds[:, own])
        for own in places
    }


def _summary(value: FloatArray, bounds: FloatArray) -> Value:
    """Summary of the steps of one outcome; bounds (2, N)."""
    whole = np.isfinite(bounds).all()
    low, high = bounds.mean(axis=1) if whole else (np.nan, np.nan)
    sd = value.std(ddof=1) if len(value) > 1 else np.nan
    return Value(float(value.mean()), float(sd), float(low), float(high), len(value))


def pooled(values: Sequence[Value]) -> Value:
    """The mean over all steps of several participants, of their own means."""
    mean, sd, low, high, steps = np.array([astuple(one) for one in values]).T
    count = steps.sum()
    middle = (steps * mean).sum() / count
    squares = (np.nan_to_num((steps - 1.0) * sd**2) + steps * (mean - middle) ** 2).sum()
    spread = np.sqrt(squares / (count - 1.0)) if count > 1 else np.nan
    lower, upper = ((steps * end).sum() / count for end in (low, high))
    return Value(float(middle), float(spread), float(lower), float(upper), int(count))


def pooled_chart(charts: Iterable[BarChart], order: Sequence[str]) -> BarChart:
    """Pool the charts of several participants, which have the same columns and rows."""
    values: dict[tuple[int, int, str], dict[str, list[Value]]] = {}
    bars: dict[str, Bar] = {}
    for chart in charts:
        for row, own in enumerate(chart.rows):
            for column, panel in enumerate(own.panels):
                for bar in panel:
                    bars[bar.name] = bar
                    found = values.setdefault((row, column, bar.name), {})
                    for variant, value in bar.values.items():
                        found.setdefault(variant, []).append(value)

    def bars_of(row: int, column: int) -> tuple[Bar, ...]:
        named = [name for name in order if (row, column, name) in values]
        return tuple(
            replace(
                bars[name],
                values={v: pooled(own) for v, own in values[row, column, name].items()},
            )
            for name in named
        )

    places = range(len(chart.columns))
    rows = (
        replace(own, panels=tuple(bars_of(row, column) for column in places))
        for row, own in enumerate(chart.rows)
    )
    return replace(chart, rows=tuple(rows))


def bar_numbers(chart: BarChart) -> pd.DataFrame:
    """Every value of a figure as a long table."""
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
