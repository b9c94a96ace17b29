"""Synthetic studies with their pages; figures have their words and are not drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

from aqbio.figures.stage import figures_study
from aqbio.io.study import Study
from aqbio.report.page import StudyContent
from aqbio.report.stage import report_study, write_one_file
from aqbio.stats.registry import DEFAULT
from tests.figures.made_study import draw_made, write_made_results
from tests.undrawn import draw_nothing


def changed_registry() -> str:
    """Every smallest effect is another, no two by the same factor."""
    content = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    for number, hypothesis in enumerate(content["hypotheses"]):
        hypothesis["delta"] *= 1.31 + 0.07 * number
    return yaml.safe_dump(content)


STUDIES = {
    "whole": {"participants": 3, "lacking": ()},
    "bare": {"lacking": ("forces", "arms", "static"), "registry": changed_registry()},
    "one": {"participants": 1},
    "none": {"participants": 1, "steps": False},
}
"""Three athletes of whom everything was recorded; two without plates, arms and static trials, whose
registry was changed in time; one whose registry was changed too late; one without a step."""

STRONG = {"participants": 2, "strength": True, "lacking": ()}
"""Two sessions of one person, with strengths by leg."""


@dataclass(frozen=True)
class MadeStudy:
    """A study with its pages, and what they are made from."""

    name: str
    study: Study
    content: StudyContent

    @property
    def report(self) -> Path:
        return self.study.root / "report"

    def page(self, name: str) -> str:
        """A page whose lines may break anywhere."""
        page = (self.report / f"{name}.html").read_text(encoding="utf-8")
        return page.replace("\N{NO-BREAK SPACE}%", " %")


def replace_text(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def make_pages(study: Study) -> None:
    report_study(study, lambda _: None)
    write_one_file(study, lambda _: None)


@cache
def made_pages(name: str, folder: Path) -> MadeStudy:
    figures = {"widths_mm": [85], "formats": ["svg"]}
    study = write_made_results(folder, figures=figures, **(STUDIES | {"strong": STRONG})[name])
    with pytest.MonkeyPatch.context() as patched:
        draw_nothing(patched)
        draw_made(patched)
        figures_study(study, lambda _: None)
    if name == "one":
        replace_text(study.table("verdicts.tsv"), "\tno\n", "\tyes\n")
        with study.table("deviations.tsv").open("a", encoding="utf-8") as file:
            file.write("H1\tdelta\t0.05\t0.01\n")
        replace_text(study.root / "registry.json", '"hash": "', '"hash": "0123')
    make_pages(study)
    return MadeStudy(name, study, StudyContent(study))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="session", params=STUDIES)
def made_study(request: pytest.FixtureRequest, folder: Path) -> MadeStudy:
    return made_pages(request.param, folder / request.param)


@pytest.fixture(scope="session")
def whole_study(folder: Path) -> MadeStudy:
    return made_pages("whole", folder / "whole")
