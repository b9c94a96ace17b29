"""Processes: which end together, and how they use memory."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import threading
import time

STARTED_BY = "AQBIO_STARTED_BY"
"""Environment variable with the process that a job must not outlive."""

LOOK_S = 1.0


def end_with_parent() -> None:
    """End this process soon after the one that the environment names, where that is its parent."""
    parent = os.environ.get(STARTED_BY, "")
    if not parent or str(os.getppid()) != parent:
        return

    def watch() -> None:
        while str(os.getppid()) == parent:
            time.sleep(LOOK_S)
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
