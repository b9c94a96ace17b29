"""Which sections of the settings each stage reads, found in the source without running it.

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
"""What a study is called."""


@cache
def modules() -> dict[str, ast.Module]:
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = ast.parse(path.read_text("utf-8"))
    return found


@cache
def names(module: str) -> dict[str, str]:
    """Where the names of a module are defined, ``module:Name``; a module as itself."""
    found = {}
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aqbio"):
            for one in node.names:
                whole = f"{node.module}.{one.name}"
                place = whole if whole in modules() else f"{node.module}:{one.name}"
                found[one.asname or one.name] = place
    return found | {name: f"{module}:{name}" for name in definitions(module)}


@cache
def definitions(module: str) -> dict[str, ast.stmt]:
    """Functions, classes and constants of a module."""
    found: dict[str, ast.stmt] = {}
    for node in modules()[module].body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                found |= {x.id: node for x in ast.walk(target) if isinstance(x, ast.Name)}
    return found


def resolved(place: str) -> str:
    """Where a name is defined, through re-exports."""
    module, _, name = place.partition(":")
    if module not in modules() or name in definitions(module) or name not in names(module):
        return place
    return resolved(names(module)[name])


@cache
def reads(place: str) -> tuple[set[str], set[str]]:
    """Sections that a definition reads itself, and what else it mentions."""
    module, _, name = place.partition(":")
    own, sections, mentioned = names(module), set(), set()
    for node in ast.walk(definitions(module)[name]):
        if isinstance(node, ast.Name) and node.id in own:
            mentioned.add(resolved(own[node.id]))
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).rpartition(".")[2]
            if owner in ("settings", "asked") and node.attr in SECTIONS:
                sections.add(node.attr)
            if owner in STUDIES:
                sections |= {x for x, members in OF_STUDY.items() if node.attr in members}
            if own.get(owner) in modules():
                mentioned.add(resolved(f"{own[owner]}:{node.attr}"))
    return sections, mentioned


def reached(stage: str) -> Iterator[str]:
    """All that a stage refers to, directly or not."""
    grain = "study" if stage in STUDY_STAGES else "participant"
    waiting, found = [f"{stage_module(stage).__name__}:{stage}_{grain}"], set()
    while waiting:
        module, _, name = (place := waiting.pop()).partition(":")
        known = module in modules() and name in definitions(module)
        if known and place not in found and place != STUDY and module not in STOP:
            found.add(place)
            yield place
            waiting += reads(place)[1]


def sections_read(stage: str) -> dict[str, set[str]]:
    """The sections that a stage reads, with the functions that do."""
    found: dict[str, set[str]] = {}
    for place in reached(stage):
        for section in reads(place)[0]:
            found.setdefault(section, set()).add(place)
    return found
