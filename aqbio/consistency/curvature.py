"""What the data of a trial say near a motion: the normal equations there, solved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from aqbio.consistency.band import MotionRows
from aqbio.consistency.factors import Factor, SingleArray
from aqbio.consistency.parameters import discount
from aqbio.consistency.problem import Place, Point, Problem
from aqbio.vectors import FloatArray


@dataclass(frozen=True, eq=False)
class Information:
    """What the data of a trial say about the parameters."""

    about: FloatArray
    """(P, P) array. Information about the parameters when the motion follows them, all frames
    counted."""
    pull: FloatArray
    """(P,) array. Downhill for the parameters when the motion follows them, all frames counted."""
    theta: FloatArray
    """(P,) array. The parameters at which this is so."""
    discount: float
    """Frames that count as one independent observation of the parameters."""


@dataclass(frozen=True, eq=False)
class Curvature:
    """Normal equations at a point and their factor: megabytes per second, so no fit keeps it."""

    factor: Factor
    """Of the normal matrix of the splines' coefficients."""
    point: Point
    """Where this is so."""
    pull: FloatArray
    """(K N,) array. What pulls at the coefficients."""
    hanging: FloatArray
    """(K N, P) array. How they hang on the parameters."""
    matrix: FloatArray
    """(P, P) array. Of the parameters alone, from the data."""
    right: FloatArray
    """(P,) array. Downhill for the parameters, from the data."""
    rows: MotionRows
    """The equations of motion there."""

    @classmethod
    def of(cls, problem: Problem, place: Place) -> Curvature:
        """That of a problem with a motion and parameters."""
        return cls.at(problem, problem.point(place.coefficients, place.theta))

    @classmethod
    def at(cls, problem: Problem, point: Point, near: SingleArray | None = None) -> Curvature:
        """That of a problem at a point, perhaps near another one."""
        equations = problem.equations(point)
        motion = equations.motion
        factor = problem.bordered(motion.factor(overwrite=True), point, near)
        return cls(
            factor, point, motion.right, motion.border,
            equations.matrix, equations.right, equations.rows,
        )  # fmt: skip

    def moved(self, problem: Problem, point: Point) -> Curvature:
        """The same with what pulls at another point nearby."""
        pull, right, rows = problem.downhill(point)
        found = replace(self, point=point, pull=pull, right=right, rows=rows)
        if "half" in vars(self):
            vars(found)["half"] = self.factor.forward(pull[:, None])[:, 0], self.border
        return found

    @cached_property
    def half(self) -> tuple[FloatArray, FloatArray]:
        """(…,) and (…, P) arrays: half of the way to the solutions for `pull` and `hanging`."""
        both = self.factor.forward(np.column_stack([self.pull, self.hanging]))
        return both[:, 0], both[:, 1:]

    @property
    def border(self) -> FloatArray:
        """(…, P) array: less the other half of the way, the coefficients follow each parameter."""
        return self.half[1]

    @property
    def following(self) -> FloatArray:
        """(K N, P) array: change of the coefficients with each parameter that is on."""
        return -self.factor.back(self.border)

    def information(self, rate: float) -> Information:
        """What the data say about the parameters, of frames at a rate, Hz."""
        border = self.border
        return Information(
            about=self.matrix - border.T @ border,
            pull=self.right - border.T @ self.half[0],
            theta=self.point.theta,
            discount=discount(rate),
        )

    def shared(self, problem: Problem, name: str) -> FloatArray:
        """Information that a parameter has in common with those that are on, (P,), as `about`."""
        by = self.point.balance.by_parameter(name) / problem.sigma
        pull = self.factor.forward(problem.pulled(self.rows, by).reshape(-1, 1))[:, 0]
        beside = self.rows.by_parameter.reshape(by.size, len(problem.on))
        return np.asarray(by.ravel() @ beside - pull @ self.border)
