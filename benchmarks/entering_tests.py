"""Plugin of pytest under coverage: covered lines by the test that covers them."""

from __future__ import annotations

import pytest
from coverage import Coverage


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart(nodeid: str) -> None:
    """From here on, lines belong to another test."""
    measured = Coverage.current()
    if measured is not None:
        measured.switch_context(nodeid.partition("[")[0])
