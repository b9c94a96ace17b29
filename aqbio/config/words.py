"""Words for people: what kind of value is expected, and which known name was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

_PLAIN = {str: "text", float: "number", int: "whole number", bool: "`true`, `false`"}


def closest(word: str, choices: Iterable[str]) -> str | None:
    """The known word that looks most like the given one, capitals aside, if any does."""
    spellings = {name.casefold(): name for name in choices}
    matches = difflib.get_close_matches(word.casefold(), spellings, n=1, cutoff=0.6)
    return spellings[matches[0]] if matches else None


def members(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a type, missing values left out."""
    if get_origin(annotation) is Annotated:
        return members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(kind for kind in get_args(annotation) if kind is not type(None))
    return (annotation,)


def expected(annotation: Any) -> str:
    """What kind of value a type stands for."""
    kinds = members(annotation)
    if len(kinds) > 1:
        return " or ".join(expected(kind) for kind in kinds)
    kind = kinds[0]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return expected(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of {expected(arguments[0])}"
    if origin is dict:
        return f"by name, each {expected(arguments[1])}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "{" + ", ".join(kind.model_fields) + "}"
    return _PLAIN.get(kind, str(kind))
