"""Parts of sentences: how they begin, end and are typeset."""

from __future__ import annotations

import math
import re
from typing import Any

_MINUS = re.compile(r"(?<![\w.])-(?=\d)")
"""A hyphen that stands for minus: before a number, behind no letter and no digit."""

_PERCENT = re.compile(r"(?<=\d)%")


_NAME = re.compile(r"[a-z][a-z0-9]+(?:[._][A-Za-z0-9]+)+")
"""A setting, a file or a coordinate: who copies it needs its letters as they are."""


def capital(words: str) -> str:
    """Words as the start of a sentence, whatever follows; names stay as they are written."""
    return words if _NAME.match(words) else words[:1].upper() + words[1:]


def lowered(title: str) -> str:
    """A title as part of a sentence."""
    return title[:1].lower() + title[1:]


def closed(reason: str) -> str:
    """A reason that ends as a sentence, with real minus signs and a space before %."""
    reason = _PERCENT.sub(" %", _MINUS.sub("−", reason))
    return reason if not reason or reason.endswith(".") else f"{reason}."


def missing(value: Any) -> bool:
    """Whether a cell of a table says nothing."""
    return value is None or (isinstance(value, float) and math.isnan(value))
