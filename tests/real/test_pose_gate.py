"""A sprint whose legs or elbows no landmark shows: the body is the one with landmarks."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.human_ranges import beyond_range, joint_angles
from aqbio.body.records import ParticipantModel
from aqbio.inverse_kinematics.solution import SolvedTrial
from aqbio.io.netcdf import read_dataset
from aqbio.io.skeleton import load_skeleton
from aqbio.multibody.poses import segment_poses
from aqbio.observed.determined import (
    LARGEST_DISPLACEMENT,
    segment_sds,
    usual_covariance,
)
from aqbio.vectors import rotate
from tests.real.altered import rewritten
from tests.real.staged import run_stages, write_study

pytestmark = [pytest.mark.real, pytest.mark.opensim]

KNEES_AND_ANKLES = tuple(
    side + label for side in "LR" for label in ("LEPI", "MEPI", "LMAL", "MMAL")
)
ELBOWS = ("LELB", "RELB")
HIDDEN = {"all": (), "clusters": KNEES_AND_ANKLES, "elbows": ELBOWS}


@pytest.fixture(scope="module")
def study(tmp_path_factory, realdata):
    folder = tmp_path_factory.mktemp("pose")
    (folder / "data").mkdir()
    source = realdata / "ja1_dorn2012" / "c3d"
    for name, hidden in HIDDEN.items():
        for kind, file in (("static", "JA1Static05.c3d"), ("sprint", "JA1Gait35.c3d")):
            rewritten(source / file, folder / "data" / f"{name}_{kind}.c3d", hidden=hidden)
    rows = [
        row
        for name in HIDDEN
        for row in (
            f"{name}\tstatic\tstatic\t{name}_static.c3d\tn/a",
            f"{name}\tsprint\trun\t{name}_sprint.c3d\tn/a",
        )
    ]
    people = [f"{name}\tmale\t75.95\tn/a\tstatic" for name in HIDDEN]
    file = write_study(folder, people, rows, data=(folder / "data").as_posix())
    return run_stages(file, until="inverse_kinematics")


def _lost(study, name):
    solved = read_dataset(study.folder(name, "inverse_kinematics") / "sprint.nc")
    reasons = zip(solved["segment"].values, solved["unobserved_reason"].values, strict=True)
    return {str(segment): str(why) for segment, why in reasons if why}


def _findings(study, name, stage="inverse_kinematics"):
    manifest = study.read_manifest(name, stage)
    return {
        one["rule"]: one
        for one in (*manifest["findings"], *(f for t in manifest["trials"] for f in t["findings"]))
    }


def test_the_whole_recording_passes_with_room(study):
    """A sprint at 9.5 m/s: 7 degrees inside what people reach, displacement under half."""
    assert _lost(study, "all") == {}
    rules = {*_findings(study, "all"), *_findings(study, "all", "scale")}
    assert not rules & {"pose-impossible", "static-impossible", "body-not-placed"}
    skeleton = load_skeleton(ParticipantModel.of(study, "all").table)
    solved = SolvedTrial.read(study, "all", "sprint").solved
    q = solved["q"].values
    angles = joint_angles(skeleton, q, study.model_map.joints.by_name())
    assert max(beyond_range(one, place).max() for place, one in angles.items()) < -5.0
    index = np.array([skeleton.markers.index(str(name)) for name in solved["marker"].values])
    covariance = usual_covariance(skeleton, q, index, solved["marker_position"].values)
    moved, _ = segment_sds(skeleton, q, covariance)
    heavy = skeleton.mass > 0.5
    assert np.median(moved[:, heavy], axis=0).max() < LARGEST_DISPLACEMENT / 2


@pytest.mark.parametrize("name", ["clusters", "elbows"])
def test_segments_without_landmarks_are_those_with_them(study, name):
    """All recordings together place what one posture without landmarks left open."""
    assert _lost(study, name) == {}
    assert "body-not-placed" not in _findings(study, name, "scale")
    known = study.read_manifest("all", "scale")["lengths_m"]
    for part, (length, sd) in study.read_manifest(name, "scale")["lengths_m"].items():
        other, other_sd = known[part]
        assert abs(length - other) < 2.0 * np.hypot(sd, other_sd), part


def _centre_of_mass(study, name):
    skeleton = load_skeleton(ParticipantModel.of(study, name).table)
    poses = segment_poses(
        skeleton, read_dataset(study.folder(name, "inverse_kinematics") / "sprint.nc")["q"].values
    )
    place = poses.origin + rotate(poses.rotation, skeleton.com)
    return (place * skeleton.mass[:, None]).sum(axis=1) / skeleton.mass.sum()


@pytest.mark.parametrize("name", ["clusters", "elbows"])
def test_the_centre_of_mass_stays_where_it_was(study, name):
    """2 and 1 mm RMS; a body scaled to one posture was 10 and 3 mm off."""
    difference = _centre_of_mass(study, name) - _centre_of_mass(study, "all")
    assert np.sqrt((difference**2).sum(axis=1).mean()) < 0.004


@pytest.mark.parametrize("name", ["clusters", "elbows"])
def test_nothing_is_inferred_from_forces(study, name):
    assert not set(_findings(study, name)) & {"force-delay", "free-moment-sign"}
