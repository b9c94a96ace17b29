"""Specification curve: every estimate under every choice of the analysis, with its verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from aqbio.figures.figure import Figure, Results
from aqbio.figures.marks import marked, where
from aqbio.figures.style import (
    BLUE,
    DASHED,
    GREY,
    INK,
    VERMILLION,
    is_narrow,
    journal_style,
    legend_above,
    mark,
    pale,
    sheet,
    stroke,
    wrapped,
    zero_line,
)
from aqbio.figures.words import count_words, digits, specification_words
from aqbio.io.dictionary import columns
from aqbio.names import INTERVALS

VERDICTS = {
    "supported": ("o", BLUE, "supported"),
    "not_supported": ("D", VERMILLION, "not supported"),
    "inconclusive": ("s", GREY, "inconclusive"),
}
"""Marker, colour and words of a verdict."""

_PANEL_MARGIN_MM = 17.0
"""Height of title and axis of a panel, mm."""

_ROW_MM = 2.6
"""Height of a specification on a page's width, mm."""

_NARROW_ROW_MM = 1.3
"""Height of a specification in one column, mm."""

_KEY_MM = 12.0
"""Height of the key, mm."""

_PAGE_MM = 232.0
"""Greatest height of the figure, mm."""

_LABEL_LETTERS = 30
"""Letters of an axis label that fit on a line."""

_TITLE_LETTERS = 17
"""Letters of a title that fit on a line."""

MIN_STEP_SHARE = 0.95
"""A specification with less than this share of the steps is labelled: it compares other data."""


def specification_rows(results: Results) -> pd.DataFrame:
    """Hypotheses with several specifications and an estimate, sorted by the estimate."""
    verdicts = results["verdicts"][["hypothesis", "smallest_effect", "unit"]]
    table = results["multiverse"].merge(verdicts, on="hypothesis")
    estimated = table[table["estimate"].notna()]
    count = estimated.groupby("hypothesis")["specification"].transform("size")
    rows = estimated[count > 1].sort_values(["hypothesis", "estimate"])
    return rows[list(columns("specification_curve"))].reset_index(drop=True)


