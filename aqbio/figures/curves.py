"""Curves over the step: summarised by column, then drawn, stance beside flight."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from aqbio.figures.step_means import (
    StepColumn,
    refuse_other_columns,
)
from aqbio.figures.style import (
    FLIGHT_SHADE,
    FRAME,
    GREY,
    NARROW_MM,
    Dash,
    LineStyle,
    draw_stack,
    journal_style,
    legend_above,
    pale,
    sheet,
)
from aqbio.io.dictionary import columns
from aqbio.io.step_curves import StudyCurves
from aqbio.names import NORMAL_95

PHASES = ("stance", "flight")
MAX_SINGLE_STEPS = 12
"""Up to this many steps are drawn one by one; beyond, one thin line per participant."""

MIN_BAND_STEPS = 3
"""A standard deviation is shown from this many steps on."""


NUMBER_COLUMNS = columns("curves")
"""What the columns of a table of drawn numbers mean."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One quantity over the step: mean and standard deviation over steps, and single lines."""

    name: str
    """Name of the quantity in the tables."""
    style: LineStyle
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    """mean, sd: (2, 101) arrays. Stance, then flight; ``sd`` is NaN below `MIN_BAND_STEPS`
    steps."""
    single: NDArray[np.float64]
    """(K, 2, 101) array. Thin lines: steps, or means of participants."""
    count: int
    """Number of steps."""
    half: NDArray[np.float64] | None = None
    """(2, 101) array or None. Half of the 95 % interval of measurement and model; None where the
    quantity has none."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not describe the same samples."""
        if self.sd.shape != self.mean.shape or self.single.shape[1:] != self.mean.shape:
            raise ValueError(
                f"{self.name}: mean {self.mean.shape}, sd {self.sd.shape} and single "
                f"{self.single.shape} do not fit together."
            )


@dataclass(frozen=True, slots=True)
class PanelRow:
    """Panels with the same quantity and scale, one for every column."""

    label: str
    """What is drawn."""
    symbol: str
    """Symbol of the quantity; empty where the label says it all."""
    unit: str
    key: str
    """Name of the row in the table of drawn numbers."""
    panels: tuple[tuple[Curve, ...], ...]
    """One tuple of curves per column."""
    narrow: bool = True
    """Whether the row is part of the one-column layout."""
    height: float = 1.0
    """Height relative to the other rows."""
    stack: bool = False
    """Whether all curves but their sum, ``total``, are drawn as areas one upon the other."""
    strip: bool = False
    """Whether the curves are shares of a whole (of 100), drawn as areas one upon the other."""

    @property
    def scale(self) -> str:
        """Symbol and unit, for the axis."""
        return f"{self.symbol} ({self.unit})".lstrip()


@dataclass(frozen=True, slots=True)
class PhaseGrid:
    """A whole figure of curves over the step, before it is drawn."""

    name: str
    """File name without suffix."""
    columns: tuple[StepColumn, ...]
    rows: tuple[PanelRow, ...]
    """Those with a curve in one of their panels."""
    implied: bool = False
    """Whether mechanics forces what the curves share out in flight: true of angular momentum, which
    nothing but the air can change there; not of joint moments."""

    def __post_init__(self) -> None:
        """Refuse rows that do not have one panel per column; leave out those without a curve."""
        refuse_other_columns(self.name, self.columns, {r.key: r.panels for r in self.rows})
        object.__setattr__(self, "rows", tuple(r for r in self.rows if any(r.panels)))


@dataclass(frozen=True, slots=True)
class Line:
    """What one line of a panel shows, before it is summarised."""

    name: str
    """Name of the quantity in the tables."""
    style: LineStyle
    data: xr.DataArray
    """Dimensions ``step``, ``phase``, ``percent``."""
    sd: xr.DataArray | None = None
    """How sure every sample is: standard deviation over draws."""


StepCurves = xr.Dataset | StudyCurves
"""Curves in memory, or those of a study."""


def draws_sd(steps: StepCurves, name: str, **labels: str) -> xr.DataArray | None:
    """The standard deviation over draws of a variable of the step curves; None without one."""
    known = f"{name}_sd"
    return steps[known].sel(labels) if known in steps else None


