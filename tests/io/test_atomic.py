"""A file is either complete or unchanged, and is read again only after a change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aqbio.io.atomic import atomic_path, cached_until_changed


class KilledError(Exception):
    """Stands for anything that stops a writer halfway."""


def _stopped_writer(target):
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        raise KilledError


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    """Of two writers the last one stays; a stopped one leaves the old file and nothing else."""
    target = tmp_path / "deep" / "result.nc"
    with atomic_path(target) as first, atomic_path(target) as second:
        assert first != second
        assert (first.parent, first.suffix) == (target.parent, ".nc")
        second.write_text("second")
        first.write_text("first")
        assert not target.exists()
    assert target.read_text() == "first"
    for path in (target, tmp_path / "deep" / "new.nc"):
        with pytest.raises(KilledError):
            _stopped_writer(path)
    assert target.read_text() == "first"
    assert [path.name for path in target.parent.iterdir()] == ["result.nc"]


def test_file_of_another_size_time_or_inode_is_read_again(tmp_path):
    path, replacement, read = tmp_path / "one", tmp_path / "other", []

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
    written(replacement, "ef", 1)
    replacement.replace(path)
    assert reader(path) == "ef"
    assert len(read) == 4
