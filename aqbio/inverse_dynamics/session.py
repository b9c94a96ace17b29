"""Joint fit of all trials of a session: one body, one clock, one laboratory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.inverse_dynamics.fit import TrialFit, fit_trial
from aqbio.inverse_dynamics.observations import Observations
from aqbio.inverse_dynamics.parameters import (
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
        """Fit every trial separately; on failure it keeps its plain motion."""
        for name, observations in self.observations.items():
            try:
                self.single_fits[name] = fit_trial(
                    self.runner, observations, self.weights[name], self.parameters
                )
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
        θ₀``, Λ and θ₀ being the priors'. Trials at more than one speed distinguish a clock offset
        from a shifted centre of mass or COP. `loads` are those of the feet, by trial; `draws`
        number and seed of draws of every fit.
        """
        single_fits = {name: self.single_fits[name] for name in names}
        information = [
            fit.information for fit in single_fits.values() if fit.information is not None
        ]
        values, covariance, without = self._solution(
            information,
            planted_feet(self.runner, [fit.observations for fit in single_fits.values()]),
        )
        self.estimates = estimates(self.parameters, values, covariance)
        self.covariance = covariance
        self.standing = {
            name: Standing(
                *(com_over_cop(self.runner, body, posture) for body in ({}, values, left_out))
            )
            for (name, posture), left_out in zip(self.postures.items(), without, strict=True)
        }
        for name, single_fit in single_fits.items():
            self.fits[name] = fit = single_fit.refit_with(self.estimates, covariance, draws)
            self.suspicions[name] = find_suspicions(fit, (loads or {}).get(name, ()))
            fit.solver.release()  # megabytes for every trial

    def _solution(
        self, information: Sequence[tuple[FloatArray, FloatArray]], feet: PlantedFeet
    ) -> tuple[dict[str, float], FloatArray, list[dict[str, float]]]:
        """Values of all parameters, covariance of fitted ones, and values without each posture."""
        on = [parameter for parameter in self.parameters if parameter.on]
        matrix = np.diag(prior_precision(self.parameters))
        right = matrix @ np.array([parameter.prior for parameter in on])
        posture_equations = [
            stance_equations(self.runner, self.parameters, posture)
            for posture in self.postures.values()
        ]
        for equations in (*information, feet_equations(feet, on), *posture_equations):
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
        solvers, information, steps = {}, [], {}
        for name, (q, values) in starts.items():
            weights = replace(
                self.weights[name],
                sigma_force_n=LOOSE_FORCE_SD_N,
                sigma_moment_nm=LOOSE_MOMENT_SD_NM,
            )
            solver = Solver(self.runner, self.observations[name], weights, self.parameters, values)
            coefficients = solver.basis.nearest(q[:, solver.coordinates])
            solver.begin(coefficients, solver.theta(values))
            solver.linearise()
            information.append(solver.information())
            steps[name] = coefficients, solver.factor.back(solver.half[0]), solver.following
            solver.release()
            solvers[name] = solver
        feet = planted_feet(self.runner, [solver.observations for solver in solvers.values()])
        values, *_ = self._solution(information, feet)
        refits = {}
        for name, (coefficients, free, following) in steps.items():
            solver = solvers[name]
            change_of_theta = solver.theta(values) - solver.theta(starts[name][1])
            change = (free + following @ change_of_theta).reshape(coefficients.shape)
            refits[name] = solver.motion(coefficients + change), values
        return refits