def summarise_lines(
    lines: Iterable[Line], columns: tuple[StepColumn, ...]
) -> tuple[tuple[Curve, ...], ...]:
    """Summarise lines over the steps of every column: one panel per column."""
    found = [[curve(line, column) for column in columns] for line in lines]
    return tuple(
        tuple(one for line in found if (one := line[place]) is not None)
        for place in range(len(columns))
    )


def curve(line: Line, column: StepColumn) -> Curve | None:
    """Summarise one line over the steps of a column; None where no step has it in both phases."""
    over_steps = line.data.transpose("step", "phase", "percent").to_numpy()
    steps = over_steps[column.rows].astype(float)
    complete = np.isfinite(steps).all(axis=(1, 2))
    steps = steps[complete]
    if not len(steps):
        return None
    mean = steps.mean(axis=0)
    enough = len(steps) >= MIN_BAND_STEPS
    sd = steps.std(axis=0, ddof=1) if enough else np.full_like(mean, np.nan)
    half = None
    if line.sd is not None:
        drawn = line.sd.transpose("step", "phase", "percent").to_numpy()[column.rows][complete]
        half = NORMAL_95 * _known_mean(drawn.astype(float))
    people = [who for who, kept in zip(column.participants, complete, strict=True) if kept]
    return Curve(line.name, line.style, mean, sd, _single(steps, people), len(steps), half)


