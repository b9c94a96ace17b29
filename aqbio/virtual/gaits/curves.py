"""Joint angles of a run that repeats, as Fourier series in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.vectors import FloatArray

HARMONICS = 11
"""Harmonics per stride."""


@dataclass(frozen=True, eq=False)
class FourierCurves:
    """Periodic functions of time."""

    period: float
    """float, s."""
    coefficients: FloatArray
    """(C, 2 K + 1) array. Of each curve: mean, K cosines, K sines."""

    def values(self, time: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Values, first and second derivatives.

        Returns
        -------
        value, first, second : (T, C) arrays

        Examples
        --------
        >>> curve = FourierCurves(2.0, np.array([[1.0, 0.0, 3.0]]))
        >>> [part.round(6).item() + 0.0 for part in curve.values(np.array([0.5]))]
        [4.0, 0.0, -29.608813]
        """
        harmonics = self.coefficients.shape[1] // 2
        rate = 2.0 * np.pi / self.period * np.arange(1, harmonics + 1)
        angle = np.multiply.outer(time, rate)
        cosine, sine = np.cos(angle), np.sin(angle)
        mean, even, odd = np.split(self.coefficients, [1, harmonics + 1], axis=1)
        value = mean.T + cosine @ even.T + sine @ odd.T
        first = (cosine * rate) @ odd.T - (sine * rate) @ even.T
        second = -(cosine * rate**2) @ even.T - (sine * rate**2) @ odd.T
        return value, first, second


def basis(time: FloatArray, period: float, harmonics: int) -> FloatArray:
    """(T, 2 K + 1) values of the Fourier functions."""
    angle = np.multiply.outer(time, 2.0 * np.pi / period * np.arange(1, harmonics + 1))
    return np.concatenate((np.ones((len(time), 1)), np.cos(angle), np.sin(angle)), axis=1)


def fit_matrix(
    time: FloatArray, weight: FloatArray, period: float, harmonics: int, stiffness: FloatArray
) -> FloatArray:
    """Matrix from samples to the coefficients of the smooth curve through them.

    Parameters
    ----------
    time, weight : (T,) arrays, s and 1
    period : float, s
    stiffness : (K,) array
        Penalty on each harmonic's amplitude.

    Returns
    -------
    (2 K + 1, T) array
        Of the minimum of ``Σ (w (F c - y))² + Σ (stiffness c)²``.
    """
    penalty = np.diag(np.concatenate(([0.0], stiffness, stiffness)))
    rows = basis(time, period, harmonics) * weight[:, None]
    matrix: FloatArray = np.linalg.pinv(np.vstack((rows, penalty)))[:, : len(time)] * weight
    return matrix


def sampled_series(values: FloatArray, harmonics: int) -> FloatArray:
    """Coefficients of curves that are sampled at equal distances over one period.

    Parameters
    ----------
    values : (T, C) array

    Returns
    -------
    (C, 2 K + 1) array
    """
    spectrum = np.fft.rfft(values, axis=0)[: harmonics + 1] / len(values)
    return np.concatenate((spectrum[:1].real, 2.0 * spectrum[1:].real, -2.0 * spectrum[1:].imag)).T
