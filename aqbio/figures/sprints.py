"""Sprints with free and with restricted arms, athlete by athlete."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aqbio.figures.numbers import shown
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    VERMILLION,
    Dash,
    journal_style,
    legend_above,
    sheet,
)

HYPOTHESIS = "H7"
TITLE = "Speed with free and with restricted arms"

ANCHORS = {"Brooks 2022": -1.6}
"""Published changes of speed over 30 m, per cent."""

_MEAN = -1.0
"""Height of the mean, below the athletes."""

_DOTTED: Dash = (0, (1.0, 1.2))


def sprint_changes(sprints: pd.DataFrame) -> pd.DataFrame:
    """Mean speed in both conditions and its change by athlete, the largest loss first."""
    means = sprints.pivot_table("speed_mps", "participant_id", "condition")
    both = means.dropna(subset=["normal", "restricted_arms"])
    change = 100.0 * (both["restricted_arms"] / both["normal"] - 1.0)
    return both.assign(change=change).sort_values("change").reset_index()


def sprints_figure(
    sprints: pd.DataFrame, smallest: float, mean: tuple[float, float, float], width_mm: float
) -> Figure:
    """Draw the change of speed of every athlete."""
    changes = sprint_changes(sprints)
    with journal_style():
        figure = sheet(width_mm, 4.0 * len(changes) + 32.0)
        place = figure.subplots()
        heights = range(len(changes))
        place.plot(changes["change"], list(heights), "o", color=BLUE, markersize=4.5)
        told, sure = bool(np.isfinite(mean[0])), bool(np.isfinite(mean).all())
        if sure:
            place.plot(mean[1:], [_MEAN, _MEAN], color=INK, linewidth=1.4)
        if told:
            place.plot(mean[0], _MEAN, "D", color=INK, markersize=4.5)
        place.axvline(0, color=FRAME, linewidth=0.6)
        _mark(place, smallest, "smallest effect of interest", GREY, DASHED)
        for words, value in ANCHORS.items():
            _mark(place, value, words, VERMILLION, _DOTTED)
        rows = dict(zip([*heights, _MEAN], [*changes["participant_id"], "mean"], strict=True))
        shown_rows = [height for height in rows if told or height != _MEAN]
        place.set_yticks(shown_rows, labels=[rows[height] for height in shown_rows])
        place.set_ylim(-2.6, len(changes) - 0.4)
        legend_above(figure, _key(told=told, sure=sure), 2)
        place.set_xlabel("change of speed with restricted arms (%)")
        place.margins(x=0.06)
        if width_mm >= NARROW_MM:
            for height, row in enumerate(changes.to_dict("records")):
                free, still = (
                    shown(float(row[name]), "m/s") for name in ("normal", "restricted_arms")
                )
                words = f"{free} → {still} m/s"
                place.annotate(
                    words, (1.0, height), xycoords=("axes fraction", "data"), xytext=(4, 0),
                    textcoords="offset points", va="center", fontsize=6, annotation_clip=False,
                )  # fmt: skip
    return figure


def _mark(place: Axes, value: float, words: str, colour: str, dash: Dash) -> None:
    """Draw a line to compare with, and name it below the athletes."""
    place.axvline(value, color=colour, linewidth=0.8, linestyle=dash, zorder=0)
    place.annotate(
        words, (value, -1.7), xytext=(2, 0), textcoords="offset points", color=colour, fontsize=6,
        va="top",
    )  # fmt: skip


def _key(*, told: bool, sure: bool) -> list[Line2D]:
    """What is drawn: a mean, and its interval, only of as many athletes as the hypothesis takes."""
    handles = [
        Line2D([], [], linestyle="", marker="o", color=BLUE, markersize=4.5, label="athletes")
    ]
    if told:
        words = "mean, 95 % interval" if sure else "mean"
        shape = Line2D(
            [], [], linestyle="-" if sure else "", marker="D", color=INK, markersize=4.5,
            label=words,
        )  # fmt: skip
        handles.append(shape)
    return handles


def sprints_caption(smallest: float) -> str:
    """The caption."""
    return (
        "Mean speed of the maximal sprints of every athlete with restricted arms against free "
        "arms; diamond: the estimate of H7 with its 95 % interval over athletes. Dashed: smallest "
        f"effect of interest ({shown(smallest)} %); dotted: a published mean over 30 m. A loss of "
        "speed is what both accounts predict."
    )


def sprints_alternative(sprints: pd.DataFrame) -> str:
    """Describe the changes by their numbers."""
    changes = sprint_changes(sprints)
    said = "; ".join(
        f"{row['participant_id']} {shown(float(row['change']))} %"
        for row in changes.to_dict("records")
    )
    mean = shown(float(changes["change"].mean()))
    return f"{TITLE}. Change by athlete: {said}. Mean {mean} %."
