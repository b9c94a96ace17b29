"""Figure of angular momentum by part against speed, every athlete a line, on the band of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Patch

from aqbio.figures.figure import Figure, Results
from aqbio.figures.style import (
    INK,
    SKY,
    STYLES,
    is_narrow,
    journal_style,
    legend_above,
    pale,
    panels,
    stroke,
    zero_line,
)
from aqbio.figures.words import count_words, digits, who
from aqbio.gait.step_files import kept_steps
from aqbio.io.dictionary import columns
from aqbio.names import NORMAL
from aqbio.prepare.used_size import body_scale
from aqbio.reference.group import MEAN, THOUSANDTHS, other_people, others_at_speeds, read_reference

DRAWN_PARTS = ("push_leg", "swing_leg", "arms", "torso", "total")

GRID_MPS = 0.25
"""Distance of the speeds at which the band is drawn."""


def momentum_speed_rows(results: Results) -> pd.DataFrame:
    """Scaled stance means about the vertical of every trial, and of others over its speeds."""
    study = results.study
    steps = kept_steps(results["steps"])
    steps = steps[(steps["condition"] == NORMAL) & steps["speed_mps"].notna()]
    own_rows = [
        row
        for (participant_id, _), trial in steps.groupby(["participant_id", "trial_id"], sort=False)
        for row in _trial_rows(trial, str(participant_id), body_scale(study, str(participant_id)))
    ]
    athletes = pd.DataFrame(own_rows, columns=list(columns("momentum_speed"))).dropna(subset="mean")
    if athletes.empty:
        return athletes
    reference = read_reference(study)
    others = reference
    for participant_id in athletes["participant_id"].unique():
        others = other_people(others, study, participant_id)
    span = athletes["speed_mps"].min() - GRID_MPS, athletes["speed_mps"].max() + GRID_MPS
    band = pd.DataFrame(list(_band_rows(others, *span)), columns=athletes.columns)
    return athletes if band.empty else pd.concat([athletes, band], ignore_index=True)


def _trial_rows(
    steps: pd.DataFrame, participant_id: str, scale_kgm: float
) -> Iterator[dict[str, Any]]:
    by_foot = [foot for _, foot in steps.groupby("side")]
    speed = float(np.mean([foot["speed_mps"].mean() for foot in by_foot]))
    for part in DRAWN_PARTS:
        means = [foot[MEAN.format(part, "y")].mean() for foot in by_foot]
        mean = THOUSANDTHS * float(np.mean(means)) / (scale_kgm * speed)
        yield {"part": part, "participant_id": participant_id, "speed_mps": speed, "mean": mean}


def _band_rows(others: pd.DataFrame, low: float, high: float) -> Iterator[dict[str, Any]]:
    speeds = (np.arange(np.ceil(low / GRID_MPS), high / GRID_MPS) * GRID_MPS).tolist()
    for part in DRAWN_PARTS:
        for speed, people in zip(speeds, others_at_speeds(others, part, "y", speeds), strict=True):
            if people.is_band:
                yield {
                    "part": part,
                    "speed_mps": speed,
                    "mean": people.mean,
                    "sd": people.sd,
                    "people": len(people.values),
                }


@journal_style()
def draw_momentum_speed(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw a panel per part, with the same scale."""
    figure, axes = panels(
        width_mm, wide=(1, len(DRAWN_PARTS), 62.0), narrow=(3, 2, 120.0), sharey=True
    )
    across = 2 if is_narrow(width_mm) else len(DRAWN_PARTS)
    for number, (ax, part) in enumerate(zip(axes, DRAWN_PARTS, strict=False)):
        _draw_part(ax, rows[rows["part"] == part])
        ax.set_title(STYLES[part].label.capitalize(), fontsize=7)
        ax.set_xlabel("Speed (m/s)")
        if number % across == 0:
            ax.set_ylabel("H about the vertical\n(thousandths of m h v)")
    for ax in axes[len(DRAWN_PARTS) :]:
        ax.set_visible(False)
    handles: list[Any] = [stroke(pale(INK), "athletes", marker="o", markersize=3)]
    if rows["sd"].notna().any():
        handles.append(Patch(facecolor=SKY, alpha=0.4, label="others, mean ± standard deviation"))
        handles.append(stroke(SKY, "their mean", linewidth=1.4))
    legend_above(figure, handles, 3, narrow=2)
    return figure


def _draw_part(ax: Axes, rows: pd.DataFrame) -> None:
    others = rows[rows["participant_id"].isna()].sort_values("speed_mps")
    if len(others):
        speed, mean, sd = (others[name].to_numpy(float) for name in ("speed_mps", "mean", "sd"))
        ax.fill_between(speed, mean - sd, mean + sd, color=SKY, alpha=0.4, linewidth=0)
        ax.plot(speed, mean, color=SKY, linewidth=1.4)
    zero_line(ax, "y")
    for _, athlete in rows[rows["participant_id"].notna()].groupby("participant_id"):
        ordered = athlete.sort_values("speed_mps")
        ax.plot(
            ordered["speed_mps"], ordered["mean"], "-o", color=pale(INK), linewidth=0.9,
            markersize=2.4,
        )  # fmt: skip
    ax.margins(x=0.06)


def _caption(rows: pd.DataFrame) -> str:
    people = count_words(rows["participant_id"].nunique(), who(rows), "participant_id", by="people")
    others = (
        " Band: mean ± standard deviation between people of the reference group, at least five."
        if rows["sd"].notna().any()
        else ""
    )
    return (
        "Angular momentum H about the vertical, positive counter-clockwise seen from above in a "
        f"right step, mean over stance, over mass m, stature h and speed v; {people}, a point per "
        f"trial.{others}"
    )


def _alternative(rows: pd.DataFrame) -> str:
    athletes = rows[rows["participant_id"].notna()]
    means = athletes.groupby("part", sort=False)["mean"].mean()
    parts = [f"{STYLES[str(part)].label} {digits(float(mean))}" for part, mean in means.items()]
    return f"Mean over trials: {', '.join(parts)} thousandths of mass × stature × speed."


MOMENTUM_SPEED = Figure(
    name="momentum_speed",
    title="Angular momentum by part as speed rises, beside other people",
    table=momentum_speed_rows,
    columns="momentum_speed",
    draw=draw_momentum_speed,
    caption=_caption,
    alternative=_alternative,
)
