"""A file is either complete or as it was, and is read once as long as it is the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aqbio.io.atomic import atomic_path, cached_until_changed, write_text


class KilledError(Exception):
    """Stands for anything that stops a writer halfway."""


def _stopped_writer(target):
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        raise KilledError


def test_the_file_appears_only_when_the_block_ends(tmp_path):
    target = tmp_path / "deep" / "result.nc"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".nc"
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert [path.name for path in target.parent.iterdir()] == ["result.nc"]


def test_a_stopped_writer_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "result.json"
    target.write_text("old")
    with pytest.raises(KilledError):
        _stopped_writer(target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_a_stopped_writer_leaves_no_new_file(tmp_path):
    with pytest.raises(KilledError):
        _stopped_writer(tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []


def test_text_is_the_same_on_every_system(tmp_path):
    path = tmp_path / "a.tsv"
    write_text(path, "Größe\tm²\n1\t2\n")
    assert path.read_bytes() == "Größe\tm²\n1\t2\n".encode()


def test_others_may_read_what_was_written(tmp_path):
    """Temporary files are private; results on a shared disk are not."""
    path = tmp_path / "a.txt"
    write_text(path, "x")
    assert path.stat().st_mode & 0o777 == 0o644


def test_two_writers_do_not_share_a_temporary_file(tmp_path):
    target = tmp_path / "a.txt"
    with atomic_path(target) as first, atomic_path(target) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert target.read_text() == "first"


def test_file_of_another_size_time_or_place_is_read_again(tmp_path):
    path, other, read = tmp_path / "one", tmp_path / "other", []

    @cached_until_changed(2)
    def reader(path: Path) -> str:
        """Words."""
        read.append(path.name)
        return path.read_text()

    def written(to: Path, text: str, nanoseconds: int) -> None:
        to.write_text(text)
        os.utime(to, ns=(10**18, 10**18 + nanoseconds))

    for text, nanoseconds in (("a", 0), ("ab", 0), ("cd", 1)):
        written(path, text, nanoseconds)
        assert reader(path) == reader(path) == text
    written(other, "ef", 1)
    other.replace(path)
    assert reader(path) == "ef"
    assert len(read) == 4
