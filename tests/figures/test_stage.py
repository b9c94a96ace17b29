"""The stage writes every figure in every width, its numbers and its words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aqbio.figures.stage import FIGURES, figures_study
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from tests.figures.made_results import write_made_results


def _silent(line: str) -> None:
    del line


def _listed(study: Study) -> list[dict]:
    text = (study.root / "figures" / "figures.json").read_text(encoding="utf-8")
    return json.loads(text)["figures"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = write_made_results(tmp_path_factory.mktemp("figures"), participants=1)
    figures_study(made, _silent)
    return made


def test_every_figure_has_its_files(study: Study) -> None:
    folder, listed = study.root / "figures", _listed(study)
    assert [one["name"] for one in listed] == [one.name for one in FIGURES]
    for entry in listed:
        assert set(entry["files"]) == {"85", "180"}
        for width, files in entry["files"].items():
            assert files == {kind: f"{entry['name']}_{width}mm.{kind}" for kind in ("pdf", "svg")}
            assert all((folder / file).stat().st_size > 1000 for file in files.values())
        assert all(entry[words] for words in ("title", "caption", "alternative_text"))
        assert len(read_table(folder / entry["table"])) >= 3


def test_again_gives_the_same_bytes_in_two_processes_too(study: Study, tmp_path: Path) -> None:
    again = write_made_results(tmp_path, participants=1, figures={"widths_mm": [85]})
    figures_study(again, _silent, cores=2)
    files = [path for path in (again.root / "figures").iterdir() if path.suffix != ".json"]
    assert len(files) > 12
    for path in files:
        assert path.read_bytes() == (study.root / "figures" / path.name).read_bytes(), path


def test_a_figure_that_fails_leaves_the_others(tmp_path: Path, monkeypatch) -> None:
    settings = {"widths_mm": [85], "formats": ["svg"]}
    made = write_made_results(tmp_path, participants=1, figures=settings)
    monkeypatch.setattr("aqbio.figures.bars.bar_rows", lambda _: 1 / 0)
    figures_study(made, _silent)
    names = {one["name"] for one in _listed(made)}
    assert "angular_momentum" in names
    assert not {"caused_rotation", "force_shares"} & names
    assert read_table(made.root / "figures" / "stance_means.tsv").empty
    assert "internal-error" in set(read_table(made.table("findings_figures.tsv"))["rule"])


def test_a_study_without_a_step_has_no_figure(tmp_path: Path) -> None:
    settings = {"widths_mm": [85], "formats": ["svg"]}
    made = write_made_results(tmp_path, participants=1, steps=False, figures=settings)
    figures_study(made, _silent)
    assert _listed(made) == []
    assert read_table(made.root / "figures" / "stance_means.tsv").empty
    assert read_table(made.table("findings_figures.tsv")).empty
