"""How far forces tell what a body is: the share of its legs, and the height of its centre of mass.

A fit says numbers of both that nothing else measures. Beside them stands what is believed before,
and what is left of that: errors of the parameters, with the motion that follows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from aqbio.consistency.adjusted import adjusted_skeleton
from aqbio.consistency.changes import WHOLE, Change
from aqbio.consistency.curvature import Curvature
from aqbio.consistency.parameters import LEGS, ParameterEstimate, prior_precision
from aqbio.consistency.trial_fit import TrialFit
from aqbio.vectors import FloatArray


def share_spread(
    estimates: Sequence[ParameterEstimate], shares: Iterable[Change]
) -> Iterator[Change]:
    """Standard deviations of legs' shares of the body's mass, before the fit and after it.

    Parameters
    ----------
    shares : iterable of Change
        From :func:`.changes.leg_shares`.
    """
    legs = next((one for one in estimates if one.name == LEGS and one.parameter.on), None)
    if legs is None:
        return
    for one in shares:
        sd = one.before * legs.parameter.prior_sd, one.before * legs.sd
        yield replace(one, statistic="share_sd", before=sd[0], after=sd[1])


def height_spread(fit: TrialFit, curvature: Curvature) -> Iterator[Change]:
    """Standard deviation of the mean height of the whole body's centre of mass, m.

    Parameters
    ----------
    curvature : Curvature
        At the end of the fit.

    Notes
    -----
    ``g = ∂h/∂θ + ∂h/∂C dC/dθ`` over the measured frames; before, of the belief and without the
    motion that follows; after, ``gᵀ Ĉ g`` with the parameters' covariance. What errors of markers
    do to it, millimetres, is not in it.
    """
    problem = fit.problem
    if not problem.on:
        return
    direct = _by_parameters(fit, curvature)
    frames = curvature.rows.frame
    mass = float(fit.skeleton.mass.sum())
    lift = curvature.rows.by_motion[2][:, 1] * fit.weights.sigma_force_n / mass
    by_motion = problem.basis.values[0][frames].T @ lift / len(frames)
    whole = direct + curvature.following.T @ by_motion.ravel()
    before = np.sqrt((direct**2 / prior_precision(problem.parameters)).sum())
    after = np.sqrt(whole @ fit.covariance @ whole)
    yield Change("centre_of_mass", WHOLE, "y", "sd", float(before), float(after), "m")


def _by_parameters(fit: TrialFit, curvature: Curvature) -> FloatArray:
    """(P,) array: how the mean height hangs on the parameters that are on, the motion held."""
    moves, frames = curvature.point.poses, curvature.rows.frame
    origin = moves.origin[frames][..., 1].mean(axis=0)
    up = moves.rotation[frames][..., 1, :].mean(axis=0)

    def height(theta: FloatArray) -> float:
        body = adjusted_skeleton(fit.runner, fit.problem.values(theta))
        heights = origin + (up * body.com).sum(axis=1)
        return float(body.mass @ heights / body.mass.sum())

    theta, steps = fit.theta, 1.0 / np.sqrt(prior_precision(fit.problem.parameters))
    here = height(theta)
    return np.array([height(theta + one) - here for one in np.diag(steps)]) / steps
