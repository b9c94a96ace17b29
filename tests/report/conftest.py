"""A made-up study with its figures and page."""

from __future__ import annotations

from pathlib import Path

import pytest

from aqbio.figures.stage import figures_study
from aqbio.io.study import Study
from aqbio.pages.stage import report_study, write_one_file
from tests.figures.made_results import write_made_results


def _silent(line: str) -> None:
    del line


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two participants; one trial of the second failed."""
    figures = {"widths_mm": [180], "formats": ["svg"]}
    made = write_made_results(tmp_path_factory.mktemp("report"), figures=figures)
    figures_study(made, _silent)
    report_study(made, _silent)
    write_one_file(made, _silent)
    return made


@pytest.fixture(scope="session")
def page_file(study: Study) -> Path:
    """The page that is one file, on disk."""
    return study.root / "report" / "one_file.html"


@pytest.fixture(scope="session")
def empty_page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a study in which no step was kept."""
    figures = {"widths_mm": [85], "formats": ["svg"]}
    folder = tmp_path_factory.mktemp("empty")
    made = write_made_results(folder, participants=1, steps=False, figures=figures)
    figures_study(made, _silent)
    report_study(made, _silent)
    write_one_file(made, _silent)
    return made.root / "report" / "one_file.html"
