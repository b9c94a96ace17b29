"""Figure of the peak vertical force of every step over speed, by side."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure as Drawing

from aqbio.figures.figure import Figure, Results, count_words
from aqbio.figures.style import BLUE, ORANGE, journal_style, legend_above, mark, panels
from aqbio.figures.words import digits
from aqbio.io.dictionary import columns
from aqbio.names import SIDES

LOOKS = {"left": ("o", BLUE), "right": ("^", ORANGE)}
"""Symbol and colour of the steps on either foot."""


def peak_force_rows(results: Results) -> pd.DataFrame:
    """Peak vertical force and speed of every counted step."""
    steps = results["steps"]
    counted = steps[steps["status"] == "ok"]
    return counted[list(columns("peak_force"))].dropna().reset_index(drop=True)


@journal_style()
def draw_peak_force(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw one point per step."""
    drawing, [axes] = panels(width_mm, wide=(1, 1, 70.0), narrow=(1, 1, 64.0))
    keys = []
    for side in SIDES:
        own = rows[rows["side"] == side]
        symbol, colour = LOOKS[side]
        axes.plot(
            own["speed_mps"], own["peak_vertical_force_bw"], symbol, color=colour, markersize=3
        )
        keys.append(mark(symbol, colour, f"{side} foot", 3))
    axes.margins(x=0.03)
    axes.set_xlabel("Speed (m/s)")
    axes.set_ylabel("Peak vertical force (BW)")
    legend_above(drawing, keys, 2)
    return drawing


def _caption(rows: pd.DataFrame) -> str:
    athletes = count_words(rows["participant_id"].nunique(), "athlete")
    return (
        "Peak vertical ground reaction force over speed, in body weights, a point per step, left "
        f"and right apart; {athletes}, {count_words(len(rows), 'step')}."
    )


def _alternative(rows: pd.DataFrame) -> str:
    means = rows.groupby("side")["peak_vertical_force_bw"].mean()
    told = (f"{side} {digits(float(means[side]), 'BW')} BW" for side in SIDES if side in means)
    return f"Mean peak vertical force: {', '.join(told)}."


PEAK_FORCE = Figure(
    name="peak_force",
    title="Peak vertical force as speed rises",
    table=peak_force_rows,
    columns="peak_force",
    draw=draw_peak_force,
    caption=_caption,
    alternative=_alternative,
)
