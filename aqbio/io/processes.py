"""Processes: which end together, and how they use memory."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import IO

STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Signals that ask a program to end."""

GRACE_S = 15.0
"""Processes that were asked to end have so long."""

STARTED_BY = "AQBIO_STARTED_BY"
"""Environment variable with the process that a job must not outlive."""

LOOK_S = 1.0


class StoppedBySignalError(BaseException):
    """A signal asked this program to end; no handler of errors takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def group_process(
    command: Sequence[str], output: IO[str], environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A running command that ends, with all that it starts, when the block ends."""
    before = {one: signal.signal(one, _raise_stopped) for one in STOPPING}
    try:
        own = environment | {STARTED_BY: str(os.getpid())}
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=own, start_new_session=True
        )
        try:
            yield process
        finally:
            _end(process)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _raise_stopped(number: int, _frame: FrameType | None) -> None:
    raise StoppedBySignalError(number)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a group of processes to end as the terminal would (Ctrl-C), then make it."""
    for one in STOPPING:
        signal.signal(one, signal.SIG_IGN)
    if process.poll() is None:
        _tell(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
    _tell(process.pid, signal.SIGKILL)
    process.wait()


def _tell(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end_with_parent() -> None:
    """End this process soon after the one that the environment names, where that is its parent."""
    parent = os.environ.get(STARTED_BY, "")
    if not parent or str(os.getppid()) != parent:
        return

    def watch() -> None:
        while str(os.getppid()) == parent:
            time.sleep(LOOK_S)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGINT)
        else:
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


KEPT = 2**28
"""Bytes at the end of the heap that go back to the system only when there are more."""

LARGEST = 2**25
"""Bytes of one array up to which it lies in the heap: the most that the library allows."""

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Numbers of these choices in the C library (``malloc.h``)."""


def keep_freed_memory() -> None:
    """Keep the memory of freed arrays, which the GNU library would give back each time."""
    import ctypes

    try:
        choose = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    choose(MMAP_THRESHOLD, LARGEST)
    choose(TRIM_THRESHOLD, KEPT)


def relax_garbage_collection() -> None:
    """Run the cyclic garbage collector less often: a job has hundreds of thousands of objects."""
    gc.set_threshold(50_000, 20, 50)
    atexit.register(gc.freeze)  # it would look at all of them when the process ends: 0.3 s
