"""How sure the fitted motion is: samples of coordinates, and spread of what follows from them.

Laplace's approximation: the inverse of the normal matrix is the covariance of the splines'
coefficients. Soft tissue moves slower than frames come, so it counts frames as more than they are,
and it knows nothing of wrong models: spreads are multiplied by factors that were measured on
synthetic sprints with known truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aqbio.mechanics.consistency.adjusted import adjusted_skeleton
from aqbio.mechanics.consistency.fit import TrialFit
from aqbio.mechanics.multibody.kinematics import SegmentKinematics, segment_motion
from aqbio.mechanics.multibody.momentum import (
    angular_momentum,
    angular_momentum_rate,
    centre_of_mass,
)
from aqbio.mechanics.multibody.motion import Motion, coupled
from aqbio.mechanics.vectors import FloatArray

GROUP_MOMENTUM = 1.25
"""Inflation of the spread of a group's angular momentum. For 90 % of the frames of virtual sprints
inside 90 % intervals, 1.1 (legs), 0.8 (arms), 1.0 (torso) and 1.4 (pelvis) are needed where inverse
kinematics leaves 16 mm of marker error, two thirds of that at 11 mm (docs/consistency.md)."""

TOTAL_MOMENTUM = 1.5
"""Inflation of the spread of the whole body's angular momentum: 1.1 is needed in the mean of these
sprints, 1.6 in the worst."""

RATES = 1.0
"""Rates of groups need no inflation: 96 % and more covered; on virtual sprints errors are 0.1 to
0.5 of the spread."""

REFERENCE_RATE = 250.0
"""Frames per second at which the factors were measured, Hz: twice the frames of the same soft
tissue do not make the motion twice as sure."""

SAMPLES = 40


@dataclass(frozen=True, eq=False)
class Samples:
    """Motions and parameters that the data allow, not inflated."""

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
    ``C ~ N(Ĉ, A⁻¹ · rate / 250 Hz)`` given the parameters; these from their own covariance, the
    motion following them by the border: ``C − A⁻¹ B (θ − θ̂)``.
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
    fit: TrialFit, kinematics: SegmentKinematics, values: Mapping[str, float]
) -> tuple[FloatArray, FloatArray]:
    """Angular momentum of every group and, last, of the whole body, and their rates, (T, G+1, 3).

    About the whole body's centre of mass, in kg m²/s and N m, ground axes, of the body that
    parameters stand for, in a motion.

    Parameters
    ----------
    kinematics : SegmentKinematics
        Of the motion.
    values : mapping
        Parameters by name.
    """
    skeleton = adjusted_skeleton(fit.runner, values)
    segments = segment_motion(skeleton, kinematics)
    com, velocity, acceleration = centre_of_mass(segments)
    table = np.vstack([fit.runner.grouping, np.ones(len(skeleton.bodies))])
    momentum = angular_momentum(segments, com, velocity)
    rate = angular_momentum_rate(segments, com, acceleration)
    summed = [(table @ part.transpose(2, 1, 0)).transpose(2, 1, 0) for part in (momentum, rate)]
    return summed[0], summed[1]


def _draws(
    fit: TrialFit, count: int, seed: int
) -> tuple[tuple[FloatArray, ...], tuple[dict[str, float], ...]]:
    """Deviations of S draws from the fit, (S, T, N) of q, u and udot, and their parameters."""
    rng = np.random.default_rng(seed)
    basis, curvature = fit.problem.basis, fit.curvature
    thinned = np.sqrt(fit.observations.rate / REFERENCE_RATE)
    normal = rng.standard_normal((fit.coefficients.size, count))
    root = _square_root(fit.covariance)
    shift = root @ rng.standard_normal((len(root), count))
    away = curvature.factor.back(thinned * normal - curvature.border @ shift)
    shape = (basis.count, len(fit.coordinates) * count)
    changes = tuple(
        (table @ away.reshape(shape)).reshape(table.shape[0], -1, count).transpose(2, 0, 1)
        for table in basis.values[:3]
    )
    theta = fit.theta[:, None] + shift
    values = tuple(fit.problem.values(column) for column in theta.T)
    return changes, values


def _square_root(covariance: FloatArray) -> FloatArray:
    """R with ``R Rᵀ`` = covariance, which may have rows of zeros."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
