"""What a fit leaves open: places of the centres of mass, and samples of motion and momentum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aqbio.config import ModelMap
from aqbio.consistency.balance import adjusted_skeleton, centre_shifts
from aqbio.consistency.data_errors import Draws, Response, drawn
from aqbio.consistency.fit import TrialFit
from aqbio.consistency.parameters import CENTRES, ParameterEstimate, Runner, centre_direction
from aqbio.gait.postures import posture_points
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, angular_momentum_rate, centre_of_mass
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray


@dataclass(frozen=True, eq=False)
class CentreEstimates:
    """Places of B segments' centres of mass against the model's, segment axes."""

    shift: FloatArray
    """(B, 3) array, m. What the forces moved them."""
    covariance: FloatArray
    prior_covariance: FloatArray
    """covariance, prior_covariance: (3 B, 3 B) arrays, m². After the forces and before them."""

    @property
    def sd(self) -> FloatArray:
        """(B, 3) array, m: standard deviations after the forces."""
        return _sds(self.covariance)

    @property
    def prior_sd(self) -> FloatArray:
        """(B, 3) array, m: standard deviations before the forces."""
        return _sds(self.prior_covariance)


def centre_estimates(
    runner: Runner, estimates: Sequence[ParameterEstimate], covariance: FloatArray
) -> CentreEstimates:
    """Centres of mass that fitted parameters stand for; `covariance` (P, P) of those on.

    Displacements are ``Vᵀ z + ε`` with the fitted directions V and a small rest ε that no fit
    touches: ``Σ' = Vᵀ S V + (Σ − Vᵀ V)`` with the covariance S of z.
    """
    before = runner.centre_covariance
    on = [one.name for one in estimates if one.parameter.on]
    rows = [row for row, name in enumerate(on) if name.startswith(CENTRES)]
    directions = runner.centres.reshape(len(runner.centres), -1)
    directions = directions[[centre_direction(on[row]) for row in rows]]
    learnt = np.eye(len(rows)) - covariance[np.ix_(rows, rows)]
    values = {one.name: one.estimate for one in estimates}
    after = before - directions.T @ learnt @ directions
    return CentreEstimates(centre_shifts(runner, values), after, before)


def _sds(covariance: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.maximum(np.diag(covariance), 0.0)).reshape(-1, 3))


SAMPLES = 40


@dataclass(frozen=True, eq=False)
class Samples:
    """Motions and parameters that the data allow."""

    motions: tuple[Motion, ...]
    """Tuple of S Motion."""
    values: tuple[dict[str, float], ...]
    """Tuple of S mappings. Parameters by name."""


def coordinate_samples(fit: TrialFit, count: int = SAMPLES, seed: int = 0) -> Samples:
    """Draw motions and parameters from their distribution after the fit."""
    draws = drawn(Response(fit.linearised()), fit.covariance, count, seed)
    fit.solver.release()
    return samples_of(fit, draws)


def samples_of(fit: TrialFit, draws: Draws) -> Samples:
    """Motions and parameters of draws from their distribution after the fit."""
    (knots, number), count = fit.coefficients.shape, draws.theta.shape[1]
    away = draws.coefficients.astype(float).reshape(knots, number * count)
    changes = [
        (table @ away).reshape(len(fit.motion.q), number, count)
        for table in fit.solver.basis.values[:3]
    ]
    motions = []
    for draw in range(count):
        parts = []
        for name, change in zip(("q", "u", "udot"), changes, strict=True):
            part = getattr(fit.motion, name).copy()
            part[:, fit.coordinates] += change[..., draw]
            parts.append(part)
        motions.append(with_dependent(fit.skeleton, Motion(*parts)))
    values = tuple(fit.solver.values(fit.theta + shift) for shift in draws.theta.T)
    return Samples(tuple(motions), values)


def group_momentum(
    fit: TrialFit, kinematics: SegmentKinematics, skeleton: Skeleton
) -> tuple[FloatArray, FloatArray]:
    """Angular momentum of every group and, last, the whole body, and its rate, (T, G+1, 3).

    About the whole body's centre of mass, ground axes.
    """
    segments = segment_motion(skeleton, kinematics)
    com, velocity, acceleration = centre_of_mass(segments)
    table = np.vstack([fit.runner.grouping, np.ones(len(skeleton.bodies))])
    momentum = angular_momentum(segments, com, velocity)
    rate = angular_momentum_rate(segments, com, acceleration)
    summed = [(table @ part.transpose(2, 1, 0)).transpose(2, 1, 0) for part in (momentum, rate)]
    return summed[0], summed[1]


def sampled_momentum(fit: TrialFit, samples: Samples) -> tuple[FloatArray, FloatArray]:
    """Momentum and its rate, as :func:`group_momentum`, of every sample, (S, T, G+1, 3) each.

    One sample at a time: stacked motions are no faster, for they leave the cache.
    """
    found = []
    for motion, values in zip(samples.motions, samples.values, strict=True):
        body = adjusted_skeleton(fit.runner, values)
        moves = segment_kinematics(body, motion.q, motion.u, motion.udot)
        found.append(group_momentum(fit, moves, body))
    momentum, rate = zip(*found, strict=True)
    return np.stack(momentum), np.stack(rate)


def sampled_postures(fit: TrialFit, model_map: ModelMap, samples: Samples) -> list[FloatArray]:
    """Points of `posture_points` of every sample, (T, P, 3) each."""
    found = []
    for motion, values in zip(samples.motions, samples.values, strict=True):
        body = adjusted_skeleton(fit.runner, values)
        moves = segment_kinematics(body, motion.q, motion.u, motion.udot)
        found.append(posture_points(body, model_map, moves, whole_body_centre(body, moves)))
    return found


def whole_body_centre(skeleton: Skeleton, kinematics: SegmentKinematics) -> FloatArray:
    """Centre of mass of the whole body, (T, 3), m."""
    return centre_of_mass(segment_motion(skeleton, kinematics))[0]
