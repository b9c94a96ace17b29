"""The sagittal mirror: an involution under which cross products and rotations keep their sense."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aqbio.gait.steps import rotation_about_vertical
from tests.mirror import mirrored_axial, mirrored_polar

seeds = st.integers(0, 10_000)
MIRROR = np.diag([1.0, 1.0, -1.0])


def _vectors(seed, count=2):
    return np.random.default_rng(seed).normal(size=(count, 7, 5, 3))


@given(seed=seeds)
def test_moment_of_the_mirrored_force_is_the_mirrored_moment(seed):
    """``Sr × SF = axial(r × F)``, exactly: only signs change."""
    arm, force = _vectors(seed)
    mirrored = np.cross(mirrored_polar(arm), mirrored_polar(force))
    np.testing.assert_array_equal(mirrored, mirrored_axial(np.cross(arm, force)))


@given(seed=seeds)
def test_angular_velocity_of_the_mirrored_rotation(seed):
    """A rotation vector is axial: ``S R(w) S = R(axial(w))``."""
    vector = np.random.default_rng(seed).normal(size=3)
    mirrored = MIRROR @ Rotation.from_rotvec(vector).as_matrix() @ MIRROR
    expected = Rotation.from_rotvec(mirrored_axial(vector)).as_matrix()
    np.testing.assert_allclose(mirrored, expected, atol=1e-14)


def test_turning_left_about_the_vertical():
    turn = rotation_about_vertical(np.pi / 2)
    np.testing.assert_allclose(turn @ [0, 1, 0], [0, 1, 0], atol=0)
    np.testing.assert_allclose(turn @ [0, 0, 1], [1, 0, 0], atol=1e-16)  # right becomes forward
    expected = Rotation.from_euler("y", 90, degrees=True).as_matrix()
    np.testing.assert_allclose(turn, expected, atol=1e-15)


@given(angle=st.floats(-10, 10), other=st.floats(-10, 10))
def test_turns_add_up_and_mirrored_turns_are_opposite(angle, other):
    both = rotation_about_vertical(angle) @ rotation_about_vertical(other)
    np.testing.assert_allclose(both, rotation_about_vertical(angle + other), atol=1e-14)
    mirrored = MIRROR @ rotation_about_vertical(angle) @ MIRROR
    np.testing.assert_allclose(mirrored, rotation_about_vertical(-angle), atol=1e-15)
