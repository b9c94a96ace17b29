"""Figures on paper: arranged once, drawn once for every format, with reproducible bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

from matplotlib.axis import Axis, Tick
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.backends.backend_pdf import PdfFile, RendererPdf
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from aqbio.figures.style import journal_style
from aqbio.io.atomic import atomic_path

Format = Literal["pdf", "svg"]

_Document: Callable[..., Any] = PdfFile
_PdfPage: Callable[..., Any] = RendererPdf
_SvgPage: Callable[..., Any] = RendererSVG

_DOTS_PER_INCH = 72
"""Both formats count in points."""

_PATH_DATA = re.compile(r'(?<=\sd=")[^"]*(?=")')
_DRAWN_WITH = re.compile("'aqbio DejaVu Sans'(, 'DejaVu Sans')?")
_SHOWN_WITH = "'DejaVu Sans', Verdana, sans-serif"
_DECIMALS = re.compile(r"-?\d+\.\d{3,}")


def save_figure(
    figure: Figure, stem: Path, formats: Sequence[Format] = ("pdf", "svg")
) -> list[Path]:
    """Write ``stem`` in every format, the same bytes for the same figure."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    files = {suffix: stem.with_name(f"{stem.name}.{suffix}") for suffix in formats}
    with journal_style():
        arrange(figure)
        dots, figure.dpi = figure.dpi, _DOTS_PER_INCH
        with ExitStack() as written:
            # PDF first: what it needs to know of lines is more than SVG does
            pages = [
                written.enter_context(_PAGES[one](files[one], figure, dots))
                for one in sorted(files)
            ]
            figure.draw(_Pages(pages))
    return list(files.values())


@contextmanager
def _pdf(file: Path, figure: Figure, dots: float) -> Iterator[RendererBase]:
    """A page of a PDF without date."""
    width, height = figure.get_size_inches()
    with atomic_path(file) as temporary:
        document = _Document(temporary, metadata={"CreationDate": None, "ModDate": None})
        try:
            document.newPage(width, height)
            page = _PdfPage(document, dots, height, width)
            yield page
            page.finalize()
            document.finalize()
        finally:
            document.close()


@contextmanager
def _svg(file: Path, figure: Figure, dots: float) -> Iterator[RendererBase]:
    """A drawing without date, in short numbers."""
    width, height = figure.get_size_inches() * _DOTS_PER_INCH
    with atomic_path(file) as temporary:
        with temporary.open("w", encoding="utf-8", newline="\n") as text:
            page = _SvgPage(width, height, text, image_dpi=dots, metadata={"Date": None})
            yield page
            page.finalize()
        _shorten(temporary)


_PAGES = {"pdf": _pdf, "svg": _svg}


def _on_all(name: str) -> Callable[..., None]:
    """What draws on every page."""

    def draw(pages: _Pages, *given: Any, **named: Any) -> None:
        for page in pages.pages:
            getattr(page, name)(*given, **named)

    return draw


def _as_first(name: str) -> Callable[..., Any]:
    """What the first page answers."""

    def answer(pages: _Pages, *given: Any) -> Any:
        return getattr(pages.pages[0], name)(*given)

    return answer


class _Pages(RendererBase):
    """Pages that are drawn on together: most of the work is the same for all of them."""

    def __init__(self, pages: Sequence[RendererBase]) -> None:
        super().__init__()
        self.pages = pages

    new_gc = _as_first("new_gc")
    flipy = _as_first("flipy")
    points_to_pixels = _as_first("points_to_pixels")
    get_canvas_width_height = _as_first("get_canvas_width_height")
    get_text_width_height_descent = _as_first("get_text_width_height_descent")
    get_image_magnification = _as_first("get_image_magnification")
    option_image_nocomposite = _as_first("option_image_nocomposite")

    open_group = _on_all("open_group")
    close_group = _on_all("close_group")
    draw_path = _on_all("draw_path")
    draw_markers = _on_all("draw_markers")
    draw_path_collection = _on_all("draw_path_collection")
    draw_image = _on_all("draw_image")

    def draw_text(
        self, gc: GraphicsContextBase, x: float, y: float, *given: Any, **named: Any
    ) -> None:
        """Draw words, whose height formats count from below or from above."""
        for page in self.pages:
            _, height = page.get_canvas_width_height()
            up = y if page.flipy() == self.flipy() else height - y
            page.draw_text(gc, x, up, *given, **named)


def _shorten(svg: Path) -> None:
    """Write the coordinates of paths to 0.01 point (3.5 µm), and typefaces that machines have.

    Words stay words, which an editor changes. Verdana has the widths of DejaVu Sans, which is its
    descendant: where the latter is missing, nothing moves.
    """
    text = _DRAWN_WITH.sub(_SHOWN_WITH, svg.read_text(encoding="utf-8"))
    text = _PATH_DATA.sub(lambda data: _DECIMALS.sub(_rounded, data.group()), text)
    svg.write_text(text, encoding="utf-8", newline="\n")


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number.group()):.2f}".rstrip("0").rstrip(".")


def arrange(figure: Figure) -> None:
    """Arrange a figure once, and round where its axes are to 1e-6 of its size.

    The solver behind the arrangement sums in the order of memory addresses, so that the last bits
    of a position change from run to run; identifiers in SVG files are made from them.
    """
    engine = figure.get_layout_engine()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        axis.set_in_layout(_takes_room(axis))
        if not axis.label.get_text():
            axis.set_label_coords(0.0, 0.0)  # no search for the place of no words
        _CachedTicks(axis)
    figure.align_ylabels()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(part, 6) for part in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))


def _takes_room(axis: Axis) -> bool:
    """Whether words or numbers stand beside an axis; those of inner panels have none to measure."""
    look = axis.get_tick_params()
    numbers = any(shown for name, shown in look.items() if name.startswith("label"))
    return bool(axis.label.get_text()) or numbers


Boxes = tuple[list[Bbox], list[Bbox]]
"""Of the numbers on either side of an axis."""


class _CachedTicks:
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
