"""When the swing leg's momentum peaks after the force, and how steadily, as speed rises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aqbio.figures.numbers import shown
from aqbio.figures.style import (
    BLUE,
    DASHED,
    GREY,
    NARROW_MM,
    journal_style,
    legend_above,
    pale,
    plain_numbers,
    sheet,
)

TITLE = "Timing of the swing leg as speed rises"


def timing_figure(numbers: pd.DataFrame, slopes: Mapping[str, float], width_mm: float) -> Figure:
    """Draw the lag and its spread over speed, athlete by athlete."""
    narrow = width_mm < NARROW_MM
    with journal_style():
        figure = sheet(width_mm, 118.0 if narrow else 66.0)
        axes = figure.subplots(*((2, 1) if narrow else (1, 2)), squeeze=False).ravel()
        _draw_lags(axes[0], numbers, slopes)
        _draw_spreads(axes[1], numbers, slopes)
        for place in axes:
            place.set_xlabel("speed (m/s)")
            place.margins(x=0.03)
        handles = [
            Line2D([], [], color=pale(BLUE), marker="o", markersize=3, label="athletes"),
            Line2D([], [], color=BLUE, linewidth=1.8, label="estimate"),
            Line2D([], [], color=GREY, linestyle=DASHED, label="smallest effect of interest"),
        ]
        legend_above(figure, handles, 2 if narrow else 3)
    return figure


def _draw_lags(place: Axes, numbers: pd.DataFrame, slopes: Mapping[str, float]) -> None:
    known = numbers.dropna(subset=["lag_mean"])
    for _, own in known.groupby("participant_id"):
        place.plot(
            own["speed_mps"], 100.0 * own["lag_mean"], color=pale(BLUE), linewidth=0.8, marker="o",
            markersize=2.5,
        )  # fmt: skip
    middle = (known["speed_mps"].mean(), 100.0 * known["lag_mean"].mean())
    ends = np.array([known["speed_mps"].min(), known["speed_mps"].max()])
    for name, line in _lines():
        slope = 100.0 * slopes[f"lag{name}"]
        place.plot(ends, middle[1] + slope * (ends - middle[0]), **line)
    place.set_ylabel("lag from peak force (% of the step)")
    place.set_title("Lag, circular mean")


def _draw_spreads(place: Axes, numbers: pd.DataFrame, slopes: Mapping[str, float]) -> None:
    known = numbers[numbers["lag_sd"] > 0]
    for _, own in known.groupby("participant_id"):
        place.plot(
            own["speed_mps"], 100.0 * own["lag_sd"], color=pale(BLUE), linewidth=0.8, marker="o",
            markersize=2.5,
        )  # fmt: skip
    place.set_yscale("log")
    middle = (known["speed_mps"].mean(), np.log(100.0 * known["lag_sd"]).mean())
    ends = np.linspace(known["speed_mps"].min(), known["speed_mps"].max(), 31)
    for name, line in _lines():
        slope = slopes[f"spread{name}"]
        place.plot(ends, np.exp(middle[1] + slope * (ends - middle[0])), **line)
    place.set_ylabel("standard deviation (% of the step)")
    place.set_title("Spread of the lag, circular")
    plain_numbers(place.yaxis, (1, 2, 3, 5, 7))


def _lines() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Ends of the names of both slopes, and how each is drawn."""
    return (
        ("_smallest", {"color": GREY, "linewidth": 0.9, "linestyle": DASHED}),
        ("", {"color": BLUE, "linewidth": 1.8}),
    )


def timing_caption(slopes: Mapping[str, float]) -> str:
    """The caption."""
    lag, spread = shown(100.0 * slopes["lag_smallest"]), shown(slopes["spread_smallest"])
    return (
        "Lag from the peak of vertical force to the peak of the swing leg's angular momentum about "
        "the vertical, share of the step, by athlete and speed: circular mean and circular "
        "standard deviation over steps. Thick: estimate of H5a and of H5b, drawn through the mean "
        "over athletes and speeds; dashed: the smallest effect of interest there, falling, as the "
        f"claim has it ({lag} % of the step and {spread} of the logarithm per m/s). Absolute times "
        "shrink with the step by mechanics, so that only shares of the step are told."
    )


def timing_alternative(numbers: pd.DataFrame, slopes: Mapping[str, float]) -> str:
    """Describe lag, spread and slopes by their numbers."""
    lag = shown(100.0 * float(numbers["lag_mean"].mean()))
    spread = shown(100.0 * float(numbers["lag_sd"].mean()))
    changes = [
        words
        for name, words in (
            ("lag", f"the lag by {shown(100.0 * slopes['lag'])} % of the step"),
            ("spread", f"the logarithm of its spread by {shown(slopes['spread'])}"),
        )
        if np.isfinite(slopes[name])
    ]
    return (
        f"{TITLE}. Mean over {numbers['participant_id'].nunique()} athletes and their speeds: lag "
        f"{lag} % of the step, standard deviation {spread} %."
        + (f" Change per m/s: {', '.join(changes)}." if changes else "")
    )
