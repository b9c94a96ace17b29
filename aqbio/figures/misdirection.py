"""Where the push goes: ground force over stance, and lateral force against highest speed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aqbio.figures.numbers import shown
from aqbio.figures.style import BLUE, FRAME, GREY, INK, NARROW_MM, journal_style, sheet

NAME = "misdirection"
TITLE = "Where the push goes, and who loses it sideways"
EVERY = 4
"""Per cent of stance between two arrows."""

VIEWS = {
    "z": "Force from behind",
    "x": "Force from the side",
}
"""Axis drawn against the vertical, and title."""


def force_rows(forces: Mapping[str, np.ndarray], steps: int) -> pd.DataFrame:
    """Mean force over athletes, every few per cent of stance, as rows of the table.

    Parameters
    ----------
    forces : mapping
        (101, 3) array by athlete: mean ground force over that athlete's steps, body weights, x
        forward, y up, z towards the stance side.
    steps : int
        Steps behind them.
    """
    rows = []
    mean = np.mean(list(forces.values()), axis=0) if forces else np.zeros((0, 3))
    for percent in range(0, len(mean), EVERY):
        for axis, value in zip("xyz", mean[percent], strict=True):
            rows.append(
                {"kind": "force", "name": axis, "percent": percent, "value": value,
                 "athletes": len(forces), "steps": steps}
            )  # fmt: skip
    return pd.DataFrame(rows)


def athlete_rows(athletes: pd.DataFrame) -> pd.DataFrame:
    """Lateral ratio and highest speed by athlete, as rows of the table.

    Parameters
    ----------
    athletes : DataFrame
        hypotheses_athletes.tsv
    """
    own = athletes[athletes["hypothesis"] == "H8a"]
    wide = own.pivot_table("value", "participant_id", "column")
    if not {"lateral_ratio", "fastest"} <= set(wide):
        return pd.DataFrame(columns=["kind", "name", "speed_mps", "value"])
    known = wide.dropna(subset=["lateral_ratio", "fastest"]).reset_index()
    return pd.DataFrame(
        {"kind": "athlete", "name": known["participant_id"], "speed_mps": known["fastest"],
         "value": known["lateral_ratio"]}
    )  # fmt: skip


def misdirection_figure(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw the force over stance from behind and from the side, and athletes' lateral ratios.

    Parameters
    ----------
    numbers : DataFrame
        Rows of `force_rows` and `athlete_rows`.
    width_mm : float
        Width on paper, mm.
    """
    narrow = width_mm < NARROW_MM
    with journal_style():
        figure = sheet(width_mm, 165.0 if narrow else 66.0)
        axes = figure.subplots(*((3, 1) if narrow else (1, 3)), squeeze=False).ravel()
        for place, (axis, title) in zip(axes, VIEWS.items(), strict=False):
            _draw_force(place, numbers, axis)
            place.set_title(title)
            place.set_xlabel("start of the arrow: % of stance")
            place.set_ylabel("upward force (BW)")
        _draw_athletes(axes[2], numbers[numbers["kind"] == "athlete"])
        axes[2].set_title("Sideways share and speed")
    return figure


def _draw_force(place: Axes, numbers: pd.DataFrame, axis: str) -> None:
    """Arrows of the force, each from its instant on: both axes of an arrow have one scale."""
    own = numbers[numbers["kind"] == "force"].pivot_table("value", "percent", "name")
    across, up = own[axis].to_numpy(), own["y"].to_numpy()
    base = own.index.to_numpy(dtype=float)
    place.axhline(0, color=FRAME, linewidth=0.6)
    # a body weight across is as long as one upwards: the widest stance of both is 100 % of it
    scale = max(float(up.max()), 1.0)
    start = base / 100.0 * scale
    place.quiver(
        start, np.zeros_like(start), across, up, angles="xy", scale_units="xy", scale=1.0,
        color=BLUE, width=0.004, headwidth=3.0, headlength=4.0, zorder=2,
    )  # fmt: skip
    place.plot(start + across, up, color=INK, linewidth=1.0, zorder=3)
    reach = float(np.abs(across).max())
    place.set_xlim(-reach - 0.05 * scale, 1.05 * scale + reach)
    place.set_ylim(-0.05 * scale, 1.08 * scale)
    place.set_aspect("equal", adjustable="box")
    place.set_xticks([0.0, 0.5 * scale, scale], labels=["0 %", "50 %", "100 %"])


def _draw_athletes(place: Axes, own: pd.DataFrame) -> None:
    place.plot(own["speed_mps"], 100.0 * own["value"], "o", color=BLUE, markersize=3.5)
    if len(own) > 1 and np.ptp(own["speed_mps"]) > 0.0:
        slope, constant = np.polyfit(own["speed_mps"], 100.0 * own["value"], 1)
        ends = np.array([own["speed_mps"].min(), own["speed_mps"].max()])
        place.plot(ends, constant + slope * ends, color=GREY, linewidth=1.0)
    place.set_xlabel("highest speed (m/s)")
    place.set_ylabel("sideways impulse (%)")
    place.margins(x=0.08, y=0.15)


def misdirection_caption(numbers: pd.DataFrame) -> str:
    """The caption, with the number of athletes and steps."""
    force = numbers[numbers["kind"] == "force"]
    told = "no step"
    if len(force):
        count, steps = int(force["athletes"].iloc[0]), int(force["steps"].iloc[0])
        told = f"mean of {count} athletes, {steps} steps of their fastest runs"
    return (
        f"Ground force over stance ({told}), every {EVERY} % an arrow from its instant; a body "
        "weight is as long across as upwards, to the right is towards the stance side, and "
        "forward. Left steps are mirrored. Last: sideways impulse over the impulse of the whole "
        "force, sizes, at the highest speed of each athlete; grey: least squares without anything "
        "held, which is not the estimate of H8a. How the share of forward force falls with speed "
        "(D_RF) takes accelerating steps and is not drawn."
    )


def misdirection_alternative(numbers: pd.DataFrame) -> str:
    """Describe forces and athletes by their ends."""
    force = numbers[numbers["kind"] == "force"]
    own = numbers[numbers["kind"] == "athlete"]["value"]
    said = [
        f"{words} {shown(float(part.min()), 'BW')} to {shown(float(part.max()), 'BW')} BW"
        for axis, words in (("y", "upward"), ("x", "forward"), ("z", "towards the stance side"))
        if len(part := force.loc[force["name"] == axis, "value"])
    ]
    if len(own):
        low, high = (shown(100.0 * float(v)) for v in (own.min(), own.max()))
        said.append(f"sideways impulse {low} to {high} % over {len(own)} athletes")
    return f"{TITLE}. {'; '.join(said)}."
