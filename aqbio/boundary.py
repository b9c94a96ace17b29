"""The boundary between files of a laboratory and the program: errors of readers are translated.

Parsers and libraries raise all kinds of errors over unforeseen files. A reader behind this boundary
returns the content, or raises an error with the file, the line where the parser knows it, and a
fix; no other error passes.
"""

from __future__ import annotations

import csv
import faulthandler
import os
import pickle
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import wraps
from multiprocessing import get_context
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from xml.etree import ElementTree

import yaml

from aqbio.errors import AqbioError
from aqbio.faults import RUN_AGAIN, RunStoppedError, machine_fault
from aqbio.operating_system import (
    CAN_FORK,
    CPU_TIME_SIGNAL,
    EndedError,
    OutOfTimeError,
    end_in_words,
    ended_without_memory,
    in_fresh_process,
    limit_memory,
    limit_time,
)

P = ParamSpec("P")
R = TypeVar("R")
Reader = Callable[Concatenate[Path, P], R]
PathReader = Callable[Concatenate[str | os.PathLike[str], P], R]

PARSERS_RAISE = (
    ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError,
    AssertionError, EOFError, RuntimeError, yaml.YAMLError, ElementTree.ParseError, csv.Error,
    struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip
"""Errors that parsers raise for damaged files."""

MAX_WRITTEN_BYTES = 2**24
"""Size limit of files that people write: settings, sheets, maps."""

MAX_RECORDING_BYTES = 2**31
"""Size limit of a recording: half an hour of 100 markers and 8 plates as text."""

RECORDING_FIX = "check the columns file and force_file of trials.tsv and files.data of study.yaml."
"""Remedy where a recording cannot be opened: the columns that name recordings."""

MAX_MESSAGE_LETTERS = 600
"""Longest message about one file, letters."""


def reads(
    kind: str, fix: str, largest: int = MAX_WRITTEN_BYTES
) -> Callable[[Reader[P, R]], PathReader[P, R]]:
    """Make a reader that takes paths as text too, and whose every failure is about its file.

    ``kind`` names what the file should be, ``fix`` what to do, ``largest`` its size in bytes.
    """

    def decorated(reader: Reader[P, R]) -> PathReader[P, R]:
        @wraps(reader)
        def safe(path: str | os.PathLike[str], /, *arguments: P.args, **options: P.kwargs) -> R:
            path = Path(path)
            try:
                _refuse_unreadable(path, kind, largest)
                return reader(path, *arguments, **options)
            except AqbioError as error:
                error.what = _shortened(error.what)
                raise
            except OSError as error:
                location_and_fix = (
                    (path.name, RECORDING_FIX)
                    if largest == MAX_RECORDING_BYTES
                    else (str(path), "check its path.")
                )
                raise cannot_be_opened(path, error, *location_and_fix) from error
            except PARSERS_RAISE as error:
                reason = _shortened(" ".join(str(error).split()))
                reason = reason if largest <= MAX_WRITTEN_BYTES else without_quotes(reason)
                raise AqbioError(
                    f"the file cannot be read as {kind}"
                    f" ({type(error).__name__}{f': {reason}' if reason else ''}).",
                    file=str(path),
                    fix=fix,
                    rule="file-damaged",
                ) from error

        return safe

    return decorated


def without_quotes(words: object) -> str:
    """A parser's message without its quotations: recordings hold names of persons."""
    return re.sub(r"(['\"]).*?\1", "…", str(words))


def _shortened(words: str) -> str:
    """Words without their middle where they repeat a whole file."""
    return (
        words
        if len(words) <= MAX_MESSAGE_LETTERS
        else f"{words[: MAX_MESSAGE_LETTERS // 2]} … {words[-MAX_MESSAGE_LETTERS // 2 :]}"
    )


def _refuse_unreadable(path: Path, kind: str, largest: int) -> None:
    """Refuse anything but regular files (a pipe never ends), and files that are far too large."""
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return  # the reader knows what to say of it
    if not stat.S_ISREG(state.st_mode):
        raise AqbioError(
            "the file cannot be read: it is a folder, a pipe or a device.",
            file=str(path),
            fix="correct its path.",
            rule="file-unreadable",
        )
    if state.st_size > largest:
        raise AqbioError(
            f"the file has {state.st_size / 2**20:.0f} MB, too many for {kind}, of which "
            f"{largest / 2**20:.0f} MB are read.",
            file=str(path),
            fix="check that this is the file that was meant.",
            rule="file-too-large",
        )


UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Line breaks, tabs and bytes that are no UTF-8: neither sheets nor settings can hold them."""


def refuse_unwritable_name(path: Path) -> None:
    """Raise AqbioError for a file or folder whose name the files of a study cannot hold."""
    if UNWRITABLE.search(str(path)):
        raise AqbioError(
            "its name has a line break, a tab or letters that are no UTF-8.",
            file=ascii(str(path)),
            fix="rename it.",
            rule="file-name",
        )


CRASH = "library-crash"
"""Rule of the error that a library crashed."""


def in_own_process(
    work: Callable[[], R],
    file: Path | None = None,
    seconds: float | None = None,
    memory: int | None = None,
) -> R:
    """Do work on a file in a process of its own, so that a library that crashes ends only that.

    It is stopped after ``seconds``, and may grow by ``memory`` bytes. Without ``fork`` (Windows) a
    new interpreter does the work, if that can be sent to it: a function of a module, a ``partial``
    of one.
    """
    answer = _by_fork(work, file, seconds, memory) if CAN_FORK else None
    answer = answer or _by_interpreter(work, file, seconds, memory)
    result, error = answer
    if error is not None:
        raise error
    return result


Answer = tuple[R, BaseException | None]
"""Result of the work, or the error that it raised."""


def _by_fork(
    work: Callable[[], R], file: Path | None, seconds: float | None, memory: int | None
) -> Answer[R]:
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def answer() -> None:
        faulthandler.disable()  # the parent says it in words
        try:
            if memory is not None:
                limit_memory(memory)
            if seconds is not None:
                limit_time(seconds)
            sender.send((work(), None))
        except BaseException as error:  # noqa: BLE001 -- the parent raises it
            sender.send((None, error))

    process = context.Process(target=answer)
    process.start()
    sender.close()
    with receiver:
        try:
            if not receiver.poll(seconds):
                raise _out_of_time(file)
            answered: Answer[R] = receiver.recv()
        except EOFError:
            process.join()
            raise _ended(process.exitcode or 0, file) from None
        finally:  # of work that takes too long, or that somebody interrupts
            process.kill()
            process.join()
    return answered


def _by_interpreter(
    work: Callable[[], R], file: Path | None, seconds: float | None, memory: int | None
) -> Answer[R]:
    try:
        content = pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError):  # a function of a function
        return work(), None
    try:
        answered: Answer[R] = pickle.loads(in_fresh_process(content, seconds, memory))
    except OutOfTimeError:
        raise _out_of_time(file) from None
    except EndedError as ended:
        raise _ended(ended.status, file) from None
    return answered


def _ended(status: int, file: Path | None) -> AqbioError | RunStoppedError:
    """Cause of the end of a process, by its exit status (the negative number of a signal)."""
    if ended_without_memory(status):
        return RunStoppedError(
            "a process stopped without a message; memory probably ran out.",
            fix=f"close other programs, {RUN_AGAIN}",
            rule="machine",
        )
    if status == -CPU_TIME_SIGNAL:
        return _out_of_time(file)
    return _crash(f"a library crashed over a file ({end_in_words(status)}).", file)


def _out_of_time(file: Path | None) -> AqbioError:
    return _crash("a library took too long over a file.", file)


def _crash(problem: str, file: Path | None) -> AqbioError:
    return AqbioError(
        problem,
        file=str(file or ""),
        fix="look at the models and recordings that are named here, or report it with them.",
        rule=CRASH,
    )


def cannot_be_opened(
    path: Path, error: OSError, file: str = "", fix: str = "check its path."
) -> AqbioError:
    """Error for a file that is missing, or exists but cannot be read."""
    if fault := machine_fault(error, path):
        raise fault from error
    missing = isinstance(error, FileNotFoundError)
    return AqbioError(
        f"the file cannot be read ({(error.strerror or type(error).__name__).lower()}).",
        file=file or str(path),
        fix=fix if missing else "check that it is a file, and who may read it.",
        rule="file-missing" if missing else "file-unreadable",
    )
