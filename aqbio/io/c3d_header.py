"""Headers of C3D files, checked before a native reader sees them."""

from __future__ import annotations

import math
import struct
from pathlib import Path

from aqbio.errors import AqbioError, Finding
from aqbio.io.stated_rate import rate_findings

BLOCK_BYTES = 512
FILE_MARK = 0x50
INTEL, DEC, MIPS = 84, 85, 86
"""Processor types of the C3D standard; ezc3d reads the first two."""

FLOAT_BYTES = 4
INTEGER_BYTES = 2
"""Bytes of a value in the data section."""

MAX_RECORDS = 10_000

EXPORT_FIX = "open it in the capture software and export it again as C3D (Intel format)."
CUT_SHORT = "it was cut"
CUT_FIX = "copy it again from where it was recorded; if it is as short there, export it again."


def check_c3d_header(path: Path) -> None:
    """Refuse files whose parameter section is damaged: native readers hang or crash over them.

    Format: https://www.c3d.org/HTML/Documents/theparametersection.htm
    """
    content = path.read_bytes()
    if len(content) < 2 * BLOCK_BYTES or content[1] != FILE_MARK or content[0] < 2:
        raise unreadable(path, "it does not start as the C3D standard demands")
    start = BLOCK_BYTES * (content[0] - 1)
    if start + 4 > len(content):
        raise unreadable(path, "it ends before its parameter section")
    processor = content[start + 3]
    if processor == MIPS:
        raise unreadable(path, "it was written on a SGI/MIPS computer, whose numbers are not read")
    if processor in (INTEL, DEC) and (damage := _damage(content, start + 4)):
        raise unreadable(path, damage)
    if processor in (INTEL, DEC) and (shortage := _shortage(content, processor)):
        raise unreadable(path, shortage)


def _damage(content: bytes, position: int) -> str:
    """Follow the records of the parameter section; empty when they reach the end properly."""
    for record in range(1, MAX_RECORDS):
        if position + 2 > len(content):
            return f"parameter {record} lies beyond the end of the file"
        length = int.from_bytes(content[position : position + 1], signed=True)
        if length == 0 or content[position + 1] == 0:
            return ""
        link = position + 2 + abs(length)  # a negative length locks the parameter
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
    points, analog, first, last = (_word(content, word_index) for word_index in (2, 3, 4, 5))
    begin = BLOCK_BYTES * (_word(content, 9) - 1)
    frames = last - first + 1
    sign_byte = content[13] if processor == DEC else content[15]
    size = (
        FLOAT_BYTES if sign_byte & 0x80 else INTEGER_BYTES
    )  # a negative scale factor announces floats
    if frames < 1 or begin < BLOCK_BYTES:
        return ""
    promised = begin + frames * (4 * points + analog) * size
    if len(content) >= promised:
        return ""
    return (
        f"its header promises {frames} frames of {points} points and {analog} analog values, "
        f"{promised} bytes, but the file ends after {len(content)}: {CUT_SHORT}"
    )


def check_c3d_counts(path: Path, points: int, analog_channels: int) -> None:
    """Refuse a file whose header and parameters count points or analog values differently.

    A reader that believes the wrong one gets out of step: all markers jump about in one box.
    """
    head = path.read_bytes()[:BLOCK_BYTES]
    in_header, values = _word(head, 2), _word(head, 3)
    if in_header != points:
        raise unreadable(
            path,
            f"its header counts {in_header} points, its parameters {points}: it contradicts itself",
        )
    if (analog_channels == 0) != (values == 0) or (analog_channels and values % analog_channels):
        raise unreadable(
            path,
            f"its header counts {values} analog values a frame, its parameters "
            f"{analog_channels} channels: it contradicts itself",
        )


def _word(content: bytes, number: int) -> int:
    """The header's 16-bit word of a number, counted from 1."""
    return int.from_bytes(content[2 * number - 2 : 2 * number], "little")


def header_rate_findings(path: Path, rate: float) -> list[Finding]:
    """Finding that the header states another rate than the parameter POINT:RATE, Hz."""
    content = path.read_bytes()
    processor = content[BLOCK_BYTES * (content[0] - 1) + 3]
    (stated,) = struct.unpack("<f", content[20:24])
    if processor != INTEL or not 0.0 < stated < math.inf:
        return []
    return rate_findings(
        path, stated, rate, rule="c3d-rate", source="POINT:RATE", where="header, frame rate"
    )


def unreadable(path: Path, why: str) -> AqbioError:
    """The refusal of a C3D file, with its reason."""
    return AqbioError(
        f"the C3D file cannot be read: {why}.",
        file=path.name,
        fix=CUT_FIX if why.endswith(CUT_SHORT) else EXPORT_FIX,
        rule="c3d-unreadable",
    )
