"""Opening of foreign models in a child process, so that a crash of OpenSim ends nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from aqbio.boundary import in_own_process, model_crash
from aqbio.io.atomic import file_state, files_made, note_made
from aqbio.operating_system import CAN_FORK

R = TypeVar("R")

OPENING_SCRIPT = (
    "import sys; from pathlib import Path; from aqbio.opensim.skeleton import read_skeleton; "
    "read_skeleton(Path(sys.argv[1]))"
)
"""Script that opens a model in another Python where processes cannot be forked: it ends normally,
with an exception that the parent raises again, or it crashes."""

EXCEPTION_STATUS = 1
"""Exit status of a Python process that an exception ended."""


def with_model(model: Path, work: Callable[[], R]) -> R:
    """Do work on a model that OpenSim may never have opened.

    In a forked child that already has OpenSim, which costs some 10 ms; the model is opened there
    only, and files that the child writes count as made here. Where processes cannot be forked
    (Windows) another Python opens the model once before. Raises AqbioError that names the file
    where OpenSim crashes over it.
    """
    if not CAN_FORK:
        _refuse_crash(model, file_state(model))
        return work()

    def in_child() -> tuple[R, list[Path]]:
        with files_made() as files:
            result = work()
        return result, list(files)

    result, files = in_own_process(in_child, model)
    note_made(files)
    return result


@lru_cache(maxsize=64)
def _refuse_crash(model: Path, _state: tuple[int, ...]) -> None:
    """Refuse a model that crashes another Python; the work itself reports all other errors."""
    ended = subprocess.run(
        [sys.executable, "-c", OPENING_SCRIPT, str(model)],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if ended.returncode not in (0, EXCEPTION_STATUS):
        raise model_crash(ended.returncode, model)
