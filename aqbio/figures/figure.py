"""A figure of a study: its words, its numbers, what draws it, and the letters of its panels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import ascii_lowercase

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aqbio.figures.style import journal_style
from aqbio.io.dictionary import Columns

Tables = Mapping[str, pd.DataFrame]
"""Tables of the study by name."""


@dataclass(frozen=True, slots=True)
class StudyFigure:
    """A figure, its words and the numbers that it shows."""

    name: str
    """File name without width and suffix."""
    title: str
    """What is drawn, where its numbers make no claim."""
    numbers: pd.DataFrame
    columns: Columns
    """Of the numbers."""
    draw: Callable[[float], Figure]
    """From the width on paper (mm) to the figure."""
    caption: str
    alternative: str
    """The main numbers, for those who cannot see the figure."""
    claim: str = ""
    """What the numbers show, as one sentence; empty where they make no claim."""
    section: str = "study"
    """Of the results page: {"verdicts", "agreement", "study"}."""


Drawing = tuple[str, Callable[[], list[StudyFigure]]]
"""Name of a figure, and what lays it out; where there is nothing to draw, none."""


SIZE = 7.5
_ROOM = "\N{NO-BREAK SPACE}" * 4
"""What a letter takes of a title; drawings leave other spaces at the beginning out."""

_PAD, _BESIDE = 6.0, (-8.0, 4.0)
"""Points from the upper left corner of a panel: of a letter before a title, and without one."""

_MATHEMATICS = re.compile(r"\$[^$]*\$")


def letter_panels(figure: Figure) -> dict[str, str]:
    """Letter every panel, or every row that shares a quantity; what each letter shows."""
    panels = [
        axes
        for axes in figure.axes
        if axes.get_visible() and axes.axison and axes.get_subplotspec() is not None
    ]
    titled = all(_title(axes) for axes in panels)
    marked = panels if titled else [axes for axes in panels if _begins_row(axes)]
    if len(marked) < 2:
        return {}
    found = {}
    with journal_style():
        for letter, axes in zip(ascii_lowercase, marked, strict=False):
            title = _title(axes) if titled else ""
            found[letter] = _words(title or axes.get_ylabel() or axes.get_xlabel())
            if title:
                _retitle(axes, f"{_ROOM}{title}")
            lines = title.count("\n")
            size = axes._left_title.get_fontsize() if title else SIZE  # type: ignore[attr-defined]
            axes.annotate(
                letter + lines * "\n", (0.0, 1.0), (0.0, _PAD) if title else _BESIDE,
                xycoords="axes fraction", textcoords="offset points", fontsize=size,
                fontweight="bold", ha="left" if title else "right", va="baseline", gid="letter",
            )  # fmt: skip
    return found


def panel_words(panels: dict[str, str]) -> str:
    """The part of a caption that says what every panel shows."""
    told = "; ".join(f"{letter}, {words}" for letter, words in panels.items())
    return f"Panels: {told}." if told else ""


def _title(axes: Axes) -> str:
    return axes.get_title() or axes.get_title(loc="left")


def _retitle(axes: Axes, title: str) -> None:
    """Write over the left edge what stood in the middle or there, in the same letters."""
    look = (axes.title if axes.get_title() else axes._left_title).get_fontproperties().copy()  # type: ignore[attr-defined]
    axes.set_title("")
    axes.set_title(title, loc="left", fontproperties=look)


def count_words(numbers: pd.DataFrame) -> str:
    """The part of a caption that says of how many athletes, where the numbers tell them."""
    told = numbers["n_athletes"].dropna() if "n_athletes" in numbers else pd.Series(dtype=float)
    if len(told):
        low, high = int(told.min()), int(told.max())
        return f"n = {low if low == high else f'{low} to {high}'} athlete{'s' * (high != 1)}."
    if "participant_id" in numbers and (count := numbers["participant_id"].nunique()):
        return f"n = {count} athlete{'s' * (count != 1)}."
    return ""


def _begins_row(axes: Axes) -> bool:
    place = axes.get_subplotspec()
    return place is not None and place.is_first_col()


def _words(drawn: str) -> str:
    """Words in one line, without mathematics and units."""
    plain = _MATHEMATICS.sub("", drawn).replace("\n", " ")
    return re.sub(r"\s+", " ", re.sub(r"\s*\([^()]*\)$", "", plain.strip())).strip(" ,")
