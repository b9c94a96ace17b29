"""Points of video without spines: what holds a trunk and an elbow that fold either way."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from aqbio.body.priors import held_sd, posture_prior
from aqbio.inverse_kinematics.ik import inverse_kinematics
from aqbio.labels.by_name import landmark_table
from aqbio.labels.template import _sprint_model, standing_sprinter
from aqbio.multibody.kinematics import marker_positions
from aqbio.observed.determined import MARKER_SD

pytestmark = pytest.mark.opensim

SEEN = ("hip", "knee", "ankle", "shoulder", "elbow")
WORN = ("WRA", "HEE", "TOE", "MT5")
OFF, NOISE = 0.02, 0.01
"""Systematic errors of points, and errors from frame to frame, each axis, m."""


def test_joint_centres_are_solved_as_people_bend():
    """Runs drawn from the prior: held by it, a trunk is nearer to the truth in every one."""
    _, model_map = _sprint_model()
    skeleton = standing_sprinter(landmark_table())
    prior, rng = posture_prior(skeleton, model_map), np.random.default_rng(3)
    free, held = (
        held_sd(skeleton, model_map, SimpleNamespace(pelvis=SimpleNamespace(hips=hips)))
        for hips in ((), ("RHip", "LHip"))
    )
    elbow, lumbar, tilt = (
        skeleton.coordinates.index(one)
        for one in ("elbow_flex_r", "lumbar_extension", "pelvis_tilt")
    )
    assert np.isinf(free).all()
    np.testing.assert_allclose(np.degrees(held[[elbow, lumbar, tilt]]), [35.0, 12.0, np.inf])
    names = [f"{side} {one} centre" for side in ("right", "left") for one in SEEN]
    names += [side + one for side in "RL" for one in WORN] + ["C7"]
    index = np.array([skeleton.markers.index(one) for one in names])
    sought = np.isfinite(held) & np.isin(np.arange(len(held)), skeleton.free)
    posture = np.where(sought, prior.mean, skeleton.coordinate_default)
    for _ in range(8):
        swing = np.where(sought, rng.normal(0.0, 0.5, len(held)) * prior.frame_sd, 0.0)
        q = posture + swing * np.sin(np.linspace(0.0, 6.0, 40))[:, None]
        seen = marker_positions(skeleton, q)[:, index] + rng.normal(0.0, OFF, (len(index), 3))
        seen = seen + rng.normal(0.0, NOISE, seen.shape)
        loose, near = (
            inverse_kinematics(
                skeleton, seen, index, np.ones(len(index)),
                pose=posture, stiffness=(MARKER_SD / sd) ** 2,
            )
            for sd in (free, held)
        )  # fmt: skip
        loose, near = (np.abs(one - q)[:, lumbar].max() for one in (loose, near))
        assert near < loose
        assert near < 5.0 * prior.frame_sd[lumbar]
