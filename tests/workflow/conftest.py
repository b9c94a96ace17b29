"""The workflow with stand-ins for the stages: what runs, what reruns, in seconds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import aqbio
from aqbio.io.study import load_study
from aqbio.progress import plan_options
from tests.small_study import write_small_study
from tests.workflow import ask_warm
from tests.workflow.ask_warm import WARM
from tests.workflow.warm import run_warm, warm_server

ROOT = Path(aqbio.__file__).parents[1]
STAND_IN = f"""\
#!/usr/bin/env bash
[ -z "${WARM}" ] || exec {sys.executable} -I -S {ask_warm.__file__} tests.workflow.stand_in "$@"
exec {sys.executable} -m tests.workflow.stand_in "$@"
"""


@dataclass(frozen=True)
class Workflow:
    """A study whose stages are stand-ins."""

    folder: Path
    warm: str = ""
    """Address of the server that forks its processes; without it they start as users start them."""

    @property
    def file(self) -> Path:
        return self.folder / "study.yaml"

    @property
    def root(self) -> Path:
        return self.folder / "results" / "small"

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which stages are stand-ins."""
        return os.environ | {
            "PATH": os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "AQBIO_CALLS": str(self.folder / "calls.txt"),
        }

    def run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a module of Python in the study's folder."""
        if self.warm:
            return run_warm(self.warm, module, arguments, self.folder, self.environment)
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def snakemake(self, *arguments: str, profile: str = "default", module: str = "snakemake"):
        options = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", self.file.name]
        profile_option = "--workflow-profile" if profile == "default" else "--profile"
        options += [profile_option, str(ROOT / "workflow" / "profiles" / profile)]
        return self.run(module, *options, *arguments)

    def aqbio_run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Do what `aqbio run` does, ``[PROFILE [OPTIONS OF SNAKEMAKE]]``."""
        return self.run("tests.workflow.stand_in", "run", *arguments)

    def jobs(self, profile: str, *options: str) -> list[dict[str, Any]]:
        """The jobs that snakemake plans, each with what it asks for."""
        plan = "tests.workflow.plan"
        process = self.snakemake(*options, "--dry-run", profile=profile, module=plan)
        assert process.returncode == 0, process.stdout + process.stderr
        lines = [line for line in process.stdout.splitlines() if line.startswith("JOB ")]
        jobs = [json.loads(line.removeprefix("JOB ")) for line in lines]
        return [job for job in jobs if job["rule_name"] != "all"]

    def planned(self) -> list[str]:
        """The stages that would run now, each with its participant."""
        with pytest.MonkeyPatch.context() as patched:
            patched.chdir(self.folder)
            options = plan_options(load_study(Path(self.file.name)))
        jobs = [(job["rule_name"], job["wildcards"]) for job in self.jobs("default", *options)]
        return sorted(
            f"{name} {wildcards.get('participant', '')}".strip() for name, wildcards in jobs
        )

    def ran(self) -> list[str]:
        """Run what is needed and give the stages that ran, each with its participant."""
        calls = self.folder / "calls.txt"
        calls.unlink(missing_ok=True)
        process = self.snakemake("--cores", "2")
        assert process.returncode == 0, process.stdout + process.stderr
        lines = calls.read_text().splitlines() if calls.exists() else []
        return sorted(line.strip() for line in lines)

    def results(self) -> dict[str, bytes]:
        """Every result; logs and times of jobs are none."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not path.name.startswith(".") and "logs" not in path.parts
        }

    def forget(self, call: str) -> None:
        """Take away the record of a stage, so that it has to run."""
        stage, _, person = call.partition(" ")
        folder = self.root / "participants" / person if person else self.root
        (folder / f"{stage}.json").unlink()


def write_workflow(folder: Path, warm: str = "") -> Workflow:
    write_small_study(folder, results="results")
    (folder / "data" / "P1_slow.mot").write_text("an export")
    stand_in = folder / "bin" / "aqbio"
    stand_in.parent.mkdir()
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    return Workflow(folder, warm)


@pytest.fixture(scope="session")
def warm() -> Iterator[str]:
    with warm_server() as address:
        yield address


@pytest.fixture
def small(tmp_path: Path, warm: str) -> Workflow:
    """A study of two participants that has not run."""
    return write_workflow(tmp_path, warm)


@pytest.fixture(scope="session")
def run_once(tmp_path_factory: pytest.TempPathFactory, warm: str) -> Workflow:
    workflow = write_workflow(tmp_path_factory.mktemp("finished"), warm)
    workflow.ran()
    return workflow


@pytest.fixture
def finished(run_once: Workflow, tmp_path: Path) -> Workflow:
    """A study of two participants that has run: a copy, times and metadata included."""
    shutil.copytree(run_once.folder, tmp_path, dirs_exist_ok=True)
    return Workflow(tmp_path, run_once.warm)
