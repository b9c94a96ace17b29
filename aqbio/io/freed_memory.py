"""Memory that arrays leave is kept for the next ones, where the C library can be asked to."""

from __future__ import annotations

import atexit
import gc

KEPT = 2**28
"""Bytes at the end of the heap that go back to the system only when there are more."""

LARGEST = 2**25
"""Bytes of one array up to which it lies in the heap: the most that the library allows."""

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Numbers of these choices in the C library (``malloc.h``)."""


def keep_freed_memory() -> None:
    """Keep the memory of arrays that are gone.

    Arrays of a trial are made and left thousands of times. By default the GNU library gives their
    memory back each time, and the system clears every page of it again for the next array. Other
    libraries do as they do.
    """
    import ctypes

    try:
        choose = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    choose(MMAP_THRESHOLD, LARGEST)
    choose(TRIM_THRESHOLD, KEPT)


def look_for_circles_rarely() -> None:
    """Look seldom for objects that hold each other and nobody else needs.

    All else is let go at once. A job has hundreds of thousands of objects of its libraries, each
    of which was looked at every time, and several times more when the process ends (0.3 s).
    """
    gc.set_threshold(50_000, 20, 50)
    atexit.register(gc.freeze)
