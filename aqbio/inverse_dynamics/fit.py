"""Fit of one trial: motion, parameters, residuals and posterior samples."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.inverse_dynamics.balance import Residual, laboratory_skeleton
from aqbio.inverse_dynamics.data_errors import Draws, Response, draw_posterior
from aqbio.inverse_dynamics.normal_equations import SingleArray
from aqbio.inverse_dynamics.observations import Observations
from aqbio.inverse_dynamics.parameters import (
    CLOCK,
    Parameter,
    ParameterEstimate,
    Runner,
    Weights,
    estimates,
    prior_precision,
    share_of_own_error,
)
from aqbio.inverse_dynamics.solver import Solver
from aqbio.multibody.kinematics import SegmentKinematics, segment_kinematics, segment_motion
from aqbio.multibody.momentum import angular_momentum, angular_momentum_rate, centre_of_mass
from aqbio.multibody.motion import Motion, with_dependent
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class TrialFit:
    """Result of one trial's consistency fit."""

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
    """Cost of the fit to markers only, without forces."""
    information: tuple[FloatArray, FloatArray] | None = None
    """Equations (P, P) and (P,) of the parameters without their priors, at the last of the points
    from which a step was made, a short one. None where the parameters were fixed."""
    following: SingleArray | None = None
    """(K N, P) array. Change of the coefficients with each parameter that is on, there; None where
    the parameters were fixed."""
    draws: Draws | None = None
    """Posterior draws, where they were requested."""

    @property
    def runner(self) -> Runner:
        """The runner before any adjustment."""
        return self.solver.runner

    @property
    def observations(self) -> Observations:
        """Measurements of the trial."""
        return self.solver.observations

    @property
    def weights(self) -> Weights:
        """Standard deviations that weighted the measurements."""
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
        return {estimate.name: estimate.estimate for estimate in self.estimates}

    @property
    def theta(self) -> FloatArray:
        """(P,) array: values of the parameters that are on."""
        return self.solver.theta(self.values)

    @property
    def clock(self) -> ParameterEstimate:
        """The clock's offset."""
        return next(estimate for estimate in self.estimates if estimate.name == CLOCK)

    @property
    def own_clock(self) -> tuple[float, float]:
        """The clock's offset and the standard deviation that is this trial's alone, s."""
        return self.clock.estimate, self.clock.sd * share_of_own_error(self.solver.strides) ** 0.5

    @property
    def equations(self) -> tuple[FloatArray, FloatArray]:
        """Equations (P, P) and (P,) of parameters that were estimated: `information`."""
        if self.information is None:
            raise ValueError("the parameters of this fit were fixed.")
        return self.information

    @cached_property
    def skeleton(self) -> Skeleton:
        """With the fitted masses and centres of mass, in the laboratory's frame."""
        return laboratory_skeleton(self.runner, self.values)

    @cached_property
    def before(self) -> Residual:
        """Residual before the fit: no clock offset, unadjusted inertia, no drag."""
        return self.solver.residual(self.observations.plain, {})

    @cached_property
    def after(self) -> Residual:
        """Residual of the fit."""
        return self.solver.residual(self.motion, self.values)

    def markers_moved(self, start: FloatArray) -> FloatArray:
        """(T, K) array, m: of the model's markers, from q (T, C) to the fit; NaN if missing.

        Beyond where soft tissue takes them.
        """
        solver = self.solver
        expected = solver.recorded_markers(self.motion.q, self.values)
        moved = np.linalg.norm(solver.recorded_markers(start) - expected, axis=2)
        return np.where(self.observations.visible, moved, np.nan)

    def coefficients_near(self, theta: FloatArray) -> FloatArray:
        """Extrapolate coefficients (K, N) linearly to other values (P,) of fitted parameters."""
        if self.following is None:
            return self.coefficients
        change = self.following @ (theta - self.theta)
        return np.asarray(self.coefficients + change.reshape(self.coefficients.shape))

    def linearised(self, *, motion_only: bool = False) -> Solver:
        """Solver at the solution, with its normal equations, or with those of the motion only."""
        point = "factor" in vars(self.solver) and self.solver.point
        if not point or point.coefficients is not self.coefficients:
            self.solver.begin(self.coefficients, self.theta)
            self.solver.linearise(motion_only=motion_only)
        elif not motion_only and "coupling" not in vars(self.solver):
            self.solver.couple()
        return self.solver

    def linearised_with(self, values: Mapping[str, float]) -> TrialFit:
        """Fit the motion at other values of the parameters, with the parameters' equations there.

        The solver keeps nothing.
        """
        solver = self.solver
        theta = solver.theta(values)
        solver.begin(self.coefficients_near(theta), theta)
        solver.descend(motion_only=True)
        solver.linearise()
        point, information = solver.point, solver.information()
        following = solver.following.astype(np.float32)
        solver.release()
        return replace(
            self,
            estimates=estimates(solver.parameters, values, self.covariance),
            coefficients=point.coefficients,
            motion=point.motion,
            information=information,
            following=following,
        )

    def refit_with(
        self,
        estimates: Sequence[ParameterEstimate],
        covariance: FloatArray,
        draws: tuple[int, int] | None = None,
    ) -> TrialFit:
        """Refit with the session's parameters fixed; `draws`: number and seed.

        The solver keeps its equations until it is released.
        """
        solver = self.solver
        theta = solver.theta({estimate.name: estimate.estimate for estimate in estimates})
        solver.begin(self.coefficients_near(theta), theta)
        solver.descend(motion_only=True)
        solver.refresh()
        point, sampled = solver.point, None
        if draws is not None:
            solver.linearise()  # what motion and parameters answer nearly cancels
            sampled = draw_posterior(Response(solver), covariance, *draws)
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
    at_priors: Collection[str] = (),
) -> TrialFit:
    """Fit one trial.

    Parameters that are on are estimated, unless values are `fixed` (missing ones are their priors).
    `start`: an earlier fit of the same trial with the same knots, to continue from. Parameters that
    `at_priors`, the last ones, keep these, and have equations in the end.

    Minimises ``Σ eᵀ S⁻¹ e + Σ (|r_F|²/σ_F² + |r_M|²/σ_M²) + Σ ((q − q_IK)/0.5)² + n Σ ((θ −
    θ₀)/σ_θ)²`` over the frames, with the markers' errors e and their covariance S by segment, and n
    the frames that count as one observation of the parameters θ. Raises ValueError where no frame
    is measured completely.
    """
    start_values = {} if start is None else start.values
    values, like = start_values if fixed is None else fixed, None if start is None else start.solver
    chosen = runner.parameters if parameters is None else parameters
    free = [replace(p, on=p.on and p.name not in at_priors) for p in chosen]
    solver = Solver(runner, observations, weights, free, values, like)
    if not solver.measured.any():
        raise ValueError("no frame of the trial has all its contacts measured.")
    theta = solver.theta(solver.fixed)
    if start is None:
        coefficients, markers_only = fit_of_markers(solver)
    else:
        coefficients = start.coefficients_near(start.solver.theta(solver.fixed))
        markers_only = start.q_markers_only, start.cost_markers_only
    solver.begin(coefficients, theta)
    solver.descend(motion_only=fixed is not None)
    information, following = None, None
    covariance = np.zeros((len(theta), len(theta)))
    if fixed is None:
        if at_priors:
            solver.free(chosen)
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
        q_markers_only=markers_only[0],
        cost_markers_only=markers_only[1],
        information=information,
        following=following,
    )


