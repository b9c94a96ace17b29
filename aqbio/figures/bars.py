"""Bars of step outcomes: values over steps, then drawn, one panel for every speed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from aqbio.figures.step_means import (
    StepColumn,
    Value,
    pool_values,
    refuse_other_columns,
)
from aqbio.figures.style import (
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    STYLES,
    LineStyle,
    journal_style,
    legend_above,
    pale,
    sheet,
)
from aqbio.io.dictionary import columns

BAR_COLUMNS = columns("bars")
"""What the columns of a table of drawn bars mean."""


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


def pool_charts(charts: Iterable[BarChart], order: Sequence[str]) -> BarChart:
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
                values={v: pool_values(own) for v, own in values[row, column, name].items()},
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


_BAR_MM, _PAIR_MM, _MARGIN_MM = 3.3, 7.0, 15.0
_KEY_MM = 10.0
_MARKS = ("o", "D", "s")
_HATCH = "//////"
_MODELS = {
    "C1": "may twist", "C2": "neither moves nor twists", "C3": "may not turn at all",
    "C4": "bears all, toes nothing",
}  # fmt: skip
"""What the foot does at its centre of pressure, by contact model."""

_PHASES = {
    "stance": "stance",
    "flight": "flight",
    "braking": "early stance (braking)",
    "propulsion": "late stance (propulsion)",
}


@journal_style()
def bar_chart_figure(chart: BarChart, width_mm: float) -> Figure:
    """Draw bars; in one column of a page the fastest speed of the first condition only."""
    narrow = width_mm < NARROW_MM
    same = [n for n, one in enumerate(chart.columns) if one.condition == chart.columns[0].condition]
    chosen = same[-1:] if narrow else list(range(len(chart.columns)))
    bars = max(len(panel) for row in chart.rows for panel in row.panels)
    row_mm = (_PAIR_MM if chart.paired else _BAR_MM) * bars + _MARGIN_MM
    figure = sheet(width_mm, row_mm * len(chart.rows) + _KEY_MM)
    axes = figure.subplots(len(chart.rows), len(chosen), squeeze=False, sharey="row", sharex="row")
    for row, line in zip(chart.rows, axes, strict=True):
        for number, place in zip(chosen, line, strict=True):
            _draw(place, row.panels[number], paired=chart.paired)
            place.set_xlabel(f"{row.quantity} ({row.unit})", linespacing=1.15)
            place.margins(x=0.08)
            if row is chart.rows[0]:
                _title(place, chart.columns[number])
        names = next(panel for panel in row.panels if panel)
        line[0].set_yticks(range(len(names)), labels=[bar.label for bar in names])
        line[0].set_ylabel(row.label, fontweight="bold")
        line[0].set_ylim(len(names) - 0.4, -0.6)
    _legend(figure, chart, narrow=narrow)
    return figure


def _draw(place: Axes, panel: Sequence[Bar], *, paired: bool) -> None:
    """Draw the bars of a panel; one object per kind, since drawing costs by objects."""
    place.axvline(0, color=FRAME, linewidth=0.6, zorder=1)
    thick, beside = (0.36, 0.2) if paired else (0.66, 0.0)
    variants = [list(bar.values.values()) for bar in panel]
    heights = np.arange(len(panel), dtype=float)
    firsts = [values[0] for values in variants]
    _bars(place, heights - beside, [one.mean for one in firsts], panel, thick=thick)
    known = np.array([np.isfinite(one.low) for one in firsts], dtype=bool)
    low, high = (np.array([getattr(one, end) for one in firsts])[known] for end in ("low", "high"))
    across = (heights - beside)[known]
    place.hlines(across, low, high, color=INK, linewidth=0.8, zorder=3)
    for ends in (low, high):
        place.vlines(ends, across - 0.17, across + 0.17, color=INK, linewidth=0.8, zorder=3)
    for number, mark in enumerate(_MARKS, start=1):
        own = [at for at, values in enumerate(variants) if len(values) > number]
        means = [variants[at][number].mean for at in own]
        if paired:
            _bars(
                place, heights[own] + beside, means, [panel[at] for at in own], thick=thick,
                faint=True,
            )  # fmt: skip
        else:
            place.plot(
                means, heights[own], mark, color="white", markeredgecolor=INK, markersize=2.6,
                markeredgewidth=0.6, zorder=4,
            )  # fmt: skip
    place.tick_params(axis="y", length=0)
    place.locator_params(axis="x", nbins=4)


def _bars(
    place: Axes,
    heights: NDArray[np.float64],
    values: Sequence[float],
    bars: Sequence[Bar],
    *,
    thick: float,
    faint: bool = False,
) -> None:
    colours = [bar.style.colour for bar in bars]
    place.barh(
        heights,
        values,
        height=thick,
        color=["white" if faint else pale(colour) for colour in colours],
        edgecolor=colours,
        hatch=["" if bar.style.dash == "solid" or faint else _HATCH for bar in bars],
        linewidth=0.6,
        zorder=2,
    )


def _title(place: Axes, column: StepColumn) -> None:
    words = f"{column.title}\n{column.size}".replace(", ", "\n")
    place.set_title(words, fontsize=6.5)


def _model_words(name: str) -> str:
    return f"{name}: foot {_MODELS[name]}" if name in _MODELS else f"contact model {name}"


def _legend(figure: Figure, chart: BarChart, *, narrow: bool) -> None:
    variants = list(
        dict.fromkeys(
            name
            for row in chart.rows
            for panel in row.panels
            for bar in panel
            for name in bar.values
        )
    )
    handles: list[Line2D | Patch]
    if chart.paired:
        handles = [
            Patch(facecolor=pale(GREY), edgecolor=GREY, label=_PHASES[variants[0]]),
            Patch(facecolor="white", edgecolor=GREY, label=_PHASES[variants[1]]),
        ]
    else:
        handles = [Patch(facecolor=pale(GREY), edgecolor=GREY, label=_model_words(variants[0]))]
        handles += [
            Line2D(
                [], [], linestyle="", marker=mark, color="white", markeredgecolor=INK,
                markersize=3.5, label=_model_words(name),
            )
            for mark, name in zip(_MARKS, variants[1:], strict=False)
        ]  # fmt: skip
    every = [bar for row in chart.rows for panel in row.panels for bar in panel]
    looks = {bar.style.colour: bar.style for bar in every}
    handles += [
        Patch(
            facecolor=pale(look.colour), edgecolor=look.colour, linewidth=0.6, label=look.label,
            hatch="" if look.dash == "solid" else _HATCH,
        )
        for look in looks.values()
        if look.label not in (STYLES["total"].label, STYLES["residual_moment"].label)
    ]  # fmt: skip
    if any(np.isfinite(next(iter(bar.values.values())).low) for bar in every):
        handles.append(Line2D([], [], color=INK, linewidth=0.8, label="95 % interval"))
    legend_above(figure, handles, 2 if narrow else 4)
