"""The workflow with stand-ins for the stages: what runs, what reruns, in seconds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import aqbio
from tests.small_study import write_small_study
from tests.workflow import ask
from tests.workflow.forked import asked, door

ROOT = Path(aqbio.__file__).parents[1]

STAND_IN = f"""\
#!/usr/bin/env bash
# Stands for the aqbio command: decides as the product does, and notes what runs.
[ -z "$AQBIO_JOBS" ] || exec {sys.executable} -I -S {ask.__file__} "$AQBIO_JOBS" job "$@"
exec {sys.executable} -m tests.workflow.stand_in "$@"
"""


@dataclass(frozen=True)
class Workflow:
    """A study whose stages are stand-ins."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "study.yaml"

    @property
    def root(self) -> Path:
        return self.folder / "results" / "small"

    def snakemake(self, *arguments: str, jobs: str = "") -> subprocess.CompletedProcess[str]:
        """Run snakemake in the study's folder, jobs in processes of their own or by a socket."""
        command = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", self.file.name]
        command += ["--workflow-profile", str(ROOT / "workflow" / "profiles" / "default")]
        return asked("snakemake", [*command, *arguments], self.folder, self.environment(jobs))

    def environment(self, jobs: str = "") -> dict[str, str]:
        """Variables with which stages are stand-ins."""
        return os.environ | {
            "PATH": os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "AQBIO_CALLS": str(self.folder / "calls.txt"),
            "AQBIO_JOBS": jobs,
        }

    def plan(self, profile: str) -> list[dict[str, Any]]:
        """Give the jobs that snakemake plans with a profile, each with what it asks for."""
        command = [sys.executable, "-m", "tests.workflow.plan", "--dry-run"]
        command += ["--snakefile", str(ROOT / "Snakefile"), "--configfile", self.file.name]
        command += ["--profile", str(ROOT / "workflow" / "profiles" / profile)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        lines = [line for line in done.stdout.splitlines() if line.startswith("JOB ")]
        return [json.loads(line.removeprefix("JOB ")) for line in lines]

    def ran(self) -> list[str]:
        """Run what is needed and give the stages that ran, each with its participant."""
        calls = self.folder / "calls.txt"
        calls.unlink(missing_ok=True)
        done = self.snakemake("--cores", "2", jobs=door())
        assert done.returncode == 0, done.stdout + done.stderr
        lines = calls.read_text().splitlines() if calls.exists() else []
        return sorted(line.strip() for line in lines)


def write_workflow(folder: Path) -> Workflow:
    write_small_study(folder, results="results")
    stand_in = folder / "bin" / "aqbio"
    stand_in.parent.mkdir()
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    return Workflow(folder)


@pytest.fixture
def small(tmp_path: Path) -> Workflow:
    """Give a study of two participants that has not run."""
    return write_workflow(tmp_path)


@pytest.fixture(scope="session")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = write_workflow(tmp_path_factory.mktemp("finished"))
    workflow.ran()
    return workflow


@pytest.fixture
def finished(run_once: Workflow, tmp_path: Path) -> Workflow:
    """Give a study of two participants that has run: a copy, times and metadata included."""
    shutil.copytree(run_once.folder, tmp_path, dirs_exist_ok=True)
    return Workflow(tmp_path)
