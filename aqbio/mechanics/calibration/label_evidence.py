"""How well recorded positions fit a place on a body, whatever label they carry.

    E = Σ_f w_f {3 log v + (ν + 3) log(1 + |y_f − d|²/νv) + κ} + Σ_a {(d − m)²/s² + log(s² H)}

is minus twice the logarithm of the evidence that positions y, seen from a body, are of one marker
whose place d is believed to be m ± s: Student's distribution about the most likely d, and Laplace's
approximation of the integral over d with its curvature H. κ makes the evidence of a marker that
may be anywhere within a cubic metre zero. w is what a frame is worth as a witness of the body.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import gammaln

from aqbio.mechanics.calibration.fit import BodyFit
from aqbio.mechanics.calibration.frames import INDEPENDENT
from aqbio.mechanics.calibration.places import cluster_place
from aqbio.mechanics.calibration.problem import FREEDOM
from aqbio.mechanics.calibration.shape import RIGHT_ANGLE
from aqbio.mechanics.multibody.poses import segment_poses
from aqbio.mechanics.vectors import BoolArray, FloatArray, IntArray

PASSES = 8
"""Re-weightings of a place; it settles to a tenth of a millimetre in 5."""

ANYWHERE = -2.0 * float(
    gammaln((FREEDOM + 3.0) / 2.0) - gammaln(FREEDOM / 2.0) - 1.5 * np.log(FREEDOM * np.pi)
)
"""κ: minus twice the logarithm of the norm of Student's distribution in three dimensions."""


@dataclass(frozen=True, eq=False)
class Place:
    """What is believed of a place on a body, body frame, m; broadcasts against observations."""

    mean: FloatArray
    sd: FloatArray


def place_evidence(
    seen: FloatArray, worth: FloatArray, variance: FloatArray, believed: Place
) -> tuple[FloatArray, FloatArray]:
    """Minus twice the log evidence that positions are of one marker, and its likeliest place.

    Parameters
    ----------
    seen : (..., F, 3) array, m
        Body frame; NaN where nothing is seen.
    worth : (F,) array
        Zero for frames that do not count.
    variance : (..., F) array, m²
        Of each axis about the place.
    believed : Place
        Of shape (..., 3).

    Returns
    -------
    (...) array, and (..., 3) array, m
        Without any position zero, and what is believed.
    """
    finite: BoolArray = np.asarray(np.isfinite(seen).all(axis=-1))
    known = finite & (worth > 0.0)
    counted = np.where(known, worth, 0.0)
    y = np.where(known[..., None], seen, 0.0)
    precision = 1.0 / np.broadcast_to(believed.sd, (*known.shape[:-1], 3)) ** 2
    place = _middle(np.where(known[..., None], seen, np.nan), believed.mean)
    for _ in range(PASSES):
        squares = ((y - place[..., None, :]) ** 2).sum(axis=-1) / variance
        trust = counted * (FREEDOM + 3.0) / (FREEDOM + squares) / variance
        curvature = precision + trust.sum(axis=-1)[..., None]
        pulled = (trust[..., None] * y).sum(axis=-2)
        place = (pulled + precision * believed.mean) / curvature
    squares = ((y - place[..., None, :]) ** 2).sum(axis=-1) / variance
    tail = (FREEDOM + 3.0) * np.log1p(squares / FREEDOM)
    cost = (counted * (3.0 * np.log(variance) + tail + ANYWHERE)).sum(axis=-1)
    cost += (precision * (place - believed.mean) ** 2 + np.log(curvature / precision)).sum(axis=-1)
    return cost, place


def _middle(seen: FloatArray, otherwise: FloatArray) -> FloatArray:
    """Median over the frames; what is believed where there is none."""
    empty: BoolArray = ~np.asarray(np.isfinite(seen).any(axis=-2))
    filled = np.where(empty[..., None, :], 0.0, seen)
    return np.where(empty, otherwise, np.nanmedian(filled, axis=-2))


