"""Studies of real recordings, run once per session: one by snakemake, others as its jobs do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from aqbio.io.study import load_study
from aqbio.io.tables import read_table
from tests.jobs import run_jobs
from tests.one_each import ONE_EACH
from tests.undrawn import draw_nothing

ROOT = Path(__file__).parents[2]

WORKFLOW = "ja1"
"""The study that goes through snakemake, drawings included."""

TREADMILL = "rajagopal_run"
"""The study of which nobody looks at the verdicts."""


@dataclass(frozen=True)
class StudyRun:
    """A finished run: its working directory and study file."""

    directory: Path
    study_file: Path

    @property
    def results(self) -> Path:
        """Folder of the results."""
        return next((self.directory / "results").iterdir())

    def table(self, name: str) -> pd.DataFrame:
        """Read one of the study's tables."""
        return read_table(self.results / "tables" / name)

    def quality(self, trial: str, measure: str) -> float:
        """Give one number of the quality table."""
        table = self.table("quality.tsv")
        found = table[(table["trial_id"] == trial) & (table["measure"] == measure)]
        return float(found["value"].item())

    def parameter(self, participant: str, name: str) -> dict[str, Any]:
        """Give a global parameter of a participant's session."""
        path = self.results / "participants" / participant / "inverse_dynamics.json"
        found = json.loads(path.read_text(encoding="utf-8"))["parameters"]
        return next(one for one in found if one["name"] == name)

    def snakemake(self, *arguments: str) -> str:
        """Run snakemake again in the same place."""
        return run_snakemake(self.study_file, self.directory, *arguments)


def run_undrawn(study_file: Path, directory: Path) -> StudyRun:
    """Do what the jobs of the workflow do, in this process, and draw no figure."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(directory)
        draw_nothing(patched)
        study = load_study(study_file)
        run_jobs(study)
    return StudyRun(directory, study_file)


def run_snakemake(study_file: Path, directory: Path, *arguments: str) -> str:
    """Run the workflow on a study and give what it printed; it must succeed."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--configfile", str(study_file), "--directory", str(directory), "--cores", "2"]
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    }
    done = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


@pytest.fixture(scope="session")
def run_study(
    tmp_path_factory: pytest.TempPathFactory, realdata: Path
) -> Callable[[str], StudyRun]:
    """Give a function that copies a study of this folder and runs it from a clean tree.

    `WORKFLOW` by snakemake; of the others nobody looks at jobs and drawings.
    """
    finished: dict[str, StudyRun] = {}

    def run(name: str) -> StudyRun:
        if name not in finished:
            directory = tmp_path_factory.mktemp(name)
            shutil.copytree(ROOT / "tests" / "real" / name, directory / "study")
            study_file = directory / "study" / "study.yaml"
            if name == WORKFLOW:
                run_snakemake(study_file, directory)
                finished[name] = StudyRun(directory, study_file)
            else:
                if name == TREADMILL:
                    with study_file.open("a", encoding="utf-8") as file:
                        file.write(ONE_EACH)
                finished[name] = run_undrawn(study_file, directory)
        return finished[name]

    return run
