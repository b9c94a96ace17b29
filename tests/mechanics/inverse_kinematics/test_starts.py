"""The first pose is found from markers alone."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.inverse_kinematics.marker_fit import MarkerFit, Tracking
from aqbio.inverse_kinematics.starts import first_pose
from aqbio.multibody.kinematics import marker_positions

ROUGH = 1e-2
"""rad: the first pose is a start; it is 1e-4 of its cost from its minimum, markers 0.1 mm off."""


def _problem(runner, q, keep=None):
    target = marker_positions(runner, q)
    marker = np.arange(len(runner.markers)) if keep is None else keep
    tracking = Tracking.of(runner, marker, runner.free)
    target = target[:, marker]
    return MarkerFit(tracking, target, np.ones(target.shape[:2]), runner.coordinate_default)


@pytest.mark.parametrize("frame", [0, 20, 45, 70, 100])
def test_any_frame_of_a_sprint(runner, running, frame):
    q = running[[frame]]
    found = first_pose(_problem(runner, q), runner.coordinate_default)
    np.testing.assert_allclose(found, q[0], rtol=0, atol=ROUGH)


def test_arms_with_two_markers(runner, running):
    """One marker on the upper arm, one on the forearm: the elbow that bends as it may."""
    arms = [runner.bodies.index(name) for name in ("arm_r", "forearm_r", "arm_l", "forearm_l")]
    second = np.arange(len(runner.markers)) % 3 > 0
    keep = np.flatnonzero(~(np.isin(runner.marker_body, arms) & second))
    elbows = [runner.coordinates.index(f"forearm_{side}_z") for side in "rl"]
    for frame in (5, 60, 110):
        found = first_pose(_problem(runner, running[[frame]], keep), runner.coordinate_default)
        low, high = runner.coordinate_range[elbows].T
        assert (found[elbows] > low - 0.1).all()
        assert (found[elbows] < high + 0.1).all()


def test_the_same_markers_give_the_same_pose(runner, running):
    problem = _problem(runner, running[[30]])
    poses = [first_pose(problem, runner.coordinate_default) for _ in range(2)]
    np.testing.assert_array_equal(*poses)


def test_a_skeleton_that_hangs_in_the_air(runner, running):
    """Only the right leg is tracked: its chain to the ground is found with it."""
    leg = [runner.bodies.index(name) for name in ("thigh_r", "shank_r", "foot_r")]
    keep = np.flatnonzero(np.isin(runner.marker_body, leg))
    q = running[[10]]
    problem = _problem(runner, q, keep)
    found = first_pose(problem, runner.coordinate_default)
    left = problem.evaluate(found[None])
    assert np.linalg.norm(left.error, axis=-1).max() < 2e-3
