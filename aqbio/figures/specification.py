"""Specification curve: every estimate under every choice of the analysis, with its verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from aqbio.figures.figure import Figure, Results, count_words, range_words
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
    mark,
    pale,
    sheet,
    stroke,
    wrapped,
)
from aqbio.figures.words import digits, specification_words
from aqbio.io.dictionary import columns
from aqbio.names import INTERVALS

VERDICTS = {
    "supported": ("o", BLUE, "supported"),
    "not_supported": ("D", VERMILLION, "not supported"),
    "inconclusive": ("s", GREY, "inconclusive"),
}
"""Marker, colour and words of a verdict."""

_HEIGHT_MM, _ROW_MM, _NARROW_ROW_MM, _KEY_MM, _PAGE_MM = 17.0, 2.6, 1.3, 12.0, 232.0
_LETTERS, _TITLE_LETTERS = 30, 17

FEWER = 0.95
"""Below this part of the steps a specification says so: choices are compared on other data."""


def specification_rows(results: Results) -> pd.DataFrame:
    """Hypotheses with several specifications and an estimate, sorted by the estimate."""
    verdicts = results["verdicts"][["hypothesis", "smallest_effect", "unit"]]
    table = results["multiverse"].merge(verdicts, on="hypothesis")
    known = table[table["estimate"].notna()]
    count = known.groupby("hypothesis")["specification"].transform("size")
    rows = known[count > 1].sort_values(["hypothesis", "estimate"])
    return rows[list(columns("specification_curve"))].reset_index(drop=True)


@journal_style()
def draw_specifications(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw one panel per hypothesis, its specifications sorted by the estimate."""
    sizes = rows.groupby("hypothesis", sort=False).size()
    names, narrow = [str(name) for name in sizes.index], width_mm < NARROW_MM
    across = min(2 if narrow else 3, len(names))
    most = [int(sizes.iloc[at : at + across].max()) for at in range(0, len(names), across)]
    room = (_PAGE_MM - _KEY_MM - _HEIGHT_MM * len(most)) / sum(most)
    row_mm = min(_NARROW_ROW_MM if narrow else _ROW_MM, max(room, _NARROW_ROW_MM))
    heights = [_HEIGHT_MM + row_mm * count for count in most]
    figure = sheet(width_mm, sum(heights) + _KEY_MM)
    axes = figure.subplots(len(heights), across, squeeze=False, height_ratios=heights).ravel()
    for place, name in zip(axes, names, strict=False):
        own = rows[rows["hypothesis"] == name]
        _draw(place, own, named=not narrow)
        place.set_title(wrapped(name.replace("_", " "), _TITLE_LETTERS), fontweight="bold")
        unit = str(own["unit"].iloc[0])
        place.set_xlabel(wrapped(unit[:1].upper() + unit[1:], _LETTERS), fontsize=6.5)
    for place in axes[len(names) :]:
        place.set_visible(False)
    handles = [mark(symbol, colour, words, 4) for symbol, colour, words in VERDICTS.values()]
    handles += [
        mark("s", GREY, "open: own gates fail", 4, fillstyle="none", markeredgewidth=0.7),
        mark("o", "white", "the study's own choices", 5, markeredgecolor=INK),
        stroke(GREY, "smallest effect of interest", linewidth=0.7, linestyle=DASHED),
    ]
    legend_above(figure, handles, 3, narrow=2)
    return figure


def _draw(place: Axes, rows: pd.DataFrame, *, named: bool) -> None:
    labels = []
    most = int(rows["n_steps"].max())
    for height, row in enumerate(rows.to_dict("records")):
        symbol, colour, _ = VERDICTS.get(str(row["verdict"]), ("o", GREY, ""))
        silent = str(row["gates"]) != "passed"
        own = row["specification"] == "default"
        ends = (float(row["ci_low"]), float(row["ci_high"]))
        if np.isfinite(ends).all():
            place.plot(ends, [height, height], color=colour if own else pale(colour), linewidth=1.2)
        place.plot(
            float(row["estimate"]), height, symbol, color=colour, markersize=5.0 if own else 3.2,
            markeredgecolor=INK if own else colour, markeredgewidth=0.7,
            fillstyle="none" if silent else "full",
        )  # fmt: skip
        words = "as in the study" if own else specification_words(str(row["specification"]))
        # it rests on clearly fewer steps than the others, so that it compares other data, too
        fewer = int(row["n_steps"]) < FEWER * most
        labels.append(words + (f" ({row['n_steps']:.0f} of {most} steps)" if fewer else ""))
    place.axvline(0, color=FRAME, linewidth=0.6, zorder=0)
    smallest = float(rows["smallest_effect"].iloc[0])
    if np.isfinite(smallest):
        place.axvline(smallest, color=GREY, linewidth=0.7, linestyle=DASHED, zorder=0)
    place.set_yticks(range(len(labels)), labels=labels if named else [], fontsize=6)
    place.set_ylim(-0.7, len(labels) - 0.3)
    place.tick_params(axis="y", length=0)
    place.locator_params(axis="x", nbins=3)
    place.margins(x=0.08)


def _caption(rows: pd.DataFrame) -> str:
    sizes = rows.groupby("hypothesis").size()
    count = range_words(int(sizes.min()), int(sizes.max()), "choice")
    return (
        f"Estimates in {count_words(len(sizes), 'panel')}, one per hypothesis, under {count} of "
        f"the analysis each, sorted by size, with their {INTERVALS['athletes']}. "
        "Colour and shape: verdict by the same rule and gates. Dashed: smallest effect of "
        "interest. A choice whose own gates fail says nothing. One-column version: names of "
        "choices are in the table."
    )


def _alternative(rows: pd.DataFrame) -> str:
    parts = []
    for name, own in rows.groupby("hypothesis", sort=False):
        verdicts = own["verdict"].where(own["gates"].isin(["passed"]), "own gates fail")
        said = ", ".join(
            f"{VERDICTS.get(str(verdict), ('', '', str(verdict)))[2]} in {count}"
            for verdict, count in verdicts.value_counts().items()
        )
        low, high = (digits(float(end)) for end in (own["estimate"].min(), own["estimate"].max()))
        parts.append(f"{name}: {low} to {high}, {said} of {len(own)} specifications.")
    return " ".join(parts)


def _claim(rows: pd.DataFrame) -> str:
    known = rows[rows["gates"] == "passed"]
    several = known.groupby("hypothesis").filter(lambda own: len(own) > 1)
    if several.empty:
        return ""
    same = several.groupby("hypothesis")["verdict"].agg(lambda own: len(set(own)) == 1)
    return (
        f"{int(same.sum())} of {len(same)} verdicts are the same under every choice that passes "
        "its gates"
    )


SPECIFICATIONS = Figure(
    name="specification_curve",
    title="The verdicts under other choices of the analysis",
    table=specification_rows,
    columns="specification_curve",
    draw=draw_specifications,
    caption=_caption,
    alternative=_alternative,
    claim=_claim,
    section="verdicts",
)
