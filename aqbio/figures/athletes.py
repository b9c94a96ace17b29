"""Figure of every athlete's effect against the prediction, one panel per hypothesis."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Patch
from numpy.typing import NDArray

from aqbio.figures.figure import Figure, Results
from aqbio.figures.marks import marked, where
from aqbio.figures.style import (
    BLUE,
    DASHED,
    GREY,
    INK,
    is_narrow,
    journal_style,
    legend_above,
    mark,
    sheet,
    stroke,
    wrapped,
    zero_line,
)
from aqbio.figures.words import count_words, digits
from aqbio.io.dictionary import columns
from aqbio.names import INTERVALS
from aqbio.stats.registry import DENIALS, asked_registry
from aqbio.vectors import FloatArray

EFFECT_COLUMN = "value"
"""Value of ``column`` in hypotheses_athletes.tsv for each athlete's effect."""

_PAGE_MM = 218.0
"""Greatest height of the panels together, mm."""

_ROW_MM = 43.0
"""Height of a row of panels, mm."""

_NARROW_ROW_MM = 29.0
"""The same in one column, where titles are identifiers, mm."""

_KEY_MM = {False: 12.0, True: 22.0}
"""Height of the key, on a page's width and (True) in one column, mm."""

_TITLE_LETTERS = {False: 38, True: 27}
"""Letters of a title that fit on a line, on a page's width and (True) in one column."""

_UNIT_LETTERS = {False: 38, True: 31}
"""Letters of a unit that fit on a line."""

_REGION_COLOUR = "#DCEBF5"
"""Of the values that the claim predicts."""

_ESTIMATE_HEIGHT = -0.3
"""Height of the estimate in a panel, in which athletes stand from 0 to 1."""

_MIN_HEIGHT = -0.55
"""Lower end of a panel."""

_MAX_HEIGHT = 1.15
"""Upper end of a panel."""


def athlete_numbers(results: Results) -> pd.DataFrame:
    """Collect the numbers of all hypotheses that have one per athlete, in order."""
    athletes, verdicts = results["hypotheses_athletes"], results["verdicts"]
    registry = asked_registry(results.study)
    effects = athletes[(athletes["column"] == EFFECT_COLUMN) & athletes["value"].notna()]
    counted_rows = verdicts[verdicts["n_showing"].notna()]
    table = counted_rows.merge(effects[["hypothesis", "participant_id", "value"]], on="hypothesis")
    hypotheses = [registry[name] for name in table["hypothesis"].astype(str)]
    table["title"] = [hypothesis.heading for hypothesis in hypotheses]
    table["predicted"] = [hypothesis.predicted for hypothesis in hypotheses]
    return table.reindex(columns=list(columns("athletes")))


def shows(values: FloatArray, smallest: float, predicted: str) -> NDArray[np.bool_]:
    """True where a number reaches the smallest effect, or stays below a denied one, (N,) array."""
    if predicted in DENIALS:
        return np.asarray((np.abs(values) if predicted == "none" else values) < smallest)
    return np.asarray(values <= smallest if predicted == "less" else values >= smallest)


