"""The workflow as a module of another one, as snakedeploy writes it, and where its jobs run."""

from __future__ import annotations

import json

import pytest
import yaml

import aqbio
from tests.workflow.conftest import ROOT, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("workflow")]

OTHER_WORKFLOW = """\
configfile: "config/config.yaml"

module aqbio:
    snakefile: {snakefile!r}
    config: config

use rule * from aqbio as {prefix}*

rule wanted:
    default_target: True
    input: rules.{prefix}all.input
"""


def _planned(jobs, prefix=""):
    """Rule, inputs and outputs of every job."""
    return sorted(
        (job["rule_name"].removeprefix(prefix), job["input"], job["output"]) for job in jobs
    )


@pytest.mark.parametrize("prefix", ["", "aqbio_"])
def test_a_module_plans_the_same_jobs(small: Workflow, prefix):
    snakefile = small.folder / "Snakefile"
    workflow_text = OTHER_WORKFLOW.format(
        snakefile=str(ROOT / "workflow" / "Snakefile"), prefix=prefix
    )
    snakefile.write_text(workflow_text, encoding="utf-8")
    (small.folder / "config").mkdir()
    config = (ROOT / "config" / "config.yaml").read_text(encoding="utf-8")
    config = config.replace("my_study/study.yaml", small.file.name)
    (small.folder / "config" / "config.yaml").write_text(config, encoding="utf-8")
    process = small.run("tests.workflow.plan", "--snakefile", str(snakefile), "--dry-run")
    assert process.returncode == 0, process.stdout + process.stderr
    lines = [line for line in process.stdout.splitlines() if line.startswith("JOB ")]
    jobs = [json.loads(line.removeprefix("JOB ")) for line in lines]
    jobs = [job for job in jobs if job["rule_name"] != "wanted"]
    assert _planned(jobs, prefix) == _planned(small.jobs("default"))
    assert len(jobs) == 18


def test_jobs_run_in_the_released_version():
    """For --sdm conda; the container of --sdm apptainer is built with every release."""
    environment = yaml.safe_load((ROOT / "workflow" / "envs" / "aqbio.yaml").read_text("utf-8"))
    assert {"pip": [f"aqbio=={aqbio.__version__}"]} in environment["dependencies"]
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert "docker build --file Containerfile" in release
    assert "docker push" in release
