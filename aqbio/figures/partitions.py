"""Figures of balance: opposition of every partition of the body, and signs between groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as Drawing

from aqbio.figures.figure import Figure, Results
from aqbio.figures.marks import constant, marked, where
from aqbio.figures.style import (
    GREEN,
    GREY,
    INK,
    PURPLE,
    is_narrow,
    journal_style,
    legend_above,
    mark,
    sheet,
    stroke,
    zero_line,
)
from aqbio.figures.words import count_words, digits, range_words
from aqbio.names import INTERVALS

GROUPS = ("push_leg", "swing_leg", "arms", "torso", "pelvis")
ARTICLES = "swing_leg"
"""The articles' partition, by one of its sides."""

CLASSICAL = "push_leg swing_leg"
"""The classical partition, by one of its sides."""

MARKS = {ARTICLES: ("D", GREEN), CLASSICAL: ("s", PURPLE)}
"""Marker and colour of both; all others are grey circles."""

_ROW_MM = 5.0


def partition_rows(results: Results) -> pd.DataFrame:
    """Select partitions of five groups in stance with known momentum, the largest first."""
    partitions = results["partitions"]
    stance = partitions[(partitions["arms"] == "together") & (partitions["phase"] == "stance")]
    ranked: pd.DataFrame = stance[stance["opposition"].notna()]
    return ranked.sort_values("opposition", ascending=False, ignore_index=True)


def partition_words(partition: str) -> str:
    """Name the smaller side of a partition as a reader would."""
    side = partition.split()
    rest = [name for name in GROUPS if name not in side]
    return ", ".join(group.replace("_", " ") for group in min(side, rest, key=len))


