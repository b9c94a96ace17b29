"""C3D files read by ezc3d in a process of its own, so that a crash there fails one trial only.

Parameters about the subject, which hold names of persons, do not leave it.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aqbio.boundary import CRASH, in_own_process
from aqbio.errors import AqbioError
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

MEMORY_BASE, MEMORY_FACTOR = 2**30, 64
"""The reader may grow by this many bytes, and by this many times the length of the file."""

GROUPS = ("POINT", "ANALOG", "FORCE_PLATFORM", "ROTATION")
"""Groups of parameters that are handed on."""

EXPECTED = (OSError, RuntimeError, ValueError, IndexError, KeyError, TypeError, MemoryError)
"""What ezc3d raises for files that it cannot read."""


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
    """Read a C3D file within memory and time that follow its length."""
    check_c3d_header(path)
    size = path.stat().st_size
    memory, seconds = MEMORY_BASE + MEMORY_FACTOR * size, TIME_BASE_S + size / TIME_BYTES_PER_S

    def work() -> C3dContent:
        limit_memory(memory)
        limit_time(seconds)
        return _read(path)

    try:
        read = in_own_process(work, path, seconds)
    except AqbioError as error:
        if error.rule != CRASH:
            raise
        raise _unreadable(path, error.what.rstrip(".")) from error
    check_c3d_counts(path, _count(read, "POINT"), _count(read, "ANALOG"))
    return read


def _count(content: C3dContent, group: str) -> int:
    return int(next(iter(np.ravel(content.values(group, "USED"))), 0))


def _read(path: Path) -> C3dContent:
    import ezc3d  # in a process of its own only

    try:
        opened = ezc3d.c3d(str(path.resolve()))
    except EXPECTED as error:
        raise AqbioError(
            f"the C3D file cannot be read ({str(error) or type(error).__name__}).",
            file=path.name,
            fix=REFUSED,
            rule="c3d-unreadable",
        ) from error
    header, data = opened["header"], opened["data"]
    parameters = {}
    for group in GROUPS:
        for name, parameter in opened["parameters"].get(group, {}).items():
            values = parameter.get("value") if hasattr(parameter, "get") else None
            array = np.asarray(values) if values is not None else np.zeros(0)
            if array.dtype.kind in "biufU":
                parameters[f"{group}:{name}"] = array
    return C3dContent(
        points=np.asarray(data["points"], dtype=float)[:3],
        analogs=np.asarray(data["analogs"], dtype=float)[0],
        point_rate=float(header["points"]["frame_rate"]),
        analog_rate=float(header["analogs"]["frame_rate"]),
        first_frame=int(header["points"]["first_frame"]),
        parameters=parameters,
    )


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
