"""Fixtures that every test room shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from aqbio.cli import LINEAR_ALGEBRA_THREADS

# As the commands do it: two workers with a thread for every core each wait for one another.
for name in LINEAR_ALGEBRA_THREADS:
    os.environ.setdefault(name, "1")

REALDATA = "AQBIO_REALDATA"

SLOW = ("real", "workflow", "opensim")
"""Marks of tests that take longest."""

# A busy machine makes single examples slow; that is no failure. Continuous integration draws the
# same examples every time; people's machines draw new ones.
settings.register_profile("aqbio", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("aqbio")


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Give the folder of real recordings; without it the test skips and says why."""
    folder = os.environ.get(REALDATA)
    if folder:
        path = Path(folder)
        if not path.is_dir():
            pytest.fail(f"{REALDATA}={folder} is not a folder.")
        return path
    pytest.skip(f"{REALDATA} is not set: the real recordings are not on this machine.")


def _promised(keywords: object) -> str:
    """Say why a test must not skip here; empty where it may."""
    if "real" in keywords and os.environ.get(REALDATA):
        return f"{REALDATA} is set"
    if "browser" in keywords and os.environ.get("CI"):
        return "continuous integration installs a browser"
    return ""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Where recordings or a browser are promised, a skipped test of them is a failure."""
    outcome = yield
    report = outcome.get_result()
    promise = _promised(item.keywords)
    if report.skipped and promise and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} skipped although {promise}: {report.longrepr}"


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of a file to one worker: what they share is made once, not by every worker.

    Files that name a group of their own (`xdist_group`) keep it. Studies of recordings that several
    files look at (`run_study`) are run by one worker. Slow ones begin, so that no worker is left
    with one of them at the end.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            shared = "run_study" in getattr(item, "fixturenames", ())
            name = "run_study" if shared else item.path.stem + item.path.parent.name
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: not any(map(item.get_closest_marker, SLOW)))
