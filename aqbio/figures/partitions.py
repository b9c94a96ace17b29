"""Figures of balance: opposition of every partition of the body, and signs between groups."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from aqbio.figures.figure import StudyFigure, Tables
from aqbio.figures.style import (
    BLUE,
    FRAME,
    GREY,
    INK,
    NARROW_MM,
    VERMILLION,
    journal_style,
    legend_above,
    mark,
    sheet,
    stroke,
)
from aqbio.figures.words import digits
from aqbio.io.dictionary import columns
from aqbio.io.study import Study

RANKINGS = {
    "together": (
        "partition_ranking",
        "Which division of the body balances best",
        "All 15 ways to divide five groups in two; H1's rank is among these.",
    ),
}
"""Name, title and words of the figure with both arms as one group."""

GROUPS = {
    "together": ("push_leg", "swing_leg", "arms", "torso", "pelvis"),
}
ROW_MM = {"together": 5.0}

ARTICLES, CLASSICAL = "swing_leg", "push_leg swing_leg"
"""The articles' and the classical partition, by one of their sides."""

MARKS = {ARTICLES: ("D", VERMILLION), CLASSICAL: ("s", BLUE)}
"""Marker and colour of both; all others are grey circles."""

GROUP_WORDS = {
    "push_leg": "push leg", "swing_leg": "swing leg",
    "arm_push": "arm (push)", "arm_swing": "arm (swing)",
}  # fmt: skip


def partition_words(partition: str, arms: str = "together") -> str:
    """Name the smaller side of a partition as a reader would."""
    side = partition.split()
    rest = [name for name in GROUPS[arms] if name not in side]
    return ", ".join(GROUP_WORDS.get(name, name) for name in min(side, rest, key=len))


def partition_rankings(_: Study, tables: Tables) -> Iterator[StudyFigure]:
    """Ranking of the partitions, where momentum is known."""
    every = tables["partitions"]
    for arms, (name, title, words) in RANKINGS.items():
        table = every[every["arms"] == arms]
        stance = table[table["phase"] == "stance"].dropna(subset=["opposition"])
        if stance.empty:
            continue
        stance = stance.sort_values("opposition", ascending=False)
        said = "; ".join(
            f"{partition_words(str(row['partition']), arms)} {digits(float(row['opposition']))}"
            for row in stance.to_dict("records")
        )
        yield StudyFigure(
            name=name,
            title=title,
            numbers=table,
            columns=columns("partitions"),
            draw=partial(draw_ranking, table, arms),
            caption=f"{words} Opposition index of every way to divide the body in two, angular "
            "momentum about the vertical: 1 where both sides balance and no side's members cancel "
            "each other. A partition is named by its smaller side. Points: mean over athletes; "
            "lines: 95 % interval over athletes. In flight every partition balances, whoever runs.",
            alternative=f"{title}. Opposition index in stance, largest first: {said}.",
            claim=_ranking_claim(list(stance["partition"]), arms),
            section="verdicts",
        )


def _ranking_claim(order: list[str], arms: str) -> str:
    if ARTICLES not in order:
        return ""
    return (
        f"Best balanced in stance: {partition_words(order[0], arms)} against the rest; the swing "
        f"leg alone is {order.index(ARTICLES) + 1} of {len(order)}"
    )


@journal_style()
def draw_ranking(table: pd.DataFrame, arms: str, width_mm: float) -> Figure:
    """Draw the opposition index of every partition, largest in stance first."""
    stance = table[table["phase"] == "stance"].sort_values("opposition", ascending=False)
    order = list(stance["partition"])
    panels = [("Stance", stance)]
    figure = sheet(width_mm, ROW_MM[arms] * len(order) + 24.0)
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for place, (title, rows) in zip(axes, panels, strict=True):
        _draw_ranking(place, rows)
        place.set_title(title)
        place.set_xlabel("opposition index")
    axes[0].set_yticks(range(len(order)), labels=[partition_words(one, arms) for one in order])
    axes[0].set_ylim(len(order) - 0.4, -0.6)
    axes[0].set_ylabel("smaller side (all other groups are the other side)")
    names = {ARTICLES: "the articles' partition", CLASSICAL: "the classical partition"}
    handles = [mark(*MARKS[key], words, 4.5) for key, words in names.items()]
    handles.append(stroke(GREY, "others", linestyle="-", marker="o", markersize=4.5))
    legend_above(figure, handles, 3, narrow=2)
    return figure


def _draw_ranking(place: Axes, rows: pd.DataFrame) -> None:
    for height, row in enumerate(rows.to_dict("records")):
        mark, colour = MARKS.get(str(row["partition"]), ("o", GREY))
        place.plot([0, 1], [height, height], color="#DDDDDD", linewidth=0.5, zorder=1)
        ends = (float(row["ci_low"]), float(row["ci_high"]))
        if np.isfinite(ends).all():
            place.plot(ends, [height, height], color=colour, linewidth=1.2, zorder=2)
        place.plot(
            float(row["opposition"]), height, mark, color=colour, markersize=4.5, zorder=3,
            markeredgecolor="white", markeredgewidth=0.4, clip_on=False,
        )  # fmt: skip
    place.set_xlim(0.0, 1.0)
    place.axvline(0, color=FRAME, linewidth=0.6)
    place.tick_params(axis="y", length=0)


