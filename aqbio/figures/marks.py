"""Marks of no meaning to a reader around numbers and names: where in the tables they stand.

What `marked` writes is plain text in which letters of the private use area enclose the address;
sentences join it as any other text. `aqbio.pages.address` turns the marks of a finished page into
elements.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

OPEN, TEXT, CLOSE = "\ue000", "\ue001", "\ue002"
"""Letters of the private use area: before an address, before its text, after it."""

FIELD = "\ue003"
"""Between the parts of an address: table, key, column, what is computed, factor."""

MARKED = re.compile(f"{OPEN}([^{OPEN}{TEXT}]*){TEXT}([^{OPEN}{CLOSE}]*){CLOSE}")
"""A text with its address."""


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


def names(kind: str) -> Condition:
    """The cell names a row of a sheet of this kind as a whole."""
    return Condition(f"@{quote(kind, safe='')}")


def other_than(value: str) -> Condition:
    """The cell is another one."""
    return Condition(f"!{quote(value, safe='')}")


def _quoted(value: Any) -> str:
    if isinstance(value, Condition):
        return str(value)
    is_missing = value is None or value != value
    return "" if is_missing else _safe(f"{value:.12g}" if _is_float(value) else str(value))


@cache
def _safe(text: str) -> str:
    """A value without letters that a key is made of; the same ones return in every row."""
    return quote(text, safe="")


def _is_float(value: Any) -> bool:
    return isinstance(value, float)


def marked(
    text: object, table: str, key: str, column: str = "", *, factor: float = 1.0, by: str = ""
) -> str:
    """Write what is computed from a column in the rows of a key."""
    times = "" if factor == 1.0 else f"{factor:.15g}"
    fields = FIELD.join((table, key, column, by, times))
    return f"{OPEN}{fields}{TEXT}{text}{CLOSE}"


def plain(text: str) -> str:
    """The text as a reader sees it."""
    return MARKED.sub(r"\2", text)


def constant(text: str) -> str:
    """Write words with a number that is the same in every study: a year, a definition, a limit."""
    return marked(text, "", "", by=CONSTANT)


CONSTANT = "constant"
"""What is computed of no table."""


Spot = tuple[int, int, str]
"""Where an address begins and ends in a text as it is read, and the address."""


def spots(text: str) -> list[Spot]:
    """Addresses of a text apart from it, for files that people read."""
    listed: list[Spot] = []
    removed = 0
    for match in MARKED.finditer(text):
        begin = match.start() - removed
        listed.append((begin, begin + len(match[2]), match[1]))
        removed += len(match[0]) - len(match[2])
    return listed


def with_spots(text: str, listed: Sequence[Spot]) -> str:
    """A text with the addresses that lie apart from it."""
    for begin, end, fields in reversed(listed):
        text = f"{text[:begin]}{OPEN}{fields}{TEXT}{text[begin:end]}{CLOSE}{text[end:]}"
    return text
