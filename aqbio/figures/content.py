"""A figure before it is drawn: its words, its numbers, and what draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from aqbio.io.dictionary import Columns


@dataclass(frozen=True, slots=True)
class FigureContent:
    """A figure, its words and the numbers that it shows."""

    name: str
    """File name without width and suffix."""
    title: str
    """What is drawn, where its numbers make no claim (`aqbio.figures.claims`)."""
    caption: str
    alternative_text: str
    draw: Callable[[float], Figure]
    """From the width on paper (mm) to the figure."""
    numbers: pd.DataFrame
    columns: Columns
    """Of the numbers."""
