"""Whether the ground presses on the foot, and turns it no more than a shoe can."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon
from matplotlib.ticker import MaxNLocator

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
from aqbio.mechanics.recordings.pressure import FRICTION_ARM, OUTSIDE

NAME = "foot_pressure"
TITLE = "Where the ground presses on the feet"

WIDE_MM, ARM_MM = 1000.0 * OUTSIDE, 1000.0 * FRICTION_ARM
SIDES = {"left": "Left foot", "right": "Right foot"}
CONTACT = ["participant_id", "trial_id", "contact", "side"]


def contact_rows(numbers: pd.DataFrame) -> pd.DataFrame:
    """A row of every contact."""
    return numbers.drop_duplicates(CONTACT)


def foot_pressure_figure(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw every contact's way of pressure on its foot, and the lever arms of free moments.

    Parameters
    ----------
    numbers : DataFrame
        From `aqbio.stages.figures.foot_pressure_numbers.foot_pressure_numbers`.
    width_mm : float
        Two columns of a page: panels side by side; one column: feet above, arms below.
    """
    narrow = width_mm < NARROW_MM
    with journal_style():
        figure = sheet(width_mm, 150.0 if narrow else 84.0)
        layout = [["left", "right"], ["arm", "arm"]] if narrow else [["left", "right", "arm"]]
        ratios = {"height_ratios": (1.7, 1.0)} if narrow else {"width_ratios": (1.0, 1.0, 1.25)}
        axes = figure.subplot_mosaic(layout, **ratios)  # type: ignore[arg-type]
        length = float(numbers["foot_mm"].median())
        for side, words in SIDES.items():
            _foot(axes[side], numbers[numbers["side"] == side], side, length)
            axes[side].set_title(words)
        _arms(axes["arm"], contact_rows(numbers))
        legend_above(figure, _key(), 2 if narrow else 4)
    return figure


def _foot(place: Axes, own: pd.DataFrame, side: str, length: float) -> None:
    outline = _capsule(length, WIDE_MM)
    place.add_patch(Polygon(outline, facecolor=pale(GREY), edgecolor="none", zorder=0))
    place.plot([0, 0], [-length, 0], color=FRAME, linewidth=0.8, zorder=1)
    place.plot([0, 0], [-length, 0], "o", color=FRAME, markersize=3, zorder=1)
    sign = 1.0 if side == "right" else -1.0  # from above, outwards is to the outer side
    for _, contact in own.groupby(CONTACT, sort=False):
        sound = float(contact["away_mm"].iloc[0]) <= WIDE_MM
        place.plot(
            sign * contact["outwards_mm"], contact["ahead_mm"],
            color=BLUE if sound else VERMILLION, linewidth=0.8,
            linestyle="solid" if sound else DASHED, zorder=2,
        )  # fmt: skip
        last = contact.iloc[-1]
        place.plot(sign * last["outwards_mm"], last["ahead_mm"], ".", color=INK, markersize=2.5)
    place.set_aspect("equal", adjustable="datalim")
    place.set_xlabel("to the right (mm)")
    place.set_ylabel("ahead of the toe markers (mm)")


def _capsule(length: float, radius: float) -> np.ndarray:
    """All that is nearer than the radius to the line from heel (0, -length) to toes (0, 0)."""
    turn = np.linspace(0.0, np.pi, 25)
    front = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
    return np.concatenate([front, -front - [0.0, length]])


def _arms(place: Axes, contacts: pd.DataFrame) -> None:
    arms = np.sort(contacts["friction_arm_mm"].dropna().to_numpy())
    place.plot(np.arange(len(arms)) + 1, arms, "o", color=BLUE, markersize=2.5)
    place.axhline(ARM_MM, color=GREY, linewidth=0.9, linestyle=DASHED)
    place.set_ylim(0, 1.15 * max(ARM_MM, float(arms.max(initial=0.0))))
    place.set_xlim(0.3, max(len(arms), 1) + 0.7)
    place.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    place.set_title("Free moment over force")
    place.set_xlabel("contacts, smallest first")
    place.set_ylabel("lever arm (mm)")


def _key() -> list[Line2D | Patch]:
    return [
        Patch(facecolor=pale(GREY), edgecolor="none", label=f"{WIDE_MM:.0f} mm around the foot"),
        Line2D([], [], color=BLUE, linewidth=0.8, label="a contact; dot: its end"),
        Line2D([], [], color=VERMILLION, linewidth=0.8, linestyle=DASHED, label="beside the foot"),
        Line2D([], [], color=GREY, linewidth=0.9, linestyle=DASHED, label="most by friction"),
    ]


def foot_pressure_caption(numbers: pd.DataFrame) -> str:
    """The caption, with the number of contacts and athletes."""
    contacts = contact_rows(numbers)
    return (
        f"Complete contacts of every athlete's fastest run ({len(contacts)} contacts, "
        f"{contacts['participant_id'].nunique()} athletes), while more than half of the peak force "
        "is borne. Feet from above: centre of pressure in the axes of the foot, from the middle of "
        "the toe markers along the line from the heel marker (dots: both), grey around it; dashed: "
        f"median more than {WIDE_MM:.0f} mm from the lines between heel and toe markers. Last: "
        "largest free moment of each contact over the vertical force (95th percentile), beside the "
        f"{ARM_MM:.0f} mm that friction under a forefoot can make."
    )


def foot_pressure_alternative(numbers: pd.DataFrame) -> str:
    """Describe distances and lever arms by their medians and largest values."""
    contacts = contact_rows(numbers)
    said = []
    for words, name in (
        ("from the foot's lines", "away_mm"),
        ("lever arm", "friction_arm_mm"),
    ):
        middle, most = (
            shown(float(v), "mm") for v in (contacts[name].median(), contacts[name].max())
        )
        said.append(f"{words} {middle} mm in the median contact, at most {most} mm")
    return f"{TITLE}, {len(contacts)} contacts. {'; '.join(said)}."
