"""C3D files read by ezc3d in a process of its own, so that a crash there fails one trial only.

``python -m aqbio.io.c3d_process`` takes a line of JSON per file on its standard input and answers
with arrays, their names first; in front stand the number of the question and the length of the
answer. It ends with the process that started it. Parameters about the subject, which hold names of
persons, do not leave it.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import itertools
import json
import math
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
from aqbio.io.recording import cannot_be_opened
from aqbio.vectors import FloatArray

BLOCK = 512
MAGIC = 0x50
INTEL, DEC, MIPS = 84, 85, 86
"""Processor types of the C3D standard; ezc3d reads the first two."""

FLOAT, INTEGER = 4, 2
"""Bytes of a value in the data section."""

RECORDS_MAX = 10_000

REFUSED = "open it in the capture software and export it again as C3D (Intel format)."
CUT = "it was cut"
CUT_FIX = "copy it again from where it was recorded; if it is as short there, export it again."


def check_c3d_header(path: Path) -> None:
    """Refuse files whose parameter section is damaged: native readers hang or crash over them.

    Format: https://www.c3d.org/HTML/Documents/theparametersection.htm
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise cannot_be_opened(path, error) from error
    if len(content) < 2 * BLOCK or content[1] != MAGIC or content[0] < 2:
        raise _unreadable(path, "it does not start as the C3D standard demands")
    start = BLOCK * (content[0] - 1)
    if start + 4 > len(content):
        raise _unreadable(path, "it ends before its parameter section")
    processor = content[start + 3]
    if processor == MIPS:
        raise _unreadable(path, "it was written on a SGI/MIPS computer, whose numbers are not read")
    if processor in (INTEL, DEC) and (damage := _damage(content, start + 4)):
        raise _unreadable(path, damage)
    if processor in (INTEL, DEC) and (shortage := _shortage(content, processor)):
        raise _unreadable(path, shortage)


def _damage(content: bytes, position: int) -> str:
    """Follow the records of the parameter section; empty when they reach the end properly."""
    for record in range(1, RECORDS_MAX):
        if position + 2 > len(content):
            return f"parameter {record} lies beyond the end of the file"
        length = _signed(content[position])
        if length == 0 or content[position + 1] == 0:
            return ""
        link = position + 2 + abs(length)
        name = content[position + 2 : link]
        if any(character < ord(" ") for character in name):
            return f"the name of parameter {record} is garbage: the section is damaged"
        step = int.from_bytes(content[link : link + 2], "little")
        if step == 0:
            return ""
        position = link + step
    return "its parameter section does not end"


def _shortage(content: bytes, processor: int) -> str:
    """Compare the file's length with the data that its header promises; empty when it is there.

    A native reader fills what a cut file lacks with zeros or garbage.
    """
    points, analog, first, last = (_word(content, place) for place in (2, 3, 4, 5))
    begin = BLOCK * (_word(content, 9) - 1)
    frames = last - first + 1
    sign_byte = content[13] if processor == DEC else content[15]
    size = FLOAT if sign_byte & 0x80 else INTEGER  # a negative scale factor announces floats
    if frames < 1 or begin < BLOCK:
        return ""
    promised = begin + frames * (4 * points + analog) * size
    if len(content) >= promised:
        return ""
    return (
        f"its header promises {frames} frames of {points} points and {analog} analog values, "
        f"{promised} bytes, but the file ends after {len(content)}: {CUT}"
    )


def check_c3d_counts(path: Path, points: int, analog_channels: int) -> None:
    """Refuse a file whose header and parameters count points or analog values differently.

    A reader that believes the wrong one gets out of step: all markers jump about in one box.
    """
    head = path.read_bytes()[:BLOCK]
    in_header, values = _word(head, 2), _word(head, 3)
    if in_header != points:
        raise _unreadable(
            path,
            f"its header counts {in_header} points, its parameters {points}: it contradicts itself",
        )
    if (analog_channels == 0) != (values == 0) or (analog_channels and values % analog_channels):
        raise _unreadable(
            path,
            f"its header counts {values} analog values a frame, its parameters "
            f"{analog_channels} channels: it contradicts itself",
        )


def _word(content: bytes, number: int) -> int:
    """The header's 16-bit word of a number, counted from 1."""
    return int.from_bytes(content[2 * number - 2 : 2 * number], "little")


def _signed(byte: int) -> int:
    """Two's complement: a negative length of a name locks the parameter."""
    return byte - 256 if byte > 127 else byte


def _unreadable(path: Path, why: str) -> AqbioError:
    return AqbioError(
        f"the C3D file cannot be read: {why}.",
        file=path.name,
        fix=CUT_FIX if why.endswith(CUT) else REFUSED,
        rule="c3d-unreadable",
    )


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
            [sys.executable, "-m", "aqbio.io.c3d_process"],
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


GROUPS = ("POINT", "ANALOG", "FORCE_PLATFORM")
"""Groups of parameters that are handed on."""

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
    import ezc3d  # in the reading process only

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
