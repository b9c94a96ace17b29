"""From pydantic's errors to messages that a person can act on."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aqbio.errors import AqbioError, Finding

M = TypeVar("M", bound=BaseModel)


class InvalidStudyError(AqbioError):
    """All problems of one or several files at once."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings), rule="settings")


def closest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that looks most like the given one, if any does.

    Examples
    --------
    >>> closest("cutof_hz", ["cutoff_hz", "accuracy"])
    'cutoff_hz'
    """
    matches = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def expand_environment(text: str, *, file: str) -> str:
    """Replace ``${NAME}`` by the environment variable of that name.

    Raises
    ------
    AqbioError
        When the variable is not set.
    """

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


def read_yaml(path: Path, model: type[M]) -> M:
    """Read a YAML file into a pydantic model.

    Raises
    ------
    InvalidStudyError
        All problems at once, each with its line and the nearest known name.
    """
    text = _text(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise AqbioError(
            f"this is not valid YAML: {error.problem or 'syntax error'}.",
            file=str(path),
            where=f"line {mark.line + 1}, column {mark.column + 1}" if mark else "",
            fix="check indentation, colons and quotes on that line.",
            rule="yaml-syntax",
        ) from error
    try:
        return model.model_validate(content or {})
    except ValidationError as error:
        raise InvalidStudyError(
            _finding(detail, model, path, _line(root, detail["loc"])) for detail in error.errors()
        ) from error


def row_findings(
    error: ValidationError, model: type[BaseModel], path: Path, line: int
) -> list[Finding]:
    """Give the problems of one row of a sheet."""
    return [_finding(detail, model, path, f"line {line}") for detail in error.errors()]


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


def _finding(detail: ErrorDetails, model: type[BaseModel], path: Path, where: str) -> Finding:
    location = [str(part) for part in detail["loc"]]
    name = ".".join(location) or "the file"
    fix = ""
    if detail["type"] == "extra_forbidden":
        known = _known_names(model, location[:-1])
        near = closest(location[-1], known)
        what = f"setting {name} is unknown."
        fix = f"did you mean {near}?" if near else f"known here: {', '.join(sorted(known))}."
    elif detail["type"] == "missing":
        what = f"{name} is missing."
        fix = f"add {location[-1]}."
    else:
        given = cast(object, detail["input"])
        shown = f" (given: {given!r})" if not isinstance(given, Mapping) else ""
        message = detail["msg"].removeprefix("Value error, ")
        what = f"{name}: {message[0].lower()}{message[1:]}{shown}."
    return Finding(
        rule="settings", severity="error", what=what, file=str(path), where=where, fix=fix
    )


def _known_names(model: type[BaseModel], location: list[str]) -> set[str]:
    """Give the names that are known at a place in nested models."""
    current: Any = model
    for part in location:
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            break
        current = field.annotation
        if not hasattr(current, "model_fields"):
            options = [a for a in getattr(current, "__args__", ()) if hasattr(a, "model_fields")]
            current = options[0] if options else None
    return set(getattr(current, "model_fields", {}))


def _line(root: yaml.Node | None, location: tuple[int | str, ...]) -> str:
    node, line = root, 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == str(part)]
            if not found:
                break
            key, node = found[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return f"line {line}"
