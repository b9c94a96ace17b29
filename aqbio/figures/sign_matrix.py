"""Which groups turn together: cosines between groups at three levels, as matrices."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from aqbio.figures.numbers import shown
from aqbio.figures.style import BLUE, INK, NARROW_MM, VERMILLION, journal_style, sheet

TITLE = "Which groups turn together"

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


def sign_matrix_figure(table: pd.DataFrame, width_mm: float) -> Figure:
    """Draw the cosines with the signs that both accounts predict."""
    levels = [one for one in LEVELS if (table.loc[table["level"] == one, "cosine"].notna()).any()]
    if width_mm < NARROW_MM:
        levels = levels[:1]
    with journal_style():
        sizes = [table.loc[table["level"] == one, "first"].nunique() - 1 for one in levels]
        figure = sheet(width_mm, width_mm * 0.8 if width_mm < NARROW_MM else 66.0)
        axes = figure.subplots(1, len(levels), squeeze=False, width_ratios=sizes)[0]
        for place, level in zip(axes, levels, strict=True):
            _draw(place, table[table["level"] == level])
            place.set_title(LEVELS[level])
    return figure


def _draw(place: Axes, rows: pd.DataFrame) -> None:
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
        at[0], at[1] - (0.14 if predicted else 0.0), shown_cosine(value),
        ha="center", va="center", color=colour, fontsize=6.5,
    )  # fmt: skip
    if predicted:
        words = f"A{_sign(signs['articles'])} C{_sign(signs['classical'])}"
        place.text(at[0], at[1] + 0.22, words, ha="center", va="center", color=colour, fontsize=6)


def _sign(value: float) -> str:
    return "+" if value > 0 else "−"


def shown_cosine(value: float) -> str:
    """Write a cosine with its sign and two decimals."""
    return f"{value:+.2f}".replace("-", "−")


def sign_matrix_caption() -> str:
    """The caption."""
    return (
        "Uncentred cosines about the vertical over contact, mean over athletes: +1 where two "
        "groups turn together, −1 where they turn against each other. Below the number: the sign "
        "that the articles' account (A) and the classical one (C) predict for angular momentum and "
        "its rate. Both legs have the same sign by geometry, and arms against the swing leg is "
        "predicted by both; only arms with push leg and torso with push leg tell them apart, and "
        "their sign is largely set by the two legs and the small total. Hub moments are those of "
        "legs and upper body on the pelvis. Levels are not averaged."
    )


def sign_matrix_alternative(table: pd.DataFrame) -> str:
    """Describe the predicted pairs by their numbers."""
    sentences = []
    for level, words in LEVELS.items():
        rows = table[
            (table["level"] == level) & table["articles"].notna() & table["cosine"].notna()
        ]
        once = rows[rows["first"] > rows["second"]]
        said = [
            f"{WORDS.get(str(row['first']), str(row['first']))} and "
            f"{WORDS.get(str(row['second']), str(row['second']))} {shown(float(row['cosine']))}"
            for row in once.to_dict("records")
        ]
        if said:
            sentences.append(f"{words}: {'; '.join(said)}.")
    return f"{TITLE}. Cosines between pairs, mean over athletes. {' '.join(sentences)}"
