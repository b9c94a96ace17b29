"""Vectors and rotations against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from aqbio.vectors import (
    axis_rotation,
    combined,
    compose,
    cross,
    dot,
    rotate,
    square_root,
    sums_of_runs,
    transpose,
)

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


def test_sums():
    table = RNG.normal(size=(5, 4))
    np.testing.assert_allclose(combined(table, A), np.einsum("nk,tki->tni", table, A), atol=1e-14)
    runs = sums_of_runs(A, np.array([0, 1, 3]), 1)
    expected = np.stack([A[:, 0], A[:, 1] + A[:, 2], A[:, 3]], axis=1)
    np.testing.assert_allclose(runs, expected, atol=1e-15)
    np.testing.assert_array_equal(sums_of_runs(A, np.arange(4), 1), A)


def alike(rng, size=12):
    """A covariance with eigenvalues that are nearly equal, and some that are zero."""
    directions = np.linalg.qr(rng.normal(size=(size, size)))[0]
    values = np.repeat([4.0, 1.0, 0.0], size // 3)
    return (directions * values) @ directions.T


def test_it_is_a_root():
    covariance = alike(np.random.default_rng(1))
    root = square_root(covariance)
    np.testing.assert_allclose(root @ root.T, covariance, atol=1e-14)
    np.testing.assert_allclose(root, root.T, atol=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_a_last_digit_moves_no_draw(seed):
    """With eigenvectors alone, as large as the draws themselves."""
    rng = np.random.default_rng(seed)
    covariance = alike(rng)
    noise = 1e-14 * rng.normal(size=covariance.shape)
    other = covariance + noise + noise.T
    drawn = rng.normal(size=(20, len(covariance)))
    apart = drawn @ (square_root(other) - square_root(covariance))
    assert np.abs(apart).max() < 1e-5

    def eigenvectors(matrix):
        values, directions = np.linalg.eigh(matrix)
        return directions * np.sqrt(np.maximum(values, 0.0))

    wrong = drawn @ (eigenvectors(other) - eigenvectors(covariance)).T
    assert np.abs(wrong).max() > 0.5
