"""Parts of a whole over time, stacked by sign: what is above 0 goes up, what is below goes down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from aqbio.figures.style import LineStyle, pale

_HATCH = "//////"
"""Of a part whose line is dashed, so that colour is not needed."""


def stacked(parts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges (P + 1, T) between parts (P, T), stacked from 0 up and from 0 down."""
    start = np.zeros((1, parts.shape[1]))
    up, down = (
        np.concatenate((start, np.cumsum(one, axis=0)))
        for one in (np.maximum(parts, 0.0), np.minimum(parts, 0.0))
    )
    return up, down


def draw_stack(
    place: Axes, along: NDArray[np.float64], parts: Sequence[tuple[LineStyle, NDArray[np.float64]]]
) -> None:
    """Draw parts (T,) as areas; every second sample, which is the same picture."""
    for edges in stacked(np.stack([values for _, values in parts])):
        for (style, _), low, high in zip(parts, edges, edges[1:], strict=False):
            if not np.array_equal(low, high):
                place.fill_between(
                    along[::2], low[::2], high[::2], facecolor=pale(style.colour),
                    edgecolor=style.colour, linewidth=0.0, zorder=2,
                    hatch="" if style.dash == "solid" else _HATCH,
                )  # fmt: skip
