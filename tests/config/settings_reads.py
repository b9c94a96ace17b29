"""Sections of the settings that each stage reads, found in the source without running it.

From the stage's function on, along the names that functions and classes mention: a section is read
where code says ``….settings.prepare``, or asks a study for something that obeys a section.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import aqbio
from aqbio.config import SECTIONS
from aqbio.stage_table import STUDY_STAGES, stage_module

ROOT = Path(aqbio.__file__).parent
STUDY = "aqbio.io.study:Study"
STOP = ("aqbio.io.provenance", "aqbio.study.jobs")
"""Names of the laboratory's files, and what every stage depends on: no number follows from them."""

OF_STUDY = {
    "files": ("data", "recording", "forces"),
    "model": ("map_file", "model_map", "marker_file", "marker_set", "model_file"),
    "hypotheses": ("registry_file", "strength_file", "strength"),
}
"""Members of Study that read a section on behalf of a stage."""
STUDIES = ("study", "on", "other")
"""Names of variables that hold a study."""


@cache
def modules() -> dict[str, ast.Module]:
    trees = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        trees[".".join(parts).removesuffix(".__init__")] = ast.parse(path.read_text("utf-8"))
    return trees


@cache
def names(module: str) -> dict[str, str]:
    """Definitions of a module's names, ``module:Name``; a module as itself."""
    definition_of = {}
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aqbio"):
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                definition = submodule if submodule in modules() else f"{node.module}:{alias.name}"
                definition_of[alias.asname or alias.name] = definition
    return definition_of | {name: f"{module}:{name}" for name in definitions(module)}


@cache
def definitions(module: str) -> dict[str, ast.stmt]:
    """Functions, classes and constants of a module."""
    statements: dict[str, ast.stmt] = {}
    for node in modules()[module].body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            statements[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                statements |= {x.id: node for x in ast.walk(target) if isinstance(x, ast.Name)}
    return statements


def resolved(definition: str) -> str:
    """Definition of a name, through re-exports."""
    module, _, name = definition.partition(":")
    if module not in modules() or name in definitions(module) or name not in names(module):
        return definition
    return resolved(names(module)[name])


@cache
def reads(definition: str) -> tuple[set[str], set[str]]:
    """Sections that a definition reads itself, and what else it mentions."""
    module, _, name = definition.partition(":")
    definition_of, sections, mentioned = names(module), set(), set()
    for node in ast.walk(definitions(module)[name]):
        if isinstance(node, ast.Name) and node.id in definition_of:
            mentioned.add(resolved(definition_of[node.id]))
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).rpartition(".")[2]
            if owner in ("settings", "asked") and node.attr in SECTIONS:
                sections.add(node.attr)
            if owner in STUDIES:
                sections |= {x for x, members in OF_STUDY.items() if node.attr in members}
            if definition_of.get(owner) in modules():
                mentioned.add(resolved(f"{definition_of[owner]}:{node.attr}"))
    return sections, mentioned


def reached(stage: str) -> Iterator[str]:
    """All that a stage refers to, directly or not."""
    grain = "study" if stage in STUDY_STAGES else "participant"
    waiting, visited = [f"{stage_module(stage).__name__}:{stage}_{grain}"], set()
    while waiting:
        module, _, name = (definition := waiting.pop()).partition(":")
        is_defined = module in modules() and name in definitions(module)
        if is_defined and definition not in visited and definition != STUDY and module not in STOP:
            visited.add(definition)
            yield definition
            waiting += reads(definition)[1]


def sections_read(stage: str) -> dict[str, set[str]]:
    """The sections that a stage reads, with the functions that do."""
    readers: dict[str, set[str]] = {}
    for definition in reached(stage):
        for section in reads(definition)[0]:
            readers.setdefault(section, set()).add(definition)
    return readers
