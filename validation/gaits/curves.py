"""Joint angles as Fourier series: fits to samples."""

from __future__ import annotations

import numpy as np

from aqbio.vectors import FloatArray

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
