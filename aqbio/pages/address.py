"""Numbers, names and comparisons on pages with their address in the tables of the study.

What `cell` and `derived` write is plain text in which marks of no meaning to a reader enclose the
address; sentences join it as any other text. `with_addresses` turns the marks of a finished page
into ``<data>`` elements: table, key of the rows, column and, where it is no single cell, what is
computed from it (``data-by``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from aqbio.figures.marks import (
    CLOSE,
    FIELD,
    KEPT,
    LEFT_OUT,
    MARKED,
    OPEN,
    PRESENT,
    TEXT,
    begins,
    constant,
    holds,
    marked,
    names,
    other_than,
    plain,
    where,
)

__all__ = [
    "KEPT",
    "LEFT_OUT",
    "PRESENT",
    "begins",
    "constant",
    "holds",
    "marked",
    "names",
    "other_than",
    "plain",
    "where",
]

_UNADDRESSED = re.compile(
    r"<svg\b.*?</svg>|<title\b.*?</title>|<script\b.*?</script>|<[^>]*>", re.S
)
"""Parts of a page whose text is no content of its own, and tags with their attributes."""

_BEFORE_PERCENT = re.compile(
    rf"{_UNADDRESSED.pattern}|{OPEN}[^{TEXT}]*{TEXT}|(?<=[\d{CLOSE}]) (?=%)", re.S
)
"""The same, addresses, and the space between a number and its per cent."""

NO_BREAK = "\N{NO-BREAK SPACE}"

KEYS: Mapping[str, tuple[str, ...]] = {
    "verdicts": ("hypothesis",),
    "power": ("hypothesis",),
    "trials": ("participant_id", "trial_id"),
    "steps": ("participant_id", "trial_id", "step"),
    "faults": ("participant_id", "trial_id", "about", "rank"),
    "quality": ("participant_id", "trial_id", "measure"),
    "fit_changes": ("participant_id", "trial_id", "quantity", "part", "axis", "statistic"),
    "single_athletes": ("hypothesis", "participant_id"),
    "differences": (
        *("participant_id", "comparison", "first", "second", "condition", "speed_mps"),
        *("side", "level", "source", "target", "statistic", "axis"),
    ),
    "step_means": (
        *("participant_id", "condition", "speed_mps", "side"),
        *("level", "source", "target", "statistic", "axis"),
    ),
    "figures/stance_means": ("condition", "speed_mps", "quantity", "source", "axis"),
    "figures/caused_rotation": ("condition", "speed_mps", "panel", "source", "variant"),
}
"""Columns that tell the rows of a table apart."""


def row_key(table: str, row: Mapping[str, Any]) -> str:
    """Key of a row of a table."""
    return where(**{name: row[name] for name in KEYS[table]})


def cell(
    table: str,
    row: Mapping[str, Any],
    column: str,
    text: object,
    *,
    factor: float = 1.0,
    by: str = "",
) -> str:
    """Write a cell of a row, times `factor` where that is the unit of the text."""
    return marked(text, table, row_key(table, row), column, factor=factor, by=by)


def with_addresses(page: str) -> str:
    """Turn the marks of a finished page into elements; attributes and drawings keep the text.

    No line breaks between a number and its per cent.
    """
    page = _BEFORE_PERCENT.sub(lambda part: NO_BREAK if part[0] == " " else plain(part[0]), page)
    return MARKED.sub(lambda part: _element(part[1].split(FIELD), part[2]), page)


_EXPONENT = re.compile("×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def _power(match: re.Match[str]) -> str:
    return f"e{match[1].translate(_RAISED)}"


def _element(fields: Iterable[str], text: str) -> str:
    names = ("table", "key", "column", "by", "factor")
    stated = [f' data-{name}="{value}"' for name, value in zip(names, fields, strict=True) if value]
    value = _EXPONENT.sub(_power, text.replace("−", "-"))
    return f'<data value="{value}"{"".join(stated)}>{text}</data>'


def attributes(table: str, row: Mapping[str, Any], column: str = "") -> Markup:
    """Attributes of an element whose cells are of this row; without a column, these name it."""
    place = Markup(' data-table="{}" data-key="{}"').format(table, row_key(table, row))
    return place + (Markup(' data-column="{}"').format(column) if column else Markup())
