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
from aqbio.report.reviewer import choices
from aqbio.report.sentences import capital

ASSETS = resources.files("aqbio.report") / "assets"
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
        loader=jinja2.PackageLoader("aqbio.report"),
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
    """Write a number times `factor` with its unit's decimals, readable by programs."""
    text = shown(value * factor, _UNITS.get(unit, unit))
    return Markup('<data value="{}">{}</data>').format(f"{value:.15g}", text)


def spread(value: Any, unit: str = "") -> Markup:
    """Write mean ± standard deviation; the latter only where there is one."""
    mean = number(value.mean, unit)
    if value.sd != value.sd:
        return mean
    return mean + Markup("&nbsp;±&nbsp;") + number(value.sd, unit)


def estimate(row: Mapping[str, Any]) -> Markup:
    """Write an estimate with its interval, all to the digit that the interval can carry."""
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
    """Write from where to where the estimate moves under other choices."""
    names = ("estimate", "lowest", "highest")
    _, *texts = shown_together(*(float(row[name]) for name in names))
    low, high = (
        Markup('<data value="{}">{}</data>').format(f"{row[name]:.15g}", text)
        for name, text in zip(names[1:], texts, strict=True)
    )
    return Markup("{} to {}").format(low, high)


def share(value: float) -> Markup:
    """Write a share in whole per cent."""
    return Markup('<data value="{}">{}</data>').format(f"{value:.15g}", f"{100.0 * value:.0f}")


def probability(value: float) -> Markup:
    """Write a p value as journals do."""
    text = f"<{_SURELY:g}" if value < _SURELY else f"{value:.3f}"
    return Markup('<data value="{}">{}</data>').format(f"{value:.15g}", text)


def data_address(svg: str) -> str:
    """Put a drawing into the page itself, so that the page is one file."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def drawing_size(head: str) -> tuple[int, int]:
    """Width and height of a drawing, CSS pixels."""
    found = _VIEW_BOX.search(head)
    if found is None:
        raise ValueError("a drawing has no viewBox, so that its size is not known.")
    width, height = (round(float(one) * 96.0 / 72.0) for one in found.groups())
    return width, height
