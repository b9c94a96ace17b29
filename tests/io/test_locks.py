"""One holder at a time, on one machine and on several."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from aqbio.faults import RunStoppedError
from aqbio.io import locks
from aqbio.io.locks import locked, this_process
from tests.refusal import refused

HOLD = """
import pathlib, sys, time
from aqbio.io.locks import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results" / "running.json"


@pytest.fixture
def held(path):
    """A lock that another process holds."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def _of_another_machine(path, age):
    path.parent.mkdir(parents=True)
    content = {"machine": "node7 0", "host": "node7", "pid": 41, "since": "today", "job": "123"}
    path.write_text(json.dumps(content))
    os.utime(path, (time.time() - age,) * 2)


def test_a_lock_is_free_before_and_after_and_says_who_holds_it(path):
    for _ in range(2):
        with locked(path) as before:
            assert before is None
            content = json.loads(path.read_text())
            assert (content["pid"], content["host"]) == (os.getpid(), this_process().host)
        assert not path.exists()


def test_a_held_lock_names_its_holder(path, held):
    with (
        refused(
            "run-locked",
            f"process {held.pid} on {this_process().host}, since",
            RunStoppedError,
        ),
        locked(path),
    ):
        pass
    assert path.exists()


def test_who_waits_gets_the_lock_when_it_is_free(path, held, monkeypatch):
    monkeypatch.setattr(locks, "POLL_S", 0.01)
    told = []

    def waiting(line):
        told.append(line)
        held.send_signal(signal.SIGKILL)
        held.wait()

    with locked(path, waiting=waiting) as before:
        assert before.pid == held.pid, "who was killed left its word"
    assert len(told) == 1
    assert f"process {held.pid}" in told[0]


@pytest.mark.parametrize(
    ("age", "free"), [(locks.SILENT_S - 5.0, False), (locks.SILENT_S + 5.0, True)]
)
def test_a_holder_on_another_host_lives_as_long_as_it_touches_its_lock(path, age, free):
    """There the system cannot tell: its sign of life does."""
    _of_another_machine(path, age)
    if free:
        with locked(path) as before:
            assert before.host == "node7"
    else:
        with pytest.raises(RunStoppedError, match="process 41 on node7, job 123"), locked(path):
            pass
    assert [one.name for one in path.parent.iterdir()] == ([] if free else [path.name])


def test_a_lock_is_touched_while_it_is_held(path, monkeypatch):
    monkeypatch.setattr(locks, "BEAT_S", 0.01)
    with locked(path):
        os.utime(path, (0, 0))
        end = time.monotonic() + 10
        while path.stat().st_mtime == 0 and time.monotonic() < end:
            time.sleep(0.01)
        assert path.stat().st_mtime > 0


@pytest.mark.parametrize("alive", [True, False])
def test_without_locks_of_the_system_the_process_decides(path, monkeypatch, alive):
    """Some network file systems have none."""
    import fcntl

    def refused(file, flags):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refused)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    path.parent.mkdir(parents=True)
    pid = os.getpid() if alive else ended.pid
    own = {"machine": locks._machine(), "host": "here", "pid": pid, "since": "today", "job": ""}
    path.write_text(json.dumps(own))
    if alive:
        with pytest.raises(RunStoppedError), locked(path):
            pass
    else:
        with locked(path) as before:
            assert before.pid == ended.pid


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_lock_that_names_nobody_is_free(path, content):
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with locked(path) as before:
        assert before is None
