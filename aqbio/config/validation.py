"""From pydantic's errors to messages that a person can act on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from aqbio.boundary import cannot_be_opened, reads
from aqbio.config.problems import Location, findings_of
from aqbio.config.words import closest as closest
from aqbio.errors import AqbioError, Finding

M = TypeVar("M", bound=BaseModel)


LARGEST = 100_000
"""Items that a file of settings may stand for."""


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
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
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
    """The problems of one row of a sheet."""
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

    if root is not None and (count := size(root)) > LARGEST:
        raise ValueError(f"its aliases (*) make {count:.2g} items of it, more than {LARGEST}")


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
            found = [(k, v) for k, v in node.value if k.value == str(part)]
            if not found:
                break
            key, node = found[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):  # an item that is missing is where the list is
                break
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return f"line {line}"
