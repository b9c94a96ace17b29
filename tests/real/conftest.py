"""Studies of real recordings, run once per session as the jobs of the workflow do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from aqbio.io.study import Study, load_study
from aqbio.io.tables import read_table
from tests.jobs import run_jobs
from tests.one_each import ONE_EACH
from tests.undrawn import draw_nothing

ROOT = Path(__file__).parents[2]

FEW_DRAWS = f"contributions: {{draws: 24}}\nconsistency: {{samples: 24}}\n{ONE_EACH}"


@dataclass(frozen=True)
class StudyRun:
    """A finished run."""

    study: Study

    @property
    def results(self) -> Path:
        """Folder of the results."""
        return self.study.root

    def table(self, name: str) -> pd.DataFrame:
        """Read one of the study's tables."""
        return read_table(self.study.table(name))

    def quality(self, trial: str, measure: str) -> float:
        """Give one number of the quality table."""
        table = self.table("quality.tsv")
        rows = table[(table["trial_id"] == trial) & (table["measure"] == measure)]
        return float(rows["value"].item())

    def parameter(self, participant: str, name: str) -> dict[str, Any]:
        """Give a global parameter of a participant's session."""
        parameters = self.study.read_manifest(participant, "inverse_dynamics")["parameters"]
        return next(parameter for parameter in parameters if parameter["name"] == name)


def run(study_file: Path) -> StudyRun:
    """Do what the jobs of the workflow do, in this process, but drawings; results go beside it."""
    with study_file.open("a", encoding="utf-8") as file:
        file.write(f"results: {(study_file.parent / 'results').as_posix()}\n{FEW_DRAWS}")
    study = load_study(study_file)
    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        run_jobs(study)
    return StudyRun(study)


@pytest.fixture(scope="session")
def run_study(
    tmp_path_factory: pytest.TempPathFactory, realdata: Path
) -> Callable[[str], StudyRun]:
    """Give a function that copies a study of this folder and runs it, once."""
    finished: dict[str, StudyRun] = {}

    def run_once(name: str) -> StudyRun:
        if name not in finished:
            folder = tmp_path_factory.mktemp(name) / "study"
            shutil.copytree(ROOT / "tests" / "real" / name, folder)
            finished[name] = run(folder / "study.yaml")
        return finished[name]

    return run_once
