"""``python -m benchmarks.faults fuzz|corpus``: what the product must survive."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from benchmarks.faults.cases import page
from benchmarks.faults.doors import DOORS
from benchmarks.faults.fuzz import Fuzzed, every_format, fuzzed


def main() -> None:
    """Try, count, and end with status 1 where anything did not survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fuzz", "corpus"))
    parser.add_argument("--count", type=int, default=200, help="tries (of every format)")
    parser.add_argument("--only", default="", help="one format")
    parser.add_argument("--seed", type=int, default=0, help="fuzz: other changes for another one")
    parser.add_argument(
        "--of", type=Path, help="fuzz: change this file, of the format, not a made one"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.of is not None:
            sys.exit(0 if fuzz_of(Path(folder), given.of, given.only, given.count) else 1)
        seeded = partial(fuzz, seed=given.seed)
        every = {"fuzz": seeded, "corpus": corpus}
        sys.exit(0 if every[given.what](Path(folder), given.count, given.only) else 1)


def fuzz_of(folder: Path, file: Path, only: str, count: int) -> bool:
    """Read mutations of a file that somebody has; the same table."""
    door = DOORS[only]
    one = fuzzed(door, file.read_bytes(), folder, count)
    return _told([(f"{only}, of {file.name}", one)])


def fuzz(folder: Path, count: int, only: str, seed: int = 0) -> bool:
    """Read mutated files of every format; a table of what became of them."""
    return _told(every_format(folder, count, only, seed))


def _told(found: Iterable[tuple[str, Fuzzed]]) -> bool:
    print(
        "| format | files | accepted | refused in words | tracebacks | hangs | nonsense | files/s |"
    )
    print("| --- |" + " --- |" * 7)
    sound = True
    for name, one in found:
        cells = (one.tried, one.accepted, one.refused, one.failed, one.hangs)
        rate = one.tried / max(one.seconds, 1e-9)
        print(
            f"| {name} | " + " | ".join(map(str, cells)) + f" | {len(one.nonsense)} | {rate:.0f} |"
        )
        for words, content in (one.tracebacks | one.nonsense).items():
            print(f"    {words}: {content[:200]!r}", file=sys.stderr)
        sound &= not (one.tracebacks or one.nonsense or one.hangs)
        sys.stdout.flush()
    return sound


def corpus(folder: Path, _: int, __: str) -> bool:
    """Write the page of broken studies: what is broken, and what is said first."""
    print(page(folder), end="")
    return True


if __name__ == "__main__":
    main()
