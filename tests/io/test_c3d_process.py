"""Whatever the native reader does to itself fails one file, with words, and no more."""

from __future__ import annotations

import os
import signal
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io import c3d
from aqbio.io.c3d import c3d_content
from tests.io.made_c3d import NAME, write_c3d


@pytest.fixture
def file(tmp_path):
    return write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], np.ones((20, 3, 3)), first_frame=24)


def _loop(path):
    while True:
        pass


def _refuse(path):
    os.write(1, b"warning: odd file")  # what a library prints is no answer
    raise RuntimeError("no such parameter")


SICK = {
    "a library crashed over a file (SIGABRT)": lambda path: os.abort(),
    "a library crashed over a file (SIGSEGV)": lambda path: os.kill(os.getpid(), signal.SIGSEGV),
    "a library crashed over a file (exit status 3)": lambda path: os._exit(3),
    "a library took too long over a file": lambda path: time.sleep(60),
    "a library took too long over a file.": _loop,
    "(MemoryError)": lambda path: bytearray(2**40),
    "(no such parameter)": _refuse,
}
"""Words of the refusal, and what the library does."""


def test_content_without_the_person(file):
    content = c3d_content(file)
    assert content.points.shape == (3, 3, 20)
    assert (content.point_rate, content.first_frame) == (250.0, 23)
    assert content.strings("POINT", "LABELS") == ["A", "B", "C"]
    assert NAME.encode() in file.read_bytes()
    assert NAME not in repr(content)


@pytest.mark.parametrize("words", SICK)
def test_sick_reader_fails_the_file_and_the_next_one_is_read(file, monkeypatch, words):
    monkeypatch.setattr(c3d, "TIME_BASE_S", 0.5)
    monkeypatch.setitem(sys.modules, "ezc3d", SimpleNamespace(c3d=SICK[words]))
    with pytest.raises(AqbioError) as caught:
        c3d_content(file)
    assert words in caught.value.what
    assert (caught.value.rule, caught.value.file) == ("c3d-unreadable", "a.c3d")
    assert "export it again" in caught.value.fix
    monkeypatch.undo()
    assert c3d_content(file).points.shape == (3, 3, 20)


def test_an_endless_loop_ends_by_itself_too(file, monkeypatch):
    """Where nobody is left to stop it."""
    monkeypatch.setattr(c3d, "TIME_BASE_S", 0.0)
    monkeypatch.setitem(sys.modules, "ezc3d", SimpleNamespace(c3d=_loop))
    own = c3d.in_own_process
    monkeypatch.setattr(c3d, "in_own_process", lambda work, seconds: own(work))
    with pytest.raises(AqbioError, match="took too long"):
        c3d_content(file)


def test_a_reader_that_somebody_killed_says_nothing_about_the_file(file, monkeypatch):
    kill = SimpleNamespace(c3d=lambda path: os.kill(os.getpid(), signal.SIGKILL))
    monkeypatch.setitem(sys.modules, "ezc3d", kill)
    with pytest.raises(RunStoppedError, match="memory probably ran out"):
        c3d_content(file)


@pytest.mark.parametrize(("word", "counts"), [(2, "4 points"), (3, "7 analog values")])
def test_header_that_contradicts_the_parameters_is_refused(file, word, counts):
    """A reader that believes the wrong count starts every frame in the middle of another."""
    content = bytearray(file.read_bytes())
    content[2 * word - 2 : 2 * word] = int(counts[0]).to_bytes(2, "little")
    file.write_bytes(bytes(content) + bytes(4096))
    with pytest.raises(AqbioError, match=rf"its header counts {counts}.* contradicts itself"):
        c3d_content(file)
