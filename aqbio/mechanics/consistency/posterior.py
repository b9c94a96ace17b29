"""How sure the fitted motion is: samples of coordinates, and spread of what follows from them.

Parameters are drawn from their covariance, with the motion that follows them; errors of the data as
large and as alike from stride to stride as the fit's residuals tell (`data_errors`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.consistency.adjusted import adjusted_skeleton
from aqbio.mechanics.consistency.data_errors import Response
from aqbio.mechanics.consistency.fit import TrialFit
from aqbio.mechanics.consistency.parameters import CENTRES, centre_direction
from aqbio.mechanics.covariances import square_root
from aqbio.mechanics.multibody.kinematics import (
    SegmentKinematics,
    segment_kinematics,
    segment_motion,
)
from aqbio.mechanics.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)
from aqbio.mechanics.multibody.motion import Motion, coupled
from aqbio.mechanics.multibody.skeleton import Skeleton
from aqbio.mechanics.vectors import FloatArray

SAMPLES = 40


@dataclass(frozen=True, eq=False)
class Samples:
    """Motions and parameters that the data allow."""

    motions: tuple[Motion, ...]
    """Tuple of S Motion."""
    values: tuple[dict[str, float], ...]
    """Tuple of S mappings. Parameters by name."""


def coordinate_samples(fit: TrialFit, count: int = SAMPLES, seed: int = 0) -> Samples:
    """Draw motions and parameters from their distribution after the fit.

    Parameters
    ----------
    fit : TrialFit
        Of a trial alone, or of a session, whose parameters' covariance it then has.

    Notes
    -----
    ``C = Ĉ + A⁻¹ Jᵀ W e`` for errors e of the data, their weights W and the normal matrix
    ``A = Jᵀ W J``, given the parameters; these from their own covariance, the motion following them
    by the border: ``− A⁻¹ B (θ − θ̂)``.
    """
    changes, values = _draws(fit, count, seed)
    motions = []
    for draw in range(count):
        parts = []
        for name, change in zip(("q", "u", "udot"), changes, strict=True):
            part = getattr(fit.motion, name).copy()
            part[:, fit.coordinates] += change[draw]
            parts.append(part)
        motions.append(coupled(fit.skeleton, Motion(*parts)))
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


def _draws(
    fit: TrialFit, count: int, seed: int
) -> tuple[tuple[FloatArray, ...], tuple[dict[str, float], ...]]:
    """Deviations of S draws from the fit, (S, T, N) of q, u and udot, and their parameters."""
    random = np.random.default_rng(seed)
    basis, response = fit.problem.basis, Response(fit.problem, fit.curvature)
    shift = square_root(fit.covariance) @ _normal(fit, count, random)
    sizes = response.learned(random)
    pulls = [response.pull(response.drawn(sizes, random)) for _ in range(count)]
    curvature = response.curvature
    away = curvature.factor.solve(np.stack(pulls, axis=1))
    away -= curvature.factor.back(curvature.border @ shift)
    shape = (basis.count, len(fit.coordinates) * count)
    changes = tuple(
        (table @ away.reshape(shape)).reshape(table.shape[0], -1, count).transpose(2, 0, 1)
        for table in basis.values[:3]
    )
    theta = fit.theta[:, None] + shift
    values = tuple(fit.problem.values(column) for column in theta.T)
    return changes, values


def _normal(fit: TrialFit, count: int, random: np.random.Generator) -> FloatArray:
    """Independent standard normal numbers of the P parameters, (P, count).

    Those of the centres of mass are drawn along the segments' axes: their own directions have signs
    that follow the last digit of a covariance, and so would the draws.
    """
    on, axes = fit.problem.on, fit.runner.centre_axes
    normal = random.standard_normal((len(on), count))
    along = axes @ random.standard_normal((axes.shape[1], count))
    for row, name in enumerate(on):
        if name.startswith(CENTRES):
            normal[row] = along[centre_direction(name)]
    return normal
