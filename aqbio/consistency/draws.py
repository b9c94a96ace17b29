"""Motions and parameters that the data allow, as changes of what a fit found.

Parameters are drawn from their covariance, with the motion that follows them; errors of the data as
large and as alike from stride to stride as the fit's residuals tell (`data_errors`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aqbio.consistency.data_errors import Response
from aqbio.consistency.factors import SingleArray
from aqbio.consistency.parameters import CENTRES, centre_direction
from aqbio.consistency.problem import Problem
from aqbio.vectors import FloatArray, square_root


@dataclass(frozen=True, eq=False)
class Draws:
    """S draws, less the fit."""

    coefficients: SingleArray
    """(K N, S) array. Of the splines: megabytes for every trial."""
    theta: FloatArray
    """(P, S) array. Of the parameters that are on."""
    shared: Mapping[str, FloatArray]
    """Of parameters that are off, by name, (P,): information in common with those that are on."""


def drawn(response: Response, covariance: FloatArray, count: int, seed: int) -> Draws:
    """Draw from the distribution after a fit.

    Parameters
    ----------
    response : Response
        Of the fit at its end, or a short step before it.
    covariance : (P, P) array
        Of the parameters that are on.

    Notes
    -----
    ``C = Ĉ + A⁻¹ Jᵀ W e`` for errors e of the data, their weights W and the normal matrix
    ``A = Jᵀ W J``, given the parameters; these from their own covariance, the motion following them
    by the border: ``− A⁻¹ B (θ − θ̂)``.
    """
    random, curvature = np.random.default_rng(seed), response.curvature
    theta = square_root(covariance) @ _normal(response.problem, count, random)
    sizes = response.learned(random)
    pulls = response.pulls(response.drawn(sizes, random) for _ in range(count))
    away = curvature.factor.solve(pulls)
    away -= curvature.factor.back(curvature.border @ theta)
    off = [one.name for one in response.problem.parameters if not one.on]
    shared = {one: curvature.shared(response.problem, one) for one in off}
    return Draws(away.astype(np.float32), theta, shared)


def _normal(problem: Problem, count: int, random: np.random.Generator) -> FloatArray:
    """Independent standard normal numbers of the P parameters, (P, count).

    Those of the centres of mass are drawn along the segments' axes: their own directions have signs
    that follow the last digit of a covariance, and so would the draws.
    """
    on, axes = problem.on, problem.runner.centre_axes
    normal = random.standard_normal((len(on), count))
    along = axes @ random.standard_normal((axes.shape[1], count))
    for row, name in enumerate(on):
        if name.startswith(CENTRES):
            normal[row] = along[centre_direction(name)]
    return normal
