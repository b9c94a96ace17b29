"""Shares of the ground reaction force: sums, and what a steady stride forces on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aqbio.contributions.level_a import force_shares
from aqbio.gait.roles import membership
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from tests.mechanics.levels_case import impulse_left, sprint_run

FRAMES = 256


def _stride():
    """One period of a runner: every joint a sum of two harmonics, the pelvis moves on at 8 m/s."""
    case = sprint_run()
    skeleton, rng = case.skeleton, np.random.default_rng(4)
    time = np.linspace(0.0, 0.5, FRAMES + 1)
    phase = 2 * np.pi * np.arange(1, 3)[:, None, None] * time[:, None] / 0.5
    size = rng.normal(0, 0.2, (2, 2, 1, len(skeleton.coordinates)))
    rate = 2 * np.pi * np.arange(1, 3)[:, None, None] / 0.5
    q = (size[0] * np.cos(phase) + size[1] * np.sin(phase)).sum(axis=0)
    u = (rate * (size[1] * np.cos(phase) - size[0] * np.sin(phase))).sum(axis=0)
    udot = -(rate**2 * (size[0] * np.cos(phase) + size[1] * np.sin(phase))).sum(axis=0)
    forward = skeleton.coordinates.index("pelvis_tx")
    q[:, forward] += 8.0 * time
    u[:, forward] += 8.0
    motion = segment_motion(skeleton, segment_kinematics(skeleton, q, u, udot))
    groups = membership(case.anatomy.groups, skeleton.bodies)
    pelvis = motion.acceleration[:, skeleton.bodies.index("pelvis")]
    return case, time, motion, force_shares(motion, groups, pelvis, skeleton.gravity)


def test_relative_shares_cancel_over_a_stride():
    """The trapezoidal rule is exact to round-off for periodic signals of few harmonics."""
    _, time, _, shares = _stride()
    moving = np.abs(impulse_left(time, shares.relative))[1:]
    assert moving.max() < 1e-10
    half = np.abs(impulse_left(time[: FRAMES // 2], shares.relative[: FRAMES // 2]))[1:]
    assert half.max() > 0.05


def test_mean_vertical_force_of_a_stride_is_body_weight():
    _, time, motion, shares = _stride()
    impulse = np.trapezoid(shares.inertial.sum(axis=1), time, axis=0)
    weight = motion.mass.sum() * 9.80665 * (time[-1] - time[0])
    np.testing.assert_allclose(impulse, [0.0, weight, 0.0], rtol=0, atol=1e-9 * weight)


def test_a_body_that_moves_as_one_is_all_carried():
    case = sprint_run(3)
    motion = case.levels().mechanics.motion
    same = np.array([1.0, 2.0, 3.0])
    moving = replace(motion, acceleration=np.broadcast_to(same, motion.acceleration.shape))
    groups = membership(case.anatomy.groups, case.skeleton.bodies)
    found = force_shares(moving, groups, np.tile(same, (3, 1)), case.skeleton.gravity)
    assert np.abs(found.relative).max() < 1e-12
    weight = motion.mass.sum() * (same - case.skeleton.gravity)
    np.testing.assert_allclose(found.as_the_hub, np.tile(weight, (3, 1)), rtol=1e-13)
