"""Model maps and marker sets fit the models they are for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aqbio.config import MarkerSet, ModelMap, read_yaml
from aqbio.io.study import MODELS
from aqbio.multibody.poses import segment_poses
from aqbio.names import ANATOMICAL_GROUPS
from aqbio.opensim.session import initialised, load_model
from aqbio.opensim.skeleton import read_skeleton
from aqbio.scale.calibration import labels_on_model

pytestmark = pytest.mark.opensim

STUDIES = Path(__file__).parents[1] / "real"
OURS = {
    f"{name}_{sex}": (name, MODELS / name / f"{name}_{sex}.osim",
                      ("ja1_sprint/markers.yaml", "rajagopal_run/markers_sprint.yaml"))
    for name in ("sprint", "sprint_anatomical") for sex in ("female", "male")
}  # fmt: skip
THEIRS = {
    "rajagopal2016": ("rajagopal2016", "rajagopal2016/models/Rajagopal2016.osim",
                      ("rajagopal_run/markers.yaml",)),
    "ja1": ("rajagopal2016", "ja1_dorn2012/models/rajagopal_generic_ja1markers.osim",
            ("ja1/markers.yaml",)),
    "lai_uhlrich2023": ("lai_uhlrich2023", "rajagopal2016/models/RajagopalLaiUhlrich2023.osim", ()),
    "hamner2010": ("hamner2010", "rajagopal2016/models/FullBodyModel_Hamner2010_v2_0.osim", ()),
}  # fmt: skip
"""Map, model, and marker sets of studies with it."""


@pytest.fixture(params=[*OURS, *(pytest.param(name, marks=pytest.mark.real) for name in THEIRS)])
def mapped(request):
    """A map, the file of its model and marker sets, those of `models/` first."""
    if request.param in OURS:
        name, file, sets = OURS[request.param]
    else:
        name, file, sets = THEIRS[request.param]
        file = request.getfixturevalue("realdata") / file
    model_map = read_yaml(MODELS / name / "map.yaml", ModelMap)
    shipped = (MODELS / name).glob("*.yaml")
    marker_sets = {path.resolve() for path in shipped if path.name != "map.yaml"}
    marker_sets |= {(MODELS / name / model_map.marker_set).resolve()}
    marker_sets = marker_sets if request.param != "ja1" else set()
    return model_map, file, [*sorted(marker_sets), *(STUDIES / study for study in sets)]


def test_a_map_is_a_partition_and_every_label_has_a_body(mapped):
    """Joints, feet and coordinates exist, each on its own side."""
    model_map, file, marker_sets = mapped
    model = load_model(file)
    initialised(model)
    bodies = {model.getBodySet().get(i).getName() for i in range(model.getBodySet().getSize())}
    parts = [body for members in model_map.groups.values() for body in members]
    assert len(parts) == len(set(parts))
    assert set(parts) == bodies
    assert set(model_map.groups) == set(ANATOMICAL_GROUPS)
    assert model_map.feet.left in model_map.groups["leg_left"]
    assert model_map.feet.right in model_map.groups["leg_right"]
    joints = model.getJointSet()
    for role, joint in model_map.joints.by_name().items():
        assert joints.contains(joint), role
        side = role.rpartition("_")[2]
        child = joints.get(joint).getChildFrame().findBaseFrame().getName()
        groups = ("leg_{}", "arm_{}") if side in ("left", "right") else ("torso",)
        assert any(child in model_map.groups[group.format(side)] for group in groups), role
    root = joints.get(model_map.pelvis.joint)
    assert root.getParentFrame().findBaseFrame().getName() == "ground"
    assert root.getChildFrame().findBaseFrame().getName() == model_map.pelvis.body
    skeleton = read_skeleton(file)
    for path in marker_sets:
        marker_set = read_yaml(path, MarkerSet)
        assert labels_on_model(marker_set, skeleton, {}).keys() == marker_set.markers.keys()


def test_flexion_has_the_sign_that_the_map_says(mapped):
    """Each sagittal coordinate, turned by 0.3 rad in its flexion sense, moves the limb so."""
    model_map, file, _ = mapped
    skeleton, arms = read_skeleton(file), model_map.groups["arm_right"]
    foot = model_map.feet.right
    ways = {"hip": (foot, 0, 1), "knee": (foot, 0, -1), "shoulder": (arms[1], 0, 1),
            "elbow": (arms[-1], 0, 1), "ankle": ("toes_r", 1, 1)}  # fmt: skip
    for joint, (far, axis, direction) in ways.items():
        coordinate_names = model_map.sagittal[joint]
        for side in ("right", "left"):
            body = skeleton.bodies.index(far if side == "right" else mirrored(far))
            q = np.tile(skeleton.coordinate_default, (2, 1))
            column = skeleton.coordinates.index(getattr(coordinate_names, side))
            q[:, column] = [0.0, 0.3 * model_map.flexion[joint]]
            poses = segment_poses(skeleton, q)
            tip = poses.origin[:, body] + poses.rotation[:, body] @ skeleton.com[body]
            assert (tip[1] - tip[0])[axis] * direction > 0.02, (joint, side)


def mirrored(body: str) -> str:
    return body.removesuffix("_r") + "_l"
