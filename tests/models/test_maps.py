"""Model maps and marker sets fit the models they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from aqbio.body.calibration import label_places
from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.names import ANATOMICAL_GROUPS
from aqbio.opensim.session import initialised, load_model
from aqbio.opensim.skeleton import read_skeleton

pytestmark = pytest.mark.opensim

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
STUDIES = ROOT / "tests" / "real"
OURS = [
    (name, MODELS / name / f"{name}_{sex}.osim")
    for name in ("sprint", "sprint_anatomical")
    for sex in ("female", "male")
]
THEIRS = [
    ("rajagopal2016", "rajagopal2016/models/Rajagopal2016.osim"),
    ("rajagopal2016", "ja1_dorn2012/models/rajagopal_generic_ja1markers.osim"),
    ("lai_uhlrich2023", "rajagopal2016/models/RajagopalLaiUhlrich2023.osim"),
    ("hamner2010", "rajagopal2016/models/FullBodyModel_Hamner2010_v2_0.osim"),
]
STUDY_SETS = [
    ("ja1/markers.yaml", "ja1_dorn2012/models/rajagopal_generic_ja1markers.osim"),
    ("rajagopal_run/markers.yaml", "rajagopal2016/models/Rajagopal2016.osim"),
]
SPRINT_SETS = ["ja1_sprint/markers.yaml", "rajagopal_run/markers_sprint.yaml"]


def check_map(name: str, file: Path) -> None:
    """A partition of the bodies; joints, feet and coordinates exist, each on its own side."""
    model_map = read_yaml(MODELS / name / "map.yaml", ModelMap)
    model = load_model(file)
    initialised(model)
    bodies = {model.getBodySet().get(i).getName() for i in range(model.getBodySet().getSize())}
    mapped = [body for members in model_map.groups.values() for body in members]
    assert len(mapped) == len(set(mapped))
    assert set(mapped) == bodies
    assert set(model_map.groups) == set(ANATOMICAL_GROUPS)
    assert model_map.feet.left in model_map.groups["leg_left"]
    assert model_map.feet.right in model_map.groups["leg_right"]
    joints = model.getJointSet()
    for role, joint in model_map.joints.by_name().items():
        assert joints.contains(joint), role
        side = role.rpartition("_")[2]
        child = joints.get(joint).getChildFrame().findBaseFrame().getName()
        if side in ("left", "right"):
            groups = {f"leg_{side}", f"arm_{side}"}
            assert any(child in model_map.groups[group] for group in groups), role
        else:
            assert child in model_map.groups["torso"], role
    root = joints.get(model_map.pelvis.joint)
    assert root.getParentFrame().findBaseFrame().getName() == "ground"
    assert root.getChildFrame().findBaseFrame().getName() == model_map.pelvis.body
    for place in model_map.sagittal.values():
        for coordinate in place.model_dump().values():
            assert model.getCoordinateSet().contains(coordinate)


def check_markers(markers: Path, file: Path) -> None:
    """Every label finds its place."""
    marker_set = read_yaml(markers, MarkerSet)
    skeleton = read_skeleton(file)
    assert label_places(marker_set, skeleton, {}).keys() == marker_set.markers.keys()


@pytest.mark.parametrize(("name", "file"), OURS)
def test_map_of_our_model(name, file):
    check_map(name, file)


@pytest.mark.parametrize(("name", "file"), OURS)
def test_markers_of_our_model(name, file):
    model_map = read_yaml(MODELS / name / "map.yaml", ModelMap)
    check_markers(MODELS / name / model_map.marker_set, file)


@pytest.mark.parametrize("markers", SPRINT_SETS)
def test_recordings_markers_on_our_model(markers):
    for _, file in OURS:
        check_markers(STUDIES / markers, file)


@pytest.mark.real
@pytest.mark.parametrize(("name", "file"), THEIRS)
def test_map_of_their_model(name, file, realdata):
    check_map(name, realdata / file)


@pytest.mark.real
@pytest.mark.parametrize("name", ["rajagopal2016", "lai_uhlrich2023", "hamner2010"])
def test_markers_of_their_model(name, realdata):
    file = dict(reversed(THEIRS))[name]
    check_markers(MODELS / name / "markers.yaml", realdata / file)


@pytest.mark.real
@pytest.mark.parametrize(("markers", "file"), STUDY_SETS)
def test_recordings_markers_on_their_model(markers, file, realdata):
    check_markers(STUDIES / markers, realdata / file)


@pytest.mark.real
@pytest.mark.parametrize(("name", "file"), THEIRS)
def test_flexion_has_the_sign_that_the_map_says(name, file, realdata):
    check_flexion(name, realdata / file)


@pytest.mark.parametrize(("name", "file"), OURS)
def test_flexion_of_our_model_has_the_sign_that_the_map_says(name, file):
    check_flexion(name, file)


def check_flexion(name: str, file: Path) -> None:
    """Turn each sagittal coordinate by 0.3 rad in its flexion sense and see where the limb goes."""
    model_map = read_yaml(MODELS / name / "map.yaml", ModelMap)
    model = load_model(file)
    state = initialised(model)
    forward = {"hip": 1, "knee": -1, "shoulder": 1, "elbow": 1}  # way of the far end, x
    for joint, direction in forward.items():
        place = model_map.sagittal[joint]
        coordinate = model.getCoordinateSet().get(place.right)
        far = {
            "hip": model_map.feet.right,
            "knee": model_map.feet.right,
            "shoulder": model_map.groups["arm_right"][1],
            "elbow": model_map.groups["arm_right"][-1],
        }[joint]
        body = model.getBodySet().get(far)
        tip = body.getMassCenter()

        def x(angle: float, coordinate=coordinate, body=body, tip=tip) -> float:
            coordinate.setValue(state, angle, False)
            model.realizePosition(state)
            return body.findStationLocationInGround(state, tip).get(0)

        moved = x(0.3 * model_map.flexion[joint]) - x(0.0)
        x(0.0)
        assert moved * direction > 0.02, joint
    ankle = model.getCoordinateSet().get(model_map.sagittal["ankle"].right)
    toes = model.getBodySet().get("toes_r")
    heights = []
    for angle in (0.0, 0.3 * model_map.flexion["ankle"]):
        ankle.setValue(state, angle, False)
        model.realizePosition(state)
        heights.append(toes.findStationLocationInGround(state, toes.getMassCenter()).get(1))
    assert heights[1] - heights[0] > 0.02, "dorsiflexion lifts the toes"
