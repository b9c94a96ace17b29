"""Fingerprints of what verdicts are computed by: hashes of source without names and layout.

A fingerprint follows functions through `aqbio.stats` and `aqbio.hypotheses`, and constants wherever
they stand; functions of other rooms are known by their name. What a module, constant, function or
local variable is called, comments, docstrings, annotations, imports and sentences do not count.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, get_args

from aqbio.names import ROLE_GROUPS
from aqbio.stats.registry import StatisticName, short_hash

ROOMS = ("aqbio.hypotheses", "aqbio.stats")
"""Rooms whose functions are followed."""

PARTS = {
    "evidence": (
        ("aqbio.multiverse.step_rows", "step_numbers"),
        ("aqbio.hypotheses.gathered", "read_evidence"),
    ),
    "rule": (("aqbio.stats.verdict", "examine"), ("aqbio.stats.verdict", "judge")),
}
"""Functions behind every verdict, by what they make."""

STATISTIC_NAMES = frozenset(get_args(StatisticName))

IGNORED = ("annotation", "ctx", "format_spec", "kind", "returns", "type_comment", "type_params")
"""Fields of syntax that change no number."""

Reader: TypeAlias = Callable[[str], ast.Module]
"""function. From the name of a module to its syntax; empty of what is not aqbio's."""

Definition: TypeAlias = tuple[str, ast.AST]
"""Module, and a function, a class or the expression of a constant in it."""


PACKAGE = Path(__file__).parents[1]


@cache
def package_module(name: str) -> ast.Module:
    """Parse a module of the package; an empty one where there is no such file."""
    stem = PACKAGE.parent.joinpath(*name.split("."))
    files = stem.with_suffix(".py"), stem / "__init__.py"
    is_own = name.partition(".")[0] == PACKAGE.name
    path = next((file for file in files if is_own and file.is_file()), None)
    return ast.parse(path.read_text(encoding="utf-8") if path else "")


@cache
def verdict_computation() -> Mapping[str, str]:
    """Fingerprints of evidence, rule and every statistic in this package."""
    return computation(package_module)


def computation(read: Reader) -> dict[str, str]:
    """Fingerprints of evidence and rule, and of every statistic by its name in the registry."""
    source = _Source(read)
    module, table = source.statistics
    roots: dict[str, list[Definition]] = {
        part: [(home, source.definitions(home)[name]) for home, name in functions]
        for part, functions in PARTS.items()
    }
    for key, entry in zip(_keys(table), getattr(table, "values", ()), strict=True):
        roots[key] = [(module, entry)]
    return {
        name: short_hash(_Fingerprint(source, found).content()) for name, found in roots.items()
    }


class _Source:
    """Definitions and imports of modules, and the methods of classes that are followed."""

    def __init__(self, read: Reader) -> None:
        self.definitions = cache(lambda module: dict(_definitions(read(module))))
        self.imports = cache(lambda module: dict(_imports(read(module))))
        followed = [
            (module, node)
            for room in ROOMS
            for file in sorted(PACKAGE.joinpath(room.rpartition(".")[2]).glob("*.py"))
            for module in (f"{room}.{file.stem}",)
            for node in self.definitions(module).values()
        ]
        self.statistics = next(one for one in followed if {*_keys(one[1])} == STATISTIC_NAMES)
        """Table of the statistics: a fingerprint ends there."""
        self.methods: dict[str, list[Definition]] = {}
        for module, node in followed:
            for part in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(part, ast.FunctionDef):
                    self.methods.setdefault(part.name, []).append((module, part))

    def meaning(self, module: str, name: str) -> Definition | str:
        """Definition that a name stands for in a module; the original name if none is followed."""
        while name not in self.definitions(module) and name in self.imports(module):
            module, name = self.imports(module)[name]
            if not _is_followed(module, name):
                return name
        is_known = _is_followed(module, name) and name in self.definitions(module)
        return (module, self.definitions(module)[name]) if is_known else name


