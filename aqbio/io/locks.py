"""Locks that say who holds them: one job for one folder of results, on every host that sees it.

A lock is a file with the host and the process that holds it. On one machine the system knows
whether the holder lives (`flock`); on a shared file system a holder on another host says so by
touching the file.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from aqbio.faults import RunStoppedError, writing

BEAT_S = 15.0
"""A holder touches its lock so often."""

SILENT_S = 120.0
"""A holder on another host that was silent for so long is gone."""

POLL_S = 2.0
"""Who waits for a lock looks so often."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock."""

    machine: str
    """Of one start of a machine: after another one none of its processes lives."""
    host: str
    pid: int
    since: str
    """Local time."""
    job: str = ""
    """Number of the job on a cluster."""

    def __str__(self) -> str:
        job = f", job {self.job}" if self.job else ""
        return f"process {self.pid} on {self.host}{job}, since {self.since}"


def this_process() -> Holder:
    """The holder that this process would be."""
    job = os.environ.get("SLURM_JOB_ID", "")
    since = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
    return Holder(_machine(), socket.gethostname(), os.getpid(), since, job)


@contextmanager
def locked(path: Path, *, waiting: Callable[[str], None] | None = None) -> Iterator[Holder | None]:
    """Hold a lock while the block runs; gives who held it before and ended without a word.

    Parameters
    ----------
    waiting : callable, optional
        Wait for the holder, and tell this once who that is; without it a held lock is an error.

    Raises
    ------
    RunStoppedError
        When somebody else holds it.
    """
    told = False
    while (taken := _taken(path)) is None:
        holder = _holder(path)
        if waiting is None:
            raise RunStoppedError(
                f"another run works on these results ({holder or 'unknown'}).",
                file=str(path),
                fix="wait until it has ended, or end it; of a run on a host that is gone the lock "
                f"is free after {SILENT_S:.0f} s.",
                rule="run-locked",
            )
        if not told:
            waiting(f"waits for {holder or 'another job'}, which works on the same results")
            told = True
        time.sleep(POLL_S)
    file, before = taken
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(path, ended), daemon=True)
    beat.start()
    try:
        yield before
    finally:
        ended.set()
        path.unlink(missing_ok=True)
        file.close()


def _taken(path: Path) -> tuple[IO[str], Holder | None] | None:
    """The open file of a lock that is ours now, and who left it; None where it is held."""
    import fcntl

    known = True
    with writing(path), ExitStack() as unless_taken:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = unless_taken.enter_context(path.open("a+", encoding="utf-8"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        except OSError:  # a file system without such locks: what the file says decides
            known = False
        if not _same(file, path):
            return None  # released meanwhile
        before = _holder(path)
        if before is not None and _lives(before, path, known=known):
            return None
        file.truncate(0)
        file.write(json.dumps(asdict(this_process())) + "\n")
        file.flush()
        unless_taken.pop_all()
    return file, before


def _same(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _lives(holder: Holder, path: Path, *, known: bool) -> bool:
    """Whether a holder may still work, where the system did not tell.

    Parameters
    ----------
    known : bool
        Whether the system would have told of a holder on this machine.
    """
    if holder.machine != _machine():
        return _silence(path) < SILENT_S
    if known:
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _holder(path: Path) -> Holder | None:
    """Who a lock names; None where it names nobody."""
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _silence(path: Path) -> float:
    """Seconds since a lock was touched, by the clock of the file system that it lies on."""
    clock = path.with_name(f"{path.name}.clock")
    clock.touch()
    try:
        return clock.stat().st_mtime - path.stat().st_mtime
    finally:
        clock.unlink(missing_ok=True)


def _beat(path: Path, ended: threading.Event) -> None:
    while not ended.wait(BEAT_S):
        with suppress(OSError):
            os.utime(path)


def _machine() -> str:
    """Name of the machine since its last start, and of the space that process numbers are of."""
    found = [socket.gethostname()]
    with suppress(OSError):
        found.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
    with suppress(OSError):
        found.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(found)