@journal_style()
def draw_specifications(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw one panel per hypothesis, its specifications sorted by the estimate."""
    sizes = rows.groupby("hypothesis", sort=False).size()
    names, narrow = [str(name) for name in sizes.index], is_narrow(width_mm)
    across = min(2 if narrow else 3, len(names))
    max_sizes = [int(sizes.iloc[at : at + across].max()) for at in range(0, len(names), across)]
    room = (_PAGE_MM - _KEY_MM - _PANEL_MARGIN_MM * len(max_sizes)) / sum(max_sizes)
    row_mm = min(_NARROW_ROW_MM if narrow else _ROW_MM, max(room, _NARROW_ROW_MM))
    heights = [_PANEL_MARGIN_MM + row_mm * count for count in max_sizes]
    figure = sheet(width_mm, sum(heights) + _KEY_MM)
    axes = figure.subplots(len(heights), across, squeeze=False, height_ratios=heights).ravel()
    for ax, name in zip(axes, names, strict=False):
        specifications = rows[rows["hypothesis"] == name]
        _draw(ax, specifications, with_names=not narrow)
        ax.set_title(wrapped(name.replace("_", " "), _TITLE_LETTERS), fontweight="bold")
        unit = str(specifications["unit"].iloc[0])
        ax.set_xlabel(wrapped(unit[:1].upper() + unit[1:], _LABEL_LETTERS), fontsize=6.5)
    for ax in axes[len(names) :]:
        ax.set_visible(False)
    handles = [mark(symbol, colour, words, 4) for symbol, colour, words in VERDICTS.values()]
    handles += [
        mark("s", GREY, "open: own gates fail", 4, fillstyle="none", markeredgewidth=0.7),
        mark("o", "white", "the study's own choices", 5, markeredgecolor=INK),
        stroke(GREY, "smallest effect of interest", linewidth=0.7, linestyle=DASHED),
    ]
    legend_above(figure, handles, 3, narrow=2)
    return figure


def _draw(ax: Axes, rows: pd.DataFrame, *, with_names: bool) -> None:
    labels = []
    max_steps = int(rows["n_steps"].max())
    for height, row in enumerate(rows.to_dict("records")):
        symbol, colour, _ = VERDICTS.get(str(row["verdict"]), ("o", GREY, ""))
        silent = str(row["gates"]) != "passed"
        is_default = row["specification"] == "default"
        ends = (float(row["ci_low"]), float(row["ci_high"]))
        if np.isfinite(ends).all():
            ax.plot(
                ends, [height, height], color=colour if is_default else pale(colour), linewidth=1.2
            )
        ax.plot(
            float(row["estimate"]), height, symbol, color=colour,
            markersize=5.0 if is_default else 3.2,
            markeredgecolor=INK if is_default else colour, markeredgewidth=0.7,
            fillstyle="none" if silent else "full",
        )  # fmt: skip
        words = "as in the study" if is_default else specification_words(str(row["specification"]))
        # clearly fewer steps than the others: it compares other data as well
        fewer = int(row["n_steps"]) < MIN_STEP_SHARE * max_steps
        labels.append(words + (f" ({row['n_steps']:.0f} of {max_steps} steps)" if fewer else ""))
    zero_line(ax, "x")
    smallest = float(rows["smallest_effect"].iloc[0])
    if np.isfinite(smallest):
        ax.axvline(smallest, color=GREY, linewidth=0.7, linestyle=DASHED, zorder=0)
    ax.set_yticks(range(len(labels)), labels=labels if with_names else [], fontsize=6)
    ax.set_ylim(-0.7, len(labels) - 0.3)
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=3)
    ax.ticklabel_format(axis="x", style="plain", useOffset=False)
    ax.margins(x=0.08)


def _caption(rows: pd.DataFrame) -> str:
    sizes = rows.groupby("hypothesis").size()
    fewest, most = (
        marked(int(size), "", "", "hypothesis", by=by)
        for size, by in ((sizes.min(), "smallest group"), (sizes.max(), "largest group"))
    )
    count = (
        f"{most} choice{'s' * int(sizes.max() > 1)}"
        if sizes.min() == sizes.max()
        else f"{fewest} to {most} choices"
    )
    panels = count_words(len(sizes), "panel", "hypothesis", by="people")
    return (
        f"Estimates in {panels}, one per hypothesis, under {count} of "
        f"the analysis each, with their {INTERVALS['athletes']}. Colour and shape: verdict by the "
        "same rule; open: gates fail. One column: names of choices are in the table."
    )


def _alternative(rows: pd.DataFrame) -> str:
    parts = []
    for name, specifications in rows.groupby("hypothesis", sort=False):
        estimates = specifications["estimate"]
        verdicts = specifications["verdict"].where(
            specifications["gates"].isin(["passed"]), "own gates fail"
        )
        counts = ", ".join(
            f"{VERDICTS.get(str(verdict), ('', '', str(verdict)))[2]} in {count}"
            for verdict, count in verdicts.value_counts().items()
        )
        low, high = (digits(float(end)) for end in (estimates.min(), estimates.max()))
        parts.append(f"{name}: {low} to {high}, {counts} of {len(specifications)} specifications.")
    return " ".join(parts)


def _claim(rows: pd.DataFrame) -> str:
    passed = rows[rows["gates"] == "passed"]
    several = passed.groupby("hypothesis").filter(lambda specifications: len(specifications) > 1)
    if several.empty:
        return ""
    key = where(gates="passed")
    unanimous = several.groupby("hypothesis")["verdict"].agg(
        lambda verdicts: len(set(verdicts)) == 1
    )
    return (
        f"{marked(int(unanimous.sum()), '', key, 'verdict', by='unanimous')} of "
        f"{marked(len(unanimous), '', key, by='several choices')} verdicts are the same under "
        "every choice that passes its gates"
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
