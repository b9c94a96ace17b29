"""C3D headers written byte by byte: a whole file is read, and one that lacks a byte is refused.

Format: https://www.c3d.org/HTML/default.htm
"""

from __future__ import annotations

import struct
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from aqbio.io.c3d_header import check_c3d_counts, check_c3d_header
from tests.refusal import refused

BLOCK = 512
INTEL, DEC = 84, 85

SCALES = {
    (INTEL, False): struct.pack("<f", 0.1),
    (INTEL, True): struct.pack("<f", -0.1),
    (DEC, False): b"\xcc\x3e\xcd\xcc",
    (DEC, True): b"\xcc\xbe\xcd\xcc",
}
"""Scale of the points, 0.1, negative where values are floats; a VAX swaps the words."""


def _record(name: bytes, locked: bool, data: bytes, *, last: bool = False) -> bytes:
    """A parameter: length of its name (negative: locked), group, name, way to the next, data."""
    length = -len(name) if locked else len(name)
    return (
        struct.pack("<bb", length, 1)
        + name
        + struct.pack("<H", (not last) * (2 + len(data)))
        + data
    )


RECORDS = {
    "nothing follows": _record(b"POINT", False, b"ab")
    + _record(b"RATE", True, b"x" * 300)
    + bytes(2),
    "the last one leads nowhere": _record(b"POINT", True, b"")
    + _record(b"USED", False, b"q", last=True),
    "no group": _record(b"POINT", False, b"") + b"\x04\x00\x01\x02",
}


def _header(
    points: int, analogs: int, frames: int, scale: bytes, parameters: int, data: int
) -> bytes:
    first = 7
    words = struct.pack(
        "<BBHHHHH", parameters, 0x50, points, analogs, first, first + frames - 1, 10
    )
    return (words + scale + struct.pack("<HH", data, 1)).ljust(BLOCK, b"\0")


