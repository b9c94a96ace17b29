"""``python -m benchmarks.faults fuzz|corpus``: what the product must survive."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.faults.cases import page
from benchmarks.faults.fuzz import Fuzzed, every_format

HEADS = ("format", "files", "accepted", "refused in words", "tracebacks", "hangs", "nonsense")


def main() -> int:
    """Try, count, and end with status 1 where anything did not survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fuzz", "corpus"))
    parser.add_argument("--count", type=int, default=200, help="tries (of every format)")
    parser.add_argument("--only", default="", help="one format")
    parser.add_argument("--seed", type=int, default=0, help="other changes for another one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.what == "corpus":
            print(page(Path(folder)), end="")
            return 0
        print("| " + " | ".join(HEADS) + " |\n" + "| --- " * len(HEADS) + "|")
        results = every_format(Path(folder), options.count, options.only, options.seed)
        survived = [_survived(name, result) for name, result in results]
        return int(not all(survived))


def _survived(name: str, result: Fuzzed) -> bool:
    cells = (
        result.tried,
        result.accepted,
        result.refused,
        result.failed,
        result.hangs,
        len(result.nonsense),
    )
    print(f"| {name} | " + " | ".join(map(str, cells)) + " |", flush=True)
    for words, content in (result.tracebacks | result.nonsense).items():
        print(f"    {words}: {content[:200]!r}", file=sys.stderr)
    return not (result.tracebacks or result.nonsense or result.hangs)


if __name__ == "__main__":
    sys.exit(main())
