"""Which joints hold the body up and drive it on: the ground force over stance by its sources."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from aqbio.figures.numbers import shown
from aqbio.figures.phase_means import line
from aqbio.figures.stack import draw_stack
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    PURPLE,
    SKY,
    VERMILLION,
    LineStyle,
    journal_style,
    legend_above,
    pale,
    sheet,
)

NAME = "ground_force_sources"
TITLE = "Which joints make the ground force, over stance"

PANELS = {"y": "Upward", "x": "Forward"}
MEASURED = "measured"

LOOKS = {
    "ankle_push": LineStyle("ankle and toes, push", BLUE),
    "knee_push": LineStyle("knee, push", SKY, (0, (2.2, 1.2))),
    "hip_push": LineStyle("hip, push", "#003F6B"),
    "swing": LineStyle("swing-side joints", VERMILLION, DASHED),
    "upper": LineStyle("lumbar joint and arms", PURPLE),
    "rest": LineStyle("gravity, velocity terms, rest", GREY),
}
"""Parts of the force, and how each is drawn."""


def part_of(source: str) -> str:
    """Which part of the figure a source of level C belongs to."""
    joint, _, side = source.rpartition("_")
    if joint in ("shoulder", "elbow") or source == "lumbar":
        return "upper"
    if side == "push":
        return "ankle_push" if joint in ("ankle", "mtp") else f"{joint}_push"
    return "swing" if side == "swing" else "rest"


def force_sources_figure(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw the parts of the force as areas, and the measured force over them, body weights."""
    narrow = width_mm < NARROW_MM
    with journal_style():
        figure = sheet(width_mm, 140.0 if narrow else 78.0)
        axes = figure.subplots(*((2, 1) if narrow else (1, 2)), squeeze=False).ravel()
        for place, (axis, words) in zip(axes, PANELS.items(), strict=True):
            _draw(place, numbers, axis)
            place.set_title(f"{words} ground force")
            place.set_ylabel("force (BW)")
            place.set_xlabel("stance (%)")
        handles = [
            Patch(
                facecolor=pale(look.colour), edgecolor=look.colour, linewidth=0.4,
                hatch="" if look.dash == "solid" else "//////", label=look.label,
            )
            for name, look in LOOKS.items()
            if (numbers["line"] == name).any()
        ]  # fmt: skip
        whole = Line2D([], [], color=INK, linewidth=1.2, label="measured")
        legend_above(figure, [*handles, whole], 2 if narrow else 4)
    return figure


def _draw(place: Axes, numbers: pd.DataFrame, axis: str) -> None:
    parts = [
        (look, mean)
        for name, look in LOOKS.items()
        if len(mean := line(numbers, axis, name, "stance")[1])
    ]
    along = np.arange(101.0)
    place.axhline(0, color=FRAME, linewidth=0.5)
    if parts:
        draw_stack(place, along, parts)
    whole = line(numbers, axis, MEASURED, "stance")[1]
    if len(whole):
        place.plot(along, whole, color=INK, linewidth=1.2, zorder=4)
    place.set_xlim(0, 100)


def force_sources_caption(numbers: pd.DataFrame) -> str:
    """The caption, with the number of athletes."""
    count = int(numbers["athletes"].max())
    return (
        f"Ground force under contact model C2 by what causes it at that instant, all other moments "
        f"held: means of the fastest run of each of {count} athletes, body weights. Areas above 0 "
        "are stacked upwards, those below downwards; together they make the measured force "
        "(black), for the decomposition is a superposition. Rest: what the contact model cannot "
        "exert, and the residual. The spread between athletes is in the table."
    )


def force_sources_alternative(numbers: pd.DataFrame) -> str:
    """Describe every part by its mean over stance."""
    said = []
    for axis, words in PANELS.items():
        means = [
            f"{label} {shown(float(mean.mean()), 'BW')}"
            for name, label in (
                *((n, look.label) for n, look in LOOKS.items()),
                (MEASURED, MEASURED),
            )
            if len(mean := line(numbers, axis, name, "stance")[1])
        ]
        said.append(f"{words} (BW, mean of stance): {', '.join(means)}")
    return f"{TITLE}. {'; '.join(said)}."
