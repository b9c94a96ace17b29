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
from urllib.parse import quote

from markupsafe import Markup

_OPEN, _TEXT, _CLOSE = "\ue000", "\ue001", "\ue002"
"""Letters of the private use area: before an address, before its text, after it."""

_FIELD = "\ue003"

_MARKED = re.compile(f"{_OPEN}([^{_OPEN}{_TEXT}]*){_TEXT}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
_UNADDRESSED = re.compile(
    r"<svg\b.*?</svg>|<title\b.*?</title>|<script\b.*?</script>|<[^>]*>", re.S
)
"""Parts of a page whose text is no content of its own, and tags with their attributes."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "verdicts": ("hypothesis",),
    "power": ("hypothesis",),
    "trials": ("participant_id", "trial_id"),
    "steps": ("participant_id", "trial_id", "step"),
    "faults": ("participant_id", "trial_id", "about", "rank"),
    "quality": ("participant_id", "trial_id", "measure"),
    "single_athletes": ("hypothesis", "participant_id"),
    "differences": (
        *("participant_id", "comparison", "first", "second", "condition", "speed_mps"),
        *("level", "source", "target", "statistic", "axis"),
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


def where(**values: Any) -> str:
    """Key of the rows that have these values; several values of a column are alternatives."""
    parts = []
    for name, value in values.items():
        several = value if isinstance(value, (list, tuple)) else (value,)
        parts.append(f"{name}={'|'.join(map(_quoted, several))}")
    return ";".join(parts)


class Condition(str):
    """A condition of a column instead of a value."""

    __slots__ = ()


PRESENT = Condition("*")
"""The cell is not empty."""


KEPT = {"kept": "yes"}
LEFT_OUT = {"kept": "no"}
"""KEPT, LEFT_OUT: Steps that pages show (`aqbio.figures.step_means.kept_steps`), and all others."""


def holds(part: str) -> Condition:
    """The cell is a list that holds a name."""
    return Condition(f"~{quote(part, safe='')}")


def begins(text: str) -> Condition:
    """The cell is this up to its first semicolon."""
    return Condition(f"^{quote(text, safe='')}")


def other_than(value: str) -> Condition:
    """The cell is another one."""
    return Condition(f"!{quote(value, safe='')}")


def _quoted(value: Any) -> str:
    if isinstance(value, Condition):
        return str(value)
    is_missing = value is None or value != value
    return "" if is_missing else quote(f"{value:.12g}" if _is_float(value) else str(value), safe="")


def _is_float(value: Any) -> bool:
    return isinstance(value, float)


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


def marked(
    text: object, table: str, key: str, column: str = "", *, factor: float = 1.0, by: str = ""
) -> str:
    """Write what is computed from a column in the rows of a key."""
    times = "" if factor == 1.0 else f"{factor:.15g}"
    fields = _FIELD.join((table, key, column, by, times))
    return f"{_OPEN}{fields}{_TEXT}{text}{_CLOSE}"


def plain(text: str) -> str:
    """The text as a reader sees it."""
    return _MARKED.sub(r"\2", text)


def with_addresses(page: str) -> str:
    """Turn the marks of a finished page into elements; attributes and drawings keep the text."""
    if _OPEN not in page:
        return page
    page = _UNADDRESSED.sub(lambda part: plain(part[0]), page)
    return _MARKED.sub(lambda part: _element(part[1].split(_FIELD), part[2]), page)


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