LEVELS = {
    "momentum": "Angular momentum",
    "rate": "Its rate of change",
    "hub": "Hub moments",
}
WORDS = {
    "push_leg": "push leg",
    "swing_leg": "swing leg",
    "stance": "push leg",
    "swing": "swing leg",
    "upper": "upper body",
}
_MAP = LinearSegmentedColormap.from_list("aqbio", [VERMILLION, "#FFFFFF", BLUE])


def sign_patterns(_: Study, tables: Tables) -> Iterator[StudyFigure]:
    """Signs of the groups, where angular momentum is known."""
    table = tables["sign_patterns"]
    if table["cosine"].isna().all():
        return
    title = "Which groups turn together"
    pairs = table[table["cosine"].notna() & (table["first"] > table["second"])]
    yield StudyFigure(
        name="sign_patterns",
        title=title,
        numbers=table,
        columns=columns("sign_patterns"),
        draw=partial(draw_signs, table),
        caption="Uncentred cosines about the vertical over contact, mean over athletes: +1 where "
        "two groups turn together, −1 where they turn against each other. Below the number: the "
        "sign that the articles' account (A) and the classical one (C) predict for angular "
        "momentum and its rate. Both legs have the same sign by geometry, and arms against the "
        "swing leg is predicted by both; only arms with push leg and torso with push leg tell them "
        "apart, and their sign is largely set by the two legs and the small total. Hub moments are "
        "those of legs and upper body on the pelvis. Levels are not averaged.",
        alternative=f"{title}. Cosines between pairs, mean over athletes. "
        f"{' '.join(_predicted_pairs(pairs[pairs['articles'].notna()]))}",
        claim=_signs_claim(table),
        section="verdicts",
    )


def _predicted_pairs(pairs: pd.DataFrame) -> Iterator[str]:
    """Predicted pairs by their numbers, level by level."""
    for level, words in LEVELS.items():
        said = [
            f"{WORDS.get(str(row['first']), str(row['first']))} and "
            f"{WORDS.get(str(row['second']), str(row['second']))} {digits(float(row['cosine']))}"
            for row in pairs[pairs["level"] == level].to_dict("records")
        ]
        if said:
            yield f"{words}: {'; '.join(said)}."


def _signs_claim(numbers: pd.DataFrame) -> str:
    own = numbers[numbers["level"] == "momentum"]
    pair = own[own[["first", "second"]].isin(["arms", "push_leg"]).all(axis=1)]
    if pair.empty or not np.isfinite(value := float(pair["cosine"].iloc[0])):
        return ""
    way = "against each other" if value < 0 else "together"
    return f"Arms and push leg turn {way} about the vertical (cosine {digits(value)})"


@journal_style()
def draw_signs(table: pd.DataFrame, width_mm: float) -> Figure:
    """Draw the cosines with the signs that both accounts predict."""
    levels = [one for one in LEVELS if (table.loc[table["level"] == one, "cosine"].notna()).any()]
    if width_mm < NARROW_MM:
        levels = levels[:1]
    sizes = [table.loc[table["level"] == one, "first"].nunique() - 1 for one in levels]
    figure = sheet(width_mm, width_mm * 0.8 if width_mm < NARROW_MM else 66.0)
    axes = figure.subplots(1, len(levels), squeeze=False, width_ratios=sizes)[0]
    for place, level in zip(axes, levels, strict=True):
        _draw_matrix(place, table[table["level"] == level])
        place.set_title(LEVELS[level])
    return figure


def _draw_matrix(place: Axes, rows: pd.DataFrame) -> None:
    names = list(dict.fromkeys(rows["first"]))
    cosine = rows.set_index(["first", "second"])["cosine"]
    matrix = np.full((len(names), len(names)), np.nan)
    for one, first in enumerate(names):
        for two, second in enumerate(names):
            if two < one:
                matrix[one, two] = cosine[first, second]
    place.set_anchor("N")
    place.imshow(matrix, cmap=_MAP, vmin=-1.0, vmax=1.0)
    signs = rows.set_index(["first", "second"])[["articles", "classical"]]
    for one, first in enumerate(names):
        for two, second in enumerate(names):
            if two < one and np.isfinite(matrix[one, two]):
                _cell(place, (two, one), matrix[one, two], signs.loc[(first, second)])
    labels = [WORDS.get(name, name) for name in names]
    place.set_xticks(range(len(names) - 1), labels=labels[:-1], rotation=45, ha="right")
    place.set_yticks(range(1, len(names)), labels=labels[1:])
    place.set_ylim(len(names) - 0.5, 0.5)
    place.set_xlim(-0.5, len(names) - 1.5)
    place.tick_params(length=0)
    for spine in place.spines.values():
        spine.set_visible(False)


def _cell(place: Axes, at: tuple[int, int], value: float, signs: pd.Series[float]) -> None:
    """Write a cosine, and below it the predicted signs where both accounts have one."""
    dark = abs(value) > 0.75
    colour = "white" if dark else INK
    predicted = np.isfinite(float(signs["articles"]))
    place.text(
        at[0], at[1] - (0.14 if predicted else 0.0), format_cosine(value),
        ha="center", va="center", color=colour, fontsize=6.5,
    )  # fmt: skip
    if predicted:
        words = f"A{_sign(signs['articles'])} C{_sign(signs['classical'])}"
        place.text(at[0], at[1] + 0.22, words, ha="center", va="center", color=colour, fontsize=6)


def _sign(value: float) -> str:
    return "+" if value > 0 else "−"


def format_cosine(value: float) -> str:
    """Write a cosine with its sign and two decimals."""
    return f"{value:+.2f}".replace("-", "−")
