"""A run that is ended anywhere, by anything, is finished by the next one."""

from __future__ import annotations

import random

import pytest

from tests.workflow.conftest import write_workflow
from tests.workflow.kills import CALLS, End, every_end, survived

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("kills")]

KILLED = [End(call, "run", "SIGKILL") for call in CALLS]
"""In every stage the run itself is killed."""

OTHERS = random.Random(5).sample([one for one in every_end() if one not in KILLED], 5)
"""`python -m tests.workflow.kills` tries all of them."""


@pytest.fixture(scope="module")
def workflow(tmp_path_factory):
    made = write_workflow(tmp_path_factory.mktemp("kills"))
    made.ran()
    return made


@pytest.mark.parametrize(
    "end", [*KILLED, *OTHERS], ids=lambda end: f"{end.signal}-{end.victim}-{end.call}"
)
def test_the_next_run_finishes_with_the_same_bytes(workflow, end: End):
    assert survived(workflow, end) == ""
