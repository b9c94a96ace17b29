"""Random files: read or refused in words; `make fuzz` tries 100,000."""

from __future__ import annotations

import pytest

from benchmarks.faults.doors import DOORS, sound_files
from benchmarks.faults.fuzz import fuzzed

COUNT = 40


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    return folder, sound_files(folder)


@pytest.mark.parametrize("name", DOORS)
def test_the_sound_file_is_accepted(name, sound):
    folder, _ = sound
    assert DOORS[name].read(folder / DOORS[name].file) == ""


@pytest.mark.parametrize("name", DOORS)
def test_no_mutation_of_it_makes_a_traceback_or_nonsense(name, sound):
    folder, files = sound
    count = max(5, int(COUNT * min(1.0, DOORS[name].share)))
    found = fuzzed(DOORS[name], files[name], folder, count, start=7)
    assert found.tried >= count // 2
    assert not found.tracebacks
    assert not found.nonsense
    assert not found.hangs