@journal_style()
def draw_athletes(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw one panel per hypothesis, athletes sorted by their number."""
    narrow = is_narrow(width_mm)
    names = list(dict.fromkeys(rows["hypothesis"]))
    across = min(2 if narrow else 3, len(names))
    down = -(-len(names) // across)
    row_mm = _NARROW_ROW_MM if narrow else _ROW_MM
    figure = sheet(width_mm, min(row_mm * down, _PAGE_MM) + _KEY_MM[narrow])
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(hspace=0.09, wspace=0.05)  # type: ignore[call-arg]
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for ax, name in zip(axes, names, strict=False):
        athletes = rows[rows["hypothesis"] == name].sort_values("value", kind="stable")
        _draw_athletes(ax, athletes)
        count = f"{int(athletes['n_showing'].iloc[0])} of {len(athletes)} show it"
        heading = str(name).replace("_", " ") if narrow else str(athletes["title"].iloc[0])
        title = wrapped(heading[:1].upper() + heading[1:], _TITLE_LETTERS[narrow])
        ax.set_title(f"{title}\n{count}", fontsize=6.5, loc="left")
        unit = str(athletes["unit"].iloc[0])
        ax.set_xlabel(wrapped(unit[:1].upper() + unit[1:], _UNIT_LETTERS[narrow]), fontsize=6.5)
    for ax in axes[len(names) :]:
        ax.set_visible(False)
    points = (
        (BLUE, BLUE, "shows the prediction"), (BLUE, "white", "does not show it"),
        (GREY, GREY, "gate failed: no verdict"),
    )  # fmt: skip
    handles = [
        *(
            mark("o", colour, label, 4.2, markerfacecolor=fill, markeredgewidth=0.8)
            for colour, fill, label in points
        ),
        stroke(INK, f"estimate, {INTERVALS['athletes']}", marker="D", markersize=4.2),
        stroke(GREY, "smallest effect of interest", linestyle=DASHED, linewidth=0.8),
        Patch(facecolor=_REGION_COLOUR, label="predicted"),
    ]
    legend_above(figure, handles, 3, narrow=2)
    return figure


def _draw_athletes(ax: Axes, athletes: pd.DataFrame) -> None:
    first = athletes.iloc[0]
    smallest = float(first["smallest_effect"])
    values = athletes["value"].to_numpy(dtype=float)
    reached = shows(values, smallest, str(first["predicted"]))
    heights = np.linspace(0.0, 1.0, len(values)) if len(values) > 1 else np.array([0.5])
    size = 4.2 if len(values) <= 24 else 2.6
    _scale(ax, athletes)
    _region(ax, smallest, str(first["predicted"]))
    zero_line(ax, "x")
    # grey where a failed gate rules out a verdict
    colour = BLUE if first["gates"] == "passed" else GREY
    for selected, fill in ((reached, colour), (~reached, "white")):
        ax.plot(
            values[selected], heights[selected], "o", color=colour, markerfacecolor=fill,
            markersize=size, markeredgewidth=0.8, zorder=3,
        )  # fmt: skip
    ends = (float(first["ci_low"]), float(first["ci_high"]))
    if np.isfinite(ends).all():
        ax.plot(ends, [_ESTIMATE_HEIGHT, _ESTIMATE_HEIGHT], color=INK, linewidth=1.4, zorder=4)
    ax.plot(float(first["estimate"]), _ESTIMATE_HEIGHT, "D", color=INK, markersize=4.2, zorder=5)


def _scale(ax: Axes, athletes: pd.DataFrame) -> None:
    """Show all athletes, 0, and some of the region beyond the smallest effect."""
    first = athletes.iloc[0]
    smallest = float(first["smallest_effect"])
    marks = [0.0, smallest, *(float(first[name]) for name in ("estimate", "ci_low", "ci_high"))]
    values = np.array([*marks, *athletes["value"].to_numpy(dtype=float)])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    room = 0.07 * (high - low)
    beyond = 0.5 * abs(smallest)
    low = min(low - room, smallest - beyond) if smallest < 0 else low - room
    high = max(high + room, smallest + beyond) if smallest > 0 else high + room
    ax.set_xlim(low, high)
    ax.set_ylim(_MIN_HEIGHT, _MAX_HEIGHT)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.locator_params(axis="x", nbins=4)
    ax.ticklabel_format(axis="x", style="plain", useOffset=False)


def _region(ax: Axes, smallest: float, predicted: str) -> None:
    """Shade what the claim predicts, from the smallest effect of interest on."""
    low, high = ax.get_xlim()
    span = (low, smallest) if predicted in ("less", "not_greater") else (smallest, high)
    span = (-smallest, smallest) if predicted == "none" else span
    ax.axvspan(*span, color=_REGION_COLOUR, linewidth=0, zorder=0)
    ax.axvline(smallest, color=GREY, linewidth=0.8, linestyle=DASHED, zorder=1)


def _caption(rows: pd.DataFrame) -> str:
    athletes, panels = (
        count_words(rows[column].nunique(), noun, column, by="people")
        for noun, column in (("athlete", "participant_id"), ("panel", "hypothesis"))
    )
    return (
        f"Points: {athletes}, sorted by size, in {panels}, one per hypothesis; filled where they "
        "reach the "
        "smallest effect of interest (dashed) in the predicted direction (shaded). Diamond: "
        f"estimate with its {INTERVALS['athletes']}. Grey: a gate fails, no verdict."
    )


def _alternative(rows: pd.DataFrame) -> str:
    parts = []
    for name, athletes in rows.groupby("hypothesis", sort=False):
        first, values = athletes.iloc[0], athletes["value"].astype(float)
        parts.append(
            f"{name}: {digits(float(values.min()))} to {digits(float(values.max()))}, estimate "
            f"{digits(float(first['estimate']))}, smallest effect "
            f"{digits(float(first['smallest_effect']))}, shown by {int(first['n_showing'])} of "
            f"{len(athletes)}"
        )
    return f"{'; '.join(parts)}."


PASSED = where(gates="passed")


def _shown_by(count: int, whom: str) -> str:
    """Write how many hypotheses all athletes or none show."""
    return marked(count, "", PASSED, whom, by="hypotheses shown by")


def _claim(rows: pd.DataFrame) -> str:
    passed = rows[rows["gates"] == "passed"]
    count = passed.groupby("hypothesis").agg(n=("value", "size"), k=("n_showing", "first"))
    if count.empty:
        return ""
    shown_by_all = int((count["k"] == count["n"]).sum())
    shown_by_none = int((count["k"] == 0).sum())
    return (
        f"Of {marked(len(count), '', PASSED, 'hypothesis', by='people')} hypotheses whose gates "
        f"pass {_shown_by(shown_by_all, 'all')} are shown by every athlete, "
        f"{_shown_by(shown_by_none, 'none')} by none"
    )


ATHLETES = Figure(
    name="athletes",
    title="Every athlete's own number, held against the prediction",
    table=athlete_numbers,
    columns="athletes",
    draw=draw_athletes,
    caption=_caption,
    alternative=_alternative,
    claim=_claim,
    section="verdicts",
)
