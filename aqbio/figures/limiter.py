"""Does the weaker side limit speed: athletes on both models' contours, the ratio, and power."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from aqbio.figures.numbers import shown
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FRAME,
    GREY,
    NARROW_MM,
    VERMILLION,
    Dash,
    journal_style,
    sheet,
)

FloatArray = NDArray[np.float64]

TITLE = "Highest speed over the strengths of both sides"

FEWEST = 12
"""Athletes below which the models are not drawn: too few to tell them apart."""

_WRAP = 46
_SPEEDS = "Blues"
_EVERY = 0.25
"""Distance of the contours of equal speed, m/s."""

MODELS = {"minimum": "The weaker side decides", "additive": "Both sides add up"}
POWERS: tuple[tuple[str, Dash], ...] = ((BLUE, "solid"), (VERMILLION, DASHED))
"""Colour and dash of the ratios that are looked for, in the order of the numbers."""


def model_speeds(
    numbers: pd.DataFrame, model: str
) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """The speed that a model says of push and swing capacity."""
    own = numbers[numbers["kind"] == model].set_index("name")["value"]
    if model == "additive":
        return lambda push, swing: own["constant"] + own["push"] * push + own["swing"] * swing
    return lambda push, swing: (
        own["constant"] + own["slope"] * np.minimum(push, own["offset"] + own["scale"] * swing)
    )


def limiter_figure(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw athletes over the contours of both models, the ratio with its interval, and power."""
    narrow = width_mm < NARROW_MM
    with journal_style():
        figure = sheet(width_mm, 236.0 if narrow else 132.0)
        axes = figure.subplots(*((4, 1) if narrow else (2, 2)), squeeze=False).ravel()
        for place, model in zip(axes, MODELS, strict=False):
            _draw_model(place, numbers, model)
        _draw_ratio(axes[2], numbers)
        _draw_power(axes[3], numbers)
    return figure


def _draw_model(place: Axes, numbers: pd.DataFrame, model: str) -> None:
    athletes = numbers[numbers["kind"] == "athlete"]
    ends = [
        np.linspace(athletes[side].min() - 0.2, athletes[side].max() + 0.2, 121)
        for side in ("push", "swing")
    ]
    push, swing = np.meshgrid(*ends)
    speeds = model_speeds(numbers, model)(push, swing)
    low, high = athletes["value"].min(), athletes["value"].max()
    levels = _EVERY * np.arange(np.floor(low / _EVERY), np.ceil(high / _EVERY) + 1)
    if speeds.max() > levels[0] and speeds.min() < levels[-1]:
        lines = place.contour(push, swing, speeds, levels=levels, colors=GREY, linewidths=0.6)
        place.clabel(lines, fontsize=6, fmt="%.2f")
    place.scatter(
        athletes["push"], athletes["swing"], c=athletes["value"], cmap=_SPEEDS, s=16,
        edgecolors=FRAME, linewidths=0.5, vmin=low - 0.3 * (high - low), vmax=high, zorder=3,
    )  # fmt: skip
    criterion = numbers[numbers["kind"] == "criterion"].set_index("name")["value"]
    place.set_title(f"{MODELS[model]} (AICc {shown(float(criterion[model]))} over the best)")
    place.set_xlabel("push capacity (standard deviations)")
    place.set_ylabel("swing capacity (standard deviations)")


def _draw_ratio(place: Axes, numbers: pd.DataFrame) -> None:
    ratio = numbers[numbers["kind"] == "ratio"].set_index("name")["value"]
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
        place.annotate(
            "no bounded 95 % interval",
            (0.5, 0.3),
            xycoords="axes fraction",
            ha="center",
            fontsize=6,
        )
    place.plot([value], [0.0], "D", color=BLUE, markersize=4.5)
    place.set_xlim(-reach, reach)
    place.set_ylim(-1.0, 1.0)
    place.set_yticks([])
    place.set_xlabel("cost of imbalance over benefit of strength, γ/β")
    place.set_title("Estimate with its 95 % interval")


