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


KEPT, PAD, LARGEST = 2**31 - 1, 2**28, (2**30, 2**25)
"""Bytes at the end of the heap that go back to the system only when there are more; by which the
heap grows beyond what is asked; of one array up to which it lies in the heap (or as many as older
versions of the library allow)."""

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3
"""Numbers of these choices in the C library (``malloc.h``)."""


def keep_freed_memory() -> None:
    """Keep the memory of freed arrays, which the GNU library would give back each time."""
    import ctypes

    try:
        choose = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    if any(choose(MMAP_THRESHOLD, size) for size in LARGEST):
        choose(TRIM_THRESHOLD, KEPT)
        choose(TOP_PAD, PAD)


def relax_garbage_collection() -> None:
    """Run the cyclic garbage collector less often: a job has hundreds of thousands of objects."""
    gc.set_threshold(50_000, 20, 50)
    atexit.register(gc.freeze)  # it would look at all of them when the process ends: 0.3 s
