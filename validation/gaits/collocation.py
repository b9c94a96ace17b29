"""Chebyshev polynomials and smooth Fourier curves: values, derivatives, integrals."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.polynomial import chebyshev

from aqbio.vectors import FloatArray


@lru_cache(maxsize=8)
def nodes(count: int) -> FloatArray:
    """Chebyshev points of the second kind on [0, 1], ascending."""
    angle: FloatArray = np.linspace(0.0, np.pi, count)
    points = 0.5 * (1.0 - np.cos(angle))
    points.flags.writeable = False
    return points


@lru_cache(maxsize=8)
def to_coefficients(count: int) -> FloatArray:
    """(count, count) matrix from values at the nodes to Chebyshev coefficients."""
    table = chebyshev.chebvander(2.0 * nodes(count) - 1.0, count - 1)
    return np.asarray(np.linalg.inv(table), dtype=np.float64)


@lru_cache(maxsize=8)
def differentiation(count: int) -> FloatArray:
    """(count, count) matrix from values at the nodes to first derivatives there, per unit of s."""
    slopes = chebyshev.chebder(np.eye(count), scl=2.0)
    values: FloatArray = chebyshev.chebvander(2.0 * nodes(count) - 1.0, count - 2) @ slopes
    return values @ to_coefficients(count)


@lru_cache(maxsize=8)
def integration(count: int) -> FloatArray:
    """(count, count) matrix from values at the nodes to integrals from 0 up to each node."""
    sums = chebyshev.chebint(np.eye(count), lbnd=-1.0, scl=0.5)
    values: FloatArray = chebyshev.chebvander(2.0 * nodes(count) - 1.0, count) @ sums
    return values @ to_coefficients(count)


@lru_cache(maxsize=8)
def weights(count: int) -> FloatArray:
    """Quadrature weights of the nodes (Clenshaw-Curtis): their sum is 1."""
    last: FloatArray = integration(count)[-1]
    return last


def coefficients_of(values: FloatArray) -> FloatArray:
    """Chebyshev coefficients of polynomials through values at the nodes.

    Returns (I, n, ...).
    """
    coefficients: FloatArray = np.einsum(
        "mn,in...->im...", to_coefficients(values.shape[1]), values
    )
    return coefficients


# Fourier curves -----------------------------------------------------------------------------------


HARMONICS = 11
"""Harmonics per stride."""


def basis(time: FloatArray, period: float, harmonics: int) -> FloatArray:
    """(T, 2 K + 1) values of the Fourier functions."""
    angle = np.multiply.outer(time, 2.0 * np.pi / period * np.arange(1, harmonics + 1))
    return np.concatenate((np.ones((len(time), 1)), np.cos(angle), np.sin(angle)), axis=1)


def fit_matrix(
    time: FloatArray, weight: FloatArray, period: float, harmonics: int, stiffness: FloatArray
) -> FloatArray:
    """Matrix from samples to the coefficients of the smooth curve through them.

    Returns (2 K + 1, T): of the minimum of ``Σ (w (F c - y))² + Σ (stiffness c)²``.
    """
    penalty = np.diag(np.concatenate(([0.0], stiffness, stiffness)))
    rows = basis(time, period, harmonics) * weight[:, None]
    matrix: FloatArray = np.linalg.pinv(np.vstack((rows, penalty)))[:, : len(time)] * weight
    return matrix


def sampled_series(values: FloatArray, harmonics: int) -> FloatArray:
    """Coefficients of curves that are sampled at equal distances over one period.

    Returns (C, 2 K + 1).
    """
    spectrum = np.fft.rfft(values, axis=0)[: harmonics + 1] / len(values)
    return np.concatenate((spectrum[:1].real, 2.0 * spectrum[1:].real, -2.0 * spectrum[1:].imag)).T
