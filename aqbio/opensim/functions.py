"""OpenSim functions as exact piecewise polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np

from aqbio.errors import AqbioError
from aqbio.multibody.functions import (
    PiecewisePolynomials,
    constant,
    cubic_spline,
    line,
    piecewise_linear,
    polynomial,
    scaled,
)
from aqbio.opensim.session import opensim
from aqbio.vectors import FloatArray


def read_function(function: Any, *, where: str) -> PiecewisePolynomials:
    """An OpenSim function of one variable as a table of one piecewise polynomial.

    Constant, LinearFunction, PolynomialFunction, SimmSpline (natural cubic splines of old files
    become one), PiecewiseLinearFunction, or a MultiplierFunction of these; others are refused.
    """
    kind = function.getConcreteClassName()
    if kind == "MultiplierFunction":
        multiplier = opensim.MultiplierFunction.safeDownCast(function)
        return scaled(read_function(multiplier.getFunction(), where=where), multiplier.getScale())
    if kind == "Constant":
        return constant(opensim.Constant.safeDownCast(function).getValue())
    if kind == "LinearFunction":
        straight = opensim.LinearFunction.safeDownCast(function)
        return line(straight.getSlope(), straight.getIntercept())
    if kind == "PolynomialFunction":
        descending = opensim.PolynomialFunction.safeDownCast(function).getCoefficients()
        return polynomial([descending.get(i) for i in range(descending.size())][::-1])
    if kind == "PiecewiseLinearFunction":
        return piecewise_linear(*_points(opensim.PiecewiseLinearFunction.safeDownCast(function)))
    if kind == "SimmSpline":
        x, y = _points(opensim.SimmSpline.safeDownCast(function))
        return cubic_spline(x, y, np.array([_slope(function, value) for value in x]))
    raise AqbioError(
        f"{where} is driven by a {kind}, which the engine does not represent.",
        fix="use a SimmSpline, PolynomialFunction, LinearFunction or Constant in the model.",
        rule="function-not-represented",
    )


def _points(function: Any) -> tuple[FloatArray, FloatArray]:
    count = range(function.getNumberOfPoints())
    return np.array([function.getX(i) for i in count]), np.array([function.getY(i) for i in count])


def _slope(function: Any, x: float) -> float:
    return float(function.calcDerivative([0], opensim.Vector(1, float(x))))
