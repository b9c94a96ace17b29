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


def test_they_are_numpys_and_scipys():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 7, 4, 3))
    r, s = Rotation.random(14, random_state=2).as_matrix().reshape(2, 7, 3, 3)
    table, axes = rng.normal(size=(5, 4)), np.array([[2.0, -1.0, 2.0], [0.0, 1.8, 2.4]]) / 3.0
    angle = rng.uniform(-7.0, 7.0, (5, 2))
    turned = Rotation.from_rotvec((angle[..., None] * axes).reshape(-1, 3)).as_matrix()
    for found, expected in (
        (cross(a, b), np.cross(a, b)),
        (dot(a, b), np.einsum("tbi,tbi->tb", a, b)),
        (rotate(r, a[:, 0]), np.einsum("tij,tj->ti", r, a[:, 0])),
        (rotate(r, a[0, 0]), r @ a[0, 0]),
        (compose(r, s), r @ s),
        (transpose(r) @ r, np.broadcast_to(np.eye(3), r.shape)),
        (combined(table, a), np.einsum("nk,tki->tni", table, a)),
        (sums_of_runs(a, np.array([0, 1, 3]), 1), np.add.reduceat(a, [0, 1, 3], axis=1)),
        (sums_of_runs(a, np.arange(4), 1), a),
        (axis_rotation(axes, angle).reshape(-1, 3, 3), turned),
        (axis_rotation(axes[0], angle[:, 0]), axis_rotation(axes, angle)[:, 0]),
    ):
        np.testing.assert_allclose(found, expected, atol=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_a_root_that_no_last_digit_moves(seed):
    """Eigenvalues that are nearly equal, and zero: eigenvectors alone would move as the draws."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    covariance = (directions * np.repeat([4.0, 1.0, 0.0], 4)) @ directions.T
    root = square_root(covariance)
    np.testing.assert_allclose(root @ root.T, covariance, atol=1e-14)
    np.testing.assert_allclose(root, root.T, atol=1e-14)
    noise = 1e-14 * rng.normal(size=covariance.shape)
    apart = rng.normal(size=(20, 12)) @ (square_root(covariance + noise + noise.T) - root)
    assert np.abs(apart).max() < 1e-5
