"""The stage writes every figure in every width, its numbers and its words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aqbio.figures.stage import figures_study
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from tests.figures.made_results import write_made_results

STEP_FIGURES = [
    "angular_momentum",
    "angular_momentum_rate",
    "joint_moments_vertical",
    "joint_moments_flexion",
    "hub_torques",
]
BAR_FIGURES = ["caused_rotation", "caused_sequence", "caused_force", "force_shares"]
HYPOTHESIS_FIGURES = [
    "athletes",
    "partition_ranking",
    "sign_patterns",
    "specification_curve",
    "limiter",
    "side_ratio",
    "timing",
    "restricted_arms",
]


RUN_FIGURES = [
    "ground_force_sources",
    "joint_work",
    "recording_quality",
]


def _silent(line: str) -> None:
    del line


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = write_made_results(tmp_path_factory.mktemp("figures"), participants=1)
    figures_study(made, _silent)
    return made


def test_every_figure_has_its_files(study: Study) -> None:
    folder = study.root / "figures"
    listed = json.loads((folder / "figures.json").read_text(encoding="utf-8"))["figures"]
    names = [entry["name"] for entry in listed]
    assert names == [
        *STEP_FIGURES,
        *BAR_FIGURES,
        *HYPOTHESIS_FIGURES,
        *RUN_FIGURES,
        "agreement",
    ]
    for entry in listed:
        assert set(entry["files"]) == {"85", "180"}
        for width, files in entry["files"].items():
            assert files == {
                "pdf": f"{entry['name']}_{width}mm.pdf",
                "svg": f"{entry['name']}_{width}mm.svg",
            }
            assert all((folder / file).stat().st_size > 1000 for file in files.values())
        assert entry["alternative_text"]
        assert entry["caption"]
        few = {"agreement": 12, "caused_sequence": 32} | dict.fromkeys(HYPOTHESIS_FIGURES, 3)
        few |= {"limiter": 0, "recording_quality": 4}  # no strengths were measured
        fewest = few.get(entry["name"], 40)
        assert len(read_table(folder / entry["table"])) >= fewest


def test_every_figure_fits_a_page_and_can_be_read(study: Study) -> None:
    """A journal's page holds 240 mm, and print in a figure has 6 points or more."""
    drawings = list((study.root / "figures").glob("*.svg"))
    assert drawings
    for drawing in drawings:
        text = drawing.read_text(encoding="utf-8")
        height = re.search(r'<svg[^>]* height="([\d.]+)pt"', text)
        assert height is not None
        assert float(height.group(1)) / 72 * 25.4 <= 240, drawing.name
        for words in re.findall(r"<text .*?</text>", text, re.DOTALL):
            sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", words)]
            assert max(sizes) >= 6.0, drawing.name  # indices are smaller than their letter


def test_again_gives_the_same_bytes_in_two_processes_too(study: Study, tmp_path: Path) -> None:
    again = write_made_results(tmp_path, participants=1, figures={"widths_mm": [85]})
    figures_study(again, _silent, cores=2)
    files = [path for path in (again.root / "figures").iterdir() if path.name != "figures.json"]
    assert len(files) > 12
    for path in files:
        if path.suffix != ".json":
            assert path.read_bytes() == (study.root / "figures" / path.name).read_bytes(), path


def test_stance_means_are_means_of_the_table_of_steps(study: Study) -> None:
    means = read_table(study.root / "figures" / "stance_means.tsv")
    steps = read_table(study.table("steps.tsv"))
    sprint = steps[(steps["trial_id"] == "sprint") & (steps["status"] == "ok")]
    values = sprint["H_arms_y_stance_mean_kgm2ps"]
    row = means[
        (means["quantity"] == "angular_momentum")
        & (means["source"] == "arms")
        & (means["axis"] == "y")
        & (means["speed_mps"] > 9)
    ]
    # Both tables keep fifteen significant digits; the mean of three loses none of them.
    assert row["mean"].item() == pytest.approx(values.mean(), rel=1e-14)
    assert row["sd"].item() == pytest.approx(values.std(ddof=1), rel=1e-12)
    assert row["steps"].item() == 3


def test_a_study_without_a_step_has_no_figure(tmp_path: Path) -> None:
    settings = {"widths_mm": [85], "formats": ["svg"]}
    study = write_made_results(tmp_path, participants=1, steps=False, figures=settings)
    figures_study(study, _silent)
    listed = json.loads((study.root / "figures" / "figures.json").read_text(encoding="utf-8"))
    names = [entry["name"] for entry in listed["figures"]]
    assert names == []
    assert read_table(study.root / "figures" / "stance_means.tsv").empty
