"""Style of the figures: typeface, colours, dashes, widths, keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill
from typing import Any, Literal, cast

import matplotlib as mpl
from fontTools import subset
from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

FULL_FAMILY = "DejaVu Sans"
"""Family that comes with matplotlib, so that figures look the same on every computer."""

_SUBSET_FAMILY = "aqbio DejaVu Sans"
_FACES = ("DejaVuSans", "DejaVuSans-Bold")
_LETTERS = (
    *range(0x20, 0x7F),  # ASCII
    *range(0xA0, 0x180),  # letters of European languages, ² · × ± °
    *range(0x391, 0x3CA),  # Greek
    *range(0x2010, 0x2027),  # dashes, quotation marks, …
    *range(0x2070, 0x2090),  # raised and lowered digits
    *(ord(sign) for sign in "←↑→↓−≈≠≤≥"),
)
_UNUSED = ["FFTM", "GDEF", "GPOS"]
"""Font tables that take most of the time of subsetting; the spaces between letters, which matter
here, are in the table "kern" as well."""

_FAMILY_NAMES = (1, 16)  # of the OpenType table "name"


@cache
def families() -> tuple[str, ...]:
    """Families to draw with: the subset, then the full typeface for all other letters."""
    folder = Path(_typeface_folder().name)
    source = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for face in _FACES:
        options = subset.Options(
            glyph_names=True, drop_tables=_UNUSED, layout_features=["liga"], legacy_kern=True
        )
        font = subset.load_font(str(source / f"{face}.ttf"), options)
        cut = subset.Subsetter(options)
        cut.populate(unicodes=_LETTERS)
        cut.subset(font)
        for record in font["name"].names:
            if record.nameID in _FAMILY_NAMES:
                record.string = _SUBSET_FAMILY
        font.save(folder / f"{face}.ttf")
        font.close()
        font_manager.fontManager.addfont(folder / f"{face}.ttf")
    return _SUBSET_FAMILY, FULL_FAMILY


@cache
def _typeface_folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="aqbio_typeface_", ignore_cleanup_errors=True)


MM_PER_INCH = 25.4
NARROW_MM = 110
"""Below this width a figure uses its one-column layout, mm."""


def is_narrow(width_mm: float) -> bool:
    """Tell whether a figure fills one column of a journal."""
    return width_mm < NARROW_MM


Dash = Literal["solid"] | tuple[float, tuple[float, ...]]

INK = "#222222"
FRAME = "#555555"
FRAME_PT = 0.6
"""Width of frames, ticks and lines at zero."""
FLIGHT_SHADE = "#EFEFEF"
GREY = "#767676"


_RC: dict[str, Any] = {
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 7,
    "mathtext.default": "regular",
    "axes.unicode_minus": True,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FRAME,
    "xtick.color": FRAME,
    "ytick.color": FRAME,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": FRAME_PT,
    "axes.axisbelow": True,
    "axes.ymargin": 0.07,
    "axes.titley": 1.0,  # no search for overlaps of a title: nothing is drawn above a panel
    "xtick.major.width": FRAME_PT,
    "ytick.major.width": FRAME_PT,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.2,
    "lines.dash_capstyle": "butt",
    "lines.solid_capstyle": "round",
    "lines.scale_dashes": True,
    "legend.frameon": False,
    "legend.handlelength": 3.2,
    "legend.columnspacing": 1.6,
    "legend.handletextpad": 0.6,
    "legend.borderaxespad": 0.2,
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "text.hinting": "no_hinting",
    "path.simplify": True,
    "path.simplify_threshold": 0.15,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "aqbio",
    "image.composite_image": False,
}


@dataclass(frozen=True, slots=True)
class LineStyle:
    """Style of one quantity, the same in every figure."""

    label: str
    """Words of the legend."""
    colour: str
    """Okabe-Ito colour, distinguishable with every common colour vision."""
    dash: Dash = "solid"
    """str or (offset, on-off lengths). Dash pattern: carries the difference without colour."""
    width: float = 1.2
    """Line width, points."""


BLUE, VERMILLION = "#0072B2", "#D55E00"
GREEN, PURPLE, SKY, ORANGE = "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
BROWN = "#7F3B08"
DASHED: Dash = (0, (4.0, 1.8))
_DOTTED: Dash = (0, (1.0, 1.2))
_DASH_DOT: Dash = (0, (6.0, 1.5, 1.0, 1.5))
_SHORT: Dash = (0, (2.2, 1.2))

STYLES: dict[str, LineStyle] = {
    "push_side": LineStyle("push side", BLUE, width=1.4),
    "swing_side": LineStyle("swing side", VERMILLION, DASHED, 1.4),
    "push_leg": LineStyle("push leg", BLUE, width=1.4),
    "swing_leg": LineStyle("swing leg", VERMILLION, DASHED, 1.4),
    "arms": LineStyle("arms", GREEN, _DASH_DOT, 1.3),
    "arm_push": LineStyle("arm on the push leg's side", GREEN, width=1.3),
    "arm_swing": LineStyle("arm on the swing leg's side", GREEN, _DOTTED, 1.5),
    "torso": LineStyle("torso", PURPLE, _DOTTED, 1.6),
    "pelvis": LineStyle("pelvis", SKY, _SHORT, 1.3),
    "total": LineStyle("whole body", "#000000", width=1.0),
    "moment_of_force": LineStyle("moment of the ground force", ORANGE, width=1.4),
    "free_moment": LineStyle("free moment", BROWN, _DOTTED, 1.5),
    "residual_moment": LineStyle("residual", GREY, _SHORT, 1.4),
    "legs": LineStyle("both legs", BROWN),
    "upper_body": LineStyle("upper body", PURPLE, _DOTTED, 1.6),
    "midline": LineStyle("lumbar joint", PURPLE, _DOTTED, 1.5),
    "joint_push": LineStyle("joint on the push leg's side", BLUE, width=1.4),
    "joint_swing": LineStyle("joint on the swing leg's side", VERMILLION, DASHED, 1.4),
    "leg_push": LineStyle("push leg", BLUE, width=1.4),
    "leg_swing": LineStyle("swing leg", VERMILLION, DASHED, 1.4),
    "residual": LineStyle("residual", GREY, _SHORT, 1.4),
}
"""Style of every quantity by its name in the tables."""


def pale(colour: str) -> tuple[float, float, float]:
    """A colour mixed with white, for single steps behind their mean."""
    red, green, blue = (0.4 * part + 0.6 for part in to_rgb(colour))
    return red, green, blue


@contextmanager
def journal_style() -> Iterator[None]:
    """Draw in the style of the study while the block runs, and restore the earlier settings."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(cast(Any, _RC | {"font.family": families()}))
        yield


