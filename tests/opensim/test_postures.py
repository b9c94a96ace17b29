"""Angles of shin, ankle and foot against OpenSim's own frames and coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.config import ModelMap, read_yaml
from aqbio.gait.postures import MEASURES, POINTS, neutral_feet, posture_numbers, posture_points
from aqbio.gait.steps import Step
from aqbio.io.study import MODELS
from aqbio.multibody.poses import segment_poses
from aqbio.opensim.session import array_from_vec3, load_model, opensim
from aqbio.opensim.skeleton import read_skeleton

pytestmark = pytest.mark.opensim

BENT = {"pelvis_tilt": -0.2, "hip_flexion_r": 0.5, "knee_angle_r": -0.7, "ankle_angle_r": 0.3,
        "hip_flexion_l": -0.3, "knee_angle_l": -1.2, "ankle_angle_l": -0.4}  # fmt: skip


@pytest.mark.parametrize("name", ["sprint", "sprint_anatomical"])
@pytest.mark.parametrize("turned", [False, True], ids=["planar", "hips turned"])
def test_angles_of_the_feet_are_those_of_opensim(name, turned):
    """In the plane the ankle angle is OpenSim's coordinate; shins and soles are its frames'.

    Ankles of the anatomical model turn about oblique axes, out of the plane.
    """
    file = MODELS / name / f"{name}_male.osim"
    model, skeleton = load_model(file), read_skeleton(file)
    values = BENT | ({"hip_adduction_r": 0.1, "hip_rotation_r": 0.2} if turned else {})
    state = model.initSystem()
    for coordinate, value in values.items():
        model.getCoordinateSet().get(coordinate).setValue(state, value, False)
    model.realizePosition(state)
    q = np.array([[values.get(coordinate, 0.0) for coordinate in skeleton.coordinates]] * 5)
    model_map = read_yaml(MODELS / name / "map.yaml", ModelMap)
    points = posture_points(skeleton, model_map, segment_poses(skeleton, q), np.zeros((5, 3)))
    for side, letter in (("right", "r"), ("left", "l")):
        step = Step(1, side, 0.0, 0.5, 1.0, "ok", "")
        angles = posture_numbers(
            points, np.linspace(0.0, 1.0, 5), [step], neutral_feet(skeleton, model_map)
        )
        assert set(angles) == set(MEASURES)
        joints = {
            joint: array_from_vec3(
                model.getJointSet().get(f"{joint}_{letter}").getChildFrame()
                .getPositionInGround(state)
            )
            for joint in ("hip", "knee", "ankle", "mtp")
        }  # fmt: skip
        for joint, joint_centre in joints.items():
            index, hip = POINTS.index(f"{joint}_{side}"), POINTS.index(f"hip_{side}")
            from_hip = points[0, index] - points[0, hip]
            np.testing.assert_allclose(from_hip, joint_centre - joints["hip"], atol=1e-9)
        shank = joints["ankle"] - joints["knee"]
        shin = angles["shin_angle_touchdown_rad"][0]
        assert shin == pytest.approx(np.arctan2(shank[0], -shank[1]), abs=1e-9)
        foot = model.getBodySet().get(f"foot_{letter}")
        sole = array_from_vec3(foot.expressVectorInGround(state, opensim.Vec3(1.0, 0.0, 0.0)))
        ankle = angles["ankle_angle_touchdown_rad"][0]
        tolerance = 1e-6 if name == "sprint" and not turned else 0.08
        tilt = float(np.arctan2(sole[1], sole[0]))
        assert angles["foot_angle_touchdown_rad"][0] == pytest.approx(tilt, abs=tolerance)
        assert ankle == pytest.approx(values[f"ankle_angle_{letter}"], abs=tolerance)
