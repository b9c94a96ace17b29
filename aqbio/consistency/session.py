"""All trials of a participant in one session: one body, one clock, one laboratory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from aqbio.consistency.fit import TrialFit, fit_trial
from aqbio.consistency.observations import Observations
from aqbio.consistency.parameters import (
    Parameter,
    ParameterEstimate,
    Runner,
    Weights,
    estimates,
    prior_precision,
    priors,
)
from aqbio.consistency.solver import Solver
from aqbio.consistency.stances import (
    PlantedFeet,
    Standing,
    StaticStance,
    com_over_cop,
    feet_equations,
    planted_feet,
    stance_equations,
)
from aqbio.consistency.suspicion import Suspicion, doubts
from aqbio.multibody.dynamics import ExternalLoad
from aqbio.multibody.motion import Motion
from aqbio.vectors import FloatArray

LOOSE = 100.0, 30.0
"""Standard deviations of residual force and moment of the specification ``loose``, N and N m."""


class Session:
    """Trials of one runner, before and after they are fitted together."""

    runner: Runner
    """Absent where no trial can be fitted."""
    parameters: tuple[Parameter, ...]
    """What may be a little wrong in all trials."""
    observations: dict[str, Observations]
    weights: dict[str, Weights]
    """observations, weights: What was measured by trial, and how much it weighs."""
    still: dict[str, StaticStance]
    """Static postures on force plates, by trial."""
    plain: dict[str, str]
    """Why a trial is not fitted, by trial."""
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
    """What became of the static postures."""

    def __init__(
        self,
        runner: Runner | None,
        observations: Mapping[str, Observations],
        weights: Mapping[str, Weights],
        parameters: Sequence[Parameter],
        still: Mapping[str, StaticStance] | None = None,
        plain: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing is fitted yet."""
        if runner is not None:
            self.runner = runner
        self.parameters = tuple(parameters)
        self.observations, self.weights = dict(observations), dict(weights)
        self.still, self.plain = dict(still or {}), dict(plain or {})
        self.single_fits, self.fits, self.suspicions, self.standing = {}, {}, {}, {}
        self.estimates, self.covariance = (), np.zeros((0, 0))

    @property
    def accepted(self) -> tuple[str, ...]:
        """Trials whose fit is used."""
        return tuple(name for name in self.fits if not self.suspicions[name])

    def fit_alone(self) -> None:
        """Fit every trial by itself; one whose equations cannot be solved stays plain."""
        for name, observations in self.observations.items():
            try:
                self.single_fits[name] = fit_trial(
                    self.runner, observations, self.weights[name], self.parameters
                )
            except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
                self.plain[name] = f"the fit failed ({error})"

    def settle(
        self,
        names: Iterable[str],
        loads: Mapping[str, Sequence[ExternalLoad]] | None = None,
        draws: tuple[int, int] | None = None,
    ) -> None:
        """Find the common parameters of some trials, fit these trials with them and judge them.

        With each trial's information S (the motion eliminated, Schur's complement; frames
        discounted) and its remaining gradient g at its own θ, ``(Σ S + Λ) θ̂ = Σ (S θ + g) + Λ
        θ₀``, Λ and θ₀ being the priors'. Trials at more than one speed distinguish a clock offset
        from a shifted centre of mass or COP. `loads` are those of the feet, by trial; `draws`
        number and seed of draws of every fit.
        """
        single_fits = {name: self.single_fits[name] for name in names}
        informed = [one.information for one in single_fits.values() if one.information is not None]
        values, covariance, without = self._solution(
            informed, planted_feet(self.runner, [one.observations for one in single_fits.values()])
        )
        self.estimates = estimates(self.parameters, values, covariance)
        self.covariance = covariance
        self.standing = {
            name: Standing(*(com_over_cop(self.runner, body, one) for body in ({}, values, other)))
            for (name, one), other in zip(self.still.items(), without, strict=True)
        }
        for name, one in single_fits.items():
            self.fits[name] = fit = one.settled(self.estimates, covariance, draws)
            self.suspicions[name] = doubts(fit, (loads or {}).get(name, ()))
            fit.solver.release()  # megabytes for every trial

    def _solution(
        self, informed: Sequence[tuple[FloatArray, FloatArray]], feet: PlantedFeet
    ) -> tuple[dict[str, float], FloatArray, list[dict[str, float]]]:
        """Values of all parameters, covariance of those on, and values without each posture."""
        on = [parameter for parameter in self.parameters if parameter.on]
        matrix = np.diag(prior_precision(self.parameters))
        right = matrix @ np.array([parameter.prior for parameter in on])
        added = [stance_equations(self.runner, self.parameters, one) for one in self.still.values()]
        for own in (*informed, feet_equations(feet, on), *added):
            matrix, right = matrix + own[0], right + own[1]

        def solved(matrix: FloatArray, right: FloatArray) -> dict[str, float]:
            theta = np.linalg.solve(matrix, right).tolist()
            names = (parameter.name for parameter in on)
            return priors(self.parameters) | dict(zip(names, theta, strict=True))

        without = [solved(matrix - own[0], right - own[1]) for own in added]
        return solved(matrix, right), np.asarray(np.linalg.inv(matrix)), without

    def sound(self) -> list[str]:
        """Trials that may stay in the session: within the limits by themselves, and not suspect.

        A session whose common parameters are beyond a limit makes every trial suspect; then only
        the trials' own estimates tell which of them is at fault.
        """
        common = any(one.beyond_limit for one in self.estimates)
        return [
            name
            for name, fit in self.single_fits.items()
            if not any(one.beyond_limit for one in fit.estimates)
            and (common or not self.suspicions[name])
        ]

    def loose(
        self, starts: Mapping[str, tuple[FloatArray, Mapping[str, float]]]
    ) -> dict[str, tuple[Motion, dict[str, float]]]:
        """Motions and parameters by trial with forces trusted a third as much.

        `starts` are coordinates (T, C) and parameters of the session's fits by trial. One
        Gauss-Newton step of the whole session from there: within 0.02 standard deviations of a
        refit, where the weights move momentum by up to 0.6.
        """
        solvers, informed, ahead = {}, [], {}
        for name, (q, values) in starts.items():
            force, moment = LOOSE
            weights = replace(self.weights[name], sigma_force_n=force, sigma_moment_nm=moment)
            solver = Solver(self.runner, self.observations[name], weights, self.parameters, values)
            place = solver.basis.nearest(q[:, solver.coordinates])
            solver.begin(place, solver.theta(values))
            solver.linearise()
            informed.append(solver.information())
            ahead[name] = place, solver.factor.back(solver.half[0]), solver.following
            solver.release()
            solvers[name] = solver
        feet = planted_feet(self.runner, [one.observations for one in solvers.values()])
        values, *_ = self._solution(informed, feet)
        found = {}
        for name, (place, free, following) in ahead.items():
            solver = solvers[name]
            away = solver.theta(values) - solver.theta(starts[name][1])
            change = (free + following @ away).reshape(place.shape)
            found[name] = solver.motion(place + change), values
        return found
