"""Figure of athletes' own numbers: who shows a prediction, of every hypothesis that has them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Patch
from numpy.typing import NDArray

from aqbio.figures.figure import Figure, Results, count_words
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    journal_style,
    legend_above,
    mark,
    sheet,
    stroke,
    wrapped,
)
from aqbio.figures.words import digits
from aqbio.io.dictionary import columns
from aqbio.names import INTERVALS
from aqbio.stats.registry import asked_registry
from aqbio.vectors import FloatArray

OWN = "value"
"""Column of hypotheses_athletes.tsv with each athlete's own effect."""

_PAGE_MM, _ROW_MM, _KEY_MM = 232.0, 43.0, 12.0
_LETTERS = {False: 38, True: 27}
"""Letters of a title that fit next to each other, on a page's width and in one column."""
_REGION = "#DCEBF5"
_MEAN, _BOTTOM, _TOP = -0.3, -0.55, 1.15
"""Heights in a panel, in which athletes stand from 0 to 1."""


def athlete_numbers(results: Results) -> pd.DataFrame:
    """Numbers of all hypotheses that have one per athlete, in order."""
    every, verdicts = results["hypotheses_athletes"], results["verdicts"]
    registry = asked_registry(results.study)
    own = every[(every["column"] == OWN) & every["value"].notna()]
    counted_rows = verdicts[verdicts["n_showing"].notna()]
    found = counted_rows.merge(own[["hypothesis", "participant_id", "value"]], on="hypothesis")
    asked = [registry[name] for name in found["hypothesis"].astype(str)]
    found["title"] = [one.heading for one in asked]
    found["predicted"] = [one.predicted for one in asked]
    return found.reindex(columns=list(columns("athletes")))


def shows(values: FloatArray, smallest: float, predicted: str) -> NDArray[np.bool_]:
    """Whether numbers reach the smallest effect in the predicted direction."""
    return np.asarray(values <= smallest if predicted == "less" else values >= smallest)


@journal_style()
def draw_athletes(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw one panel per hypothesis, athletes sorted by their number."""
    narrow = width_mm < NARROW_MM
    names = list(dict.fromkeys(rows["hypothesis"]))
    across = min(2 if narrow else 3, len(names))
    down = -(-len(names) // across)
    figure = sheet(width_mm, min(_ROW_MM * down, _PAGE_MM) + _KEY_MM)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(hspace=0.09, wspace=0.05)  # type: ignore[call-arg]
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for place, name in zip(axes, names, strict=False):
        own = rows[rows["hypothesis"] == name].sort_values("value", kind="stable")
        _draw_athletes(place, own)
        shown = f"{int(own['n_showing'].iloc[0])} of {len(own)} show it"
        title = wrapped(str(own["title"].iloc[0]), _LETTERS[narrow])
        place.set_title(f"{title}\n{shown}", fontsize=6.5, loc="left")
        unit = str(own["unit"].iloc[0])
        place.set_xlabel(wrapped(unit[:1].upper() + unit[1:], _LETTERS[narrow]), fontsize=6.5)
    for place in axes[len(names) :]:
        place.set_visible(False)
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
        Patch(facecolor=_REGION, label="predicted"),
    ]
    legend_above(figure, handles, 3, narrow=2)
    return figure


def _draw_athletes(place: Axes, own: pd.DataFrame) -> None:
    first = own.iloc[0]
    smallest = float(first["smallest_effect"])
    values = own["value"].to_numpy(dtype=float)
    reached = shows(values, smallest, str(first["predicted"]))
    heights = np.linspace(0.0, 1.0, len(values)) if len(values) > 1 else np.array([0.5])
    size = 4.2 if len(values) <= 24 else 2.6
    _scale(place, own)
    _region(place, smallest, str(first["predicted"]))
    place.axvline(0, color=FRAME, linewidth=0.6, zorder=1)
    # grey where a gate forbids to read a verdict out of the numbers
    colour = BLUE if first["gates"] == "passed" else GREY
    for which, fill in ((reached, colour), (~reached, "white")):
        place.plot(
            values[which], heights[which], "o", color=colour, markerfacecolor=fill, markersize=size,
            markeredgewidth=0.8, zorder=3,
        )  # fmt: skip
    ends = (float(first["ci_low"]), float(first["ci_high"]))
    if np.isfinite(ends).all():
        place.plot(ends, [_MEAN, _MEAN], color=INK, linewidth=1.4, zorder=4)
    place.plot(float(first["estimate"]), _MEAN, "D", color=INK, markersize=4.2, zorder=5)


def _scale(place: Axes, own: pd.DataFrame) -> None:
    """Show all athletes, 0, and some of the region beyond the smallest effect."""
    first = own.iloc[0]
    smallest = float(first["smallest_effect"])
    marks = [0.0, smallest, *(float(first[name]) for name in ("estimate", "ci_low", "ci_high"))]
    every = np.array([*marks, *own["value"].to_numpy(dtype=float)])
    every = every[np.isfinite(every)]
    low, high = float(every.min()), float(every.max())
    room = 0.07 * (high - low)
    beyond = 0.5 * abs(smallest)
    low = min(low - room, smallest - beyond) if smallest < 0 else low - room
    high = max(high + room, smallest + beyond) if smallest > 0 else high + room
    place.set_xlim(low, high)
    place.set_ylim(_BOTTOM, _TOP)
    place.set_yticks([])
    place.spines["left"].set_visible(False)
    place.locator_params(axis="x", nbins=4)


def _region(place: Axes, smallest: float, predicted: str) -> None:
    """Shade what the claim predicts, from the smallest effect of interest on."""
    low, high = place.get_xlim()
    span = (low, smallest) if predicted == "less" else (smallest, high)
    place.axvspan(*span, color=_REGION, linewidth=0, zorder=0)
    place.axvline(smallest, color=GREY, linewidth=0.8, linestyle=DASHED, zorder=1)


def _caption(rows: pd.DataFrame) -> str:
    hypotheses, people = rows["hypothesis"].nunique(), rows["participant_id"].nunique()
    return (
        f"Each point is one of {count_words(people, 'athlete')}, sorted by size, in "
        f"{count_words(hypotheses, 'panel')}, one per hypothesis; filled where it reaches the "
        "smallest effect of interest (dashed) in the predicted direction (shaded). Diamond: "
        f"estimate with its {INTERVALS['athletes']}. Grey: a gate fails, so that the numbers carry "
        "no verdict."
    )


def _alternative(rows: pd.DataFrame) -> str:
    said = []
    for name, own in rows.groupby("hypothesis", sort=False):
        first, values = own.iloc[0], own["value"].astype(float)
        said.append(
            f"{name}: {digits(float(values.min()))} to {digits(float(values.max()))}, estimate "
            f"{digits(float(first['estimate']))}, smallest effect "
            f"{digits(float(first['smallest_effect']))}, shown by {int(first['n_showing'])} of "
            f"{len(own)}"
        )
    return f"{'; '.join(said)}."


def _claim(rows: pd.DataFrame) -> str:
    passed = rows[rows["gates"] == "passed"]
    count = passed.groupby("hypothesis").agg(n=("value", "size"), k=("n_showing", "first"))
    if count.empty:
        return ""
    every, none = int((count["k"] == count["n"]).sum()), int((count["k"] == 0).sum())
    return (
        f"Of {len(count)} hypotheses whose gates pass {every} are shown by every athlete, "
        f"{none} by none"
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
