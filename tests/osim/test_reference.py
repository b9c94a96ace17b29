"""A few frames computed again by OpenSim: differences that are none, and differences that are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.motion import spline_motion
from aqbio.opensim.reference import (
    FRAMES,
    reference_differences,
)
from aqbio.opensim.skeleton import read_skeleton

pytestmark = pytest.mark.opensim


@pytest.fixture(scope="module")
def trial(sprint, running):
    time = np.arange(40) / 250.0
    motion = spline_motion(sprint, time, running(sprint, 40, 0))
    rng = np.random.default_rng(0)
    loads = [
        ExternalLoad(foot, rng.normal(0, 500, (40, 3)), rng.normal(0, 50, (40, 3)), np.zeros(3))
        for foot in ("foot_l", "foot_r")
    ]
    return motion, loads


def test_our_engine_is_opensim_on_the_sprint_model(sprint_file, sprint, trial):
    """Positions to round-off of metres, momentum and forces of sums; no joint has the defect."""
    found = reference_differences(sprint_file, sprint, *trial)
    assert found.frames == FRAMES
    assert found.position_m < 1e-12
    assert found.momentum < 1e-12
    assert found.forces < 1e-11
    assert found.defect < 1e-11


LIMITS = {"position_m": 1e-9, "momentum": 1e-8, "forces": 1e-8}
"""What the quality table allows."""


@pytest.mark.parametrize(
    ("change", "measure"),
    [
        ("com", "momentum"),
        ("mass", "momentum"),
        ("parent_position", "position_m"),
        ("inertia", "forces"),
        ("gravity", "forces"),
    ],
)
def test_a_wrong_skeleton_is_seen(sprint_file, sprint, trial, change, measure):
    """One body's numbers off by 2 percent: far beyond what the quality table allows."""
    wrong = getattr(sprint, change).copy()
    if change == "gravity":
        wrong *= 1.02
    else:
        wrong[3] *= 1.02
    found = reference_differences(sprint_file, replace(sprint, **{change: wrong}), *trial)
    assert getattr(found, measure) > 10 * LIMITS[measure]


@pytest.mark.real
def test_the_walker_knee_is_the_only_difference(realdata):
    """Rajagopal's knee: equal with Simbody's defect reproduced, different without."""
    file = realdata / "rajagopal2016/models/Rajagopal2016.osim"
    skeleton = read_skeleton(file)
    time = np.arange(40) / 250.0
    rng = np.random.default_rng(1)
    count = len(skeleton.coordinates)
    low, high = np.clip(skeleton.coordinate_range.T, -1.0, 1.0)
    swing = np.sin(rng.uniform(10, 25, count) * time[:, None] + rng.uniform(0, 6, count))
    q = (low + high) / 2 + 0.4 * (high - low) * swing
    q[:, skeleton.coordinate_locked] = skeleton.coordinate_default[skeleton.coordinate_locked]
    loads = [ExternalLoad("calcn_r", np.zeros((40, 3)), np.zeros((40, 3)), np.zeros(3))]
    found = reference_differences(file, skeleton, spline_motion(skeleton, time, q), loads)
    assert found.position_m < 1e-12
    assert found.momentum < 1e-10
    assert found.forces < 1e-8
    assert found.defect > 1e-6
