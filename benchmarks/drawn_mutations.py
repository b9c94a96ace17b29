"""``python -m benchmarks.drawn_mutations --seed 1 --count 60``: mistakes drawn at random.

One operator, comparison, sign or number of a drawn line that a run of the small virtual study
enters is changed in a copy of the project, and the test files that enter the line run until a test
fails. A mistake that survives is a hole in the tests, or changes nothing. With ``--incomplete``
branches stop with an error that tests of incomplete recordings enter and the small study does not.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).parents[1]
ROOMS = sorted(path.parent.name for path in (ROOT / "aqbio").glob("*/__init__.py"))
MARKS = "not workflow and not browser and not install and not slurm and not real"
STUDY = ("aqbio", "run", "data/virtual_sprinters/test_study.yaml")
TESTS = ("pytest", "-q", "-m", MARKS, "-p", "benchmarks.entering_tests")
LACKING = "tests/lacking/test_lacking.py"
PLANTED = 'raise KeyError("planted")'
MOST_FILES = 12
"""As many try a mistake: a survivor would run through nearly all tests otherwise."""
ENDLESS_S = 1200.0
"""A mistake after which tests do not end is noticed."""
SIGNS = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"),
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.And: ("and", "or"), ast.Or: ("or", "and"),
}  # fmt: skip
"""The sign of an operator, and the one that is written instead."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One change of a file: bytes from `start` to `stop` become `wrong`."""

    file: str
    start: int
    stop: int
    wrong: str
    line: int


def changes(file: str, source: bytes) -> list[Change]:
    """Everything that can be changed in a file: operators, comparisons, signs and numbers."""
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))

    def span(node: ast.AST) -> tuple[int, int]:
        begin, end = lines[node.lineno - 1], lines[node.end_lineno - 1]
        return begin + node.col_offset, end + node.end_col_offset

    def between(left: ast.AST, right: ast.AST, operator: ast.AST) -> Iterator[tuple[int, int, str]]:
        if type(operator) in SIGNS:
            sign, wrong = SIGNS[type(operator)]
            start, stop = span(left)[1], span(right)[0]
            position = source.find(sign.encode(), start, stop)
            if position >= 0:
                yield position, position + len(sign), wrong

    def of_node(node: ast.AST) -> Iterator[tuple[int, int, str]]:
        match node:
            case ast.BinOp() if not {type(node.left), type(node.right)} & {ast.JoinedStr, ast.List}:
                if not any(_is_text(side) for side in (node.left, node.right)):
                    yield from between(node.left, node.right, node.op)
            case ast.Compare():
                sides = (node.left, *node.comparators)
                for left, right, operator in zip(sides, sides[1:], node.ops, strict=False):
                    yield from between(left, right, operator)
            case ast.BoolOp():
                yield from between(node.values[0], node.values[1], node.op)
            case ast.UnaryOp(op=ast.USub()):
                yield span(node)[0], span(node)[0] + 1, ""
            case ast.Constant(value=value) if type(value) in (int, float):
                yield *span(node), repr(value + 1 if type(value) is int else value * 1.5 or 1.0)

    return sorted(
        {
            Change(file, *site, node.lineno)
            for node in ast.walk(ast.parse(source))
            for site in of_node(node)
        }
    )


