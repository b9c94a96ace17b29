"""Angles of joints from geometry, and poses that no person can take."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.body.human_ranges import (
    MARGIN,
    MOST_TWIST,
    RANGES,
    JointAngles,
    beyond_range,
    impossible_frames,
    joint_angles,
)

JOINTS = {
    "hip_right": "to_thigh_r", "knee_right": "to_shank_r", "knee_left": "to_shank_l",
    "ankle_right": "to_foot_r", "lumbar": "to_torso", "elbow_right": "to_forearm_r",
    "shoulder_right": "to_arm_r",
}  # fmt: skip
COORDINATES = {
    "hip_right": ("thigh_r_z", 1), "knee_right": ("shank_r_z", -1), "ankle_right": ("foot_r_z", 1),
    "lumbar": ("torso_z", -1), "elbow_right": ("forearm_r_z", 1),
}  # fmt: skip


def bent(runner, **degrees):
    """A pose of the runner with some coordinates, anywhere in the room."""
    q = np.zeros((1, len(runner.coordinates)))
    q[0, [runner.coordinates.index(f"pelvis_{axis}") for axis in "zxyXYZ"]] = 0.7
    for name, angle in degrees.items():
        q[0, runner.coordinates.index(name)] = np.radians(angle)
    return q


@pytest.mark.parametrize("place", COORDINATES)
@pytest.mark.parametrize("degrees", [-30.0, 0.0, 50.0, 120.0])
@pytest.mark.parametrize("turns", [-1, 0, 1])
def test_flexion_whichever_way_round(runner, place, degrees, turns):
    """Wherever the body faces, and however often a search went round."""
    name, sign = COORDINATES[place]
    q = bent(runner, **{name: sign * degrees + 360.0 * turns})
    assert joint_angles(runner, q, JOINTS)[place].flexion == pytest.approx([degrees])


def test_a_thigh_that_is_lifted_and_turned(runner):
    """The direction of the thigh is flexion however it is turned about itself."""
    q = bent(runner, thigh_r_z=60.0, thigh_r_y=30.0)
    hip = joint_angles(runner, q, JOINTS)["hip_right"]
    assert hip.flexion == pytest.approx([60.0])
    assert hip.twist == pytest.approx([30.0])
    assert "shoulder_right" not in joint_angles(runner, q, JOINTS)


@pytest.mark.parametrize("place", [f"{kind}_left" for kind in RANGES if kind != "lumbar"])
def test_limits(place):
    """Just inside and just outside of what people reach by more than the margin."""
    human = RANGES[place.partition("_")[0]]
    for end, sign in ((human.extension, -1.0), (human.flexion, 1.0)):
        for apart, count in ((MARGIN - 0.1, 0), (MARGIN + 0.1, 1)):
            angles = JointAngles(np.array([end + sign * apart]), np.zeros(1))
            found = impossible_frames({place: angles})
            assert sum(lost.sum() for lost in found.values()) == count


def test_a_thigh_put_on_backwards():
    for degrees, lost in ((MOST_TWIST + MARGIN - 1.0, False), (MOST_TWIST + MARGIN + 1.0, True)):
        angles = {"hip_left": JointAngles(np.zeros(1), np.array([-degrees]))}
        assert ("hip_left" in impossible_frames(angles)) == lost
    # Of another joint the twist is no limit: a forearm is turned by 150 degrees.
    assert not impossible_frames({"elbow_left": JointAngles(np.zeros(1), np.array([150.0]))})


def test_an_excursion_is_lost_as_a_whole():
    """From what people reach to what none can and back; one that turns round before is kept."""
    angle = np.array([20.0, -12.0, -30.0, -12.0, 5.0, -20.0, 5.0])
    lost = impossible_frames({"elbow_right": JointAngles(angle, np.zeros(7))})["elbow_right"]
    assert lost.tolist() == [False, True, True, True, False, False, False]


def test_the_nearer_way_round():
    """A knee at 260 degrees is one at -100, 90 beyond extension; one at 400 is bent by 40."""
    for degrees, beyond in ((260.0, 90.0), (-100.0, 90.0), (400.0, -50.0), (170.0, 10.0)):
        angles = JointAngles(np.array([degrees]), np.zeros(1))
        assert beyond_range(angles, "knee_left") == pytest.approx([beyond])