def _known_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the first axis of what is known; NaN where nothing is."""
    count = np.isfinite(values).sum(axis=0)
    total = np.nansum(values, axis=0)
    mean: NDArray[np.float64] = np.full_like(total, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def _single(steps: NDArray[np.float64], people: list[str]) -> NDArray[np.float64]:
    if len(steps) <= MAX_SINGLE_STEPS:
        return steps
    person = np.asarray(people)
    return np.stack([steps[person == who].mean(axis=0) for who in sorted(set(people))])


def _half(line: Curve) -> NDArray[np.float64]:
    return np.full_like(line.mean, np.nan) if line.half is None else line.half


def drawn_numbers(grid: PhaseGrid) -> pd.DataFrame:
    """Every mean and standard deviation of a figure as a long table."""
    percent = np.arange(101)
    parts = []
    for row in grid.rows:
        for column, panel in zip(grid.columns, row.panels, strict=True):
            for line in panel:
                for number, phase in enumerate(PHASES):
                    parts.append(
                        pd.DataFrame(
                            {
                                "condition": column.condition,
                                "speed_mps": column.speed_mps,
                                "row": row.key,
                                "line": line.name,
                                "phase": phase,
                                "percent": percent,
                                "mean": line.mean[number],
                                "sd": line.sd[number],
                                "low": line.mean[number] - _half(line)[number],
                                "high": line.mean[number] + _half(line)[number],
                                "steps": line.count,
                                "unit": row.unit,
                            }
                        )
                    )
    return pd.concat(parts, ignore_index=True)


FLIGHT = "flight"
IMPLIED = "flight: mechanically implied"
_PERCENT = np.concatenate([np.arange(101.0), [100.0], np.arange(101.0) + 100])
_EVERY_SECOND = np.concatenate([_PERCENT[:101:2], [100.0], _PERCENT[102::2]])
_ROW_MM, _NARROW_ROW_MM, _MARGIN_MM = 31.0, 34.0, 24.0
_MAX_HEIGHT_MM = 232.0
_ROOMY_COLUMNS = 2
_PERCENT_COLUMNS = 3
_CROWD = 4  # More lines than this show their spread as a band only.
_TITLE_LETTERS = 46
_STRIP_HATCHES = ("", "//////", "......")


@journal_style()
def phase_grid_figure(grid: PhaseGrid, width_mm: float) -> Figure:
    """Draw a grid of panels: all speeds, or in one column of a page the rows that matter most."""
    if width_mm < NARROW_MM:
        return _narrow(grid, width_mm)
    return _wide(grid, width_mm)


def _wide(grid: PhaseGrid, width_mm: float) -> Figure:
    heights = [row.height for row in grid.rows]
    height_mm = min(_MAX_HEIGHT_MM, _ROW_MM * sum(heights) + _MARGIN_MM)
    figure = sheet(width_mm, height_mm)
    axes = figure.subplots(
        len(grid.rows),
        len(grid.columns),
        squeeze=False,
        sharex=True,
        sharey="row",
        height_ratios=heights,
    )
    for row, line_of_axes in zip(grid.rows, axes, strict=True):
        _draw(line_of_axes, row)
        line_of_axes[0].set_ylabel(f"{row.label}\n{row.scale}", linespacing=1.25)
    roomy = len(grid.columns) <= _ROOMY_COLUMNS
    for column, place in zip(grid.columns, axes[0], strict=True):
        _title(place, column, roomy=roomy)
        implied = roomy and grid.implied
        _name_phases(place, "flight (mechanically implied)" if implied else "flight")
    _name_phase(axes, events=len(grid.columns) > _PERCENT_COLUMNS)
    _legend(figure, grid.rows, IMPLIED if grid.implied else FLIGHT, columns=5)
    return figure


def _narrow(grid: PhaseGrid, width_mm: float) -> Figure:
    # where nothing is known of the rows that matter most, the others are drawn
    rows = [row for row in grid.rows if row.narrow] or list(grid.rows)
    height_mm = min(_MAX_HEIGHT_MM, _NARROW_ROW_MM * len(grid.columns) + _MARGIN_MM + 8.0)
    figure = sheet(width_mm, height_mm)
    axes = figure.subplots(len(grid.columns), len(rows), squeeze=False, sharex=True, sharey="col")
    for position, row in enumerate(rows):
        _draw(axes[:, position], row)
        label = textwrap.fill(row.label, _TITLE_LETTERS // len(rows), break_long_words=False)
        axes[0, position].set_title(f"{label}\n{row.scale}", fontsize=7, pad=15)
        _name_phases(axes[0, position])
    for column, place in zip(grid.columns, axes[:, 0], strict=True):
        place.set_ylabel(f"{column.title}\n{_steps(column)}", linespacing=1.3)
    _name_phase(axes, events=len(rows) > _ROOMY_COLUMNS)
    _legend(figure, rows, IMPLIED if grid.implied else FLIGHT, columns=2)
    return figure


def _draw(axes: NDArray[np.object_], row: PanelRow) -> None:
    """Draw the panels of one quantity, which share their scale: found once, after the last one."""
    for place, panel in zip(axes, row.panels, strict=True):
        place.set_autoscale_on(False)
        if row.strip:
            _draw_strip(place, panel)
        elif row.stack:
            _draw_stack(place, panel)
        else:
            _draw_panel(place, panel)
    if not row.strip:
        axes[0].set_autoscaley_on(True)
        axes[0].autoscale_view(scalex=False)


def _draw_strip(place: Axes, panel: tuple[Curve, ...]) -> None:
    """Shares of a whole as areas one upon the other; hatches carry the difference too."""
    for phase in range(2):
        along = np.arange(101.0) + 100 * phase
        below = np.zeros(101)
        for line, hatch in zip(panel, _STRIP_HATCHES, strict=False):
            above = below + line.mean[phase]
            place.fill_between(
                along,
                below,
                above,
                facecolor=pale(line.style.colour),
                edgecolor=line.style.colour,
                hatch=hatch,
                linewidth=0.0,
            )
            below = above
    place.axvline(100, color=FRAME, linewidth=0.6)
    place.set_ylim(0, 100)
    place.set_yticks([0, 100])


def _draw_stack(place: Axes, panel: tuple[Curve, ...]) -> None:
    """The parts of a whole, and over them the whole, which they close on."""
    _draw_phases(place)
    whole = next((one for one in panel if one.name == "total"), None)
    parts = [one for one in panel if one is not whole]
    if whole is None or not parts:
        return
    for phase in range(2):
        along = np.arange(101.0) + 100 * phase
        draw_stack(place, along, [(one.style, one.mean[phase]) for one in parts])
    place.plot(_PERCENT, _apart(whole.mean), color=whole.style.colour, linewidth=1.2, zorder=4)
    place.locator_params(axis="y", nbins=5)


def _draw_phases(place: Axes) -> None:
    place.axvspan(100, 200, color=FLIGHT_SHADE, linewidth=0, zorder=0)
    place.axhline(0, color=FRAME, linewidth=0.5, zorder=1)
    place.axvline(100, color=FRAME, linewidth=0.6, zorder=1)


def _draw_panel(place: Axes, panel: tuple[Curve, ...]) -> None:
    _draw_phases(place)
    crowded = len(panel) > _CROWD
    for line in panel:
        colour = line.style.colour
        banded = bool(np.isfinite(line.sd).all())
        if len(line.single) and not (crowded and banded):
            _draw_single(place, line)
        if banded:
            _draw_band(place, line, line.sd, 0.10)
        if line.half is not None:
            _draw_band(place, line, line.half, 0.28)
        place.plot(
            _PERCENT,
            _apart(line.mean),
            color=colour,
            linestyle=line.style.dash,
            linewidth=line.style.width,
            zorder=4 if line.name == "total" else 3,  # thin, so that what it hides is seen
        )
    place.locator_params(axis="y", nbins=5)


def _draw_single(place: Axes, line: Curve) -> None:
    """Draw all thin lines of a curve as one object with gaps, which is simplified as a whole."""
    if not len(line.single):
        return
    gap = [np.nan]
    along = np.concatenate([np.arange(101.0), gap, np.arange(101.0) + 100, gap])
    values = [np.concatenate([step[0], gap, step[1], gap]) for step in line.single]
    place.plot(
        np.tile(along, len(values)), np.concatenate(values), color=pale(line.style.colour),
        linewidth=0.4, solid_capstyle="round", solid_joinstyle="round", zorder=2,
    )  # fmt: skip


def _draw_band(place: Axes, line: Curve, half: NDArray[np.float64], alpha: float) -> None:
    """Shade mean ± half; every second sample: the same picture, half the file."""
    known = np.where(np.isfinite(half).all(axis=1, keepdims=True), half, np.nan)
    place.fill_between(
        _EVERY_SECOND,
        _apart((line.mean - known)[:, ::2]),
        _apart((line.mean + known)[:, ::2]),
        color=line.style.colour,
        alpha=alpha,
        linewidth=0,
        zorder=2,
    )


def _apart(phases: NDArray[np.float64]) -> NDArray[np.float64]:
    """Join stance and flight without a stroke between them: a rate may jump at toe-off."""
    return np.concatenate([phases[0], [np.nan], phases[1]])


def _title(place: Axes, column: StepColumn, *, roomy: bool) -> None:
    """Name a column; where there are many, every piece of the name gets a line of its own."""
    title, size = column.title, column.size
    if not roomy:
        title, size = title.replace(", ", "\n"), size.replace(", ", "\n")
    _over(place, 0.5, 12, size, fontsize=6.5)
    _over(place, 0.5, 20 if roomy else 28, title, fontsize=7.5, fontweight="bold")


def _over(place: Axes, across: float, points: float, text: str, **look: Any) -> None:
    """Write above a panel, some points over its upper edge."""
    place.annotate(
        text,
        (across, 1.0),
        (0, points),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="bottom",
        **look,
    )


def _steps(column: StepColumn) -> str:
    return f"{len(column.rows)} step{'s' if len(column.rows) != 1 else ''}"


def _name_phases(place: Axes, flight: str = "flight") -> None:
    for across, name in ((0.25, "stance"), (0.75, flight)):
        _over(place, across, 2.5, name, fontsize=6.5, color=FRAME)


def _name_phase(axes: NDArray[np.object_], *, events: bool) -> None:
    """Mark the events or the percent of both phases; all panels share the axis."""
    first = axes[-1, 0]
    first.set_xlim(0, 200)
    if events:
        first.set_xticks([0, 100, 200], labels=["TD", "TO", "TD"])
    else:
        first.set_xticks([0, 50, 100, 150, 200], labels=["0", "50", "100|0", "50", "100"])
    for place in axes[-1]:
        place.set_xlabel("phase" if events else "phase (%)")


def _legend(figure: Figure, rows: Sequence[PanelRow], flight: str, *, columns: int) -> None:
    """Put one key for all panels over them; a side and its leg share a look and an entry."""
    entries: dict[tuple[str, Dash, float], list[str]] = {}
    for style in (line.style for row in rows for panel in row.panels for line in panel):
        labels = entries.setdefault((style.colour, style.dash, style.width), [])
        if style.label not in labels:
            labels.append(style.label)
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour, linestyle=dash, linewidth=width, label=" / ".join(labels))
        for (colour, dash, width), labels in entries.items()
    ]
    handles.append(Patch(facecolor=FLIGHT_SHADE, edgecolor=GREY, linewidth=0.4, label=flight))
    tight: dict[str, Any] = {}
    if columns <= _ROOMY_COLUMNS:
        tight = {"handlelength": 2.6, "columnspacing": 1.0}
    legend_above(figure, handles, columns, **tight)
