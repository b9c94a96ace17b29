"""Studies of the cases that tests of several files look at, each made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aqbio.intake.new import new_study_from
from aqbio.io.study import load_study
from aqbio.prepare.stage import prepare_participant
from tests.made_once import made_once
from tests.real.staged import fill

CaseStudy = Callable[[str], tuple[Path, str]]
"""Folder of the study that `aqbio new` makes of a case, and its summary."""


@pytest.fixture(scope="session")
def new_study(cases, tmp_path_factory, worker_id) -> CaseStudy:
    """Studies as `aqbio new` made them; nobody may change them."""

    def made(case: str) -> tuple[Path, str]:
        folder, summary = made_once(
            tmp_path_factory,
            worker_id,
            f"new_{case}",
            lambda x: new_study_from(
                x / "study", cases / case / "recordings", None, lambda _: None
            ),
        )
        return folder / "study", summary

    return made


@pytest.fixture(scope="session")
def prepared_study(new_study, tmp_path_factory, worker_id) -> CaseStudy:
    """Studies of which the sex is filled in and stage prepare has run."""

    def made(case: str) -> tuple[Path, str]:
        def prepare(folder: Path) -> str:
            new, summary = new_study(case)
            study = load_study(with_results(new, folder))
            for person in study.participants:
                name = person.participant_id
                prepare_participant(study.recorded_with(name), name, lambda _: None)
            return summary

        folder, summary = made_once(tmp_path_factory, worker_id, f"prepared_{case}", prepare)
        return folder / "study", summary

    return made


def with_results(new: Path, folder: Path, settings: str = "", **cells: str) -> Path:
    """Copy a new study into a folder, fill its sheet, and put its results beside it; its file."""
    shutil.copytree(new, folder / "study")
    file = folder / "study" / "study.yaml"
    with file.open("a", encoding="utf-8") as text:
        text.write(f"results: {(folder / 'results').as_posix()}\n{settings}")
    fill(folder / "study" / "participants.tsv", sex="male", **cells)
    return file