def stops(file: str, source: bytes) -> list[Change]:
    """Every branch, stopped by an error in the place of its first statement."""
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    firsts = [
        branch[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.If)
        for branch in (node.body, node.orelse)
        if branch and not isinstance(branch[0], ast.If | ast.Raise)
    ]
    return [
        Change(
            file,
            lines[statement.lineno - 1] + statement.col_offset,
            lines[statement.end_lineno - 1] + statement.end_col_offset,
            PLANTED,
            statement.lineno,
        )
        for statement in firsts
    ]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def drawn_changes(
    seed: int,
    count: int,
    rooms: Sequence[str] = ROOMS,
    entered: Container[tuple[str, int]] | None = None,
    kind: Callable[[str, bytes], list[Change]] = changes,
) -> list[Change]:
    """Changes of files of rooms, each room as often as any other; on lines that are entered."""
    generator, changes_of = random.Random(seed), {}
    for room in rooms:
        files = sorted((ROOT / "aqbio" / room).rglob("*.py"))
        by_file = (kind(path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in files)
        changes_of[room] = [
            change
            for of_file in by_file
            for change in of_file
            if entered is None or (change.file, change.line) in entered
        ]
    filled_rooms = [room for room in rooms if changes_of[room]]
    return [
        generator.choice(changes_of[filled_rooms[number % len(filled_rooms)]])
        for number in range(count)
    ]


Entering = dict[tuple[str, int], set[str]]
"""Of every line that is entered: the test files that enter it, or nothing for a study."""


def entering(root: Path, command: Sequence[str]) -> Entering:
    """Lines of aqbio that a command enters in a copy of the project, in all its processes."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "coveragerc"
        settings.write_text(
            f"[run]\nsource = aqbio\nparallel = true\npatch = subprocess, _exit\n"
            f"context = ${{PYTEST_CURRENT_TEST-}}\ndata_file = {folder}/data\n"
        )
        variables = {"PYTHONPATH": str(root), "COVERAGE_RCFILE": str(settings)}
        subprocess.run(
            [sys.executable, "-m", "coverage", "run", "-m", *command],
            cwd=root,
            env=os.environ | variables,
            check=True,
        )
        coverage = Coverage(config_file=str(settings))
        coverage.combine()
        data = coverage.get_data()
        return {
            (Path(file).relative_to(root).as_posix(), line): {
                name.partition("::")[0] for name in tests if name
            }
            for file in data.measured_files()
            for line, tests in data.contexts_by_lineno(file).items()
        }


def guards(change: Change, tests: Entering) -> list[str]:
    """Test files that enter a line, those first that enter little else; at most MOST_FILES.

    What is computed when a module is imported belongs to no test: the files that enter the module
    most, for their size.
    """
    breadth = Counter(file for files in tests.values() for file in files)
    module = Counter(
        test for (file, _), files in tests.items() if file == change.file for test in files
    )
    entering_files = tests.get((change.file, change.line)) or module.keys()
    return sorted(entering_files, key=lambda test: -module[test] / breadth[test])[:MOST_FILES]


def survives(change: Change, root: Path, files: Sequence[str]) -> bool:
    """True where no test of some files fails with the change in a copy of the project."""
    path = root / change.file
    right = path.read_bytes()
    path.write_bytes(right[: change.start] + change.wrong.encode() + right[change.stop :])
    folders = list(dict.fromkeys(Path(file).parent for file in files))
    # pytest forgets the fixtures of a folder that it comes back to
    by_folder = sorted(files, key=lambda file: folders.index(Path(file).parent))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-m", MARKS, *by_folder]
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        process = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, check=False, timeout=ENDLESS_S
        )
    except subprocess.TimeoutExpired:
        return False
    finally:
        path.write_bytes(right)
    return process.returncode in (0, 5)  # 5: there are none


def main() -> int:
    """Draw, try, and print line by line; 1 if one survived."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drawn_mutations")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--incomplete", action="store_true", help="stop branches, see above")
    parser.add_argument("--rooms", default=",".join(ROOMS), help="separated by commas")
    options = parser.parse_args()
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        unneeded = shutil.ignore_patterns(".git", ".venv", "__pycache__", "build")
        unpacked = shutil.ignore_patterns("results", "recordings")
        shutil.copytree(
            ROOT,
            root,
            ignore=lambda path, names: (
                unpacked(path, names) if "data" in Path(path).parts else unneeded(path, names)
            ),
        )
        usual, tests = entering(root, STUDY), entering(root, (*TESTS, "-n", "auto"))
        lines, kind = usual.keys(), changes
        if options.incomplete:
            lacking = {line for line, files in tests.items() if LACKING in files}
            lines, kind = lacking - usual.keys(), stops
        for number, change in enumerate(
            drawn_changes(options.seed, options.count, options.rooms.split(","), lines, kind), 1
        ):
            alive = survives(change, root, guards(change, tests))
            survived += alive
            source = (ROOT / change.file).read_bytes()
            line = source.splitlines()[change.line - 1].decode().strip()
            was = source[change.start : change.stop].decode()
            verdict = "SURVIVED" if alive else "noticed"
            print(
                f"{number}: {verdict} {change.file}:{change.line} "
                f"{was!r} -> {change.wrong!r} in: {line}",
                flush=True,
            )
    print(f"{options.count - survived} of {options.count} noticed")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main())
