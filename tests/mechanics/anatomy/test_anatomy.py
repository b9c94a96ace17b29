"""Our sprint model's bodies, joints and signs, told from how it moves; names play no part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.body.anatomy import Part, body_plan, parts_of, stands_upright
from aqbio.config import ModelMap, read_yaml
from aqbio.io.skeleton import load_skeleton
from aqbio.io.study import MODELS

pytestmark = pytest.mark.opensim


@pytest.fixture(scope="module")
def skeleton(tmp_path_factory):
    from aqbio.io.skeleton import save_skeleton
    from aqbio.opensim.skeleton import read_skeleton

    path = tmp_path_factory.mktemp("model") / "sprint.npz"
    save_skeleton(read_skeleton(MODELS / "sprint" / "sprint_female.osim"), path)
    return load_skeleton(path)


@pytest.fixture(scope="module")
def written():
    return read_yaml(MODELS / "sprint" / "map.yaml", ModelMap)


def _same(plan, written):
    assert {group: set(found) for group, found in plan.groups.items()} == {
        group: set(found) for group, found in written.groups.items()
    }
    assert plan.feet == written.feet.model_dump()
    assert plan.pelvis == (written.pelvis.body, written.pelvis.joint)
    for joint, places in plan.joints.items():
        assert places == getattr(written.joints, joint).model_dump()
    assert plan.sagittal == {j: place.model_dump() for j, place in written.sagittal.items()}
    assert plan.flexion == written.flexion
    assert plan.open == {}


def test_the_plan_is_the_map_that_was_written_by_hand(skeleton, written):
    assert stands_upright(skeleton)
    _same(body_plan(skeleton), written)


def test_names_play_no_part(skeleton):
    """Every name replaced by a number: the same bodies in the same places."""
    named = body_plan(skeleton)
    bodies = {name: f"b{index}" for index, name in enumerate(skeleton.bodies)}
    joints = {name: f"j{index}" for index, name in enumerate(skeleton.joints)}
    coordinates = {name: f"c{index}" for index, name in enumerate(skeleton.coordinates)}
    anonymous = body_plan(
        replace(
            skeleton,
            bodies=tuple(bodies.values()),
            joints=tuple(joints.values()),
            coordinates=tuple(coordinates.values()),
        )
    )
    assert anonymous.feet == {side: bodies[name] for side, name in named.feet.items()}
    assert anonymous.flexion == named.flexion
    assert anonymous.joints == {
        joint: {side: joints[name] for side, name in places.items()}
        for joint, places in named.joints.items()
    }
    assert anonymous.sagittal == {
        joint: {side: coordinates[name] for side, name in places.items()}
        for joint, places in named.sagittal.items()
    }


def test_a_knee_that_counts_the_other_way(skeleton):
    """Hamner's knees are negative in flexion: turned axes give the other sign, one gives none."""

    def turned(*names):
        direction = skeleton.axes.direction.copy()
        for name in names:
            direction[skeleton.axes.coordinate == skeleton.coordinates.index(name)] *= -1.0
        return body_plan(replace(skeleton, axes=replace(skeleton.axes, direction=direction)))

    assert turned("knee_angle_r", "knee_angle_l").flexion["knee"] == -1
    one = turned("knee_angle_r")
    assert "knee" not in one.flexion
    assert one.open == {"flexion.knee": "left and right flex with opposite signs"}


def test_a_model_that_lies_down_is_not_trusted(skeleton):
    lying = skeleton.coordinate_default.copy()
    lying[skeleton.coordinates.index("pelvis_tilt")] = np.pi
    assert not stands_upright(replace(skeleton, coordinate_default=lying))


JOINTS = {
    "hip_left": "to_thigh_l", "hip_right": "to_thigh_r", "knee_left": "to_shank_l",
    "knee_right": "to_shank_r", "lumbar": "to_torso", "shoulder_left": "to_arm_l",
    "elbow_left": "to_forearm_l",
}  # fmt: skip


def test_every_segment_has_its_part(runner):
    found = dict(zip(runner.bodies, parts_of(runner, JOINTS), strict=True))
    assert found["pelvis"] == Part("pelvis", "")
    assert found["torso"] == Part("trunk", "")
    assert found["shank_l"] == Part("shank", "left")
    # No joint of the map moves these: they belong to what they hang on.
    assert found["foot_r"] == Part("shank", "right")
    assert found["arm_r"] == Part("trunk", "")
    assert found["forearm_l"] == Part("forearm", "left")
