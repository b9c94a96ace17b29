"""Rows of recordings.tsv for a folder: ``python -m validation.published FOLDER SOURCE [PREFIX]``.

FOLDER holds the files as they lie at the address of SOURCE; PREFIX is their folder below the
study's recordings (the source's name without one).
"""

from __future__ import annotations

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
    folder, source, *rest = arguments
    print("\n".join(rows(Path(folder), source, rest[0] if rest else source)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
