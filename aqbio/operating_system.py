"""Differences between operating systems: locks, limits and ends of processes, open files, names.

The only module that uses features which Linux, macOS or Windows lacks; each lack has a substitute
here.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import ctypes
import gc
import math
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_all_start_methods
from pathlib import Path, PurePath, PureWindowsPath

import psutil
from filelock import FileLock, Timeout

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

WINDOWS = os.name == "nt"

CAN_FORK = "fork" in get_all_start_methods()

# names of files -----------------------------------------------------------------------------------

MAX_WINDOWS_PATH = 259
"""Letters of a path that programs on Windows open without further settings (``MAX_PATH`` less the
final zero)."""


def is_path(name: str) -> bool:
    r"""Tell whether a setting names a file by its path: ``models/a``, ``..\a``, ``C:\a``."""
    return len(PureWindowsPath(name).parts) > 1 or "/" in name


def is_too_long(path: PurePath) -> bool:
    """Tell whether Windows refuses a path for its length, which it reports as "not found"."""
    return isinstance(path, PureWindowsPath) and len(str(path)) > MAX_WINDOWS_PATH


def relative_path(path: Path, folder: Path) -> str:
    """Path from a folder; the whole path where it lies on another drive."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:  # on Windows: another drive or a share of the network
        return str(path)


def programs_folder() -> Path:
    """Folder of the commands of this installation: ``bin``, on Windows ``Scripts``."""
    interpreter_folder = Path(sys.executable).parent
    scripts = Path(sysconfig.get_path("scripts"))
    return next(
        (folder for folder in (interpreter_folder, scripts) if shutil.which("aqbio", path=folder)),
        interpreter_folder,
    )


# files --------------------------------------------------------------------------------------------

REPLACE_ATTEMPTS = 20
REPLACE_PAUSE_S = 0.1
"""A virus scanner holds a new file for a fraction of a second; a spreadsheet for longer."""


def replace_file(source: Path, target: Path) -> None:
    """Rename a file over another; wait a moment for a program that has the other one open."""
    for attempt in range(REPLACE_ATTEMPTS if WINDOWS else 1):
        if attempt:
            time.sleep(REPLACE_PAUSE_S)
        with contextlib.suppress(PermissionError):
            source.replace(target)
            return
    source.replace(target)


def could_not_replace(error: BaseException) -> bool:
    """Tell whether a file was not replaced because a program has it open, or it is protected."""
    return isinstance(error, PermissionError) and error.filename2 is not None


class FileClaimedError(Exception):
    """Another process holds the lock."""


_LOCKS: dict[Path, FileLock] = {}
"""Locks that this process holds until it ends."""


def claim_file(path: Path) -> None:
    """Lock a file until this process ends, however it ends; FileClaimedError if another has it.

    On a disk without locks nothing is locked and no error is raised.
    """
    lock = _LOCKS.get(path) or FileLock(path, timeout=0, fallback_to_soft=False)
    if lock.is_locked:
        return
    try:
        lock.acquire()
    except Timeout as error:
        raise FileClaimedError(str(path)) from error
    except (OSError, NotImplementedError):
        return
    _LOCKS[path] = lock


# processes ----------------------------------------------------------------------------------------

WATCH_INTERVAL_S = 1.0


def end_with(pid: int) -> None:
    """End this process soon after a process that started it; nothing if that did not."""
    if os.getppid() == pid:
        has_ended = _parent_changed(pid)
    elif ancestor := _ancestor(pid):  # a shell lies between, on Windows a launcher as well
        has_ended = _process_ended(ancestor)
    else:
        return

    def watch() -> None:
        while not has_ended():
            time.sleep(WATCH_INTERVAL_S)
        _terminate()

    threading.Thread(target=watch, daemon=True).start()


def _parent_changed(pid: int) -> Callable[[], bool]:
    """Function that tells the end of a parent: except on Windows a process then gets another."""
    if WINDOWS and (parent := _ancestor(pid)):
        return _process_ended(parent)
    return lambda: os.getppid() != pid


