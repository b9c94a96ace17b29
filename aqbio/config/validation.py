"""Translation of errors of YAML and pydantic into messages that a person can act on."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from aqbio.boundary import cannot_be_opened, reads
from aqbio.config.written import SPELLINGS, parsed_yaml
from aqbio.errors import AqbioError, Finding
from aqbio.names import GRAVITY

Location: TypeAlias = tuple[int | str, ...]

_BOUNDS = {"gt": "greater than", "ge": "at least", "lt": "less than", "le": "at most"}

_LENGTHS = {"min_length": "at least", "max_length": "at most"}

_KINDS = (
    ("finite_number", "a finite number"),
    ("int", "a whole number"),
    ("float", "a number"),
    ("bool", "true or false"),
    ("tuple", "a list, for example [1, 2]"),
    ("invalid_key", "a word"),
)
"""Prefix of the names of pydantic's errors, and the expected kind of value."""

_OTHER_UNITS = (
    ("_m", 100.0, "metres"),
    ("_kg", 1000.0, "kilograms"),
    ("_kg", GRAVITY, "kilograms, not newtons"),
    ("_mps", 3.6, "metres per second, not km/h"),
)
"""Suffix of a name, divisor of a value in another unit, and the unit of the quotient."""

_NO_MAPPING = ("model_type", "model_attributes_type", "dict_type")


@dataclass(frozen=True, slots=True)
class _ErrorSite:
    """Location of an error in a file, with the type expected there."""

    location: Location
    """Keys and list positions in the file."""
    annotation: Any
    """Of the value at the location."""
    parent: Any
    """Of the container of the value."""
    choice: bool
    """True if every alternative of the annotation failed."""

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
    describe_location: Callable[[Location], str],
) -> Iterator[Finding]:
    """Findings on pydantic's errors about a file; alternatives that all failed are one problem."""
    reported: set[Location] = set()
    for error in errors:
        site = _error_site(model, error)
        if site.choice:
            if site.location in reported or _other_alternative(site, error):
                continue
            reported.add(site.location)
        message, fix = _words(site, error)
        yield Finding(
            rule="settings",
            severity="error",
            what=message,
            file=str(path),
            where=describe_location(site.location),
            fix=fix or "correct it there; config/README.md explains every setting and column.",
        )


def _error_site(model: type[BaseModel], error: ErrorDetails) -> _ErrorSite:
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
                return _ErrorSite(tuple(location), annotation, parent, choice=True)
            annotation = mappings[0]
            continue
        location.append(part)
        parent, annotation = kinds[0], _inside(kinds[0], part)
    return _ErrorSite(tuple(location), annotation, parent, choice=False)


def _mappings(annotation: Any) -> list[Any]:
    return [kind for kind in members(annotation) if hasattr(kind, "model_fields")]


def _other_alternative(site: _ErrorSite, error: ErrorDetails) -> bool:
    """True if a mapping was given and one alternative is a mapping, whose errors say enough."""
    return isinstance(error["input"], Mapping) and len(_mappings(site.annotation)) == 1


def _inside(kind: Any, part: int | str) -> Any:
    """The type of a field, of a mapping's value or of a list's item."""
    if hasattr(kind, "model_fields"):
        field = kind.model_fields.get(part)
        return None if field is None else field.annotation
    arguments = get_args(kind)
    if get_origin(kind) is dict:
        return arguments[1]
    return arguments[0] if arguments else None


def _words(site: _ErrorSite, error: ErrorDetails) -> tuple[str, str]:
    """Describe an error and its fix."""
    name, kind = site.name, error["type"]
    value: object = error["input"]
    given_words = "" if isinstance(value, Mapping) else f" (given: {value!r})"
    if site.choice:
        return f"{name} must be {expected(site.annotation)}{given_words}.", ""
    if kind == "missing":
        return f"{name} is missing.", f"add {site.location[-1]}."
    if kind == "extra_forbidden":
        return f"setting {name} is unknown.", _suggestion(site)
    if kind == "value_error":
        subject = f"{name}: " if site.location else ""
        given_words = "" if value is None else given_words
        message, _, fix = error["msg"].removeprefix("Value error, ").partition(" Fix: ")
        return f"{subject}{message}{given_words}.", fix
    if kind == "literal_error":
        options = [str(option) for option in get_args(members(site.annotation)[0])]
        near = closest(str(value), options)
        fix = f"did you mean {near}?" if near else ""
        return f"{name} must be one of {expected(site.annotation)}{given_words}.", fix
    if kind in _NO_MAPPING:
        if value is None:
            return f"{name} is empty.", "write settings below it, or delete the line."
        return f"{name} must hold settings of its own{given_words}.", _allowed_names(
            site.annotation
        )
    if kind == "string_type":
        return f"{name} must be text{given_words}.", f'write it in quotes: "{value}".'
    if unit := _other_unit(site, error):
        return f"{name} must be {_constraint(error)}{given_words}.", unit
    fix = ""
    if isinstance(value, str) and "," in value and kind == "float_parsing":
        fix = _with_decimal_point(value)
    elif isinstance(value, str) and kind.endswith("_written"):
        fix = f"write digits without underscores: {value.replace('_', '')}."
    return f"{name} must be {_constraint(error)}{given_words}.", fix


