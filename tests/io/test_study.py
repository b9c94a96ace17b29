"""A study on disk: both sheets against each other, and the place of everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from aqbio.config import InvalidStudyError
from aqbio.errors import AqbioError
from aqbio.io.study import MODELS, load_study
from aqbio.stage_table import STAGE_TABLE
from tests.refusal import refused
from tests.small_study import replace, write_small_study


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_small_study(tmp_path)


def _problems(file):
    with pytest.raises(InvalidStudyError) as raised:
        load_study(file)
    return raised.value.findings


def _words(file):
    return [finding.what for finding in _problems(file)]


def test_trials_that_are_left_out(file):
    sheet = file.parent / "trials.tsv"
    lines = sheet.read_text().splitlines()
    marked = [f"{line}\t{'include' if i == 0 else 'yes'}" for i, line in enumerate(lines)]
    marked[2] = marked[2].removesuffix("yes") + "no"
    sheet.write_text("\n".join(marked))
    study = load_study(file)
    assert [t.trial_id for t in study.moving_of("P1")] == ["slow"]


def test_places(file):
    study = load_study(file)
    root, data = file.parent / "results" / "small", file.parent / "data"
    assert (study.root, study.data) == (root, data)
    _, fast, slow, *_ = study.trials_of("P1")
    assert (study.recording(slow), study.forces(slow)) == (
        data / "P1_slow.trc",
        data / "P1_slow.mot",
    )
    assert study.forces(fast) is None
    person = root / "participants" / "P1"
    for stage, folder in (
        ("prepare", "prepared"),
        ("scale", "model"),
        ("inverse_kinematics", "solved"),
        ("contributions", "contributions"),
    ):
        assert study.folder("P1", stage) == person / folder
    assert study.manifest("P1", "inverse_kinematics") == person / "inverse_kinematics.json"
    assert study.table("steps.tsv") == root / "tables" / "steps.tsv"


def test_model_by_sex_or_by_path(file):
    study = load_study(file)
    assert study.model_file("P1") == MODELS / "sprint" / "sprint_female.osim"
    assert study.model_file("P2") == MODELS / "sprint" / "sprint_male.osim"
    replace(file, "files:", "model: {file: mine/generic.osim}\nfiles:")
    assert load_study(file).model_file("P1") == file.parent / "mine" / "generic.osim"


def test_sprint_model_needs_the_sex(file):
    replace(file.parent / "participants.tsv", "P1\tfemale", "P1\tn/a")
    with refused("participant-sex", "sex is n/a") as raised:
        load_study(file).model_file("P1")
    assert raised.value.trial == "P1"
    assert raised.value.where == "participant P1, column sex"


def test_marker_set_of_the_laboratory_or_of_the_map(file):
    assert load_study(file).marker_file == MODELS / "sprint" / "markers.yaml"
    replace(file, "files:", "model: {markers: markers.yaml}\nfiles:")
    assert load_study(file).marker_file == file.parent / "markers.yaml"


def test_unknown_participant(file):
    study = load_study(file)
    with pytest.raises(AqbioError, match="p11 is not in the sheet") as raised:
        study.participant("p11")
    assert raised.value.fix == "did you mean P1?"
    with pytest.raises(AqbioError) as raised:
        study.participant("somebody")
    assert raised.value.fix == "known: P1, P2."


@pytest.mark.parametrize(("person", "trial"), [("P1", "fast"), ("p1", "FAST")])
def test_participants_and_trials_twice(file, person, trial):
    """Also by capitals only: where capitals do not count their files would overwrite each other."""
    with (file.parent / "participants.tsv").open("a") as sheet:
        sheet.write(f"{person}\tmale\t70\t1.8\tn/a\n")
    with (file.parent / "trials.tsv").open("a") as sheet:
        sheet.write(f"P1\t{trial}\trun\tnormal\tx.c3d\tn/a\n")
    found = [(one.rule, one.what) for one in _problems(file) if one.rule == "sheet-twice"]
    assert found == [
        ("sheet-twice", "participant P1 appears 2 times."),
        ("sheet-twice", "trial fast of P1 appears 2 times."),
    ]


def _as_one_person(file: Path) -> None:
    sheet = file.parent / "participants.tsv"
    header, *rows = sheet.read_text().splitlines()
    sheet.write_text("\n".join([f"{header}\tperson", *(f"{row}\tX" for row in rows)]) + "\n")


def test_joint_angles_need_the_model_that_they_belong_to(file):
    sheet = file.parent / "trials.tsv"
    header, *rows = sheet.read_text().splitlines()
    cells = [row + ("\tik.mot" if row.startswith("P2\tslow") else "\tn/a") for row in rows]
    sheet.write_text("\n".join([f"{header}\tcoordinates_file", *cells]) + "\n")
    replace(sheet, "P2_slow.trc", "n/a")
    [finding] = _problems(file)
    assert finding.rule == "model-file"
    assert finding.what.startswith("trial slow of P2 starts from coordinates, but P2 has no")
    assert finding.where == "line 3"  # of the participants sheet


def test_sessions_of_one_person(file):
    alone = load_study(file)
    assert [alone.sessions_of(name) for name in ("P1", "P2")] == [("P1",), ("P2",)]
    _as_one_person(file)
    assert _words(file) == ["P1 and P2 are X, but their sex is female and male."]
    assert _problems(file)[0].rule == "person-differs"
    replace(file.parent / "participants.tsv", "P2\tmale\tn/a\tn/a", "P2\tfemale\tn/a\t1.68")
    assert _words(file) == ["P1 and P2 are X, but their height_m is 1.7 and 1.68."]
    replace(file.parent / "participants.tsv", "1.68", "n/a")
    study = load_study(file)
    assert [study.sessions_of(name) for name in ("P1", "P2")] == [("P1", "P2")] * 2


def test_static_trials(file):
    people = file.parent / "participants.tsv"
    replace(people, "60.5\t1.70\tstanding", "60.5\t1.70\tstandin")
    [misspelt] = _problems(file)
    assert misspelt.what == "static_trial standin of P1 is not in the trials sheet."
    assert (misspelt.rule, misspelt.fix) == ("static-unknown", "did you mean standing?")
    replace(people, "\tstandin\n", "\tfast\n")
    assert _words(file) == ["static_trial fast of P1 is a run in the trials sheet."]
    replace(people, "\tfast\n", "\tn/a\n")
    [forgotten] = _problems(file)
    assert "P1 has the static trial standing, but its static_trial is n/a" in forgotten.what
    assert forgotten.rule == "static-not-named"


def test_a_name_with_a_blank_is_one_problem_and_the_rest_is_read(file):
    """The name has a rule beside its type: it must not be tried by its type alone."""
    replace(file, "name: small", "name: my first study")
    [finding] = _problems(file)
    assert (finding.rule, finding.where) == ("settings", "line 1")
    assert finding.what.startswith("name ")


def test_sheets_are_found_where_the_settings_say(file):
    people = file.parent / "people.tsv"
    (file.parent / "participants.tsv").rename(people)
    assert _words(file) == ["the sheet does not exist."]
    replace(file, "data: data", "data: data\n  participants: people.tsv")
    assert len(load_study(file).participants) == 2
    replace(people, "60.5", "heavy")
    replace(file, "files:", "solv: {}\nfiles:")
    assert _words(file)[1:] == ["mass_kg must be a number (given: 'heavy')."]


def test_sections_of_a_stage(file):
    study = load_study(file)
    for name, stage in STAGE_TABLE.items():
        assert tuple(study.stage_settings(name)) == stage.settings


def test_manifest_of_a_stage_that_has_not_run(file):
    with refused("stage-order", "stage prepare has not run for P1") as raised:
        load_study(file).read_manifest("P1", "prepare")
    assert "aqbio prepare" in raised.value.fix
