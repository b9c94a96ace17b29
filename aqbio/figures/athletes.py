"""Who shows what is predicted: every athlete's own number, hypothesis by hypothesis."""

from __future__ import annotations

from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from aqbio.figures.numbers import shown
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    journal_style,
    legend_above,
    sheet,
)

FloatArray = NDArray[np.float64]

TITLE = "Every athlete's own number, held against the prediction"

_COLUMNS, _NARROW_COLUMNS = 3, 2
_ROW_MM, _KEY_MM = 39.0, 8.0
_PAGE_MM = 225.0
_TITLE_WRAP, _UNIT_WRAP = {False: 36, True: 25}, {False: 44, True: 30}
_REGION = "#DCEBF5"
_LOW, _HIGH, _MEAN, _TOP = 0.0, 1.0, -0.3, 1.15
"""Heights: the first and the last athlete, the mean, and the top of a panel."""


def athletes_figure(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw one panel per hypothesis, athletes sorted by their number."""
    narrow = width_mm < NARROW_MM
    names = list(dict.fromkeys(numbers["hypothesis"]))
    across = min(_NARROW_COLUMNS if narrow else _COLUMNS, len(names))
    down = -(-len(names) // across)
    with journal_style():
        row_mm = min(_ROW_MM, _PAGE_MM / down)
        figure = sheet(width_mm, row_mm * down + _KEY_MM * (1.6 if narrow else 1.0))
        engine = figure.get_layout_engine()
        if engine is not None:
            engine.set(hspace=0.09, wspace=0.05)  # type: ignore[call-arg]
        axes = figure.subplots(down, across, squeeze=False).ravel()
        for place, name in zip(axes, names, strict=False):
            own = numbers[numbers["hypothesis"] == name].sort_values("value", kind="stable")
            _draw(place, own)
            title = wrap(f"{name}\N{NO-BREAK SPACE} {own['title'].iloc[0]}", _TITLE_WRAP[narrow])
            place.set_title("\n".join(title), fontsize=6.5, loc="left")
            count = f"{int(own['n_showing'].iloc[0])} of {len(own)}"
            place.set_title(count, fontsize=7, fontweight="bold", loc="right", color=_colour(own))
            unit = wrap(str(own["unit"].iloc[0]), _UNIT_WRAP[narrow])
            place.set_xlabel("\n".join(unit), fontsize=6)
        for place in axes[len(names) :]:
            place.set_visible(False)
        _legend(figure, narrow=narrow)
    return figure


def _draw(place: Axes, own: pd.DataFrame) -> None:
    first = own.iloc[0]
    smallest = float(first["smallest_effect"])
    values = own["value"].to_numpy(dtype=float)
    reached = shows(values, smallest, str(first["predicted"]))
    heights = np.linspace(_LOW, _HIGH, len(values)) if len(values) > 1 else np.array([0.5])
    size = 4.2 if len(values) <= 24 else 2.6
    _axis(place, own)
    _region(place, smallest, str(first["predicted"]))
    place.axvline(0, color=FRAME, linewidth=0.6, zorder=1)
    colour = _colour(own)
    for which, fill in ((reached, colour), (~reached, "white")):
        place.plot(
            values[which], heights[which], "o", color=colour, markerfacecolor=fill, markersize=size,
            markeredgewidth=0.8, zorder=3,
        )  # fmt: skip
    ends = (float(first["ci_low"]), float(first["ci_high"]))
    if np.isfinite(ends).all():
        place.plot(ends, [_MEAN, _MEAN], color=INK, linewidth=1.4, zorder=4)
    place.plot(float(first["estimate"]), _MEAN, "D", color=INK, markersize=4.2, zorder=5)


def _colour(own: pd.DataFrame) -> str:
    """Grey where a gate forbids to read a verdict out of the numbers."""
    return BLUE if own["gates"].iloc[0] == "passed" else GREY


def _axis(place: Axes, own: pd.DataFrame) -> None:
    """Show all athletes, 0, and some of the region beyond the smallest effect."""
    first = own.iloc[0]
    smallest = float(first["smallest_effect"])
    marks = [0.0, smallest, *(float(first[name]) for name in ("estimate", "ci_low", "ci_high"))]
    if first["predicted"] == "equivalent":
        marks.append(-smallest)
    every = np.array([*marks, *own["value"].to_numpy(dtype=float)])
    every = every[np.isfinite(every)]
    low, high = float(every.min()), float(every.max())
    room = 0.07 * (high - low)
    beyond = 0.5 * abs(smallest)
    low = min(low - room, smallest - beyond) if smallest < 0 else low - room
    high = max(high + room, smallest + beyond) if smallest > 0 else high + room
    place.set_xlim(low, high)
    place.set_ylim(-0.55, _TOP)
    place.set_yticks([])
    place.spines["left"].set_visible(False)
    place.locator_params(axis="x", nbins=4)


def _region(place: Axes, smallest: float, predicted: str) -> None:
    """Shade what the claim predicts, from the smallest effect of interest on."""
    low, high = place.get_xlim()
    span = (low, smallest) if predicted == "less" else (smallest, high)
    if predicted == "equivalent":
        span = (-abs(smallest), abs(smallest))
    edges = span if predicted == "equivalent" else (smallest,)
    place.axvspan(*span, color=_REGION, linewidth=0, zorder=0)
    for edge in edges:
        place.axvline(edge, color=GREY, linewidth=0.8, linestyle=DASHED, zorder=1)
    if predicted != "equivalent":
        tip, start = (low, smallest) if predicted == "less" else (high, smallest)
        place.annotate(
            "", (tip, 0.0), xytext=(start, 0.0), xycoords=("data", "axes fraction"),
            arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 0.8, "shrinkA": 0,
                        "shrinkB": 0, "mutation_scale": 7},
            zorder=6,
        )  # fmt: skip


def shows(values: FloatArray, smallest: float, predicted: str) -> NDArray[np.bool_]:
    """Whether numbers reach the smallest effect in the predicted direction."""
    if predicted == "equivalent":
        return np.asarray(np.abs(values) <= abs(smallest))
    return np.asarray(values <= smallest if predicted == "less" else values >= smallest)


def _legend(figure: Figure, *, narrow: bool) -> None:
    def point(colour: str, fill: str, label: str) -> Line2D:
        return Line2D(
            [], [], linestyle="", marker="o", color=colour, markerfacecolor=fill, markersize=4.2,
            markeredgewidth=0.8, label=label,
        )  # fmt: skip

    handles = [
        point(BLUE, BLUE, "shows it"),
        point(BLUE, "white", "does not"),
        point(GREY, GREY, "gate failed"),
        Line2D([], [], color=INK, marker="D", markersize=4.2, label="estimate, 95 % interval"),
        Patch(facecolor=_REGION, label="predicted"),
    ]
    legend_above(figure, handles, 2 if narrow else 5)


def athletes_caption() -> str:
    """The caption."""
    return (
        "One point per athlete, sorted by size, for every hypothesis of which each athlete has a "
        "number of the own; filled where it reaches the smallest effect of interest (dashed) in "
        "the predicted direction (arrow, shaded), counted above. Diamond: the estimate with its "
        "95 % interval over athletes. Thin: no effect. Grey: a gate fails, so that the numbers "
        "carry no verdict. Every panel has its own unit."
    )


def athletes_alternative(numbers: pd.DataFrame) -> str:
    """Describe every panel by its numbers."""
    said = []
    for name, own in numbers.groupby("hypothesis", sort=False):
        first, values = own.iloc[0], own["value"].astype(float)
        said.append(
            f"{name}: {shown(float(values.min()))} to {shown(float(values.max()))}, estimate "
            f"{shown(float(first['estimate']))}, smallest effect "
            f"{shown(float(first['smallest_effect']))}, shown by {int(first['n_showing'])} of "
            f"{len(own)}"
        )
    return f"{TITLE}. {'; '.join(said)}."
