"""Why SLURM ended a job, from what it writes (texts of 22.05, and of cgroups)."""

from __future__ import annotations

import os

import pytest

from aqbio.io.cluster import LOGS, scheduler_reason

SAID = {
    "slurmstepd-vm: error: StepId=16.batch exceeded memory limit (116391936 > 62914560), being "
    "killed\nslurmstepd-vm: error: *** JOB 16 ON vm CANCELLED AT 2026-11-22T02:17:53 ***": (
        "it needed 111 MB of memory, more than the 60 MB that it asked for",
        "--set-resources participants:mem_mb=",
    ),
    "slurmstepd: error: Detected 1 oom_kill event in StepId=7.batch.": (
        "it needed more memory than it had asked for", "participants:mem_mb=",
    ),
    "slurmstepd: error: *** JOB 9 ON vm CANCELLED AT 2026-11-22T02:00:00 DUE TO TIME LIMIT ***": (
        "it ran longer than the time that it had asked for", "participants:runtime=",
    ),
    "slurmstepd: error: *** JOB 9 ON vm CANCELLED AT 2026-11-22T02:00:00 DUE TO NODE FAILURE ***": (
        "its node failed.", "",
    ),
    "slurmstepd: error: *** JOB 9 ON vm CANCELLED AT 2026-11-22T02:00:00 ***": (
        "it was cancelled.", "",
    ),
}  # fmt: skip


def _log(folder, text, number=1, time=100.0):
    path = folder / LOGS / "rule_participants" / "P1" / f"{number}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time, time))


@pytest.mark.parametrize("text", SAID)
def test_a_reason_is_one_line_with_what_to_give_more_of(tmp_path, text):
    words, more = SAID[text]
    _log(tmp_path, text)
    found = scheduler_reason("participants", "P1", 99.0, tmp_path)
    assert found.startswith(f"SLURM ended it: {words}")
    assert more in found
    assert "\n" not in found


def test_the_last_try_of_this_run_counts(tmp_path):
    first, *_, last = SAID
    _log(tmp_path, first, 1, 100.0)
    _log(tmp_path, last, 2, 101.0)
    assert "cancelled" in scheduler_reason("participants", "P1", 99.0, tmp_path)
    assert scheduler_reason("participants", "P1", 102.0, tmp_path) == ""


def test_what_the_scheduler_did_not_end_has_no_reason(tmp_path):
    assert scheduler_reason("participants", "P1", 0.0, tmp_path) == ""
    _log(tmp_path, "a traceback of the job itself")
    assert scheduler_reason("participants", "P1", 0.0, tmp_path) == ""
