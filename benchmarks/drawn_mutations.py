"""``python -m benchmarks.drawn_mutations --seed 1 --count 60``: mistakes that nobody chose.

Places of the code are drawn by a seed, one operator, comparison, sign or number is changed in a
copy of the project, and the tests that import the changed module are run until one turns red.
Mistakes that survive are holes in the tests, or change nothing.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.durations import read_record

ROOT = Path(__file__).parents[1]

PARTS = (
    "aqbio", "benchmarks", "config", "data", "docs", "models", "scripts", "tests", "validation",
    "workflow",
)  # fmt: skip
"""Folders of the project that tests need; with the files beside them."""

TESTS_FAILED = 1
"""pytest: tests ran and at least one failed; any other code is no proof."""

ROOMS = (
    *("recordings", "labels", "body", "multibody", "inverse_kinematics", "consistency", "gait"),
    *("contributions", "intervals", "steps", "multiverse", "stats", "hypotheses", "figures"),
    *("pages", "intake", "study", "io", "config", "observed"),
)
OPERATORS = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*",
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.And: "or", ast.Or: "and",
}  # fmt: skip
SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Lt: "<", ast.LtE: "<=",
    ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.And: "and", ast.Or: "or",
}  # fmt: skip
UNMARKED = "not workflow and not browser and not install and not slurm and not real"

MOST_SECONDS = 60.0
"""CPU seconds of recorded tests that a mistake has to survive."""

UNKNOWN_SECONDS = 30.0
"""Taken for a file without a record."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a file: bytes from `start` to `stop` become `wrong`."""

    file: str
    line: int
    start: int
    stop: int
    wrong: str


def run_pytest(root: Path, *arguments: str) -> int:
    """Status of pytest in a copy of the project, which ends at the first failure."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments]
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)
    return done.returncode


def copied(target: Path) -> Path:
    """The project in another folder, without results and environments."""
    for part in PARTS:
        made = ("__pycache__", *(["recordings"] if part == "data" else []))
        shutil.copytree(ROOT / part, target / part, ignore=shutil.ignore_patterns(*made))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, target)
    return target


def changes(file: str, source: bytes) -> list[Change]:
    """Everything that can be changed in a file: operators, comparisons, signs and numbers."""
    tree = ast.parse(source)
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def at(line: int, column: int) -> int:
        return starts[line - 1] + column

    found = []
    for node in ast.walk(tree):
        for start, stop, wrong in _of_node(node, source, at):
            found.append(Change(file, node.lineno, start, stop, wrong))
    return sorted(set(found), key=lambda one: (one.start, one.wrong))


def _of_node(node, source, at) -> Iterator[tuple[int, int, str]]:
    if isinstance(node, ast.BinOp) and _numeric(node):
        yield from _between(node.left, node.right, type(node.op), source, at)
    elif isinstance(node, ast.Compare):
        for left, operator, right in zip(
            (node.left, *node.comparators), node.ops, node.comparators, strict=False
        ):
            yield from _between(left, right, type(operator), source, at)
    elif isinstance(node, ast.BoolOp):
        yield from _between(node.values[0], node.values[1], type(node.op), source, at)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        start = at(node.lineno, node.col_offset)
        yield start, start + 1, ""
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        changed = node.value + 1 if type(node.value) is int else node.value * 1.5 or 1.0
        start, stop = at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset)
        yield start, stop, repr(changed)


def _numeric(node: ast.BinOp) -> bool:
    """No texts that are put together, no paths, no types."""
    texts = (ast.JoinedStr, ast.List, ast.Tuple)
    sides = (node.left, node.right)
    return not any(
        isinstance(one, texts) or (isinstance(one, ast.Constant) and isinstance(one.value, str))
        for one in sides
    )


def _between(left, right, kind, source, at) -> Iterator[tuple[int, int, str]]:
    if kind not in OPERATORS:
        return
    start, stop = at(left.end_lineno, left.end_col_offset), at(right.lineno, right.col_offset)
    place = source[start:stop].find(SIGNS[kind].encode())
    if place >= 0:
        yield start + place, start + place + len(SIGNS[kind]), OPERATORS[kind]


def drawn(seed: int, count: int) -> list[Change]:
    """Changes of files of all rooms, each room as often as any other."""
    generator = random.Random(seed)
    rooms = {}
    for room in ROOMS:
        files = sorted((ROOT / "aqbio" / room).rglob("*.py"))
        every = [
            one
            for path in files
            for one in changes(path.relative_to(ROOT).as_posix(), path.read_bytes())
        ]
        rooms[room] = every
    return [generator.choice(rooms[ROOMS[number % len(ROOMS)]]) for number in range(count)]


def guards(file: str) -> list[str]:
    """Test files that import a module, the cheapest first, and its own examples.

    Where no test imports it, those that import a module that does.
    """
    record, spent, chosen = read_record(), 0.0, [file]
    name = Path(file).stem
    own = _importers(file, "tests", "test_*.py")
    if not own:
        above = _importers(file, "aqbio", "*.py")
        own = {test for one in above for test in _importers(one, "tests", "test_*.py")}
    for one in sorted(
        own, key=lambda path: (name not in Path(path).stem, record.get(path, UNKNOWN_SECONDS))
    ):
        spent += record.get(one, UNKNOWN_SECONDS)
        if spent <= MOST_SECONDS or len(chosen) == 1:
            chosen.append(one)
    return chosen


def _importers(file: str, folder: str, names: str) -> set[str]:
    """Files that import a module."""
    module = file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    package, _, name = module.rpartition(".")
    several = rf"from {re.escape(package)} import (?:\([^)]*|[^\n]*)\b{name}\b"
    pattern = re.compile(rf"{re.escape(module)}\b|{several}")
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob(names)
        if "real" not in path.parts and pattern.search(path.read_text(encoding="utf-8"))
    }


def survives(change: Change, root: Path) -> tuple[bool, str]:
    """Whether no test notices, and what was run."""
    path = root / change.file
    right = path.read_bytes()
    path.write_bytes(right[: change.start] + change.wrong.encode() + right[change.stop :])
    try:
        own = guards(change.file)
        code = run_pytest(root, *own, "-m", UNMARKED)
    finally:
        path.write_bytes(right)
    return code != TESTS_FAILED, f"{len(own)} files, pytest {code}"


def main(arguments: Sequence[str]) -> int:
    """Draw, try, and say line by line; 1 if one survived."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drawn_mutations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the draw")
    told = parser.parse_args(arguments)
    chosen = list(enumerate(drawn(told.seed, told.count), 1))
    chosen = [one for one in chosen if not told.only or one[0] in told.only]
    left = 0
    with tempfile.TemporaryDirectory() as folder:
        root = copied(Path(folder))
        for number, change in chosen:
            alive, run = survives(change, root)
            left += alive
            right = (ROOT / change.file).read_bytes()
            line = right.splitlines()[change.line - 1].decode().strip()
            was = right[change.start : change.stop].decode()
            place = f"{number}: {'SURVIVED' if alive else 'noticed'} ({run}) {change.file}"
            sys.stdout.write(f"{place}:{change.line} {was!r} -> {change.wrong!r} in: {line}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - left} of {len(chosen)} noticed\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