def _other_unit(site: _ErrorSite, error: ErrorDetails) -> str:
    """The fix where a value fits in another unit: centimetres, grams, km/h."""
    name, context = str(site.location[-1] if site.location else ""), error.get("ctx", {})
    for ending, factor, unit in _OTHER_UNITS:
        if name.endswith(ending) and "le" in context:
            try:
                value = float(f"{float(error['input']) / factor:.4g}")
                TypeAdapter(site.annotation).validate_python(value)
            except (TypeError, ValueError):
                continue
            if value <= context["le"]:
                return f"write {unit}: {value:g}."
    return ""


def _with_decimal_point(text: str) -> str:
    """The fix where a number has a comma as its decimal sign; else that it is a number alone."""
    number = text.replace(",", ".")
    try:
        float(number)
    except ValueError:
        return "write the number alone, with a decimal point."
    return f"write a decimal point: {number}."


def _constraint(error: ErrorDetails) -> str:
    """Describe the expected bound, kind or spelling."""
    context = error.get("ctx", {})
    for key, words in _BOUNDS.items():
        if key in context:
            return f"{words} {context[key]:g}"
    if error["type"] == "string_pattern_mismatch":
        return SPELLINGS.get(context["pattern"], f"text that matches {context['pattern']}")
    for key, words in _LENGTHS.items():
        if key in context:
            unit = "letter" if isinstance(error["input"], str) else "item"
            return f"{words} {context[key]} {unit}{'s' * (context[key] != 1)} long"
    for prefix, words in _KINDS:
        if error["type"].startswith(prefix):
            return words
    return error["msg"].removeprefix("Input should be ")


def _suggestion(site: _ErrorSite) -> str:
    """Suggest the name that was probably meant, or list the known names."""
    fields = getattr(site.parent, "model_fields", {})
    near = closest(str(site.location[-1]), fields)
    return f"did you mean {near}?" if near else _allowed_names(site.parent)


def _allowed_names(kind: Any) -> str:
    names = sorted(getattr(members(kind)[0], "model_fields", {}))
    return f"known here: {', '.join(names)}."


_PLAIN = {str: "text", float: "number", int: "whole number", bool: "`true`, `false`"}


def closest(word: str, choices: Iterable[str]) -> str | None:
    """The known word that looks most like the given one, capitals aside, if any does."""
    return next(iter(nearest_words(word, choices)), None)


def nearest_words(word: str, choices: Iterable[str]) -> list[str]:
    """At most three known words that look like one, capitals aside; the nearest first."""
    spellings = {name.casefold(): name for name in choices}
    matches = difflib.get_close_matches(word.casefold(), spellings, n=3, cutoff=0.6)
    return [spellings[match] for match in matches]


