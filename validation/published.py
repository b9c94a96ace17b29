"""Rows of recordings.tsv: ``python -m validation.published FOLDER SOURCE [PREFIX]``."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


def rows(folder: Path, source: str, prefix: str) -> Iterator[str]:
    """A line per file: file, source, path, bytes, sha256."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside, content = path.relative_to(folder).as_posix(), path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        yield "\t".join((f"{prefix}/{inside}", source, inside, str(len(content)), digest))


def main(arguments: Sequence[str]) -> int:
    """Print the rows."""
    parser = argparse.ArgumentParser(
        prog="python -m validation.published", description="Print rows of recordings.tsv."
    )
    parser.add_argument("folder", type=Path, help="the files as they lie at the source's address")
    parser.add_argument("source", help="name of the source in sources.tsv")
    parser.add_argument("prefix", nargs="?", help="their folder in recordings/ (default: SOURCE)")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is not a folder.")
    print("\n".join(rows(options.folder, options.source, options.prefix or options.source)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
