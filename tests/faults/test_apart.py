"""A reader in a process of its own: what a library does there is counted, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from aqbio.errors import AqbioError
from benchmarks.faults import apart
from benchmarks.faults.apart import Apart, ReaderDiedError


def behave(path: Path) -> str:
    """Do what the file's name says."""
    match path.name:
        case "crash":
            os.abort()
        case "hang":
            time.sleep(600)
        case "refuse":
            raise AqbioError("no.", rule="told")
        case "break":
            raise ZeroDivisionError
    return path.name


@pytest.fixture(scope="module")
def reader():
    made = Apart(behave)
    yield made
    made._end()


def test_answers_and_errors_come_through(reader):
    assert reader(Path("nonsense")) == "nonsense"
    with pytest.raises(AqbioError) as caught:
        reader(Path("refuse"))
    assert caught.value.rule == "told"
    with pytest.raises(ZeroDivisionError):
        reader(Path("break"))


@pytest.mark.parametrize(("name", "words"), [("crash", "died over it"), ("hang", "killed after")])
def test_a_crash_and_a_hang_are_told_and_the_next_file_is_read(reader, monkeypatch, name, words):
    assert reader(Path("sound")) == "sound"
    monkeypatch.setattr(apart, "LONGEST_S", 1.0)
    with pytest.raises(ReaderDiedError, match=words):
        reader(Path(name))
    monkeypatch.setattr(apart, "LONGEST_S", 40.0)
    assert reader(Path("sound")) == "sound"
