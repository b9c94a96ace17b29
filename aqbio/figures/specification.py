"""Specification curve: every estimate under every choice of the analysis, with its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aqbio.figures.choice_words import specification_words
from aqbio.figures.numbers import shown
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    VERMILLION,
    journal_style,
    legend_above,
    pale,
    sheet,
)

TITLE = "The verdicts under other choices of the analysis"

VERDICTS = {
    "supported": ("o", BLUE, "supported"),
    "not_supported": ("D", VERMILLION, "not supported"),
    "inconclusive": ("s", GREY, "inconclusive"),
}
"""Marker, colour and words of a verdict."""

_COLUMNS, _NARROW_COLUMNS = 3, 2
_HEIGHT_MM, _ROW_MM, _NARROW_ROW_MM, _KEY_MM = 17.0, 2.6, 1.3, 10.0
_PAGE_MM = 235.0
_WRAP = 26

FEWER = 0.95
"""Below this part of the steps a specification says so: choices are compared on other data."""


def drawn_specifications(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of hypotheses with several specifications and an estimate, sorted by the estimate."""
    known = table[table["estimate"].notna()]
    count = known.groupby("hypothesis")["specification"].transform("size")
    return known[count > 1].sort_values(["hypothesis", "estimate"]).reset_index(drop=True)


def specification_figure(
    table: pd.DataFrame,
    effects: Mapping[str, tuple[float, ...]],
    units: Mapping[str, str],
    width_mm: float,
) -> Figure:
    """Draw one panel per hypothesis, its specifications sorted by the estimate."""
    rows = drawn_specifications(table)
    sizes = rows.groupby("hypothesis", sort=False).size()
    names = [str(name) for name in sizes.index]
    narrow = width_mm < NARROW_MM
    across = min(_NARROW_COLUMNS if narrow else _COLUMNS, len(names))
    most = [int(sizes.iloc[at : at + across].max()) for at in range(0, len(names), across)]
    room = (_PAGE_MM - _KEY_MM - _HEIGHT_MM * len(most)) / sum(most)
    row_mm = min(_NARROW_ROW_MM if narrow else _ROW_MM, max(room, _NARROW_ROW_MM))
    heights = [_HEIGHT_MM + row_mm * count for count in most]
    with journal_style():
        figure = sheet(width_mm, sum(heights) + _KEY_MM)
        axes = figure.subplots(len(heights), across, squeeze=False, height_ratios=heights).ravel()
        for place, name in zip(axes, names, strict=False):
            _draw(place, rows[rows["hypothesis"] == name], effects[name], named=not narrow)
            place.set_title(name, fontweight="bold")
            place.set_xlabel("\n".join(wrap(units[name], _WRAP)), fontsize=6)
        for place in axes[len(names) :]:
            place.set_visible(False)
        _legend(figure, narrow=narrow)
    return figure


def _draw(place: Axes, rows: pd.DataFrame, effects: tuple[float, ...], *, named: bool) -> None:
    labels = []
    most = int(rows["n_steps"].max())
    for height, row in enumerate(rows.to_dict("records")):
        mark, colour, _ = VERDICTS.get(str(row["verdict"]), ("o", GREY, ""))
        silent = str(row["gates"]) != "passed"
        own = row["specification"] == "default"
        ends = (float(row["ci_low"]), float(row["ci_high"]))
        if np.isfinite(ends).all():
            place.plot(ends, [height, height], color=colour if own else pale(colour), linewidth=1.2)
        place.plot(
            float(row["estimate"]), height, mark, color=colour, markersize=5.0 if own else 3.2,
            markeredgecolor=INK if own else colour, markeredgewidth=0.7,
            fillstyle="none" if silent else "full",
        )  # fmt: skip
        words = "as in the study" if own else specification_words(str(row["specification"]))
        labels.append(words + _fewer(int(row["n_steps"]), most))
    place.axvline(0, color=FRAME, linewidth=0.6, zorder=0)
    for effect in (one for one in effects if np.isfinite(one)):
        place.axvline(effect, color=GREY, linewidth=0.7, linestyle=DASHED, zorder=0)
    place.set_yticks(range(len(labels)), labels=labels if named else [], fontsize=6)
    place.set_ylim(-0.7, len(labels) - 0.3)
    place.tick_params(axis="y", length=0)
    place.locator_params(axis="x", nbins=3)
    place.margins(x=0.08)


def _fewer(steps: int, most: int) -> str:
    """Say that it rests on clearly fewer steps than the others: it compares other data, too."""
    return f" ({steps} of {most} steps)" if steps < FEWER * most else ""


def _legend(figure: Figure, *, narrow: bool) -> None:
    handles = [
        Line2D([], [], linestyle="", marker=mark, color=colour, markersize=4, label=words)
        for mark, colour, words in VERDICTS.values()
    ]
    handles.append(
        Line2D(
            [], [], linestyle="", marker="s", color=GREY, fillstyle="none", markersize=4,
            markeredgewidth=0.7, label="own gates fail",
        )
    )  # fmt: skip
    handles.append(
        Line2D(
            [], [], color=GREY, linewidth=0.7, linestyle=DASHED,
            label="smallest effect of interest",
        )
    )  # fmt: skip
    legend_above(figure, handles, 2 if narrow else 5)


def specification_caption() -> str:
    """The caption."""
    return (
        "Every primary estimate under the study's own choices (outlined) and under others, one "
        "varied at a time, and consistency fit and cut-off together; sorted by size, with 95 % "
        "intervals over athletes. Colour and shape: the verdict that the same rule and gates give. "
        "Dashed: smallest effect of interest in the predicted direction. A verdict is called "
        "fragile where a whole choice gives another one. Open and pale: a choice whose own gates "
        "fail, which says nothing. The one-column version leaves out the names of the choices; "
        "they are in the table. A choice that leaves clearly fewer steps says how many."
    )


def specification_alternative(table: pd.DataFrame) -> str:
    """Describe the curves by their ranges and verdicts."""
    sentences = []
    for name, rows in drawn_specifications(table).groupby("hypothesis", sort=False):
        told = rows["verdict"].where(rows["gates"].isin(["passed"]), "own gates fail")
        said = ", ".join(
            f"{VERDICTS.get(str(verdict), ('', '', str(verdict)))[2]} in {count}"
            for verdict, count in told.value_counts().items()
        )
        low, high = float(rows["estimate"].min()), float(rows["estimate"].max())
        sentences.append(
            f"{name}: {shown(low)} to {shown(high)}, {said} of {len(rows)} specifications."
        )
    return f"{TITLE}. {' '.join(sentences)}"
