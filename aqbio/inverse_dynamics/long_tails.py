"""Means and deviations of parameters whose priors have long tails, by expectation propagation.

The most probable values of such parameters, and the curvature there, say too little: a plate that
the data hardly place is known no better than the tails of its prior, and where either a
displacement or a turn explains a session, only one of the two is the most probable. Each prior is
replaced by a normal factor with which the parameter has the mean and the variance that it has with
the prior itself, given everything else (Minka 2001).

References
----------
Minka TP (2001), Proc. 17th Conf. Uncertainty in Artificial Intelligence, 362-369.
"""

from __future__ import annotations

import numpy as np

from aqbio.vectors import BoolArray, FloatArray

FARTHEST_SD = 10.0
"""Prior standard deviations beyond which devices hardly lie: 3 cm or 3 degrees of a plate, what the
search over a session finds before any fit. Without it what no data tell would have no variance."""

MAX_PASSES = 50
"""Passes over all parameters."""

PASSED_SHARE = 1e-3
"""Change of every variance in a pass, relative, below which they are settled."""

DAMPING = 0.5
"""Share of a change of the factors that a pass makes, so that parameters which explain the same do
not answer to each other."""

NORMAL_GRID = np.linspace(-7.0, 7.0, 57)
"""Standard deviations at which the density of everything else is evaluated."""

TAIL_GRID = np.tan(np.linspace(-1.55, 1.55, 63))
"""Prior standard deviations at which the prior is evaluated: close to 0 and far out."""

FarOut = tuple[FloatArray, FloatArray]
"""Precisions (P,) of normal factors and what they add to the right side, (P,)."""


def tail_moments(mean: FloatArray, sd: FloatArray, prior_sd: FloatArray) -> FarOut:
    """Means (P,) and variances (P,) of normal densities times ``1 / (1 + δ²/2σ²)``.

    The normal ones have a `mean` and `sd`, (P,), the other one σ `prior_sd`, (P,), about 0.
    """
    mean, sd, prior_sd = mean[:, None], sd[:, None], prior_sd[:, None]
    normal = mean + sd * NORMAL_GRID
    tail = np.clip(prior_sd * TAIL_GRID, normal[:, :1], normal[:, -1:])
    grid = np.sort(np.concatenate([normal, tail], axis=1), axis=1)
    log_density = -np.log1p(0.5 * (grid / prior_sd) ** 2) - 0.5 * ((grid - mean) / sd) ** 2
    weight = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    weight *= _widths(grid)
    weight /= weight.sum(axis=1, keepdims=True)
    centre = (weight * grid).sum(axis=1)
    return centre, (weight * (grid - centre[:, None]) ** 2).sum(axis=1)


def _widths(grid: FloatArray) -> FloatArray:
    """Width of the cell of every point of ascending grids (P, N)."""
    steps = np.diff(grid, axis=1)
    zero = np.zeros((len(grid), 1))
    widths: FloatArray = 0.5 * (np.hstack([steps, zero]) + np.hstack([zero, steps]))
    return widths


def factors_of_tails(
    matrix: FloatArray, right: FloatArray, prior_sd: FloatArray, has_tails: BoolArray
) -> FarOut:
    """Normal factors (P,) for the priors of the parameters that have long tails.

    `matrix` (P, P) and `right` (P,): equations of the parameters' distances from their prior means
    with all other information; `prior_sd` (P,) of the tails' densities.
    """
    at = np.flatnonzero(has_tails)
    sd = prior_sd[at]
    precision, pull, farthest = sd**-2.0, np.zeros(len(at)), (FARTHEST_SD * sd) ** -2.0
    for _ in range(MAX_PASSES):
        with_factors, with_pulls = matrix.copy(), right.copy()
        with_factors[at, at] += precision + farthest
        with_pulls[at] += pull
        covariance = np.linalg.inv(with_factors)
        theta = covariance @ with_pulls
        variance = covariance[at, at]
        rest = 1.0 / variance - precision  # of everything but the prior
        rest_mean = (theta[at] / variance - pull) / rest
        mean, tail_variance = tail_moments(rest_mean, rest**-0.5, sd)
        change = 1.0 / tail_variance - rest - precision
        precision = precision + DAMPING * change
        pull = pull + DAMPING * (mean / tail_variance - rest * rest_mean - pull)
        if (np.abs(change) * variance < PASSED_SHARE).all():
            break
    factors = np.zeros(len(matrix)), np.zeros(len(matrix))
    factors[0][at], factors[1][at] = precision + farthest, pull
    return factors
