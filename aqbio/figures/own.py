"""Figures of one's own: those of a study under each other, and in another look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from aqbio.config.figure_file import FigureStyle
from aqbio.figures.content import FigureContent
from aqbio.figures.letters import lettered
from aqbio.figures.style import drawn_in, journal_style, pale, sheet


def combined(contents: Sequence[FigureContent], width_mm: float) -> tuple[Figure, dict[str, str]]:
    """Draw figures one below the other, lettered on from each to the next.

    Parameters
    ----------
    contents : sequence of FigureContent
        At least one.
    width_mm : float
        Width on paper, mm.

    Returns
    -------
    Figure
    dict
        What every panel shows, by letter.
    """
    alone = [content.draw(width_mm) for content in contents]
    if len(alone) == 1:
        return alone[0], lettered(alone[0])
    heights = [one.get_figheight() for one in alone]
    with journal_style():
        figure = sheet(width_mm, 25.4 * sum(heights))
        places = figure.subfigures(len(contents), 1, height_ratios=heights, squeeze=False).ravel()
    panels: dict[str, str] = {}
    for place, content in zip(places, contents, strict=True):
        with drawn_in(place):
            content.draw(width_mm)
        panels |= lettered(place, after=len(panels), alone=False)
    return figure, panels


def restyle(figure: Figure, style: FigureStyle) -> None:
    """Give a drawn figure another look.

    Parameters
    ----------
    figure : Figure
        As the study draws it.
    style : FigureStyle
    """
    colours = _with_pale(style)
    for text in figure.findobj(Text):
        text.set_fontsize(style.letters * float(text.get_fontsize()))
        if style.typeface:
            text.set_fontfamily([style.typeface, *text.get_fontfamily()])
        text.set_color(_changed(text.get_color(), colours))
    for line in figure.findobj(Line2D):
        line.set_linewidth(style.lines * line.get_linewidth())
        line.set_color(_changed(line.get_color(), colours))
        line.set_markerfacecolor(_changed(line.get_markerfacecolor(), colours))
        line.set_markeredgecolor(_changed(line.get_markeredgecolor(), colours))
    for patch in figure.findobj(Patch):
        if colours:
            patch.set_edgecolor(_changed(patch.get_edgecolor(), colours))
            patch.set_facecolor(_changed(patch.get_facecolor(), colours))
    for area in figure.findobj(Collection):
        if colours and area.get_array() is None:
            area.set_edgecolor([_changed(one, colours) for one in area.get_edgecolor()])
            area.set_facecolor([_changed(one, colours) for one in area.get_facecolor()])


def _with_pale(style: FigureStyle) -> dict[str, str]:
    """Colours and their pale versions, by what they are changed from."""
    found = {}
    for old, new in style.colours.items():
        found[old.lower()] = new
        found[to_hex(pale(old))] = to_hex(pale(new))
    return found


def _changed(colour: Any, colours: dict[str, str]) -> Any:
    """A colour in the new look, as transparent as before."""
    if isinstance(colour, str) and colour in ("none", "auto"):
        return colour
    new = colours.get(to_hex(colour))
    if new is None:
        return colour
    transparent = len(colour) == 4 and not isinstance(colour, str)
    return (new, float(colour[3])) if transparent else new
