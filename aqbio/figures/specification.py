"""Specification curve: every estimate under every choice of the analysis, with its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aqbio.figures.figure import StudyFigure, Tables
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
)
from aqbio.figures.words import digits, specification_words
from aqbio.io.dictionary import columns
from aqbio.io.study import Study

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


def specification_curve(_: Study, tables: Tables) -> Iterator[StudyFigure]:
    """The specification curve, where there are other choices than the study's own."""
    table, verdicts = tables["multiverse"], tables["verdicts"]
    drawn = drawn_specifications(table)
    if drawn.empty:
        return
    smallest = dict(
        zip(verdicts["hypothesis"], verdicts["smallest_effect"].astype(float), strict=True)
    )
    effects: dict[str, tuple[float, ...]] = {name: (value,) for name, value in smallest.items()}
    units = dict(zip(verdicts["hypothesis"], verdicts["unit"].astype(str), strict=True))
    title = "The verdicts under other choices of the analysis"
    yield StudyFigure(
        name="specification_curve",
        title=title,
        numbers=table,
        columns=columns("multiverse"),
        draw=partial(draw_specifications, table, effects, units),
        caption="Every primary estimate under the study's own choices (outlined) and under others, "
        "one varied at a time, and consistency fit and cut-off together; sorted by size, with 95 % "
        "intervals over athletes. Colour and shape: the verdict that the same rule and gates give. "
        "Dashed: smallest effect of interest in the predicted direction. A verdict is called "
        "fragile where a whole choice gives another one. Open and pale: a choice whose own gates "
        "fail, which says nothing. The one-column version leaves out the names of the choices; "
        "they are in the table. A choice that leaves clearly fewer steps says how many.",
        alternative=f"{title}. {' '.join(_ranges(drawn))}",
        claim=_claim(table),
        section="verdicts",
    )


def _ranges(drawn: pd.DataFrame) -> Iterator[str]:
    """Ranges and verdicts, hypothesis by hypothesis."""
    for name, rows in drawn.groupby("hypothesis", sort=False):
        told = rows["verdict"].where(rows["gates"].isin(["passed"]), "own gates fail")
        said = ", ".join(
            f"{VERDICTS.get(str(verdict), ('', '', str(verdict)))[2]} in {count}"
            for verdict, count in told.value_counts().items()
        )
        low, high = float(rows["estimate"].min()), float(rows["estimate"].max())
        yield f"{name}: {digits(low)} to {digits(high)}, {said} of {len(rows)} specifications."


def _claim(numbers: pd.DataFrame) -> str:
    known = numbers[numbers["estimate"].notna() & (numbers["gates"] == "passed")]
    several = known.groupby("hypothesis").filter(lambda own: len(own) > 1)
    if several.empty:
        return ""
    same = several.groupby("hypothesis")["verdict"].agg(lambda own: len(set(own)) == 1)
    return (
        f"{int(same.sum())} of {len(same)} verdicts are the same under every choice that passes "
        "its gates"
    )


def drawn_specifications(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of hypotheses with several specifications and an estimate, sorted by the estimate."""
    known = table[table["estimate"].notna()]
    count = known.groupby("hypothesis")["specification"].transform("size")
    return known[count > 1].sort_values(["hypothesis", "estimate"]).reset_index(drop=True)


@journal_style()
def draw_specifications(
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
    figure = sheet(width_mm, sum(heights) + _KEY_MM)
    axes = figure.subplots(len(heights), across, squeeze=False, height_ratios=heights).ravel()
    for place, name in zip(axes, names, strict=False):
        _draw(place, rows[rows["hypothesis"] == name], effects[name], named=not narrow)
        place.set_title(name, fontweight="bold")
        place.set_xlabel("\n".join(wrap(units[name], _WRAP)), fontsize=6)
    for place in axes[len(names) :]:
        place.set_visible(False)
    handles = [mark(symbol, colour, words, 4) for symbol, colour, words in VERDICTS.values()]
    handles += [
        mark("s", GREY, "own gates fail", 4, fillstyle="none", markeredgewidth=0.7),
        stroke(GREY, "smallest effect of interest", linewidth=0.7, linestyle=DASHED),
    ]
    legend_above(figure, handles, 5, narrow=2)
    return figure


def _draw(place: Axes, rows: pd.DataFrame, effects: tuple[float, ...], *, named: bool) -> None:
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
