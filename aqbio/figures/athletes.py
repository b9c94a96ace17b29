"""Figures of athletes' own numbers: who shows a prediction, and sprints with restricted arms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from aqbio.figures.figure import StudyFigure, Tables
from aqbio.figures.style import (
    BLUE,
    DASHED,
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    VERMILLION,
    Dash,
    journal_style,
    legend_above,
    mark,
    sheet,
    stroke,
)
from aqbio.figures.words import digits
from aqbio.io.dictionary import columns
from aqbio.io.study import Study
from aqbio.stats.registry import Registry, study_registry

FloatArray = NDArray[np.float64]

OWN = "value"
"""Column of hypotheses_athletes.tsv with each athlete's own effect."""


def athletes(study: Study, tables: Tables) -> Iterator[StudyFigure]:
    """Athletes' own numbers, where some hypothesis has them."""
    every, verdicts = tables["hypotheses_athletes"], tables["verdicts"]
    numbers = athlete_numbers(every, verdicts, study_registry(study))
    if numbers.empty:
        return
    title = "Every athlete's own number, held against the prediction"
    yield StudyFigure(
        name="athletes",
        title=title,
        numbers=numbers,
        columns=columns("athletes"),
        draw=partial(draw_athletes, numbers),
        caption="One point per athlete, sorted by size, for every hypothesis of which each athlete "
        "has a number of the own; filled where it reaches the smallest effect of interest (dashed) "
        "in the predicted direction (arrow, shaded), counted above. Diamond: the estimate with its "
        "95 % interval over athletes. Thin: no effect. Grey: a gate fails, so that the numbers "
        "carry no verdict. Every panel has its own unit.",
        alternative=f"{title}. {'; '.join(_ranges(numbers))}.",
        claim=_athletes_claim(numbers),
        section="verdicts",
    )


def athlete_numbers(
    athletes: pd.DataFrame, verdicts: pd.DataFrame, registry: Registry
) -> pd.DataFrame:
    """Numbers of all hypotheses that have one per athlete, in order."""
    own = athletes[(athletes["column"] == OWN) & athletes["value"].notna()]
    told = verdicts[verdicts["n_showing"].notna()]
    found = told.merge(own[["hypothesis", "participant_id", "value"]], on="hypothesis")
    names = found["hypothesis"].astype(str)
    found["title"] = [registry[name].title for name in names]
    found["predicted"] = [registry[name].predicted for name in names]
    return found.reindex(columns=list(columns("athletes")))


def _ranges(numbers: pd.DataFrame) -> Iterator[str]:
    """Every panel by its numbers."""
    for name, own in numbers.groupby("hypothesis", sort=False):
        first, values = own.iloc[0], own["value"].astype(float)
        yield (
            f"{name}: {digits(float(values.min()))} to {digits(float(values.max()))}, estimate "
            f"{digits(float(first['estimate']))}, smallest effect "
            f"{digits(float(first['smallest_effect']))}, shown by {int(first['n_showing'])} of "
            f"{len(own)}"
        )


def _athletes_claim(numbers: pd.DataFrame) -> str:
    passed = numbers[numbers["gates"] == "passed"]
    count = passed.groupby("hypothesis").agg(n=("value", "size"), k=("n_showing", "first"))
    if count.empty:
        return ""
    every, none = int((count["k"] == count["n"]).sum()), int((count["k"] == 0).sum())
    return (
        f"Of {len(count)} hypotheses whose gates pass {every} are shown by every athlete, "
        f"{none} by none"
    )


_COLUMNS, _NARROW_COLUMNS = 3, 2
_ROW_MM, _KEY_MM = 39.0, 8.0
_PAGE_MM = 225.0
_TITLE_WRAP, _UNIT_WRAP = {False: 36, True: 25}, {False: 44, True: 30}
_REGION = "#DCEBF5"
_LOW, _HIGH, _MEAN, _TOP = 0.0, 1.0, -0.3, 1.15
"""Heights: the first and the last athlete, the mean, and the top of a panel."""


