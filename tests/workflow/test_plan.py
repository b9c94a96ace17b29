"""What the SLURM profile plans: every job says what it needs."""

from __future__ import annotations

from collections import Counter

import pytest

from aqbio.stage_table import PARTICIPANT_STAGES, STUDY_STAGES
from tests.workflow.conftest import write_workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]


def test_every_job_has_its_needs_a_log_a_benchmark_and_a_message(small, tmp_path_factory):
    """Who has more trials gets more memory and time."""
    jobs = small.jobs("slurm")
    planned = Counter(job["rule_name"] for job in jobs)
    assert planned == dict.fromkeys(PARTICIPANT_STAGES, 2) | dict.fromkeys(STUDY_STAGES, 1)
    assert len({job["rule_msg"] for job in jobs}) == len(jobs)
    larger = write_workflow(tmp_path_factory.mktemp("larger"), small.warm)
    sheet = larger.folder / "trials.tsv"
    [run] = [row for row in sheet.read_text().splitlines() if row.startswith("P1\tfast\t")]
    more_runs = [run.replace("\tfast\t", f"\tfast{number}\t") for number in range(40)]
    sheet.write_text(sheet.read_text() + "\n".join(more_runs) + "\n")
    large = {(job["rule_name"], str(job["wildcards"])): job for job in larger.jobs("slurm")}
    for job in jobs:
        participant = job["wildcards"].get("participant", "")
        needs, name = job["resources"], "/".join(filter(None, [job["rule_name"], participant]))
        assert job["log"] == [f"results/small/logs/{name}.log"]
        assert job["benchmark"] == f"results/small/logs/{name}.tsv"
        assert job["threads"] == needs["cpus_per_task"] == 1
        assert 1000 <= needs["mem_mb"] <= 8000
        assert 10 <= needs["runtime"] <= 240
        after = large[job["rule_name"], str(job["wildcards"])]["resources"]
        for resource in ("mem_mb", "runtime"):
            assert (after[resource] > needs[resource]) == (participant != "P2"), (name, resource)
