"""A look at the parameter section of a C3D file before a native reader gets it."""

from __future__ import annotations

from pathlib import Path

from aqbio.errors import AqbioError

BLOCK = 512
MAGIC = 0x50
INTEL, DEC, MIPS = 84, 85, 86
"""Processor types of the C3D standard; ezc3d reads the first two."""

RECORDS_MAX = 10_000


def check_c3d_header(path: Path) -> None:
    """Refuse files whose parameter section is damaged.

    A native reader follows the links of a damaged section for minutes, or into memory that is not
    its own.

    Raises
    ------
    AqbioError
        When the file is missing, no C3D file, damaged, or of a processor that is not supported.

    References
    ----------
    The C3D file format, https://www.c3d.org/HTML/Documents/theparametersection.htm
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AqbioError(
            f"the file cannot be opened ({error.strerror}).",
            file=path.name,
            fix="check the column file of trials.tsv and files.data of study.yaml.",
            rule="file-missing",
        ) from error
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


def _signed(byte: int) -> int:
    """Two's complement: a negative length of a name locks the parameter."""
    return byte - 256 if byte > 127 else byte


def _unreadable(path: Path, why: str) -> AqbioError:
    return AqbioError(
        f"the C3D file cannot be read: {why}.",
        file=path.name,
        fix="open it in the capture software and export it again as C3D (Intel format).",
        rule="c3d-unreadable",
    )
