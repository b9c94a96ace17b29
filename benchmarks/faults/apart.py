"""A door behind a process of its own: where a library crashes or hangs, that is counted."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

LONGEST_S = 40.0
"""A file that takes longer hangs, and its process is killed."""

SILENT = object()

Read = Callable[[Path], str]


class ReaderDiedError(Exception):
    """The process in which a file was read crashed over it, or had to be killed."""


class Apart:
    """A reader in a process that is started when it is needed, and again when it was lost.

    A fork would be quicker, but OpenSim has threads of its own, over which forks hang.

    Parameters
    ----------
    read : callable
        Of a module, so that the process finds it.
    """

    def __init__(self, read: Read) -> None:
        self.read = read
        self.process: SpawnProcess | None = None

    def __call__(self, path: Path) -> str:
        """What the reader gives or raises."""
        if self.process is None:
            self._start()
        try:
            self.questions.send(path)
            answer = self.questions.recv() if self.questions.poll(LONGEST_S) else SILENT
        except (EOFError, OSError):
            answer = ReaderDiedError(f"the process died over it ({self._end()})")
        if answer is SILENT:
            self._end()
            raise ReaderDiedError(f"killed after {LONGEST_S:g} s")
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    def _start(self) -> None:
        context = get_context("spawn")
        self.questions, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(self.read, theirs), daemon=True)
        self.process.start()
        theirs.close()
        atexit.register(self._end)

    def _end(self) -> int | None:
        process, self.process = self.process, None
        if process is None:
            return None
        process.join(1.0)
        process.kill()
        process.join()
        return process.exitcode


def _serve(read: Read, questions: Connection) -> None:
    """Read what is asked for until nobody asks."""
    while True:
        try:
            path = questions.recv()
        except EOFError:
            return
        try:
            answer: str | Exception = read(path)
        except Exception as error:  # noqa: BLE001  it is counted on the other side
            answer = error
        try:
            questions.send(answer)
        except Exception:  # noqa: BLE001  one that cannot travel
            questions.send(RuntimeError(repr(answer)))
