"""Joint fit of all trials of a session: one body, one clock, one laboratory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from aqbio.body.draws import DRAWN_BODIES, inertial_parameters
from aqbio.force_plates.alignment import ROTATION, SCALE
from aqbio.force_plates.single_plates import plate_error
from aqbio.inverse_dynamics.balance import adjusted_skeleton
from aqbio.inverse_dynamics.clocks import ClockScatter, Information, moved_clock, with_deviation
from aqbio.inverse_dynamics.common_parameters import CommonEquations, SettledParameters
from aqbio.inverse_dynamics.fit import TrialFit, fit_trial
from aqbio.inverse_dynamics.misfit import fit_misfits
from aqbio.inverse_dynamics.observations import Observations
from aqbio.inverse_dynamics.parameters import (
    CLOCK,
    MASS,
    Parameter,
    ParameterEstimate,
    Runner,
    Weights,
    estimates,
    priors,
    share_of_own_error,
)
from aqbio.inverse_dynamics.posterior_states import drawn_inertia, inertia_pulls, with_masses_of_fit
from aqbio.inverse_dynamics.solver import Solver
from aqbio.inverse_dynamics.stances import (
    PlantedFeet,
    Standing,
    StaticStance,
    com_over_cop,
    feet_equations,
    planted_feet,
    stance_equations,
    stance_pulls,
)
from aqbio.inverse_dynamics.structure import (
    Structure,
    air_shares,
    mean_shares,
    residual_structure,
    trial_groups,
)
from aqbio.multibody.motion import Motion
from aqbio.observed.misfit import log_odds, usual_misfits, widening
from aqbio.vectors import FloatArray, weighted_medians

MAX_LINEAR_CLOCK_S = 0.002
"""Difference between clocks over which equations are linear, s: forces at 20 Hz turn by a quarter
of a radian, and what is off is 3 % of it."""

MIN_REFIT_CLOCK_S = 0.005
"""Least clock for which a trial is fitted again with contacts and measured frames on it, s: that is
how accurately their instants are known, and frames keep 25 ms from forces that are not measured."""

MAX_LINEARISATIONS = 4
"""Solutions for the common parameters, each from the last."""

LOOSE_FORCE_SD_N = 100.0
"""Standard deviation of the residual force in the specification ``loose``."""

LOOSE_MOMENT_SD_NM = 30.0
"""Standard deviation of the residual moment in the specification ``loose``."""


EVEN = 0.5
"""Probability from which on a fitted motion is the better one."""

VAGUE_FACTOR = 5.0
"""Prior SD of mass, rotation and scale in fits of single trials, over that of the session."""


class Session:
    """Trials of one runner, before and after they are fitted together."""

    runner: Runner
    """Absent where no trial can be fitted."""
    parameters: tuple[Parameter, ...]
    """Quantities that all trials share and that the fit may adjust."""
    observations: dict[str, Observations]
    weights: dict[str, Weights]
    """observations, weights: Measurements and their standard deviations, by trial."""
    postures: dict[str, StaticStance]
    """Static postures on force plates, by trial."""
    plain: dict[str, str]
    """Reason why a trial is not fitted, by trial."""
    single_fits: dict[str, TrialFit]
    """Fits of single trials."""
    fits: dict[str, TrialFit]
    """With the session's parameters."""
    misfits: dict[str, dict[str, float]]
    """Of every fit, by trial and redundancy."""
    own_shares: dict[str, float]
    """Share of the variance of a trial's clock that is its own, by trial."""
    estimates: tuple[ParameterEstimate, ...]
    """Of the session; empty when no trial was fitted."""
    covariance: FloatArray
    """(P, P) array. Of those that are on."""
    plate_odds: dict[str, float]
    """Logarithm of the odds that a plate, or one of its errors, is far out and nothing else."""
    structures: list[Structure]
    """Mean forces that the fits leave in some or all trials."""
    standing: dict[str, Standing]
    """Centre of mass over the centre of pressure in the static postures, by trial."""

    def __init__(
        self,
        runner: Runner | None,
        observations: Mapping[str, Observations],
        weights: Mapping[str, Weights],
        parameters: Sequence[Parameter],
        postures: Mapping[str, StaticStance] | None = None,
        plain: Mapping[str, str] | None = None,
    ) -> None:
        """Collect the data; nothing is fitted yet."""
        if runner is not None:
            self.runner = runner
        self.parameters = tuple(parameters)
        self.observations, self.weights = dict(observations), dict(weights)
        self.postures, self.plain = dict(postures or {}), dict(plain or {})
        self.single_fits, self.fits, self.misfits, self.standing = {}, {}, {}, {}
        self.own_shares, self.plate_odds, self.structures = {}, {}, []
        self.estimates, self.covariance = (), np.zeros((0, 0))

    def support(self, name: str) -> float:
        """Probability that motion and forces of a fitted trial belong together."""
        usual = usual_misfits(self.observations[name].speed)
        return float(expit(log_odds(self.misfits[name], usual)))

    @property
    def accepted(self) -> tuple[str, ...]:
        """Trials whose fitted motion explains the recording better than the plain one."""
        return tuple(name for name in self.fits if self.support(name) >= EVEN)

    def fit_single_trials(self) -> None:
        """Fit every trial separately; on failure it keeps its plain motion.

        Late forces belong to other frames than those in which they came, so that contacts and
        measured frames are those of the clock that was found, in a second fit from there. What all
        trials tell together has a vague prior here, so that no misfit is its prior's; single plates
        are held until all trials are fitted together.
        """
        parameters = [
            replace(parameter, prior_sd=VAGUE_FACTOR * parameter.prior_sd)
            if parameter.name in (MASS, *ROTATION, SCALE)
            else parameter
            for parameter in self.parameters
        ]
        single_plates = [p.name for p in parameters if p.on and plate_error(p.name)[1]]
        for name, observations in list(self.observations.items()):
            weights = self.weights[name]
            try:
                fit = fit_trial(
                    self.runner, observations, weights, parameters, at_priors=single_plates
                )
                if abs(fit.clock.estimate) > MIN_REFIT_CLOCK_S:
                    there = self.observations[name] = observations.on_clock(fit.clock.estimate)
                    fit = fit_trial(
                        self.runner, there, weights, parameters, start=fit, at_priors=single_plates
                    )
                self.single_fits[name] = fit
                self.own_shares[name] = share_of_own_error(fit.solver.strides)
            except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
                self.plain[name] = f"the fit failed ({error})"

    def fit_together(self, draws: tuple[int, int] | None = None) -> None:
        """Estimate the common parameters of all trials and refit every trial with them.

        With each trial's information S (the motion eliminated, Schur's complement; frames
        discounted) and its remaining gradient g at its own θ, ``(Σ S + Λ) θ̂ = Σ (S θ + g) + Λ
        θ₀``, Λ and θ₀ being the priors'. A trial counts by the inverse square of its misfit over
        the usual one, and one whose clock is far from that of its single fit is linearised again
        there. Trials at more than one speed distinguish a clock offset from a shifted centre of
        mass or COP. `draws`: number and seed of draws of every fit.
        """
        fits = dict(self.single_fits)
        feet = planted_feet(self.runner, [fit.observations for fit in fits.values()])
        counts = {name: self._count(fit) for name, fit in fits.items()}
        deviations = self._clock_deviations()
        for _ in range(MAX_LINEARISATIONS):
            information = {
                name: (counts[name] * fit.equations[0], counts[name] * fit.equations[1])
                for name, fit in fits.items()
            }
            solution = self._solution(information, feet, deviations)
            estimated, deviations = solution.by_trial, solution.deviations
            distant = {
                name: own_values
                for name, (own_values, _) in estimated.items()
                if abs(fits[name].clock.estimate - own_values[CLOCK]) > MAX_LINEAR_CLOCK_S
            }
            if not distant:
                break
            fits |= {
                name: fits[name].linearised_with(own_values) for name, own_values in distant.items()
            }
        self.estimates = estimates(self.parameters, solution.values, solution.covariance)
        self.covariance, self.plate_odds = solution.covariance, solution.plate_odds
        self.standing = {
            name: Standing(
                *(com_over_cop(self.runner, body, posture) for body in ({}, solution.values, out))
            )
            for (name, posture), out in zip(self.postures.items(), solution.without, strict=True)
        }
        pulls = {}
        for name, single_fit in fits.items():
            own_values, own_covariance = estimated[name]
            own_estimates = estimates(self.parameters, own_values, own_covariance)
            self.fits[name] = fit = single_fit.refit_with(own_estimates, own_covariance, draws)
            self.misfits[name] = fit_misfits(fit, self.standing)
            if draws is not None and fit.draws is not None:
                pull = inertia_pulls(fit, fit.solver, DRAWN_BODIES, draws[1])
                pulls[name] = counts[name] * pull
            fit.solver.release()  # megabytes for every trial
        if draws is not None:
            self._answer_inertia(solution, pulls, draws[1])
            self._answer_data(solution, counts, draws[1])
        self.single_fits = {}
        self.structures = self._structures()

    def _answer_inertia(
        self, solution: Solution, pulls: Mapping[str, FloatArray], seed: int
    ) -> None:
        """Add to the draws how the session's parameters answer bodies of other inertia."""
        skeleton = adjusted_skeleton(self.runner, solution.values)
        base = inertial_parameters(skeleton)
        drawn = drawn_inertia(skeleton, self.runner, DRAWN_BODIES, seed)
        on = [parameter.name for parameter in self.parameters if parameter.on]
        held = with_masses_of_fit(drawn, base, self.runner, on)
        fixed = np.zeros((len(on), DRAWN_BODIES))
        for posture in self.postures.values():
            bodies = np.concatenate([base[None], held])
            fixed += stance_pulls(self.runner, self.parameters, posture, bodies)
        for name, change in solution.common.answers(solution.settled, pulls, fixed).items():
            fit = self.fits[name]
            assert fit.draws is not None
            self.fits[name] = replace(fit, draws=replace(fit.draws, by_inertia=change))

    def _answer_data(self, solution: Solution, counts: Mapping[str, float], seed: int) -> None:
        """Draw the parameters with their covariance by errors as residuals show them.

        ``C (Λ + F) C + Σ E[a aᵀ]`` with the covariance C that takes weights for errors, the
        precisions Λ of priors, the information F of planted feet and static postures, and what the
        parameters answer to the data errors of each trial, a.
        """
        common, settled, answers = solution.common, solution.settled, list[FloatArray]()
        none = np.zeros((len(settled.theta), 1))
        drawn = {name: fit.draws for name, fit in self.fits.items() if fit.draws is not None}
        for name, draws in drawn.items():
            answer = common.answers(settled, {name: counts[name] * draws.pulls}, none)[name]
            answers.append(answer @ answer.T / answer.shape[1])
        stated = np.diag(settled.precision) + sum(part for part, _ in common.fixed)
        session = solution.covariance @ stated @ solution.covariance + sum(answers)
        for name, draws in drawn.items():
            fit, covariance = self.fits[name], session
            if settled.scatters:
                trial, scatter = common.trials[name], settled.scatters[name]
                _, covariance = with_deviation(trial, common.clock, scatter, settled.theta, session)
            self.fits[name] = replace(fit, draws=draws.redrawn(fit.solver, covariance, seed))

    def _structures(self) -> list[Structure]:
        """Mean forces that the fits leave in some or all trials."""
        observations = [fit.observations for fit in self.fits.values()]
        groups = trial_groups([x.speed for x in observations], [x.heading for x in observations])
        shares, durations = mean_shares(self.fits)
        air = air_shares(self.fits)
        return residual_structure(shares, durations, list(self.fits), groups, air)

    def _count(self, fit: TrialFit) -> float:
        """Weight of a trial's information: its inverse variance, by the misfit of its own fit."""
        usual = usual_misfits(fit.observations.speed)
        return float(widening(fit_misfits(fit, {}), usual) ** -2.0)

    def _clock_deviations(self) -> dict[str, float]:
        """Deviations of the clocks of single fits from their median, s."""
        offsets, sds = np.array([fit.own_clock for fit in self.single_fits.values()]).T
        shifts = [self.shift(fit.observations.shift) for fit in self.single_fits.values()]
        clocks = offsets + np.array(shifts)
        [middle] = weighted_medians(clocks[:, None], sds**-2.0)
        return dict(zip(self.single_fits, (clocks - middle).tolist(), strict=True))

    def shift(self, force_shift: float) -> float:
        """Clock of the session less that of a trial whose forces were made earlier, s.

        The session's clock is that of forces as recorded, or where all were made earlier, after the
        median shift.
        """
        shifts = [observations.shift for observations in self.observations.values()]
        return force_shift - (float(np.median(shifts)) if all(shifts) else 0.0)

    def _on_trial_clock(self, name: str, values: Mapping[str, float]) -> dict[str, float]:
        """Values of a session on the clock of a trial's forces."""
        return {**values, CLOCK: values[CLOCK] - self.shift(self.observations[name].shift)}

    def _scatters(self, deviations: Mapping[str, float]) -> dict[str, ClockScatter]:
        """Priors of the trials' clocks about the session's, near deviations by trial, s."""
        lags = {
            name: self.observations[name].lag + self.shift(self.observations[name].shift)
            for name in deviations
        }
        finite = [lag for lag in lags.values() if np.isfinite(lag)]
        middle = float(np.median(finite)) if finite else np.nan
        return {
            name: ClockScatter.about(size, lags[name] - middle, self.own_shares[name])
            for name, size in deviations.items()
        }

    def _solution(
        self,
        information: Mapping[str, Information],
        feet: PlantedFeet,
        deviations: dict[str, float],
    ) -> Solution:
        """Solve for the common parameters, given the information of every trial.

        Priors of devices, and of `deviations` of the trials' clocks, s, have long tails
        (`CommonEquations`).
        """
        on = [parameter for parameter in self.parameters if parameter.on]
        at = [parameter.name for parameter in on].index(CLOCK)
        moved = {
            name: moved_clock(equations, at, self.shift(self.observations[name].shift))
            for name, equations in information.items()
        }
        postures = [
            stance_equations(self.runner, self.parameters, posture)
            for posture in self.postures.values()
        ]
        fixed = [feet_equations(feet, on), *postures]
        common = CommonEquations(on, moved, fixed, self._scatters)
        probable = common.settled(deviations)
        settled = common.averaged(probable)
        theta, matrix, right = settled.theta, settled.matrix, settled.right
        covariance = np.asarray(np.linalg.inv(matrix))
        own = {
            name: (theta, covariance)
            if common.is_alone
            else with_deviation(equations, at, settled.scatters[name], theta, covariance)
            for name, equations in moved.items()
        }
        return Solution(
            values=self._named(theta),
            covariance=covariance,
            without=[
                self._named(
                    np.asarray(np.linalg.solve(matrix - equations[0], right - equations[1]), float)
                )
                for equations in postures
            ],
            by_trial={
                name: (self._on_trial_clock(name, self._named(values)), spread)
                for name, (values, spread) in own.items()
            },
            deviations=settled.deviations,
            common=common,
            settled=settled,
            plate_odds=common.plate_odds(probable),
        )

    def _named(self, theta: FloatArray) -> dict[str, float]:
        """All parameters by name, with values (P,) of those that are on."""
        names = (parameter.name for parameter in self.parameters if parameter.on)
        return priors(self.parameters) | dict(zip(names, theta.tolist(), strict=True))

    def refit_loosely(
        self, starts: Mapping[str, tuple[FloatArray, Mapping[str, float]]]
    ) -> dict[str, tuple[Motion, dict[str, float]]]:
        """Motions and parameters by trial with residual sds about three times as large.

        `starts` are coordinates (T, C) and parameters of the session's fits by trial. One
        Gauss-Newton step of the whole session from there: within 0.02 standard deviations of a
        refit, where the weights move momentum by up to 0.6.
        """
        solvers, information, steps = {}, dict[str, Information](), {}
        for name, (q, values) in starts.items():
            weights = replace(
                self.weights[name],
                sigma_force_n=LOOSE_FORCE_SD_N,
                sigma_moment_nm=LOOSE_MOMENT_SD_NM,
            )
            observations = self.observations[name].on_clock(values[CLOCK])
            solver = Solver(self.runner, observations, weights, self.parameters, values)
            coefficients = solver.basis.nearest(q[:, solver.coordinates])
            solver.begin(coefficients, solver.theta(values))
            solver.linearise()
            information[name] = solver.information()
            steps[name] = coefficients, solver.factor.back(solver.half[0]), solver.following
            solver.release()
            solvers[name] = solver
            self.own_shares[name] = share_of_own_error(solver.strides)
        feet = planted_feet(self.runner, [solver.observations for solver in solvers.values()])
        clocks = {
            name: values[CLOCK] + self.shift(self.observations[name].shift)
            for name, (_, values) in starts.items()
        }
        common = float(np.median(list(clocks.values())))
        deviations = {name: clock - common for name, clock in clocks.items()}
        solution, refits = self._solution(information, feet, deviations), {}
        for name, (coefficients, free, following) in steps.items():
            solver, (own_values, _) = solvers[name], solution.by_trial[name]
            change_of_theta = solver.theta(own_values) - solver.theta(starts[name][1])
            change = (free + following @ change_of_theta).reshape(coefficients.shape)
            refits[name] = solver.motion(coefficients + change), own_values
        return refits


@dataclass(frozen=True, eq=False)
class Solution:
    """Common parameters of a session, and those on the clock of each trial."""

    values: dict[str, float]
    """Of all parameters."""
    covariance: FloatArray
    """(P, P) array. Of those that are on."""
    without: list[dict[str, float]]
    """Values without each static posture."""
    by_trial: dict[str, tuple[dict[str, float], FloatArray]]
    """Values and covariance on the clock of each trial."""
    deviations: dict[str, float]
    """Of each trial's clock from the session's, s."""
    common: CommonEquations
    settled: SettledParameters
    """common, settled: Equations of the parameters, and their solution."""
    plate_odds: dict[str, float]
    """Logarithm of the odds that a plate, or one of its errors, is far out and nothing else."""
