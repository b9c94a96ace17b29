"""The same kinds of trouble in recordings of other people, laboratories and formats."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ezc3d
import pytest

from aqbio.intake.check import study_problems
from aqbio.intake.new import new_study_from
from aqbio.io.mot import read_storage, write_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.trc import write_trc
from aqbio.io.trial_files import read_recording
from aqbio.look.inputs import read_model_in_motion
from tests.cases.test_cases import study_of

pytestmark = pytest.mark.real

Change = Callable[[Any], None]
"""A change of the content of a C3D file, as ezc3d holds it."""


def changed(source: Path, target: Path, change: Change | None) -> None:
    """Write a C3D file with a change."""
    if change is None:
        shutil.copy(source, target)
        return
    content = ezc3d.c3d(str(source))
    change(content)
    if "meta_points" in content["data"]:  # of the frames as they were
        del content["data"]["meta_points"]
    content.write(str(target))


@pytest.fixture
def sprinter(realdata, tmp_path):
    """Write the overground sprinter's recordings with changes of the run and the static trial."""

    def write(run: Change | None = None, static: Change | None = None) -> Path:
        folder = tmp_path / "recordings"
        folder.mkdir()
        for name, change in (("RunA1.c3d", run), ("static1.c3d", static)):
            changed(realdata / "overground_sprinter" / name, folder / name, change)
        return folder

    return write


def test_a_dead_plate_under_a_forefoot_is_named_though_the_heel_is_beside_it(sprinter, tmp_path):
    def silence(content):
        content["data"]["analogs"][0, 0:6] = 0.0

    study, _ = study_of(sprinter(silence), tmp_path, "prepare", mass_kg="78.6")
    trials = study.read_manifest("S01", "prepare")["trials"]
    findings = {x["rule"]: x["what"] for entry in trials for x in entry["findings"]}
    assert findings["plate-silent"].startswith(
        "the left foot stands on plate 1 from 2.17 to 2.31 s and plate 1 measures nothing (all "
        "samples 0)"
    )
    trial = read_dataset(study.folder("S01", "prepare") / "RunA1.nc")
    assert list(trial["contact_foot"].values) == ["left", "right"]


def test_a_contact_with_one_channel_in_all_columns_costs_only_itself(realdata, tmp_path):
    """JA1's jog as published: the first left contact has nine equal columns."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("jog.trc", "jog_grf.mot", "static.trc"):
        shutil.copy(realdata / "ja1_dorn2012" / "trc_mot" / name, folder)
    study, summary = study_of(folder, tmp_path, "prepare")
    assert "75.9 kg by 2 whole strides" in summary
    trial = read_dataset(study.folder("S01", "prepare") / "jog.nc")
    assert list(trial["contact_foot"].values) == ["right", "left", "right", "left"]
    assert trial["contact_complete"].values.all()
    trials = study.read_manifest("S01", "prepare")["trials"]
    rules = {finding["rule"] for entry in trials for finding in entry["findings"]}
    assert "force-copied" in rules
    assert "forces-foreign" not in rules


def test_a_static_c3d_of_one_frame_with_plates_is_a_pose(sprinter, tmp_path):
    def one_frame(content):
        content["data"]["points"] = content["data"]["points"][:, :, 300:301]
        content["data"]["analogs"] = content["data"]["analogs"][:, :, 3000:3010]

    folder = sprinter(static=one_frame)
    summary = new_study_from(tmp_path / "study", folder, None, lambda _: None)
    assert "static: a pose; one frame" in summary
    assert "internal error" not in summary


def test_markers_in_another_unit_ask_for_the_unit_and_not_for_labels(sprinter, tmp_path):
    """Labels without a word are placed in the unit in which the body is a person's."""

    def in_metres(content):
        content["parameters"]["POINT"]["UNITS"]["value"] = ["m"]

    folder = sprinter(in_metres, in_metres)
    summary = new_study_from(tmp_path / "study", folder, None, lambda _: None)
    assert "please_fill" not in (tmp_path / "study" / "markers.yaml").read_text()
    assert summary.count("It would fit if the positions were in mm (") == 2


def test_a_trc_of_a_c3d_file_is_its_copy_though_the_person_is_in_view_for_a_third(
    sprinter, tmp_path
):
    folder = sprinter()
    run = read_recording(folder / "RunA1.c3d")
    write_trc(folder / "RunA1.trc", run.labels, run.positions, run.rate)
    summary = new_study_from(tmp_path / "study", folder, None, lambda _: None)
    assert "RunA1.trc: the same recording as RunA1.c3d" in summary


def test_a_motion_cut_to_a_flight_says_nothing_of_clocks(realdata, tmp_path):
    """Of the contact before it the file holds the last 24 ms: no body mass."""
    data = realdata / "ja1_dorn2012"
    motion = read_storage(data / "reference" / "jog_ik.mot")
    flight = (motion.time > 1.515) & (motion.time < 1.649)
    write_storage(
        tmp_path / "motion.mot", columns=motion.columns, time=motion.time[flight],
        values=motion.values[flight], in_degrees=True,
    )  # fmt: skip
    model = data / "models" / "JA1_SCALED_Osim40.osim"
    moving = read_model_in_motion(model, tmp_path / "motion.mot", data / "trc_mot" / "jog_grf.mot")
    assert "no-whole-contact" in {x.rule for x in moving.findings}
    assert "force-clock" not in {x.rule for x in moving.findings}


def test_a_csv_of_forces_is_read_as_the_mot_file_that_it_was(cases, tmp_path):
    """With semicolons, decimal commas and no header, as a German spreadsheet saves it."""
    source, folder = cases / "grf_mot_free_moment_sign" / "recordings", tmp_path / "recordings"
    shutil.copytree(source, folder)
    table = read_storage(folder / "sprint_grf.mot")
    rows = zip(table.time.tolist(), table.values.tolist(), strict=True)
    lines = [["time", *table.columns], *([f"{x:.6f}" for x in (t, *row)] for t, row in rows)]
    text = "\r\n".join(";".join(line) for line in lines).replace(".", ",")
    (folder / "sprint_grf.mot").unlink()
    (folder / "sprint_grf.csv").write_text(text, encoding="utf-8")
    summary = new_study_from(tmp_path / "study", folder, None, lambda _: None)
    assert "sprint (sprint.trc with sprint_grf.csv)" in summary
    assert not [
        finding
        for finding in study_problems(tmp_path / "study" / "study.yaml")
        if finding.file.endswith("sprint_grf.csv") and finding.severity == "error"
    ]


POINTS = ("Hip", "Knee", "Ankle", "Shoulder", "Elbow", "Wrist")


def test_sides_of_a_video_without_feet_are_not_called_exchanged(cases, tmp_path):
    """Thirteen points in a plane: facing the other way the body fits them 1 mm better."""
    kept = {f"{side}{point}" for side in "RL" for point in POINTS} | {"Nose"}
    (tmp_path / "recordings").mkdir()
    for file in (cases / "pose2sim_labels" / "recordings" / "MarkerData").glob("*.trc"):
        run = read_recording(file)
        columns = [index for index, label in enumerate(run.labels) if label in kept]
        labels = tuple(run.labels[index] for index in columns)
        target = tmp_path / "recordings" / file.name
        write_trc(target, labels, run.positions[:, columns], run.rate)
    summary = new_study_from(tmp_path / "study", tmp_path / "recordings", None, lambda _: None)
    assert "13 labels are placed" in summary
    assert "exchanged" not in summary
