"""Filters that write numbers and sentences on pages, and the environment of all templates."""

from __future__ import annotations

import base64
import functools
import math
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup, escape

from aqbio.figures.words import choice_words, digits, format_interval
from aqbio.io.atomic import write_text
from aqbio.names import INTERVALS
from aqbio.pages.address import attributes, marked, where
from aqbio.version import __version__

ASSETS = resources.files("aqbio.pages") / "assets"
"""Style, scripts and libraries of the pages."""

_UNITS = {"kg m2/s": "kg m²/s"}

_VIEW_BOX = re.compile(r"<svg[^>]*\bviewBox=['\"]0 0 ([\d.]+) ([\d.]+)['\"]")

_MINUS = re.compile(r"(?<![\w.])-(?=\d)")
"""A hyphen that stands for minus: before a number, behind no letter and no digit."""

_PERCENT = re.compile(r"(?<=\d)%")

_NAME = re.compile(r"[a-z][a-z0-9]+(?:[._][A-Za-z0-9]+)+")
"""A setting, a file or a coordinate, whose spelling is preserved for copying."""

CONTENT_SECURITY = {
    "folder": (
        "default-src 'none'; script-src 'self' file:; style-src 'self' file:; "
        "img-src 'self' file: data: blob:; media-src blob:"
    ),
    "single": (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    ),
    "replay": (
        "default-src 'none'; img-src data: blob:; media-src blob:; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'"
    ),
}
"""Sources that pages may load: neighbouring files only, or only their own content."""


PAGES = {
    "index": ("Study", {
        "answer": "In short", "athletes": "Athletes",
        "marks": "Verdicts", "summary": "Sample", "trials": "Trials",
    }),
    "results": ("Results", {
        "carried": "What both sides carry", "driven": "Which joints drive it",
        "verdicts": "Verdicts", "flow": "Flow", "power": "Power", "claims": "Claims not tested",
        "figures": "All figures",
    }),
    "next": ("Record next", {"advice": "What to do"}),
    "quality": ("Quality", {
        "agreement": "Motion, forces, body", "sure": "Uncertainty", "findings": "Findings",
    }),
    "methods": ("Methods", {
        "paste": "Methods to paste", "glossary": "Glossary", "origin": "Origin",
    }),
}  # fmt: skip
"""Pages that are made of sections: title, and words in the menu by template and identifier."""

COMPARE = "compare"
"""The page that is a script."""

MENU = {name: title for name, (title, _) in PAGES.items()} | {COMPARE: "Side by side"}
"""Titles of the pages of the study."""


CITATION = (
    "The aqbio developers. aqbio: push-side and swing-side rotational contributions in sprinting, "
    f"version {__version__}. Software."
)
"""How to cite aqbio, at the foot of every page; the same as ``CITATION.cff``."""


STUDY_LINKS = {"study_href": "href", "study_src": "src"}
"""Attributes that link to pages and scripts of the study, by their names in templates."""

PENDING_LINKS = {name: f"data-{attribute}" for name, attribute in STUDY_LINKS.items()}
"""The same on a person's pages, which are finished before those of the study: links to nothing."""


def with_study_links(page: str) -> str:
    """Turn the pending links of a person's page into links, once the study's pages exist."""
    for name, attribute in STUDY_LINKS.items():
        page = page.replace(f' {PENDING_LINKS[name]}="', f' {attribute}="')
    return page


def write_assets(folder: Path) -> None:
    """Write style, scripts and libraries into the folder of the pages."""
    for source, target in ((ASSETS, folder), (ASSETS / "vendor", folder / "vendor")):
        for file in source.iterdir():
            if file.is_file():
                write_text(target / file.name, file.read_text(encoding="utf-8"))


