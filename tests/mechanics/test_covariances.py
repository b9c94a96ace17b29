"""Roots of covariances, and that draws made with them hang on no last digit."""

import numpy as np
import pytest

from aqbio.multibody.covariances import square_root


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