@journal_style()
def draw_athletes(numbers: pd.DataFrame, width_mm: float) -> Figure:
    """Draw one panel per hypothesis, athletes sorted by their number."""
    narrow = width_mm < NARROW_MM
    names = list(dict.fromkeys(numbers["hypothesis"]))
    across = min(_NARROW_COLUMNS if narrow else _COLUMNS, len(names))
    down = -(-len(names) // across)
    row_mm = min(_ROW_MM, _PAGE_MM / down)
    figure = sheet(width_mm, row_mm * down + _KEY_MM * (1.6 if narrow else 1.0))
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(hspace=0.09, wspace=0.05)  # type: ignore[call-arg]
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for place, name in zip(axes, names, strict=False):
        own = numbers[numbers["hypothesis"] == name].sort_values("value", kind="stable")
        _draw_athletes(place, own)
        title = wrap(f"{name}\N{NO-BREAK SPACE} {own['title'].iloc[0]}", _TITLE_WRAP[narrow])
        place.set_title("\n".join(title), fontsize=6.5, loc="left")
        count = f"{int(own['n_showing'].iloc[0])} of {len(own)}"
        place.set_title(count, fontsize=7, fontweight="bold", loc="right", color=_colour(own))
        unit = wrap(str(own["unit"].iloc[0]), _UNIT_WRAP[narrow])
        place.set_xlabel("\n".join(unit), fontsize=6)
    for place in axes[len(names) :]:
        place.set_visible(False)
    points = ((BLUE, BLUE, "shows it"), (BLUE, "white", "does not"), (GREY, GREY, "gate failed"))
    handles = [
        *(
            mark("o", colour, label, 4.2, markerfacecolor=fill, markeredgewidth=0.8)
            for colour, fill, label in points
        ),
        stroke(INK, "estimate, 95 % interval", marker="D", markersize=4.2),
        Patch(facecolor=_REGION, label="predicted"),
    ]
    legend_above(figure, handles, 5, narrow=2)
    return figure


def _draw_athletes(place: Axes, own: pd.DataFrame) -> None:
    first = own.iloc[0]
    smallest = float(first["smallest_effect"])
    values = own["value"].to_numpy(dtype=float)
    reached = shows(values, smallest, str(first["predicted"]))
    heights = np.linspace(_LOW, _HIGH, len(values)) if len(values) > 1 else np.array([0.5])
    size = 4.2 if len(values) <= 24 else 2.6
    _axis(place, own)
    _region(place, smallest, str(first["predicted"]))
    place.axvline(0, color=FRAME, linewidth=0.6, zorder=1)
    colour = _colour(own)
    for which, fill in ((reached, colour), (~reached, "white")):
        place.plot(
            values[which], heights[which], "o", color=colour, markerfacecolor=fill, markersize=size,
            markeredgewidth=0.8, zorder=3,
        )  # fmt: skip
    ends = (float(first["ci_low"]), float(first["ci_high"]))
    if np.isfinite(ends).all():
        place.plot(ends, [_MEAN, _MEAN], color=INK, linewidth=1.4, zorder=4)
    place.plot(float(first["estimate"]), _MEAN, "D", color=INK, markersize=4.2, zorder=5)


def _colour(own: pd.DataFrame) -> str:
    """Grey where a gate forbids to read a verdict out of the numbers."""
    return BLUE if own["gates"].iloc[0] == "passed" else GREY


def _axis(place: Axes, own: pd.DataFrame) -> None:
    """Show all athletes, 0, and some of the region beyond the smallest effect."""
    first = own.iloc[0]
    smallest = float(first["smallest_effect"])
    marks = [0.0, smallest, *(float(first[name]) for name in ("estimate", "ci_low", "ci_high"))]
    every = np.array([*marks, *own["value"].to_numpy(dtype=float)])
    every = every[np.isfinite(every)]
    low, high = float(every.min()), float(every.max())
    room = 0.07 * (high - low)
    beyond = 0.5 * abs(smallest)
    low = min(low - room, smallest - beyond) if smallest < 0 else low - room
    high = max(high + room, smallest + beyond) if smallest > 0 else high + room
    place.set_xlim(low, high)
    place.set_ylim(-0.55, _TOP)
    place.set_yticks([])
    place.spines["left"].set_visible(False)
    place.locator_params(axis="x", nbins=4)


def _region(place: Axes, smallest: float, predicted: str) -> None:
    """Shade what the claim predicts, from the smallest effect of interest on."""
    low, high = place.get_xlim()
    span = (low, smallest) if predicted == "less" else (smallest, high)
    place.axvspan(*span, color=_REGION, linewidth=0, zorder=0)
    place.axvline(smallest, color=GREY, linewidth=0.8, linestyle=DASHED, zorder=1)
    tip, start = (low, smallest) if predicted == "less" else (high, smallest)
    place.annotate(
        "", (tip, 0.0), xytext=(start, 0.0), xycoords=("data", "axes fraction"),
        arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 0.8, "shrinkA": 0,
                    "shrinkB": 0, "mutation_scale": 7},
        zorder=6,
    )  # fmt: skip


def shows(values: FloatArray, smallest: float, predicted: str) -> NDArray[np.bool_]:
    """Whether numbers reach the smallest effect in the predicted direction."""
    return np.asarray(values <= smallest if predicted == "less" else values >= smallest)


