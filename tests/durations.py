"""CPU seconds of test files, and the fast loop that is chosen from them.

``--durations-to FILE`` writes what was run into the record; ``--fast`` keeps the cheapest files
until `BUDGET` is spent. A file without a record is new, and runs.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import pytest

RECORD = Path(__file__).with_name("durations.tsv")
ROOT = RECORD.parents[1]

MARKS = ("opensim", "workflow", "browser", "install", "slurm", "real")
"""Marks of tests that are never in the fast loop."""

BUDGET = 90.0
"""CPU seconds of the fast loop: 90 s on two cores, less imports and collection in both workers."""


def add_options(parser: pytest.Parser) -> None:
    """Add the two options."""
    parser.addoption("--fast", action="store_true", help="only files that fit the fast loop")
    parser.addoption("--durations-to", type=Path, metavar="FILE", help="record CPU seconds")


def read_record(path: Path = RECORD) -> dict[str, float]:
    """CPU seconds by file; nothing where there is no record."""
    if not path.is_file():
        return {}
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:])
    return {file: float(seconds) for file, seconds in rows}


def write_record(path: Path, measured: dict[str, float]) -> None:
    """Write what was measured; files that were not run keep their line, files that are gone not."""
    known = {k: v for k, v in read_record(path).items() if (ROOT / k).is_file()} | measured
    lines = ["file\tcpu_s", *(f"{file}\t{known[file]:.1f}" for file in sorted(known))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def affordable(files: set[str], record: dict[str, float], budget: float = BUDGET) -> set[str]:
    """The files that fit: the cheapest first, until the budget is spent; new ones always."""
    kept, spent = set(), 0.0
    for file in sorted(files, key=lambda one: (record.get(one, 0.0), one)):
        spent += record.get(file, 0.0)
        if spent <= budget:
            kept.add(file)
    return kept


def file_of(nodeid: str) -> str:
    """File of a test."""
    return nodeid.partition("::")[0]


def cpu_seconds() -> float:
    """CPU seconds of this process, of those it waited for, and, on Linux, of those that live."""
    return sum(os.times()[:4]) + sum(map(_seconds_of, _children(os.getpid())))


def _children(process: int) -> list[int]:
    """Processes that a process started and has not waited for."""
    try:
        lists = [path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:  # it has just ended
        return []
    return [int(child) for one in lists for child in one.split()]


def _seconds_of(process: int) -> float:
    """CPU seconds of a process and all that it started."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(_seconds_of, _children(process)))


class Durations:
    """Measures every phase of every test, in the process that runs it."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.last = cpu_seconds()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        """What was between two tests is of none."""
        self.last = cpu_seconds()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self):
        """Write into the report of a phase what it took: so it reaches the controller."""
        report = yield
        now = cpu_seconds()
        report.user_properties.append(("cpu_s", now - self.last))
        self.last = now
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Sum over the tests of a file."""
        took = dict(report.user_properties).get("cpu_s", 0.0)
        self.seconds[file_of(report.nodeid)] += took

    def pytest_sessionfinish(self) -> None:
        """Write the record, once."""
        if self.path is not None:
            write_record(self.path, dict(self.seconds))


def configure(config: pytest.Config) -> None:
    """Measure, and let the controller alone write."""
    path = config.getoption("--durations-to")
    config.pluginmanager.register(
        Durations(None if hasattr(config, "workerinput") else path), "durations"
    )


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--fast``, leave out what does not fit, and everything with a mark of slow tests."""
    if not config.getoption("--fast"):
        return
    quick = [item for item in items if not any(map(item.get_closest_marker, MARKS))]
    kept = affordable({file_of(item.nodeid) for item in quick}, read_record())
    chosen = [item for item in quick if file_of(item.nodeid) in kept]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen
