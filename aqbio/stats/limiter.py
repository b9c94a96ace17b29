"""Limiter models: whether the weaker side decides the highest speed, or both sides add up."""

from __future__ import annotations

import numpy as np
from scipy import special

from aqbio.vectors import FloatArray


def nested_table(push: FloatArray, swing: FloatArray) -> FloatArray:
    """Columns of the nested model, (n, 4): 1, mean of both sides, −gap/2, half their difference."""
    return np.column_stack(
        (np.ones(len(push)), (push + swing) / 2.0, -np.abs(push - swing) / 2.0, (push - swing) / 2)
    )


def calibrated_table(push: FloatArray, swing: FloatArray, noise: FloatArray) -> FloatArray:
    """Columns of `nested_table` expected of true capacities, given measured ones.

    Regression calibration (Carroll et al. 2006, Measurement error in nonlinear models, ch. 4). With
    normal capacities a true difference has mean m and variance s² given both measured ones, and its
    size is ``s √(2/π) exp(−m²/2s²) + m (1 − 2Φ(−m/s))``. ``noise``: variances of the errors, at
    most three quarters of the measured variance.
    """
    measured = np.column_stack((push, swing))
    mean, covariance = measured.mean(axis=0), np.cov(measured.T)
    error = np.diag(np.minimum(noise, 0.75 * np.diag(covariance)))
    true = covariance - error
    gain = true @ np.linalg.inv(covariance)
    expected = mean + (measured - mean) @ gain.T
    rest = true - gain @ true
    contrast = np.array([1.0, -1.0])
    gap, variance = expected @ contrast, float(contrast @ rest @ contrast)
    table = nested_table(*expected.T)
    if variance > 0.0:
        spread = np.sqrt(variance)
        z = gap / spread
        size = spread * np.sqrt(2.0 / np.pi) * np.exp(-(z**2) / 2.0)
        table[:, 2] = -(size + gap * (1.0 - 2.0 * special.ndtr(-z))) / 2.0
    return table
