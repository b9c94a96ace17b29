"""Where the panels of a figure are and where their labels stand, found once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axis import Axis, Tick
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox


def settle(figure: Figure) -> None:
    """Arrange a figure once, and round where its axes are to 1e-6 of its size.

    The solver behind the arrangement sums in the order of memory addresses, so that the last bits
    of a position change from run to run; identifiers in SVG files are made from them.
    """
    engine = figure.get_layout_engine()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        axis.set_in_layout(_takes_room(axis))
        if not axis.label.get_text():
            axis.set_label_coords(0.0, 0.0)  # no search for the place of no words
        _HeldTicks(axis)
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(part, 6) for part in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))
    _hold_labels(figure)


def _takes_room(axis: Axis) -> bool:
    """Whether words or numbers stand beside an axis; those of inner panels have none to measure."""
    look = axis.get_tick_params()
    numbers = any(shown for name, shown in look.items() if name.startswith("label"))
    return bool(axis.label.get_text()) or numbers


def _hold_labels(figure: Figure) -> None:
    """Keep the labels of axes where they are, those of panels above each other in one line.

    Otherwise every drawing measures all numbers beside an axis again to find the place. Words of
    several lines, moved beside wide numbers of another panel, would leave the room that the
    arrangement gave the column: they stay at its edge.
    """
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    to_figure = figure.transFigure.inverted()
    columns: dict[Any, list[tuple[Axis, float, float, float]]] = {}
    for axes in figure.axes:
        axis: Axis
        for axis in (axes.xaxis, axes.yaxis):
            if not (axes.axison and axes.get_visible() and axis.label.get_text()):
                continue
            axis.get_tightbbox(renderer)  # which places the label
            shown = axis.label.get_transform().transform(axis.label.get_position())
            across, up = (float(part) for part in to_figure.transform(shown))
            room = across - float(to_figure.transform(axis.label.get_window_extent(renderer))[0, 0])
            place = axes.get_subplotspec()
            column: Any = axis
            if axis is axes.yaxis and place is not None:
                column = place.get_gridspec(), place.colspan.start
            columns.setdefault(column, []).append((axis, across, up, room))
    for labels in columns.values():
        left = min(across for _, across, _, _ in labels)
        edge = min(across - room for _, across, _, room in labels)
        for axis, across, up, room in labels:
            inside = min(across, max(left, edge + room))
            axis.set_label_coords(inside, up, transform=figure.transFigure)


Boxes = tuple[list[Bbox], list[Bbox]]
"""Of the numbers on either side of an axis."""


class _HeldTicks:
    """The ticks of an axis and the room of their numbers, found once for every place of its panel.

    Arranging and drawing a panel ask for both some ten times over, and each time all are made anew.
    """

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self._ticks: Any = axis._update_ticks  # type: ignore[attr-defined]
        self._boxes: Any = axis._get_ticklabel_bboxes  # type: ignore[attr-defined]
        self._place: tuple[float, ...] = ()
        self._dots: float = 0.0
        self._found: list[Tick] = []
        self._room: Boxes | None = None
        axis._update_ticks = self.ticks  # type: ignore[attr-defined]
        axis._get_ticklabel_bboxes = self.boxes  # type: ignore[attr-defined]

    def ticks(self) -> list[Tick]:
        """Ticks that are drawn."""
        axes, figure = self.axis.axes, self.axis.axes.figure
        paper = (round(dots / figure.dpi, 6) for dots in axes.bbox.bounds)
        place = (*paper, *self.axis.get_view_interval())
        if place != self._place:
            self._place, self._found, self._room = place, self._ticks(), None
        return self._found

    def boxes(self, ticks: Sequence[Tick], renderer: RendererBase) -> Boxes:
        """Room of the numbers beside the ticks."""
        dots = self.axis.axes.figure.dpi
        if self._room is None or dots != self._dots or ticks is not self._found:
            room: Boxes = self._boxes(ticks, renderer)
            if ticks is not self._found:
                return room
            self._room, self._dots = room, dots
        return self._room
