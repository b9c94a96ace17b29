"""Signs of the forces' components, judged by the momentum that they give to the body.

Forces change momentum. Integrated over time they must make the path of the centre of mass, and the
angular momentum about it, that the markers show; noise and soft tissue, which distort
accelerations, hardly touch paths. So the factor by which a component of the force acts on the body
is known to a few percent without any fit: 1 where its sign is right, -1 where it is flipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.integrate import cumulative_trapezoid

from aqbio.force_plates.forces import centre_of_pressure
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.names import GRAVITY
from aqbio.prepare.prepared import SMALL_LOAD_N
from aqbio.signals import runs
from aqbio.vectors import BoolArray, FloatArray

COMPONENTS = ("force_x", "force_z", "free_moment")
"""Components whose factors are estimated. The vertical force carries the runner, and plates that
pull are found by that."""

POLYNOMIAL_DEGREE = 2
"""Degree of the polynomials added to a path and an angular momentum: initial position, initial
velocity, and drag."""

INDEPENDENT_S = 0.05
"""Time after which errors of paths and momenta are independent of each other, s."""

SAME_LOADS = 1e-10
"""Share of the largest variance below which factors of sources are one: both feet press alike."""

MIN_FREE_ERRORS = 1.0
"""Independent errors of an equation that are left from which on their size is known."""

REWEIGHTING_ROUNDS = 5
"""Rounds in which equations are weighed anew."""

MIN_MOMENTUM_SHARE = 1e-9
"""A component that gives less than this share of the largest momentum is not there."""

MIN_STRETCH_S = 0.25
"""A stretch of known forces that is shorter shows no change of momentum, s."""


@dataclass(frozen=True, slots=True)
class SourceLoads:
    """Loads of P sources, plates or feet, at the frames of a motion; zero while unloaded."""

    force: FloatArray
    """(T, P, 3) array, N."""
    pressure: FloatArray
    """(T, P, 3) array, m. Centre of pressure; NaN while unloaded."""
    free_moment: FloatArray
    """(T, P) array, N m."""


def feet_loads(loads: Sequence[ExternalLoad], height: float) -> SourceLoads:
    """Force, centre of pressure on a surface at a ``height``, m, and free moment of the feet."""
    force, moment = (
        np.nan_to_num(np.stack([getattr(load, name) for load in loads], axis=1))
        for name in ("force", "moment")
    )
    pressure, free = centre_of_pressure(force, moment, np.zeros(3), height, SMALL_LOAD_N)
    loaded = np.isfinite(free)
    return SourceLoads(
        np.where(loaded[..., None], force, 0.0), pressure, np.where(loaded, free, 0.0)
    )


@dataclass(frozen=True, slots=True)
class Factors:
    """Factors by which components of sources act on the body, by component and source."""

    value: FloatArray
    """(3, P) array; NaN where it is not known."""
    covariance: FloatArray
    """(3, P, P) array. Of each component's."""

    def common(self, component: int, sources: BoolArray) -> tuple[float, float]:
        """Factor that some sources have in common, and its standard deviation."""
        usable = sources & np.isfinite(self.value[component])
        if not usable.any():
            return float("nan"), float("nan")
        covariance = self.covariance[component][np.ix_(usable, usable)]
        weight = np.linalg.pinv(covariance, rcond=SAME_LOADS, hermitian=True)
        if not weight.sum() > 0.0:
            return float("nan"), float("nan")
        variance = 1.0 / float(weight.sum())
        return variance * float((weight @ self.value[component][usable]).sum()), variance**0.5


def factors(
    time: FloatArray, com: FloatArray, momentum: FloatArray, loads: SourceLoads, complete: BoolArray
) -> Factors | None:
    """Factors of the components, by linear regression of integrated balances.

    With ``com`` c (T, 3), m, and angular ``momentum`` H about it (T, 3), kg m²/s, and unknown
    factors k_x, k_z and k_T of every source, up to polynomials of degree 2 in every stretch of
    frames with ``complete`` (T,) forces::

        c_x = ∬ Σ k_x F_x / m,   c_z = ∬ Σ k_z F_z / m
        H_x = ∫ Σ (r_y k_z F_z - r_z F_y)
        H_y = ∫ Σ (r_z k_x F_x - r_x k_z F_z + k_T T)
        H_z = ∫ Σ (r_x F_y - r_y k_x F_x)

    with r from c to the centre of pressure. Every equation weighs by what is left of
    it. None where nothing is known for long enough.
    """
    step = float(np.median(np.diff(time)))
    stretches = [
        stretch for stretch in runs(complete) if (stretch[1] - stretch[0]) * step >= MIN_STRETCH_S
    ]
    if not stretches:
        return None
    frames = np.concatenate([np.arange(*stretch) for stretch in stretches])
    mass = float(loads.force[frames, :, 1].sum(axis=1).mean()) / GRAVITY
    if not mass > 0.0:
        return None
    parts = [_equations(time, com, momentum, loads, slice(*stretch), mass) for stretch in stretches]
    rows = [
        (np.concatenate([part[0][equation] for part in parts]),
         np.concatenate([part[1][equation] for part in parts]))
        for equation in range(len(parts[0][0]))
    ]  # fmt: skip
    return _solved(rows, step, len(stretches), loads.force.shape[1])