def members(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of a type, missing values left out."""
    if get_origin(annotation) is Annotated:
        return members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(kind for kind in get_args(annotation) if kind is not type(None))
    return (annotation,)


def expected(annotation: Any) -> str:
    """Description of the values of a type."""
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


M = TypeVar("M", bound=BaseModel)


MAX_ITEMS = 100_000
"""Largest number of items that a file of settings may expand to."""


class InvalidStudyError(AqbioError):
    """All problems of one or several files at once."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings), rule="settings")


def expand_environment(text: str, *, file: str) -> str:
    """Replace ``${NAME}`` by the environment variable of that name."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise AqbioError(
                f"environment variable {name} is not set, but ${{{name}}} is used.",
                file=file,
                fix=f"run `export {name}=/path/to/folder` first, or write the path itself.",
                rule="environment-variable",
            )
        return os.environ[name]

    return re.sub(r"\$\{(\w+)\}", value, text)


@reads("YAML", "correct what the message names, or begin with `aqbio new`.")
def read_yaml(path: Path, model: type[M]) -> M:
    """Read a YAML file into a pydantic model."""
    text = _text(path)
    try:
        loader, root = parsed_yaml(text)
        _refuse_bombs(root)
        content = None if root is None else loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise AqbioError(
            f"this is not valid YAML: {error.problem or 'syntax error'}.",
            file=str(path),
            where=f"line {mark.line + 1}, column {mark.column + 1}" if mark else "",
            fix="check indentation, colons and quotes on that line.",
            rule="yaml-syntax",
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # signs that no text has, a date that no calendar has, and lists without end
        raise AqbioError(
            f"this is not valid YAML: {' '.join(str(error).split())}.",
            file=str(path),
            fix="remove what the message names, or put it in quotes.",
            rule="yaml-syntax",
        ) from error
    findings = list(_duplicate_keys(root, path))
    try:
        valid = model.model_validate({} if content is None else content)
    except ValidationError as error:
        lines = lambda location: _line(root, location)  # noqa: E731
        raise InvalidStudyError(
            [*findings, *findings_of(error.errors(), model, path, lines)]
        ) from error
    if findings:
        raise InvalidStudyError(findings)
    return valid


def setting_line(path: Path, *location: int | str) -> str:
    """The line of a setting in a YAML file, in words."""
    return _line(yaml.compose(_text(path), Loader=yaml.SafeLoader), location)


def row_findings(
    error: ValidationError, model: type[BaseModel], path: Path, line: int
) -> list[Finding]:
    """Problems of one row of a sheet."""
    return list(findings_of(error.errors(), model, path, lambda _: f"line {line}"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise AqbioError(
            "the file does not exist.", file=str(path), fix="check the path.", rule="file-missing"
        ) from error
    except UnicodeDecodeError as error:
        raise AqbioError(
            f"the file is not UTF-8 text ({error.reason} at byte {error.start}).",
            file=str(path),
            fix="save it as UTF-8 (in Excel: 'Text (Tab delimited)' or 'Unicode text').",
            rule="file-encoding",
        ) from error
    except OSError as error:
        raise cannot_be_opened(path, error) from error


def _refuse_bombs(root: yaml.Node | None) -> None:
    """Refuse aliases (``*name``) by which a short text stands for a huge one, or for itself."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node | tuple[yaml.Node, yaml.Node]) -> int:
        if isinstance(node, tuple):
            return size(node[0]) + size(node[1])
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) in open_nodes:
            raise ValueError("a list or a section contains itself")
        if id(node) not in sizes:
            open_nodes.add(id(node))
            sizes[id(node)] = 1 + sum(map(size, node.value))
            open_nodes.remove(id(node))
        return sizes[id(node)]

    if root is not None and (count := size(root)) > MAX_ITEMS:
        raise ValueError(f"its aliases (*) make {count:.2g} items of it, more than {MAX_ITEMS}")


def _duplicate_keys(root: yaml.Node | None, path: Path) -> Iterator[Finding]:
    """Keys that a mapping has twice: YAML would silently take the last one."""
    waiting: list[tuple[str, yaml.Node | None]] = [("", root)]
    visited = set()
    while waiting:
        above, node = waiting.pop()
        if id(node) in visited:
            continue
        visited.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += [(above, item) for item in node.value]
        if not isinstance(node, yaml.MappingNode):
            continue
        first: dict[str, int] = {}
        for key, value in node.value:
            name, line = f"{above}{key.value}", key.start_mark.line + 1
            if name in first:
                yield Finding(
                    rule="written-twice",
                    severity="error",
                    what=f"{name} is written twice, in lines {first[name]} and {line}.",
                    file=str(path),
                    where=f"line {line}",
                    fix="keep one of them.",
                )
            first.setdefault(name, line)
            waiting.append((f"{name}.", value))


def _line(root: yaml.Node | None, location: Location) -> str:
    node, line = root, 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            entries = [(k, v) for k, v in node.value if k.value == str(part)]
            if not entries:
                break
            key, node = entries[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):  # an item that is missing is where the list is
                break
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return f"line {line}"
