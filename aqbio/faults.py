"""Faults of the machine and of the run: they stop a run, and are no failure of anybody's data."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aqbio.errors import Finding, message
from aqbio.operating_system import could_not_replace, is_too_long

AGAIN = "then run the same command again: what was finished is kept."

DISK = f"make room, {AGAIN}"

FAULTS = {
    errno.ENOSPC: ("the disk is full", DISK),
    errno.EDQUOT: ("your quota of the disk is used up", DISK),
    errno.EFBIG: ("the system allows no file of this size (ulimit -f)", f"allow it, {AGAIN}"),
    errno.EROFS: ("the disk can only be read", f"let results go elsewhere, {AGAIN}"),
    errno.EIO: ("the disk does not answer as it should", f"have it looked after, {AGAIN}"),
    errno.ESTALE: ("the network's disk went away", f"wait for it, {AGAIN}"),
    errno.ENOMEM: (
        "there is not enough memory",
        f"use fewer cores (--cores 1) or allow more (ulimit -v), {AGAIN}",
    ),
    errno.EMFILE: ("too many files are open (ulimit -n)", f"allow more, {AGAIN}"),
    errno.ENFILE: ("too many files are open on this machine", f"wait, {AGAIN}"),
}
"""What errors of the system mean that no file of a study causes, and what to do."""

MAY_NOT = "the folder of the results may not be written to", f"ask for the right, {AGAIN}"

NO_FOLDER = "a file is where results need a folder", f"give it another name, {AGAIN}"

WRITING = {
    errno.EACCES: MAY_NOT,
    errno.EPERM: MAY_NOT,
    errno.ENOTDIR: NO_FOLDER,
    errno.EEXIST: NO_FOLDER,
    errno.EISDIR: ("a folder is where results need a file", f"give it another name, {AGAIN}"),
    errno.ENAMETOOLONG: ("a name is too long for this disk", f"shorten ids or folders, {AGAIN}"),
}
"""The same where a file is written."""

IN_USE = (
    "another program has this file open, or it is protected",
    f"close it there (Excel keeps what it shows), {AGAIN}",
)
"""A file that could not be replaced in a folder where others can be written."""

MEMORY = re.compile(
    "(?:cannot|unable to) allocate|memory allocation|bad_alloc|out of memory|"
    "failed to map segment|can't start new thread",
    re.IGNORECASE,
)
"""Messages of libraries that got no memory."""

INSTALL = f"install aqbio again, {AGAIN}"

PROBE = 2**20
"""Bytes that a disk with room takes."""


class RunStoppedError(Exception):
    """Something that stops a run and that no trial can help: disk, memory, another run.

    It is no `AqbioError`, so that nothing that contains those takes it for a failure of data.
    """

    def __init__(self, what: str, *, file: str = "", fix: str = "", rule: str = "stopped") -> None:
        super().__init__(what)
        self.what, self.file, self.fix, self.rule = what, file, fix, rule

    def __str__(self) -> str:
        return message(self.what, "", self.file, "", self.fix)

    def finding(self) -> Finding:
        """The same as a finding, for who lists problems."""
        return Finding(self.rule, "error", self.what, file=self.file, fix=self.fix)


def machine_fault(error: BaseException, file: Path | None = None) -> RunStoppedError | None:
    """The fault of the machine behind an exception; None if it may be a fault of the data."""
    number = errno.ENOMEM if isinstance(error, MemoryError) else getattr(error, "errno", None)
    system = isinstance(error, ImportError | OSError | RuntimeError | SystemError)
    if system and MEMORY.search(str(error)):
        number = errno.ENOMEM
    elif isinstance(error, ImportError):
        return _stopped((f"a library cannot be loaded ({error})", INSTALL), file)
    return _stopped(FAULTS.get(number or 0), file)


def writing_fault(error: BaseException, folder: Path, file: Path) -> RunStoppedError | None:
    """What the machine has against a file that could not be written; None where nothing.

    Libraries hide a full disk (“NetCDF: HDF error”): a file of a megabyte is tried.
    """
    import tempfile

    if fault_before := machine_fault(error, file):
        return fault_before
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE))
            probe.flush()
    except OSError as fault:
        return _stopped((FAULTS | WRITING).get(fault.errno or 0), file)
    return _stopped(IN_USE, file) if could_not_replace(error) else None


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Tell what the machine has against a file that is written in the block."""
    try:
        yield
    except OSError as error:
        number = errno.ENAMETOOLONG if is_too_long(file.absolute()) else error.errno or 0
        if fault := _stopped((FAULTS | WRITING).get(number), file):
            raise fault from error
        raise


def _stopped(message: tuple[str, str] | None, file: Path | None) -> RunStoppedError | None:
    if message is None:
        return None
    return RunStoppedError(f"{message[0]}.", file=str(file or ""), fix=message[1], rule="machine")
