"""How both sides rise with speed: their ratio over speed, athlete by athlete."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aqbio.figures.numbers import shown
from aqbio.figures.style import BLUE, FRAME, NARROW_MM, journal_style, legend_above, pale, sheet

NAME = "side_ratio"
TITLE = "Push side over swing side as speed rises"

RATIOS = {
    "log_ratio_momentum": "Angular momentum about the vertical",
    "log_ratio_moments": "Joint moments",
}
"""Column of hypotheses_steps.tsv and what it is the ratio of."""

TENTHS = 10.0
"""Slopes are told for 10 % of the highest speed; the axis is all of it."""


def ratio_means(steps: pd.DataFrame) -> pd.DataFrame:
    """Mean relative speed and log ratios by athlete and speed level."""
    columns = ["relative_speed", *RATIOS]
    means = steps.groupby(["participant_id", "level"])[columns].mean().reset_index()
    return means.dropna(subset=list(RATIOS), how="all")


def side_ratio_figure(steps: pd.DataFrame, width_mm: float) -> Figure:
    """Draw the change of the log ratio from each athlete's own mean over relative speed.

    Parameters
    ----------
    steps : DataFrame
        hypotheses_steps.tsv
    width_mm : float
        Width on paper, mm.
    """
    means = ratio_means(steps)
    narrow = width_mm < NARROW_MM
    shape = (2, 1) if narrow else (1, 2)
    with journal_style():
        figure = sheet(width_mm, 118.0 if narrow else 66.0)
        axes = figure.subplots(*shape, squeeze=False, sharey=True).ravel()
        for place, (column, words) in zip(axes, RATIOS.items(), strict=True):
            _draw(place, means, column)
            place.set_title(words)
            place.set_xlabel("speed over the athlete's highest")
            place.margins(x=0.02)
        axes[0].set_ylabel("ln (push side / swing side),\nless the athlete's mean")
        handles = [
            Line2D([], [], color=pale(BLUE), marker="o", markersize=3, label="athletes"),
            Line2D([], [], color=BLUE, linewidth=1.8, label="mean of their slopes"),
        ]
        legend_above(figure, handles, 2)
    return figure


def _draw(place: Axes, means: pd.DataFrame, column: str) -> None:
    slopes, middles = [], []
    place.axhline(0, color=FRAME, linewidth=0.6)
    for _, own in means.dropna(subset=[column]).groupby("participant_id"):
        x, y = own["relative_speed"].to_numpy(), own[column].to_numpy()
        place.plot(x, y - y.mean(), color=pale(BLUE), linewidth=0.8, marker="o", markersize=2.5)
        if len(x) > 1 and np.ptp(x) > 0:
            slopes.append(np.polyfit(x, y, 1)[0])
            middles.append(x.mean())
    if not slopes:
        return
    ends = np.array([means["relative_speed"].min(), means["relative_speed"].max()])
    away = ends - np.mean(middles)
    place.plot(ends, np.mean(slopes) * away, color=BLUE, linewidth=1.8)


def side_ratio_caption() -> str:
    """The caption."""
    return (
        "Natural logarithm of push side (push leg, arms, torso) over swing leg in contact, mean of "
        "the steps of each speed less the athlete's mean. First: root mean square of the angular "
        "momentum about the vertical. Second: joint-moment indices (hip, knee and ankle of the "
        "push leg over hip and knee of the swing leg, in the same time). Where the line falls, the "
        "swing side rises more steeply with speed than the push side; no rule judges it."
    )


def side_ratio_alternative(steps: pd.DataFrame) -> str:
    """Describe the slopes by their means."""
    means, said = ratio_means(steps), []
    for column, words in RATIOS.items():
        slopes = [
            np.polyfit(own["relative_speed"], own[column], 1)[0]
            for _, own in means.dropna(subset=[column]).groupby("participant_id")
            if len(own) > 1
        ]
        if slopes:
            value = float(np.mean(slopes)) / TENTHS
            said.append(f"{words.lower()}: {shown(value)} per 10 % of speed")
    return f"{TITLE}. Mean slope over athletes of the logarithm of the ratio: {'; '.join(said)}."
