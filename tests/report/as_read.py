"""Words of a page as a reader sees them, without the marks of addresses."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from aqbio.pages.address import plain

Words = TypeVar("Words")


def as_read(words: Words) -> Words:
    """The same with every text in it as it is read."""
    if isinstance(words, str):
        return plain(words)
    if isinstance(words, tuple):
        return tuple(map(as_read, words))
    if is_dataclass(words):
        texts = {
            field.name: as_read(getattr(words, field.name)) for field in fields(words)
            if isinstance(getattr(words, field.name), (str, tuple))
        }  # fmt: skip
        return replace(words, **texts)
    return words
