"""Figure of curves in two conditions, with the stretches in which athletes' curves differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Patch

from aqbio.figures.figure import Figure, Results
from aqbio.figures.step_means import PHASES
from aqbio.figures.style import (
    BROWN,
    DASHED,
    GREY,
    INK,
    is_narrow,
    journal_style,
    legend_above,
    shade_flight,
    sheet,
    stroke,
    wrapped,
    zero_line,
)
from aqbio.figures.words import range_words
from aqbio.io.dictionary import columns
from aqbio.stats.curve_test import curve_test, stretches
from aqbio.stats.registry import asked_registry
from aqbio.vectors import FloatArray

QUANTITIES: dict[str, tuple[str, dict[str, str], str]] = {
    "momentum, push side": (
        "angular_momentum", {"group": "push_side", "axis": "y"}, "kg m²/s",
    ),
    "momentum, swing side": (
        "angular_momentum", {"group": "swing_side", "axis": "y"}, "kg m²/s",
    ),
    "hip moment, push leg": ("joint_flexion_moment", {"joint": "hip_push"}, "N m"),
    "hip moment, swing leg": ("joint_flexion_moment", {"joint": "hip_swing"}, "N m"),
}  # fmt: skip
"""Variable of the curves, its labels, and its unit."""

LEVEL = 0.05
"""Adjusted p below which a stretch is marked."""

MAX_PAIRS = 3
"""Pairs of conditions that are drawn."""


def condition_curve_rows(results: Results) -> pd.DataFrame:
    """Mean curves of athletes with both conditions of a contrast, and the test between them."""
    parts = []
    for condition, reference, effort in _pairs(results):
        curves = _athletes(results, (reference, condition), effort)
        for quantity in QUANTITIES:
            athlete_curves = [by[quantity] for by in curves.values() if quantity in by]
            if len(athlete_curves) >= 2:
                values = np.array(athlete_curves)
                parts.append(_summary(condition, reference, quantity, values))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    return table.reindex(columns=list(columns("condition_curves")))


def _pairs(results: Results) -> list[tuple[str, str, str]]:
    """Condition, reference and effort of the contrasts between conditions that a study asks for."""
    contrasts = [entry.contrast for entry in asked_registry(results.study).hypotheses]
    pairs: list[tuple[str, str, str]] = [
        (contrast.condition, contrast.reference, contrast.effort)
        for contrast in contrasts
        if contrast is not None and contrast.by == "condition"
    ]
    return list(dict.fromkeys(pairs))[:MAX_PAIRS]


def _athletes(
    results: Results, labels: tuple[str, str], effort: str
) -> dict[str, dict[str, FloatArray]]:
    """Mean curves (2, 202) of every athlete with both labels, by quantity."""
    sprints = results["sprints"]
    chosen = sprints[(sprints["effort"] == effort) & sprints["condition"].isin(labels)]
    keys = zip(chosen["participant_id"].astype(str), chosen["trial_id"].astype(str), strict=True)
    label_of = dict(zip(keys, chosen["condition"], strict=True))
    curves: dict[str, dict[str, FloatArray]] = {}
    for steps in results.curves.participants if label_of else ():
        names = zip(steps["participant_id"].values, steps["trial_id"].values, strict=True)
        conditions = np.array([label_of.get((str(who), str(trial)), "") for who, trial in names])
        if not set(labels) <= set(conditions):
            continue
        athlete = str(steps["participant_id"].values[0])
        curves[athlete] = {
            quantity: np.stack([_mean_curve(values[conditions == label]) for label in labels])
            for quantity, values in _curves(steps)
        }
    return curves


def _mean_curve(values: FloatArray) -> FloatArray:
    """Mean (202,) over steps (S, 202), each where it is known; NaN where none is."""
    is_finite = np.isfinite(values)
    count = is_finite.sum(axis=0)
    total = np.where(is_finite, values, 0.0).sum(axis=0)
    mean: FloatArray = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


def _curves(steps: Any) -> Iterator[tuple[str, FloatArray]]:
    """Curves (S, 202) of stance and flight, by quantity that the steps have."""
    for quantity, (name, labels, _) in QUANTITIES.items():
        has_quantity = name in steps and all(
            value in steps[name][label].values for label, value in labels.items()
        )
        if has_quantity:
            values = steps[name].sel(labels).transpose("step", "phase", "percent").values
            yield quantity, values.reshape(len(values), -1)


def _summary(condition: str, reference: str, quantity: str, values: FloatArray) -> pd.DataFrame:
    """Rows of one quantity from athletes' curves (A, 2, 202)."""
    test = curve_test(values[:, 1] - values[:, 0])
    percent = np.tile(np.arange(101), 2)
    return pd.DataFrame(
        {
            "condition": condition, "reference": reference, "quantity": quantity,
            "unit": QUANTITIES[quantity][2], "phase": np.repeat(PHASES, 101), "percent": percent,
            "mean": values[:, 0].mean(axis=0), "other": values[:, 1].mean(axis=0),
            "t": test.t, "p": test.p, "n_athletes": len(values),
        }
    )  # fmt: skip


