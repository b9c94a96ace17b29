"""Faults of the machine and of the run: they stop a run, and are no failure of the data."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aqbio.errors import Finding, message
from aqbio.operating_system import could_not_replace, is_too_long

RUN_AGAIN = "then run the same command again: what was finished is kept."

DISK_FIX = f"make room, {RUN_AGAIN}"

SYSTEM_FAULTS = {
    errno.ENOSPC: ("the disk is full", DISK_FIX),
    errno.EDQUOT: ("your quota of the disk is used up", DISK_FIX),
    errno.EFBIG: ("the system allows no file of this size (ulimit -f)", f"allow it, {RUN_AGAIN}"),
    errno.EROFS: ("the disk can only be read", f"let results go elsewhere, {RUN_AGAIN}"),
    errno.EIO: ("the disk does not answer as it should", f"have it looked after, {RUN_AGAIN}"),
    errno.ESTALE: ("the network's disk went away", f"wait for it, {RUN_AGAIN}"),
    errno.ENOMEM: (
        "there is not enough memory",
        f"use fewer cores (--cores 1) or allow more (ulimit -v), {RUN_AGAIN}",
    ),
    errno.EMFILE: ("too many files are open (ulimit -n)", f"allow more, {RUN_AGAIN}"),
    errno.ENFILE: ("too many files are open on this machine", f"wait, {RUN_AGAIN}"),
}
"""Description and remedy of system errors that no file of a study causes."""

NO_PERMISSION = "the folder of the results may not be written to", f"ask for the right, {RUN_AGAIN}"

NO_FOLDER = "a file is where results need a folder", f"give it another name, {RUN_AGAIN}"

WRITING_FAULTS = {
    errno.EACCES: NO_PERMISSION,
    errno.EPERM: NO_PERMISSION,
    errno.ENOENT: ("no folder can be made there", "choose a folder on a disk that is there."),
    errno.ENOTDIR: NO_FOLDER,
    errno.EEXIST: NO_FOLDER,
    errno.EISDIR: ("a folder is where results need a file", f"give it another name, {RUN_AGAIN}"),
    errno.ENAMETOOLONG: (
        "a name is too long for this disk",
        f"shorten ids or folders, {RUN_AGAIN}",
    ),
}
"""The same where a file is written."""

FILE_IN_USE = (
    "another program has this file open, or it is protected",
    f"close it there (Excel keeps what it shows), {RUN_AGAIN}",
)
"""A file that could not be replaced in a folder where others can be written."""

NO_MEMORY_MESSAGE = re.compile(
    "(?:cannot|unable to) allocate|memory allocation|bad_alloc|out of memory|"
    "failed to map segment|can't start new thread",
    re.IGNORECASE,
)
"""Messages of libraries that got no memory."""

INSTALL_FIX = f"install aqbio again, {RUN_AGAIN}"

PROBE_BYTES = 2**20
"""Bytes that a disk with room takes."""


class RunStoppedError(Exception):
    """Fault that stops a run whatever the trial: disk, memory, another run.

    It is no `AqbioError`, so that code which contains those does not take it for a failure of data.
    """

    def __init__(self, what: str, *, file: str = "", fix: str = "", rule: str = "stopped") -> None:
        super().__init__(what)
        self.what, self.file, self.fix, self.rule = what, file, fix, rule

    def __str__(self) -> str:
        return message(self.what, "", self.file, "", self.fix)

    def finding(self) -> Finding:
        """The same as a finding, for lists of problems."""
        return Finding(self.rule, "error", self.what, file=self.file, fix=self.fix)


def machine_fault(error: BaseException, file: Path | None = None) -> RunStoppedError | None:
    """The fault of the machine behind an exception; None if it may be a fault of the data."""
    number = errno.ENOMEM if isinstance(error, MemoryError) else getattr(error, "errno", None)
    system = isinstance(error, ImportError | OSError | RuntimeError | SystemError)
    if system and NO_MEMORY_MESSAGE.search(str(error)):
        number = errno.ENOMEM
    elif isinstance(error, ImportError):
        return _stopped((f"a library cannot be loaded ({error})", INSTALL_FIX), file)
    return _stopped(SYSTEM_FAULTS.get(number or 0), file)


def writing_fault(error: BaseException, folder: Path, file: Path) -> RunStoppedError | None:
    """System fault behind a failed write; None where there is none.

    Libraries hide a full disk (“NetCDF: HDF error”): writing a megabyte is tried.
    """
    fault = machine_fault(error, file) or folder_fault(folder, file)
    return fault or (_stopped(FILE_IN_USE, file) if could_not_replace(error) else None)


def folder_fault(folder: Path, file: Path) -> RunStoppedError | None:
    """System fault that prevents writing a megabyte into a folder; None where there is none."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
    except OSError as fault:
        return _stopped((SYSTEM_FAULTS | WRITING_FAULTS).get(fault.errno or 0), file)
    return None


