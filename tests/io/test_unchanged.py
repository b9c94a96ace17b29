"""Files that are read once, as long as they are the same."""

import os
from pathlib import Path

from aqbio.io.atomic import cached_until_changed


def counted(files: int | None = 2):
    asked = []

    @cached_until_changed(files)
    def reader(path: Path) -> str:
        """Words."""
        asked.append(path.name)
        return path.read_text()

    return reader, asked


def test_file_of_another_size_time_or_place_is_read_again(tmp_path):
    path, other = tmp_path / "one", tmp_path / "other"
    path.write_text("a")
    os.utime(path, ns=(10**18, 10**18))
    reader, asked = counted()
    reader(path)
    path.write_text("ab")
    os.utime(path, ns=(10**18, 10**18))
    assert reader(path) == "ab"
    path.write_text("cd")
    os.utime(path, ns=(10**18 + 1, 10**18 + 1))
    assert reader(path) == "cd"
    other.write_text("ef")
    os.utime(other, ns=(10**18 + 1, 10**18 + 1))
    other.replace(path)
    assert reader(path) == "ef"
    assert len(asked) == 4
