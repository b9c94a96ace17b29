"""Memory that arrays leave is kept for the next ones, where the C library can be asked to."""

from __future__ import annotations

import gc

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


def look_for_circles_rarely() -> None:
    """Run the cyclic garbage collector less often: a job has hundreds of thousands of objects."""
    gc.set_threshold(50_000, 20, 50)