def fit_of_markers(solver: Solver) -> tuple[FloatArray, tuple[FloatArray, float]]:
    """Fit splines to the markers only: coefficients, coordinates and cost."""
    no_frames = np.zeros_like(solver.observations.measured)
    observations = replace(solver.observations, measured=no_frames)
    marker_solver = Solver(solver.runner, observations, solver.weights, (), solver.fixed, solver)
    marker_solver.begin(marker_solver.basis.nearest(marker_solver.solved), np.zeros(0))
    marker_solver.descend(motion_only=True)
    return marker_solver.point.coefficients, (
        marker_solver.point.motion.q,
        marker_solver.point.cost,
    )


def samples_of(fit: TrialFit, draws: Draws) -> Iterator[tuple[Motion, dict[str, float]]]:
    """Yield motions and parameters of draws one at a time, since all of them exceed memory."""
    for change, shift in zip(draws.coefficients, draws.theta.T, strict=True):
        yield moved_motion(fit, change[:, None]), fit.solver.values(fit.theta + shift)


def moved_motion(
    fit: TrialFit, change: FloatArray | SingleArray, frames: IntArray | slice = slice(None)
) -> Motion:
    """Motions of the fit with S changes of the coefficients, (K N, S), one after the other.

    In some of its frames: (S F, C) arrays.
    """
    samples, parts = change.shape[1], []
    by_knot = change.astype(float).reshape(len(fit.coefficients), -1)
    for name, table in zip(("q", "u", "udot"), fit.solver.basis.values[:3], strict=True):
        part = np.tile(getattr(fit.motion, name)[frames], (samples, 1))
        moved = np.asarray(table[frames] @ by_knot).reshape(-1, len(fit.coordinates), samples)
        part[:, fit.coordinates] += np.moveaxis(moved, 2, 0).reshape(len(part), -1)
        parts.append(part)
    return with_dependent(fit.skeleton, Motion(*parts))


def body_kinematics(
    fit: TrialFit, motion: Motion, values: Mapping[str, float]
) -> tuple[SegmentKinematics, Skeleton]:
    """Segment kinematics of a motion and the body adjusted by parameters, laboratory's frame."""
    body = laboratory_skeleton(fit.runner, values)
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
