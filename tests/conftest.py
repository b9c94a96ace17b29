"""Fixtures that every test room shares."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr
from hypothesis import settings

from aqbio.cli import LINEAR_ALGEBRA_THREADS

# As the commands do it: two workers with a thread for every core each wait for one another.
for name in LINEAR_ALGEBRA_THREADS:
    os.environ.setdefault(name, "1")

from tests.prepared import prepared_study  # noqa: E402, F401  (loads NumPy)
from tests.skeletons import random_motion, random_tree, runner, running, three_turns  # noqa: E402, F401


def _slurm_answers() -> bool:
    try:
        return (
            subprocess.run(["sinfo"], capture_output=True, check=False, timeout=5).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


# Where SLURM is installed and does not run, every snakemake waits 9 s for it, also one without it.
if shutil.which("sinfo") and not _slurm_answers():
    os.environ["SLURM_CONF"] = os.devnull

REALDATA = "AQBIO_REALDATA"
CASES = "AQBIO_CASES"

LONGEST = (("slurm",), ("workflow", "install"), ("real", "opensim"))
"""Marks of tests that begin first: those that hardly compute, those that wait much, other slow."""

SLOW_ROOMS = (
    "lacking", "systems", "virtual", "report", "hypotheses", "stats", "figures", "body",
    "inverse_dynamics", "prepare", "look", "labels", "cases",
)  # fmt: skip
"""Rooms that begin before the rest: half a minute of one worker would be left at the end."""

# A busy machine makes single examples slow; that is no failure. The same examples are drawn every
# time, so that no test turns red without a change; `pytest --hypothesis-profile=new` draws others.
settings.register_profile("aqbio", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None, derandomize=False)
settings.load_profile("aqbio")

# What a whole run has collected would be looked through for garbage thousands of times, in vain.
gc.set_threshold(50_000, 20, 50)

# A NetCDF file that is left open may be closed by another thread's garbage collector while HDF5
# opens the next one, and the process dies: a file that anything leaves open fails the test.
xr.set_options(warn_for_unclosed_files=True)


SHARED = {"run_study": "ja1", "finished": "finished", "classical": "judged", "balanced": "judged"}
"""Fixtures of whole studies that several files look at, and the group of their tests."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """With ``-n auto``, a worker more than there are cores: some of the slow tests wait."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return cores + 1


def _folder(variable: str, content: str) -> Path:
    """Folder that an environment variable names; without it the test skips with a reason."""
    folder = os.environ.get(variable)
    if not folder:
        pytest.skip(f"{variable} is not set: {content} are not on this machine.")
    if not Path(folder).is_dir():
        pytest.fail(f"{variable}={folder} is not a folder.")
    return Path(folder)


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Give the folder of real recordings."""
    return _folder(REALDATA, "the real recordings")


@pytest.fixture(scope="session")
def cases() -> Path:
    """Give the folder of small inputs that once failed."""
    return _folder(CASES, "the cases")


def _promised(keywords: object) -> str:
    """Say why a test must not skip here; empty where it may."""
    for mark, variable in (("real", REALDATA), ("case", CASES)):
        if mark in keywords and os.environ.get(variable):
            return f"{variable} is set"
    if "browser" in keywords and os.environ.get("CI") and sys.platform == "linux":
        return "continuous integration installs a browser"
    if "validator" in keywords and os.environ.get("CI"):
        return "continuous integration installs the validators"
    return ""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Fail a skipped test of recordings or of a browser where these are promised."""
    outcome = yield
    report = outcome.get_result()
    promise = _promised(item.keywords)
    if report.skipped and promise and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} skipped although {promise}: {report.longrepr}"


def pytest_collection_finish() -> None:
    """Freeze the collected tests: they stay to the end."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of a file to one worker: what they share is made once, not by every worker.

    Files that name a group of their own (`xdist_group`) keep it. Whole studies that several files
    look at (`SHARED`) are made by one worker. The longest begin, so that no worker is left
    with one of them at the end: jobs of SLURM, whole workflows, other slow ones, slow rooms.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            file_group, used = (
                item.path.stem + item.path.parent.name,
                getattr(item, "fixturenames", ()),
            )
            name = next(
                (SHARED[fixture_name] for fixture_name in used if fixture_name in SHARED),
                file_group,
            )
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(
        key=lambda item: (
            *(not any(map(item.get_closest_marker, marks)) for marks in LONGEST),
            item.path.parent.name not in SLOW_ROOMS,
        )
    )
