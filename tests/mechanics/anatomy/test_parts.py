"""Segments belong to the parts that people name."""

from __future__ import annotations

from aqbio.body.parts import Part, listed, parts_of

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


def test_sides_are_said_together():
    legs = tuple(Part(name, side) for side in ("left", "right") for name in ("thigh", "foot"))
    assert listed(legs) == "both thighs and both feet"
    assert listed(legs[:1]) == "left thigh"
    assert listed((*legs[:2], Part("trunk", ""))) == "left thigh, left foot and trunk"
