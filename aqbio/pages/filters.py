"""How the pages write numbers, and the environment of all templates."""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from aqbio.figures.numbers import shown, shown_together
from aqbio.io.atomic import write_text
from aqbio.pages.reviewer import choices
from aqbio.pages.sentences import capital

ASSETS = resources.files("aqbio.pages") / "assets"
"""Style, scripts and libraries of the pages."""

_UNITS = {"kg m2/s": "kg m²/s"}

_SURELY = 0.001

_VIEW_BOX = re.compile(r"<svg[^>]*\bviewBox=['\"]0 0 ([\d.]+) ([\d.]+)['\"]")

CONTENT_SECURITY = {
    "folder": (
        "default-src 'none'; script-src 'self' file:; style-src 'self' file:; "
        "img-src 'self' file: data: blob:; media-src blob:"
    ),
    "single": (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    ),
}
"""What pages may load: files beside them and nothing else, or only what they hold themselves."""


def write_assets(folder: Path) -> None:
    """Put style, scripts and libraries beside pages."""
    for source, place in ((ASSETS, folder), (ASSETS / "vendor", folder / "vendor")):
        for one in source.iterdir():
            if one.is_file():
                write_text(place / one.name, one.read_text(encoding="utf-8"))


def environment() -> jinja2.Environment:
    """The templates, which escape all text that is not theirs."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("aqbio.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"num": number, "spread": spread, "share": share, "choices": choices}
    made.filters |= {"sentence": capital}
    made.filters |= {"estimate": estimate, "probability": probability, "reach": reach}
    return made


@functools.cache
def template(name: str) -> jinja2.Template:
    """A template that is read once, whatever it is given."""
    return environment().get_template(name)


def number(value: float, unit: str = "", factor: float = 1.0) -> Markup:
    """Write a number so that a program can read on the page what the table says.

    Parameters
    ----------
    value : float
        As in the table.
    unit : str
        Sets the decimals.
    factor : float
        From the table's unit to the page's.

    Examples
    --------
    >>> number(-2.61447, "kg m²/s")
    Markup('<data value="-2.61447">−2.61</data>')
    """
    text = shown(value * factor, _UNITS.get(unit, unit))
    return Markup('<data value="{}">{}</data>').format(f"{value:.15g}", text)


def spread(value: Any, unit: str = "") -> Markup:
    """Write mean ± standard deviation; the latter only where there is one."""
    mean = number(value.mean, unit)
    if value.sd != value.sd:
        return mean
    return mean + Markup("&nbsp;±&nbsp;") + number(value.sd, unit)


def estimate(row: Mapping[str, Any]) -> Markup:
    """Write an estimate with its interval, all to the digit that the interval can carry.

    Examples
    --------
    >>> estimate({"estimate": -6.7e-4, "ci_low": -0.0503, "ci_high": 0.049}).striptags()
    '−0.001 (−0.050 to 0.049)'
    """
    names = ("estimate", "ci_low", "ci_high")
    texts = shown_together(*(float(row[name]) for name in names))
    value, low, high = (
        Markup('<data value="{}">{}</data>').format(f"{row[name]:.15g}", text)
        for name, text in zip(names, texts, strict=True)
    )
    if row["ci_low"] != row["ci_low"]:
        return value
    return Markup("{} ({} to {})").format(value, low, high)


def reach(row: Mapping[str, Any]) -> Markup:
    """Write from where to where the estimate moves under other choices.

    Examples
    --------
    >>> reach({"estimate": 0.5, "lowest": -0.25, "highest": 1.0}).striptags()
    '−0.25 to 1.00'
    """
    names = ("estimate", "lowest", "highest")
    _, *texts = shown_together(*(float(row[name]) for name in names))
    low, high = (
        Markup('<data value="{}">{}</data>').format(f"{row[name]:.15g}", text)
        for name, text in zip(names[1:], texts, strict=True)
    )
    return Markup("{} to {}").format(low, high)


def share(value: float) -> Markup:
    """Write a share in whole per cent.

    Examples
    --------
    >>> share(0.2425).striptags()
    '24'
    """
    return Markup('<data value="{}">{}</data>').format(f"{value:.15g}", f"{100.0 * value:.0f}")


def probability(value: float) -> Markup:
    """Write a p value as journals do.

    Examples
    --------
    >>> probability(3.8e-10)
    Markup('<data value="3.8e-10">&lt;0.001</data>')
    """
    text = f"<{_SURELY:g}" if value < _SURELY else f"{value:.3f}"
    return Markup('<data value="{}">{}</data>').format(f"{value:.15g}", text)


def data_address(svg: str) -> str:
    """Put a drawing into the page itself, so that the page is one file."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def drawing_size(head: str) -> tuple[int, int]:
    """Width and height of a drawing, CSS pixels.

    Parameters
    ----------
    head : str
        Beginning of an SVG file, whose size is in points.

    Examples
    --------
    >>> drawing_size('<svg width="72pt" height="36pt" viewBox="0 0 72 36" version="1.1">')
    (96, 48)
    """
    found = _VIEW_BOX.search(head)
    if found is None:
        raise ValueError("a drawing has no viewBox, so that its size is not known.")
    width, height = (round(float(one) * 96.0 / 72.0) for one in found.groups())
    return width, height
