"""Figure of the timing of the swing leg, which changes with speed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from scipy import stats

from aqbio.figures.figure import Figure, Results
from aqbio.figures.marks import marked
from aqbio.figures.style import (
    DASHED,
    GREY,
    INK,
    journal_style,
    legend_above,
    pale,
    panels,
    plain_numbers,
    stroke,
)
from aqbio.figures.words import count_words, digits, who
from aqbio.io.dictionary import columns


def _several_speeds(steps: pd.DataFrame) -> bool:
    """True if an athlete ran at more than one speed."""
    return bool(steps.groupby("participant_id")["level"].nunique().max() > 1)


MIN_SPREAD_STEPS = 3
"""Least number of steps for which a spread is stated."""

LINES: dict[str, dict[str, Any]] = {
    "smallest": {"color": GREY, "linewidth": 0.9, "linestyle": DASHED},
    "change": {"color": INK, "linewidth": 1.8},
}
"""Line properties of the found and of the smallest change."""


def timing_rows(results: Results) -> pd.DataFrame:
    """Lag and its spread by athlete and speed; no row if no athlete has both at several speeds."""
    steps = results["hypotheses_steps"]
    rows = timing_numbers(steps, results["verdicts"])
    several = (rows.groupby("participant_id")["lag_sd"].count() > 1).any()
    return rows if several and _several_speeds(steps) else rows.iloc[:0]


def timing_numbers(steps: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Circular mean and spread of the lag, with estimate and smallest effect of H5a."""
    rows = []
    for (person, level), steps_at_speed in steps.dropna(subset=["lag"]).groupby(
        ["participant_id", "level"]
    ):
        angles = 2.0 * np.pi * steps_at_speed["lag"].to_numpy(dtype=float)
        rows.append(
            {
                "participant_id": person,
                "level": level,
                "speed_mps": float(steps_at_speed["speed_mps"].mean()),
                "lag_mean": stats.circmean(angles, high=np.pi, low=-np.pi) / (2.0 * np.pi),
                "lag_sd": stats.circstd(angles) / (2.0 * np.pi)
                if len(steps_at_speed) >= MIN_SPREAD_STEPS
                else np.nan,
                "n_steps": len(steps_at_speed),
            }
        )
    table = pd.DataFrame(rows, columns=list(columns("timing")))
    if len(table):
        table["lag_mean"] = table.groupby("participant_id")["lag_mean"].transform(
            lambda values: np.unwrap(values.to_numpy(dtype=float), period=1.0)
        )
    by_hypothesis = verdicts.set_index("hypothesis")
    for end, column in (("change", "estimate"), ("smallest", "smallest_effect")):
        table[f"lag_{end}"] = by_hypothesis[column].astype(float).get("H5a", np.nan)
    return table


@journal_style()
def draw_timing(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw the lag and its spread over speed, athlete by athlete."""
    figure, axes = panels(width_mm, wide=(1, 2, 66.0), narrow=(2, 1, 118.0))
    _draw_change(axes[0], rows, "lag_mean")
    axes[0].set_ylabel("Lag behind the peak force\n(% of the step)")
    axes[0].set_title("Lag, circular mean")
    axes[1].set_yscale("log")
    _draw_change(axes[1], rows, "lag_sd")
    axes[1].set_ylabel("Standard deviation\n(% of the step)")
    axes[1].set_title("Spread of the lag, circular")
    plain_numbers(axes[1].yaxis, (1, 2, 3, 5, 7))
    for ax in axes:
        ax.set_xlabel("Speed (m/s)")
        ax.margins(x=0.03)
    handles = [
        stroke(pale(GREY), "athletes", marker="o", markersize=3),
        stroke(INK, "estimate over athletes", linewidth=1.8),
        stroke(GREY, "smallest effect of interest", linestyle=DASHED),
    ]
    legend_above(figure, handles, 3, narrow=2)
    return figure


def _draw_change(ax: Axes, rows: pd.DataFrame, column: str) -> None:
    """Draw athletes in % of the step; of the lag its estimated and smallest change too."""
    spread = column == "lag_sd"
    valid = rows[rows[column] > 0] if spread else rows.dropna(subset=[column])
    valid = valid.assign(percent=100.0 * valid[column])
    for _, athlete in valid.groupby("participant_id"):
        ax.plot(
            athlete["speed_mps"],
            athlete["percent"],
            "o-",
            color=pale(GREY),
            linewidth=0.7,
            markersize=2.2,
        )
    if spread:
        return
    middle, height = valid["speed_mps"].mean(), valid["percent"].mean()
    ends = np.array([valid["speed_mps"].min(), valid["speed_mps"].max()])
    for name in LINES:
        slope = 100.0 * float(rows[f"lag_{name}"].iloc[0])
        ax.plot(ends, height + slope * (ends - middle), **LINES[name])


def _timing_caption(rows: pd.DataFrame) -> str:
    lag = float(rows.iloc[0]["lag_smallest"])
    smallest = marked(digits(100.0 * lag), "", "", "lag_smallest", factor=100.0, by="most")
    count = count_words(rows["participant_id"].nunique(), who(rows), "participant_id", by="people")
    return (
        "Lag from the peak of vertical force to that of the swing leg's angular momentum "
        f"(vertical axis), {count}. Thick: estimate of H5a, through the mean over "
        "athletes and speeds; dashed: smallest effect of interest "
        f"({smallest} % of the step per m/s)."
    )


def _timing_alternative(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    lag, spread = (digits(100.0 * float(rows[name].mean())) for name in ("lag_mean", "lag_sd"))
    changes = ""
    if np.isfinite(first["lag_change"]):
        changes = f"the lag by {digits(100.0 * first['lag_change'])} % of the step"
    return (
        f"Mean over {rows['participant_id'].nunique()} athletes and their speeds: "
        f"lag {lag} % of the step, standard deviation {spread} %."
        + (f" Change per m/s: {changes}." if changes else "")
    )


TIMING = Figure(
    name="timing",
    title="Timing of the swing leg as speed rises",
    table=timing_rows,
    columns="timing",
    draw=draw_timing,
    caption=_timing_caption,
    alternative=_timing_alternative,
    section="verdicts",
)
