"""C3D files read by ezc3d in a process of its own, so that a crash there fails one trial only."""

from __future__ import annotations

import atexit
import io
import itertools
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io.c3d_header import REFUSED, check_c3d_counts, check_c3d_header
from aqbio.vectors import FloatArray

TIME_BASE_S, TIME_BYTES_PER_S = 20.0, 2**20
"""A file that takes longer than this and its length at this speed is not read: 40 s for 20 MB,
of which a trial of a minute takes one."""

QUESTIONS = itertools.count(1)
"""Numbers of questions, each used once: an answer names the question that it answers."""

MEMORY_BASE, MEMORY_FACTOR = 2**30, 64
"""The reader may grow by this many bytes, and by this many times the length of the file."""

HEAD = struct.Struct("<QQ")
"""Number of the question, and of the bytes of the answer that follows."""


@dataclass(frozen=True, slots=True)
class C3dContent:
    """What a C3D file holds, in the file's own units."""

    points: FloatArray
    """(3, M, T) array."""
    analogs: FloatArray
    """(channels, samples) array."""
    point_rate: float
    analog_rate: float
    """point_rate, analog_rate: Hz."""
    first_frame: int
    """Number of the first frame, counted from 0: event times of the file count from frame 0."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Arrays by ``GROUP:NAME``; nothing about the subject is among them."""

    def values(self, group: str, name: str) -> Any:
        """A parameter's values; empty when the file does not have it."""
        return self.parameters.get(f"{group}:{name}", ())

    def strings(self, group: str, name: str) -> list[str]:
        """A text parameter, stripped; empty when the file does not have it."""
        return [str(value).strip() for value in np.ravel(self.values(group, name))]


def c3d_content(path: Path) -> C3dContent:
    """Read a C3D file in the reading process, which is started when it is needed."""
    check_c3d_header(path)
    size = path.stat().st_size
    memory, seconds = MEMORY_BASE + MEMORY_FACTOR * size, TIME_BASE_S + size / TIME_BYTES_PER_S
    with _LOCK:
        answer = _answer(path.resolve(), memory, seconds)
    if isinstance(answer, str):
        raise AqbioError(
            f"the C3D file cannot be read: {answer}.",
            file=path.name,
            fix=REFUSED,
            rule="c3d-unreadable",
        )
    arrays = io.BytesIO(answer)
    names = np.load(arrays, allow_pickle=False).tolist()
    content = {name: np.load(arrays, allow_pickle=False) for name in names}
    if "error" in content:
        raise AqbioError(
            f"the C3D file cannot be read ({content['error'].item()}).",
            file=path.name,
            fix=REFUSED,
            rule="c3d-unreadable",
        )
    points, analogs = content.pop("points"), content.pop("analogs")
    rates, first = content.pop("rates"), int(content.pop("first"))
    read = C3dContent(points, analogs, float(rates[0]), float(rates[1]), first, content)
    check_c3d_counts(path, _count(read, "POINT"), _count(read, "ANALOG"))
    return read


def _answer(path: Path, memory: int, seconds: float) -> bytes | str:
    """Bytes of the answer, or why there is none; a reader that was killed is started once more."""
    for _ in range(2):
        try:
            return _reader().answer(path, memory, seconds)
        except ReaderLostError:
            continue
    raise RunStoppedError(
        "the reader of C3D files was killed twice; memory probably ran out.",
        file=path.name,
        fix="use fewer cores (--cores 1), then run the same command again.",
    )


class ReaderLostError(Exception):
    """The reading process was killed by somebody else, or answers what nobody asked."""


def _count(content: C3dContent, group: str) -> int:
    return int(next(iter(np.ravel(content.values(group, "USED"))), 0))


class _Reader:
    """A running reading process; ``waiting`` while a question has no whole answer yet.

    Where that stays so after an interruption the next answer is about another file: it is dropped.
    """

    def __init__(self) -> None:
        self.waiting = False
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aqbio.io.c3d_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    def answer(self, path: Path, memory: int, seconds: float) -> bytes | str:
        """Bytes of the answer, or why there is none, within memory (bytes) and time (s)."""
        expired = threading.Event()

        def stop() -> None:
            expired.set()
            self.process.kill()

        number = next(QUESTIONS)
        request = {"number": number, "path": str(path), "memory": memory, "seconds": seconds}
        timer = threading.Timer(seconds, stop)
        try:
            timer.start()
            return self._exchange(number, request)
        except (OSError, EOFError) as error:
            self.close()
            if expired.is_set() or self.process.returncode == -signal.SIGXCPU:
                return f"the reader was stopped after {seconds:.0f} s"
            if self.process.returncode == -signal.SIGKILL:
                raise ReaderLostError from error
            return f"the reader crashed over it (exit status {self.process.returncode})"
        finally:
            timer.cancel()

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                _closed(pipe)

    def _exchange(self, number: int, request: dict[str, Any]) -> bytes:
        send, receive = self.process.stdin, self.process.stdout
        if send is None or receive is None:
            raise EOFError
        self.waiting = True
        send.write(json.dumps(request).encode() + b"\n")
        send.flush()
        answered, length = HEAD.unpack(_exactly(receive, HEAD.size))
        if answered != number:
            raise ReaderLostError
        answer = _exactly(receive, length)
        self.waiting = False
        return answer


def _closed(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:  # what a dead process was sent cannot be flushed
        return


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    received = pipe.read(count)
    if len(received) < count:
        raise EOFError
    return received


_LOCK = threading.Lock()
_RUNNING: list[_Reader] = []


def _reader() -> _Reader:
    """The reading process of this process; a new one where the last has ended or owes words."""
    if not _RUNNING or _RUNNING[0].waiting or _RUNNING[0].process.poll() is not None:
        close_reader()
        _RUNNING.append(_Reader())
    return _RUNNING[0]


def close_reader() -> None:
    """End the reading process, if there is one."""
    while _RUNNING:
        _RUNNING.pop().close()


atexit.register(close_reader)
if hasattr(os, "register_at_fork"):  # two processes would take each other's answers
    os.register_at_fork(before=close_reader)
