"""Roles of sources: names there and back, and sides that add up to all joint moments."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.mechanics.contributions.source_roles import (
    anatomical_name,
    role_name,
    side_sum,
    side_weights,
)

SOURCES = (
    "hip_left", "hip_right", "mtp_right", "lumbar", "shoulder_left", "elbow_right", "gravity",
    "other", "residual",
)  # fmt: skip


@pytest.mark.parametrize("stance", ["left", "right"])
def test_names_there_and_back(stance):
    for name in SOURCES:
        assert anatomical_name(role_name(name, stance), stance) == name


def test_the_stance_side_pushes():
    assert role_name("knee_left", "left") == "knee_push"
    assert role_name("leg_right", "left") == "leg_swing"
    assert role_name("upper_body", "left") == "upper_body"


@pytest.mark.parametrize("stance", ["left", "right"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_both_sides_are_all_joint_moments(stance, share):
    values = np.random.default_rng(0).normal(size=(4, len(SOURCES), 3))
    weights = side_weights(SOURCES, stance, lumbar_swing_share=share)
    both = sum(side_sum(values, SOURCES, side) for side in weights.values())
    joints = [place for place, name in enumerate(SOURCES) if name not in SOURCES[-3:]]
    np.testing.assert_allclose(both, values[:, joints].sum(axis=1), rtol=0, atol=1e-15)


def test_arms_push_and_the_swing_leg_swings():
    weights = side_weights(SOURCES, "right")
    assert set(weights["swing_side"]) == {"hip_left"}
    assert {"shoulder_left", "elbow_right", "lumbar"} < set(weights["push_side"])
    shared = side_weights(SOURCES, "right", lumbar_swing_share=0.5)
    assert shared["swing_side"]["lumbar"] == shared["push_side"]["lumbar"] == 0.5
