"""Look of figures: pages, first panels, keys and strokes, one line each that a person can read.

A change of one figure that moves another shows here, as does a stroke that is not the house's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection, LineCollection
from matplotlib.colors import is_color_like, to_hex, to_rgba
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text

from aqbio.figures import style

MM_PER_INCH = 25.4
NAMED_COLOURS = {name.lower(): value for name, value in vars(style).items() if is_color_like(value)}
COLOURS = {
    to_hex(shade(value)): f"{kind}{name}"
    for kind, shade in (("pale ", style.pale), ("", str))
    for name, value in NAMED_COLOURS.items()
} | {"#ffffff": "white", "#000000": "black"}
"""Colours of the house and their pale shades by hex code."""


def number(value: float) -> str:
    """Three digits, so that another version of a typeface changes nothing."""
    return f"{value + 0.0:.3g}"


def numbers(values: Iterable[float]) -> str:
    return " ".join(map(number, values))


def panel_words(axes: Axes, drawing: Drawing) -> str:
    """Its size, and where its axes begin, end and have numbers."""
    wide, high = axes.get_position().size * drawing.get_size_inches() * MM_PER_INCH
    words = (axes.get_title() or axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel())
    parts = [f"{wide:.0f} × {high:.0f} mm", " | ".join(" ".join(word.split()) for word in words)]
    return "; ".join([*parts, *map(axis_words, (axes.xaxis, axes.yaxis))])


def axis_words(axis: Axis) -> str:
    """Begin, end and numbers of an axis."""
    low, end = axis.get_view_interval()
    ticks = [at for at in axis.get_majorticklocs() if min(low, end) <= at <= max(low, end)]
    extent = f"{axis.axis_name} {number(low)} to {number(end)}"
    return f"{extent} at {numbers(ticks)}" if len(ticks) < 7 else f"{extent}, {len(ticks)} rows"


def page_words(drawing: Drawing) -> str:
    """The page, its type, its first panel and its key."""
    panels = [axes for axes in drawing.axes if axes.get_visible()]
    sizes = sorted({text.get_fontsize() for text in drawing.findobj(Text) if text.get_text()})
    high = drawing.get_figheight() * MM_PER_INCH
    parts = [f"{high:.0f} mm high", f"type {numbers(sizes)} pt"]
    for legend in drawing.legends:
        box = legend.get_window_extent().size / drawing.dpi * MM_PER_INCH
        parts.append(f"key {legend._ncols} across, {box[0]:.0f} × {box[1]:.0f} mm")
    parts.append(f"first of {len(panels)} panels {panel_words(panels[0], drawing)}")
    axes = [axis_words(axis) for panel in panels for axis in (panel.xaxis, panel.yaxis)]
    return "; then ".join(["; ".join(parts), *list(dict.fromkeys(axes))[2:]])


def colour_words(colour: object) -> str:
    """A colour as the house calls it, and how much of what lies below it hides."""
    if str(colour) == "none":
        return "empty"
    name = COLOURS.get(to_hex(colour), to_hex(colour))
    alpha = to_rgba(colour)[3]
    return name if alpha == 1.0 else f"{name} of {100.0 * alpha:.0f} %"


def stroke_words(artist: object) -> str:
    """Colour, width (points), dash and mark; colour, edge and hatch of what is filled."""
    match artist:
        case Line2D():
            _, dash = artist._unscaled_dash_pattern
            parts = [colour_words(artist.get_color())]
            if artist.get_linestyle() != "None":
                parts += [f"line {number(artist.get_linewidth())}"]
                parts += [f"dashed {numbers(dash)}"] if dash else []
            if artist.get_marker() != "None":
                parts += [f"mark {artist.get_marker()} {number(artist.get_markersize())}",
                          f"filled {colour_words(artist.get_markerfacecolor())}",
                          f"edge {number(artist.get_markeredgewidth())}"]  # fmt: skip
        case Patch():
            edge = colour_words(artist.get_edgecolor())
            parts = [colour_words(artist.get_facecolor()), "area", bar_words(artist),
                     f"edge {edge} {number(artist.get_linewidth())}",
                     f"hatch {artist.get_hatch()}" if artist.get_hatch() else ""]  # fmt: skip
        case LineCollection():
            widths = numbers(sorted(set(artist.get_linewidths())))
            highs = {number(np.ptp(path.vertices[:, 1])) for path in artist.get_paths()}
            parts = [colour_words(artist.get_color()[0]), "bars", widths]
            parts += [f"{high} high" for high in sorted(highs)]
        case Collection() if len(artist.get_facecolor()):
            parts = [colour_words(artist.get_facecolor()[0]), "band",
                     numbers(sorted(set(artist.get_linewidths())))]  # fmt: skip
        case _:
            parts = []
    return " ".join(part for part in parts if part)


def bar_words(patch: Patch) -> str:
    """Height of a bar and distance of its middle from its row; nothing of other areas."""
    if not isinstance(patch, Rectangle) or patch.get_height() >= 1.0:
        return ""
    middle = patch.get_y() + 0.5 * patch.get_height()
    return f"{number(patch.get_height())} high {number(round(middle % 1.0, 3))} along"


def strokes(drawing: Drawing) -> set[str]:
    """Every kind of stroke in panels and key."""
    artists = [
        artist
        for axes in drawing.axes
        if axes.get_visible()
        for artist in axes.get_children()
        if artist is not axes.patch and not isinstance(artist, Text)
    ]
    artists += [handle for legend in drawing.legends for handle in legend.legend_handles]
    return {words for artist in artists if (words := stroke_words(artist))}


def look_lines(drawings: Mapping[tuple[str, float], Drawing]) -> list[str]:
    """Pages of figures by name and width (mm), then which figures have a stroke."""
    lines = [
        f"{name}, {mm:g} mm: {page_words(drawing)}" for (name, mm), drawing in drawings.items()
    ]
    widest = max(mm for _, mm in drawings)
    strokes_by_name = {
        name: strokes(drawing) for (name, mm), drawing in drawings.items() if mm == widest
    }
    return lines + [
        f"{stroke}: {', '.join(name for name, used in strokes_by_name.items() if stroke in used)}"
        for stroke in sorted(set().union(*strokes_by_name.values()))
    ]
