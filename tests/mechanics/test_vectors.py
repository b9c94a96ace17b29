"""Vectors and rotations against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from aqbio.mechanics.vectors import axis_rotation, compose, cross, dot, rotate, transpose

RNG = np.random.default_rng(1)
A, B = RNG.normal(size=(2, 7, 4, 3))
R, S = Rotation.random(14, random_state=2).as_matrix().reshape(2, 7, 3, 3)


def test_products_equal_numpy():
    np.testing.assert_allclose(cross(A, B), np.cross(A, B), atol=1e-15)
    np.testing.assert_allclose(dot(A, B), np.einsum("tbi,tbi->tb", A, B), atol=1e-14)
    np.testing.assert_allclose(rotate(R, A[:, 0]), np.einsum("tij,tj->ti", R, A[:, 0]), atol=1e-14)
    np.testing.assert_allclose(rotate(R, A[0, 0]), R @ A[0, 0], atol=1e-14)
    np.testing.assert_allclose(compose(R, S), R @ S, atol=1e-14)
    np.testing.assert_allclose(transpose(R) @ R, np.broadcast_to(np.eye(3), R.shape), atol=1e-14)


def test_one_matrix_for_all_frames_turns_them_as_many_would():
    """To the last bit, frame by frame: chunks leave no trace."""
    for first in (R, np.asfortranarray(R), np.stack([R, S], axis=1)):
        many = np.broadcast_to(S[0], first.shape)
        np.testing.assert_array_equal(compose(first, S[0]), compose(first, many))
    np.testing.assert_array_equal(compose(R, S[0])[3:4], compose(R[3:4], S[0]))


def test_axis_rotation_equals_scipy():
    axis, angle = np.array([2.0, -1.0, 2.0]) / 3.0, np.linspace(-7.0, 7.0, 20)
    expected = Rotation.from_rotvec(angle[:, None] * axis).as_matrix()
    np.testing.assert_allclose(axis_rotation(axis, angle), expected, atol=1e-14)


def test_several_axes_at_once():
    axes = np.array([[1.0, 0.0, 0.0], [0.0, 0.6, 0.8]])
    angles = np.random.default_rng(0).uniform(-4, 4, (5, 2))
    together = axis_rotation(axes, angles)
    for place in range(2):
        alone = axis_rotation(axes[place], angles[:, place])
        np.testing.assert_array_equal(together[:, place], alone)


def test_each_component_is_contiguous_in_time():
    """The layout that makes the engine fast, whatever the order of the other axes."""
    frames = [np.asfortranarray(array) for array in (A[:, 0], B[:, 0], R, S)]
    products = [
        cross(frames[0], frames[1]),
        rotate(frames[2], frames[0]),
        compose(frames[2], frames[3]),
        axis_rotation(np.array([1.0, 0.0, 0.0]), np.arange(7.0)),
    ]
    assert [product.strides[0] for product in products] == [8] * 4
