"""Poses of a stick runner: segments hidden for a while, and a rotated laboratory."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.multibody.kinematics import marker_positions

EXACT = 5e-6
"""rad or m: five times that of `test_ik`, as one marker holds a hinge less than three."""


def solved_from(runner, markers):
    all_markers = np.arange(len(runner.markers))
    return inverse_kinematics(runner, markers, all_markers, np.ones(len(all_markers)))


def test_coordinates_without_markers_are_interpolated_linearly(runner, running):
    """And kept beyond the first and last frames that show it; one marker of a hinge is enough."""
    q, frames = running[:40], np.arange(40)
    markers, hidden = marker_positions(runner, q), np.zeros((40, len(runner.coordinates)), bool)
    of = np.array([name.rpartition("_")[0] for name in runner.coordinates])
    for moving, limb, gap in (
        (("forearm_l",), ("forearm_l",), slice(12, 21)),
        (("shank_r", "foot_r"), ("shank_r", "foot_r"), slice(0, 4)),
        (("foot_l",), ("foot_l",), slice(35, 40)),
    ):
        bodies = [runner.bodies.index(name) for name in moving]
        markers[gap, np.isin(runner.marker_body, bodies)] = np.nan
        hidden[gap, np.isin(of, limb)] = True
    two = np.flatnonzero(runner.marker_body == runner.bodies.index("forearm_r"))[:2]
    markers[25:30, two] = np.nan
    expected = q.copy()
    for column in np.flatnonzero(hidden.any(axis=0)):
        determined = ~hidden[:, column]
        expected[:, column] = np.interp(frames, frames[determined], q[determined, column])
    assert np.abs(expected - q).max() > 0.1
    np.testing.assert_allclose(solved_from(runner, markers), expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize("degrees", [50, 100, 140, 185, 260, 320])
def test_a_rotated_laboratory_rotates_the_root_alone(runner, running, degrees):
    """At any heading and position in the laboratory: the same limbs."""
    q = running[:6]
    turn = Rotation.from_euler("y", degrees, degrees=True).as_matrix()
    markers = marker_positions(runner, q) @ turn.T + [3.0, 0.2, -5.0]
    solution = solved_from(runner, markers)
    np.testing.assert_allclose(marker_positions(runner, solution), markers, rtol=0, atol=EXACT)
    limbs = [not name.startswith("pelvis") for name in runner.coordinates]
    np.testing.assert_allclose(solution[:, limbs], q[:, limbs], rtol=0, atol=EXACT)
