"""Functions of one variable by which joints move: all of them are piecewise polynomials.

OpenSim's joints are driven by constants, lines, polynomials and splines. Each is a polynomial
between break points, so that one table and one evaluation serve them all, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aqbio.vectors import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class PiecewisePolynomials:
    """A table of F functions, each of at most P pieces and of degree at most D - 1.

    Function f in its piece p is ``Σ_d coefficients[f, p, d] (x - origins[f, p])**d``. Piece p ends
    where piece p + 1 starts; the first and last pieces reach to infinity.
    """

    starts: FloatArray
    """(F, P) array. Where each piece starts: -inf for the first, +inf for pieces that a function
    does not have."""
    origins: FloatArray
    """(F, P) array. The point about which a piece is expanded."""
    coefficients: FloatArray
    """(F, P, D) array. Ascending powers; D >= 2."""

    def __post_init__(self) -> None:
        """Refuse tables that do not fit together."""
        if self.coefficients.ndim != 3 or self.coefficients.shape[2] < 2:
            raise ValueError(
                f"coefficients have shape {self.coefficients.shape}, not (F, P, D>=2)."
            )
        pieces = self.coefficients.shape[:2]
        if self.starts.shape != pieces or self.origins.shape != pieces:
            raise ValueError(
                f"starts {self.starts.shape} and origins {self.origins.shape} are not {pieces}."
            )
        if (self.starts[:, :1] != -np.inf).any() or (
            self.starts[:, 1:] < self.starts[:, :-1]
        ).any():
            raise ValueError("pieces start at -inf and go on in ascending order.")

    def __len__(self) -> int:
        return len(self.coefficients)

    @cached_property
    def curved(self) -> BoolArray:
        """(F,) bool: which functions are more than one straight line."""
        several = (self.starts[:, 1:] < np.inf).any(axis=1)
        bent: BoolArray = several | (self.coefficients[:, 0, 2:] != 0).any(axis=1)
        return bent

    @cached_property
    def _bent(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Of the C curved ones: starts (C, P), origins (C P,) and coefficients (D, C P)."""
        powers = self.coefficients[self.curved].reshape(-1, self.coefficients.shape[2]).T
        starts, origins = self.starts[self.curved], self.origins[self.curved]
        return starts, origins.ravel(), np.ascontiguousarray(powers)

    def values(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Values, first and second derivatives (T, F) of each function at x (T, F)."""
        offset, slope = self.coefficients[:, 0, 0], self.coefficients[:, 0, 1]
        first = np.empty(x.shape, order="F")
        first[:] = slope
        value = (x - self.origins[:, 0]) * slope + offset
        second = np.zeros(x.shape, order="F")
        if self.curved.any():
            bent = self._curved_values(x[:, self.curved])
            value[:, self.curved], first[:, self.curved], second[:, self.curved] = bent
        return value, first, second

    def _curved_values(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Horner's scheme with two derivatives, every point in its own piece."""
        starts, origins, powers = self._bent
        functions, pieces = starts.shape
        place = np.zeros(x.shape, dtype=np.intp, order="F")
        place += np.arange(functions) * pieces
        for piece in range(1, pieces):
            place += x >= starts[:, piece]
        step = x - origins[place]
        value, first, second = powers[-1][place], np.zeros_like(step), np.zeros_like(step)
        for coefficient in powers[-2::-1]:
            second = second * step + 2.0 * first
            first = first * step + value
            value = value * step + coefficient[place]
        return value, first, second


def polynomial(coefficients: Sequence[float]) -> PiecewisePolynomials:
    """One polynomial; coefficients in ascending powers."""
    padded = [*coefficients, 0.0, 0.0][: max(2, len(coefficients))]
    return PiecewisePolynomials(
        np.full((1, 1), -np.inf), np.zeros((1, 1)), np.array([[padded]], dtype=float)
    )


def line(slope: float, intercept: float = 0.0) -> PiecewisePolynomials:
    """``slope x + intercept``."""
    return polynomial([intercept, slope])


def constant(value: float) -> PiecewisePolynomials:
    """Constant function."""
    return polynomial([value])


def piecewise_linear(x: FloatArray, y: FloatArray) -> PiecewisePolynomials:
    """Straight lines between points x (ascending), y (N,), the first and last ones continued."""
    slopes = np.diff(y) / np.diff(x)
    coefficients = np.stack([y[:-1], slopes], axis=-1)
    return _pieces(np.concatenate([[-np.inf], x[1:-1]]), x[:-1], coefficients)


def cubic_spline(x: FloatArray, y: FloatArray, slope: FloatArray) -> PiecewisePolynomials:
    """Cubic pieces through points x, y (N,) with given slopes, straight lines beyond both ends.

    Hermite's form: on a piece of width h with chord slope s = Δy / h,
    ``c₂ = (3 s − 2 y'₀ − y'₁) / h``, ``c₃ = (y'₀ + y'₁ − 2 s) / h²``.
    """
    width = np.diff(x)
    chord = np.diff(y) / width
    quadratic = (3.0 * chord - 2.0 * slope[:-1] - slope[1:]) / width
    cubic = (slope[:-1] + slope[1:] - 2.0 * chord) / width**2
    inside = np.stack([y[:-1], slope[:-1], quadratic, cubic], axis=-1)
    before = [[y[0], slope[0], 0.0, 0.0]]
    after = [[y[-1], slope[-1], 0.0, 0.0]]
    return _pieces(
        np.concatenate([[-np.inf], x]),
        np.concatenate([x[:1], x]),
        np.concatenate([before, inside, after]),
    )


def scaled(functions: PiecewisePolynomials, factor: float) -> PiecewisePolynomials:
    """Every function times a factor."""
    return PiecewisePolynomials(
        functions.starts, functions.origins, factor * functions.coefficients
    )


def stack(tables: Sequence[PiecewisePolynomials]) -> PiecewisePolynomials:
    """One table of all functions of several tables, in order."""
    pieces = max((table.coefficients.shape[1] for table in tables), default=1)
    powers = max((table.coefficients.shape[2] for table in tables), default=2)
    functions = sum(len(table) for table in tables)
    starts = np.full((functions, pieces), np.inf)
    starts[:, 0] = -np.inf
    origins = np.zeros((functions, pieces))
    coefficients = np.zeros((functions, pieces, powers))
    row = 0
    for table in tables:
        rows = slice(row, row + len(table))
        own_pieces, own_powers = table.coefficients.shape[1:]
        starts[rows, :own_pieces] = table.starts
        origins[rows, :own_pieces] = table.origins
        coefficients[rows, :own_pieces, :own_powers] = table.coefficients
        row = rows.stop
    return PiecewisePolynomials(starts, origins, coefficients)


def _pieces(
    starts: FloatArray, origins: FloatArray, coefficients: FloatArray
) -> PiecewisePolynomials:
    return PiecewisePolynomials(starts[None], origins[None], coefficients[None])
