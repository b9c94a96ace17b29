"""What chance gives, as histograms, with what was observed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from aqbio.figures.numbers import shown
from aqbio.figures.style import (
    GREY,
    NARROW_MM,
    VERMILLION,
    journal_style,
    legend_above,
    pale,
    sheet,
)

NAME = "surrogates"
TITLE = "What was observed, against what chance gives"
_BINS = 24

PANELS = {
    "H1": ("H1: swing leg alone balances", "difference of opposition indices"),
    "compensation": ("Legs compensate in a step", "ln variance of the sum over the variances"),
    "H3e": ("H3e: next step's timing", "correlation within athletes"),
}
"""Title and axis, by statistic."""


def surrogates_figure(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw one histogram per statistic.

    Parameters
    ----------
    numbers : DataFrame
        Columns statistic, kind (drawn or observed), value, p.
    width_mm : float
        Width on paper, mm.
    """
    known = [name for name in PANELS if (numbers["statistic"] == name).any()]
    narrow = width_mm < NARROW_MM
    with journal_style():
        figure = sheet(width_mm, 12.0 + 48.0 * len(known) if narrow else 62.0)
        shape = (len(known), 1) if narrow else (1, len(known))
        axes = figure.subplots(*shape, squeeze=False).ravel()
        for place, name in zip(axes, known, strict=True):
            _draw(place, numbers[numbers["statistic"] == name])
            place.set_title(PANELS[name][0])
            place.set_xlabel(PANELS[name][1])
            place.set_ylabel("surrogates")
        handles = [
            Patch(facecolor=pale(GREY), edgecolor=GREY, label="chance"),
            Line2D([], [], color=VERMILLION, linewidth=1.8, label="observed"),
        ]
        legend_above(figure, handles, 2)
    return figure


def _draw(place: Axes, own: pd.DataFrame) -> None:
    drawn = own.loc[own["kind"] == "drawn", "value"].to_numpy(dtype=float)
    observed = own[own["kind"] == "observed"].iloc[0]
    place.hist(drawn, bins=_BINS, facecolor=pale(GREY), edgecolor=GREY, linewidth=0.4)
    place.axvline(float(observed["value"]), color=VERMILLION, linewidth=1.8)
    every = np.append(drawn, float(observed["value"]))
    room = 0.06 * float(np.ptp(every))
    place.set_xlim(every.min() - room, every.max() + room)
    place.locator_params(axis="x", nbins=5)


def surrogates_caption(numbers: pd.DataFrame) -> str:
    """The caption, with the number of surrogates and the probabilities."""
    told = []
    for row in numbers[numbers["kind"] == "observed"].to_dict("records"):
        words = PANELS[str(row["statistic"])][0].lower().removeprefix("h1: ").removeprefix("h3e: ")
        told.append(f"{words} p = {shown(float(row['p']))}")
    draws = int((numbers["kind"] == "drawn").sum() / max(1, numbers["statistic"].nunique()))
    return (
        f"Grey: {draws} surrogates, red: what was observed, means over athletes. H1: every group's "
        "waveform shifted in time by a random amount, which any signal that is locked to the step "
        "beats: a check, not a proof. Legs: push leg against the swing leg of a random step of the "
        "same athlete, speed and side; left of chance they compensate each other within steps. "
        f"H3e: steps paired anew in the same way. One-sided: {'; '.join(told)}."
    )


def surrogates_alternative(numbers: pd.DataFrame) -> str:
    """Describe every panel by the observed value and the range of chance."""
    said = []
    for name, (title, _) in PANELS.items():
        own = numbers[numbers["statistic"] == name]
        if len(own):
            drawn = own.loc[own["kind"] == "drawn", "value"]
            value = float(own.loc[own["kind"] == "observed", "value"].iloc[0])
            low, high = (shown(float(drawn.quantile(q))) for q in (0.025, 0.975))
            said.append(f"{title}: observed {shown(value)}, 95 % of chance {low} to {high}")
    return f"{TITLE}. {'; '.join(said)}."
