"""The process in which ezc3d opens C3D files: what goes wrong in it stays in it.

Started by :mod:`aqbio.io.c3d_process` as ``python -m aqbio.io.c3d_child``. It takes a line of JSON
per file on its standard input and answers with arrays, their names first; in front stand the
number of the question and the length of the answer. It ends with the process that started it. Only
what the readers need leaves it: parameters about the subject, which hold names of persons, do not.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import signal
import struct
import sys
from typing import IO, Any

import ezc3d
import numpy as np

GROUPS = ("POINT", "ANALOG", "FORCE_PLATFORM")
"""Groups of parameters that are handed on."""

HEAD = struct.Struct("<QQ")
"""Number of the question, and of the bytes of the answer that follows."""

PR_SET_PDEATHSIG = 1
"""Number in Linux of “send me a signal when my parent ends”."""

EXPECTED = (OSError, RuntimeError, ValueError, IndexError, KeyError, TypeError, MemoryError)
"""What ezc3d raises for files that it cannot read."""


def main() -> None:
    """Answer requests until the standard input ends."""
    end_with_parent(os.getppid())
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not answer
    for line in requests:
        answer(json.loads(line), answers)


def answer(request: dict[str, Any], answers: IO[bytes]) -> None:
    """Read one file and write what it holds, or why it cannot be read."""
    limit_memory(int(request["memory"]))
    limit_time(float(request["seconds"]))
    try:
        content = file_content(str(request["path"]))
    except EXPECTED as error:
        said = str(error) or type(error).__name__
        content = {"error": np.array(said)}
    arrays = io.BytesIO()
    for array in (np.array(list(content)), *content.values()):
        np.save(arrays, array, allow_pickle=False)
    answers.write(HEAD.pack(request["number"], arrays.tell()))
    answers.write(arrays.getbuffer())
    answers.flush()


def file_content(path: str) -> dict[str, Any]:
    """Points (3, M, T), analogs (channels, samples), rates (Hz), first frame and all parameters."""
    opened = ezc3d.c3d(path)
    header, data = opened["header"], opened["data"]
    content: dict[str, Any] = {
        "points": np.asarray(data["points"], dtype=float)[:3],
        "analogs": np.asarray(data["analogs"], dtype=float)[0],
        "rates": np.array([header["points"]["frame_rate"], header["analogs"]["frame_rate"]]),
        "first": np.array(header["points"]["first_frame"]),
    }
    for group in GROUPS:
        for name, parameter in opened["parameters"].get(group, {}).items():
            values = parameter.get("value") if hasattr(parameter, "get") else None
            array = np.asarray(values) if values is not None else np.zeros(0)
            if array.dtype.kind in "biufU":
                content[f"{group}:{name}"] = array
    return content


def limit_memory(more: int) -> None:
    """Let this process grow by so many bytes at most, where the system can do that."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/statm", encoding="ascii") as sizes:  # noqa: PTH123
            used = int(sizes.read().split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + more, hard))


def limit_time(more: float) -> None:
    """Limit the CPU time of this process, s: an endless loop ends even without its parent."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        limit = math.ceil(used.ru_utime + used.ru_stime + more) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def end_with_parent(parent: int) -> None:
    """Have the system end this process with its parent, even in the middle of a file (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()


if __name__ == "__main__":
    main()
