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
"""Both formats measure in points."""

_PATH_DATA = re.compile(r'(?<=\sd=")[^"]*(?=")')
_DRAWN_FONTS = re.compile("'aqbio DejaVu Sans'(, 'DejaVu Sans')?")
_VIEWER_FONTS = "'DejaVu Sans', Verdana, sans-serif"
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
            # PDF first: it needs more properties of lines than SVG
            pages = [
                written.enter_context(_PAGES[suffix](files[suffix], figure, dots))
                for suffix in sorted(files)
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


def _draw_on_all_pages(name: str) -> Callable[..., None]:
    """Make a method that draws on every page."""

    def draw(pages: _Pages, *arguments: Any, **options: Any) -> None:
        for page in pages.pages:
            getattr(page, name)(*arguments, **options)

    return draw


def _ask_first_page(name: str) -> Callable[..., Any]:
    """Make a method that returns the answer of the first page."""

    def answer(pages: _Pages, *arguments: Any) -> Any:
        return getattr(pages.pages[0], name)(*arguments)

    return answer


class _Pages(RendererBase):
    """Pages that are drawn together, since most of the work is the same for all of them."""

    def __init__(self, pages: Sequence[RendererBase]) -> None:
        super().__init__()
        self.pages = pages

    new_gc = _ask_first_page("new_gc")
    flipy = _ask_first_page("flipy")
    points_to_pixels = _ask_first_page("points_to_pixels")
    get_canvas_width_height = _ask_first_page("get_canvas_width_height")
    get_text_width_height_descent = _ask_first_page("get_text_width_height_descent")
    get_image_magnification = _ask_first_page("get_image_magnification")
    option_image_nocomposite = _ask_first_page("option_image_nocomposite")

    open_group = _draw_on_all_pages("open_group")
    close_group = _draw_on_all_pages("close_group")
    draw_path = _draw_on_all_pages("draw_path")
    draw_markers = _draw_on_all_pages("draw_markers")
    draw_path_collection = _draw_on_all_pages("draw_path_collection")
    draw_image = _draw_on_all_pages("draw_image")

    def draw_text(
        self, gc: GraphicsContextBase, x: float, y: float, *arguments: Any, **options: Any
    ) -> None:
        """Draw text, whose height formats measure from below or from above."""
        for page in self.pages:
            _, height = page.get_canvas_width_height()
            up = y if page.flipy() == self.flipy() else height - y
            page.draw_text(gc, x, up, *arguments, **options)


def _shorten(svg: Path) -> None:
    """Write the coordinates of paths to 0.01 point (3.5 µm), and commonly installed typefaces.

    Text remains text, which can be edited. Verdana has the letter widths of its descendant DejaVu
    Sans: where the latter is missing, no text moves.
    """
    text = _DRAWN_FONTS.sub(_VIEWER_FONTS, svg.read_text(encoding="utf-8"))
    text = _PATH_DATA.sub(lambda data: _DECIMALS.sub(_rounded, data.group()), text)
    svg.write_text(text, encoding="utf-8", newline="\n")


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number.group()):.2f}".rstrip("0").rstrip(".")


def arrange(figure: Figure) -> None:
    """Arrange a figure once, and round the positions of its axes to 1e-6 of its size.

    The solver behind the arrangement sums in the order of memory addresses, so that the last bits
    of a position change from run to run; identifiers in SVG files are made from them.
    """
    engine = figure.get_layout_engine()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        axis.set_in_layout(_has_text(axis))
        if not axis.label.get_text():
            axis.set_label_coords(0.0, 0.0)  # no search for the position of an empty label
        _CachedTicks(axis)
    figure.align_ylabels()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(part, 6) for part in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))


def _has_text(axis: Axis) -> bool:
    """True if an axis has a label or numbers; inner panels have none to measure."""
    look = axis.get_tick_params()
    numbers = any(is_shown for name, is_shown in look.items() if name.startswith("label"))
    return bool(axis.label.get_text()) or numbers


Boxes = tuple[list[Bbox], list[Bbox]]
"""Bounding boxes of the numbers on either side of an axis."""


class _CachedTicks:
    """Ticks of an axis and boxes of their numbers, computed once for every position of its panel.

    Arranging and drawing a panel request both about ten times, and matplotlib computes them anew.
    """

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self._ticks: Any = axis._update_ticks  # type: ignore[attr-defined]
        self._boxes: Any = axis._get_ticklabel_bboxes  # type: ignore[attr-defined]
        self._extent: tuple[float, ...] = ()
        self._dots: float = 0.0
        self._drawn_ticks: list[Tick] = []
        self._number_boxes: Boxes | None = None
        axis._update_ticks = self.ticks  # type: ignore[attr-defined]
        axis._get_ticklabel_bboxes = self.boxes  # type: ignore[attr-defined]

    def ticks(self) -> list[Tick]:
        """Ticks that are drawn."""
        axes, figure = self.axis.axes, self.axis.axes.figure
        paper = (round(dots / figure.dpi, 6) for dots in axes.bbox.bounds)
        extent = (*paper, *self.axis.get_view_interval())
        if extent != self._extent:
            self._extent, self._drawn_ticks, self._number_boxes = extent, self._ticks(), None
        return self._drawn_ticks

    def boxes(self, ticks: Sequence[Tick], renderer: RendererBase) -> Boxes:
        """Boxes of the numbers next to the ticks."""
        dots = self.axis.axes.figure.dpi
        if self._number_boxes is None or dots != self._dots or ticks is not self._drawn_ticks:
            boxes: Boxes = self._boxes(ticks, renderer)
            if ticks is not self._drawn_ticks:
                return boxes
            self._number_boxes, self._dots = boxes, dots
        return self._number_boxes
