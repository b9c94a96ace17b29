"""Which settings each function of aqbio reads, found in the source without running it.

Types are followed from annotations: parameters, fields of classes, return values, assignments and
unpacked tuples. ``study.settings.prepare.cutoff_hz`` is a read of ``Prepare.cutoff_hz`` because the
parameter ``study`` is annotated ``Study``, whose field ``settings`` is annotated ``StudySettings``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import aqbio

ROOT = Path(aqbio.__file__).parent
Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
Kind = str | tuple["Kind", ...] | None
"""A class as ``module:Name``, a tuple of kinds, or unknown."""


@dataclass(frozen=True)
class Module:
    """One source file: what it defines, and where its other names come from."""

    name: str
    definitions: dict[str, Definition]
    imported: dict[str, str]


@dataclass
class Reads:
    """Fields that a definition reads, as ``module:Class.field``, and what else it refers to."""

    fields: set[str] = field(default_factory=set)
    refers: set[str] = field(default_factory=set)


@cache
def modules() -> dict[str, Module]:
    """Parse all source files."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aqbio"):
                imported |= {a.asname or a.name: f"{node.module}:{a.name}" for a in node.names}
        own = dict(named for node in tree.body for named in _named(node))
        found[name] = Module(name, own, imported)
    return found


def _named(node: ast.stmt) -> Iterator[tuple[str, Definition]]:
    """What a statement of a module defines: a function, a class, or constants."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name, node
    if isinstance(node, ast.Assign | ast.AnnAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from ((one.id, node) for one in ast.walk(target) if isinstance(one, ast.Name))


def resolved(module: Module, name: str) -> str | None:
    """Give where a name is defined, ``module:Name``, through re-exports; a module as itself."""
    if name in module.definitions:
        return f"{module.name}:{name}"
    target = module.imported.get(name)
    if target is None:
        return None
    source, _, inner = target.partition(":")
    if f"{source}.{inner}" in modules():
        return f"{source}.{inner}"
    return resolved(modules()[source], inner) if source in modules() else None


def definition(place: str) -> tuple[Module, Definition]:
    """Give the syntax tree of ``module:Name``."""
    module, _, name = place.partition(":")
    return modules()[module], modules()[module].definitions[name]


def kind_of_annotation(module: Module, node: ast.expr | None) -> Kind:
    """Give the class that an annotation names; of alternatives, the first class of ours."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return kind_of_annotation(module, ast.parse(node.value, mode="eval").body)
    if isinstance(node, ast.Name):
        place = resolved(module, node.id)
        return place if place and ":" in place else None
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        place = resolved(module, node.value.id)
        return resolved(modules()[place], node.attr) if place in modules() else None
    if isinstance(node, ast.BinOp):
        left = kind_of_annotation(module, node.left)
        return left or kind_of_annotation(module, node.right)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if node.value.id == "tuple":
            return tuple(kind_of_annotation(module, item) for item in inner)
    return None


@cache
def fields_of(place: str) -> dict[str, Kind]:
    """Give the annotated fields and properties of a class, with their kinds."""
    module, node = definition(place)
    found: dict[str, Kind] = {}
    for item in node.body if isinstance(node, ast.ClassDef) else []:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            found[item.target.id] = kind_of_annotation(module, item.annotation)
        if isinstance(item, ast.FunctionDef):
            found[item.name] = kind_of_annotation(module, item.returns)
    return found


class Reader(ast.NodeVisitor):
    """Walks one definition and records what it reads."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.reads = Reads()
        self.kinds: dict[str, Kind] = {}

    def kind(self, node: ast.expr) -> Kind:
        if isinstance(node, ast.Name):
            return self.kinds.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.kind(node.value)
            return fields_of(owner).get(node.attr) if isinstance(owner, str) else None
        if isinstance(node, ast.Tuple):
            return tuple(self.kind(item) for item in node.elts)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            place = resolved(self.module, node.func.id)
            if place and ":" in place:
                home, called = definition(place) if _known(place) else (None, None)
                if isinstance(called, ast.ClassDef):
                    return place
                if home and isinstance(called, ast.FunctionDef):
                    return kind_of_annotation(home, called.returns)
        return None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            self.kinds[argument.arg] = self.kinds.get(argument.arg) or kind_of_annotation(
                self.module, argument.annotation
            )
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        kind = self.kind(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.kinds[target.id] = kind
            if isinstance(target, ast.Tuple) and isinstance(kind, tuple):
                names = [item.id for item in target.elts if isinstance(item, ast.Name)]
                self.kinds |= dict(zip(names, kind, strict=False))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        owner = self.kind(node.value)
        if isinstance(owner, str) and node.attr in fields_of(owner):
            self.reads.fields.add(f"{owner}.{node.attr}")
        if isinstance(node.value, ast.Name):
            place = resolved(self.module, node.value.id)
            if place in modules() and (inner := resolved(modules()[place], node.attr)):
                self.reads.refers.add(inner)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        place = resolved(self.module, node.id)
        if place and ":" in place:
            self.reads.refers.add(place)


def _known(place: str) -> bool:
    module, _, name = place.partition(":")
    return module in modules() and name in modules()[module].definitions


@cache
def reads(place: str) -> Reads:
    """Give what one function or class reads itself."""
    module, node = definition(place)
    reader = Reader(module)
    if isinstance(node, ast.ClassDef):
        reader.kinds["self"] = place
    reader.visit(node)
    return reader.reads


def all_places() -> Iterator[str]:
    """Give every function and class of aqbio."""
    for module in modules().values():
        yield from (f"{module.name}:{name}" for name in module.definitions)


def reached(start: str, *, stop: tuple[str, ...]) -> set[str]:
    """All that a definition refers to, directly or not, but for what stops the search."""
    waiting, found = [start], set()
    while waiting:
        place = waiting.pop()
        outside = place in stop or place.partition(":")[0] in stop
        if place in found or outside or not _known(place):
            continue
        found.add(place)
        waiting += reads(place).refers
    return found