def sheet(width_mm: float, height_mm: float) -> Figure:
    """Empty figure of a size on paper, arranged without overlaps."""
    figure = Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), layout="constrained")
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(w_pad=0.04, h_pad=0.02, wspace=0.03, hspace=0.03)  # type: ignore[call-arg]
    return figure


def panels(
    width_mm: float, wide: tuple[int, int, float], narrow: tuple[int, int, float], **shared: Any
) -> tuple[Figure, Sequence[Axes]]:
    """A sheet of panels: rows, columns and height (mm) on a page's width, and in one column."""
    rows, columns, height_mm = narrow if is_narrow(width_mm) else wide
    figure = sheet(width_mm, height_mm)
    return figure, figure.subplots(rows, columns, squeeze=False, **shared).ravel()


def zero_line(ax: Axes, axis: Literal["x", "y"]) -> None:
    """A line through the panel where the numbers of an axis are zero, behind all that rows say."""
    draw = ax.axvline if axis == "x" else ax.axhline
    draw(0.0, color=FRAME, linewidth=FRAME_PT, zorder=1)


def shade_flight(ax: Axes) -> None:
    """The second half of an axis from 0 to 200, stance and then flight."""
    ax.axvspan(100, 200, color=FLIGHT_SHADE, linewidth=0, zorder=0)


Colour = str | tuple[float, float, float]


def mark(symbol: str, colour: Colour, label: str, size: float, **look: Any) -> Line2D:
    """A point of a key."""
    return Line2D(
        [], [], linestyle="", marker=symbol, color=colour, label=label, markersize=size, **look
    )


def stroke(colour: Colour, label: str, **look: Any) -> Line2D:
    """A line of a key."""
    return Line2D([], [], color=colour, label=label, **look)


def legend_above(
    figure: Figure, handles: Sequence[Artist], columns: int, narrow: int = 0
) -> Legend:
    """Put one key for all panels above them, in as many columns as fit.

    At most `columns`, or `narrow` ones in one column of a page.
    """
    if narrow and is_narrow(figure.get_figwidth() * MM_PER_INCH):
        columns = narrow
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    for count in range(min(columns, len(handles)), 0, -1):
        legend = figure.legend(handles=list(handles), loc="outside upper center", ncols=count)
        if count == 1 or legend.get_window_extent(renderer).width <= figure.bbox.width:
            break
        legend.remove()
    return legend


def wrapped(words: str, letters: int) -> str:
    """Words in lines of so many letters; a unit in parentheses stays in one line."""
    unbroken = re.sub(
        r"\(.*\)$", lambda unit: unit.group().replace(" ", "\N{NO-BREAK SPACE}"), words
    )
    return fill(unbroken, letters, break_long_words=False)


def plain_numbers(axis: Axis, multiples: Sequence[int] = (1, 2, 5)) -> None:
    """Plain numbers on a logarithmic axis, at these multiples of powers of ten."""
    axis.set_major_locator(LogLocator(subs=multiples))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


HATCH = "//////"
"""Hatch of a part whose line is dashed, so that colour is not needed."""
