"""Equations of the parameters that a session's trials share, and their solution.

Priors of devices and of the trials' clocks have long tails. The most probable parameters are solved
for again and again with the precisions of the last solution; their means and covariance are those
of the tails themselves (`aqbio.inverse_dynamics.long_tails`). What makes one force plate far out
may be another device: how much worse the others explain the session with that plate held where it
was stated tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.force_plates.single_plates import plate_error
from aqbio.inverse_dynamics.clocks import (
    ClockScatter,
    Information,
    deviation,
    tail_precision,
    without_scatter,
)
from aqbio.inverse_dynamics.long_tails import factors_of_tails
from aqbio.inverse_dynamics.parameters import CLOCK, Parameter, is_device
from aqbio.vectors import BoolArray, FloatArray

MAX_SOLUTIONS = 20
"""Solutions with priors that have long tails, each with their precisions at the last one."""

SETTLED_SD = 0.01
"""Change of the parameters between two of them below which they are settled, in prior sds."""

FAR_SD = 2.6
"""Prior standard deviations from which on a plate is asked whether another device is the cause."""

HELD_SHARE = 1e-3
"""Prior standard deviation of a plate that is held where it was stated, over the usual one."""


@dataclass(frozen=True, eq=False)
class SettledParameters:
    """Solution whose precisions of priors no longer change."""

    theta: FloatArray
    """(P,) array. Values of the parameters that are on."""
    matrix: FloatArray
    right: FloatArray
    """matrix, right: (P, P) and (P,) arrays. Equations with the priors."""
    precision: FloatArray
    """(P,) array. Of the priors in them."""
    scatters: Mapping[str, ClockScatter]
    """Priors of the trials' clocks; empty where a single clock is the session's."""
    deviations: dict[str, float]
    """Of each trial's clock from the session's, s."""


@dataclass(frozen=True, eq=False)
class CommonEquations:
    """Information on the parameters from trials, whose clocks scatter, and from the rest."""

    parameters: Sequence[Parameter]
    """Those that are on."""
    trials: Mapping[str, Information]
    """By trial, on the session's clock."""
    fixed: Sequence[Information]
    """Of planted feet and of static postures."""
    scatters: Callable[[Mapping[str, float]], dict[str, ClockScatter]]
    """Priors of the trials' clocks near deviations by trial, s."""

    @cached_property
    def prior(self) -> FloatArray:
        """(P,) array: means of the priors."""
        return np.array([parameter.prior for parameter in self.parameters])

    @cached_property
    def sd(self) -> FloatArray:
        """(P,) array: standard deviations of the priors."""
        return np.array([parameter.prior_sd for parameter in self.parameters])

    @cached_property
    def has_tails(self) -> BoolArray:
        """(P,) bool: priors with long tails."""
        return np.array([is_device(parameter.name) for parameter in self.parameters])

    @property
    def clock(self) -> int:
        """Number of the clock's parameter."""
        return [parameter.name for parameter in self.parameters].index(CLOCK)

    @property
    def is_alone(self) -> bool:
        """True where the clock of the only trial is the session's."""
        return len(self.trials) < 2

    def settled(
        self, deviations: Mapping[str, float], sd: FloatArray | None = None
    ) -> SettledParameters:
        """Solve near deviations of the clocks, s; `sd` of the priors where they are others."""
        theta, sd = self.prior, self.sd if sd is None else sd
        deviations = dict(deviations)
        for _ in range(MAX_SOLUTIONS):
            scatters = {} if self.is_alone else self.scatters(deviations)
            tails = [tail_precision(*pair) for pair in zip(theta - self.prior, sd, strict=True)]
            precision = np.where(self.has_tails, tails, sd**-2.0)
            matrix, right = np.diag(precision), precision * self.prior
            for equations in (*self._of_trials(scatters), *self.fixed):
                matrix, right = matrix + equations[0], right + equations[1]
            before, theta = theta, np.linalg.solve(matrix, right)
            deviations = {
                name: deviation(equations, self.clock, scatters[name], theta) if scatters else 0.0
                for name, equations in self.trials.items()
            }
            if (np.abs(theta - before) < SETTLED_SD * sd).all():
                break
        return SettledParameters(theta, matrix, right, precision, scatters, deviations)

    def averaged(self, solution: SettledParameters) -> SettledParameters:
        """Means of the parameters in place of the most probable ones, with their covariance."""
        matrix = solution.matrix - np.diag(np.where(self.has_tails, solution.precision, 0.0))
        right = solution.right - solution.matrix @ self.prior
        factors = factors_of_tails(matrix, right, self.sd, self.has_tails)
        precision = np.where(self.has_tails, factors[0], solution.precision)
        matrix, pull = matrix + np.diag(factors[0]), right + factors[1]
        theta = self.prior + np.linalg.solve(matrix, pull)
        deviations = {
            name: deviation(equations, self.clock, solution.scatters[name], theta)
            for name, equations in self.trials.items()
            if solution.scatters
        }
        return replace(
            solution,
            theta=theta,
            matrix=matrix,
            right=pull + matrix @ self.prior,
            precision=precision,
            deviations=solution.deviations | deviations,
        )

    def answers(
        self, solution: SettledParameters, pulls: Mapping[str, FloatArray], fixed: FloatArray
    ) -> dict[str, FloatArray]:
        """Change (P, J) of the parameters, on the clock of each trial, with J errors of the body.

        `pulls` (P, J) by trial, and those on static postures, `fixed`.
        """
        total, slopes = fixed, {}
        for name, pull in pulls.items():
            total = total + pull
            if solution.scatters:
                row = self.trials[name][0][self.clock]
                slopes[name] = row / (row[self.clock] + solution.scatters[name].precision)
                total = total - np.outer(slopes[name], pull[self.clock])
        change: FloatArray = np.asarray(np.linalg.solve(solution.matrix, total), dtype=float)
        changes = {name: change.copy() for name in pulls}
        for name, slope in slopes.items():
            own = self.trials[name][0][self.clock, self.clock] + solution.scatters[name].precision
            changes[name][self.clock] += pulls[name][self.clock] / own - slope @ change
        return changes

    def _of_trials(self, scatters: Mapping[str, ClockScatter]) -> list[Information]:
        return [
            without_scatter(equations, self.clock, scatters[name]) if scatters else equations
            for name, equations in self.trials.items()
        ]

    def plate_odds(self, solution: SettledParameters) -> dict[str, float]:
        """Logarithm of the odds that a plate is far out and no other device, by far plates.

        By the name of an error: that it is this one, and no other of the plate or of a device.
        ``J = ½ θᵀ A θ − bᵀ θ + Σ ln(1 + δ²/2σ²)``, the sum over devices and ``½ δ²/σ²``
        otherwise, of the best parameters with plate or error held, less that of the solution.
        """
        matrix = solution.matrix - np.diag(solution.precision)
        right = solution.right - solution.precision * self.prior

        def cost(theta: FloatArray) -> float:
            square = 0.5 * ((theta - self.prior) / self.sd) ** 2
            penalty = np.where(self.has_tails, np.log1p(square), square).sum()
            return float(0.5 * theta @ matrix @ theta - right @ theta + penalty)

        def gain(is_held: BoolArray) -> float:
            sd = np.where(is_held, HELD_SHARE * self.sd, self.sd)
            return cost(self.settled(solution.deviations, sd).theta) - cost(solution.theta)

        far = np.abs(solution.theta - self.prior) > FAR_SD * self.sd
        names = np.array([parameter.name for parameter in self.parameters])
        plates = np.array([plate_error(name)[1] for name in names])
        of_plates = np.flatnonzero(far & np.char.str_len(plates).astype(bool))
        odds = {str(plate): gain(plates == plate) for plate in dict.fromkeys(plates[of_plates])}
        return odds | {str(names[row]): gain(names == names[row]) for row in of_plates}
