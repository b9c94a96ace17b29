"""Files that are read once, as long as they are the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import TypeVar

R = TypeVar("R")


def file_state(path: Path) -> tuple[int, ...]:
    """What tells a file from others of its name; empty where there is none."""
    try:
        state = path.stat()
    except OSError:
        return ()
    return state.st_mtime_ns, state.st_size, state.st_ino


def while_unchanged(files: int | None) -> Callable[[Callable[[Path], R]], Callable[[Path], R]]:
    """Cache a reader of files until a file changes, of the last ``files`` files."""

    def decorated(reader: Callable[[Path], R]) -> Callable[[Path], R]:
        @lru_cache(maxsize=files)
        def kept(path: Path, _state: tuple[int, ...]) -> R:
            return reader(path)

        @wraps(reader)
        def asked(path: Path) -> R:
            state = file_state(path)
            return kept(path, state) if state else reader(path)

        return asked

    return decorated