def _equations(
    time: FloatArray,
    com: FloatArray,
    momentum: FloatArray,
    loads: SourceLoads,
    stretch: slice,
    mass: float,
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Slopes (T, 3 P) and left sides (T,) of the five equations in one stretch."""
    moment, path = time[stretch], com[stretch]
    force, turn = loads.force[stretch], np.nan_to_num(loads.free_moment[stretch])
    arm = np.nan_to_num(loads.pressure[stretch] - path[:, None])
    zeros = np.zeros_like(turn)

    def integral(values: FloatArray) -> FloatArray:
        return np.asarray(cumulative_trapezoid(values, moment, axis=0, initial=0))

    (f_x, f_y, f_z), (r_x, r_y, r_z) = np.moveaxis(force, 2, 0), np.moveaxis(arm, 2, 0)
    slopes = [
        (integral(integral(f_x)) / mass, zeros, zeros),
        (zeros, integral(integral(f_z)) / mass, zeros),
        (zeros, integral(r_y * f_z), zeros),
        (integral(r_z * f_x), integral(-r_x * f_z), integral(turn)),
        (integral(-r_y * f_x), zeros, zeros),
    ]
    measured = momentum[stretch]
    left = [
        path[:, 0],
        path[:, 2],
        measured[:, 0] - integral(-r_z * f_y).sum(axis=1),
        measured[:, 1],
        measured[:, 2] - integral(r_x * f_y).sum(axis=1),
    ]
    scale = 2.0 * (moment - moment.mean()) / max(np.ptp(moment), 1e-9)
    base, _ = np.linalg.qr(np.polynomial.legendre.legvander(scale, POLYNOMIAL_DEGREE))

    def centred(values: FloatArray) -> FloatArray:
        return np.asarray(values - base @ (base.T @ values))

    return [centred(np.concatenate(columns, axis=1)) for columns in slopes], [
        centred(columns) for columns in left
    ]


def _solved(
    rows: Sequence[tuple[FloatArray, FloatArray]], step: float, stretches: int, sources: int
) -> Factors | None:
    """Least squares of all equations, each weighed by what is left of it, and covariances.

    Of as many independent errors as an equation has, a polynomial in each of some ``stretches`` and
    the equation's share of the factors take some out: they are more than what is left. None where
    they take all.
    """
    used = [equation for equation in rows if equation[1].std() > 0.0]
    columns = rows[0][0].shape[1]
    solution, spreads = np.zeros(columns), [float(left.std()) for _, left in used]
    inverse = np.zeros((columns, columns))
    repeated = max(INDEPENDENT_S / step, 1.0)
    errors = len(rows[0][1]) / repeated
    left_over = errors - (POLYNOMIAL_DEGREE + 1) * stretches
    for _ in range(REWEIGHTING_ROUNDS):
        matrix, right = np.zeros((columns, columns)), np.zeros(columns)
        for (slope, left), spread in zip(used, spreads, strict=True):
            matrix += slope.T @ slope / spread**2
            right += slope.T @ left / spread**2
        size = np.diag(matrix)
        moved = size > MIN_MOMENTUM_SHARE * size.max(initial=0.0)
        if not moved.any():
            return None
        inverse[np.ix_(moved, moved)] = np.linalg.pinv(matrix[np.ix_(moved, moved)], hermitian=True)
        solution = inverse @ right
        free = [
            left_over - float(np.sum(inverse * (slope.T @ slope))) / spread**2
            for (slope, _), spread in zip(used, spreads, strict=True)
        ]
        if min(free) < MIN_FREE_ERRORS:
            return None
        spreads = [
            float((left - slope @ solution).std()) * (errors / number) ** 0.5
            for (slope, left), number in zip(used, free, strict=True)
        ]
    covariance = inverse * repeated
    blocks = covariance.reshape(len(COMPONENTS), sources, len(COMPONENTS), sources)
    value = np.where(moved, solution, np.nan).reshape(len(COMPONENTS), sources)
    return Factors(value, np.stack([blocks[index, :, index] for index in range(len(COMPONENTS))]))
