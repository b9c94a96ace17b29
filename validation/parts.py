"""Worlds one by one: each leaves a file, and what is there is not drawn again."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import aqbio.stats
from aqbio.io.atomic import write_text
from aqbio.stats.registry import read_registry
from validation.matrix import SEED, Cell, cells_of
from validation.worlds import FURTHER, World, random_worlds, worlds

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "results" / "validation"
DRAWN = ("settings", "worlds", "matrix", "truth", "drawn/*", "waves/curves", "waves/studies")
"""Modules of this package that decide what is drawn and judged."""
NOT_DRAWN = ("W5", "W6")
"""Worlds of recordings."""


@cache
def matrix_worlds() -> dict[str, World]:
    """All worlds of the matrix: the first ones, further ones, and those drawn at random."""
    listed = {name: one for name, one in worlds().items() if name not in NOT_DRAWN}
    return listed | worlds(FURTHER) | {one.name: one for one in random_worlds()}


@cache
def code_version() -> str:
    """Hash of the code that decides a verdict or draws a study: words and layout do not count."""
    files = [*Path(aqbio.stats.__file__).parent.glob("*.py")]
    for name in DRAWN:
        files += Path(__file__).parent.glob(f"{name}.py")
    content = "\n".join(f"{one.name}\n{_bare(one)}" for one in sorted(files))
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _bare(path: Path) -> str:
    """Syntax tree of a module without the words that say what it is."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _says(one)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _says(node: ast.AST) -> bool:
    words = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return words and isinstance(node.value.value, str)  # type: ignore[attr-defined]


def key(world: World, studies: int) -> dict[str, object]:
    """What a part depends on."""
    drawn = hashlib.sha256(repr(world).encode()).hexdigest()[:12]
    return {
        "world": world.name,
        "settings": drawn,
        "studies": studies,
        "seed": SEED,
        "registry": read_registry().hash,
        "code": code_version(),
    }


def part(name: str, studies: int, folder: Path = FOLDER) -> list[Cell]:
    """Cells of a world, from its file where that is of the same draw."""
    kept = _kept(name, studies, folder)
    if kept is not None:
        return kept
    world = matrix_worlds()[name]
    count = min(studies, world.design.studies)
    cells = cells_of(world, count, read_registry())
    rows = [asdict(cell) for cell in cells]
    content = {"key": key(world, count), "cells": rows}
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / f"{name}-{count}.json", json.dumps(content, indent=1) + "\n")
    return cells


def is_finished(name: str, studies: int, folder: Path = FOLDER) -> bool:
    """Whether a world was drawn by this code, registry and seed."""
    return _kept(name, studies, folder) is not None


def _kept(name: str, studies: int, folder: Path) -> list[Cell] | None:
    world = matrix_worlds()[name]
    count = min(studies, world.design.studies)
    path = folder / f"{name}-{count}.json"
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    same = content["key"] == key(world, count)
    return [Cell(**row) for row in content["cells"]] if same else None


def parts(
    names: list[str], studies: int, jobs: int, folder: Path = FOLDER
) -> Iterator[tuple[str, list[Cell]]]:
    """Cells of all worlds, in the order in which they are done."""
    work = [(name, studies, folder) for name in names]
    if jobs == 1:
        yield from map(_one, work)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_one, work)


def _one(work: tuple[str, int, Path]) -> tuple[str, list[Cell]]:
    return work[0], part(*work)