@journal_style()
def draw_ranking(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw the opposition index of every partition, the largest first."""
    figure = sheet(width_mm, _ROW_MM * len(rows) + 24.0)
    ax = figure.subplots()
    _draw_ranking(ax, rows)
    ax.set_xlabel("Opposition index (1)")
    ax.set_yticks(range(len(rows)), labels=map(partition_words, rows["partition"]))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_ylabel("Smaller side of the partition")
    names = {ARTICLES: "articles' partition", CLASSICAL: "classical partition"}
    handles = [mark(*MARKS[key], words, 4.5) for key, words in names.items()]
    handles.append(mark("o", GREY, "others", 4.5))
    handles.append(stroke(GREY, INTERVALS["athletes"]))
    legend_above(figure, handles, 4, narrow=2)
    return figure


def _draw_ranking(ax: Axes, rows: pd.DataFrame) -> None:
    for height, row in enumerate(rows.to_dict("records")):
        symbol, colour = MARKS.get(str(row["partition"]), ("o", GREY))
        ax.plot([0, 1], [height, height], color="#DDDDDD", linewidth=0.5, zorder=1)
        ends = (float(row["ci_low"]), float(row["ci_high"]))
        if np.isfinite(ends).all():
            ax.plot(ends, [height, height], color=colour, linewidth=1.2, zorder=2)
        ax.plot(
            float(row["opposition"]), height, symbol, color=colour, markersize=4.5, zorder=3,
            markeredgecolor="white", markeredgewidth=0.4, clip_on=False,
        )  # fmt: skip
    ax.set_xlim(0.0, 1.0)
    zero_line(ax, "x")
    ax.tick_params(axis="y", length=0)


def _ranking_caption(rows: pd.DataFrame) -> str:
    count = len(rows)
    low, high = (int(end) for end in (rows["n_athletes"].min(), rows["n_athletes"].max()))
    return (
        f"All {marked(count, '', '', by='count')} ways to divide the body in two, angular "
        "momentum about the vertical axis in stance: "
        f"{constant('1 where both sides balance')} and no members of a side cancel each other. "
        "Means over "
        f"{range_words(low, high, 'athlete', 'n_athletes')} with their {INTERVALS['athletes']}."
    )


def _ranking_alternative(rows: pd.DataFrame) -> str:
    values = "; ".join(
        f"{partition_words(str(row['partition']))} {digits(float(row['opposition']))}"
        for row in rows.to_dict("records")
    )
    return f"Opposition index in stance, largest first: {values}."


def _ranking_claim(rows: pd.DataFrame) -> str:
    order = list(rows["partition"])
    if ARTICLES not in order:
        return ""
    rank = order.index(ARTICLES) + 1
    return (
        f"Best balanced in stance: {partition_words(order[0])} against the rest; the swing leg "
        f"alone is {marked(rank, '', '', ARTICLES, by='place of')} of "
        f"{marked(len(order), '', '', by='count')}"
    )


PARTITIONS = Figure(
    name="partition_ranking",
    title="Which division of the body balances best",
    table=partition_rows,
    columns="partitions",
    draw=draw_ranking,
    caption=_ranking_caption,
    alternative=_ranking_alternative,
    claim=_ranking_claim,
    section="verdicts",
)

LEVELS = {
    "momentum": "Angular momentum",
    "rate": "Its rate of change",
    "hub": "Moments on\nthe pelvis",
}
WORDS = {
    "push_leg": "push leg",
    "swing_leg": "swing leg",
    "stance": "push leg",
    "swing": "swing leg",
    "upper": "upper body",
}
_MAP = LinearSegmentedColormap.from_list("aqbio", [PURPLE, "#FFFFFF", GREEN])


def sign_rows(results: Results) -> pd.DataFrame:
    """Signs between groups; no row if angular momentum is not known."""
    signs = results["sign_patterns"]
    return signs if signs["cosine"].notna().any() else signs.iloc[:0]


@journal_style()
def draw_signs(rows: pd.DataFrame, width_mm: float) -> Drawing:
    """Draw the cosines with the signs that both accounts predict."""
    levels = [level for level in LEVELS if rows.loc[rows["level"] == level, "cosine"].notna().any()]
    if is_narrow(width_mm):
        levels = levels[:1]
    sizes = [rows.loc[rows["level"] == level, "first"].nunique() - 1 for level in levels]
    figure = sheet(width_mm, width_mm * 0.78 if is_narrow(width_mm) else 66.0)
    axes = figure.subplots(1, len(levels), squeeze=False, width_ratios=sizes)[0]
    for ax, level in zip(axes, levels, strict=True):
        _draw_matrix(ax, rows[rows["level"] == level])
        ax.set_title(LEVELS[level])
    if rows["articles"].notna().any():
        axes[0].annotate(
            "A, C: sign predicted\nby the articles and by\nthe classical account", (1.0, 1.0),
            xycoords="axes fraction", fontsize=6.5, ha="right", va="top", color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
    return figure


def _draw_matrix(ax: Axes, rows: pd.DataFrame) -> None:
    names = list(dict.fromkeys(rows["first"]))
    cosine = rows.set_index(["first", "second"])["cosine"]
    matrix = np.full((len(names), len(names)), np.nan)
    for row, column in zip(*np.tril_indices(len(names), -1), strict=True):
        matrix[row, column] = cosine[names[row], names[column]]
    ax.set_anchor("N")
    ax.imshow(matrix, cmap=_MAP, vmin=-1.0, vmax=1.0)
    signs = rows.set_index(["first", "second"])[["articles", "classical"]]
    for row, column in np.argwhere(np.isfinite(matrix)):
        _cell(ax, (column, row), matrix[row, column], signs.loc[(names[row], names[column])])
    labels = [WORDS.get(name, name) for name in names]
    ax.set_xticks(range(len(names) - 1), labels=labels[:-1], rotation=45, ha="right")
    ax.set_yticks(range(1, len(names)), labels=labels[1:])
    ax.set_ylim(len(names) - 0.5, 0.5)
    ax.set_xlim(-0.5, len(names) - 1.5)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _cell(ax: Axes, at: tuple[int, int], value: float, signs: pd.Series[float]) -> None:
    """Write a cosine, and below it the predicted signs where both accounts have one."""
    predicted = np.isfinite(float(signs["articles"]))
    words = f"{value:+.2f}".replace("-", "−")
    if predicted:
        articles, classical = (
            "+" if signs[account] > 0 else "−" for account in ("articles", "classical")
        )
        words += f"\nA{articles} C{classical}"
    ax.text(*at, words, ha="center", va="center", color=INK, fontsize=6.5, linespacing=1.4)


def _signs_caption(rows: pd.DataFrame) -> str:
    count = count_words(int(rows["n_athletes"].max()), "athlete", "n_athletes", by="most")
    return (
        f"Uncentred cosines about the vertical over contact, mean over {count}: "
        f"{constant('+1 where two groups turn together, −1 where against each other')}. Signs are "
        "largely set by both legs and the small total. One column: angular momentum only."
    )


def _signs_alternative(rows: pd.DataFrame) -> str:
    pairs = rows[rows["cosine"].notna() & rows["articles"].notna()]
    cosines = [
        f"{LEVELS[str(row['level'])].lower()} of {WORDS.get(str(row['first']), str(row['first']))} "
        f"and {WORDS.get(str(row['second']), str(row['second']))} {digits(float(row['cosine']))}"
        for row in pairs[pairs["first"] > pairs["second"]].to_dict("records")
    ]
    return f"Cosines between pairs, mean over athletes: {'; '.join(cosines)}."


def _signs_claim(rows: pd.DataFrame) -> str:
    momentum = rows[rows["level"] == "momentum"]
    pair = momentum[momentum[["first", "second"]].isin(["arms", "push_leg"]).all(axis=1)]
    if pair.empty or not np.isfinite(value := float(pair["cosine"].iloc[0])):
        return ""
    pair_key = where(**{name: pair[name].iloc[0] for name in ("level", "first", "second")})
    number = marked(digits(value), "", pair_key, "cosine")
    way = "against each other" if value < 0 else "together"
    return f"Arms and push leg turn {way} about the vertical (cosine {number})"


SIGNS = Figure(
    name="sign_patterns",
    title="Which groups turn together",
    table=sign_rows,
    columns="sign_patterns",
    draw=draw_signs,
    caption=_signs_caption,
    alternative=_signs_alternative,
    claim=_signs_claim,
    section="verdicts",
)
