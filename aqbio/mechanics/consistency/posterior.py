"""How sure the fitted motion is: samples of coordinates, and spread of what follows from them.

Laplace's approximation: the inverse of the normal matrix is the covariance of the splines'
coefficients. Soft tissue moves slower than frames come, so it counts frames as more than they are,
and it knows nothing of wrong models: spreads are multiplied by factors that were measured on
synthetic sprints with known truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.consistency.adjusted import adjusted_skeleton
from aqbio.mechanics.consistency.fit import TrialFit
from aqbio.mechanics.multibody.kinematics import segment_kinematics, segment_motion
from aqbio.mechanics.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)
from aqbio.mechanics.multibody.motion import Motion, coupled
from aqbio.mechanics.vectors import FloatArray

GROUP_MOMENTUM = 1.5
"""Inflation of the spread of a group's angular momentum: 90 % intervals of 8 synthetic sprints
then covered 82 to 97 % (legs, arms, torso)."""

TOTAL_MOMENTUM = 3.0
"""Inflation of the spread of the whole body's angular momentum: model errors add up there;
covered 92 %."""

RATES = 1.0
"""Rates of groups need no inflation: covered 96 % and more."""

REFERENCE_RATE = 250.0
"""Frames per second at which the factors were measured, Hz: twice the frames of the same soft
tissue do not make the motion twice as sure."""

SAMPLES = 40


@dataclass(frozen=True, eq=False)
class Posterior:
    """Standard deviations after the fit, inflated.

    Attributes
    ----------
    groups : tuple of G names
    q_sd : (T, C) array, rad or m
        0 for coordinates that were not fitted.
    momentum_sd, rate_sd : (T, G, 3) arrays, kg m²/s and N m
        Of each group's angular momentum about the whole body's centre of mass, and its rate.
    total_momentum_sd, total_rate_sd : (T, 3) arrays, kg m²/s and N m
        Of the whole body's.
    """

    groups: tuple[str, ...]
    q_sd: FloatArray
    momentum_sd: FloatArray
    rate_sd: FloatArray
    total_momentum_sd: FloatArray
    total_rate_sd: FloatArray


@dataclass(frozen=True, eq=False)
class Samples:
    """Motions and parameters that the data allow, not inflated.

    Attributes
    ----------
    motions : tuple of S Motion
    values : tuple of S mappings
        Parameters by name.
    """

    motions: tuple[Motion, ...]
    values: tuple[dict[str, float], ...]


def coordinate_samples(fit: TrialFit, count: int = SAMPLES, seed: int = 0) -> Samples:
    """Draw motions and parameters from their distribution after the fit.

    Parameters
    ----------
    fit : TrialFit
        Of a trial alone, or of a session, whose parameters' covariance it then has.
    count : int
    seed : int

    Notes
    -----
    ``C ~ N(Ĉ, A⁻¹ · rate / 250 Hz)`` given the parameters; these from their own covariance, the
    motion following them by the border: ``C − A⁻¹ B (θ − θ̂)``.
    """
    rng = np.random.default_rng(seed)
    problem, information = fit.problem, fit.information
    size = fit.coefficients.size
    normal = rng.standard_normal((size, count))
    thinned = np.sqrt(fit.observations.rate / REFERENCE_RATE)
    away = thinned * information.factor.samples(normal)
    root = _square_root(fit.covariance)
    shift = root @ rng.standard_normal((len(root), count))
    away = away - information.border @ shift
    number = len(fit.coordinates)
    columns = away.reshape(problem.basis.count, number * count)
    moved = [(table @ columns).reshape(-1, number, count) for table in problem.basis.values]
    motions = []
    for draw in range(count):
        parts = [getattr(fit.motion, name).copy() for name in ("q", "u", "udot")]
        for part, change in zip(parts, moved, strict=True):
            part[:, fit.coordinates] += change[:, :, draw]
        motions.append(coupled(fit.skeleton, Motion(*parts)))
    theta = fit.theta[:, None] + shift
    return Samples(tuple(motions), tuple(problem.values(column) for column in theta.T))


def posterior(fit: TrialFit, count: int = SAMPLES, seed: int = 0) -> Posterior:
    """Give inflated standard deviations of coordinates, and of momenta and rates of groups."""
    drawn = coordinate_samples(fit, count, seed)
    sums = _Spread(), _Spread(), _Spread()
    for motion, values in zip(drawn.motions, drawn.values, strict=True):
        momentum, rate = group_momentum(fit, motion, values)
        for one, sample in zip(sums, (motion.q, momentum, rate), strict=True):
            one.add(sample)
    q_sd, momentum_sd, rate_sd = (one.sd for one in sums)
    return Posterior(
        groups=tuple(fit.runner.groups),
        q_sd=q_sd,
        momentum_sd=GROUP_MOMENTUM * momentum_sd[:, :-1],
        rate_sd=RATES * rate_sd[:, :-1],
        total_momentum_sd=TOTAL_MOMENTUM * momentum_sd[:, -1],
        total_rate_sd=RATES * rate_sd[:, -1],
    )


def group_momentum(
    fit: TrialFit, motion: Motion, values: dict[str, float]
) -> tuple[FloatArray, FloatArray]:
    """Angular momentum of every group and, last, of the whole body, and their rates, (T, G+1, 3).

    About the centre of mass, of a motion of the body that parameters stand for.
    """
    skeleton = adjusted_skeleton(fit.runner, values)
    kinematics = segment_kinematics(skeleton, motion.q, motion.u, motion.udot)
    segments = segment_motion(skeleton, kinematics)
    com, velocity, acceleration = centre_of_mass(segments)
    table = np.vstack([fit.runner.grouping, np.ones(len(skeleton.bodies))])
    momentum = angular_momentum(segments, com, velocity)
    rate = angular_momentum_rate(segments, com, acceleration)
    summed = [(table @ part.transpose(2, 1, 0)).transpose(2, 1, 0) for part in (momentum, rate)]
    return summed[0], summed[1]


class _Spread:
    """Standard deviation of arrays that come one by one, about their mean."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: FloatArray = np.zeros(1)
        self.squares: FloatArray = np.zeros(1)

    def add(self, sample: FloatArray) -> None:
        """Take one more (Welford 1962)."""
        self.count += 1
        off = sample - self.mean
        self.mean = self.mean + off / self.count
        self.squares = self.squares + off * (sample - self.mean)

    @property
    def sd(self) -> FloatArray:
        """Standard deviation of all that came."""
        return np.asarray(np.sqrt(self.squares / (self.count - 1)))


def _square_root(covariance: FloatArray) -> FloatArray:
    """Give R with ``R Rᵀ`` = covariance, which may have rows of zeros."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
