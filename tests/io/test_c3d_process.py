"""Whatever the native reader does to itself fails one file, with words, and no more."""

from __future__ import annotations

import json
import os
import signal
import threading

import numpy as np
import pytest

from aqbio.errors import AqbioError
from aqbio.faults import RunStoppedError
from aqbio.io import c3d_process
from aqbio.io.c3d_process import c3d_content, close_reader
from tests.io.made_c3d import NAME, write_c3d

ILL = """
import os, sys
def c3d(path):
    {body}
"""


@pytest.fixture
def file(tmp_path):
    return write_c3d(tmp_path / "a.c3d", ["A", "B", "C"], np.ones((20, 3, 3)), first_frame=24)


@pytest.fixture
def ill_reader(tmp_path, monkeypatch):
    """Give a function that puts a sick library in the place of ezc3d."""

    def put(body):
        folder = tmp_path / "sick"
        folder.mkdir(exist_ok=True)
        (folder / "ezc3d.py").write_text(ILL.format(body=body), encoding="utf-8")
        path = f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        monkeypatch.setenv("PYTHONPATH", path)
        close_reader()

    yield put
    close_reader()


def test_content_without_the_person(file):
    content = c3d_content(file)
    assert content.points.shape == (3, 3, 20)
    assert (content.point_rate, content.first_frame) == (250.0, 23)
    assert content.strings("POINT", "LABELS") == ["A", "B", "C"]
    assert NAME.encode() in file.read_bytes()
    assert NAME not in repr(content)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("os.abort()", "the reader crashed over it (exit status -6)"),
        ("import ctypes; ctypes.string_at(0)", "the reader crashed over it (exit status -11)"),
        ("os._exit(3)", "the reader crashed over it (exit status 3)"),
        ("import time; time.sleep(60)", "the reader was stopped after 1 s"),
        ("bytearray(2**40)", "MemoryError"),
        ("raise RuntimeError('no such parameter')", "(no such parameter)"),
    ],
)
def test_sick_reader_fails_the_file_and_the_next_one_is_read(
    file, ill_reader, monkeypatch, body, words
):
    if "sleep" in body:
        monkeypatch.setattr(c3d_process, "TIME_BASE_S", 1.0)
    ill_reader(body)
    with pytest.raises(AqbioError) as caught:
        c3d_content(file)
    assert words in caught.value.what
    assert (caught.value.rule, caught.value.file) == ("c3d-unreadable", "a.c3d")
    assert "export it again" in caught.value.fix
    monkeypatch.undo()
    if "Error" not in body and "bytearray" not in body:  # a reader that lives goes on being used
        assert c3d_content(file).points.shape == (3, 3, 20)


@pytest.mark.parametrize("reads", [0, 1], ids=["before the answer", "within it"])
def test_an_interrupted_question_leaves_no_answer_for_the_next_one(
    file, tmp_path, monkeypatch, reads
):
    """Ctrl-C while a file is read: the next file must not get the contents of the one before."""
    other = write_c3d(tmp_path / "b.c3d", ["D", "E"], np.ones((9, 2, 3)))
    c3d_content(file)
    exactly, done = c3d_process._exactly, []

    def interrupted(pipe, count):
        if len(done) == reads:
            raise KeyboardInterrupt
        done.append(count)
        return exactly(pipe, count)

    monkeypatch.setattr(c3d_process, "_exactly", interrupted)
    with pytest.raises(KeyboardInterrupt):
        c3d_content(file)
    monkeypatch.undo()
    assert c3d_content(other).strings("POINT", "LABELS") == ["D", "E"]
    assert c3d_content(file).strings("POINT", "LABELS") == ["A", "B", "C"]


def test_an_answer_to_another_question_is_not_taken(file, tmp_path, monkeypatch):
    """Whatever put it into the pipe."""
    other = write_c3d(tmp_path / "b.c3d", ["D", "E"], np.ones((9, 2, 3)))
    reader = c3d_process._reader()
    late = {"number": 0, "path": str(file), "memory": 2**30, "seconds": 20.0}
    reader.process.stdin.write(json.dumps(late).encode() + b"\n")
    reader.process.stdin.flush()
    assert c3d_content(other).strings("POINT", "LABELS") == ["D", "E"]


def test_a_reader_that_somebody_killed_says_nothing_about_the_file(file, ill_reader):
    """The first time another one is asked; the second time it is the machine's fault."""
    c3d_content(file)
    os.kill(c3d_process._reader().process.pid, signal.SIGSTOP)
    killer = threading.Timer(0.3, os.kill, (c3d_process._reader().process.pid, signal.SIGKILL))
    killer.start()
    assert c3d_content(file).points.shape == (3, 3, 20)
    ill_reader("os.kill(os.getpid(), 9)")
    with pytest.raises(RunStoppedError, match="killed twice"):
        c3d_content(file)


@pytest.mark.parametrize(("word", "counts"), [(2, "4 points"), (3, "7 analog values")])
def test_header_that_contradicts_the_parameters_is_refused(file, word, counts):
    """A reader that believes the wrong count starts every frame in the middle of another."""
    content = bytearray(file.read_bytes())
    content[2 * word - 2 : 2 * word] = int(counts[0]).to_bytes(2, "little")
    file.write_bytes(bytes(content) + bytes(4096))
    with pytest.raises(AqbioError, match=rf"its header counts {counts}.* contradicts itself"):
        c3d_content(file)
