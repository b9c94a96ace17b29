"""What people write into sheets and settings: numbers in decimal digits, texts of one spelling.

Python, YAML 1.1 and pydantic read more as numbers than anybody means: ``7_0`` as 70, ``1:30`` as
90, ``010`` as 8 and ``true`` as 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

# numbers ------------------------------------------------------------------------------------------

WHOLE_NUMBER = re.compile(r"[-+]?[0-9]+")
DECIMAL_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NO_FINITE_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
"""Numbers of YAML 1.2 in decimal digits, and those that no setting takes."""

INT_TAG, FLOAT_TAG = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"


class WrittenModel(BaseModel):
    """Fields that a person fills in: a number is written in decimal digits."""

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_odd_numbers(cls, value: object, info: ValidationInfo) -> object:
        annotation: Any = cls.model_fields[info.field_name or ""].annotation
        kinds = _leaf_kinds(annotation)
        if kinds <= {int, float, type(None)} and any(map(_is_odd_number, _leaves(value))):
            name = "int" if float not in kinds else "float"
            raise PydanticCustomError(f"{name}_written", "no number in decimal digits")  # type: ignore[misc, unused-ignore]
        return value


@cache
def _leaf_kinds(annotation: Any) -> frozenset[Any]:
    """Types of single values in a type: of a list's items, of a mapping's values."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _leaf_kinds(inside[0])
    if origin is dict:
        return _leaf_kinds(inside[1])
    if origin in (tuple, list, Union, UnionType):
        parts = (part for part in inside if part is not Ellipsis)
        return frozenset().union(*map(_leaf_kinds, parts))
    return frozenset({annotation})


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _is_odd_number(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and "_" in value)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads YAML with libyaml where that is there, ten times as fast; numbers as in YAML 1.2."""


class _WordingLoader(yaml.SafeLoader):
    """The same in Python, with the better words for errors."""


def _whole_number(_loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    """Number in decimal digits: of 010 PyYAML makes 8."""
    return int(node.value)


for _loader in (_Loader, _WordingLoader):
    _loader.yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in resolvers if tag not in (INT_TAG, FLOAT_TAG)]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for _tag, _pattern in (
        (INT_TAG, WHOLE_NUMBER), (FLOAT_TAG, DECIMAL_NUMBER), (FLOAT_TAG, NO_FINITE_NUMBER)
    ):  # fmt: skip
        _whole = re.compile(f"^(?:{_pattern.pattern})$")
        _loader.add_implicit_resolver(_tag, _whole, list("-+.0123456789"))
    _loader.add_constructor(INT_TAG, _whole_number)


def parsed_yaml(text: str) -> tuple[Any, yaml.Node | None]:
    """Parse a document: the loader that constructs its content, and its root."""
    loader: Any
    try:
        loader = _Loader(text)
        return loader, loader.get_single_node()
    except (yaml.YAMLError, ValueError):
        loader = _WordingLoader(text)
        return loader, loader.get_single_node()


def yaml_content(text: str) -> Any:
    """Content of a document."""
    return yaml.load(text, Loader=_Loader)


# texts --------------------------------------------------------------------------------------------

SPELLINGS: dict[str, str] = {}
"""Words for the patterns of texts, by pattern."""


def spelled(pattern: str, words: str) -> str:
    """Return a pattern of texts; a message about a text that does not match it says the words."""
    SPELLINGS[pattern] = words
    return pattern
