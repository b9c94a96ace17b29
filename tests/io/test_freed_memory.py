"""Arrays that come and go do not ask the system for their memory each time."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COME_AND_GO = """
import resource
import numpy as np
from aqbio.cli import keep_freed_memory
{first}
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    several = [np.ones(200_000) for _ in range(5)]
    del several
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
PAGES = 5 * 1_600_000 // 4096
"""Of the arrays, each time."""


def page_faults(first: str) -> int:
    program = COME_AND_GO.format(first=first)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the GNU library's choice")
def test_memory_is_cleared_once():
    assert page_faults("") > 10 * PAGES  # the danger is there
    assert page_faults("keep_freed_memory()") < 3 * PAGES
