"""Measures of a gait are those of its truth."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.names import GRAVITY
from aqbio.virtual.truth import run_truth
from tests.virtual.conftest import GaitOf
from tests.virtual.runners import RUNNER
from validation.gaits.collocation import nodes
from validation.gaits.measures import gait_measures


def test_forces_are_those_of_the_motion(gait_of: GaitOf):
    """Solved for at the nodes, and computed there from the segments: the same to 1e-6."""
    solved = gait_of(RUNNER, 7.0)
    measures = gait_measures(solved)
    time = nodes(len(measures.force)) * float(solved.gait.timeline.contact[0])
    force = run_truth(solved.gait, time).loads.force[:, 1] / (RUNNER.mass * GRAVITY)
    np.testing.assert_allclose(measures.force[1:-1], force[1:-1], rtol=0, atol=1e-6)


def test_trunk_leans_forward_and_turns_against_the_pelvis(gait_of: GaitOf):
    measures = gait_measures(gait_of(RUNNER, 9.5))
    assert measures.torso_lean.mean() > 0.0
    pelvis, torso = measures.angles["pelvis_rotation"], measures.torso_yaw
    assert np.corrcoef(pelvis, torso)[0, 1] < -0.5


def test_the_pelvis_needs_no_moment(gait_of: GaitOf):
    measures = gait_measures(gait_of(RUNNER, 7.0))
    for name in ("pelvis_tilt", "pelvis_list", "pelvis_rotation"):
        assert np.abs(measures.moments[name]).max() < 1e-6


@pytest.mark.parametrize("speed", [4.0, 9.5])
def test_joint_moments_are_those_of_a_human(gait_of: GaitOf, speed: float):
    """Hip, knee and ankle below 6.5 N m/kg: the dossier's bands are reported, not asserted."""
    moments = gait_measures(gait_of(RUNNER, speed)).moments
    for name in ("hip_flexion_r", "knee_angle_r", "ankle_angle_r"):
        assert 1.0 < np.abs(moments[name]).max() < 6.5, name