def restricted_arms(_: Study, tables: Tables) -> Iterator[StudyFigure]:
    """Speeds of sprints, where some were run with restricted arms (H7)."""
    sprints = tables["sprints"]
    if not {"normal", "restricted_arms"} <= set(sprints["condition"]):
        return
    verdicts = tables["verdicts"]
    [row] = verdicts[verdicts["hypothesis"] == "H7"].to_dict("records")
    smallest, *mean = (
        float(row[name]) for name in ("smallest_effect", "estimate", "ci_low", "ci_high")
    )
    title, changes = "Speed with free and with restricted arms", sprint_changes(sprints)
    said = "; ".join(
        f"{one['participant_id']} {digits(float(one['change']))} %"
        for one in changes.to_dict("records")
    )
    size = float(changes["change"].mean())
    who = "one athlete was" if len(changes) == 1 else f"{len(changes)} athletes were"
    way = "slower" if size < 0 else "faster"
    yield StudyFigure(
        name="restricted_arms",
        title=title,
        numbers=sprints,
        columns=columns("sprints"),
        draw=partial(draw_sprints, sprints, smallest, mean),
        caption="Mean speed of the maximal sprints of every athlete with restricted arms against "
        "free arms; diamond: the estimate of H7 with its 95 % interval over athletes. Dashed: "
        f"smallest effect of interest ({digits(smallest)} %); dotted: a published mean over 30 m. "
        "A loss of speed is what both accounts predict.",
        alternative=f"{title}. Change by athlete: {said}. Mean {digits(size)} %.",
        claim=f"With restricted arms {who} {digits(abs(size), 'm/s')} % {way}"
        if len(changes)
        else "",
        section="verdicts",
    )


ANCHORS = {"Brooks 2022": -1.6}
"""Published changes of speed over 30 m, per cent."""

_MEAN_ROW = -1.0
"""Height of the mean, below the athletes."""

_DOTTED: Dash = (0, (1.0, 1.2))


def sprint_changes(sprints: pd.DataFrame) -> pd.DataFrame:
    """Mean speed in both conditions and its change by athlete, the largest loss first."""
    means = sprints.pivot_table("speed_mps", "participant_id", "condition")
    both = means.dropna(subset=["normal", "restricted_arms"])
    change = 100.0 * (both["restricted_arms"] / both["normal"] - 1.0)
    return both.assign(change=change).sort_values("change").reset_index()


@journal_style()
def draw_sprints(
    sprints: pd.DataFrame, smallest: float, mean: Sequence[float], width_mm: float
) -> Figure:
    """Draw the change of speed of every athlete."""
    changes = sprint_changes(sprints)
    figure = sheet(width_mm, 4.0 * len(changes) + 32.0)
    place = figure.subplots()
    heights = range(len(changes))
    place.plot(changes["change"], list(heights), "o", color=BLUE, markersize=4.5)
    told, sure = bool(np.isfinite(mean[0])), bool(np.isfinite(mean).all())
    if sure:
        place.plot(mean[1:], [_MEAN_ROW, _MEAN_ROW], color=INK, linewidth=1.4)
    if told:
        place.plot(mean[0], _MEAN_ROW, "D", color=INK, markersize=4.5)
    place.axvline(0, color=FRAME, linewidth=0.6)
    _mark(place, smallest, "smallest effect of interest", GREY, DASHED)
    for words, value in ANCHORS.items():
        _mark(place, value, words, VERMILLION, _DOTTED)
    rows = dict(zip([*heights, _MEAN_ROW], [*changes["participant_id"], "mean"], strict=True))
    shown_rows = [height for height in rows if told or height != _MEAN_ROW]
    place.set_yticks(shown_rows, labels=[rows[height] for height in shown_rows])
    place.set_ylim(-2.6, len(changes) - 0.4)
    handles = [mark("o", BLUE, "athletes", 4.5)]
    if told:
        look = {"linestyle": "-" if sure else ""}
        words = "mean, 95 % interval" if sure else "mean"
        handles.append(stroke(INK, words, marker="D", markersize=4.5, **look))
    legend_above(figure, handles, 2)
    place.set_xlabel("change of speed with restricted arms (%)")
    place.margins(x=0.06)
    if width_mm >= NARROW_MM:
        for height, row in enumerate(changes.to_dict("records")):
            free, still = (
                digits(float(row[name]), "m/s") for name in ("normal", "restricted_arms")
            )
            words = f"{free} → {still} m/s"
            place.annotate(
                words, (1.0, height), xycoords=("axes fraction", "data"), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=6, annotation_clip=False,
            )  # fmt: skip
    return figure


def _mark(place: Axes, value: float, words: str, colour: str, dash: Dash) -> None:
    """Draw a line to compare with, and name it below the athletes."""
    place.axvline(value, color=colour, linewidth=0.8, linestyle=dash, zorder=0)
    place.annotate(
        words, (value, -1.7), xytext=(2, 0), textcoords="offset points", color=colour, fontsize=6,
        va="top",
    )  # fmt: skip