def _file(points, analogs, frames, processor, floats, records, gap=0) -> bytes:
    """A file whose data follow its parameters, with empty blocks before and after these."""
    section = struct.pack("<BBBB", 1, 0x50, 2, processor) + records
    section = section.ljust(-(-len(section) // BLOCK) * BLOCK, b"\0")
    before = 1 + gap + len(section) // BLOCK + gap
    scale = SCALES[processor, floats]
    head = _header(points, analogs, frames, scale, 2 + gap, before + 1)
    values = bytes(frames * (4 * points + analogs) * (4 if floats else 2))
    return head + bytes(BLOCK * gap) + section + bytes(BLOCK * gap) + values


@settings(max_examples=25, deadline=None)
@given(
    some.integers(1, 40), some.integers(0, 60), some.integers(1, 30),
    some.sampled_from([INTEL, DEC]), some.booleans(), some.sampled_from(list(RECORDS)),
    some.integers(0, 2), some.floats(0.0, 1.0),
)  # fmt: skip
def test_a_file_is_whole_to_the_byte(
    tmp_path_factory, points, analogs, frames, processor, floats, records, gap, share
):
    """Of any size, whole numbers or floats, of both processors; however much is cut off."""
    path = tmp_path_factory.mktemp("c3d") / "a.c3d"
    complete = _file(points, analogs, frames, processor, floats, RECORDS[records], gap)
    for trailing in (b"", b"\0", bytes(BLOCK)):
        path.write_bytes(complete + trailing)
        check_c3d_header(path)
        check_c3d_counts(path, points, analogs)
    data = frames * (4 * points + analogs) * (4 if floats else 2)
    for cut in {1, 1 + int(share * (data - 1))}:
        path.write_bytes(complete[:-cut])
        with refused("c3d-unreadable", "it was cut"):
            check_c3d_header(path)


@pytest.mark.parametrize("first", range(6))
def test_a_file_starts_with_the_block_of_its_parameters(tmp_path, first):
    """The first block is the header itself, and blocks are counted from 1."""
    path = tmp_path / "a.c3d"
    complete = _file(2, 0, 400, INTEL, True, RECORDS["nothing follows"], gap=1)
    path.write_bytes(bytes([first]) + complete[1:])
    right = nullcontext() if first >= 2 else refused("c3d-unreadable", "does not start")
    with right:
        check_c3d_header(path)
    path.write_bytes(complete[: 2 * BLOCK - 1])
    with refused("c3d-unreadable", "does not start"):
        check_c3d_header(path)
    path.write_bytes(bytes([200]) + complete[1:])
    with refused("c3d-unreadable", "ends before its parameter section"):
        check_c3d_header(path)


@pytest.mark.parametrize("processor", [INTEL, DEC])
def test_a_record_that_leads_beyond_the_end_is_refused_by_its_number(tmp_path, processor):
    """And a name of control characters; both in the third record, after two sound ones."""
    path = tmp_path / "a.c3d"
    sound = _record(b"POINT", False, b"ab") + _record(b"RATE", True, b"wxyz")
    for third, words in (
        (b"\x01\x01A\xff\xff", "parameter 4 lies beyond the end"),
        (_record(b"A\x1fB", False, b"ab"), "name of parameter 3 is garbage"),
        (_record(b"A\x00B", True, b"ab"), "name of parameter 3 is garbage"),
    ):
        path.write_bytes(_file(3, 4, 5, processor, True, sound + third))
        with refused("c3d-unreadable", words):
            check_c3d_header(path)
    path.write_bytes(_file(3, 4, 5, processor, True, sound + _record(b" ~", True, b"") + bytes(2)))
    check_c3d_header(path)


@pytest.mark.parametrize("channels", [0, 1, 6])
@pytest.mark.parametrize("samples", [0, 1, 5])
def test_header_and_parameters_count_alike(tmp_path, channels, samples):
    """Analog values of a frame are those of all its channels; none has neither or both."""
    path = tmp_path / "a.c3d"
    values = channels * samples
    path.write_bytes(_header(9, values, 3, SCALES[INTEL, True], 2, 3))
    agree = bool(channels) == bool(values)
    with nullcontext() if agree else refused("c3d-unreadable", "it contradicts itself"):
        check_c3d_counts(path, 9, channels)
    for points in (8, 10, 0):
        with refused("c3d-unreadable", f"9 points, its parameters {points}:"):
            check_c3d_counts(path, points, channels)
    path.write_bytes(_header(9, values + 1, 3, SCALES[INTEL, True], 2, 3))
    agree = channels == 1
    with nullcontext() if agree else refused("c3d-unreadable", "it contradicts itself"):
        check_c3d_counts(path, 9, channels)


def test_a_section_may_end_with_the_file(tmp_path):
    """A file without a frame: the two bytes after the last parameter are its last ones."""
    path = tmp_path / "a.c3d"
    record = _record(b"RATE", False, b"x" * 498)
    for processor in (INTEL, DEC):
        head = _header(0, 0, 0, SCALES[processor, True], 3, 4) + bytes(BLOCK)
        complete = head + struct.pack("<BBBB", 1, 0x50, 1, processor) + record + bytes(2)
        assert len(complete) == 3 * BLOCK
        path.write_bytes(complete)
        check_c3d_header(path)
        path.write_bytes(complete[:-1])
        with refused("c3d-unreadable", "parameter 2 lies beyond the end"):
            check_c3d_header(path)


@pytest.mark.parametrize(("processor", "is_read"), [(83, True), (86, False), (87, True)])
def test_of_the_other_processors_only_that_of_a_mips_is_known_not_to_be_read(
    tmp_path, processor, is_read
):
    """Of one that no standard names the reader itself decides."""
    path = tmp_path / "a.c3d"
    complete = _file(2, 3, 9, INTEL, True, RECORDS["no group"])
    path.write_bytes(complete[: BLOCK + 3] + bytes([processor]) + complete[BLOCK + 4 :])
    with nullcontext() if is_read else refused("c3d-unreadable", "SGI/MIPS"):
        check_c3d_header(path)
