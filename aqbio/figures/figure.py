"""Description of a figure of a study: name, rows, drawing function and words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from string import ascii_lowercase
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from aqbio.figures.counted import Invalidated, counted_steps, invalidated_outcomes
from aqbio.figures.style import journal_style
from aqbio.gait.step_files import StudyCurves
from aqbio.io.study import Study
from aqbio.io.tables import read_table


class Results:
    """Tables and curves from which the figures of a study are drawn; each table is read once.

    Numbers of steps that do not count are empty.
    """

    study: Study
    curves: StudyCurves
    means: Any
    """Stance means and bars of all contributions, as `aqbio.figures.bars.Means`."""

    def __init__(self, study: Study, curves: StudyCurves) -> None:
        self.study, self.curves = study, curves
        self._tables: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        """A table of the study by its name."""
        if name not in self._tables:
            table = read_table(self.study.table(f"{name}.tsv"))
            self._tables[name] = (
                counted_steps(table, self.invalidated) if name == "steps" else table
            )
        return self._tables[name]

    @cached_property
    def invalidated(self) -> Invalidated:
        """Outcomes of trials that do not count."""
        return invalidated_outcomes(self["trials"])


def no_claim(_: pd.DataFrame) -> str:
    """Claim of a figure whose title says what is drawn."""
    return ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Description of a figure. Words and drawing depend on the rows of its table alone."""

    name: str
    """File name without width and suffix."""
    title: str
    """Title where the rows make no claim."""
    table: Callable[[Results], pd.DataFrame]
    """From the results of a study to the rows that are drawn; no row without data."""
    columns: str
    """Table of the dictionary that describes the rows."""
    draw: Callable[[pd.DataFrame, float], Drawing]
    """From the rows and the width on paper (mm) to the drawing."""
    caption: Callable[[pd.DataFrame], str]
    """At most 60 words: the quantity, its signs, the kinds of intervals, the sample size."""
    alternative: Callable[[pd.DataFrame], str]
    """The main numbers, for those who cannot see the figure."""
    claim: Callable[[pd.DataFrame], str] = no_claim
    """Sentence that states what the rows show; empty where they make no claim."""
    section: str = "study"
    """Of the results page: {"verdicts", "agreement", "study"}."""


_LETTER_SPACE = "\N{NO-BREAK SPACE}" * 4
"""Space before a title for the letter of its panel; matplotlib strips ordinary spaces."""

_TITLED_OFFSET_PT = 6.0
"""Height of a letter before a title above the upper left corner of its panel, points."""

_UNTITLED_OFFSET_PT = (-8.0, 4.0)
"""Position of a letter without a title from the upper left corner of its panel, points."""


def letter_panels(drawing: Drawing) -> None:
    """Letter every panel with a title; where some have none, every panel or row with a label."""
    panels = [axes for axes in drawing.axes if axes.get_visible() and axes.axison]
    titled = all(_title(axes) for axes in panels)
    labelled = [axes for axes in panels if axes.get_ylabel()]
    marked = panels if titled else labelled or [axes for axes in panels if _begins_row(axes)]
    if len(marked) < 2:
        return
    with journal_style():
        for letter, axes in zip(ascii_lowercase, marked, strict=False):
            title = _title(axes) if titled else ""
            if title:
                _retitle(axes, f"{_LETTER_SPACE}{title}")
            size = axes._left_title.get_fontsize() if title else 7.5  # type: ignore[attr-defined]
            axes.annotate(
                letter + title.count("\n") * "\n", (0.0, 1.0),
                (0.0, _TITLED_OFFSET_PT) if title else _UNTITLED_OFFSET_PT,
                xycoords="axes fraction", textcoords="offset points", fontsize=size,
                fontweight="bold", ha="left" if title else "right", va="baseline", gid="letter",
            )  # fmt: skip


def _title(axes: Axes) -> str:
    return axes.get_title() or axes.get_title(loc="left")


def _retitle(axes: Axes, title: str) -> None:
    """Write a title over the left edge in the typeface of the title that it replaces."""
    look = (axes.title if axes.get_title() else axes._left_title).get_fontproperties().copy()  # type: ignore[attr-defined]
    axes.set_title("")
    axes.set_title(title, loc="left", fontproperties=look)


def _begins_row(axes: Axes) -> bool:
    spec = axes.get_subplotspec()
    return spec is not None and spec.is_first_col()