@dataclass(frozen=True, eq=False)
class SeenFromBodies:
    """Recorded positions of a fit as the bodies that carry markers see them."""

    fit: BodyFit

    @cached_property
    def bodies(self) -> IntArray:
        """(B,) int array: bodies that carry markers."""
        return np.unique(self.fit.problem.template.markers.body)

    @cached_property
    def own(self) -> IntArray:
        """(K,) int array: place among these of each label's body."""
        return np.searchsorted(self.bodies, self.fit.problem.template.markers.body)

    @cached_property
    def _first(self) -> IntArray:
        """(B,) int array: one label of each body."""
        return np.array([int(np.flatnonzero(self.own == b)[0]) for b in range(len(self.bodies))])

    @cached_property
    def positions(self) -> FloatArray:
        """(F, K, B, 3) array, m: every label in the frame of every body, at straight knees.

        What the markers of a part are off together is taken off.
        """
        problem, state = self.fit.problem, self.fit.state
        shape = problem.template.shape(state.theta[: problem.shape_size])
        q = problem.full(state.q)
        poses = segment_poses(problem.template.skeleton_of(shape), q)
        together = problem.common_part(self.fit.error, self.fit.weights)[:, self._first]
        apart = (
            problem.frames.position[:, :, None] - (poses.origin[:, self.bodies] + together)[:, None]
        )
        turned = np.einsum("fbji,fkbj->fkbi", poses.rotation[:, self.bodies], apart)
        parts = problem.template.parts.of_body[self.bodies]
        for (part, coordinate, sign), slide in zip(
            problem.template.sliding, shape.slide, strict=True
        ):
            flexion = sign * q[:, coordinate] / RIGHT_ANGLE
            turned[:, :, parts == part] -= flexion[:, None, None, None] * slide
        return np.asarray(turned)

    @cached_property
    def variance(self) -> FloatArray:
        """(F, B) array, m²: of a single marker on each body, as it is believed before.

        A label that is elsewhere makes the skin of its part look soft, and would excuse itself.
        """
        problem = self.fit.problem
        believed = replace(problem, priors=replace(problem.priors, softness=1.0))
        return believed.variances[0][:, self._first]

    @cached_property
    def stated(self) -> Place:
        """(K, 3) arrays: where labels are believed to be on their own bodies."""
        problem = self.fit.problem
        template = problem.template
        first, count = template.sizes[0], template.sizes[1]
        precision = np.diagonal(problem.priors.precision)[first : first + count]
        mean = self._factors[template.markers.body] * template.markers.place
        return Place(mean, 1.0 / np.sqrt(precision.reshape(-1, 3)))

    @cached_property
    def anywhere(self) -> Place:
        """(B, 3) arrays: where a marker of which nothing is stated is believed to be on a body."""
        template = self.fit.problem.template
        both = [cluster_place(template.skeleton, template.parts, int(b)) for b in self.bodies]
        mean, sd = (np.array(part) for part in zip(*both, strict=True))
        return Place(self._factors[self.bodies] * mean, sd)

    @cached_property
    def _factors(self) -> FloatArray:
        problem = self.fit.problem
        return problem.template.factors(
            problem.template.shape(self.fit.state.theta[: problem.shape_size])
        )

    @cached_property
    def worth(self) -> FloatArray:
        """(F,) array: what each frame is worth as a witness of its own trial.

        Of the body n trials tell √n times as much as one, because skin does alike in all of them;
        what it does alike in all says nothing of a label that is elsewhere in one.
        """
        frames = self.fit.problem.frames
        own = np.bincount(frames.trial)[frames.trial]
        return np.where(frames.still, frames.worth, np.minimum(1.0, INDEPENDENT / own))

    def of(self, recorded: IntArray, labels: IntArray) -> FloatArray:
        """(F, ..., 3) array, m: what is recorded under some labels, seen from other labels' bodies.

        Parameters
        ----------
        recorded, labels : (...) int arrays
        """
        return np.asarray(self.positions[:, recorded, self.own[labels]])
