"""Orientation of the pelvis: what flight dictates and what a contact may choose."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.polynomial import Polynomial, chebyshev

from aqbio.vectors import FloatArray
from aqbio.virtual.gait import rate_matrix, rate_matrix_rate, rotation
from validation.gaits import collocation
from validation.gaits.relative import RelativeMotion

BUMPS = 6
"""Free numbers per axis that shape the pelvis's motion in a contact."""
DEGREE = 8 + BUMPS
"""Length of the Chebyshev series of a contact: a septic polynomial and the bumps."""


def angular_momentum(angles: FloatArray, rates: FloatArray, body: RelativeMotion) -> FloatArray:
    """Angular momentum about the centre of mass, ``R (I ω + h)``, (..., 3), ground axes."""
    omega = _times(rate_matrix(angles), rates)
    return _times(rotation(angles), _times(body.inertia, omega) + body.momentum)


def angular_momentum_rate(
    angles: FloatArray, rates: FloatArray, second: FloatArray, body: RelativeMotion
) -> FloatArray:
    """Rate of the angular momentum about the centre of mass, (..., 3), N m, ground axes.

    ``dH/dt = R [ω × (I ω + h) + I ω' + I' ω + h']``.
    """
    matrix = rate_matrix(angles)
    omega = _times(matrix, rates)
    alpha = _times(matrix, second) + _times(rate_matrix_rate(angles, rates), rates)
    inside = _times(body.inertia, omega) + body.momentum
    change = np.cross(omega, inside) + _times(body.inertia, alpha)
    change += _times(body.inertia_rate, omega) + body.momentum_rate
    return _times(rotation(angles), change)


def _times(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    product: FloatArray = (matrix @ vector[..., None])[..., 0]
    return product


def flight_rates(
    start: FloatArray, momentum: FloatArray, body: RelativeMotion, duration: FloatArray
) -> FloatArray:
    """Rates of the pelvis's angles in flight, where the angular momentum does not change.

    Returns (N, n, 3), rad/s. ``φ' = E⁻¹ I⁻¹ (Rᵀ H - h)``, integrated by collocation and Picard's
    iteration, which contracts because the pelvis turns by much less than a radian in a flight.
    """
    count = body.com.shape[1]
    inverse = np.asarray(np.linalg.inv(body.inertia), dtype=np.float64)
    sums = duration[:, None, None] * collocation.integration(count)
    angles = np.repeat(start[:, None], count, axis=1)
    for _ in range(60):
        back = np.swapaxes(rotation(angles), -1, -2)
        omega = _times(inverse, _times(back, momentum[:, None]) - body.momentum)
        outward = np.asarray(np.linalg.inv(rate_matrix(angles)), dtype=np.float64)
        rates = _times(outward, omega)
        after = start[:, None] + sums @ rates
        change = np.abs(after - angles).max()
        angles = after
        if change < 1e-14:
            return rates
        if not change < 10.0:
            break
    if change < 1e-11:
        return rates
    raise ValueError(f"the pelvis turns over in flight (last change {change:.1e} rad).")


@lru_cache(maxsize=1)
def stance_basis() -> tuple[FloatArray, FloatArray]:
    """Chebyshev coefficients of the polynomials that a contact's orientation is made of.

    Returns ends (8, DEGREE): value, first, second and third derivative (per unit of s) at the
    start, then the end. bumps (BUMPS, DEGREE) ``256 s⁴ (1-s)⁴ T_k(2s-1)`` change nothing at the
    ends up to the third derivative.
    """
    powers = np.zeros((8, 8))
    for order in range(4):
        for power in range(8):
            slope = Polynomial.basis(power).deriv(order) if order else Polynomial.basis(power)
            powers[order, power] = slope(0.0)
            powers[4 + order, power] = slope(1.0)
    hermite = np.linalg.inv(powers).T
    window = Polynomial([0.0, 0.0, 0.0, 0.0, 256.0]) * Polynomial([1.0, -1.0]) ** 4
    shapes = [
        window * chebyshev.Chebyshev.basis(k, domain=[0.0, 1.0]).convert(kind=Polynomial)
        for k in range(BUMPS)
    ]
    return (
        np.array([_series(Polynomial(row)) for row in hermite]),
        np.array([_series(shape) for shape in shapes]),
    )


def _series(polynomial: Polynomial) -> FloatArray:
    """Chebyshev coefficients on [0, 1], padded to ``DEGREE``."""
    coefficients = polynomial.convert(kind=chebyshev.Chebyshev, domain=[0.0, 1.0]).coef
    return np.pad(coefficients, (0, DEGREE - len(coefficients)))


def stance_ends(
    angles: FloatArray, rates: FloatArray, flight: FloatArray, contact: FloatArray
) -> FloatArray:
    """Chebyshev coefficients of the contacts' orientation without bumps.

    Returns (N, DEGREE, 3): joins the end of the flight before with the start of the flight
    after, up to the third derivative.
    """
    slope = collocation.differentiation(rates.shape[1])
    second = slope @ rates / flight[:, None, None]
    third = slope @ second / flight[:, None, None]
    levels = [angles, rates, second, third]
    width = contact[:, None]
    before = [np.roll(level[:, -1], 1, axis=0) * width**k for k, level in enumerate(levels)]
    after = [level[:, 0] * width**k for k, level in enumerate(levels)]
    ends: FloatArray = np.einsum("eNd,em->Nmd", np.array(before + after), stance_basis()[0])
    return ends
