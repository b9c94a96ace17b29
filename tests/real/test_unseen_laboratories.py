"""Recordings of laboratories that nobody prepared: from the folder to results, by a user's steps.

Known of each recording is what its README says.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from aqbio.intake.check import study_problems
from aqbio.intake.new import new_study_from
from aqbio.io.mot import read_storage
from aqbio.io.netcdf import read_dataset
from aqbio.io.study import Study
from aqbio.io.tables import read_table
from aqbio.io.trial_files import read_recording
from aqbio.labels.by_name import SidedLandmark, landmark_table, named_labels
from aqbio.labels.motion import loose_labels, segment_of
from tests.real.staged import PLAIN, fill, run_stages

pytestmark = [pytest.mark.real, pytest.mark.opensim]

PERSON = "S01"


def _made(folder: Path, data: Path, model: Path | None = None) -> tuple[Path, str]:
    """What `aqbio new --from` makes of a folder: study.yaml and what was said."""
    said = new_study_from(folder, data, model, lambda line: None)
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"{PLAIN}results: {(folder / 'results').as_posix()}\n")
    return folder / "study.yaml", said


def _cells(sheet: Path, column: str) -> list[str]:
    with sheet.open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.DictReader(file, delimiter="\t")]


def _entries(study: Study, stage: str) -> list[dict]:
    moving = {trial.trial_id for trial in study.moving_of(PERSON)}
    return [
        one for one in study.read_manifest(PERSON, stage)["trials"] if one["trial_id"] in moving
    ]


def _steps(study: Study):
    table = read_table(study.table("steps.tsv"))
    return table[table["status"] == "ok"]


@pytest.fixture(scope="module")
def dummy_angles(tmp_path_factory, realdata):
    """Forces among angles that are all zero, and the file of external loads that names them."""
    folder = tmp_path_factory.mktemp("dummy_angles")
    file, said = _made(folder / "study", realdata / "hamner_subject02")
    fill(folder / "study" / "participants.tsv", sex="male")
    assert [one for one in study_problems(file) if one.severity == "error"] == []
    return run_stages(file), said


def test_forces_beside_dummy_angles_are_read_as_their_description_says(dummy_angles, realdata):
    study, said = dummy_angles
    assert "0 files of joint angles" in said
    sheet = study.sheet("trials")
    assert _cells(sheet, "force_file") == ["n/a", "External_Loads.xml"]
    assert _cells(sheet, "please_fill")[1] == "belt_speed_mps (the feet show 4.00)"
    assert "scaled to a person, as it seems: subject02_registered.osim" in said
    [trial] = _entries(study, "prepare")
    assert trial["belt_speed_mps"] == pytest.approx(4.0, rel=0.01)
    forces = read_storage(realdata / "hamner_subject02" / "subject02_running_grf.mot")
    largest = max(forces.column(f"{foot}ground_force_vy").max() for foot in ("", "1_"))
    assert trial["peak_n"] == pytest.approx(largest, abs=1.0)
    assert np.median(trial["stride_masses_kg"]) == pytest.approx(65.9, rel=0.01)
    assert trial["contacts"] == 29


def test_arms_bend_as_arms_do_and_all_is_given(dummy_angles):
    """Scaled to the static trial alone, elbows bent backwards and feet were 37 % too long."""
    study, _ = dummy_angles
    assert study.read_manifest(PERSON, "scale")["lost"] == {}
    solved = read_dataset(study.folder(PERSON, "inverse_kinematics") / "running.nc")
    elbows = np.degrees(solved["q"].sel(coordinate=["elbow_flex_r", "elbow_flex_l"]))
    assert float(elbows.min()) > 0.0
    assert float(elbows.max()) < 150.0
    steps = _steps(study)
    assert len(steps) >= 27
    for part in ("push_leg", "push_side", "total"):
        assert steps[f"H_{part}_y_stance_mean_kgm2ps"].notna().all(), part


def test_a_persons_own_model_is_offered_and_used_as_it_is(tmp_path, realdata):
    data = realdata / "hamner_subject02"
    file, said = _made(tmp_path / "study", data, data / "subject02_registered.osim")
    assert "model subject02_registered.osim, taken as scaled to this person" in said
    assert _cells(tmp_path / "study" / "participants.tsv", "please_fill") == ["height_m"]
    assert [one for one in study_problems(file) if one.severity == "error"] == []
    study = run_stages(file, until="inverse_kinematics")
    assert study.read_manifest(PERSON, "scale")["mass_kg"] == pytest.approx(65.9, abs=0.1)
    told = [f for t in _entries(study, "inverse_kinematics") for f in t["findings"]]
    assert any(f["rule"] == "pose-impossible" and "right elbow" in f["what"] for f in told)


@pytest.fixture(scope="module")
def clusters_only(tmp_path_factory, realdata):
    """No static trial, and no landmark on thighs and shanks; two of the four speeds are run."""
    folder = tmp_path_factory.mktemp("clusters_only")
    file, said = _made(folder / "study", realdata / "hamner_subject04")
    fill(folder / "study" / "participants.tsv", sex="male")
    fill(folder / "study" / "trials.tsv", ("run300", "run400"), include="no")
    assert [one for one in study_problems(file) if one.severity == "error"] == []
    return run_stages(file), said


def test_trials_are_called_after_their_folders(clusters_only):
    study, said = clusters_only
    assert _cells(study.sheet("trials"), "trial_id") == ["run200", "run300", "run400", "run500"]
    assert "generic models in the folder: unscaled_generic.osim" in said
    trials = _entries(study, "prepare")
    for trial, speed in zip(trials, (1.95, 5.00), strict=True):
        assert trial["belt_speed_mps"] == pytest.approx(speed, rel=0.025)
    strides = [mass for trial in trials for mass in trial["stride_masses_kg"]]
    assert np.median(strides) == pytest.approx(80.47, rel=0.025)


def test_legs_that_no_landmark_places_are_placed_by_all_recordings(clusters_only):
    """Knees of one person that runs straight on bend alike, and forward.

    Scaled to a still frame they were 11 to 18 degrees apart and bent backwards by 19.
    """
    study, _ = clusters_only
    scale = study.read_manifest(PERSON, "scale")
    assert scale["lost"] == {}
    for part in ("thigh", "shank", "foot"):
        right, left = (scale["lengths_m"][f"{part}_{side}"][0] for side in ("right", "left"))
        assert left == pytest.approx(right, rel=0.01)
    for trial in ("run200", "run500"):
        q = read_dataset(study.folder(PERSON, "inverse_kinematics") / f"{trial}.nc")["q"]
        knees = np.degrees(q.sel(coordinate=["knee_angle_r", "knee_angle_l"]).values)
        assert abs(np.subtract(*knees.mean(axis=0))) < 7.0
        assert knees.min() > -5.0
    steps = _steps(study)
    assert set(steps["trial_id"]) == {"run200", "run500"}
    for part in ("push_leg", "swing_leg", "push_side", "total"):
        assert steps[f"H_{part}_y_stance_mean_kgm2ps"].notna().all(), part


def test_a_partial_marker_set_asks_for_exactly_its_blanks(tmp_path, realdata):
    """The back of the pelvis: LBackAsis, RBackAsis, which no name tells."""
    folder = tmp_path / "study"
    file, said = _made(folder, realdata / "pyorerun")
    for side in ("right", "left"):
        assert f"markers.yaml, please_fill, {side}_psis: the label on the {side} back" in said
    fill(folder / "participants.tsv", sex="male", mass_kg="70")
    asked = [one.what for one in study_problems(file) if one.severity == "error"]
    assert [one.partition(":")[0] for one in asked] == [
        "please_fill.right_psis",
        "please_fill.left_psis",
    ]
    text = (folder / "markers.yaml").read_text(encoding="utf-8")
    for side, label in (("right", "RBackAsis"), ("left", "LBackAsis")):
        text = text.replace(f"  {side}_psis:  ", f"  {side}_psis: {label}  ")
    (folder / "markers.yaml").write_text(text, encoding="utf-8")
    assert [one for one in study_problems(file) if one.severity == "error"] == []
    study = run_stages(file, until="inverse_kinematics")
    [entry] = _entries(study, "inverse_kinematics")
    assert entry["status"] == "ok", entry["reason"]
    prepared = read_dataset(study.folder(PERSON, "prepare") / "Running_0002.nc")
    assert prepared["contact_foot"].values.tolist() == ["right"]
    assert float(prepared["contact_touchdown"][0]) == pytest.approx(0.038, abs=0.002)
    assert float(prepared["contact_toe_off"][0]) == pytest.approx(0.323, abs=0.003)


def test_motion_refuses_labels_on_wrong_segments_and_no_others(realdata):
    """A sprint's 46 labels where their names say, and each one on some other segments."""
    table = landmark_table()
    sprint = read_recording(realdata / "ja1_dorn2012" / "c3d" / "JA1Gait35.c3d")
    named = named_labels(sprint.labels, table).places
    assert loose_labels(named, named, [sprint], table) == {}
    segments = {label: segment_of(place, table) for label, place in named.items()}
    clusters = {"pelvis": "pelvis", "torso": "trunk"}
    refused = planted = 0
    for number, (label, own) in enumerate(segments.items()):
        for segment, side in sorted(set(segments.values()) - {own})[number % 9 :: 9]:
            wrong = SidedLandmark(clusters.get(segment, segment), side)
            found = loose_labels({**named, label: wrong}, {label}, [sprint], table)
            refused += label in found
            planted += 1
    assert planted > 50
    assert refused >= 0.98 * planted  # the others are beside the joint: elbows on forearms
