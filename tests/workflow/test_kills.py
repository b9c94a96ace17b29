"""A run that is ended anywhere, by anything, is finished by the next one."""

from __future__ import annotations

import random

import pytest

from tests.workflow.conftest import write_workflow
from tests.workflow.kills import CALLS, End, every_end, survived

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("kills")]

ENDS = [End(CALLS[0], "run", "SIGKILL"), End(CALLS[-1], "run", "SIGKILL")]
ENDS += random.Random(5).sample([one for one in every_end() if one not in ENDS], 5)
"""The run itself is killed in the first and in the last stage, and five are drawn of the others."""


@pytest.fixture(scope="module")
def workflow(tmp_path_factory):
    made = write_workflow(tmp_path_factory.mktemp("kills"))
    made.ran()
    return made


@pytest.mark.parametrize("end", ENDS, ids=lambda end: f"{end.signal}-{end.victim}-{end.call}")
def test_the_next_run_finishes_with_the_same_bytes(workflow, end: End):
    assert survived(workflow, end) == ""
