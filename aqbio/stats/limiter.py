"""Limiter models: whether the weaker side decides the highest speed, or both sides add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


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


@dataclass(frozen=True, slots=True)
class MinimumFit:
    """The minimum model, ``v = α + β min(P, γ₀ + γ₁ S)``."""

    constant: float
    slope: float
    """constant, slope: α and β."""
    offset: float
    scale: float
    """offset, scale: γ₀ and γ₁ > 0: where and how the swing side's scale lies on the push
    side's."""
    residual_square: float


def minimum_fit(push: FloatArray, swing: FloatArray, speed: FloatArray) -> MinimumFit:
    """Fit the minimum model by least squares.

    A grid over γ₀ and log γ₁ wide enough for either side to decide alone, refined by Nelder and
    Mead's method; α and β follow from each pair.
    """
    from scipy.optimize import minimize

    def weaker(parameters: FloatArray) -> FloatArray:
        other: FloatArray = parameters[0] + np.exp(parameters[1]) * swing
        return np.minimum(push, other)

    def square(parameters: FloatArray) -> float:
        side = weaker(parameters)
        away = side - side.mean()
        spread = float(away @ away)
        response = speed - speed.mean()
        explained = float(away @ response) ** 2 / spread if spread > 0 else 0.0
        return float(response @ response) - explained

    reach = 3.0 * float(push.std()) + abs(float(push.mean())) + abs(float(swing.mean()))
    starts = [
        np.array([offset, scale])
        for offset in np.linspace(-reach, reach, 13)
        for scale in np.log([0.5, 0.75, 1.0, 1.33, 2.0])
    ]
    best = sorted(starts, key=square)[:3]
    found = min((minimize(square, start, method="Nelder-Mead") for start in best), key=_square_of)
    from statsmodels.regression.linear_model import OLS

    line = OLS(speed, np.column_stack((np.ones(len(speed)), weaker(found.x)))).fit()
    constant, slope = (float(value) for value in line.params)
    return MinimumFit(
        constant, slope, float(found.x[0]), float(np.exp(found.x[1])), float(found.fun)
    )


def _square_of(found: OptimizeResult) -> float:
    return float(found.fun)


def corrected_criterion(residual_square: float, count: int, parameters: int) -> float:
    """Akaike's corrected criterion, ``n ln(RSS/n) + 2k + 2k(k + 1)/(n − k − 1)``."""
    k = parameters
    correction = 2.0 * k * (k + 1) / (count - k - 1)
    return count * float(np.log(residual_square / count)) + 2.0 * k + correction


def model_criteria(push: FloatArray, swing: FloatArray, speed: FloatArray) -> dict[str, float]:
    """Corrected criterion of every limiter model; the smallest one fits best."""
    from statsmodels.regression.linear_model import OLS

    count = len(speed)
    one, nested = np.ones(count), nested_table(push, swing)
    tables = {
        "constant": one[:, None],
        "push": np.column_stack((one, push)),
        "swing": np.column_stack((one, swing)),
        "additive": np.column_stack((one, push, swing)),
        "nested": nested[:, :3],
    }
    criteria = {
        name: corrected_criterion(float(OLS(speed, table).fit().ssr), count, table.shape[1] + 1)
        for name, table in tables.items()
    }
    criteria["minimum"] = corrected_criterion(
        minimum_fit(push, swing, speed).residual_square, count, 5
    )
    return criteria
