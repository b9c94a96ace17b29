"""Labels of video systems, of CMU and of computed bone axes, from the folder to their places."""

from __future__ import annotations

import pytest
import yaml

from aqbio.intake import study as intake_study
from aqbio.intake.new import new_study_from
from aqbio.intake.study import gathered_study
from aqbio.io.tables import read_table
from tests.one_each import ONE_EACH
from tests.real.staged import run_stages

pytestmark = [pytest.mark.real, pytest.mark.opensim]


@pytest.fixture
def proposed(cases, monkeypatch):
    """Give the marker set that is proposed for a case."""
    monkeypatch.setattr(intake_study, "_previews", lambda *_: {})

    def of(case):
        data = cases / case / "recordings"
        return gathered_study("case", data, None, lambda line: None).markers

    return of


def test_opencaps_landmarks_and_not_its_video(proposed):
    found = proposed("opencap_labels")
    markers = found.marker_set.markers
    assert markers["r_knee_study"].model == "RKNL"
    assert markers["L_shoulder_study"].model == "LSHO"
    assert not {"RKnee", "RElbow", "RShoulder", "RHip"} & markers.keys()
    assert "the landmarks there are used" in found.left_out["RKnee"]


@pytest.mark.parametrize("case", ["pose2sim_labels", "pose2sim_two_people"])
def test_pose2sim_demands_no_markers_that_nobody_wears(proposed, case):
    found = proposed(case)
    assert found.missing == ()
    pelvis, markers = found.marker_set.pelvis, found.marker_set.markers
    if case == "pose2sim_labels":
        assert pelvis.hips == ("RHip", "LHip")
        assert markers["LElbow"].joint == "elbow_left"
        assert markers["RKnee"].video
    else:
        assert pelvis.front == ("r.ASIS_study", "L.ASIS_study")
        assert {label for label, one in markers.items() if one.video} <= {"Head", "Nose"}


def test_waist_labels_of_cmu_are_spines(proposed):
    pelvis = proposed("pub_cmu_waist_labels").marker_set.pelvis
    assert (pelvis.front, pelvis.back) == (("RFWT", "LFWT"), ("RBWT", "LBWT"))


def test_bone_axes_are_computed_and_not_used(proposed):
    found = proposed("trc_pig_bone_axes_as_markers")
    axes = {label for label in found.left_out if label[-2:] in ("_X", "_Y", "_Z")}
    assert len(axes) == 24
    assert {found.left_out[label] for label in axes} == {found.left_out["RFEMUR_X"]}
    assert "computed by other software" in found.left_out["RFEMUR_X"]


def test_two_points_on_a_head_do_not_lose_the_trunk(cases, tmp_path):
    """From the folder to momenta of all parts: those two leave the neck locked."""
    study = tmp_path / "study"
    new_study_from(study, cases / "pose2sim_labels" / "recordings", None, lambda _: None)
    sheet = study / "participants.tsv"
    header, row = (line.split("\t") for line in sheet.read_text("utf-8").splitlines())
    cells = dict(zip(header, row, strict=True)) | {"sex": "male", "mass_kg": "75"}
    sheet.write_text("\t".join(header) + "\n" + "\t".join(cells.values()) + "\n", "utf-8")
    file = study / "study.yaml"
    content = yaml.safe_load(file.read_text("utf-8")) | yaml.safe_load(ONE_EACH)
    content |= {"contributions": {"draws": 0}, "results": str(tmp_path / "results")}
    file.write_text(yaml.safe_dump(content | {"consistency": {"enabled": False}}))
    steps = read_table(run_stages(file).table("steps.tsv"))
    kept = steps[steps["status"] == "ok"]
    assert len(kept) > 10
    for part in ("torso", "push_side", "swing_side", "total"):
        assert kept[f"H_{part}_y_stance_mean_kgm2ps"].notna().all(), part
