"""The regressor times the inertial parameters is recursive Newton-Euler."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aqbio.multibody.dynamics import inverse_dynamics
from aqbio.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.multibody.momentum_regressor import (
    group_momenta,
    inertial_parameters,
    momentum_regressor,
    motion_momenta,
)
from validation.moment_regressor import moment_regressor


@given(seed=st.integers(0, 10_000), bodies=st.integers(1, 7))
def test_equals_newton_euler(random_tree, random_motion, seed, bodies):
    skeleton = random_tree(seed, bodies)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 2, seed))
    expected = inverse_dynamics(skeleton, moves)
    regressor = moment_regressor(skeleton, moves)
    actual = np.einsum("tcbp,bp->tc", regressor, inertial_parameters(skeleton))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-10 * (1 + np.abs(expected).max()))


def test_other_inertia_needs_no_new_regressor(random_tree, random_motion):
    skeleton = random_tree(7, 5)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 130, 7))
    regressor = moment_regressor(skeleton, moves)
    other = replace(
        skeleton,
        mass=1.3 * skeleton.mass,
        com=skeleton.com[::-1],
        inertia=skeleton.inertia[::-1],
    )
    expected = inverse_dynamics(other, moves)
    actual = np.einsum("tcbp,bp->tc", regressor, inertial_parameters(other))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


def test_momenta_of_a_motion_are_those_of_its_parameters(random_tree, random_motion):
    skeleton = random_tree(4, 6)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 5, 4))
    groups = np.array([[1.0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 1, 1], [1, 1, 1, 1, 1, 1]])
    about = moves.origin[:, 1]
    parameters = inertial_parameters(skeleton)[None]
    expected = group_momenta(momentum_regressor(moves, about), parameters, groups)
    found = motion_momenta(segment_motion(skeleton, moves), about, groups)
    for one in fields(expected):
        own, other = getattr(found, one.name), getattr(expected, one.name)
        np.testing.assert_allclose(own, other, rtol=0, atol=1e-12 * np.abs(other).max())


def test_segments_beyond_a_joint_alone_count(random_tree, random_motion):
    """No coordinate feels a segment that it does not carry."""
    skeleton = random_tree(9, 6)
    moves = segment_kinematics(skeleton, *random_motion(skeleton, 2, 9))
    felt = (moment_regressor(skeleton, moves) != 0).any(axis=(0, 3))
    carried = np.zeros_like(felt)
    for axis, coordinate in enumerate(skeleton.driver):
        carried[coordinate] |= skeleton.lineage[:, skeleton.axes.body[axis]]
    assert not (felt & ~carried).any()
    assert (felt == carried).all()


def test_parameters_by_hand(three_turns):
    """1 kg at (0, -0.2, 0.05) m: I about the origin = I + m (c² 1 − c cᵀ)."""
    expected = [1.0, 0.0, -0.2, 0.05, 0.1425, 0.0225, 0.12, 0.0, 0.0, 0.01]
    np.testing.assert_allclose(inertial_parameters(three_turns)[0], expected, atol=1e-15)