def _draw_power(place: Axes, numbers: pd.DataFrame) -> None:
    power = numbers[numbers["kind"] == "power"]
    handles = []
    for (name, rows), (colour, dash) in zip(
        power.groupby("name", sort=False), POWERS, strict=False
    ):
        own = rows.sort_values("athletes")
        place.plot(own["athletes"], own["value"], color=colour, linestyle=dash, linewidth=1.2)
        handles.append(Line2D([], [], color=colour, linestyle=dash, label=f"γ/β = {name}"))
    here = int((numbers["kind"] == "athlete").sum())
    place.axhline(
        numbers.loc[numbers["kind"] == "aim", "value"].item(),
        color=GREY,
        linewidth=0.6,
        linestyle=(0, (1.0, 1.2)),
    )
    place.axvline(here, color=FRAME, linewidth=0.8)
    place.annotate(
        f"this study: {here}", (here, 0.7), xycoords=("data", "axes fraction"), xytext=(2, 0),
        textcoords="offset points", fontsize=6, va="top",
    )  # fmt: skip
    place.set_xscale("log", base=2)
    place.set_xticks([12, 24, 48, 96, 192], labels=["12", "24", "48", "96", "192"])
    place.set_ylim(0.0, 1.04)
    place.set_xlabel("athletes")
    place.set_ylabel("power of the test")
    place.set_title("Power, from this study's spread")
    place.legend(handles=handles, loc="center right")


UNMEASURED_TITLE = "What limits speed cannot be told: strengths were not measured"

TO_MEASURE = (
    (
        "Strength of both sides apart from sprinting: of the push side (extension of hip and "
        "knee, plantarflexion) and of the swing side (flexion of the hip), one row per test in "
        "capacities.tsv."
    ),
    "Some athletes twice: repetitions tell the tests' errors, which hide a cost of imbalance.",
    f"At least {FEWEST} athletes with both strengths and a highest speed.",
    "Athletes whose sides differ: of those with equally strong sides both accounts say the same.",
)
"""What a study has to measure for this figure, in sentences."""


def unmeasured_figure(width_mm: float) -> Figure:
    """A placeholder: what is missing, and an empty panel for athletes."""
    narrow = width_mm < NARROW_MM
    with journal_style():
        figure = sheet(width_mm, 112.0 if narrow else 62.0)
        place, words = figure.subplots(*((2, 1) if narrow else (1, 2))).ravel()
        place.set_xlabel("push capacity (standard deviations)")
        place.set_ylabel("swing capacity (standard deviations)")
        place.set_xlim(-2.0, 2.0)
        place.set_ylim(-2.0, 2.0)
        place.text(0.0, 1.0, "not measured", ha="center", va="center", color=GREY)
        place.plot([-2.0, 2.0], [-2.0, 2.0], color=GREY, linewidth=0.6, linestyle=POWERS[1][1])
        words.set_axis_off()
        told = "\n\n".join(
            "\n".join(wrap(f"{n}. {one}", _WRAP)) for n, one in enumerate(TO_MEASURE, 1)
        )
        words.text(0.0, 1.0, f"To measure\n\n{told}", va="top", transform=words.transAxes)
    return figure


def unmeasured_caption() -> str:
    """The caption of the placeholder."""
    return (
        "No strength of both sides was measured apart from sprinting, so that nothing is drawn. "
        f"{' '.join(TO_MEASURE)} Athletes stand above and below the dashed line, on which both "
        "sides are equally strong."
    )


def limiter_caption() -> str:
    """The caption."""
    return (
        "Athletes by the strength of both sides, measured apart from sprinting and standardised; "
        "darker: higher speed. Lines: equal speed (m/s) by the model named above, fitted by least "
        "squares; corners show where the other side takes over. AICc: a difference below 2 does "
        "not tell the models apart. Below: the ratio γ/β of the nested model, its smallest value "
        "of interest dashed, and how many athletes like these the test takes, to first order. An "
        "association between athletes is not the effect of training."
    )


def limiter_alternative(numbers: pd.DataFrame) -> str:
    """Describe athletes, ratio and criteria by their numbers."""
    ratio = numbers[numbers["kind"] == "ratio"].set_index("name")["value"]
    criterion = numbers[numbers["kind"] == "criterion"].set_index("name")["value"]
    ends = " to ".join(
        shown(float(ratio[name])) if np.isfinite(ratio[name]) else "no bound"
        for name in ("ci_low", "ci_high")
    )
    told = ", ".join(f"{name} {shown(float(value))}" for name, value in criterion.items())
    return (
        f"{TITLE}. {int((numbers['kind'] == 'athlete').sum())} athletes; cost of imbalance over "
        f"benefit of strength {shown(float(ratio['estimate']))} (95 % interval {ends}); AICc over "
        f"the best model: {told}."
    )