@journal_style()
def draw_condition_curves(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw one panel per quantity and pair of conditions."""
    narrow = is_narrow(width_mm)
    names = [name for name in QUANTITIES if name in set(rows["quantity"])]
    pairs = list(dict.fromkeys(zip(rows["condition"], rows["reference"], strict=True)))
    across = 1 if narrow else 2
    cells = [(pair, name) for pair in pairs for name in names]
    down = -(-len(cells) // across)
    drawing = sheet(width_mm, min(42.0 * down + 20.0, 232.0))
    axes = drawing.subplots(down, across, squeeze=False).ravel()
    for ax, ((condition, reference), name) in zip(axes, cells, strict=False):
        chosen = (rows["condition"] == condition) & (rows["reference"] == reference)
        panel_rows = rows[chosen & (rows["quantity"] == name)]
        _draw(ax, panel_rows)
        compared = f"\n{_words(panel_rows)}" if len(pairs) > 1 else ""
        ax.set_title(f"{name.capitalize()}{compared}", fontweight="bold", fontsize=7)
        ax.set_ylabel(f"({panel_rows['unit'].iloc[0]})")
        ax.set_xlabel(wrapped("Stance, then flight (%)", 30))
    for ax in axes[len(cells) :]:
        ax.set_visible(False)
    handles = [
        stroke(INK, "reference", linewidth=1.2),
        stroke(BROWN, "condition", linewidth=1.2, linestyle=DASHED),
        Patch(facecolor=GREY, alpha=0.5, label="beyond chance over the whole curve"),
    ]
    legend_above(drawing, handles, 3, narrow=1)
    return drawing


def _draw(ax: Axes, rows: pd.DataFrame) -> None:
    in_flight = (rows["phase"] == PHASES[1]).to_numpy()
    along = rows["percent"].to_numpy(dtype=float) + 100.0 * in_flight
    shade_flight(ax)
    zero_line(ax, "y")
    for first, last in stretches((rows["p"] < LEVEL).to_numpy()):
        ax.axvspan(along[first], along[last], color=GREY, alpha=0.3, linewidth=0, zorder=0.5)
    for column, look in (
        ("mean", {"color": INK}), ("other", {"color": BROWN, "linestyle": DASHED}),
    ):  # fmt: skip
        for phase in PHASES:
            part = in_flight == (phase == PHASES[1])
            ax.plot(along[part], rows[column].to_numpy()[part], linewidth=1.2, zorder=3, **look)
    ax.set_xlim(0, 200)
    ax.set_xticks([0, 50, 100, 150, 200], labels=["0", "50", "100|0", "50", "100"])


def _words(rows: pd.DataFrame) -> str:
    """Compared conditions, the same as often as they are."""
    pairs = dict.fromkeys(zip(rows["condition"], rows["reference"], strict=True))
    return ", ".join(
        f"{str(condition or 'condition').replace('_', ' ')} against "
        f"{str(reference).replace('_', ' ')}"
        for condition, reference in pairs
    )


def _caption(rows: pd.DataFrame) -> str:
    low, high = int(rows["n_athletes"].min()), int(rows["n_athletes"].max())
    athletes = range_words(low, high, "athlete", "n_athletes")
    return (
        f"Means over {athletes}: {_words(rows)}, not at equal speed. "
        "Momentum about the vertical, extension moments. Grey: largest t over the curve beyond "
        "95 % of sign changes of athletes' differences (fewer than six athletes never show one). "
        "No verdict rests on it."
    )


def _alternative(rows: pd.DataFrame) -> str:
    parts = []
    several = len(rows[["condition", "reference"]].drop_duplicates()) > 1
    for (_, _, quantity), quantity_rows in rows.groupby(
        ["condition", "reference", "quantity"], sort=False
    ):
        table = quantity_rows.reset_index(drop=True)
        marked_spans = stretches((table["p"] < LEVEL).to_numpy())
        marked = "; ".join(
            f"{table['phase'][a]} {table['percent'][a]:.0f} to {table['phase'][b]} "
            f"{table['percent'][b]:.0f} %"
            for a, b in marked_spans
        )
        largest = float(table["mean"].abs().max())
        unit = table["unit"][0]
        compared = f"{_words(table)}, " if several else ""
        parts.append(
            f"{compared}{quantity} (up to {largest:.3g} {unit}): {marked or 'no stretch differs'}"
        )
    return f"{_words(rows)}. {'. '.join(parts)}."


CONDITION_CURVES = Figure(
    name="condition_curves",
    title="Curves in two conditions",
    table=condition_curve_rows,
    columns="condition_curves",
    draw=draw_condition_curves,
    caption=_caption,
    alternative=_alternative,
)
