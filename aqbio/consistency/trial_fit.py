"""A trial, made consistent: what a fit found, and what it began with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aqbio.consistency.balance import Residual, balance
from aqbio.consistency.curvature import Curvature, Information
from aqbio.consistency.draws import Draws
from aqbio.consistency.factors import SingleArray
from aqbio.consistency.observations import Observations
from aqbio.consistency.parameters import (
    ParameterEstimate,
)
from aqbio.consistency.problem import Place, Problem
from aqbio.consistency.runner import Runner
from aqbio.consistency.skin import Skin
from aqbio.consistency.weights import Weights
from aqbio.multibody.kinematics import segment_kinematics
from aqbio.multibody.motion import Motion
from aqbio.multibody.skeleton import Skeleton
from aqbio.vectors import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Start:
    """Where a fit begins: at one that was made before, from its file."""

    q: FloatArray
    """(T, C) array, rad or m. All coordinates."""
    values: Mapping[str, float]
    """Of the parameters, by name."""
    skin: Skin | None = None
    """How the errors of its markers last; None where all are new in every frame."""


@dataclass(frozen=True, eq=False)
class TrialFit:
    """A trial, made consistent."""

    problem: Problem
    """What was fitted, with runner, observations, weights and parameters."""
    skeleton: Skeleton
    """With the fitted masses and centres of mass."""
    estimates: tuple[ParameterEstimate, ...]
    """All parameters, in order."""
    coefficients: FloatArray
    """(K, N) array. Of the splines."""
    motion: Motion
    """All coordinates, speeds and accelerations in every frame."""
    q_alone: FloatArray
    """(T, C) array, rad or m. Of splines that follow the markers alone, weighted by segment."""
    cost: tuple[float, ...]
    """At the start and after each step."""
    cost_alone: float
    """Of markers alone: what the cost would be without forces."""
    known: Information | None
    """At the last of the points from which a step was made, a short one. None where the parameters
    were held: few of these fits are asked for it."""
    following: SingleArray | None
    """(K N, P) array. Change of the coefficients with each parameter that is on, there; None where
    the parameters were held."""
    beside: SingleArray | None
    """What is beside the factor of the motion's matrix there, for steps nearby; None too where all
    errors are new."""
    covariance: FloatArray
    """(P, P) array. Of the parameters that are on."""
    draws: Draws | None = None
    """What else the data allow, where it was asked for."""
    learnt: Skin | None = None
    """How errors of its markers last, told by a fit that believes them new, where it was asked."""

    @property
    def information(self) -> Information:
        """What the data say about the parameters at the end of the fit."""
        return self.known or self.curvature.information(self.observations.rate)

    @property
    def curvature(self) -> Curvature:
        """What the data say about the motion at the end of the fit, computed anew."""
        return Curvature.of(self.problem, Place(self.coefficients, self.theta))

    @cached_property
    def before(self) -> Residual:
        """Residual of the plain way: measured clock, given body, no air."""
        return residual(self.problem, self.observations.plain, {})

    @cached_property
    def after(self) -> Residual:
        """Residual of the fit."""
        return residual(self.problem, self.motion, self.values)

    @cached_property
    def marker_error_before(self) -> FloatArray:
        """(T, K) array, m: of inverse kinematics, in which all markers weigh alike."""
        return self.problem.marker_errors(self.observations.start)

    @cached_property
    def marker_error_alone(self) -> FloatArray:
        """(T, K) array, m: of the markers alone; NaN where a marker is missing."""
        return self.problem.marker_errors(self.q_alone)

    @cached_property
    def marker_error_after(self) -> FloatArray:
        """(T, K) array, m: of the fit; NaN where a marker is missing."""
        return self.problem.marker_errors(self.motion.q)

    @cached_property
    def markers_moved(self) -> FloatArray:
        """(T, K) array, m: from the markers alone to the fit; NaN where a marker is missing.

        With errors that are new in every frame: where they last, to the fit that told their sizes.
        """
        fitted = self.motion.q if self.skin is None else self.skin.q
        alone, after = (self.problem.recorded_markers(q) for q in (self.q_alone, fitted))
        moved = np.linalg.norm(after - alone, axis=2)
        return np.where(self.observations.visible, moved, np.nan)

    @property
    def runner(self) -> Runner:
        """The runner before any adjustment."""
        return self.problem.runner

    @property
    def observations(self) -> Observations:
        """What was measured."""
        return self.problem.observations

    @property
    def skin(self) -> Skin | None:
        """How the errors of its markers last; None where all are new in every frame."""
        return self.problem.skin

    @property
    def weights(self) -> Weights:
        """How much it weighed."""
        return self.problem.weights

    @property
    def coordinates(self) -> IntArray:
        """(N,) int: coordinates that were fitted."""
        return self.problem.coordinates

    @property
    def values(self) -> dict[str, float]:
        """Parameters by name."""
        return {one.name: one.estimate for one in self.estimates}

    @property
    def drag_area(self) -> float:
        """Drag area that acted in this trial, m²; 0 on a treadmill."""
        return self.values.get("drag_area", 0.0) if self.observations.drag else 0.0

    @property
    def theta(self) -> FloatArray:
        """(P,) array: values of the parameters that are on."""
        return np.array([self.values[name] for name in self.problem.on])

    def near(self, theta: FloatArray) -> FloatArray:
        """Coefficients (K, N) that follow the parameters that are on, (P,), to other values."""
        if self.following is None:
            return self.coefficients
        change = self.following @ (theta - self.theta)
        return np.asarray(self.coefficients + change.reshape(self.coefficients.shape))


def residual(problem: Problem, motion: Motion, values: Mapping[str, float]) -> Residual:
    """Residual of a motion in every frame of a trial, for some values of the parameters."""
    observations = problem.observations
    kinematics = segment_kinematics(problem.runner.skeleton, motion.q, motion.u, motion.udot)
    wrench = (observations.wrench, observations.time)
    return balance(problem.runner, values, kinematics, wrench, drags=observations.drag).residual