def _process_ended(process: psutil.Process) -> Callable[[], bool]:
    """Function that tells the end of a process, also of one that its parent has not reaped yet."""

    def has_ended() -> bool:
        with contextlib.suppress(psutil.Error):
            return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        return True

    return has_ended


def _ancestor(pid: int) -> psutil.Process | None:
    with contextlib.suppress(psutil.Error):
        return next((process for process in psutil.Process().parents() if process.pid == pid), None)
    return None


def _terminate() -> None:
    """Do to this process what SIGTERM does; on Windows ``os.kill`` would leave it no last word."""
    if WINDOWS:
        _thread.interrupt_main(signal.SIGTERM)
    else:
        os.kill(os.getpid(), signal.SIGTERM)


END_SIGNALS = {
    int(getattr(signal, name)): words
    for name, words in (
        ("SIGINT", "Ctrl-C"), ("SIGTERM", "SIGTERM"),
        ("SIGBREAK", "the end of its console"), ("SIGHUP", "the end of its terminal"),
    )
    if hasattr(signal, name)
}  # fmt: skip
"""Requests to end and what they are of; SIGBREAK is of Windows."""


SIGNAL_STATUS = 128
"""Exit status of a process that a signal ended, less the signal's number."""


def stopped_words(number: int) -> str:
    """Message of a process that was asked to end."""
    return (
        f"Stopped by {END_SIGNALS.get(number, 'a signal')}: what was finished is kept; the same "
        "command goes on from there."
    )


def interrupt_on_termination() -> None:
    """Let the requests of the system to end raise KeyboardInterrupt."""
    for number in END_SIGNALS:
        if number != signal.SIGINT and signal.getsignal(number) != signal.SIG_IGN:  # of nohup
            signal.signal(number, _raise_interrupt)


def _raise_interrupt(number: int, _frame: object) -> None:
    raise KeyboardInterrupt(number)


@contextmanager
def noted_signals() -> Iterator[Callable[[], int]]:
    """Give a function for the last signal that ends this process; 0 before any, however handled."""
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.settimeout(0.0)
        writer.settimeout(0.0)
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        numbers = bytearray()

        def last_end() -> int:
            with contextlib.suppress(BlockingIOError):
                numbers.extend(reader.recv(4096))
            return next((number for number in reversed(numbers) if number in END_SIGNALS), 0)

        try:
            yield last_end
        finally:
            signal.set_wakeup_fd(before)


def write_utf8() -> None:
    """Write UTF-8 into files and pipes, and never fail over a letter that a console lacks.

    On Windows a pipe would get the letters of the country's code page, without ≥ and subscripts.
    """
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            chosen = stream.isatty() or not WINDOWS or "PYTHONIOENCODING" in os.environ
            reconfigure(encoding=None if chosen else "utf-8", errors="replace")


KILL_SIGNAL = 9
"""Signal that ends a process without a message, as the system does when memory runs out."""

CPU_TIME_SIGNAL = 24
"""Signal of a process whose CPU time is used up (SIGXCPU; the same on Linux and macOS)."""

WINDOWS_ENDS = {
    0xC0000005: "access violation",
    0xC000001D: "illegal instruction",
    0xC0000094: "division by zero",
    0xC00000FD: "stack overflow",
    0xC0000374: "damaged heap",
    0xC0000409: "damaged stack",
}
"""Exit statuses of processes that Windows ended (NTSTATUS)."""

WINDOWS_NO_MEMORY = {0xC0000017, 0xC000012D}
"""The same where it had no memory left."""


def ended_without_memory(status: int) -> bool:
    """Tell whether a process ended as processes do when memory runs out."""
    return status == -KILL_SIGNAL or status % 2**32 in WINDOWS_NO_MEMORY


def end_in_words(status: int) -> str:
    """Cause of the end of a process, from its exit status: a signal is negative."""
    if status < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-status).name
    return WINDOWS_ENDS.get(status % 2**32, f"exit status {status}")


# limits -------------------------------------------------------------------------------------------


