"""Unforeseen exceptions: logged with their traceback, reported in one sentence, and contained.

The trial, specification, figure or section of a page in which one is raised is left out with an
error finding; everything else goes on. Only this module catches every exception.
"""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from aqbio.errors import AqbioError, Finding
from aqbio.faults import RUN_AGAIN, RunStoppedError, machine_fault
from aqbio.io.atomic import files_made, note_made, write_text
from aqbio.io.provenance import in_ids
from aqbio.io.study import Study
from aqbio.operating_system import CAN_FORK
from aqbio.version import __version__

Result = TypeVar("Result")

RULE = "internal-error"

IDENTIFIER = r"internal error (\w+)"
"""Pattern that finds the identifier of an error in a sentence."""

LOG_PREFIX = "internal-"
"""Beginning of the name of its log."""

STAGE_ORDER = "stage-order"
"""Rule of the error that an earlier stage has not run: not a failure of data, so not recorded."""

PACKAGE = Path(__file__).parents[1]

IDENTIFIER_LENGTH = 6
"""Length of an identifier."""


@contextmanager
def contained(study: Study | None, stage: str, *subject: str) -> Iterator[None]:
    """Turn an exception raised inside into an `AqbioError` that fails only this computation.

    ``subject`` names what is being computed: participant, trial, specification, figure. The
    traceback of other exceptions goes to a log; faults of the machine pass through.
    """
    try:
        yield
    except RunStoppedError:
        raise
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:  # readers rephrase the errors of libraries
            if fault := machine_fault(cause):
                raise fault from error
            cause = cause.__cause__
        if isinstance(error, AqbioError):
            raise
        raise _internal_error(study, stage, subject, error) from error


def identifier(error: Exception) -> str:
    """Identify an exception by its type and the functions in its traceback, on every machine."""
    steps = [
        f"{Path(frame.filename).relative_to(PACKAGE).as_posix()}:{frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(PACKAGE)
    ]
    text = "\n".join((type(error).__name__, *steps))
    return hashlib.sha256(text.encode()).hexdigest()[:IDENTIFIER_LENGTH]


def _internal_error(
    study: Study | None, stage: str, subject: tuple[str, ...], error: Exception
) -> AqbioError:
    name, words = identifier(error), " ".join(str(error).split())
    message = f"internal error {name}: {type(error).__name__}{f' ({words})' if words else ''}"
    if study is None:
        last = traceback.extract_tb(error.__traceback__)[-1]
        location = f"{Path(last.filename).name}:{last.lineno}"
        return AqbioError(f"{message} at {location}; please report.", fix="report it.", rule=RULE)
    file = re.sub(r"[^\w.-]+", "_", "-".join((name, stage, *subject)))
    log = study.root / "logs" / f"{LOG_PREFIX}{file}.txt"
    head = f"aqbio {__version__}, stage {stage}{''.join(f', {part}' for part in subject)}"
    text = in_ids(study, "".join(traceback.format_exception(error)))
    write_text(log, f"{head}\n\n{text}")
    fix = (
        "report it with this file, which holds places in the program and no data; the next run "
        "tries again."
    )
    return AqbioError(
        f"{message}, see {log.relative_to(study.root).as_posix()}; please report.",
        file=str(log),
        fix=fix,
        rule=RULE,
    )


def internal_logs(study: Study, files: Iterable[Path]) -> list[str]:
    """Names of the logs of internal errors among files that a stage wrote."""
    logs = study.root / "logs"
    return sorted(
        path.name for path in files if path.parent == logs and path.name.startswith(LOG_PREFIX)
    )


def as_findings(error: AqbioError, **context: str) -> list[Finding]:
    """An error as findings: one, or all that it holds."""
    return list(getattr(error, "findings", ())) or [error.finding(**context)]


def in_one_line(error: AqbioError) -> str:
    """Everything an error states, as the reason of a failure."""
    return " ".join(finding.what for finding in as_findings(error))


@dataclass
class Parts:
    """Parts of a stage of the whole study, in turn; a failing part does not stop the others."""

    study: Study
    stage: str
    findings: list[Finding] = field(default_factory=list)
    """One per part that failed."""

    @contextmanager
    def collect_errors(self, name: str) -> Iterator[None]:
        """Turn any exception inside into an error, and record it as a finding."""
        try:
            with contained(self.study, self.stage, name):
                yield
        except AqbioError as error:
            if error.rule != STAGE_ORDER:
                self.findings += as_findings(error)
            raise

    def part(self, name: str, make: Callable[[], Result], otherwise: Result) -> Result:
        """Make a part, or return ``otherwise`` if it cannot be made."""
        try:
            with self.collect_errors(name):
                return make()
        except AqbioError as error:
            if error.rule == STAGE_ORDER:
                raise
            return otherwise

    def side_by_side(
        self, makers: Sequence[tuple[str, Callable[[], Result]]], otherwise: Result, cores: int
    ) -> Iterator[Result]:
        """Make independent parts in ``cores`` forked processes; in their order."""
        if cores == 1 or not CAN_FORK:
            yield from (self.part(name, make, otherwise) for name, make in makers)
            return

        def make_part(index: int) -> tuple[Result, list[Finding], list[Path]]:
            parts = Parts(self.study, self.stage)
            with files_made() as files:
                result = parts.part(*makers[index], otherwise)
            return result, parts.findings, list(files)

        _FORKED.append(make_part)
        try:
            with ProcessPoolExecutor(cores, mp_context=get_context("fork")) as pool:
                for result, findings, files in pool.map(_forked, range(len(makers))):
                    self.findings += findings
                    note_made(files)
                    yield result
        except BrokenProcessPool as error:
            raise RunStoppedError(
                f"a process of stage {self.stage} ended without a message: memory ran out, or a "
                "library crashed.",
                fix=f"use fewer cores (--cores 1), {RUN_AGAIN}",
                rule="machine",
            ) from error
        finally:
            _FORKED.pop()


_FORKED: list[Callable[[int], Any]] = []
"""Functions that forked processes call; inherited by the fork, since closures cannot be pickled."""


def _forked(index: int) -> Any:
    return _FORKED[-1](index)
