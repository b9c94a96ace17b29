"""Records that check themselves: what a stage left, file by file, and whether it is still that.

The record of a stage is its manifest. It carries the hash of every file that the stage left, and a
seal: a digest of all this and of the record's own content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from aqbio.io.atomic import write_text
from aqbio.io.provenance import file_hash

Kind = Literal["missing", "damaged", "foreign", "failed"]

FILES, SEAL, INTERNAL = "files", "seal", "internal_errors"

RECORD = "the record"
"""Stands for the record among the files that are not what they were."""


def seal(record: Path, made: Iterable[Path], internal: Sequence[str] = ()) -> None:
    """Write into a record what its stage left."""
    logs = record.parent / "logs"
    files = {
        path.relative_to(record.parent).as_posix(): file_hash(path)
        for path in made
        if path.is_file() and path != record and path.parent != logs
    }
    content = read_record(record) | {FILES: dict(sorted(files.items()))}
    if internal:
        content[INTERNAL] = list(internal)
    content[SEAL] = _seal(content)
    write_text(record, as_json(content))


def broken(record: Path, content: Mapping[str, Any] | None = None) -> dict[str, Kind]:
    """What is not as a record says, by name: ``missing`` or ``damaged``."""
    known = read_record(record) if content is None else content
    if not known:
        return {RECORD: "damaged" if record.exists() else "missing"}
    if known.get(SEAL) != _seal(known):
        return {RECORD: "damaged"}
    found: dict[str, Kind] = {}
    for name, stated in known[FILES].items():
        path = record.parent / name
        if not path.is_file():
            found[name] = "missing"
        elif file_hash(path) != stated:
            found[name] = "damaged"
    return found


def read_record(record: Path) -> dict[str, Any]:
    """Content of a record; empty where there is none that can be read."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def as_json(content: Mapping[str, Any]) -> str:
    """A record as text."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def digest(content: object) -> str:
    """16 hexadecimal digits that stand for some plain content."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _seal(content: Mapping[str, Any]) -> str:
    return digest({name: value for name, value in content.items() if name != SEAL})