def limit_memory(growth: int) -> None:
    """Let this process grow by so many bytes at most, where the system can do that."""
    with contextlib.suppress(psutil.Error, AttributeError, OSError, ValueError):
        process = psutil.Process()
        _, hard = process.rlimit(psutil.RLIMIT_AS)
        process.rlimit(psutil.RLIMIT_AS, (process.memory_info().vms + growth, hard))


def limit_time(seconds: float) -> None:
    """Limit the CPU time of this process, s: an endless loop ends even without its parent."""
    if resource is None:
        return
    with contextlib.suppress(OSError, ValueError):
        limit = math.ceil(time.process_time() + seconds) + 1
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


# work in a fresh interpreter ----------------------------------------------------------------------

ANSWER_CODE = "from aqbio.operating_system import answer; answer()"

MEMORY_CHECK_INTERVAL_S = 0.1
"""Time between two looks at the memory of a process."""


class OutOfTimeError(Exception):
    """Work took longer than it may."""


class EndedError(Exception):
    """A process ended before it had an answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"exit status {status}")
        self.status = status


def in_fresh_process(work: bytes, seconds: float | None, memory: int | None) -> bytes:
    """Answer of pickled work by a new interpreter, which ends when it takes too much.

    Raises OutOfTimeError, MemoryError, and EndedError where it ends without an answer.
    """
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {ANSWER_CODE}"]
    begin = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        first: bytes | None = work
        try:
            while True:
                try:
                    answered, _ = process.communicate(first, timeout=MEMORY_CHECK_INTERVAL_S)
                    break
                except subprocess.TimeoutExpired:
                    first = None
                if seconds is not None and time.monotonic() - begin > seconds + MAX_START_TIME_S:
                    raise OutOfTimeError
                if memory is not None and _memory(process.pid) > memory + MAX_START_MEMORY_BYTES:
                    raise MemoryError
        finally:
            process.kill()
    if process.returncode or not answered:
        raise EndedError(process.returncode)
    return answered


MAX_START_TIME_S = 20.0
MAX_START_MEMORY_BYTES = 2**29
"""An interpreter with NumPy needs 1 s and 0.2 GB; a cold disk or a virus scanner take longer."""


def _memory(pid: int) -> int:
    """Bytes that a process has asked for; 0 when it has ended."""
    with contextlib.suppress(psutil.Error):
        info = psutil.Process(pid).memory_info()
        return int(getattr(info, "private", info.rss))
    return 0


def answer() -> None:
    """Do the pickled work of the standard input and answer on the standard output."""
    with os.fdopen(os.dup(1), "wb") as output:
        os.dup2(2, 1)  # what libraries print is no answer
        result: tuple[object, BaseException | None]
        try:
            result = pickle.load(sys.stdin.buffer)(), None
            content = pickle.dumps(result)
        except BaseException as error:  # noqa: BLE001 -- the parent raises it
            content = pickle.dumps((None, error))
        output.write(content)


# memory ------------------------------------------------------------------------------------------

MAX_FREE_HEAP_BYTES = 2**31 - 1
"""Bytes at the end of the heap that go back to the system only when there are more."""

HEAP_GROWTH_BYTES = 2**28
"""Bytes by which the heap grows beyond the request."""

MAX_HEAP_ARRAY_BYTES = (2**30, 2**25)
"""Size of one array up to which it lies in the heap, and the most that older versions of the
library allow."""

TRIM_THRESHOLD = -1
TOP_PAD = -2
MMAP_THRESHOLD = -3
"""Numbers of these choices in the C library (``malloc.h``)."""


def keep_freed_memory() -> None:
    """Keep the memory of freed arrays, which the GNU library would give back each time."""
    try:
        choose = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    if any(choose(MMAP_THRESHOLD, size) for size in MAX_HEAP_ARRAY_BYTES):
        choose(TRIM_THRESHOLD, MAX_FREE_HEAP_BYTES)
        choose(TOP_PAD, HEAP_GROWTH_BYTES)


def relax_garbage_collection() -> None:
    """Run the cyclic garbage collector less often: a job has hundreds of thousands of objects."""
    gc.set_threshold(50_000, 20, 50)
    atexit.register(gc.freeze)  # it would look at all of them when the process ends: 0.3 s
