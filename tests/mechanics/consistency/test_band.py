"""Banded equations against dense ones."""

from __future__ import annotations

import numpy as np
import pytest

from aqbio.consistency import normal_equations
from aqbio.consistency.normal_equations import (
    BandFactor,
    MotionRows,
    SplineBasis,
    add_rows,
    banded,
)

NUMBER = 3


@pytest.fixture(scope="module", params=[1, 4, 256])
def made(request):
    """Give a basis, equations of frames, rows, and the dense equations; knots in blocks of three
    sizes.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(normal_equations, "KNOTS", request.param)
        return _made()


def _made():
    rng = np.random.default_rng(1)
    time = np.arange(40) / 100.0
    basis = SplineBasis.over(time, 0.03)
    root = rng.normal(size=(40, NUMBER, NUMBER))
    matrix, smooth = root @ root.transpose(0, 2, 1), 1e-16 * np.array([0.7, 0.2, 1.1])
    frame = np.r_[5:17, 20:33]
    scale = (1.0, 1e-2, 1e-4)
    by = tuple(s * rng.normal(size=(len(frame), 6, NUMBER)) for s in scale)
    by_parameter = rng.normal(size=(len(frame) * 6, 2))
    rows = MotionRows(frame, by, rng.normal(size=(len(frame), 6)))
    values = [one.toarray() for one in basis.values]
    dense = np.einsum("ta,tb,tij->aibj", values[0], values[0], matrix)
    tall = sum(np.einsum("ta,tri->trai", values[order][frame], by[order]) for order in range(3))
    tall = tall.reshape(len(frame) * 6, -1)
    size = basis.count * NUMBER
    dense = dense.reshape(size, size) + tall.T @ tall
    dense += np.kron(values[3].T @ values[3], np.diag(smooth))
    border = tall.T @ by_parameter
    band = banded(basis, matrix, smooth)
    return (band, add_rows(band, basis, rows, by_parameter)), dense, border


def test_equations_are_the_dense_ones(made):
    (band, found), dense, border = made
    lower = np.zeros_like(dense)
    for lag in range(min(len(band), len(dense))):
        lower += np.diag(band[lag, : len(dense) - lag], -lag)
    np.testing.assert_allclose(lower, np.tril(dense), atol=1e-11 * np.abs(dense).max())
    np.testing.assert_allclose(found, border, atol=1e-11 * np.abs(border).max())


def test_solutions_are_the_dense_ones(made):
    (band, _), dense, border = made
    factor = BandFactor.of(band.copy(order="F"))
    for several in (border, np.tile(border, 6)):
        expected = np.linalg.solve(dense, several)
        np.testing.assert_allclose(factor.solve(several), expected, rtol=1e-7, atol=1e-9)


def test_samples_have_the_inverse_as_covariance(made):
    """``L⁻ᵀ 1`` times its own transpose is the inverse."""
    (band, _), dense, _ = made
    root = BandFactor.of(band.copy(order="F")).back(np.eye(len(dense)))
    np.testing.assert_allclose(root @ root.T @ dense, np.eye(len(dense)), atol=1e-7)


@pytest.mark.parametrize("size", [4, 5, 12, 13, 23, 24])
@pytest.mark.parametrize("count", [0, 1, 7, 9])
def test_both_halves_of_the_way_are_triangular_solutions(size, count):
    """Of any number of blocks; what lies beyond the matrix in a band is of no matter."""
    rng, width = np.random.default_rng(size), 4
    lower = np.asfortranarray(rng.uniform(-1.0, 1.0, (width + 1, size)))
    lower[0] += 3.0
    dense = sum(np.diag(lower[lag, : size - lag], -lag) for lag in range(min(width + 1, size)))
    factor, right = BandFactor(lower), rng.normal(size=(size, count))
    np.testing.assert_allclose(dense @ factor.forward(right), right, atol=1e-13)
    np.testing.assert_allclose(dense.T @ factor.back(right), right, atol=1e-13)
    for column in right.T:
        np.testing.assert_array_equal(factor.back(column), factor.back(column[:, None])[:, 0])
