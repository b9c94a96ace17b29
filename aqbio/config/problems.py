"""From pydantic's errors to findings that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from aqbio.config.everyday import REMOVED
from aqbio.config.words import closest, expected, members
from aqbio.errors import Finding

Location: TypeAlias = tuple[int | str, ...]

_BOUNDS = {"gt": "greater than", "ge": "at least", "lt": "less than", "le": "at most"}

_KINDS = (
    ("finite_number", "a finite number"),
    ("int", "a whole number"),
    ("float", "a number"),
    ("bool", "true or false"),
    ("tuple", "a list, for example [1, 2]"),
    ("invalid_key", "a word"),
)
"""How the names of pydantic's errors begin, and what was expected."""

_OTHER_UNITS = (
    ("_m", 100.0, "metres"),
    ("_kg", 1000.0, "kilograms"),
    ("_mps", 3.6, "metres per second, not km/h"),
)
"""How names end, what the value is divided by, and the unit that it has then."""

_NO_MAPPING = ("model_type", "model_attributes_type", "dict_type")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an error is in the file, and what was expected there."""

    location: Location
    """Keys and list positions in the file."""
    annotation: Any
    """Of the value at the location."""
    parent: Any
    """Of what holds the value."""
    choice: bool
    """Whether every alternative of the annotation failed."""

    @property
    def name(self) -> str:
        """The location in words, list items counted from 1."""
        name = ""
        for part in self.location:
            name += f" (item {part + 1})" if isinstance(part, int) else f".{part}"
        return name.removeprefix(".") or "the file"


def findings_of(
    errors: Sequence[ErrorDetails],
    model: type[BaseModel],
    path: Path,
    where: Callable[[Location], str],
) -> Iterator[Finding]:
    """Findings on pydantic's errors about a file; alternatives that all failed are one problem."""
    reported: set[Location] = set()
    for error in errors:
        place = _place(model, error)
        if place.choice:
            if place.location in reported or _other_alternative(place, error):
                continue
            reported.add(place.location)
        what, fix = _words(place, error)
        yield Finding(
            rule="settings",
            severity="error",
            what=what,
            file=str(path),
            where=where(place.location),
            fix=fix or "correct it there; config/README.md explains every setting and column.",
        )


def _place(model: type[BaseModel], error: ErrorDetails) -> _Place:
    """Follow the location through the types; pydantic adds a level for each alternative."""
    location: list[int | str] = []
    parent: Any = None
    annotation: Any = model
    for part in error["loc"]:
        kinds = members(annotation)
        if len(kinds) > 1:
            mappings = _mappings(annotation)
            followed = len(mappings) == 1 and mappings[0].__name__ in str(part)
            if not followed or error["type"] in _NO_MAPPING:
                return _Place(tuple(location), annotation, parent, choice=True)
            annotation = mappings[0]
            continue
        location.append(part)
        parent, annotation = kinds[0], _inside(kinds[0], part)
    return _Place(tuple(location), annotation, parent, choice=False)


def _mappings(annotation: Any) -> list[Any]:
    return [kind for kind in members(annotation) if hasattr(kind, "model_fields")]


def _other_alternative(place: _Place, error: ErrorDetails) -> bool:
    """Whether a mapping was given and one alternative is a mapping: its errors say enough."""
    return isinstance(error["input"], Mapping) and len(_mappings(place.annotation)) == 1


def _inside(kind: Any, part: int | str) -> Any:
    """The type of a field, of a mapping's value or of a list's item."""
    if hasattr(kind, "model_fields"):
        field = kind.model_fields.get(part)
        return None if field is None else field.annotation
    arguments = get_args(kind)
    if get_origin(kind) is dict:
        return arguments[1]
    return arguments[0] if arguments else None


def _words(place: _Place, error: ErrorDetails) -> tuple[str, str]:
    """What is wrong, and the fix."""
    name, kind = place.name, error["type"]
    value: object = error["input"]
    given = "" if isinstance(value, Mapping) else f" (given: {value!r})"
    if place.choice:
        return f"{name} must be {expected(place.annotation)}{given}.", ""
    if kind == "missing":
        return f"{name} is missing.", f"add {place.location[-1]}."
    if kind == "extra_forbidden" and name in REMOVED:
        return f"setting {name} is none any more: {REMOVED[name]}", "delete its line."
    if kind == "extra_forbidden":
        return f"setting {name} is unknown.", _suggestion(place)
    if kind == "value_error":
        subject = f"{name}: " if place.location else ""
        given = "" if value is None else given
        what, _, fix = error["msg"].removeprefix("Value error, ").partition(" Fix: ")
        return f"{subject}{what}{given}.", fix
    if kind == "literal_error":
        known = [str(option) for option in get_args(members(place.annotation)[0])]
        near = closest(str(value), known)
        fix = f"did you mean {near}?" if near else ""
        return f"{name} must be one of {expected(place.annotation)}{given}.", fix
    if kind in _NO_MAPPING:
        if value is None:
            return f"{name} is empty.", "write settings below it, or delete the line."
        return f"{name} must hold settings of its own{given}.", _allowed_names(place.annotation)
    if kind == "string_type":
        return f"{name} must be text{given}.", f'write it in quotes: "{value}".'
    if unit := _other_unit(place, error):
        return f"{name} must be {_constraint(error)}{given}.", unit
    comma = isinstance(value, str) and "," in value and kind == "float_parsing"
    fix = f"write a decimal point: {str(value).replace(',', '.')}." if comma else ""
    return f"{name} must be {_constraint(error)}{given}.", fix


def _other_unit(place: _Place, error: ErrorDetails) -> str:
    """The fix where a value fits in another unit: centimetres, grams, km/h."""
    name, context = str(place.location[-1] if place.location else ""), error.get("ctx", {})
    for ending, factor, unit in _OTHER_UNITS:
        if name.endswith(ending) and "le" in context:
            try:
                value = float(error["input"]) / factor
            except (TypeError, ValueError):
                return ""
            return f"write {unit}: {value:g}." if value <= context["le"] else f"write {unit}."
    return ""


def _constraint(error: ErrorDetails) -> str:
    """Which bound, kind or spelling was expected."""
    context = error.get("ctx", {})
    for key, words in _BOUNDS.items():
        if key in context:
            return f"{words} {context[key]:g}"
    if error["type"] == "string_pattern_mismatch":
        extra = re.search(r"0-9([^\]]+)\]\*", context["pattern"])
        signs = f" and {' '.join(extra.group(1))}" if extra else ""
        return f"letters, digits{signs} only, with a letter or digit first"
    for prefix, words in _KINDS:
        if error["type"].startswith(prefix):
            return words
    return f"different: {error['msg'][0].lower()}{error['msg'][1:]}"


def _suggestion(place: _Place) -> str:
    """The name that was probably meant, or the names that are known."""
    fields = getattr(place.parent, "model_fields", {})
    near = closest(str(place.location[-1]), fields)
    return f"did you mean {near}?" if near else _allowed_names(place.parent)


def _allowed_names(kind: Any) -> str:
    names = sorted(getattr(members(kind)[0], "model_fields", {}))
    return f"known here: {', '.join(names)}."