def environment() -> jinja2.Environment:
    """Environment of the templates, which escapes all inserted text."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("aqbio.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"num": number, "spread": spread, "sentence": capital, "zip": zip}
    templates.filters |= {"estimate": estimate, "within": uncapital}
    templates.globals |= {"row": attributes, "marked": marked, "quote": quoted, "where": where}
    templates.globals |= {
        "interval": INTERVALS,
        "menu": MENU,
        "pages": PAGES,
        "here": "",
        "citation": CITATION,
        "root": "",
        **STUDY_LINKS,
    }
    return templates


_shared_environment = functools.cache(environment)
"""Environment of all templates that need no values of their own: compiles what they share once."""


def template(name: str) -> jinja2.Template:
    """Load a template, once for all of its values."""
    return _shared_environment().get_template(name)


def number(
    value: float, unit: str = "", factor: float = 1.0, column: str = "", at: Any = None
) -> Markup:
    """Write a number times `factor` with its unit's decimals, readable by programs.

    ``column``: of the row that the element around it names, or of the row of ``at``.
    """
    text = digits(value * factor, _UNITS.get(unit, unit))
    place = f' data-table="{escape(at.table)}" data-key="{escape(at.key)}"' if at else ""
    if column:
        place += f' data-column="{escape(column)}"'
    if factor != 1.0:
        place += f' data-factor="{factor:.15g}"'
    return Markup(f'<data value="{value:.15g}"{place}>{escape(text)}</data>')


def quoted(text: str, table: str, column: str, key: str = "") -> str:
    """Quote a cell of a table; nothing of an empty one."""
    if not text:
        return ""
    return marked(text, table, key, column, by="one of")


def spread(value: Any, unit: str = "") -> Markup:
    """Write mean ± standard deviation; the latter only where there is one."""
    mean = number(value.mean, unit, column="mean", at=value)
    if value.sd != value.sd:
        return mean
    return mean + Markup("&nbsp;±&nbsp;") + number(value.sd, unit, column="sd", at=value)


def estimate(row: Mapping[str, Any]) -> Markup:
    """Write an estimate with its interval, all to the digit that the interval can carry."""
    names = ("estimate", "ci_low", "ci_high")
    texts = format_interval(*(float(row[name]) for name in names))
    value, low, high = (
        Markup('<data value="{}"{}>{}</data>').format(
            f"{row[name]:.15g}", attributes("single_athletes", row, name), text
        )
        for name, text in zip(names, texts, strict=True)
    )
    if row["ci_low"] != row["ci_low"]:
        return value
    return Markup("{} ({} to {})").format(value, low, high)


def data_address(svg: str) -> str:
    """Encode a drawing as an address, so that the page is one file."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def drawing_size(head: str) -> tuple[int, int]:
    """Width and height of a drawing, CSS pixels."""
    match = _VIEW_BOX.search(head)
    if match is None:
        raise ValueError("a drawing has no viewBox, so that its size is not known.")
    width, height = (round(float(length) * 96.0 / 72.0) for length in match.groups())
    return width, height


def capital(words: str) -> str:
    """Capitalise the start of a sentence, except for names of settings, files and coordinates."""
    return words if _NAME.match(words) else words[:1].upper() + words[1:]


def uncapital(words: str) -> str:
    """Write words within a sentence."""
    return words[:1].lower() + words[1:]


def closed(reason: str) -> str:
    """End a reason as a sentence, with true minus signs and a space before %."""
    reason = _PERCENT.sub(" %", _MINUS.sub("−", reason))
    return reason if not reason or reason.endswith(".") else f"{reason}."


def missing(value: Any) -> bool:
    """True for an empty cell of a table."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def choices(names: Any) -> str:
    """Name the choices of a cell as a reader would; empty where there is none."""
    return "" if missing(names) else ", ".join(map(choice_words, str(names).split(", ")))


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries by column name."""
    names = [str(name) for name in table.columns]
    return [dict(zip(names, cells, strict=True)) for cells in table.to_numpy(dtype=object).tolist()]


def counted(
    number: int, word: str, table: str = "", key: str = "", column: str = "", *, by: str = "count"
) -> str:
    """A number and its noun; with a table, the number carries its address."""
    text = marked(number, table, key, column, by=by) if table else number
    return f"{text} {word}{'s' * (number != 1)}"


def enumerated(names: Sequence[str]) -> str:
    """List names as in a sentence: a, b and c."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