class _Fingerprint:
    """Content of definitions and of all that they use, numbered in the order of use."""

    def __init__(self, source: _Source, roots: list[Definition]) -> None:
        self.source, self.definitions = source, list(roots)
        self.numbers: dict[ast.AST, int] = {}
        self.module = ""
        self.local_numbers: dict[str, int | None] = {}
        """Names that the definition at hand gives to its own values, numbered where first met."""

    def content(self) -> list[Any]:
        """Plain content of every definition; the list of them grows meanwhile."""
        parts = []
        for module, node in self.definitions:
            self.module = module
            parts.append(self._scope(node))
        return parts

    def _scope(self, node: ast.AST) -> Any:
        """Content of a definition; methods of a class have local names of their own."""
        outer = self.local_numbers
        self.local_numbers = {} if isinstance(node, ast.ClassDef) else _local_names(node)
        content = self._fields(node)
        self.local_numbers = outer
        return content

    def _plain(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._plain(part) for part in node if not _computes_nothing(part)]
        if isinstance(node, ast.Constant | ast.JoinedStr) and _is_sentence(node):
            return "sentence"
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.arg):
            return self._local(node.arg)
        if isinstance(node, ast.FunctionDef) and node.name not in self.local_numbers:
            return [node.name, self._scope(node)]
        if isinstance(node, ast.AST):
            return self._fields(node)
        return repr(node)

    def _fields(self, node: ast.AST) -> Any:
        fields = {name: value for name, value in ast.iter_fields(node) if name not in IGNORED}
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
            del fields["name"]
        if isinstance(node, ast.AnnAssign):
            fields = {"targets": [node.target], "value": node.value}
        plain = {name: self._plain(value) for name, value in fields.items() if value not in ([],)}
        if isinstance(node, ast.Attribute):
            methods = self.source.methods.get(node.attr, ())
            plain["methods"] = [self._number(method) for method in methods]
        return [type(node).__name__.removeprefix("Ann"), plain]

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.local_numbers:
            return self._local(node.id)
        if not isinstance(node.ctx, ast.Load):
            return node.id  # a field of a class
        meaning = self.source.meaning(self.module, node.id)
        if isinstance(meaning, str):
            return meaning
        return "statistics" if meaning == self.source.statistics else self._number(meaning)

    def _local(self, name: str) -> str:
        if self.local_numbers[name] is None:
            numbered = [number for number in self.local_numbers.values() if number is not None]
            self.local_numbers[name] = len(numbered)
        return f"local {self.local_numbers[name]}"

    def _number(self, definition: Definition) -> int:
        if definition[1] not in self.numbers:
            self.numbers[definition[1]] = len(self.numbers)
            self.definitions.append(definition)
        return self.numbers[definition[1]]


def _is_followed(module: str, name: str) -> bool:
    """True of everything in `ROOMS`, and of constants of other rooms."""
    return module.rpartition(".")[0] in ROOMS or name.isupper()


def _keys(node: ast.AST) -> list[Any]:
    """Keys of a mapping that is written out; empty for anything else."""
    keys = node.keys if isinstance(node, ast.Dict) else ()
    return [key.value for key in keys if isinstance(key, ast.Constant)]


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Functions and classes of a module, and the expressions of its constants, by name."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
                elif isinstance(target, ast.Tuple):
                    parts = getattr(node.value, "elts", [node.value] * len(target.elts))
                    yield from zip((ast.unparse(one) for one in target.elts), parts, strict=True)


def _imports(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """Module and original name of what a module imports, in functions too."""
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            home = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            yield alias.asname or alias.name, (home, alias.name)


def _local_names(node: ast.AST) -> dict[str, int | None]:
    """Names that a function or an expression gives to its own values, not numbered."""
    names: dict[str, int | None] = {}
    for part in ast.walk(node):
        if isinstance(part, ast.arg):
            names[part.arg] = None
        elif isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            names[part.id] = None
        elif isinstance(part, ast.FunctionDef | ast.ExceptHandler) and part is not node:
            names |= {part.name: None} if part.name else {}
    return names


def _is_sentence(node: ast.AST) -> bool:
    """True of words for people: names of columns, groups and labels have no blanks between."""
    texts = [getattr(part, "value", None) for part in ast.walk(node)]
    return any(
        isinstance(text, str) and " " in text and not {*text.split()} <= {*ROLE_GROUPS}
        for text in texts
    )


def _computes_nothing(node: Any) -> bool:
    """True of docstrings, imports, declarations and assertions."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    declares = ast.Import | ast.ImportFrom | ast.Assert | ast.Global | ast.Nonlocal
    return is_text or isinstance(node, declares)
