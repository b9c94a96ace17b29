"""How both sides rise with speed: sizes and their ratio, athlete by athlete."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from aqbio.figures.numbers import shown
from aqbio.figures.style import (
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    STYLES,
    journal_style,
    legend_above,
    pale,
    plain_numbers,
    sheet,
)

TITLE = "Push side and swing side as speed rises"

RATIOS = {
    "log_ratio_momentum": "Angular momentum about the vertical",
    "log_ratio_moments": "Joint moments",
}
"""Column of hypotheses_steps.tsv and what it is the ratio of."""

SIZES = {
    "Angular momentum about the vertical": ("push_momentum", "momentum_swing_leg"),
    "Joint moments": ("push_index", "swing_index"),
}
"""Sizes of the push side and of the swing side."""

LOOKS = {"push side": STYLES["push_side"], "swing side": STYLES["swing_side"]}

TENTHS = 10.0
"""Slopes are told for 10 % of the highest speed; the axis is all of it."""


def ratio_means(steps: pd.DataFrame) -> pd.DataFrame:
    """Mean speed, sizes of both sides and log ratios by athlete and speed level."""
    swing = steps["momentum_swing_leg"]
    sizes = steps.assign(push_momentum=swing * np.exp(steps["log_ratio_momentum"]))
    names = [name for pair in SIZES.values() for name in pair]
    columns = ["speed_mps", "relative_speed", *RATIOS, *names]
    means = sizes.groupby(["participant_id", "level"])[columns].mean().reset_index()
    return means.dropna(subset=list(RATIOS), how="all")


def powers_of_speed(means: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Powers of speed that a size rises with, (A,), of athletes with several speeds."""
    known = means[means[column] > 0.0]
    fits = [
        np.polyfit(np.log(own["speed_mps"]), np.log(own[column]), 1)[0]
        for _, own in known.groupby("participant_id")
        if np.ptp(own["speed_mps"]) > 0.0
    ]
    return np.round(np.array(fits, dtype=float), 12)


def side_ratio_figure(steps: pd.DataFrame, width_mm: float) -> Figure:
    """Draw the change of the log ratio from each athlete's own mean over relative speed."""
    means = ratio_means(steps)
    narrow = width_mm < NARROW_MM
    shape = (4, 1) if narrow else (2, 2)
    with journal_style():
        figure = sheet(width_mm, 215.0 if narrow else 118.0)
        axes = figure.subplots(*shape, squeeze=False).ravel()
        for place, (words, pair) in zip(axes[:2], SIZES.items(), strict=True):
            _draw_sizes(place, means, pair)
            place.set_title(words)
        for place, (column, words) in zip(axes[2:], RATIOS.items(), strict=True):
            _draw(place, means, column)
            place.set_title(f"{words}: ratio")
            place.set_xlabel("speed over the athlete's highest")
            place.set_ylabel("ln (push side / swing side),\nless the athlete's mean")
            place.margins(x=0.02)
        axes[3].sharey(axes[2])
        handles = [
            Line2D(
                [], [], color=look.colour, linestyle=look.dash, linewidth=1.8,
                label=f"{side}: mean power of speed",
            )
            for side, look in LOOKS.items()
        ]  # fmt: skip
        handles += [
            Line2D([], [], color=pale(GREY), marker="o", markersize=3, label="athletes"),
            Line2D([], [], color=INK, linewidth=1.8, label="mean of their slopes"),
        ]
        legend_above(figure, handles, 2 if narrow else 4)
    return figure


def _draw_sizes(place: Axes, means: pd.DataFrame, pair: tuple[str, str]) -> None:
    """Sizes of both sides over speed, both logarithmic: a power of speed is a straight line."""
    for column, look in zip(pair, LOOKS.values(), strict=True):
        known = means[means[column] > 0.0]
        for _, own in known.groupby("participant_id"):
            place.plot(
                own["speed_mps"], own[column], color=pale(look.colour), linewidth=0.6, marker="o",
                markersize=2.0,
            )  # fmt: skip
        powers = powers_of_speed(means, column)
        if len(powers):
            ends = np.array([known["speed_mps"].min(), known["speed_mps"].max()])
            middle = np.log(known[[column, "speed_mps"]]).mean()
            away = np.log(ends) - middle["speed_mps"]
            place.plot(
                ends, np.exp(middle[column] + powers.mean() * away), color=look.colour,
                linestyle=look.dash, linewidth=1.8,
            )  # fmt: skip
    place.set_xscale("log")
    place.set_yscale("log")
    plain_numbers(place.xaxis, range(1, 10))
    plain_numbers(place.yaxis)
    place.set_xlabel("speed (m/s)")
    place.set_ylabel("size (dimensionless)")


def _draw(place: Axes, means: pd.DataFrame, column: str) -> None:
    slopes, middles = [], []
    place.axhline(0, color=FRAME, linewidth=0.6)
    for _, own in means.dropna(subset=[column]).groupby("participant_id"):
        x, y = own["relative_speed"].to_numpy(), own[column].to_numpy()
        place.plot(x, y - y.mean(), color=pale(GREY), linewidth=0.8, marker="o", markersize=2.5)
        if len(x) > 1 and np.ptp(x) > 0:
            slopes.append(np.polyfit(x, y, 1)[0])
            middles.append(x.mean())
    if not slopes:
        return
    ends = np.array([means["relative_speed"].min(), means["relative_speed"].max()])
    away = ends - np.mean(middles)
    place.plot(ends, np.mean(slopes) * away, color=INK, linewidth=1.8)


def side_ratio_caption() -> str:
    """The caption."""
    return (
        "Above: sizes of both sides in contact over speed, mean of the steps of each speed, both "
        "axes logarithmic, so that a power of speed is a straight line; momentum over body mass, "
        "height and the speed of a fall from that height, moments over body weight and height. "
        "Below: natural logarithm of push side (push leg, arms, torso) over swing leg in contact, "
        "mean of the steps of each speed less the athlete's mean. Momentum: root mean square of "
        "the angular momentum about the vertical. Joint moments: joint-moment indices (hip, knee "
        "and ankle of the push leg over hip and knee of the swing leg, in the same time). Where "
        "the line falls, the swing side rises more steeply with speed than the push side; no rule "
        "judges it."
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
    powers = [
        f"{words.lower()}, {side} {shown(float(found.mean()))}"
        for words, pair in SIZES.items()
        for side, column in zip(LOOKS, pair, strict=True)
        if len(found := powers_of_speed(means, column))
    ]
    return (
        f"{TITLE}. Mean slope over athletes of the logarithm of the ratio: {'; '.join(said)}. "
        f"Mean power of speed: {'; '.join(powers)}."
    )
