"""What real files do, point by point, where no other test shows it: see docs/recordings.md."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import ezc3d
import numpy as np
import pytest

from aqbio.io.c3d import read_c3d
from aqbio.io.netcdf import read_dataset
from aqbio.io.tables import read_table
from tests.real.altered import rewritten
from tests.real.staged import run_stages, write_study

pytestmark = pytest.mark.real

PERSON = ["JA1\tmale\tn/a\tn/a\tstatic"]


@pytest.mark.parametrize(("file", "first"), [("JA1Gait21.c3d", 299), ("JA1Gait35.c3d", 832)])
def test_absolute_events_of_the_file_are_the_contacts_less_its_first_frame(
    realdata, tmp_path, file, first
):
    """Point 13: the file's own events count from frame 0, ours from its first frame."""
    source = realdata / "ja1_dorn2012" / "c3d" / file
    opened = ezc3d.c3d(str(source))
    assert opened["header"]["points"]["first_frame"] == first
    event = opened["parameters"]["EVENT"]
    times = np.asarray(event["TIMES"]["value"])[1] - first / 250.0
    labels = event["LABELS"]["value"]
    strikes = sorted(t for t, label in zip(times, labels, strict=True) if "Strike" in label)
    static = "JA1\tstatic\tstatic\tc3d/JA1Static05.c3d\tn/a"
    rows = [static, f"JA1\trun\trun\tc3d/{file}\tn/a"]
    study = run_stages(write_study(tmp_path, PERSON, rows), until="prepare")
    prepared = read_dataset(study.folder("JA1", "prepare") / "run.nc")
    for touchdown in prepared["contact_touchdown"].values:
        assert np.abs(np.array(strikes) - touchdown).min() <= 0.004 + 0.001


def test_contact_that_the_markers_cut_is_said_and_not_used(realdata, tmp_path):
    """Point 12: the markers begin in the middle of the second contact of the sprint."""
    source = realdata / "ja1_dorn2012" / "c3d" / "JA1Gait35.c3d"
    content = read_c3d(source)
    late = round(0.640 * content.rate)
    rewritten(
        source, tmp_path / "late.c3d", hidden=tuple(content.labels),
        hidden_share=late / len(content.positions),
    )  # fmt: skip
    shutil.copy(source.with_name("JA1Static05.c3d"), tmp_path / "static.c3d")
    rows = ["JA1\tstatic\tstatic\tstatic.c3d\tn/a", "JA1\tlate\trun\tlate.c3d\tn/a"]
    study = run_stages(write_study(tmp_path, PERSON, rows, data=tmp_path.as_posix()))
    steps = read_table(study.table("steps.tsv"))
    states = dict(zip(steps["touchdown_s"].round(2), steps["status"], strict=True))
    assert states[0.58] == "rejected"
    assert states[0.81] == "ok"


@pytest.mark.parametrize("source", ["sheet", "strides"])
def test_static_off_the_plates_takes_the_mass_from_elsewhere(realdata, tmp_path, source):
    """Point 7: JA1's static trial as TRC, without plates."""
    mass = "75.95" if source == "sheet" else "n/a"
    rows = ["JA1\tstatic\tstatic\ttrc_mot/static.trc\tn/a", "JA1\tjog\trun\tc3d/JA1Gait21.c3d\tn/a"]
    file = write_study(tmp_path, [f"JA1\tmale\t{mass}\tn/a\tstatic"], rows)
    manifest = run_stages(file, until="prepare").read_manifest("JA1", "prepare")
    assert manifest["mass_source"] == source
    assert manifest["mass_kg"] == pytest.approx(75.95, rel=0.02)
    assert "static" not in manifest["masses_kg"]


@pytest.mark.opensim
def test_knee_beyond_its_range_is_solved_and_said(realdata, tmp_path):
    """Points 2 and 3: Rajagopal 2016 ends knees at 120 degrees, his bend to 150."""
    generic = realdata / "ja1_dorn2012" / "models" / "rajagopal_generic_ja1markers.osim"
    model, changes = re.subn(
        r'(<Coordinate name="knee_angle_[rl]">.*?<range>)[^<]*(</range>.*?<clamped>)\w+',
        r"\g<1>0 2.0943951\g<2>true",
        generic.read_text(encoding="utf-8"),
        flags=re.S,
    )
    assert changes == 2
    (tmp_path / "model.osim").write_text(model, encoding="utf-8")
    for name in ("markers.yaml", "participants.tsv", "study.yaml"):
        shutil.copy(Path(__file__).parent / "ja1" / name, tmp_path / name)
    (tmp_path / "trials.tsv").write_text(
        "participant_id\ttrial_id\ttask\tfile\n"
        "JA1\tstatic\tstatic\tc3d/JA1Static05.c3d\nJA1\tsprint\trun\tc3d/JA1Gait35.c3d\n",
        encoding="utf-8",
    )
    text = (tmp_path / "study.yaml").read_text(encoding="utf-8")
    text = re.sub(r"file: .*osim", f"file: {(tmp_path / 'model.osim').as_posix()}", text)
    results = f"results: {(tmp_path / 'results').as_posix()}\n"
    (tmp_path / "study.yaml").write_text(text + results, encoding="utf-8")
    study = run_stages(tmp_path / "study.yaml", until="inverse_kinematics")
    [entry] = study.read_manifest("JA1", "inverse_kinematics")["trials"]
    said = [
        one for one in entry["findings"] if one["rule"] == "joint-range" and "knee" in one["what"]
    ]
    assert said
    solved = read_dataset(study.folder("JA1", "inverse_kinematics") / "sprint.nc")["q"]
    knees = np.degrees(solved.sel(coordinate=["knee_angle_r", "knee_angle_l"]).values)
    assert knees.max() > 145.0
    assert f"to {knees.max():.0f} degrees" in " ".join(one["what"] for one in said)
    assert "Coordinates are not clamped" in said[0]["what"]
