"""The SLURM profile plans a study: every job says what it needs."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

from aqbio.stage_table import PARTICIPANT_STAGES, STUDY_STAGES
from tests.small_study import PARTICIPANTS, write_small_study
from tests.workflow.conftest import ROOT, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]


def _jobs(jobs, stage, participant=None):
    chosen = [job for job in jobs if job["rule_name"] == stage]
    if participant is not None:
        chosen = [job for job in chosen if job["wildcards"].get("participant", "") == participant]
    assert chosen
    return chosen


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slurm")
    write_small_study(folder, results="results")
    return [job for job in Workflow(folder).plan("slurm") if job["rule_name"] != "all"]


def test_every_stage_is_a_rule_of_its_own(jobs):
    planned = Counter(job["rule_name"] for job in jobs)
    assert planned == dict.fromkeys(PARTICIPANT_STAGES, 2) | dict.fromkeys(STUDY_STAGES, 1)


def test_every_job_asks_for_what_it_needs_and_has_a_log_of_its_own(jobs):
    for job in jobs:
        assert job["threads"] == job["resources"]["cpus_per_task"] == 1
        assert 1000 <= job["resources"]["mem_mb"] <= 8000
        assert 10 <= job["resources"]["runtime"] <= 240
        name = "/".join([job["rule_name"], *filter(None, [job["wildcards"].get("participant")])])
        assert job["log"] == [f"results/small/logs/{name}.log"]
        assert job["benchmark"] == f"results/small/logs/{name}.tsv"
    assert len({job["rule_msg"] for job in jobs}) == len(jobs)


def test_who_has_more_trials_gets_more_memory_and_time(jobs, tmp_path):
    sheet = write_small_study(tmp_path, results="results").with_name("trials.tsv")
    rows = sheet.read_text().splitlines()
    [run] = [row for row in rows if row.startswith("P1\tfast\t")]
    more = [run.replace("\tfast\t", f"\tfast{number}\t") for number in range(40)]
    sheet.write_text("\n".join([*rows, *more]) + "\n")
    large = [job for job in Workflow(tmp_path).plan("slurm") if job["rule_name"] != "all"]
    cases = [(stage, who) for stage in PARTICIPANT_STAGES for who in PARTICIPANTS]
    for stage, who in [*cases, *((stage, "") for stage in STUDY_STAGES)]:
        [before], [after] = _jobs(jobs, stage, who), _jobs(large, stage, who)
        for what in ("mem_mb", "runtime"):
            grown = after["resources"][what] - before["resources"][what]
            assert grown == 0 if who == "P2" else grown > 0, (stage, who, what)


def test_profiles_agree_where_they_should():
    """What makes a study rerun, and what a failure stops, is the same here and on a cluster."""
    folder = ROOT / "workflow" / "profiles"
    default, slurm = (
        yaml.safe_load((folder / name / "config.yaml").read_text(encoding="utf-8"))
        for name in ("default", "slurm")
    )
    assert slurm["executor"] == "slurm"
    assert {key: value for key, value in slurm.items() if key in default} == default
