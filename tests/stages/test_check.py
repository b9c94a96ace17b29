"""`aqbio check` finds everything that would stop the workflow, all at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aqbio.io.study import MODELS
from aqbio.stages.check import study_problems
from tests.small_study import replace, write_small_study


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_small_study(tmp_path)


def _words(file):
    return [finding.what for finding in study_problems(file)]


def test_a_good_study_has_no_problems(file):
    assert study_problems(file) == []


def test_missing_recordings_are_all_named(file):
    data = file.parent / "data"
    (data / "P1_fast.c3d").unlink()
    (data / "P2_slow.mot").unlink()
    found = study_problems(file)
    assert [(f.participant, f.trial, Path(f.file).name) for f in found] == [
        ("P1", "fast", "P1_fast.c3d"),
        ("P2", "slow", "P2_slow.mot"),
    ]
    assert all(f.fix == "correct the path in trials.tsv, or set include = no." for f in found)


def test_trials_that_are_left_out_need_no_recording(file):
    (file.parent / "data" / "P1_fast.c3d").unlink()
    sheet = file.parent / "trials.tsv"
    lines = sheet.read_text().splitlines()
    excluded = ["no" if "P1\tfast" in line else "yes" for line in lines]
    rows = zip(lines, ["include", *excluded[1:]], strict=True)
    sheet.write_text("\n".join("\t".join(pair) for pair in rows))
    assert study_problems(file) == []


def test_missing_data_folder_is_one_problem(file):
    replace(file, "data: data", "data: date")
    [finding] = study_problems(file)
    assert finding.what == "the folder of the recordings does not exist."
    assert finding.file.endswith("date")


def test_unset_variable_is_one_problem_however_often_it_is_used(file, monkeypatch):
    monkeypatch.delenv("AQBIO_NOWHERE", raising=False)
    replace(file, "data: data", "data: ${AQBIO_NOWHERE}/data")
    replace(file, "files:", "model: {file: '${AQBIO_NOWHERE}/generic.osim'}\nfiles:")
    [finding] = study_problems(file)
    assert "AQBIO_NOWHERE is not set" in finding.what


def test_model_and_sex(file):
    replace(file.parent / "participants.tsv", "P2\tmale", "P2\tn/a")
    [finding] = study_problems(file)
    assert finding.what.startswith("sex is n/a")
    replace(file, "files:", "model: {file: generic.osim}\nfiles:")
    missing = study_problems(file)
    assert [(f.rule, f.participant) for f in missing] == [
        ("model-missing", "P1"),
        ("model-missing", "P2"),
    ]


def test_unknown_map_and_missing_marker_set_come_together(file):
    replace(file, "files:", "model: {map: sprimt, markers: mine.yaml}\nfiles:")
    unknown, missing = _words(file)
    assert unknown.startswith("model.map sprimt is not a folder in models/ (known: hamner2010, ")
    assert missing == "the file does not exist."


def test_problems_inside_map_and_marker_set(file):
    folder = file.parent / "map"
    shutil.copytree(MODELS / "sprint", folder)
    replace(file, "files:", "model: {map: map/map.yaml}\nfiles:")
    assert study_problems(file) == []
    replace(folder / "markers.yaml", "  C7: {body: torso}", "  C7: {body: torsoo}")
    [finding] = study_problems(file)
    assert "body torsoo, which no group of the model map has" in finding.what
    assert finding.fix == "did you mean torso?"
    replace(folder / "markers.yaml", "  C7: {body: torsoo}", "  C7: {bodi: torso}")
    assert _words(file) == ["markers.C7.body is missing.", "setting markers.C7.bodi is unknown."]


def test_settings_and_sheets_come_before_files(file):
    """Files are looked for only once it is known where."""
    replace(file, "files:", "solv: {}\nfiles:")
    replace(file.parent / "participants.tsv", "60.5", "6.5")
    (file.parent / "data" / "P1_fast.c3d").unlink()
    assert _words(file) == [
        "setting solv is unknown.",
        "mass_kg must be at least 20 (given: '6.5').",
    ]


def test_no_study_at_all(tmp_path):
    [finding] = study_problems(tmp_path / "study.yaml")
    assert finding.what == "the file does not exist."


def test_virtual_sprinters_need_no_recordings_yet(file):
    (file.parent / "gait_library.npz").touch()
    replace(file, "data: data", "data: not_yet")
    assert study_problems(file) == []
