"""Does the weaker side limit speed: athletes on both models' contours, the ratio, and power."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from aqbio.figures.figure import StudyFigure, Tables
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FRAME,
    GREY,
    VERMILLION,
    Dash,
    journal_style,
    panels,
)
from aqbio.figures.words import digits
from aqbio.io.dictionary import columns
from aqbio.io.study import Study
from aqbio.stats.inference import Estimate, power_of_test
from aqbio.stats.limiter import minimum_fit, model_criteria
from aqbio.stats.power import AIM, with_athletes
from aqbio.stats.registry import Hypothesis, study_registry
from aqbio.vectors import FloatArray

FEWEST = 12
"""Athletes below which the models are not drawn: too few to tell them apart."""

_WRAP = 46
_SPEEDS = "Blues"
_EVERY = 0.25
"""Distance of the contours of equal speed, m/s."""

MODELS = {"minimum": "The weaker side decides", "additive": "Both sides add up"}
POWERS: tuple[tuple[str, Dash], ...] = ((BLUE, "solid"), (VERMILLION, DASHED))
"""Colour and dash of the ratios that are looked for, in the order of the numbers."""


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


def limiter(study: Study, tables: Tables) -> Iterator[StudyFigure]:
    """Speed over both sides' strengths where they were measured; else what has to be measured."""
    people = tables["hypotheses_athletes"]
    if people.empty:
        return
    numbers = limiter_numbers(
        people, tables["verdicts"], tables["power"], study_registry(study)["H3b"]
    )
    if numbers.empty:
        title = "What limits speed is not known: strengths were not measured"
        yield StudyFigure(
            name="limiter",
            title=title,
            numbers=numbers,
            columns=columns("limiter"),
            draw=draw_unmeasured,
            caption="No strength of both sides was measured apart from sprinting, so that nothing "
            f"is drawn. {' '.join(TO_MEASURE)} Athletes stand above and below the dashed line, on "
            "which both sides are equally strong.",
            alternative=f"{title}. {' '.join(TO_MEASURE)}",
            section="verdicts",
        )
        return
    title = "Highest speed over the strengths of both sides"
    yield StudyFigure(
        name="limiter",
        title=title,
        numbers=numbers,
        columns=columns("limiter"),
        draw=partial(draw_limiter, numbers),
        caption="Athletes by the strength of both sides, measured apart from sprinting and "
        "standardised; darker: higher speed. Lines: equal speed (m/s) by the model named above, "
        "fitted by least squares; corners show where the other side takes over. AICc: a difference "
        "below 2 does not tell the models apart. Below: the ratio γ/β of the nested model, its "
        "smallest value of interest dashed, and how many athletes like these the test takes, to "
        "first order. An association between athletes is not the effect of training.",
        alternative=f"{title}. {_ratio_words(numbers)}",
        section="verdicts",
    )


def _ratio_words(numbers: pd.DataFrame) -> str:
    """Athletes, ratio and criteria by their numbers."""
    ratio, criterion = (
        numbers[numbers["kind"] == kind].set_index("name")["value"]
        for kind in ("ratio", "criterion")
    )
    ends = " to ".join(
        digits(float(ratio[name])) if np.isfinite(ratio[name]) else "no bound"
        for name in ("ci_low", "ci_high")
    )
    told = ", ".join(f"{name} {digits(float(value))}" for name, value in criterion.items())
    return (
        f"{int((numbers['kind'] == 'athlete').sum())} athletes; cost of imbalance over benefit of "
        f"strength {digits(float(ratio['estimate']))} (95 % interval {ends}); AICc over the best "
        f"model: {told}."
    )


COUNTS = (12, 16, 24, 32, 48, 64, 96, 128, 192)
DECIDES = 1.0
"""Ratio where the weaker side alone decides."""


def limiter_numbers(
    athletes: pd.DataFrame, verdicts: pd.DataFrame, power: pd.DataFrame, hypothesis: Hypothesis
) -> pd.DataFrame:
    """Everything that the figure of the limiter shows; empty below `FEWEST` athletes."""
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
    [row] = verdicts[verdicts["hypothesis"] == hypothesis.id].to_dict("records")
    rows += [
        {"kind": "ratio", "name": name, "value": float(row[name])}
        for name in ("estimate", "ci_low", "ci_high", "smallest_effect")
    ]
    rows += _powers(power, hypothesis)
    rows.append({"kind": "aim", "value": AIM})
    return pd.DataFrame(rows, columns=list(columns("limiter")))


def _models(push: FloatArray, swing: FloatArray, speed: FloatArray) -> Iterator[dict[str, Any]]:
    """Parameters of both models, and criteria of all over the smallest one."""
    table = np.column_stack((np.ones(len(push)), push, swing))
    additive = np.linalg.lstsq(table, speed, rcond=None)[0]
    for name, value in zip(("constant", "push", "swing"), additive, strict=True):
        yield {"kind": "additive", "name": name, "value": float(value)}
    weaker = minimum_fit(push, swing, speed)
    for name in ("constant", "slope", "offset", "scale"):
        yield {"kind": "minimum", "name": name, "value": getattr(weaker, name)}
    criteria = model_criteria(push, swing, speed)
    least = min(criteria.values())
    for name, value in criteria.items():
        yield {"kind": "criterion", "name": name, "value": value - least}


def _powers(power: pd.DataFrame, hypothesis: Hypothesis) -> Iterator[dict[str, Any]]:
    """Power over the number of athletes, at a ratio of 1 and at the smallest one of interest."""
    rows = power[power["hypothesis"] == hypothesis.id].to_dict("records")
    for row in rows:
        now = Estimate(0.0, float(row["se"]), float(row["df"]))
        here = int(row["n_athletes"])
        if not (np.isfinite(now.se) and np.isfinite(float(row["power"]))):
            return  # with strengths that were tested once nothing can be said of power
        for ratio in (DECIDES, hypothesis.delta):
            for count in sorted({here, *COUNTS}):
                value = power_of_test(with_athletes(now, here, count), ratio, float(row["alpha"]))
                yield {
                    "kind": "power", "name": f"{ratio:g}", "athletes": count, "value": value
                }  # fmt: skip


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


@journal_style()
def draw_limiter(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw athletes over the contours of both models, the ratio with its interval, and power."""
    figure, axes = panels(width_mm, wide=(2, 2, 132.0), narrow=(4, 1, 236.0))
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
    place.set_title(f"{MODELS[model]} (AICc {digits(float(criterion[model]))} over the best)")
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


@journal_style()
def draw_unmeasured(width_mm: float) -> Figure:
    """A placeholder: what is missing, and an empty panel for athletes."""
    figure, (place, words) = panels(width_mm, wide=(1, 2, 62.0), narrow=(2, 1, 112.0))
    place.set_xlabel("push capacity (standard deviations)")
    place.set_ylabel("swing capacity (standard deviations)")
    place.set_xlim(-2.0, 2.0)
    place.set_ylim(-2.0, 2.0)
    place.text(0.0, 1.0, "not measured", ha="center", va="center", color=GREY)
    place.plot([-2.0, 2.0], [-2.0, 2.0], color=GREY, linewidth=0.6, linestyle=POWERS[1][1])
    words.set_axis_off()
    told = "\n\n".join("\n".join(wrap(f"{n}. {one}", _WRAP)) for n, one in enumerate(TO_MEASURE, 1))
    words.text(0.0, 1.0, f"To measure\n\n{told}", va="top", transform=words.transAxes)
    return figure
