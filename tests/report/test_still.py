"""The drawing of a runner where nothing moves: bones from joint to joint, ends through the mass."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from aqbio.multibody.poses import segment_poses
from aqbio.pages.replay import HEIGHT, SCALE, _bones, _on_paper
from aqbio.virtual.athlete import Athlete, athlete_skeleton


def test_a_segment_that_ends_is_drawn_through_its_mass_and_as_far_beyond():
    skeleton = athlete_skeleton(Athlete("made", "female", 60.0, 1.7))
    poses = segment_poses(skeleton, skeleton.coordinate_default[None])
    groups = {f"side_{side}": tuple(one for one in skeleton.bodies if one.endswith(end))
              for side, end in (("left", "_l"), ("right", "_r"))}  # fmt: skip
    replayed = SimpleNamespace(
        skeleton=skeleton, poses=poses, groups=groups, seen={"foot_l": False}
    )
    right = list(_bones(replayed, 0, "right"))
    hand = skeleton.bodies.index("hand_r")
    centre = poses.origin[0, hand] + poses.rotation[0, hand] @ skeleton.com[hand]
    ends = [line for line in right if np.allclose(line.mean(axis=0), centre, atol=1e-12)]
    assert len(ends) == 1
    np.testing.assert_allclose(ends[0][0], poses.origin[0, hand])
    left = list(_bones(replayed, 0, "left"))
    assert len(left) == len(right) - 1  # a foot that nobody saw is not drawn


def test_ahead_is_to_the_right_and_up_is_up():
    """0.2 m ahead of the centre of mass and 1.5 m above the ground, on a floor at 0.3 m."""
    line = np.array([[5.2, 1.8, 0.0], [5.0, 0.3, 0.0]])
    (ahead, up), (middle, down) = _on_paper(line, np.array([5.0, 1.0, 0.0]), 0.3, 0.6)
    np.testing.assert_allclose((middle, down), (SCALE * 0.6, SCALE * HEIGHT))
    np.testing.assert_allclose((ahead, up), (SCALE * 0.8, SCALE * (HEIGHT - 1.5)))
