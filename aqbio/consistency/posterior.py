"""What a fit leaves open: places of the centres of mass, and samples of motion and momentum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from aqbio.consistency.balance import adjusted_skeleton, centre_shifts
from aqbio.consistency.data_errors import Draws, Response, drawn
from aqbio.consistency.fit import TrialFit
from aqbio.consistency.parameters import CENTRES, ParameterEstimate, Runner, centre_direction
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, angular_momentum_rate, centre_of_mass
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray


def centre_estimates(
    runner: Runner, estimates: Sequence[ParameterEstimate], covariance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Shifts (B, 3), m, of centres of mass that fitted parameters stand for; segment axes.

    With their covariance after the forces, (3 B, 3 B), from that of the parameters that are on,
    (P, P). Displacements are ``Vᵀ z + ε`` with the fitted directions V and a small rest ε that no
    fit touches: ``Σ' = Vᵀ S V + (Σ − Vᵀ V)`` with the covariance S of z.
    """
    on = [one.name for one in estimates if one.parameter.on]
    rows = [row for row, name in enumerate(on) if name.startswith(CENTRES)]
    directions = runner.centres.reshape(len(runner.centres), -1)
    directions = directions[[centre_direction(on[row]) for row in rows]]
    learnt = np.eye(len(rows)) - covariance[np.ix_(rows, rows)]
    values = {one.name: one.estimate for one in estimates}
    after = runner.centre_covariance - directions.T @ learnt @ directions
    return centre_shifts(runner, values), after


SAMPLES = 40

Sample = tuple[Motion, dict[str, float]]
"""A motion and the parameters, by name, that the data allow."""


def coordinate_samples(fit: TrialFit, count: int = SAMPLES, seed: int = 0) -> list[Sample]:
    """Draw motions and parameters from their distribution after the fit."""
    draws = drawn(Response(fit.linearised()), fit.covariance, count, seed)
    fit.solver.release()
    return list(samples_of(fit, draws))


def samples_of(fit: TrialFit, draws: Draws) -> Iterator[Sample]:
    """Motions and parameters of draws, one at a time: together they are megabytes a second."""
    for away, shift in zip(draws.coefficients.T, draws.theta.T, strict=True):
        change, parts = away.astype(float).reshape(fit.coefficients.shape), []
        for name, table in zip(("q", "u", "udot"), fit.solver.basis.values[:3], strict=True):
            part = getattr(fit.motion, name).copy()
            part[:, fit.coordinates] += table @ change
            parts.append(part)
        motion = with_dependent(fit.skeleton, Motion(*parts))
        yield motion, fit.solver.values(fit.theta + shift)


def moved_body(
    fit: TrialFit, motion: Motion, values: Mapping[str, float]
) -> tuple[SegmentKinematics, Skeleton]:
    """How a motion moves the body that parameters give, and this."""
    body = adjusted_skeleton(fit.runner, values)
    return segment_kinematics(body, motion.q, motion.u, motion.udot), body


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


def whole_body_centre(skeleton: Skeleton, kinematics: SegmentKinematics) -> FloatArray:
    """Centre of mass of the whole body, (T, 3), m."""
    return centre_of_mass(segment_motion(skeleton, kinematics))[0]
