"""Points that stand for the mass of segments have its centre and its inertia."""

from __future__ import annotations

import numpy as np

from aqbio.mechanics.observed.mask import POINTS, point_masses
from aqbio.virtual.athlete import Athlete, athlete_skeleton


def test_points_have_centre_and_inertia_of_their_segment():
    skeleton = athlete_skeleton(Athlete("made", "female", 60.0, 1.7))
    points = point_masses(skeleton).reshape(-1, POINTS, 3)
    np.testing.assert_allclose(points.mean(axis=1), skeleton.com, atol=1e-12)
    arms = points - skeleton.com[:, None]
    second = np.einsum("bpi,bpj->bij", arms, arms) * (skeleton.mass / POINTS)[:, None, None]
    trace = np.trace(second, axis1=1, axis2=2)[:, None, None]
    np.testing.assert_allclose(trace * np.eye(3) - second, skeleton.inertia, atol=1e-9)
