"""``python -m benchmarks.mutations [--only m3,st1]``: whether the tests notice mistakes.

Every mistake of tests/mutations.yaml is put into a copy of the project, one at a time, and the test
that is to notice it is run there. A mistake that passes is a hole in the tests.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
REGISTER = ROOT / "tests" / "mutations.yaml"
PARTS = (
    "aqbio", "benchmarks", "config", "data", "docs", "models", "scripts", "tests", "validation",
    "workflow",
)  # fmt: skip
"""Folders of the project that tests need; with the files beside them."""

TESTS_FAILED = 1
"""pytest: tests ran and at least one failed; any other code is no proof."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mistake and the test that notices it.

    Attributes
    ----------
    mistake : str
        In words.
    file : str
        Where it is made.
    right, wrong : str
        Text that stands there exactly once, and what the mistake makes of it.
    test : str
        Node of pytest, without parameters.
    """

    mistake: str
    file: str
    right: str
    wrong: str
    test: str


def mutations(register: Path = REGISTER) -> dict[str, Mutation]:
    """Mistakes by their short names."""
    told = yaml.safe_load(register.read_text(encoding="utf-8"))
    return {name: Mutation(**fields) for name, fields in told.items()}


def mutated(text: str, mutation: Mutation) -> str:
    """Text of a file with the mistake in it.

    Raises
    ------
    ValueError
        Where the right text is not there exactly once: the register is out of date.
    """
    if (count := text.count(mutation.right)) != 1:
        raise ValueError(f"{mutation.file}: {mutation.right!r} is there {count} times, not once.")
    return text.replace(mutation.right, mutation.wrong)


def survivors(
    chosen: Mapping[str, Mutation], root: Path, say: Callable[[str], None]
) -> Iterator[str]:
    """Names of the mistakes that no test noticed.

    Parameters
    ----------
    chosen : mapping of Mutation
    root : Path
        A copy of the project, which is left as it was.
    say : function
        Takes one line per mistake.
    """
    for name, mutation in chosen.items():
        path = root / mutation.file
        right = path.read_text(encoding="utf-8")
        path.write_text(mutated(right, mutation), encoding="utf-8")
        code = run_pytest(root, mutation.test)
        path.write_text(right, encoding="utf-8")
        noticed = code == TESTS_FAILED
        say(f"{name}: {'noticed' if noticed else f'SURVIVED (pytest gave {code})'}")
        if not noticed:
            yield name


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


def main(arguments: Sequence[str]) -> int:
    """Run the chosen mistakes; 1 if one survived."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutations", description=__doc__)
    parser.add_argument("--only", default="", help="short names with commas between; all if empty")
    names = parser.parse_args(arguments).only
    every = mutations()
    chosen = {name: every[name] for name in (names.split(",") if names else every)}
    with tempfile.TemporaryDirectory() as folder:
        left = list(survivors(chosen, copied(Path(folder)), print))
    print(f"{len(chosen) - len(left)} of {len(chosen)} noticed")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
