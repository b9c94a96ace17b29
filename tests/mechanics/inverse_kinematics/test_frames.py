"""From one pose to all: fast motions, long gaps between frames, wrong minima."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.inverse_kinematics.ik import all_poses
from aqbio.inverse_kinematics.marker_fit import MarkerFit, Tracking
from aqbio.multibody.kinematics import marker_positions

EXACT = 1e-6  # see test_ik.py


def _problem(runner, q):
    tracking = Tracking.of(runner, np.arange(len(runner.markers)), runner.free)
    target = marker_positions(runner, q)
    return MarkerFit(tracking, target, np.ones(target.shape[:2]), runner.coordinate_default)


@pytest.mark.parametrize("step", [1, 2, 4])
@pytest.mark.parametrize("first", [0, 17])
def test_follows_a_sprint(runner, running, step, first):
    """Sampled at 150, 75 and 37 frames a second."""
    q = running[::step]
    ended = all_poses(_problem(runner, q), first, q[first])
    np.testing.assert_allclose(ended.q, q, rtol=0, atol=EXACT)


@pytest.mark.parametrize("frames", [1, 2, 3, 8, 9, 10])
def test_any_number_of_frames(runner, running, frames):
    q = running[:frames]
    ended = all_poses(_problem(runner, q), 0, q[0])
    np.testing.assert_allclose(ended.q, q, rtol=0, atol=EXACT)
    assert len(ended.cost) == len(ended.iterations) == frames


def test_a_wrong_start_of_one_arm_is_left_on_the_way(runner, running):
    """The first pose has an elbow bent backwards; frames that find the right pose pass it on."""
    arm = [runner.coordinates.index(f"arm_r_{axis}") for axis in "zxy"]
    elbow = runner.coordinates.index("forearm_r_z")
    wrong = running[0].copy()
    wrong[arm] += [0.4, -0.3, np.pi]
    wrong[elbow] *= -1.0
    problem = _problem(runner, running)
    ended = all_poses(problem, 0, wrong)
    assert np.abs(problem.evaluate(ended.q).error).max() < EXACT
