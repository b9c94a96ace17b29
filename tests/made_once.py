"""What several workers look at and one of them makes, once in a run of the tests."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock


def shared_folder(folders: Any, worker: str) -> Path:
    """Folder for temporary files of all workers; by `tmp_path_factory` and `worker_id`."""
    worker_folder: Path = folders.getbasetemp()
    return worker_folder if worker == "master" else worker_folder.parent


def made_once(
    folders: Any, worker: str, name: str, make: Callable[[Path], Any]
) -> tuple[Path, Any]:
    """Folder of a name and what was made in it, by this worker or another one.

    Nobody may change what is there.
    """
    top = shared_folder(folders, worker)
    folder, result = top / f"once_{name}", top / f"once_{name}.pkl"
    with FileLock(top / f"once_{name}.lock"):
        if not result.is_file():
            content = make(folder)
            result.write_bytes(pickle.dumps(content))
        return folder, pickle.loads(result.read_bytes())
