"""Models of others, opened in a child process: a file that crashes OpenSim ends nothing else."""

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

TRIAL = (
    "import sys; from pathlib import Path; from aqbio.opensim.skeleton import read_skeleton; "
    "read_skeleton(Path(sys.argv[1]))"
)
"""What another Python does with a model where a process cannot be forked: it ends normally, or with
an exception that this one raises again, or it crashes."""

EXCEPTION = 1
"""Exit status of a Python that an exception ended."""


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

    def apart() -> tuple[R, list[Path]]:
        with files_made() as files:
            made = work()
        return made, list(files)

    made, files = in_own_process(apart, model)
    note_made(files)
    return made


@lru_cache(maxsize=64)
def _refuse_crash(model: Path, _state: tuple[int, ...]) -> None:
    """Refuse a model over which another Python crashes; whatever else is wrong, the work says."""
    ended = subprocess.run(
        [sys.executable, "-c", TRIAL, str(model)],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if ended.returncode not in (0, EXCEPTION):
        raise model_crash(ended.returncode, model)
