"""A trial, made consistent: what a fit found, and what it began with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.consistency.balance import Residual, adjusted_skeleton
from aqbio.consistency.data_errors import Draws, Response, drawn
from aqbio.consistency.normal_equations import SingleArray
from aqbio.consistency.observations import Observations
from aqbio.consistency.parameters import (
    Parameter,
    ParameterEstimate,
    Runner,
    Weights,
    estimates,
    prior_precision,
)
from aqbio.consistency.solver import Solver
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, angular_momentum_rate, centre_of_mass
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class TrialFit:
    """A trial, made consistent."""

    solver: Solver
    """Of the trial, with runner, observations, weights and parameters."""
    estimates: tuple[ParameterEstimate, ...]
    """All parameters, in order."""
    covariance: FloatArray
    """(P, P) array. Of the parameters that are on."""
    coefficients: FloatArray
    """(K, N) array. Of the splines."""
    motion: Motion
    """All coordinates, speeds and accelerations in every frame."""
    cost: tuple[float, ...]
    """At the start and after each step."""
    q_markers_only: FloatArray
    """(T, C) array, rad or m. Of splines that follow only the markers, weighted by segment."""
    cost_markers_only: float
    """Of markers only: what the cost would be without forces."""
    information: tuple[FloatArray, FloatArray] | None = None
    """Equations (P, P) and (P,) of the parameters without their priors, at the last of the points
    from which a step was made, a short one. None where the parameters were fixed."""
    following: SingleArray | None = None
    """(K N, P) array. Change of the coefficients with each parameter that is on, there; None where
    the parameters were fixed."""
    draws: Draws | None = None
    """What else the data allow, where it was asked for."""

    @property
    def runner(self) -> Runner:
        """The runner before any adjustment."""
        return self.solver.runner

    @property
    def observations(self) -> Observations:
        """What was measured."""
        return self.solver.observations

    @property
    def weights(self) -> Weights:
        """How much it weighed."""
        return self.solver.weights

    @property
    def coordinates(self) -> IntArray:
        """(N,) int: coordinates that were fitted."""
        return self.solver.coordinates

    @property
    def measured(self) -> BoolArray:
        """(T,) bool: frames in which the equations of motion hold."""
        return self.solver.measured

    @property
    def values(self) -> dict[str, float]:
        """Parameters by name."""
        return {one.name: one.estimate for one in self.estimates}

    @property
    def theta(self) -> FloatArray:
        """(P,) array: values of the parameters that are on."""
        return self.solver.theta(self.values)

    @cached_property
    def skeleton(self) -> Skeleton:
        """With the fitted masses and centres of mass."""
        return adjusted_skeleton(self.runner, self.values)

    @cached_property
    def before(self) -> Residual:
        """Residual of the plain way: measured clock, given body, no air."""
        return self.solver.residual(self.observations.plain, {})

    @cached_property
    def after(self) -> Residual:
        """Residual of the fit."""
        return self.solver.residual(self.motion, self.values)

    def markers_moved(self, start: FloatArray) -> FloatArray:
        """(T, K) array, m: of the model's markers, from q (T, C) to the fit; NaN if missing."""
        both = (self.solver.recorded_markers(q) for q in (start, self.motion.q))
        moved = np.linalg.norm(np.subtract(*both), axis=2)
        return np.where(self.observations.visible, moved, np.nan)

    def near(self, theta: FloatArray) -> FloatArray:
        """Coefficients (K, N) that follow the parameters that are on, (P,), to other values."""
        if self.following is None:
            return self.coefficients
        change = self.following @ (theta - self.theta)
        return np.asarray(self.coefficients + change.reshape(self.coefficients.shape))

    def linearised(self) -> Solver:
        """The solver at the end of the fit, with equations and a factor, maybe of one nearby."""
        here = "factor" in vars(self.solver) and self.solver.point
        if not here or here.coefficients is not self.coefficients:
            self.solver.begin(self.coefficients, self.theta)
            self.solver.linearise()
        return self.solver

    def settled(
        self,
        estimates: Sequence[ParameterEstimate],
        covariance: FloatArray,
        draws: tuple[int, int] | None = None,
    ) -> TrialFit:
        """The fit with parameters of its session, fixed; `draws`: number and seed.

        The solver keeps its equations, at the end of the fit, until it is released.
        """
        solver = self.solver
        theta = solver.theta({one.name: one.estimate for one in estimates})
        solver.begin(self.near(theta), theta)
        solver.descend(motion_only=True)
        solver.refresh()
        point = solver.point
        sampled = None if draws is None else drawn(Response(solver), covariance, *draws)
        return replace(
            self,
            estimates=tuple(estimates),
            covariance=covariance,
            coefficients=point.coefficients,
            motion=point.motion,
            cost=tuple(solver.history),
            information=None,
            following=None,
            draws=sampled,
        )


def fit_trial(
    runner: Runner,
    observations: Observations,
    weights: Weights | None = None,
    parameters: Sequence[Parameter] | None = None,
    fixed: Mapping[str, float] | None = None,
    start: TrialFit | None = None,
) -> TrialFit:
    """Fit one trial.

    Parameters that are on are estimated, unless values are `fixed` (missing ones are their priors).
    `start` is a fit of the same trial with the same knots to go on from.

    Minimises ``Σ eᵀ S⁻¹ e + Σ (|r_F|²/σ_F² + |r_M|²/σ_M²) + Σ ((q − q_IK)/0.5)² + n Σ ((θ −
    θ₀)/σ_θ)²`` over the frames, with the markers' errors e and their covariance S by segment, and n
    the frames that count as one observation of the parameters θ. Raises ValueError where no frame
    is measured completely.
    """
    begun = {} if start is None else start.values
    known, like = begun if fixed is None else fixed, None if start is None else start.solver
    solver = Solver(runner, observations, weights, parameters, known, like)
    if not solver.measured.any():
        raise ValueError("no frame of the trial has all its contacts measured.")
    theta = solver.theta(solver.fixed)
    if start is None:
        coefficients, alone = fit_of_markers(solver)
    else:
        coefficients, alone = start.near(theta), (start.q_markers_only, start.cost_markers_only)
    solver.begin(coefficients, theta)
    solver.descend(motion_only=fixed is not None)
    information, following = None, None
    covariance = np.zeros((len(theta), len(theta)))
    if fixed is None:
        information = solver.information()
        prior = np.diag(prior_precision(solver.parameters))
        covariance = np.asarray(np.linalg.inv(prior + information[0]))
        following = solver.following.astype(np.float32)  # of starts: megabytes for every trial
    point = solver.point
    solver.release()
    return TrialFit(
        solver=solver,
        estimates=estimates(solver.parameters, solver.values(point.theta), covariance),
        covariance=covariance,
        coefficients=point.coefficients,
        motion=point.motion,
        cost=tuple(solver.history),
        q_markers_only=alone[0],
        cost_markers_only=alone[1],
        information=information,
        following=following,
    )


def fit_of_markers(solver: Solver) -> tuple[FloatArray, tuple[FloatArray, float]]:
    """Coefficients of splines that follow the markers only; their coordinates, and cost."""
    nowhere = np.zeros_like(solver.observations.measured)
    seen = replace(solver.observations, measured=nowhere)
    blind = Solver(solver.runner, seen, solver.weights, (), solver.fixed, solver)
    blind.begin(blind.basis.nearest(blind.solved), np.zeros(0))
    blind.descend(motion_only=True)
    return blind.point.coefficients, (blind.point.motion.q, blind.point.cost)


def samples_of(fit: TrialFit, draws: Draws) -> Iterator[tuple[Motion, dict[str, float]]]:
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
