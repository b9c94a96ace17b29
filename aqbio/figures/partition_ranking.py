"""Which division of the body balances best: opposition of every partition, stance and flight."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aqbio.figures.numbers import shown
from aqbio.figures.style import (
    BLUE,
    FLIGHT_SHADE,
    FRAME,
    GREY,
    NARROW_MM,
    VERMILLION,
    journal_style,
    legend_above,
    sheet,
)

TITLES = {
    "together": "Which division of the body balances best",
    "split": "Which division of the body balances best, arms one by one",
}

GROUPS = {
    "together": ("push_leg", "swing_leg", "arms", "torso", "pelvis"),
    "split": ("push_leg", "swing_leg", "arm_push", "arm_swing", "torso", "pelvis"),
}
ROW_MM = {"together": 5.0, "split": 4.2}

ARTICLES, CLASSICAL = "swing_leg", "push_leg swing_leg"
"""The articles' and the classical partition, by one of their sides."""

MARKS = {ARTICLES: ("D", VERMILLION), CLASSICAL: ("s", BLUE)}
"""Marker and colour of both; all others are grey circles."""

WORDS = {
    "push_leg": "push leg", "swing_leg": "swing leg",
    "arm_push": "arm (push)", "arm_swing": "arm (swing)",
}  # fmt: skip
_FLIGHT = "flight R1"


def partition_words(partition: str, arms: str = "together") -> str:
    """Name the smaller side of a partition as a reader would."""
    side = partition.split()
    rest = [name for name in GROUPS[arms] if name not in side]
    return ", ".join(WORDS.get(name, name) for name in min(side, rest, key=len))


def partition_ranking_figure(table: pd.DataFrame, width_mm: float, arms: str) -> Figure:
    """Draw the opposition index of every partition, largest in stance first."""
    table = table[table["arms"] == arms]
    stance = table[table["phase"] == "stance"].sort_values("opposition", ascending=False)
    order = list(stance["partition"])
    flight = table[table["phase"] == _FLIGHT].set_index("partition").reindex(order).reset_index()
    panels = [("Stance", stance)]
    if width_mm >= NARROW_MM:
        panels.append(("Flight: mechanically implied", flight))
    with journal_style():
        figure = sheet(width_mm, ROW_MM[arms] * len(order) + 24.0)
        axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        for place, (title, rows) in zip(axes, panels, strict=True):
            _draw(place, rows)
            place.set_title(title)
            place.set_xlabel("opposition index")
            if rows is flight:
                place.set_facecolor(FLIGHT_SHADE)
        axes[0].set_yticks(range(len(order)), labels=[partition_words(one, arms) for one in order])
        axes[0].set_ylim(len(order) - 0.4, -0.6)
        axes[0].set_ylabel("smaller side (all other groups are the other side)")
        _legend(figure, narrow=width_mm < NARROW_MM)
    return figure


def _draw(place: Axes, rows: pd.DataFrame) -> None:
    for height, row in enumerate(rows.to_dict("records")):
        mark, colour = MARKS.get(str(row["partition"]), ("o", GREY))
        place.plot([0, 1], [height, height], color="#DDDDDD", linewidth=0.5, zorder=1)
        ends = (float(row["ci_low"]), float(row["ci_high"]))
        if np.isfinite(ends).all():
            place.plot(ends, [height, height], color=colour, linewidth=1.2, zorder=2)
        place.plot(
            float(row["opposition"]), height, mark, color=colour, markersize=4.5, zorder=3,
            markeredgecolor="white", markeredgewidth=0.4, clip_on=False,
        )  # fmt: skip
    place.set_xlim(0.0, 1.0)
    place.axvline(0, color=FRAME, linewidth=0.6)
    place.tick_params(axis="y", length=0)


def _legend(figure: Figure, *, narrow: bool) -> None:
    names = {ARTICLES: "the articles' partition", CLASSICAL: "the classical partition"}
    handles = [
        Line2D([], [], linestyle="", marker=mark, color=colour, markersize=4.5, label=names[key])
        for key, (mark, colour) in MARKS.items()
    ]
    handles.append(
        Line2D([], [], linestyle="-", marker="o", color=GREY, markersize=4.5, label="others")
    )
    legend_above(figure, handles, 2 if narrow else 3)


def partition_ranking_caption(arms: str = "together") -> str:
    """The caption."""
    counted = {
        "together": "All 15 ways to divide five groups in two; H1's rank is among these. ",
        "split": "All 31 ways to divide six groups in two; an arm is named after the leg of its "
        "own side. No verdict rests on it. ",
    }
    return counted[arms] + (
        "Opposition index of every way to divide the body in two, angular momentum about the "
        "vertical: 1 where both sides balance and no side's members cancel each other. A partition "
        "is named by its smaller side. Points: mean over athletes; lines: 95 % interval over "
        "athletes. Flight: mechanically implied, for every partition balances there; what differs "
        "is only how much cancels within the sides. It is part of no test."
    )


def partition_ranking_alternative(table: pd.DataFrame, arms: str = "together") -> str:
    """Describe the ranking in stance by its numbers."""
    table = table[table["arms"] == arms]
    stance = table[table["phase"] == "stance"].sort_values("opposition", ascending=False)
    known = stance[stance["opposition"].notna()]
    said = [
        f"{partition_words(str(row['partition']), arms)} {shown(float(row['opposition']))}"
        for row in known.to_dict("records")
    ]
    return f"{TITLES[arms]}. Opposition index in stance, largest first: {'; '.join(said)}."
