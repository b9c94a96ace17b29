"""Two laboratories in one study: a participant's own marker set means the same by other labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from aqbio.intake.check import written_problems
from aqbio.io.netcdf import read_dataset
from aqbio.io.provenance import given_files
from aqbio.io.study import MODELS, Study, load_study, on_other_models
from aqbio.io.trc import write_trc
from aqbio.prepare.stage import prepare_participant
from aqbio.study.jobs import given_content
from tests.io.made_c3d import write_c3d
from tests.recorded_study import RATE, record, recorded_figure, write_forces
from tests.small_study import write_small_study

PREFIX = "q"
SETTINGS = (
    "other_models:\n  models:\n    anatomical: {file: sprint_anatomical, map: sprint_anatomical}\n"
)


def _renamed_set(path: Path) -> None:
    """The model's own marker set by other labels."""
    content = yaml.safe_load((MODELS / "sprint/markers.yaml").read_text(encoding="utf-8"))
    content["name"] = "renamed"
    content["markers"] = {
        f"{PREFIX}{label}": {"model": label, **marker}
        for label, marker in content["markers"].items()
    }
    for foot in content["feet"].values():
        foot["heel"] = f"{PREFIX}{foot['heel']}"
        foot["toe"] = [f"{PREFIX}{label}" for label in foot["toe"]]
    content["pelvis"] = {
        name: [f"{PREFIX}{label}" for label in labels] for name, labels in content["pelvis"].items()
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture(scope="module")
def studies(tmp_path_factory) -> tuple[Study, Study]:
    """The same study twice: in the second one P2 has other labels and another marker set."""
    pair = []
    for renamed in (False, True):
        folder = tmp_path_factory.mktemp("laboratories")
        file = write_small_study(folder, results=str(folder / "results"))
        study = record(file)
        file.write_text(file.read_text(encoding="utf-8") + SETTINGS, encoding="utf-8")
        if renamed:
            _renamed_set(folder / "other.yaml")
            sheet = folder / "participants.tsv"
            head, first, second = sheet.read_text(encoding="utf-8").splitlines()
            lines = [f"{head}\tmarker_set", f"{first}\tn/a", f"{second}\tother.yaml"]
            sheet.write_text("\n".join(lines) + "\n", encoding="utf-8")
            _relabel(study)
        pair.append(load_study(file))
    return pair[0], pair[1]


def _relabel(study: Study) -> None:
    """Write P2's recordings again, with other labels."""
    for number, trial in enumerate(study.trials):
        if trial.participant_id != "P2":
            continue
        labels, positions = recorded_figure(moving=trial.task != "static", turns=0.37 * number)
        labels, positions = tuple(f"{PREFIX}{x}" for x in labels), positions + 1e-3 * number
        path, forces = study.recording(trial), study.forces(trial)
        if path.suffix == ".c3d":
            write_c3d(path, list(labels), positions * 1e3, (RATE, 1000.0))
        else:
            write_trc(path, labels, positions, RATE)
        if forces is not None:
            write_forces(forces, 1500.0 + number)


def test_check_finds_the_same_under_other_labels(studies):
    """Labels of one laboratory are not missed in the recordings of the other."""
    plain, renamed = (written_problems(study.file)[0] for study in studies)
    assert [finding.rule for finding in plain] == [finding.rule for finding in renamed]
    assert "label-nowhere" not in {finding.rule for finding in renamed}


def test_prepared_markers_are_the_same_under_other_labels(studies):
    files = []
    for study in studies:
        prepare_participant(study.recorded_with("P2"), "P2", lambda _: None)
        files.append(sorted(study.folder("P2", "prepare").glob("*.nc")))
    plain, renamed = files
    assert [path.name for path in plain] == [path.name for path in renamed]
    assert plain
    for plain_file, renamed_file in zip(plain, renamed, strict=True):
        first, second = read_dataset(plain_file), read_dataset(renamed_file)
        assert [f"{PREFIX}{x}" for x in first["marker"].values] == list(second["marker"].values)
        np.testing.assert_array_equal(first["marker_raw"].values, second["marker_raw"].values)


def test_a_marker_set_counts_for_its_participant_alone(studies):
    _, study = studies
    marker_file = study.file.parent / "other.yaml"
    assert study.recorded_with("P2").marker_file == marker_file
    assert study.recorded_with("P1").marker_file == study.marker_file != marker_file
    assert given_content(study, "P1", "markers") != given_content(study, "P2", "markers")
    assert given_files(study, "P2")[marker_file] == "marker_set of P2"
    assert marker_file not in given_files(study, "P1")


def test_our_other_models_have_the_participants_markers_too(studies):
    """Bodies and markers of our models have the same names."""
    _, study = studies
    for view in (study, study.recorded_with("P2")):
        [other_model] = on_other_models(view).values()
        assert other_model.recorded_with("P2").marker_file == study.file.parent / "other.yaml"
        marker_file = other_model.recorded_with("P1").marker_file
        assert marker_file.resolve() == (MODELS / "sprint/markers.yaml").resolve()


def test_another_model_with_its_own_markers_takes_no_participants_set(studies, tmp_path):
    """The labels of a set are those of a person, the bodies those of a model."""
    _, study = studies
    text = study.file.read_text(encoding="utf-8").replace(
        "map: sprint_anatomical", "markers: m.yaml"
    )
    file = study.file.with_name("own_markers.yaml")
    file.write_text(text, encoding="utf-8")
    [other_model] = on_other_models(load_study(file).recorded_with("P2")).values()
    assert other_model.recorded_with("P2").marker_file == file.parent / "m.yaml"


def test_a_missing_marker_set_is_named(studies, tmp_path):
    _, study = studies
    sheet = study.file.with_name("elsewhere.tsv")
    text = study.sheet("participants").read_text(encoding="utf-8")
    sheet.write_text(text.replace("other.yaml", "nowhere.yaml"), encoding="utf-8")
    file = study.file.with_name("elsewhere.yaml")
    settings = study.file.read_text(encoding="utf-8")
    file.write_text(
        settings.replace("data: data", "data: data\n  participants: elsewhere.tsv"),
        encoding="utf-8",
    )
    problems, _ = written_problems(file)
    assert any("nowhere.yaml" in str(problem) for problem in problems)


def test_sessions_of_one_person_share_a_marker_set(studies):
    _, study = studies
    sheet = study.file.with_name("sessions.tsv")
    sheet.write_text(
        "participant_id\tsex\tperson\tmarker_set\nP1\tmale\tQ\tone.yaml\nP2\tmale\tQ\tother.yaml\n",
        encoding="utf-8",
    )
    file = study.file.with_name("sessions.yaml")
    settings = study.file.read_text(encoding="utf-8")
    file.write_text(
        settings.replace("data: data", "data: data\n  participants: sessions.tsv"), encoding="utf-8"
    )
    problems, _ = written_problems(file)
    assert "P1 and P2 are Q, but their marker_set is one.yaml and other.yaml" in str(problems)
