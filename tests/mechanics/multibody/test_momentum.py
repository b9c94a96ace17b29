"""Momentum: the transfer theorem, exact rates, and the external wrench that changes it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)

STEP = 3e-5
TOLERANCE = 1e-8  # five-point differences, see test_kinematics.py

seeds = st.integers(0, 10_000)
sizes = st.integers(1, 7)


def _close(actual, expected, tolerance):
    scale = 1.0 + np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale)


@given(seed=seeds, bodies=sizes)
def test_transfer_theorem(random_tree, random_motion, seed, bodies):
    """H about a fixed point = H about the COM + moment of total momentum."""
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 3, seed))
    motion = segment_motion(skeleton, moves)
    com, velocity, _ = centre_of_mass(motion)
    still = np.zeros_like(com)
    about_com = angular_momentum(motion, com, velocity).sum(axis=1)
    about_origin = angular_momentum(motion, still, still).sum(axis=1)
    transfer = np.cross(com, motion.mass.sum() * velocity)
    _close(about_origin, about_com + transfer, 1e-12)


@given(seed=seeds, bodies=sizes)
def test_rate_is_the_derivative(random_tree, random_motion, around, derivative, seed, bodies):
    """Of every segment, about the moving centre of mass."""
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *around(random_motion(skeleton, 1, seed), STEP))
    motion = segment_motion(skeleton, moves)
    com, velocity, acceleration = centre_of_mass(motion)
    momentum = angular_momentum(motion, com, velocity)
    rate = angular_momentum_rate(motion, com, acceleration)
    _close(rate[2], derivative(momentum, STEP), TOLERANCE)
    _close(velocity[2], derivative(com, STEP), TOLERANCE)
    _close(acceleration[2], derivative(velocity, STEP), TOLERANCE)


def test_moments_about_the_centre_of_mass_cancel(random_tree, random_motion):
    """Uniform acceleration of the whole body changes no angular momentum."""
    skeleton = random_tree(1, 5)
    motion = segment_motion(skeleton, segment_kinematics(skeleton, *random_motion(skeleton, 3, 1)))
    com, _, acceleration = centre_of_mass(motion)
    moved = acceleration + np.array([3.0, -9.8, 1.0])
    ours = angular_momentum_rate(motion, com, acceleration).sum(axis=1)
    _close(angular_momentum_rate(motion, com, moved).sum(axis=1), ours, 1e-12)
