"""How sure the fitted motion is: samples of coordinates, and spread of what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.consistency.adjusted import adjusted_skeleton
from aqbio.consistency.data_errors import Response
from aqbio.consistency.draws import Draws, drawn
from aqbio.consistency.trial_fit import TrialFit
from aqbio.multibody.kinematics import (
    SegmentKinematics,
    segment_kinematics,
    segment_motion,
)
from aqbio.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray

SAMPLES = 40


@dataclass(frozen=True, eq=False)
class Samples:
    """Motions and parameters that the data allow."""

    motions: tuple[Motion, ...]
    """Tuple of S Motion."""
    values: tuple[dict[str, float], ...]
    """Tuple of S mappings. Parameters by name."""


def coordinate_samples(fit: TrialFit, count: int = SAMPLES, seed: int = 0) -> Samples:
    """Draw motions and parameters from their distribution after the fit (:func:`.draws.drawn`).

    Parameters
    ----------
    fit : TrialFit
        Of a trial alone, or of a session, whose parameters' covariance it then has.
    """
    draws = drawn(Response(fit.problem, fit.curvature), fit.covariance, count, seed)
    return samples_of(fit, draws)


def samples_of(fit: TrialFit, draws: Draws) -> Samples:
    """Motions and parameters of draws from their distribution after the fit."""
    (knots, number), count = fit.coefficients.shape, draws.theta.shape[1]
    away = draws.coefficients.astype(float).reshape(knots, number * count)
    changes = [
        (table @ away).reshape(len(fit.motion.q), number, count)
        for table in fit.problem.basis.values[:3]
    ]
    motions = []
    for draw in range(count):
        parts = []
        for name, change in zip(("q", "u", "udot"), changes, strict=True):
            part = getattr(fit.motion, name).copy()
            part[:, fit.coordinates] += change[..., draw]
            parts.append(part)
        motions.append(with_dependent(fit.skeleton, Motion(*parts)))
    values = tuple(fit.problem.values(fit.theta + shift) for shift in draws.theta.T)
    return Samples(tuple(motions), values)


def group_momentum(
    fit: TrialFit, kinematics: SegmentKinematics, skeleton: Skeleton
) -> tuple[FloatArray, FloatArray]:
    """Angular momentum of every group and, last, of the whole body, and their rates, (T, G+1, 3).

    About the whole body's centre of mass, in kg m²/s and N m, ground axes.

    Parameters
    ----------
    kinematics : SegmentKinematics
        Of a motion.
    skeleton : Skeleton
        Whose masses move.
    """
    segments = segment_motion(skeleton, kinematics)
    com, velocity, acceleration = centre_of_mass(segments)
    table = np.vstack([fit.runner.grouping, np.ones(len(skeleton.bodies))])
    momentum = angular_momentum(segments, com, velocity)
    rate = angular_momentum_rate(segments, com, acceleration)
    summed = [(table @ part.transpose(2, 1, 0)).transpose(2, 1, 0) for part in (momentum, rate)]
    return summed[0], summed[1]


def sampled_momentum(fit: TrialFit, samples: Samples) -> tuple[FloatArray, FloatArray]:
    """Momentum and its rate, as of :func:`group_momentum`, of every sample, (S, T, G+1, 3) each.

    One after the other: motions that are stacked are no faster, for they leave the cache.
    """
    found = []
    for motion, values in zip(samples.motions, samples.values, strict=True):
        body = adjusted_skeleton(fit.runner, values)
        moves = segment_kinematics(body, motion.q, motion.u, motion.udot)
        found.append(group_momentum(fit, moves, body))
    momentum, rate = zip(*found, strict=True)
    return np.stack(momentum), np.stack(rate)
