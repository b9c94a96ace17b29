"""Does the weaker side limit speed: athletes on both models' contours, and the ratio."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from aqbio.figures.figure import Figure, Results, count_words
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FRAME,
    GREY,
    journal_style,
    panels,
)
from aqbio.figures.words import digits
from aqbio.io.dictionary import columns
from aqbio.stats.registry import study_registry
from aqbio.vectors import FloatArray

FEWEST = 12
"""Athletes below which the models are not drawn: too few to tell them apart."""

MODELS = {"minimum": "The weaker side decides", "additive": "Both sides add up"}
_SPEEDS, _EVERY = "Greys", 0.25
"""Colours of athletes by speed, and distance of the contours of equal speed, m/s."""


def limiter_numbers(results: Results) -> pd.DataFrame:
    """Everything that the figure shows; empty below `FEWEST` athletes with both strengths."""
    hypothesis = study_registry(results.study)["H3b"]
    athletes = results["hypotheses_athletes"]
    own = athletes[athletes["hypothesis"] == hypothesis.id]
    wide = own.pivot_table("value", "participant_id", "column")
    names = ["push_capacity", "swing_capacity", "fastest"]
    if not set(names) <= set(wide) or len(wide.dropna(subset=names)) < FEWEST:
        return pd.DataFrame(columns=list(columns("limiter")))
    wide = wide.dropna(subset=names)
    push, swing, speed = (wide[name].to_numpy(dtype=float) for name in names)
    rows = [
        {"kind": "athlete", "name": str(name), "push": p, "swing": s, "value": v}
        for name, p, s, v in zip(wide.index, push, swing, speed, strict=True)
    ]
    rows += _models(push, swing, speed)
    verdicts = results["verdicts"]
    [row] = verdicts[verdicts["hypothesis"] == hypothesis.id].to_dict("records")
    rows += [
        {"kind": "ratio", "name": name, "value": float(row[name])}
        for name in ("estimate", "ci_low", "ci_high", "smallest_effect")
    ]
    return pd.DataFrame(rows, columns=list(columns("limiter")))


def _models(push: FloatArray, swing: FloatArray, speed: FloatArray) -> Iterator[dict[str, Any]]:
    """Least-squares parameters of both models."""
    sides = {"additive": (push, swing), "minimum": (np.minimum(push, swing),)}
    for model, predictors in sides.items():
        table = np.column_stack((np.ones(len(speed)), *predictors))
        names = ("constant", "push", "swing") if model == "additive" else ("constant", "slope")
        found = np.linalg.lstsq(table, speed, rcond=None)[0]
        for name, value in zip(names, found, strict=True):
            yield {"kind": model, "name": name, "value": float(value)}


def _named(rows: pd.DataFrame, kind: str) -> pd.Series[float]:
    """Numbers of a kind by their names."""
    return rows[rows["kind"] == kind].set_index("name")["value"]


def model_speeds(rows: pd.DataFrame, model: str) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """The speed that a model says of push and swing capacity."""
    own = _named(rows, model)
    if model == "additive":
        return lambda push, swing: own["constant"] + own["push"] * push + own["swing"] * swing
    return lambda push, swing: own["constant"] + own["slope"] * np.minimum(push, swing)


@journal_style()
def draw_limiter(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw athletes over the contours of both models, and the ratio with its interval."""
    figure, axes = panels(width_mm, wide=(1, 3, 68.0), narrow=(3, 1, 200.0))
    for place, model in zip(axes, MODELS, strict=False):
        _draw_model(place, rows, model)
    _draw_ratio(axes[2], rows)
    return figure


def _draw_model(place: Axes, rows: pd.DataFrame, model: str) -> None:
    athletes = rows[rows["kind"] == "athlete"]
    ends = [
        np.linspace(athletes[side].min() - 0.2, athletes[side].max() + 0.2, 121)
        for side in ("push", "swing")
    ]
    push, swing = np.meshgrid(*ends)
    speeds = model_speeds(rows, model)(push, swing)
    low, high = athletes["value"].min(), athletes["value"].max()
    levels = _EVERY * np.arange(np.floor(low / _EVERY), np.ceil(high / _EVERY) + 1)
    if speeds.max() > levels[0] and speeds.min() < levels[-1]:
        lines = place.contour(push, swing, speeds, levels=levels, colors=GREY, linewidths=0.6)
        place.clabel(lines, fontsize=6, fmt="%.2f")
    place.scatter(
        athletes["push"], athletes["swing"], c=athletes["value"], cmap=_SPEEDS, s=16,
        edgecolors=FRAME, linewidths=0.5, vmin=low - 0.3 * (high - low), vmax=high, zorder=3,
    )  # fmt: skip
    place.set_title(MODELS[model])
    place.set_xlabel("Push capacity (standard deviations)")
    place.set_ylabel("Swing capacity (standard deviations)")


def _draw_ratio(place: Axes, rows: pd.DataFrame) -> None:
    ratio = _named(rows, "ratio")
    low, high, value = ratio["ci_low"], ratio["ci_high"], ratio["estimate"]
    for at, words, side in ((0.0, "sides add up", -2), (1.0, "weaker side\ndecides", 2)):
        place.axvline(at, color=FRAME, linewidth=0.6)
        place.annotate(
            words, (at, 0.97), xycoords=("data", "axes fraction"), xytext=(side, 0),
            textcoords="offset points", fontsize=6, va="top", ha="right" if side < 0 else "left",
        )  # fmt: skip
    place.axvline(ratio["smallest_effect"], color=GREY, linewidth=0.8, linestyle=DASHED)
    reach = max(2.0, 1.2 * abs(value)) if np.isfinite(value) else 2.0
    if np.isfinite(low + high):
        place.plot([low, high], [0.0, 0.0], color=BLUE, linewidth=1.4)
        reach = max(reach, min(1.1 * max(abs(low), abs(high)), 5.0))
    else:
        place.text(
            0.5, 0.3, "no bounded 95 % interval", transform=place.transAxes, ha="center", fontsize=6
        )
    place.plot([value], [0.0], "D", color=BLUE, markersize=4.5)
    place.set_xlim(-reach, reach)
    place.set_ylim(-1.0, 1.0)
    place.set_yticks([])
    place.set_xlabel("Cost of imbalance over\nbenefit of strength, γ/β")
    place.set_title("Estimate with its\n95 % interval over athletes")


def _caption(rows: pd.DataFrame) -> str:
    count = count_words(int((rows["kind"] == "athlete").sum()), "athlete")
    return (
        f"{count} by the strength of both sides, measured apart from sprinting; darker: higher "
        "speed; lines: equal speed (m/s) by the model above, least squares. Ratio: 95 % interval "
        "over athletes, smallest value of interest dashed. "
        "An association between athletes is not an effect of training."
    )


def _alternative(rows: pd.DataFrame) -> str:
    ratio = _named(rows, "ratio")
    ends = " to ".join(
        digits(float(ratio[name])) if np.isfinite(ratio[name]) else "no bound"
        for name in ("ci_low", "ci_high")
    )
    return (
        f"{int((rows['kind'] == 'athlete').sum())} athletes; cost of imbalance over benefit of "
        f"strength {digits(float(ratio['estimate']))} (95 % interval {ends})."
    )


LIMITER = Figure(
    name="limiter",
    title="Highest speed over the strengths of both sides",
    table=limiter_numbers,
    columns="limiter",
    draw=draw_limiter,
    caption=_caption,
    alternative=_alternative,
    section="verdicts",
)
