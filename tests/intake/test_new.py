"""`aqbio new` makes a study that needs nothing but rows and recordings."""

from __future__ import annotations

import re
import shlex

import pytest

from aqbio.config import SHEETS
from aqbio.intake.check import study_problems, written_problems
from aqbio.intake.new import demo_study, new_study
from aqbio.io.study import load_study
from tests.io.made_c3d import write_c3d
from tests.recorded_study import RATE, recorded_figure
from tests.refusal import refused
from tests.small_study import replace


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("sprint2026", "sprint2026"),
        ("Läufer 100 m", "L_ufer_100_m"),
        ("_draft", "draft"),
        ("…", "study"),
    ],
)
def test_the_name_of_any_folder_becomes_a_valid_study(tmp_path, folder, name):
    new_study(tmp_path / folder)
    rules = {finding.rule for finding in study_problems(tmp_path / folder / "study.yaml")}
    assert rules == {"sheet-empty"}
    assert f"name: {name}\n" in (tmp_path / folder / "study.yaml").read_text(encoding="utf-8")


def test_filled_in_it_is_a_study(tmp_path):
    folder = tmp_path / "mine"
    new_study(folder)
    for sheet in ("participants", "trials", "capacities"):
        header = (folder / f"{sheet}.tsv").read_text(encoding="utf-8").splitlines()[0]
        assert header.split("\t") == list(SHEETS[sheet].model_fields)
    rows = {
        "participants": {"participant_id": "P1", "sex": "female", "mass_kg": "58"},
        "trials": {"participant_id": "P1", "trial_id": "fast", "task": "run", "file": "fast.c3d"}
        | {"condition": "normal"},
    }
    for sheet, cells in rows.items():
        with (folder / f"{sheet}.tsv").open("a", encoding="utf-8") as file:
            file.write("\t".join(cells.get(name, "") for name in SHEETS[sheet].model_fields) + "\n")
    labels, positions = recorded_figure(moving=True)
    write_c3d(folder / "data" / "fast.c3d", list(labels), positions * 1e3, (RATE, 1000.0))
    study = load_study(folder / "study.yaml")
    assert study.settings.name == "mine"
    assert study.moving_of("P1")[0].include == "yes"
    assert written_problems(folder / "study.yaml")[0] == []
    assert "aqbio check" in (folder / "README.md").read_text(encoding="utf-8")


def test_a_study_is_never_overwritten(tmp_path):
    new_study(tmp_path / "mine")
    replace(tmp_path / "mine" / "study.yaml", "name: mine", "name: precious")
    with refused("study-exists", "there is a study in this folder already"):
        new_study(tmp_path / "mine")
    assert "precious" in (tmp_path / "mine" / "study.yaml").read_text(encoding="utf-8")


def test_the_demo_is_a_study_that_is_ready_to_run(tmp_path):
    demo_study(tmp_path / "demo")
    assert study_problems(tmp_path / "demo" / "study.yaml") == []
    assert len(load_study(tmp_path / "demo" / "study.yaml").participants) == 12
    with refused("study-exists", "there is a study in this folder already"):
        demo_study(tmp_path / "demo")


def test_commands_can_be_typed_where_a_path_has_blanks(tmp_path):
    """What a shell makes of the line is the folder, and the file in it."""
    folder = tmp_path / "Meine Läufe (2026)"
    new_study(folder)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    typed = [shlex.split(words) for words in re.findall("`((?:aqbio|snakemake) [^`]*)`", readme)]
    assert ["aqbio", "check", str(folder)] in typed
    assert ["aqbio", "run", str(folder)] in typed
    assert any(words[-1] == str(folder / "study.yaml") for words in typed)
