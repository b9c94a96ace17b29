"""Files that are complete or absent, and readers that cache them until they change."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from pathlib import Path
from typing import TypeVar

from aqbio.faults import PROBE_BYTES, writing, writing_fault
from aqbio.operating_system import replace_file

PARTIAL = ".partial"
"""Before the suffix of a file that is being written."""

_FILES_MADE: ContextVar[dict[Path, None] | None] = ContextVar("files made", default=None)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path that is renamed to ``path`` when the block ends without an error."""
    temporary = _new_file(path)
    try:
        yield temporary
        _refuse_full(path)
        temporary.chmod(0o644)
        replace_file(temporary, path)
    except (OSError, RuntimeError, MemoryError) as error:
        temporary.unlink(missing_ok=True)  # the room that it took is not what is missing
        if fault := writing_fault(error, path.parent, path):
            raise fault from error
        raise
    finally:
        temporary.unlink(missing_ok=True)
    note_made([path])


@contextmanager
def files_made() -> Iterator[dict[Path, None]]:
    """The files that are written while the block runs, in their order."""
    files: dict[Path, None] = {}
    token = _FILES_MADE.set(files)
    try:
        yield files
    finally:
        _FILES_MADE.reset(token)


def note_made(paths: list[Path]) -> None:
    """Count files among those that are made now."""
    files = _FILES_MADE.get()
    if files is not None:
        files.update(dict.fromkeys(paths))


def remove_partial(folder: Path, below: str = "") -> None:
    """Remove files that killed runs left half-written; no other process may be writing there."""
    for path in folder.glob(f"{below}.*{PARTIAL}*"):
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file completely or not at all (UTF-8, line feeds)."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _new_file(path: Path) -> Path:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}-", suffix=f"{PARTIAL}{path.suffix}", dir=path.parent
        )
    os.close(handle)
    return Path(name)


def _refuse_full(path: Path) -> None:
    """Refuse a file on a full disk: libraries in C++ do not report that their output was cut."""
    if shutil.disk_usage(path.parent).free < PROBE_BYTES:
        raise OSError(errno.ENOSPC, "no space left", str(path))


R = TypeVar("R")


def file_state(path: Path) -> tuple[int, ...]:
    """Time, size and number of a file, which tell it from another version; empty if missing."""
    try:
        state = path.stat()
    except OSError:
        return ()
    return state.st_mtime_ns, state.st_size, state.st_ino


def cached_until_changed(files: int | None) -> Callable[[Callable[[Path], R]], Callable[[Path], R]]:
    """Cache a reader of files until a file changes, of the last ``files`` files."""

    def decorated(reader: Callable[[Path], R]) -> Callable[[Path], R]:
        @lru_cache(maxsize=files)
        def cached_reader(path: Path, _state: tuple[int, ...]) -> R:
            return reader(path)

        @wraps(reader)
        def read(path: Path) -> R:
            state = file_state(path)
            return cached_reader(path, state) if state else reader(path)

        return read

    return decorated
