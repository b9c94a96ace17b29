"""Joint fit of all trials of a session: one body, one clock, one laboratory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.inverse_dynamics.clocks import (
    Information,
    moved_clock,
    own_clock,
    trials_of_other_clock,
    without_clock,
)
from aqbio.inverse_dynamics.fit import TrialFit, fit_trial
from aqbio.inverse_dynamics.observations import Observations
from aqbio.inverse_dynamics.parameters import (
    CLOCK,
    Parameter,
    ParameterEstimate,
    Runner,
    Weights,
    estimates,
    prior_precision,
    priors,
)
from aqbio.inverse_dynamics.solver import Solver
from aqbio.inverse_dynamics.stances import (
    PlantedFeet,
    Standing,
    StaticStance,
    com_over_cop,
    feet_equations,
    planted_feet,
    stance_equations,
)
from aqbio.inverse_dynamics.suspicion import Suspicion, find_suspicions
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.motion import Motion
from aqbio.vectors import FloatArray

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
    """With the session's parameters, accepted or suspect."""
    suspicions: dict[str, tuple[Suspicion, ...]]
    """By trial that was fitted; an empty tuple where the fit is accepted."""
    estimates: tuple[ParameterEstimate, ...]
    """Of the session; empty when no trial was fitted."""
    covariance: FloatArray
    """(P, P) array. Of those that are on."""
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
        self.single_fits, self.fits, self.suspicions, self.standing = {}, {}, {}, {}
        self.estimates, self.covariance = (), np.zeros((0, 0))

    @property
    def accepted(self) -> tuple[str, ...]:
        """Trials whose fit is used."""
        return tuple(name for name in self.fits if not self.suspicions[name])

    def fit_single_trials(self) -> None:
        """Fit every trial separately; on failure it keeps its plain motion.

        Late forces belong to other frames than those in which they came, so that contacts and
        measured frames are those of the clock that was found, in a second fit from there.
        """
        for name, observations in list(self.observations.items()):
            weights = self.weights[name]
            try:
                fit = fit_trial(self.runner, observations, weights, self.parameters)
                if abs(fit.clock.estimate) > MIN_REFIT_CLOCK_S:
                    there = self.observations[name] = observations.on_clock(fit.clock.estimate)
                    fit = fit_trial(self.runner, there, weights, self.parameters, start=fit)
                self.single_fits[name] = fit
            except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
                self.plain[name] = f"the fit failed ({error})"

    def fit_together(
        self,
        names: Iterable[str],
        loads: Mapping[str, Sequence[ExternalLoad]] | None = None,
        draws: tuple[int, int] | None = None,
    ) -> None:
        """Estimate the common parameters of trials, refit the trials with them and check the fits.

        With each trial's information S (the motion eliminated, Schur's complement; frames
        discounted) and its remaining gradient g at its own θ, ``(Σ S + Λ) θ̂ = Σ (S θ + g) + Λ
        θ₀``, Λ and θ₀ being the priors'. A trial whose clock is far from the common one is
        linearised again there, and one whose clock is another one keeps its own. Trials at more
        than one speed distinguish a clock offset from a shifted centre of mass or COP. `loads` are
        those of the feet, by trial; `draws` number and seed of draws of every fit.
        """
        single_fits = {name: self.single_fits[name] for name in names}
        feet = planted_feet(self.runner, [fit.observations for fit in single_fits.values()])
        clocks = {name: fit.own_clock for name, fit in single_fits.items()}
        other_clock = trials_of_other_clock(
            {
                name: (offset + self.shift(self.observations[name].shift), sd)
                for name, (offset, sd) in clocks.items()
            },
            {
                name: fit.observations.lag + self.shift(fit.observations.shift)
                for name, fit in single_fits.items()
            },
        )
        for _ in range(MAX_LINEARISATIONS):
            information = {name: fit.equations for name, fit in single_fits.items()}
            values, covariance, without = self._solution(information, feet, other_clock)
            estimated = {
                name: (self._on_trial_clock(name, values), covariance) for name in single_fits
            } | {
                name: self._with_own_clock(information[name], values, covariance)
                for name in other_clock
            }
            distant = {
                name: own_values
                for name, (own_values, _) in estimated.items()
                if abs(single_fits[name].clock.estimate - own_values[CLOCK]) > MAX_LINEAR_CLOCK_S
            }
            if not distant:
                break
            single_fits |= {
                name: single_fits[name].linearised_with(own_values)
                for name, own_values in distant.items()
            }
        self.estimates = estimates(self.parameters, values, covariance)
        self.covariance = covariance
        self.standing = {
            name: Standing(
                *(com_over_cop(self.runner, body, posture) for body in ({}, values, left_out))
            )
            for (name, posture), left_out in zip(self.postures.items(), without, strict=True)
        }
        for name, single_fit in single_fits.items():
            own_values, own_covariance = estimated[name]
            own_estimates = estimates(self.parameters, own_values, own_covariance)
            self.fits[name] = fit = single_fit.refit_with(own_estimates, own_covariance, draws)
            self.suspicions[name] = find_suspicions(fit, (loads or {}).get(name, ()))
            fit.solver.release()  # megabytes for every trial

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

    @property
    def _clock_row(self) -> tuple[int, float]:
        """Number of the clock among the parameters that are on, and its prior's precision."""
        on = [parameter.name for parameter in self.parameters if parameter.on]
        at = on.index(CLOCK)
        return at, float(prior_precision(self.parameters)[at])

    def _with_own_clock(
        self, information: Information, values: Mapping[str, float], covariance: FloatArray
    ) -> tuple[dict[str, float], FloatArray]:
        """Values of all parameters and covariance of fitted ones with a trial's own clock."""
        on = [parameter.name for parameter in self.parameters if parameter.on]
        theta = np.array([values[name] for name in on])
        theta, spread = own_clock(information, *self._clock_row, theta, covariance)
        return {**values, **dict(zip(on, theta.tolist(), strict=True))}, spread

    def _solution(
        self,
        information: Mapping[str, Information],
        feet: PlantedFeet,
        other_clock: Collection[str] = (),
    ) -> tuple[dict[str, float], FloatArray, list[dict[str, float]]]:
        """Values of all parameters, covariance of fitted ones, and values without each posture."""
        on = [parameter for parameter in self.parameters if parameter.on]
        at, precision = self._clock_row
        trial_equations = [
            without_clock(equations, at, precision)
            if name in other_clock
            else moved_clock(equations, at, self.shift(self.observations[name].shift))
            for name, equations in information.items()
        ]
        matrix = np.diag(prior_precision(self.parameters))
        right = matrix @ np.array([parameter.prior for parameter in on])
        posture_equations = [
            stance_equations(self.runner, self.parameters, posture)
            for posture in self.postures.values()
        ]
        for equations in (*trial_equations, feet_equations(feet, on), *posture_equations):
            matrix, right = matrix + equations[0], right + equations[1]

        def solve(matrix: FloatArray, right: FloatArray) -> dict[str, float]:
            theta = np.linalg.solve(matrix, right).tolist()
            names = (parameter.name for parameter in on)
            return priors(self.parameters) | dict(zip(names, theta, strict=True))

        without = [
            solve(matrix - equations[0], right - equations[1]) for equations in posture_equations
        ]
        return solve(matrix, right), np.asarray(np.linalg.inv(matrix)), without

    def sound_trials(self) -> list[str]:
        """Trials that may stay in the session: within limits when fitted alone, and not suspect.

        Common parameters beyond a limit make every trial suspect; then only the estimates of the
        single fits identify the faulty ones.
        """
        common = any(estimate.beyond_limit for estimate in self.estimates)
        return [
            name
            for name, fit in self.single_fits.items()
            if not any(estimate.beyond_limit for estimate in fit.estimates)
            and (common or not self.suspicions[name])
        ]

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
        feet = planted_feet(self.runner, [solver.observations for solver in solvers.values()])
        clocks = {
            name: values[CLOCK] + self.shift(self.observations[name].shift)
            for name, (_, values) in starts.items()
        }
        common = float(np.median(list(clocks.values())))
        other_clock = [name for name, clock in clocks.items() if not np.isclose(clock, common)]
        values, covariance, _ = self._solution(information, feet, other_clock)
        refits = {}
        for name, (coefficients, free, following) in steps.items():
            solver, own_values = solvers[name], self._on_trial_clock(name, values)
            if name in other_clock:
                own_values, _ = self._with_own_clock(information[name], values, covariance)
            change_of_theta = solver.theta(own_values) - solver.theta(starts[name][1])
            change = (free + following @ change_of_theta).reshape(coefficients.shape)
            refits[name] = solver.motion(coefficients + change), own_values
        return refits