def is_writable(folder: Path) -> bool:
    """Tell whether a file can be made in a folder, or the folder if it does not exist yet."""
    existing_folder = next(
        (path for path in (folder, *folder.absolute().parents) if path.exists()), folder
    )
    try:
        with tempfile.TemporaryFile(dir=existing_folder):
            return True
    except OSError:
        return False


def home_cache() -> Path:
    """Folder of this user in which programs may cache files."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())


def has_temporary_folder() -> bool:
    """Tell whether the folder for temporary files takes a megabyte."""
    try:
        folder = os.environ.get("TMPDIR") or tempfile.gettempdir()
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
    except OSError:
        return False
    return True


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Raise the system fault behind a failed write within the block."""
    try:
        yield
    except OSError as error:
        number = errno.ENAMETOOLONG if is_too_long(file.absolute()) else error.errno or 0
        if fault := _stopped((SYSTEM_FAULTS | WRITING_FAULTS).get(number), file):
            raise fault from error
        raise


def _stopped(message: tuple[str, str] | None, file: Path | None) -> RunStoppedError | None:
    if message is None:
        return None
    return RunStoppedError(f"{message[0]}.", file=str(file or ""), fix=message[1], rule="machine")


MAX_DETAIL_LINES = 8
"""Lines that are shown of a message of Snakemake."""

SNAKEMAKE_FAULTS = {
    "LockException": (
        "another Snakemake works in this folder, or one was ended there by force.",
        "wait until it has ended; if none runs, add `-- --unlock` to the command once.",
    ),
    "WildcardError": (
        "a path has {braces}, which Snakemake takes for the name of something else.",
        "rename that folder or file.",
    ),
    "UndefinedPathvarException": (
        "a path has <angle brackets>, which Snakemake takes for the name of something else.",
        "rename that folder or file.",
    ),
    "MissingInputException": (
        "a file that a stage needs is not there, and no stage makes it.",
        "put it back, or correct its path.",
    ),
    "MissingOutputException": (
        "a stage ended without a result that it should have left.",
        "run the same command again; on a disk that hosts share, add `-- --latency-wait 60`.",
    ),
    "ProtectedOutputException": (
        "a result is protected against writing.",
        "allow writing in the folder of the results.",
    ),
    "IncompleteFilesException": (
        "results of a run that was interrupted lie there.",
        "run the same command with `-- --rerun-incomplete`.",
    ),
    "MissingRuleException": (
        "no stage makes what was asked for.",
        "`snakemake --list-rules` names the stages; a file is named from the working folder on.",
    ),
    "CliException": ("Snakemake does not understand an option.", "correct what follows `--`."),
    "ApiError": ("Snakemake does not understand an option.", "correct what follows `--`."),
}
"""Description and remedy of Snakemake's exceptions, by their name."""

SYSTEM_ERROR = re.compile(r"\[Errno (\d+)\] ([^:\n]*)(?:: '([^'\n]*)')?")


def snakemake_fault(name: str, text: str, log: Path) -> RunStoppedError:
    """An exception of Snakemake itself, by its name and its text, in words.

    ``log`` keeps the whole text where that is an internal error.
    """
    if match := SYSTEM_ERROR.search(text):
        number, file = int(match[1]), Path(match[3]) if match[3] else None
        if fault := _stopped((SYSTEM_FAULTS | WRITING_FAULTS).get(number), file):
            return fault
    if NO_MEMORY_MESSAGE.search(text) or name == "MemoryError":
        fault = _stopped(SYSTEM_FAULTS[errno.ENOMEM], None)
        assert fault is not None
        return fault
    lines = [] if TRACEBACK in text else _plain_lines(text)
    details = "\n".join(lines)
    if name in SNAKEMAKE_FAULTS:
        problem, fix = SNAKEMAKE_FAULTS[name]
        return RunStoppedError(problem + (details and f"\n{details}"), fix=fix, rule="snakemake")
    if name == "WorkflowError" and details:
        return RunStoppedError(details, rule="snakemake")
    last = (_plain_lines(text) or [name])[-1].strip()
    return RunStoppedError(
        f"internal error of Snakemake ({last})." if last else "internal error of Snakemake.",
        file=str(log),
        fix="report it with that file.",
        rule="snakemake",
    )


TRACEBACK = "Traceback (most recent call last):"

CODE_LINE = re.compile(r'\s*File ".*", line \d+|\w+(Error|Exception)( in (file|rule) .*)?:?$')
"""Lines that name a file and line of code, or only the kind of an error."""


def _plain_lines(text: str) -> list[str]:
    """First lines of a message of Snakemake, without references to its code and ours."""
    lines = [line.rstrip() for line in text.replace(TRACEBACK, "").splitlines() if line.strip()]
    plain = [line for line in lines if not CODE_LINE.match(line)]
    if len(plain) > MAX_DETAIL_LINES + 1:
        plain[MAX_DETAIL_LINES:-1] = [f"  and {len(plain) - MAX_DETAIL_LINES - 1} lines more"]
    return plain
