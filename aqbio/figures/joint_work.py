"""Angles, moments and powers of the joints of both legs over the step."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aqbio.figures.numbers import shown
from aqbio.figures.phase_means import PHASES, line
from aqbio.figures.style import (
    FLIGHT_SHADE,
    FRAME,
    NARROW_MM,
    STYLES,
    journal_style,
    legend_above,
    sheet,
)

NAME = "joint_work"
TITLE = "Angles, moments and powers of the legs' joints"

ROWS = {
    "angle": ("Flexion angle", "deg"),
    "moment": ("Extension moment", "N m/kg"),
    "power": ("Power", "W/kg"),
}
"""Words and unit, by quantity."""

JOINTS = ("hip", "knee", "ankle")
ROLES = {"push": STYLES["push_leg"], "swing": STYLES["swing_leg"]}


def joint_work_figure(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw one column of panels per joint."""
    narrow = width_mm < NARROW_MM
    with journal_style():
        figure = sheet(width_mm, 112.0 if narrow else 120.0)
        axes = figure.subplots(3, 3, squeeze=False, sharex=True, sharey="row")
        for row, (quantity, (words, unit)) in zip(axes, ROWS.items(), strict=True):
            for place, joint in zip(row, JOINTS, strict=True):
                _draw(place, numbers, quantity, joint)
            row[0].set_ylabel(f"{words}\n({unit})")
        for place, joint in zip(axes[0], JOINTS, strict=True):
            place.set_title(joint.capitalize(), fontweight="bold")
        for place in axes[-1]:
            place.set_xlabel("phase")
        axes[0, 0].set_xlim(0, 200)
        axes[0, 0].set_xticks([0, 100, 200], labels=["TD", "TO", "TD"])
        handles = [
            Line2D(
                [], [], color=look.colour, linestyle=look.dash, linewidth=look.width,
                label=look.label,
            )
            for look in ROLES.values()
        ]  # fmt: skip
        legend_above(figure, handles, 2 if narrow else 3)
    return figure


def _draw(place: Axes, numbers: pd.DataFrame, quantity: str, joint: str) -> None:
    place.axvspan(100, 200, color=FLIGHT_SHADE, linewidth=0, zorder=0)
    place.axhline(0, color=FRAME, linewidth=0.5, zorder=1)
    for role, look in ROLES.items():
        for number, phase in enumerate(PHASES):
            named = (numbers, quantity, f"{joint}_{role}", phase)
            at, mean, sd = line(*named)
            if not len(at):
                continue
            along = at + 100.0 * number
            place.fill_between(
                along, mean - sd, mean + sd, color=look.colour, alpha=0.15, linewidth=0, zorder=2
            )
            place.plot(
                along, mean, color=look.colour, linestyle=look.dash, linewidth=look.width, zorder=3
            )
    place.locator_params(axis="y", nbins=5)


def joint_work_caption(numbers: pd.DataFrame) -> str:
    """The caption, with the number of athletes."""
    return (
        "Fastest run of every athlete: thick lines mean over "
        f"{int(numbers['athletes'].max())} athletes, bands ± one standard deviation between them. "
        "Angles: flexion and dorsiflexion positive, of the coordinate that flexes the joint; "
        "moments: extension and plantarflexion positive, over body mass; powers: of all moments at "
        "the joint, positive where it gives energy, over body mass. Grey: flight; in the next step "
        "both legs change roles."
    )


def joint_work_alternative(numbers: pd.DataFrame) -> str:
    """Describe every line by its range."""
    said = []
    for quantity, (words, unit) in ROWS.items():
        for name in (f"{joint}_{role}" for joint in JOINTS for role in ROLES):
            own = numbers[(numbers["quantity"] == quantity) & (numbers["line"] == name)]["mean"]
            if len(own):
                ends = " to ".join(shown(float(end), unit) for end in (own.min(), own.max()))
                joint, role = name.split("_")
                said.append(f"{words.lower()} {joint}, {role} leg {ends} {unit}")
    return f"{TITLE}, mean over athletes. {'; '.join(said)}."
