"""What the segments of a runner are."""

from __future__ import annotations

import pytest

from aqbio.consistency.parameters import Runner


def test_classes_by_place_in_the_limb(stick):
    names = dict(zip(stick.skeleton.bodies, stick.tissue, strict=True))
    assert names["thigh_l"] == "thigh"
    assert names["shank_r"] == "shank"
    assert names["foot_r"] == "foot"
    assert names["arm_l"] == "upper_arm"
    assert names["forearm_r"] == "forearm"
    assert (names["pelvis"], names["torso"]) == ("pelvis", "torso")


def test_every_segment_in_one_group(stick):
    assert (stick.grouping.sum(axis=0) == 1).all()
    assert stick.legs.sum() == 6
    assert stick.torso.sum() == stick.pelvis.sum() == 1


def test_groups_must_be_a_partition(stick):
    with pytest.raises(ValueError, match="partition"):
        Runner(stick.skeleton, {**stick.groups, "arm_left": ("arm_l",)})
    trunk = {**stick.groups, "pelvis": ("pelvis", "torso")}
    del trunk["torso"]
    with pytest.raises(ValueError, match="torso"):
        Runner(stick.skeleton, trunk)
