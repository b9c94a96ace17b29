"""Studies on disk, altered by the entries of a file: mistakes of people and faults of disks."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from aqbio.io.study import MODELS
from tests.small_study import replace


def alterations(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Alterations by name, each a list of steps: an operation and what it is given."""
    content: dict[str, list[dict[str, Any]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def alter(folder: Path, steps: list[dict[str, Any]]) -> None:
    """Apply steps of an alteration to a study, in their order."""
    for step in steps:
        [(operation, arguments)] = step.items()
        OPERATIONS[operation](folder, *(arguments if isinstance(arguments, list) else [arguments]))


def _settings(folder: Path, text: str) -> None:
    replace(folder / "study.yaml", "files:", f"{text}\nfiles:")


def _row(folder: Path, sheet: str, text: str) -> None:
    with (folder / sheet).open("a") as file:
        file.write(text.replace(" ", "\t") + "\n")


def _column(folder: Path, sheet: str, name: str, cells: str) -> None:
    """Add a column; the last cell is repeated."""
    header, *rows = (folder / sheet).read_text().splitlines()
    cell_of_row = cells.split() + [cells.split()[-1]] * len(rows)
    rows = [f"{row}\t{cell}" for row, cell in zip(rows, cell_of_row, strict=False)]
    (folder / sheet).write_text("\n".join([f"{header}\t{name}", *rows]) + "\n")


def _map(folder: Path, name: str = "", before: str = "", after: str = "") -> None:
    """The sprint model's map and marker set as files of the study, one of them changed."""
    if not (folder / "map").exists():
        shutil.copytree(MODELS / "sprint", folder / "map")
        _settings(folder, "model: {map: map/map.yaml}")
    if name:
        text = (folder / "map" / name).read_text("utf-8")
        assert before in text
        (folder / "map" / name).write_text(text.replace(before, after), "utf-8")


def _lines(folder: Path, file: str, count: int, before: str, after: str) -> None:
    """Only the first lines, in which a text is replaced once."""
    lines = (folder / file).read_text("utf-8").replace(before, after, 1).split("\n")[:count]
    (folder / file).write_text("\n".join(lines) + "\n", "utf-8")


def _without(folder: Path, sheet: str, pattern: str) -> None:
    lines = (folder / sheet).read_text().splitlines()
    remaining = [line for line in lines if not re.search(pattern, line)]
    (folder / sheet).write_text("\n".join(remaining) + "\n")


OPERATIONS: dict[str, Callable[..., object]] = {
    "settings": _settings,
    "replace": lambda folder, file, before, after: replace(folder / file, before, after),
    "row": _row,
    "column": _column,
    "map": _map,
    "lines": _lines,
    "without": _without,
    "copy": lambda folder, source, target: shutil.copy(folder / source, folder / target),
    "move": lambda folder, source, target: (folder / source).rename(folder / target),
    "remove": lambda folder, *files: [(folder / name).unlink() for name in files],
    "cut": lambda folder, file, size: (folder / file).write_bytes(
        (folder / file).read_bytes()[:size]
    ),
    "write": lambda folder, file, text: (folder / file).write_text(text),
}
