"""The best pose of a limb within what people reach, from a pose that nobody can take."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.inverse_kinematics.other_poses import limb_errors
from aqbio.multibody.kinematics import marker_positions


@pytest.fixture
def mirrored(runner, running):
    """A right arm whose elbow is bent backwards, and its bounds: the elbow bends forward."""
    q = running[::40].copy()
    limb = np.flatnonzero([name.startswith(("arm_r", "forearm_r")) for name in runner.coordinates])
    elbow = runner.coordinates.index("forearm_r_z")
    bounds = np.tile([-np.inf, np.inf], (q.shape[1], 1))
    bounds[elbow] = 0.0, 2.8
    wrong = q.copy()
    wrong[:, elbow] *= -1.0
    wrong[:, runner.coordinates.index("arm_r_y")] += np.pi
    return q, wrong, limb, bounds


def test_the_true_pose_is_found_from_the_mirrored_one(runner, mirrored):
    q, wrong, limb, bounds = mirrored
    index = np.arange(len(runner.markers))
    markers = marker_positions(runner, q)
    errors = limb_errors(runner, markers, index, np.ones(len(index)), wrong, limb, bounds)
    assert errors.max() < 1e-6


def test_where_the_true_pose_is_out_of_bounds_errors_remain(runner, mirrored):
    """The markers of the pose that nobody can take: no other pose has them all."""
    _, wrong, limb, bounds = mirrored
    index = np.arange(len(runner.markers))
    markers = marker_positions(runner, wrong)
    markers[0, 3] = np.nan
    errors = limb_errors(runner, markers, index, np.ones(len(index)), wrong, limb, bounds)
    own = [name.startswith("forearm_r") for name in runner.markers]
    assert np.nanmax(errors[:, own], axis=1).min() > 0.03
    assert np.isnan(errors[0, 3])
    assert np.isfinite(errors[1]).all()
