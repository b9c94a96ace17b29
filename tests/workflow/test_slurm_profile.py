"""The SLURM profile plans a study: every job says what it needs."""

from __future__ import annotations

import pytest
import yaml

from aqbio.stage_table import STUDY_STAGES
from tests.small_study import PARTICIPANTS, write_small_study
from tests.workflow.conftest import ROOT, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]

RULES = ("participants", *STUDY_STAGES)


def _jobs(jobs, stage):
    chosen = [job for job in jobs if stage in (job["rule_name"], *job["wildcards"].values())]
    assert chosen
    return chosen


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slurm")
    write_small_study(folder, results="results")
    return [job for job in Workflow(folder).plan("slurm") if job["rule_name"] != "all"]


def test_every_rule_is_planned_at_its_grain(jobs):
    """One job per person and one per stage of the study: a cluster counts submissions."""
    planned = sorted((job["rule_name"], *job["wildcards"].values()) for job in jobs)
    people = [("participants", name) for name in PARTICIPANTS]
    assert planned == sorted([*people, *(("study", stage) for stage in STUDY_STAGES)])


@pytest.mark.parametrize("stage", RULES)
def test_every_job_asks_for_threads_memory_and_time(jobs, stage):
    for job in _jobs(jobs, stage):
        assert job["threads"] == 1
        assert job["resources"]["cpus_per_task"] == 1
        assert 1000 <= job["resources"]["mem_mb"] <= 8000
        assert 10 <= job["resources"]["runtime"] <= 240


def test_who_has_more_trials_gets_more_memory_and_time(jobs, tmp_path):
    sheet = write_small_study(tmp_path, results="results").with_name("trials.tsv")
    rows = sheet.read_text().splitlines()
    [run] = [row for row in rows if row.startswith("P1\tfast\t")]
    more = [run.replace("\tfast\t", f"\tfast{number}\t") for number in range(40)]
    sheet.write_text("\n".join([*rows, *more]) + "\n")
    large = [job for job in Workflow(tmp_path).plan("slurm") if job["rule_name"] != "all"]
    for stage in ("P1", "P2", *STUDY_STAGES):
        [before], [after] = _jobs(jobs, stage), _jobs(large, stage)
        for what in ("mem_mb", "runtime"):
            grown = after["resources"][what] - before["resources"][what]
            assert grown == 0 if stage == "P2" else grown > 0, (stage, what)


@pytest.mark.parametrize("stage", RULES)
def test_every_job_has_a_log_a_benchmark_and_a_message_of_its_own(jobs, stage):
    chosen = _jobs(jobs, stage)
    for job in chosen:
        name = "-".join(dict.fromkeys([stage, *job["wildcards"].values()]))
        assert job["log"] == [f"results/small/logs/{name}.log"]
        assert job["benchmark"] == f"results/small/logs/{name}.tsv"
        assert all(value in job["rule_msg"] for value in job["wildcards"].values())
    assert len({job["rule_msg"] for job in chosen}) == len(chosen)


def test_profiles_agree_where_they_should():
    """What makes a study rerun, and what a failure stops, is the same here and on a cluster."""
    folder = ROOT / "workflow" / "profiles"
    default, slurm = (
        yaml.safe_load((folder / name / "config.yaml").read_text(encoding="utf-8"))
        for name in ("default", "slurm")
    )
    assert slurm["executor"] == "slurm"
    assert {key: value for key, value in slurm.items() if key in default} == default
    assert default["nolock"] is True, "results have a lock of their own"
