"""Opening of foreign models in a child process, so that a crash of OpenSim ends nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

from aqbio.boundary import in_own_process
from aqbio.io.atomic import file_state, files_made, note_made
from aqbio.opensim.session import load_opensim
from aqbio.opensim.skeleton import read_skeleton
from aqbio.operating_system import CAN_FORK

R = TypeVar("R")


def with_model(model: Path, work: Callable[[], R]) -> R:
    """Do work on a model that OpenSim may never have opened.

    In a forked child that already has OpenSim, which costs some 10 ms; the model is opened there
    only, and files that the child writes count as made here. Where processes cannot be forked
    (Windows) a new interpreter opens the model once before. Raises AqbioError that names the file
    where OpenSim crashes over it.
    """
    if not CAN_FORK:
        _open_elsewhere(model, file_state(model))
        return work()
    load_opensim()

    def in_child() -> tuple[R, list[Path]]:
        with files_made() as files:
            result = work()
        return result, list(files)

    result, files = in_own_process(in_child, model)
    note_made(files)
    return result


@lru_cache(maxsize=64)
def _open_elsewhere(model: Path, _state: tuple[int, ...]) -> None:
    """Open a model in another interpreter, once in each state of its file."""
    in_own_process(partial(read_skeleton, model), model)
