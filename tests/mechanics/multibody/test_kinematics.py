"""Velocities and accelerations are the derivatives of positions, on random trees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aqbio.multibody.kinematics import (
    SegmentMotion,
    segment_kinematics,
    segment_motion,
)
from aqbio.multibody.poses import CHUNK, segment_poses

STEP = 3e-5
# Five-point differences of motions with rates r up to a few hundred per second: truncation
# (r step)⁴ / 30 = 1e-10 and rounding 1e-15 / step = 3e-11, relative to the largest value.
TOLERANCE = 1e-8

seeds = st.integers(0, 10_000)
sizes = st.integers(1, 7)


def _close(actual, expected):
    scale = 1.0 + np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE * scale)


@given(seed=seeds, bodies=sizes)
def test_rates_are_derivatives(random_tree, random_motion, around, derivative, seed, bodies):
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *around(random_motion(skeleton, 1, seed), STEP))
    rates = {
        "velocity": derivative(moves.origin, STEP),
        "acceleration": derivative(moves.velocity, STEP),
        "angular_acceleration": derivative(moves.angular_velocity, STEP),
    }
    for name, expected in rates.items():
        _close(getattr(moves, name)[2], expected)
    turning = derivative(moves.rotation, STEP) @ np.swapaxes(moves.rotation[2], -1, -2)
    vector = np.stack([turning[:, 2, 1], turning[:, 0, 2], turning[:, 1, 0]], axis=-1)
    _close(moves.angular_velocity[2], vector)


@given(seed=seeds, bodies=sizes)
def test_segment_motion_is_that_of_the_centre_of_mass(
    random_tree, random_motion, around, derivative, seed, bodies
):
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *around(random_motion(skeleton, 1, seed), STEP))
    motion = segment_motion(skeleton, moves)
    _close(motion.velocity[2], derivative(motion.com, STEP))
    _close(motion.acceleration[2], derivative(motion.velocity, STEP))
    _close(motion.spin_rate[2], derivative(motion.spin, STEP))
    inertia = moves.rotation @ skeleton.inertia @ np.swapaxes(moves.rotation, -1, -2)
    _close(motion.spin, np.einsum("tbij,tbj->tbi", inertia, moves.angular_velocity))


def test_a_custom_joint_shifts_then_turns(three_turns):
    """By hand: z-y-x turns by 1, 0.5 and 0.3 of the coordinate."""
    q = np.array([[0.7]])
    poses = segment_poses(three_turns, q)
    expected = Rotation.from_euler("ZYX", 0.7 * np.array([1.0, 0.5, 0.3])).as_matrix()
    np.testing.assert_allclose(poses.rotation[0, 0], expected, atol=1e-15)
    np.testing.assert_array_equal(poses.axis_gradient, [[1.0, 0.5, 0.3]])
    np.testing.assert_allclose(poses.axis_direction[0, 2], expected[:, 0], atol=1e-15)


def test_chunks_leave_no_trace(random_tree, random_motion):
    """More frames than one chunk holds: every frame as if it were alone, but for rounding.

    Sums are products of matrices, which are blocked by their size.
    """
    skeleton = random_tree(5, 3)
    motion = random_motion(skeleton, 2 * CHUNK + 7, 5)
    whole = segment_kinematics(skeleton, *motion)
    chosen = [0, CHUNK - 1, CHUNK, 2 * CHUNK + 6]
    alone = segment_kinematics(skeleton, *(values[chosen] for values in motion))
    limit = 1e-13 * np.abs(alone.acceleration).max()
    np.testing.assert_allclose(whole.acceleration[chosen], alone.acceleration, rtol=0, atol=limit)
    np.testing.assert_array_equal(whole.q, motion[0])


def test_wrong_shapes_are_refused(random_tree):
    skeleton = random_tree(5, 3)
    count = len(skeleton.coordinates)
    with pytest.raises(ValueError, match="u has shape"):
        segment_kinematics(
            skeleton, np.zeros((2, count)), np.zeros((2, count + 1)), np.zeros((2, 1))
        )
    with pytest.raises(ValueError, match="have 2, 2 and 3 frames"):
        segment_kinematics(skeleton, *(np.zeros((n, count)) for n in (2, 2, 3)))
    motion = segment_motion(
        skeleton, segment_kinematics(skeleton, *(np.zeros((2, count)) for _ in range(3)))
    )
    with pytest.raises(ValueError, match="spin has shape"):
        replace(motion, spin=motion.spin[:1])
    assert isinstance(motion, SegmentMotion)
