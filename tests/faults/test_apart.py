"""Work in a separate process: a crash of a library ends that process alone."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest

from aqbio.boundary import CRASH, in_own_process
from aqbio.errors import AqbioError, Finding
from aqbio.faults import RunStoppedError
from aqbio.intake import dry_run
from aqbio.io.study import load_study
from aqbio.operating_system import CAN_FORK
from tests.small_study import write_small_study

pytestmark = pytest.mark.skipif(
    not CAN_FORK, reason="without fork: tests/systems/test_operating_system.py"
)


def refuse() -> None:
    raise AqbioError("no.", rule="told")


@pytest.mark.parametrize(
    ("work", "error", "words"),
    [
        (refuse, AqbioError, "no."),
        (lambda: 1 / 0, ZeroDivisionError, None),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), AqbioError, r"crashed .*\(SIGSEGV\)"),
        (lambda: os._exit(3), AqbioError, r"crashed .*\(exit status 3\)"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), RunStoppedError, "memory probably ran out"),
    ],
    ids=["refuse", "break", "segmentation fault", "exit", "kill"],
)
def test_only_a_kill_is_said_to_be_for_memory(work, error, words):
    assert in_own_process(lambda: "sound") == "sound"
    with pytest.raises(error, match=words):
        in_own_process(work)


def test_a_crash_in_check_costs_one_person(tmp_path, monkeypatch):
    def findings_of(study, name):
        if name == "P1":
            os.kill(os.getpid(), signal.SIGSEGV)
        yield Finding("gap", "warning", "a gap.", participant=name)

    monkeypatch.setattr(dry_run, "_prepare", lambda study, name: ([], True))
    monkeypatch.setattr(dry_run, "_participant", findings_of)
    study = load_study(write_small_study(tmp_path))
    crash, gap = dry_run.dry_run_problems(study, ["P1", "P2"])
    assert (crash.rule, crash.participant, crash.severity) == (CRASH, "P1", "error")
    assert replace(gap, participant="") == Finding("gap", "warning", "a gap.")
    assert gap.participant == "P2"
